//! Forms of answers that only one vendor has, by edition or by what its sources leave open.

use cloud_import::{ErrorKind, Os, Provider};
use cloud_import_sim::{AliyunDryRun, Config, FaultKind, TencentDryRun};
use cloud_import_tests::simulated::{ALIYUN, Case, HUAWEI_COMMON, JDCLOUD, Stage, TENCENT, UCLOUD};

async fn succeeds(case: &'static Case, change: impl FnOnce(Config) -> Config) {
    let stage = Stage::with(case, change).await.unwrap();
    let importer = stage.importer().unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    let image = stage.wait(&*importer, &mut task).await.unwrap();
    assert_eq!(image.id, stage.images()[0].image_id);
    assert_eq!((stage.starts(), stage.imports()), (1, 1));
}

#[tokio::test]
async fn jdcloud_of_before_december_2021_answers_with_a_number() {
    succeeds(&JDCLOUD, |config| config.jdcloud_import_task_id_number(true)).await;
}

#[tokio::test]
async fn tencent_international_tells_no_image_id() {
    succeeds(&TENCENT, |config| config.tencent_image_id(false)).await;
}

#[tokio::test]
async fn tencent_international_tells_no_image_id_and_lists_late() {
    succeeds(&TENCENT, |config| config.tencent_image_id(false).visible_after_polls(4)).await;
}

#[tokio::test]
async fn tencent_without_an_id_does_not_take_an_older_image_of_that_name() {
    let stage = Stage::with(&TENCENT, |config| config.tencent_image_id(false))
        .await
        .unwrap();
    let importer = stage.importer().unwrap();
    let mut failed = importer.start(&stage.order()).await.unwrap();
    let mut other = stage.order();
    stage.wait(&*importer, &mut failed).await.unwrap();
    importer
        .delete(&cloud_import::ImportedImage::of(
            &failed,
            failed.image_id.clone().unwrap(),
        ))
        .await
        .unwrap();
    other.generation = 1;
    stage.inject(FaultKind::Hide(3), |fault| fault);
    let mut task = importer.start(&other).await.unwrap();
    let image = stage.wait(&*importer, &mut task).await.unwrap();
    assert_eq!(image.id, stage.images()[1].image_id);
}

/// Only name and file tell there whose an import is: one that failed is not the one that is wanted.
#[tokio::test]
async fn huawei_starts_an_order_anew_that_failed_in_another_process() {
    let stage = Stage::new(&HUAWEI_COMMON).await.unwrap();
    let (code, reason) = ("IMG.1".to_owned(), "no driver".to_owned());
    stage.inject(FaultKind::FailImport { code, reason }, |fault| fault);
    let importer = stage.importer().unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    stage.wait(&*importer, &mut task).await.unwrap_err();
    let other = stage.importer().unwrap();
    let mut task = other.start(&stage.order()).await.unwrap();
    stage.wait(&*other, &mut task).await.unwrap();
    assert_eq!(stage.starts(), 2);
}

#[tokio::test]
async fn ucloud_may_write_its_code_as_text() {
    let stage = Stage::with(&UCLOUD, |config| config.ucloud_ret_code_text(true))
        .await
        .unwrap();
    let importer = stage.importer().unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    let image = stage.wait(&*importer, &mut task).await.unwrap();
    importer.delete(&image).await.unwrap();
    let error = importer.delete(&image).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("8956")));
}

#[tokio::test]
async fn huawei_with_several_projects_takes_the_regions_own() {
    let projects = vec![
        ("cn-north-4".to_owned(), "11111111111111111111111111111111".to_owned()),
        (
            "cn-north-4_team".to_owned(),
            "22222222222222222222222222222222".to_owned(),
        ),
    ];
    let stage = Stage::with(&HUAWEI_COMMON, |config| config.huawei_projects(projects))
        .await
        .unwrap();
    let importer = stage.importer().unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    assert_eq!(task.project.as_deref(), Some("11111111111111111111111111111111"));
    stage.wait(&*importer, &mut task).await.unwrap();
    assert_eq!(stage.images()[0].project, "11111111111111111111111111111111");
    let asked = stage
        .simulator
        .counters()
        .requests_of(HUAWEI_COMMON.cloud, "KeystoneListProjects");
    assert_eq!(asked, 1, "the project is found once");
}

#[tokio::test]
async fn huawei_without_a_project_starts_nothing() {
    let stage = Stage::with(&HUAWEI_COMMON, |config| config.huawei_projects(Vec::new()))
        .await
        .unwrap();
    let importer = stage.importer().unwrap();
    let error = importer.start(&stage.order()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    assert!(!error.may_have_executed());
    assert_eq!(stage.starts(), 0);
}

#[tokio::test]
async fn huawei_takes_an_iam_token_in_place_of_keys() {
    let stage = Stage::with(&HUAWEI_COMMON, |config| {
        config.huawei_auth_token("an-iam-token-of-today")
    })
    .await
    .unwrap();
    let connect = |token: &str| {
        stage
            .importer_with(|settings| settings.credentials(cloud_import::Credentials::bearer_token(token)))
            .unwrap()
    };
    let importer = connect("an-iam-token-of-today");
    let mut task = importer.start(&stage.order()).await.unwrap();
    stage.wait(&*importer, &mut task).await.unwrap();
    let error = connect("an-iam-token-of-yesterday")
        .start(&stage.order())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials, "{error:?}");
}

async fn checks_only(case: &'static Case, change: impl FnOnce(Config) -> Config) {
    let stage = Stage::with(case, change).await.unwrap();
    let importer = stage.importer().unwrap();
    let mut order = stage.order();
    order.dry_run = true;
    let task = importer.start(&order).await.unwrap();
    assert!(task.dry_run && task.image_id.is_none(), "{task:?}");
    assert_eq!(stage.starts(), 1);
    assert!(stage.images().is_empty());
}

#[tokio::test]
async fn tencent_dry_run_that_answers_with_a_request_id_only() {
    checks_only(&TENCENT, |config| config.tencent_dry_run(TencentDryRun::RequestIdOnly)).await;
}

#[tokio::test]
async fn tencent_dry_run_that_answers_with_an_error_code() {
    checks_only(&TENCENT, |config| {
        config.tencent_dry_run(TencentDryRun::DryRunOperation)
    })
    .await;
}

#[tokio::test]
async fn aliyun_dry_run_that_answers_with_its_own_code() {
    checks_only(&ALIYUN, |config| config.aliyun_dry_run(AliyunDryRun::DryrunSuccess)).await;
}

#[tokio::test]
async fn aliyun_dry_run_that_answers_with_the_common_code() {
    checks_only(&ALIYUN, |config| config.aliyun_dry_run(AliyunDryRun::DryRunOperation)).await;
}

#[tokio::test]
async fn every_cloud_maps_the_systems_of_the_usual_order() {
    for case in [&JDCLOUD, &TENCENT, &ALIYUN, &UCLOUD, &HUAWEI_COMMON] {
        for (distribution, version) in [("Ubuntu", "22.04"), ("Windows Server", "2019")] {
            let stage = Stage::new(case).await.unwrap();
            let importer = stage.importer().unwrap();
            let mut order = stage.order();
            order.os = Some(Os::new(distribution, version));
            if case.provider == Provider::ALIYUN && distribution.starts_with("Windows") {
                order.license_type = Some(cloud_import::LicenseType::Byol);
            }
            let mut task = importer.start(&order).await.unwrap();
            stage.wait(&*importer, &mut task).await.unwrap();
        }
    }
}
