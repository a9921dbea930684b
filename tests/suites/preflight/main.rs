//! What a preflight finds out, for all clouds, against the simulator: each thing that can stand against an import, and that
//! nothing is started, moved or changed by looking.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

mod clouds;
mod copies;
mod role;

use std::time::Duration;

use cloud_import::{Check, CheckOutcome, Credentials, ImportRequest, Provider, Settings, Subject};
use cloud_import_sim::{Config, FaultKind};
use cloud_import_tests::simulated::{
    ACCESS_KEY_ID, ALIYUN, Case, HUAWEI_COMMON, HUAWEI_QUICK, HUAWEI_QUICK_DATA, JDCLOUD, Stage, TENCENT, UCLOUD,
};

const CASES: [&Case; 7] = [
    &JDCLOUD,
    &TENCENT,
    &HUAWEI_COMMON,
    &HUAWEI_QUICK,
    &HUAWEI_QUICK_DATA,
    &ALIYUN,
    &UCLOUD,
];

/// A stage whose cloud knows the project that the case names.
async fn stage(case: &'static Case, change: impl FnOnce(Config) -> Config) -> Stage {
    Stage::with(case, |config| {
        change(match case.project {
            Some(id) => config.huawei_projects(vec![(case.region.to_owned(), id.to_owned())]),
            None => config,
        })
    })
    .await
    .unwrap()
}

async fn look(stage: &Stage, order: &ImportRequest) -> Vec<Check> {
    look_with(stage, order, |settings| settings).await
}

async fn look_with(stage: &Stage, order: &ImportRequest, change: impl FnOnce(Settings) -> Settings) -> Vec<Check> {
    let checks = stage.importer_with(change).unwrap().preflight(order).await;
    assert!(checks.is_sorted_by_key(|check| check.what), "{checks:#?}");
    for check in &checks {
        let is_told = !check.message.is_empty() && (check.remedy.is_some() || !check.is_failure());
        assert!(is_told, "{}: {check:?}", stage.case.name);
    }
    checks
}

#[track_caller]
fn one(checks: &[Check], what: Subject) -> &Check {
    let mut found = checks.iter().filter(|check| check.what == what);
    let check = found.next().unwrap();
    assert_eq!(found.next(), None, "{checks:#?}");
    check
}

#[track_caller]
fn expect(checks: &[Check], what: Subject, outcome: CheckOutcome) -> &Check {
    let check = one(checks, what);
    assert_eq!(check.outcome, outcome, "{checks:#?}");
    check
}

fn failed(checks: &[Check]) -> Vec<Subject> {
    let failed = checks.iter().filter(|check| check.is_failure());
    failed.map(|check| check.what).collect()
}

fn has_dry_run(case: &Case) -> bool {
    matches!(case.provider, Provider::TENCENT | Provider::ALIYUN)
}

#[tokio::test]
async fn a_good_order_passes_and_nothing_is_started() {
    for case in CASES {
        let stage = stage(case, |config| config).await;
        let checks = look(&stage, &stage.order()).await;
        assert_eq!(failed(&checks), [], "{}: {checks:#?}", case.name);
        for what in [
            Subject::Endpoint,
            Subject::Credentials,
            Subject::Name,
            Subject::Quota,
            Subject::DryRun,
        ] {
            let never = match what {
                Subject::Quota => matches!(case.provider, Provider::ALIYUN | Provider::UCLOUD),
                Subject::DryRun => !has_dry_run(case),
                _ => false,
            };
            let outcome = if never {
                CheckOutcome::NotChecked
            } else {
                CheckOutcome::Passed
            };
            assert_eq!(one(&checks, what).outcome, outcome, "{}: {checks:#?}", case.name);
        }
        assert_eq!(stage.starts(), u64::from(has_dry_run(case)), "{}", case.name);
        assert_eq!(stage.imports(), 0, "{}", case.name);
        assert!(stage.images().is_empty(), "{}", case.name);
        // And the import is then taken.
        let importer = stage.importer().unwrap();
        let mut task = importer.start(&stage.order()).await.unwrap();
        stage.wait(&*importer, &mut task).await.unwrap();
    }
}

#[tokio::test]
async fn wrong_keys_end_it_and_are_not_shown() {
    for case in CASES {
        let stage = stage(case, |config| config).await;
        let wrong = Credentials::new(ACCESS_KEY_ID, "a-wrong-secret");
        let checks = look_with(&stage, &stage.order(), |settings| settings.credentials(wrong)).await;
        assert_eq!(failed(&checks), [Subject::Credentials], "{}: {checks:#?}", case.name);
        for check in &checks {
            let is_open = check.what > Subject::Credentials;
            assert!(
                !is_open || check.outcome == CheckOutcome::NotChecked,
                "{}: {checks:#?}",
                case.name
            );
        }
        assert!(!serde_json::to_string(&checks).unwrap().contains("a-wrong-secret"));
        assert!(stage.requests() <= 1, "{}", case.name);
    }
}

#[tokio::test]
async fn a_cloud_that_does_not_answer_is_no_matter_of_credentials() {
    for case in CASES {
        let stage = stage(case, |config| config).await;
        stage.inject(FaultKind::DropBefore, |fault| fault.times(u32::MAX));
        let checks = look(&stage, &stage.order()).await;
        assert_eq!(failed(&checks), [Subject::Endpoint], "{}: {checks:#?}", case.name);
        assert!(
            checks.iter().all(|check| !check.is_certain()),
            "{}: {checks:#?}",
            case.name
        );
        expect(&checks, Subject::Credentials, CheckOutcome::NotChecked);
        expect(&checks, Subject::Name, CheckOutcome::NotChecked);
        assert_eq!(stage.starts(), 0, "{}", case.name);
    }
}

#[tokio::test]
async fn a_taken_name_is_found_as_the_cloud_takes_it() {
    for case in CASES {
        let stage = stage(case, |config| config).await;
        let importer = stage.importer().unwrap();
        // Only another name contains this one: it is free.
        let mut task = importer.start(&stage.order_named("web-2026-long")).await.unwrap();
        stage.wait(&*importer, &mut task).await.unwrap();
        expect(&look(&stage, &stage.order()).await, Subject::Name, CheckOutcome::Passed);

        let mut task = importer.start(&stage.order()).await.unwrap();
        let image = stage.wait(&*importer, &mut task).await.unwrap();
        let checks = look(&stage, &stage.order()).await;
        let outcome = match case.provider {
            Provider::JDCLOUD | Provider::UCLOUD => CheckOutcome::Warning,
            _ => CheckOutcome::Failed,
        };
        let check = expect(&checks, Subject::Name, outcome);
        assert!(check.message.to_string().contains(&image.id), "{check:?}");
        assert_eq!(stage.images().len(), 2, "{}", case.name);
    }
}

#[tokio::test]
async fn a_name_is_taken_while_its_image_is_still_made() {
    for case in CASES {
        let stage = stage(case, |config| config.import_time(Duration::from_secs(600))).await;
        stage.importer().unwrap().start(&stage.order()).await.unwrap();
        let checks = look(&stage, &stage.order()).await;
        let outcome = match case.provider {
            Provider::JDCLOUD | Provider::UCLOUD => CheckOutcome::Warning,
            _ => CheckOutcome::Failed,
        };
        expect(&checks, Subject::Name, outcome);
    }
}

#[tokio::test]
async fn a_used_up_quota_is_found() {
    for case in CASES {
        let stage = stage(case, |config| config.quota(case.cloud, 0)).await;
        let checks = look(&stage, &stage.order()).await;
        let (what, outcome) = match case.provider {
            // Only the dry run tells.
            Provider::ALIYUN => (Subject::DryRun, CheckOutcome::Failed),
            Provider::UCLOUD => (Subject::Quota, CheckOutcome::NotChecked),
            // The form of the answer is unverified.
            Provider::JDCLOUD => (Subject::Quota, CheckOutcome::Warning),
            _ => (Subject::Quota, CheckOutcome::Failed),
        };
        expect(&checks, what, outcome);
    }
}

#[tokio::test]
async fn an_order_that_is_wrong_offline_is_not_tried() {
    for case in CASES {
        let stage = stage(case, |config| config).await;
        let mut order = stage.order_named(&"x".repeat(200));
        let checks = look(&stage, &order).await;
        let wrong: Vec<&Check> = checks
            .iter()
            .filter(|check| check.what == Subject::Order && check.is_failure())
            .collect();
        assert!(
            wrong.len() == 1 && wrong[0].message.to_string().starts_with("`name` has 200 characters"),
            "{}: {checks:#?}",
            case.name
        );
        // The rest is looked at all the same.
        expect(&checks, Subject::Credentials, CheckOutcome::Passed);
        expect(&checks, Subject::DryRun, CheckOutcome::NotChecked);
        assert_eq!(stage.starts(), 0, "{}", case.name);

        order.no_validate = true;
        let checks = look(&stage, &order).await;
        let is_refused_by_the_cloud = has_dry_run(case);
        assert_eq!(
            failed(&checks),
            if is_refused_by_the_cloud {
                vec![Subject::DryRun]
            } else {
                vec![]
            },
            "{}: {checks:#?}",
            case.name
        );
        assert_eq!(stage.starts(), u64::from(is_refused_by_the_cloud), "{}", case.name);
    }
}

#[tokio::test]
async fn a_check_without_an_answer_is_not_taken_for_good() {
    for case in CASES {
        let stage = stage(case, |config| config).await;
        // Every read but the first fails for long; the first tells of the credentials.
        let first = if case.provider == Provider::HUAWEI && case.project.is_none() {
            2
        } else {
            1
        };
        stage.inject(FaultKind::ServerError { http: 503 }, |fault| {
            fault.skip(first).times(u32::MAX)
        });
        let checks = look(&stage, &stage.order()).await;
        assert_eq!(failed(&checks), [], "{}: {checks:#?}", case.name);
        expect(&checks, Subject::Credentials, CheckOutcome::Passed);
        expect(&checks, Subject::DryRun, CheckOutcome::NotChecked);
        // JD Cloud's first read is that of the name.
        let open = match case.provider {
            Provider::JDCLOUD => Subject::Quota,
            _ => Subject::Name,
        };
        expect(&checks, open, CheckOutcome::NotChecked);
        assert!(stage.images().is_empty());
    }
}
