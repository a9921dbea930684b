//! Alibaba's import role, made in an account that has none, and what the other clouds make of the wish.

use std::{sync::Mutex, time::Duration};

use cloud_import::{
    Check, CheckOutcome, ErrorKind, Grace, ImageImporter, Subject,
    aliyun::{self, CreateRole as _, Importer, RoleEvent},
};
use cloud_import_sim::FaultKind;
use cloud_import_tests::simulated::{ALIYUN, Stage};

use super::{CASES, expect, failed, look, stage};

/// How long ECS takes to see a role here.
const DELAY: Duration = Duration::from_millis(150);

/// An account without the role.
async fn bare() -> Stage {
    stage(&ALIYUN, |config| {
        config.aliyun_import_role(false).aliyun_role_delay(DELAY)
    })
    .await
}

async fn make(stage: &Stage) -> (Check, Vec<RoleEvent>) {
    let said = Mutex::default();
    let tell = |event: RoleEvent| {
        let events: &Mutex<Vec<RoleEvent>> = &said;
        events.lock().unwrap().push(event);
    };
    let importer = stage.importer().unwrap();
    let importer = Importer::of(&*importer).unwrap();
    let check = importer.create_role(&stage.order(), &tell).await;
    (check, said.into_inner().unwrap())
}

fn asked(stage: &Stage, operation: &str) -> u64 {
    stage.simulator.counters().requests_of(ALIYUN.cloud, operation)
}

fn made(stage: &Stage) -> [u64; 3] {
    ["CreateRole", "CreatePolicy", "AttachPolicyToRole"].map(|operation| asked(stage, operation))
}

#[tokio::test]
async fn a_look_tells_of_the_missing_role_and_makes_nothing() {
    let stage = bare().await;
    let checks = look(&stage, &stage.order()).await;
    assert_eq!(failed(&checks), [Subject::ImportRole], "{checks:#?}");
    let check = expect(&checks, Subject::ImportRole, CheckOutcome::Failed);
    assert!(check.message.to_string().contains("there is no RAM role"), "{check:?}");
    assert!(
        check
            .remedy
            .as_ref()
            .unwrap()
            .to_string()
            .contains(aliyun::TRUST_DOCUMENT),
        "{check:?}"
    );
    assert_eq!(made(&stage), [0; 3]);
    let error = stage.importer().unwrap().start(&stage.order()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
}

#[tokio::test]
async fn the_role_is_made_once_and_the_import_is_then_taken() {
    let stage = bare().await;
    let (check, said) = make(&stage).await;
    assert_eq!(check.outcome, CheckOutcome::Passed, "{check:?}");
    assert!(check.message.to_string().contains("made: RAM role"), "{check:?}");
    let waited = |event: &RoleEvent| matches!(event, RoleEvent::Waiting(_));
    assert!(said.iter().any(waited), "{said:?}");
    assert_eq!(made(&stage), [1, 0, 1]);

    let (check, said) = make(&stage).await;
    assert!(check.message.to_string().contains("nothing was made"), "{check:?}");
    assert!(said.is_empty(), "{said:?}");
    assert_eq!(made(&stage), [1, 0, 1]);

    let checks = look(&stage, &stage.order()).await;
    assert_eq!(failed(&checks), [], "{checks:#?}");
    let importer = stage.importer().unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    stage.wait(&*importer, &mut task).await.unwrap();
    assert_eq!(stage.imports(), 1);
}

#[tokio::test]
async fn two_who_make_it_at_once_make_one() {
    let stage = bare().await;
    let ((one, _), (other, _)) = tokio::join!(make(&stage), make(&stage));
    for check in [one, other] {
        assert_eq!(check.outcome, CheckOutcome::Passed, "{check:?}");
    }
    let checks = look(&stage, &stage.order()).await;
    expect(&checks, Subject::ImportRole, CheckOutcome::Passed);
}

#[tokio::test]
async fn a_lost_answer_makes_nothing_twice() {
    for operation in ["CreateRole", "AttachPolicyToRole"] {
        let stage = bare().await;
        stage.inject(FaultKind::DropAfter, |fault| fault.operation(operation));
        let (check, _) = make(&stage).await;
        assert_eq!(check.outcome, CheckOutcome::Passed, "{operation}: {check:?}");
        assert_eq!(asked(&stage, operation), 2, "{operation}");
    }
}

#[tokio::test]
async fn without_the_vendors_policy_the_account_gets_one_of_its_own() {
    let stage = bare().await;
    let refusal = FaultKind::Refuse {
        http: 404,
        code: "EntityNotExist.Policy".to_owned(),
        message: "The policy does not exist.".to_owned(),
    };
    stage.inject(refusal, |fault| fault.operation("AttachPolicyToRole"));
    let (check, _) = make(&stage).await;
    assert_eq!(check.outcome, CheckOutcome::Passed, "{check:?}");
    assert_eq!(made(&stage), [1, 1, 2]);
}

#[tokio::test]
async fn who_waits_for_too_short_a_time_is_told_and_may_go_on() {
    let stage = bare().await;
    let importer = stage
        .importer_with(|settings| settings.grace(Grace::new(Duration::from_millis(20), Duration::from_millis(5))))
        .unwrap();
    let importer: &dyn ImageImporter = &*importer;
    let check = Importer::of(importer)
        .unwrap()
        .create_role(&stage.order(), &|_| {})
        .await;
    assert_eq!(check.outcome, CheckOutcome::Failed, "{check:?}");
    assert!(
        check.message.to_string().contains("made: ")
            && check
                .remedy
                .as_ref()
                .unwrap()
                .to_string()
                .contains("nothing is made twice"),
        "{check:?}"
    );
    let (check, _) = make(&stage).await;
    assert_eq!(check.outcome, CheckOutcome::Passed, "{check:?}");
    assert_eq!(made(&stage), [1, 0, 1]);
}

#[tokio::test]
async fn the_other_clouds_need_no_role() {
    for case in CASES.into_iter().filter(|case| case.provider != ALIYUN.provider) {
        let stage = stage(case, |config| config).await;
        let importer = stage.importer().unwrap();
        assert!(Importer::of(&*importer).is_none(), "{}", case.name);
    }
}
