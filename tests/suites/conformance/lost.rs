//! Starts whose answer was lost: never a guess, never two images.
//!
//! JD Cloud and Alibaba Cloud take a token, so that the same request can be sent again. The others are asked whether they
//! list the image; only what bears this order's mark (Tencent, UCloud) or origin (Huawei) is taken for it.

use std::{sync::Arc, time::Duration};

use cloud_import::{Error, ErrorKind, ImageImporter, Provider, Result, TaskState, transport::HttpTransport};
use cloud_import_sim::FaultKind;
use cloud_import_tests::simulated::{Case, Stage, quick_retries};

use crate::import::endless;

/// The error must say plainly that nobody knows, and what to do.
fn assert_unknown(case: &Case, error: &Error) {
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
    assert!(error.may_have_executed() && !error.is_retryable());
    assert_eq!(error.provider(), Some(case.provider));
    assert!(error.remedy().unwrap().to_string().contains("web-2026"), "{error:?}");
    assert!(std::error::Error::source(error).is_some(), "the cause is kept");
}

/// The image of the only import there was.
async fn ends_with_the_only_image(
    stage: &Stage,
    importer: &dyn ImageImporter,
    started: Result<cloud_import::ImportTask>,
) {
    let mut task = started.unwrap();
    let image = stage.wait(importer, &mut task).await.unwrap();
    assert_eq!(stage.imports(), 1);
    assert_eq!(image.id, stage.images()[0].image_id);
}

pub(crate) async fn cut_before_acceptance(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    stage.fail_start(FaultKind::DropBefore);
    let importer = stage.impatient().unwrap();
    let started = importer.start(&stage.order()).await;
    if case.search.is_none() {
        ends_with_the_only_image(&stage, &*importer, started).await;
        assert_eq!(stage.starts(), 2);
        return;
    }
    assert_unknown(case, &started.unwrap_err());
    assert_eq!(
        (stage.starts(), stage.imports()),
        (1, 0),
        "what is not safe to repeat is not repeated"
    );
}

pub(crate) async fn cut_after_acceptance(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    stage.fail_start(FaultKind::DropAfter);
    let importer = stage.importer().unwrap();
    let started = importer.start(&stage.order()).await;
    ends_with_the_only_image(&stage, &*importer, started).await;
    assert_eq!(stage.starts(), if case.search.is_none() { 2 } else { 1 });
}

pub(crate) async fn cut_after_acceptance_and_listed_late(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    stage.fail_start(FaultKind::DropAfter);
    stage.inject(FaultKind::Hide(5), |fault| fault);
    let importer = stage.importer().unwrap();
    let started = importer.start(&stage.order()).await;
    ends_with_the_only_image(&stage, &*importer, started).await;
    assert_eq!(stage.starts(), if case.search.is_none() { 2 } else { 1 });
}

pub(crate) async fn cut_after_acceptance_and_never_listed(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    stage.fail_start(FaultKind::DropAfter);
    stage.inject(FaultKind::Hide(u32::MAX), |fault| fault);
    let importer = stage.impatient().unwrap();
    let started = importer.start(&stage.order()).await;
    if case.search.is_some() {
        assert_unknown(case, &started.unwrap_err());
        assert_eq!((stage.starts(), stage.imports()), (1, 1));
        return;
    }
    // The token's answer names the import; that it is not listed is found out by polling.
    let mut task = started.unwrap();
    let error = stage.wait(&*importer, &mut task).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
    assert_eq!((stage.starts(), stage.imports()), (2, 1));
}

pub(crate) async fn an_answer_that_is_too_late_makes_no_second_import(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    stage.fail_start(FaultKind::Delay(60_000));
    let hasty = HttpTransport::builder()
        .dial(stage.simulator.address(case.cloud))
        .timeout(Duration::from_millis(700))
        .build()
        .unwrap();
    let importer = stage
        .importer_with(|settings| {
            settings.transport(Arc::new(hasty)).grace(cloud_import::Grace::new(
                Duration::from_millis(300),
                Duration::from_millis(25),
            ))
        })
        .unwrap();
    let started = importer.start(&stage.order()).await;
    if case.search.is_none() {
        ends_with_the_only_image(&stage, &*importer, started).await;
        return;
    }
    let error = started.unwrap_err();
    assert_unknown(case, &error);
    let lost = std::error::Error::source(&error).unwrap();
    assert_eq!(lost.downcast_ref::<Error>().unwrap().kind(), ErrorKind::Timeout);
    assert_eq!(stage.starts(), 1);
    assert!(stage.imports() <= 1);
}

pub(crate) async fn a_failing_search_is_not_an_answer(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    stage.fail_start(FaultKind::DropAfter);
    if let Some(search) = case.search {
        for kind in [
            FaultKind::Throttle,
            FaultKind::Garbage,
            FaultKind::Empty,
            FaultKind::DropBefore,
            FaultKind::Cut,
            FaultKind::Error200,
        ] {
            stage.inject(kind, |fault| fault.operation(search));
        }
    }
    let importer = stage
        .importer_with(|settings| {
            let attempts = if case.search.is_some() { 1 } else { 2 };
            settings.retry(quick_retries().attempts(attempts))
        })
        .unwrap();
    // Without the look before it, which would meet the faults.
    let started = importer.submit(importer.prepare(&stage.order()).unwrap()).await;
    ends_with_the_only_image(&stage, &*importer, started).await;
}

pub(crate) async fn an_older_image_of_that_name_is_not_taken_for_the_lost_one(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let importer = stage.impatient().unwrap();
    stage
        .simulator
        .put_object(case.cloud, case.region, case.bucket(), "older", case.file());
    let older = case.order_from("web-2026", case.disk("older"));
    let mut older_task = importer.start(&older).await.unwrap();
    let older_image = stage.wait(&*importer, &mut older_task).await.unwrap();

    stage.fail_start(FaultKind::DropBefore);
    let started = importer.start(&stage.order()).await;
    if case.provider == Provider::JDCLOUD {
        // Names may be taken twice: the request that is sent again makes the second image, which is this order's.
        let mut task = started.unwrap();
        let image = stage.wait(&*importer, &mut task).await.unwrap();
        assert_ne!(image.id, older_image.id);
        assert_eq!(stage.imports(), 2);
        return;
    }
    // At Alibaba the repeated request finds the name taken, which does not say by whom.
    assert_unknown(case, &started.unwrap_err());
    assert_eq!(stage.imports(), 1);
}

pub(crate) async fn accepted_and_then_only_refusals(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    stage.fail_start(FaultKind::DropAfter);
    // What comes back in the end is not ambiguous by itself, but the first attempt was, and it was accepted.
    stage.inject(FaultKind::Throttle, |fault| fault.operation(case.start).times(2));
    let importer = stage
        .importer_with(|settings| settings.retry(quick_retries().attempts(3)))
        .unwrap();
    let started = importer.start(&stage.order()).await;
    ends_with_the_only_image(&stage, &*importer, started).await;
}

pub(crate) async fn a_process_that_died_finds_what_it_started(case: &'static Case) {
    let stage = Stage::new(case).await.unwrap();
    let order = stage.order();
    let stored = {
        let importer = stage.importer().unwrap();
        let prepared = importer.prepare(&order).unwrap();
        let stored = serde_json::to_string(prepared.task()).unwrap();
        // It is sent, and the process dies before it can store the ids.
        importer.submit(prepared).await.unwrap();
        stored
    };
    let importer = stage.importer().unwrap();
    let task = serde_json::from_str(&stored).unwrap();
    let mut found = importer.lookup(&task).await.unwrap().unwrap();
    stage.wait(&*importer, &mut found).await.unwrap();
    assert_eq!((stage.starts(), stage.imports()), (1, 1));

    // Where it cannot be told whether the process had sent the order, sending it again is safe with a token.
    if case.search.is_none() {
        let task = serde_json::from_str(&stored).unwrap();
        let task = importer.resume(&order, task).await.unwrap();
        assert_eq!(task.image_id, found.image_id);
        assert_eq!(stage.imports(), 1);
    }
}

pub(crate) async fn a_lost_import_that_fails_is_not_started_again(case: &'static Case) {
    let stage = Stage::with(case, |config| config.import_time(Duration::ZERO))
        .await
        .unwrap();
    stage.fail_start(FaultKind::DropAfter);
    let kind = FaultKind::FailImport {
        code: "C".to_owned(),
        reason: "r".to_owned(),
    };
    stage.inject(kind, |fault| fault);
    let importer = stage.impatient().unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    let error = stage.wait(&*importer, &mut task).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed, "{error:?}");
    assert_eq!(stage.imports(), 1);
}

pub(crate) async fn an_accepted_import_may_be_listed_late(case: &'static Case) {
    let stage = Stage::with(case, endless).await.unwrap();
    stage.inject(FaultKind::Hide(3), |fault| fault);
    let importer = stage.importer().unwrap();
    let mut task = importer.start(&stage.order()).await.unwrap();
    let mut raw_states = Vec::new();
    for _ in 0..6 {
        match importer.poll(&mut task).await.unwrap() {
            TaskState::InProgress { raw, .. } => raw_states.push(raw),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(raw_states[0], "not listed yet");
    assert_ne!(raw_states[5], "not listed yet");
    assert!(task.first_seen_at.is_some());
}
