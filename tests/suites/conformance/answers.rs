//! Answers that are none: empty, cut, too large, not JSON, an error under HTTP 200, a server's failure.

use std::{sync::Arc, time::Duration};

use cloud_import::{Error, ErrorKind, Grace, ImageImporter, Provider, RetryPolicy, transport::HttpTransport};
use cloud_import_sim::FaultKind;
use cloud_import_tests::simulated::{Case, Stage};

/// More than the transport of [`small`] reads.
const TOO_LARGE: FaultKind = FaultKind::Oversized(1);

/// What goes wrong, the kind of error it must be, and the HTTP status, where a status line came at all.
fn broken(case: &Case) -> Vec<(FaultKind, ErrorKind, u16)> {
    let server_error = FaultKind::ServerError { http: 503 };
    vec![
        (FaultKind::Empty, ErrorKind::InvalidResponse, 200),
        (FaultKind::Garbage, ErrorKind::InvalidResponse, 200),
        (TOO_LARGE, ErrorKind::InvalidResponse, 200),
        (FaultKind::Cut, ErrorKind::Transport, 200),
        (FaultKind::Error200, internal(case), 200),
        (server_error, ErrorKind::Unavailable, 503),
    ]
}

/// Huawei's code for an internal error is also its code for anything unknown.
fn internal(case: &Case) -> ErrorKind {
    match case.provider {
        Provider::HUAWEI => ErrorKind::Service,
        _ => ErrorKind::Unavailable,
    }
}

/// An importer that tries once, does not wait for what is lost, and reads answers of at most 64 KiB.
fn small(stage: &Stage) -> Box<dyn ImageImporter> {
    let transport = HttpTransport::builder()
        .dial(stage.simulator.address(stage.case.cloud))
        .answer_bytes(64 << 10)
        .build()
        .unwrap();
    stage
        .importer_with(|settings| {
            let never = Grace::new(Duration::ZERO, Duration::ZERO);
            settings
                .transport(Arc::new(transport))
                .retry(RetryPolicy::none())
                .grace(never)
        })
        .unwrap()
}

fn assert_told(case: &Case, error: &Error, operation: &str, fault: &FaultKind, kind: ErrorKind, http: u16) {
    assert_eq!(error.kind(), kind, "{fault:?}: {error:?}");
    assert_eq!(error.provider(), Some(case.provider), "{fault:?}");
    assert_eq!(error.operation(), Some(operation), "{fault:?}");
    assert_eq!(error.http_status(), Some(http), "{fault:?}: {error:?}");
    assert!(error.may_have_executed(), "{fault:?}: {error:?}");
    assert!(error.remedy().is_some(), "{fault:?}: {error:?}");
    // The simulator's gateway pages and garbage have none; Tencent's is in the body only, which is cut.
    let has_id = match fault {
        FaultKind::Cut => case.provider != Provider::TENCENT,
        FaultKind::Error200 => true,
        FaultKind::ServerError { .. } => case.provider != Provider::TENCENT,
        _ => false,
    };
    assert_eq!(error.request_id().is_some(), has_id, "{fault:?}: {error:?}");
}

pub(crate) async fn a_broken_answer_to_a_start_is_never_success(case: &'static Case) {
    for (fault, kind, http) in broken(case) {
        // Nothing settles it: it is not sent again, and what was executed is not listed yet.
        let stage = Stage::with(case, |config| config.visible_after_polls(99))
            .await
            .unwrap();
        let importer = small(&stage);
        stage.fail_start(fault.clone());
        let error = importer
            .submit(importer.prepare(&stage.order()).unwrap())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{fault:?}: {error:?}");
        let lost = std::error::Error::source(&error)
            .unwrap()
            .downcast_ref::<Error>()
            .unwrap();
        assert_told(case, lost, case.start, &fault, kind, http);
        assert_eq!(stage.starts(), 1);
    }
}

pub(crate) async fn after_a_broken_answer_to_a_start_there_is_never_a_second_import(case: &'static Case) {
    for (fault, _, _) in broken(case) {
        let stage = Stage::new(case).await.unwrap();
        let transport = HttpTransport::builder()
            .dial(stage.simulator.address(case.cloud))
            .answer_bytes(64 << 10)
            .build()
            .unwrap();
        let importer = stage
            .importer_with(|settings| {
                settings
                    .transport(Arc::new(transport))
                    .grace(Grace::new(Duration::from_millis(200), Duration::from_millis(25)))
            })
            .unwrap();
        stage.fail_start(fault.clone());
        match importer.start(&stage.order()).await {
            Ok(mut task) => {
                let image = stage.wait(&*importer, &mut task).await.unwrap();
                assert_eq!(stage.imports(), 1, "{fault:?}");
                assert_eq!(image.id, stage.images()[0].image_id);
                // Of these only a cut answer is one to a request that was executed.
                assert!(case.search.is_none() || fault == FaultKind::Cut, "{fault:?}");
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{fault:?}: {error:?}");
                assert!(case.search.is_some() && fault != FaultKind::Cut, "{fault:?}: {error:?}");
                assert_eq!((stage.starts(), stage.imports()), (1, 0), "{fault:?}");
            }
        }
    }
}

pub(crate) async fn a_server_error_on_the_start(case: &'static Case) {
    for http in [500, 502, 503, 504] {
        let stage = Stage::new(case).await.unwrap();
        stage.fail_start(FaultKind::ServerError { http });
        let importer = stage.impatient().unwrap();
        let started = importer.start(&stage.order()).await;
        if case.search.is_none() {
            let mut task = started.unwrap();
            stage.wait(&*importer, &mut task).await.unwrap();
            assert_eq!((stage.starts(), stage.imports()), (2, 1), "{http}");
        } else {
            let error = started.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{http}: {error:?}");
            let lost = std::error::Error::source(&error).unwrap();
            let lost = lost.downcast_ref::<Error>().unwrap();
            assert_eq!(lost.http_status(), Some(http));
            assert_eq!((stage.starts(), stage.imports()), (1, 0), "{http}");
        }
    }
}

pub(crate) async fn a_broken_answer_to_a_poll_is_a_failed_poll(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let importer = small(&stage);
    let mut task = importer.start(&stage.order()).await.unwrap();
    let before = task.clone();
    for (fault, kind, http) in broken(case) {
        stage.fail_polls(fault.clone(), 1);
        let error = importer.poll(&mut task).await.unwrap_err();
        assert_told(case, &error, case.poll, &fault, kind, http);
        assert_eq!(task, before, "a poll that failed changes nothing");
    }
    stage.wait(&*importer, &mut task).await.unwrap();
}
