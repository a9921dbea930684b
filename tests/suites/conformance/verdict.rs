//! How an import ends, and what is made of states on the way there.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use cloud_import::{ErrorKind, TaskState, WaitEvent, WaitOptions, wait};
use cloud_import_sim::FaultKind;
use cloud_import_tests::simulated::{Case, Stage};

use crate::import::endless;

const CODE: &str = "PartitionDamaged";
const REASON: &str = "the partition table is damaged at sector 63";

fn failing() -> FaultKind {
    FaultKind::FailImport {
        code: CODE.to_owned(),
        reason: REASON.to_owned(),
    }
}

pub(crate) async fn a_failure_has_the_vendors_reason_or_likely_causes(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    stage.inject(failing(), |fault| fault);
    let importer = stage.importer().unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    let error = stage.wait(&*importer, &mut task).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed, "{error:?}");
    assert_eq!(error.provider(), Some(case.provider));
    assert!(!error.is_retryable() && !error.may_have_executed());
    let cloud = importer.capabilities();
    if cloud.failure_reason.value {
        assert!(error.message().contains(REASON), "{error}");
        assert!(
            error.code() == Some(CODE) || error.message().contains(CODE),
            "the vendor's code is told: {error}"
        );
    } else {
        assert!(!error.message().contains(REASON));
        let remedy = error.remedy().unwrap().to_string();
        assert!(remedy.contains("not a verdict"), "{remedy}");
        assert!(!cloud.likely_causes.is_empty());
        for cause in cloud.likely_causes {
            assert!(remedy.contains(cause), "{remedy}");
        }
    }
}

pub(crate) async fn an_unknown_state_is_in_progress_and_shown_raw(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let importer = stage.importer().unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    stage.inject(FaultKind::UnknownState("PONDERING".to_owned()), |fault| fault.times(3));
    match importer.poll(&mut task).await.unwrap() {
        TaskState::InProgress { raw, .. } => assert_eq!(raw, "PONDERING"),
        other => panic!("{other:?}"),
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&seen);
    let options = Stage::wait_options().on_event(move |_, event| {
        if let WaitEvent::Polled {
            state: TaskState::InProgress { raw, .. },
            ..
        } = event
        {
            listener.lock().unwrap().push(raw.clone());
        }
    });
    wait(&*importer, &mut task, &options).await.unwrap();
    assert_eq!(seen.lock().unwrap()[..2], ["PONDERING", "PONDERING"]);
}

pub(crate) async fn the_wait_limit_ends_the_wait_and_not_the_import(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let importer = stage.importer().unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    // The first poll shows an import in progress however slow this machine is.
    stage.inject(FaultKind::UnknownState("PONDERING".to_owned()), |fault| fault);
    let none = WaitOptions::default().limit(Duration::ZERO);
    let error = wait(&*importer, &mut task, &none).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitLimitReached);
    assert!(error.message().contains("PONDERING"), "{error}");
    assert!(error.remedy().unwrap().to_string().contains("wait again"), "{error:?}");

    let image = stage.wait(&*importer, &mut task).await.unwrap();
    assert_eq!(image.id, stage.images()[0].image_id);
    assert_eq!((stage.starts(), stage.imports()), (1, 1));
}

pub(crate) async fn after_a_failure_the_next_generation_succeeds(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    stage.inject(failing(), |fault| fault);
    let importer = stage.importer().unwrap();
    let mut order = stage.order();
    let mut task = importer.start(&order).await.unwrap();
    let error = stage.wait(&*importer, &mut task).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed);
    order.generation += 1;
    let mut second = importer.start(&order).await.unwrap();
    assert_eq!(second.generation, 1);
    let image = stage.wait(&*importer, &mut second).await.unwrap();
    assert_eq!(image.id, stage.images()[1].image_id);
    assert_ne!(task.image_id.as_ref(), Some(&image.id));
    // The first stays what it was.
    let state = importer.poll(&mut task).await.unwrap();
    assert!(matches!(state, TaskState::Failed(_)), "{state:?}");
}

#[tokio::test]
async fn an_import_without_end_is_still_running_at_the_limit() {
    let stage = Stage::with(&cloud_import_tests::simulated::JDCLOUD, endless)
        .await
        .unwrap();
    let importer = stage.importer().unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    let options = Stage::wait_options().limit(Duration::from_millis(150));
    let error = wait(&*importer, &mut task, &options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitLimitReached);
}
