//! What only one cloud is asked: regions, projects, systems, dry runs in each documented form, and Alibaba's import role.

use cloud_import::{CheckOutcome, Disk, DiskFormat, Os, Subject, aliyun};
use cloud_import_sim::{AliyunDryRun, FaultKind, TencentDryRun};
use cloud_import_tests::simulated::{ALIYUN, HUAWEI_COMMON, HUAWEI_QUICK, Stage, TENCENT, UCLOUD};

use super::{expect, failed, look, look_with, one, stage};

#[tokio::test]
async fn regions_are_looked_up_where_the_cloud_lists_them() {
    for case in [&ALIYUN, &UCLOUD] {
        let stage = stage(case, |config| config).await;
        let checks = look(&stage, &stage.order()).await;
        expect(&checks, Subject::Region, CheckOutcome::Passed);
        let checks = look_with(&stage, &stage.order(), |mut settings| {
            settings.region = "cn-nowhere".to_owned();
            settings
        })
        .await;
        let check = expect(&checks, Subject::Region, CheckOutcome::Failed);
        assert!(
            check.message.to_string().contains("`cn-nowhere`")
                && check.remedy.as_ref().unwrap().to_string().contains(case.region),
            "{check:?}"
        );
    }
}

#[tokio::test]
async fn ucloud_lists_the_project_that_is_named() {
    let stage = stage(&UCLOUD, |config| config).await;
    for (named, outcome) in [
        ("org-default", CheckOutcome::Passed),
        ("org-other", CheckOutcome::Failed),
    ] {
        let checks = look_with(&stage, &stage.order(), |settings| settings.project(named)).await;
        expect(&checks, Subject::Project, outcome);
        let checks = look(&stage, &stage.order().project(named)).await;
        expect(&checks, Subject::Project, outcome);
    }
    let checks = look(&stage, &stage.order()).await;
    expect(&checks, Subject::Project, CheckOutcome::NotChecked);
}

#[tokio::test]
async fn huawei_needs_one_project_of_the_region() {
    let region = HUAWEI_COMMON.region.to_owned();
    let twice = vec![(region.clone(), "a".repeat(32)), (region, "b".repeat(32))];
    for projects in [Vec::new(), twice] {
        let stage = Stage::with(&HUAWEI_COMMON, |config| config.huawei_projects(projects))
            .await
            .unwrap();
        let checks = look(&stage, &stage.order()).await;
        assert_eq!(failed(&checks), [Subject::Project], "{checks:#?}");
        expect(&checks, Subject::Name, CheckOutcome::NotChecked);
    }
    // A named one that IAM does not list.
    let stage = Stage::with(&HUAWEI_QUICK, |config| {
        config.huawei_projects(vec![("cn-east-3".to_owned(), "c".repeat(32))])
    })
    .await
    .unwrap();
    let checks = look(&stage, &stage.order()).await;
    let check = expect(&checks, Subject::Project, CheckOutcome::Failed);
    assert!(
        check.remedy.as_ref().unwrap().to_string().contains(&"c".repeat(32)),
        "{check:?}"
    );
}

#[tokio::test]
async fn huawei_asks_the_region_for_its_systems() {
    for (case, unlisted) in [
        (&HUAWEI_COMMON, CheckOutcome::Warning),
        (&HUAWEI_QUICK, CheckOutcome::Failed),
    ] {
        let stage = stage(case, |config| config).await;
        let checks = look(&stage, &stage.order()).await;
        expect(&checks, Subject::Os, CheckOutcome::Passed);
        let mut order = stage.order();
        order.os = Some(Os::new("CentOS", "7.99"));
        let checks = look(&stage, &order).await;
        let check = expect(&checks, Subject::Os, unlisted);
        assert!(
            check.remedy.as_ref().unwrap().to_string().contains("CentOS 7.9 64bit"),
            "{check:?}"
        );
    }
}

#[tokio::test]
async fn huaweis_data_disks_have_names_and_count_as_images() {
    let stage = stage(&HUAWEI_COMMON, |config| config.quota(HUAWEI_COMMON.cloud, 1)).await;
    let data = Disk::object(HUAWEI_COMMON.bucket(), "data.qcow2")
        .format(DiskFormat::Qcow2)
        .size_gib(40);
    let checks = look(&stage, &stage.order().data_disk(data)).await;
    let names = checks.iter().filter(|check| check.what == Subject::Name);
    let names: Vec<String> = names.map(|check| check.message.to_string()).collect();
    assert_eq!(
        names,
        ["no image is named `web-2026`", "no image is named `web-2026-data-1`"]
    );
    let check = expect(&checks, Subject::Quota, CheckOutcome::Failed);
    assert!(check.message.to_string().contains("0 of 1 images"), "{check:?}");
}

#[tokio::test]
async fn tencent_is_asked_for_its_systems() {
    let stage = stage(&TENCENT, |config| config).await;
    for (os, outcome, remedy) in [
        ("CentOS 7.9", CheckOutcome::Passed, ""),
        // Newer than the table here: only the cloud can tell.
        ("Ubuntu 22.04", CheckOutcome::Passed, ""),
        ("CentOS 4", CheckOutcome::Failed, "5, 6, 7, 8"),
    ] {
        let mut order = stage.order();
        order.os = Some(os.parse().unwrap());
        let checks = look(&stage, &order).await;
        let check = expect(&checks, Subject::Os, outcome);
        let told = check.remedy.as_ref().map(ToString::to_string);
        assert!(told.unwrap_or_default().contains(remedy), "{check:?}");
    }
    let mut order = stage.order();
    order.os = Some(Os::new("Plan", "9").with_raw(TENCENT.provider, "Plan/9"));
    let checks = look(&stage, &order).await;
    let check = expect(&checks, Subject::Os, CheckOutcome::Failed);
    assert!(
        check.message.to_string().contains("`Plan`") && check.remedy.as_ref().unwrap().to_string().contains("Debian"),
        "{check:?}"
    );
}

#[tokio::test]
async fn tencents_signed_links_are_left_closed() {
    let stage = stage(&TENCENT, |config| config).await;
    let key = format!("{}?q-signature=0123456789", TENCENT.key());
    let order = TENCENT.order_from("web-2026", TENCENT.disk(&key));
    let checks = look(&stage, &order).await;
    let check = expect(&checks, Subject::DryRun, CheckOutcome::NotChecked);
    assert!(check.message.to_string().contains("only once"), "{check:?}");
    assert!(!serde_json::to_string(&checks).unwrap().contains("0123456789"));
    assert_eq!(stage.starts(), 0);
}

#[tokio::test]
async fn a_dry_run_succeeds_in_each_documented_form() {
    for form in [TencentDryRun::RequestIdOnly, TencentDryRun::DryRunOperation] {
        let stage = stage(&TENCENT, |config| config.tencent_dry_run(form)).await;
        expect(
            &look(&stage, &stage.order()).await,
            Subject::DryRun,
            CheckOutcome::Passed,
        );
    }
    for form in [AliyunDryRun::DryrunSuccess, AliyunDryRun::DryRunOperation] {
        let stage = stage(&ALIYUN, |config| config.aliyun_dry_run(form)).await;
        let checks = look(&stage, &stage.order()).await;
        expect(&checks, Subject::DryRun, CheckOutcome::Passed);
        expect(&checks, Subject::ImportRole, CheckOutcome::Passed);
    }
}

#[tokio::test]
async fn a_dry_run_finds_an_object_that_is_not_there() {
    let stage = stage(&ALIYUN, |config| config).await;
    let checks = look(&stage, &ALIYUN.order_from("web-2026", ALIYUN.disk("nothing.qcow2"))).await;
    assert_eq!(failed(&checks), [Subject::DryRun], "{checks:#?}");
    let check = one(&checks, Subject::DryRun);
    assert!(
        check.message.to_string().contains("InvalidOSSObject.NotFound"),
        "{check:?}"
    );
}

#[tokio::test]
async fn alibabas_missing_role_is_told_in_both_spellings() {
    for code in ["NoSetRoletoECSServiceAcount", "NoSetRoletoECSServiceAccount"] {
        let stage = stage(&ALIYUN, |config| config).await;
        stage.fail_start(FaultKind::Refuse {
            http: 403,
            code: code.to_owned(),
            message: "ECS service have no right to access your OSS.".to_owned(),
        });
        let checks = look(&stage, &stage.order()).await;
        assert_eq!(failed(&checks), [Subject::ImportRole], "{checks:#?}");
        let check = one(&checks, Subject::ImportRole);
        for part in [
            aliyun::IMPORT_ROLE,
            aliyun::IMPORT_POLICY,
            aliyun::TRUST_DOCUMENT,
            aliyun::PERMISSION_DOCUMENT,
        ] {
            assert!(check.remedy.as_ref().unwrap().to_string().contains(part), "{check:?}");
        }
        let checks = look(&stage, &stage.order()).await;
        expect(&checks, Subject::ImportRole, CheckOutcome::Passed);
    }
}

#[tokio::test]
async fn who_may_not_list_may_still_be_somebody() {
    let stage = stage(&ALIYUN, |config| config).await;
    stage.inject(
        FaultKind::Refuse {
            http: 403,
            code: "Forbidden.RAM".to_owned(),
            message: "User not authorized to operate on the specified resource.".to_owned(),
        },
        |fault| fault.operation("DescribeRegions"),
    );
    let checks = look(&stage, &stage.order()).await;
    expect(&checks, Subject::Credentials, CheckOutcome::Passed);
    expect(&checks, Subject::Region, CheckOutcome::NotChecked);
    expect(&checks, Subject::Name, CheckOutcome::Passed);
    assert_eq!(failed(&checks), []);
}

#[tokio::test]
async fn a_dry_run_does_not_spoil_the_token_of_the_import() {
    let stage = stage(&ALIYUN, |config| config).await;
    let importer = stage.importer().unwrap();
    let order = stage.order();
    let before = importer.prepare(&order).unwrap().into_task().token;
    look(&stage, &order).await;
    assert_eq!(importer.prepare(&order).unwrap().into_task().token, before);
    let mut task = importer.start(&order).await.unwrap();
    stage.wait(&*importer, &mut task).await.unwrap();
    assert_eq!(stage.imports(), 1);
}
