//! What a cloud is asked before an image is copied: in the region that the copy goes to, and whether or not the image is there yet.

use std::time::Duration;

use cloud_import::{
    Asking, Check, CheckOutcome, ImageImporter, ImageSource, ImportRequest, ImportedImage, Provider, Subject,
};
use cloud_import_sim::{Config, FaultKind};
use cloud_import_tests::simulated::{ALIYUN, Case, HUAWEI_COMMON, JDCLOUD, Stage, TENCENT, UCLOUD_HK};

use super::{expect, failed, one, stage};

/// Each cloud with a region that copies go to, and how many requests a look takes there at the most.
const ROWS: [(&Case, &str, u64); 5] = [
    (&ALIYUN, "cn-beijing", 2),
    (&TENCENT, "ap-nanjing", 3),
    (&HUAWEI_COMMON, "cn-east-3", 4),
    (&JDCLOUD, "cn-south-1", 2),
    (&UCLOUD_HK, "sg", 2),
];

const NAME: &str = "web-2026";

fn there(stage: &Stage, region: &str) -> Box<dyn ImageImporter> {
    let of_region = |mut settings: cloud_import::Settings| {
        settings.region = region.to_owned();
        settings
    };
    stage.importer_with(of_region).unwrap()
}

fn order(image: impl Into<ImageSource>, provider: Provider) -> ImportRequest {
    let order = ImportRequest::copy_of(image, NAME);
    match provider {
        Provider::HUAWEI => {
            let options = serde_json::json!({"agency_name": "ims_copy"});
            order.vendor(provider, &options).unwrap()
        }
        _ => order,
    }
}

/// Of an image that is still to be made.
fn pending(case: &Case) -> ImportRequest {
    let mut order = order(ImageSource::new(case.region, ""), case.provider);
    order.disks[0].pending = true;
    order
}

async fn any(case: &'static Case, change: impl FnOnce(Config) -> Config) -> Stage {
    stage(case, |config| change(config.any_object(true))).await
}

/// A finished image in the case's own region.
async fn image(stage: &Stage) -> ImportedImage {
    let here = stage.importer().unwrap();
    let mut task = here.start(&stage.order_named("source")).await.unwrap();
    stage.wait(&*here, &mut task).await.unwrap()
}

fn told(checks: &[Check]) {
    assert!(checks.is_sorted_by_key(|check| check.what), "{checks:#?}");
    for check in checks {
        let is_told = !check.message.is_empty() && (check.remedy.is_some() || !check.is_failure());
        assert!(is_told, "{check:?}");
    }
}

#[tokio::test]
async fn a_copy_is_asked_for_in_the_region_that_it_goes_to_with_few_reads() {
    for (case, to, most) in ROWS {
        let stage = any(case, |config| config).await;
        let checks = there(&stage, to).preflight_with(&pending(case), &Asking::reads()).await;
        told(&checks);
        assert_eq!(failed(&checks), [], "{}: {checks:#?}", case.name);
        expect(&checks, Subject::Name, CheckOutcome::Passed);
        expect(&checks, Subject::Credentials, CheckOutcome::Passed);
        let of_image = expect(&checks, Subject::Os, CheckOutcome::NotChecked);
        assert!(of_image.message.to_string().contains("its image"), "{of_image:?}");
        assert!(
            checks.iter().all(|check| check.what != Subject::ImportRole),
            "{}: the service reads no bucket",
            case.name
        );
        assert!(stage.requests() <= most, "{}: {}", case.name, stage.requests());
        assert!(stage.images().is_empty(), "{}", case.name);
    }
}

#[tokio::test]
async fn a_full_quota_where_the_copy_goes_is_found() {
    for (case, to, _) in ROWS {
        let stage = any(case, |config| config.quota(case.cloud, 0)).await;
        let checks = there(&stage, to).preflight_with(&pending(case), &Asking::reads()).await;
        let outcome = match case.provider {
            Provider::ALIYUN | Provider::UCLOUD => CheckOutcome::NotChecked,
            // The form of the answer is unverified.
            Provider::JDCLOUD => CheckOutcome::Warning,
            _ => CheckOutcome::Failed,
        };
        expect(&checks, Subject::Quota, outcome);
    }
}

#[tokio::test]
async fn a_name_is_looked_for_where_the_copy_goes() {
    for (case, to, _) in ROWS {
        let stage = any(case, |config| config).await;
        let image = image(&stage).await;
        let there = there(&stage, to);
        let mut task = there.start(&order(&image, case.provider)).await.unwrap();
        let copy = stage.wait(&*there, &mut task).await.unwrap();
        let checks = there.preflight_with(&pending(case), &Asking::reads()).await;
        let outcome = match case.provider {
            Provider::JDCLOUD | Provider::UCLOUD => CheckOutcome::Warning,
            _ => CheckOutcome::Failed,
        };
        let check = expect(&checks, Subject::Name, outcome);
        assert!(check.message.to_string().contains(&copy.id), "{check:?}");
        // The name is free where the image is.
        let here = stage.importer().unwrap();
        let checks = here.preflight_with(&stage.order(), &Asking::reads()).await;
        expect(&checks, Subject::Name, CheckOutcome::Passed);
    }
}

#[tokio::test]
async fn a_dry_run_is_made_of_an_image_that_is_there() {
    for (case, to) in [(&ALIYUN, "cn-beijing"), (&TENCENT, "ap-nanjing")] {
        let stage = any(case, |config| config).await;
        let there = there(&stage, to);
        let checks = there.preflight(&pending(case)).await;
        let check = expect(&checks, Subject::DryRun, CheckOutcome::NotChecked);
        assert!(
            check.message.to_string().contains("the image is not there yet"),
            "{check:?}"
        );
        let image = image(&stage).await;
        let checks = there.preflight(&order(&image, case.provider)).await;
        expect(&checks, Subject::DryRun, CheckOutcome::Passed);
        let gone = ImageSource::new(case.region, format!("{}x", image.id));
        let checks = there.preflight(&order(gone, case.provider)).await;
        assert_eq!(failed(&checks), [Subject::DryRun], "{}: {checks:#?}", case.name);
        assert_eq!(stage.images().len(), 1, "{}", case.name);
    }
}

#[tokio::test]
async fn what_is_not_answered_refuses_no_copy() {
    for (case, to, _) in ROWS {
        let stage = any(case, |config| config.import_time(Duration::ZERO)).await;
        stage.inject(FaultKind::ServerError { http: 503 }, |fault| fault.times(u32::MAX));
        let checks = there(&stage, to).preflight_with(&pending(case), &Asking::reads()).await;
        assert!(
            checks.iter().all(|check| !check.is_certain()),
            "{}: {checks:#?}",
            case.name
        );
        assert_eq!(one(&checks, Subject::Name).outcome, CheckOutcome::NotChecked);
        assert!(checks.iter().any(Check::is_unanswered), "{}: {checks:#?}", case.name);
    }
}

/// It has to be named: without it nothing is asked that could tell.
#[tokio::test]
async fn huaweis_agency_is_missed_before_anything_is_asked() {
    let stage = any(&HUAWEI_COMMON, |config| config).await;
    let order = ImportRequest::copy_of(ImageSource::new("cn-north-4", "x"), NAME);
    let checks = there(&stage, "cn-east-3")
        .preflight_with(&order, &Asking::reads())
        .await;
    let wrong = one(&checks, Subject::Order);
    assert!(
        wrong.is_certain() && wrong.message.to_string().contains("agency_name"),
        "{checks:#?}"
    );
}
