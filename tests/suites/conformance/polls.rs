//! A failed poll is not a failed import.

use std::sync::{Arc, Mutex};

use cloud_import::{ErrorKind, RetryPolicy, WaitEvent, wait};
use cloud_import_sim::FaultKind;
use cloud_import_tests::simulated::{Case, Stage};

/// What can happen to a poll and pass again.
fn passing() -> Vec<FaultKind> {
    vec![
        FaultKind::Throttle,
        FaultKind::ServerError { http: 500 },
        FaultKind::ServerError { http: 502 },
        FaultKind::DropBefore,
        FaultKind::DropAfter,
        FaultKind::Cut,
        FaultKind::Garbage,
        FaultKind::Empty,
        FaultKind::Error200,
    ]
}

pub(crate) async fn failed_polls_are_tolerated(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let importer = stage
        .importer_with(|settings| settings.retry(RetryPolicy::none()))
        .unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    for kind in passing() {
        stage.fail_polls(kind, 1);
    }
    let failed = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&failed);
    let options = Stage::wait_options().on_event(move |_, event| {
        if let WaitEvent::PollFailed { in_a_row, error } = event {
            assert!(error.provider().is_some());
            listener.lock().unwrap().push(in_a_row);
        }
    });
    let image = wait(&*importer, &mut task, &options).await.unwrap();
    assert_eq!(image.id, stage.images()[0].image_id);
    let expected: Vec<u32> = (1..).take(passing().len()).collect();
    assert_eq!(*failed.lock().unwrap(), expected);
}

pub(crate) async fn too_many_failed_polls_end_the_wait_and_not_the_import(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let importer = stage
        .importer_with(|settings| settings.retry(RetryPolicy::none()))
        .unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    stage.fail_polls(FaultKind::ServerError { http: 503 }, 3);
    let options = Stage::wait_options().tolerated_errors(2);
    let error = wait(&*importer, &mut task, &options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert_eq!(error.operation(), Some(case.poll));
    stage.wait(&*importer, &mut task).await.unwrap();
    assert_eq!(stage.imports(), 1);
}

pub(crate) async fn server_errors_on_polls_are_waited_out(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let importer = stage.importer().unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    for http in [500, 502, 503, 504] {
        stage.fail_polls(FaultKind::ServerError { http }, 3);
    }
    stage.wait(&*importer, &mut task).await.unwrap();
    assert_eq!(stage.imports(), 1);
}
