//! A lost answer never becomes a second image, and neither does a future that was dropped.

use std::{sync::Arc, time::Duration};

use cloud_import_core::{
    Error, ErrorKind, ImageImporter as _, ImportTask, ImportedImage, Importer, Provider, Result, TaskState,
};
use tokio::{sync::Semaphore, time::timeout};

use crate::fake::{CANCELS, Fake, NAMES, PLAIN, TOKEN, lost, order};

async fn started(importer: &Importer<Fake>) -> Result<Option<String>> {
    importer.start(&order()).await.map(|task| task.image_id)
}

fn counts(importer: &Importer<Fake>) -> (usize, usize) {
    (importer.client().count("send"), importer.client().count("list"))
}

#[tokio::test]
async fn an_order_with_errors_is_not_sent_unless_told_so() {
    let importer = Fake::new(&PLAIN).sends([Ok(())]).importer();
    let mut bad = order();
    bad.name.clear();
    let error = importer.start(&bad).await.unwrap_err();
    assert_eq!((error.kind(), error.problems().len()), (ErrorKind::InvalidRequest, 2));
    assert_eq!(counts(&importer), (0, 0));
    bad.no_validate = true;
    importer.start(&bad).await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_final_and_settles_nothing() {
    let refused = || Err(Error::new(ErrorKind::QuotaExceeded, "full"));
    let importer = Fake::new(&PLAIN).sends([refused(), Ok(())]).importer();
    assert_eq!(started(&importer).await.unwrap_err().kind(), ErrorKind::QuotaExceeded);
    assert_eq!(counts(&importer), (1, 1), "it was looked for once, before it was sent");
    assert_eq!(started(&importer).await.unwrap().as_deref(), Some("sent"));
}

#[tokio::test]
async fn what_runs_already_is_not_sent() {
    let importer = Fake::new(&PLAIN).lists([Ok(true)]).importer();
    assert_eq!(started(&importer).await.unwrap().as_deref(), Some("found"));
    assert_eq!(counts(&importer), (0, 1));
    // Keys that may not look do not keep an order from being sent; a cloud that does not answer does.
    let denied = Err(Error::new(ErrorKind::PermissionDenied, "no"));
    let importer = Fake::new(&PLAIN).lists([denied]).sends([Ok(())]).importer();
    assert_eq!(started(&importer).await.unwrap().as_deref(), Some("sent"));
    let importer = Fake::new(&PLAIN).lists([Err(lost())]).importer();
    let error = started(&importer).await.unwrap_err();
    assert!(!error.may_have_executed(), "nothing was sent: {error}");
    assert_eq!(counts(&importer), (0, 1));
}

#[tokio::test]
async fn without_a_token_a_lost_start_is_looked_up_and_never_sent_again() {
    let lists = [Ok(false), Ok(false), Err(lost()), Ok(true)];
    let importer = Fake::new(&PLAIN).sends([Err(lost())]).lists(lists).importer();
    assert_eq!(started(&importer).await.unwrap().as_deref(), Some("found"));
    assert_eq!(counts(&importer), (1, 4));

    let failed = lost().with_code("Busy").with_http_status(500);
    let failed = failed.with_request_id(Some("r-1".to_owned()));
    let importer = Fake::new(&PLAIN).sends([Err(failed)]).importer();
    let error = started(&importer).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::OutcomeUnknown, true)
    );
    assert!(error.message().contains("web") && error.remedy().is_some(), "{error}");
    let told = (error.code(), error.http_status(), error.request_id());
    assert_eq!(
        told,
        (Some("Busy"), Some(500), Some("r-1")),
        "what was told of the lost answer is kept"
    );
    assert_eq!(importer.client().count("send"), 1);
    assert!(importer.client().count("list") >= 4);
    // It is remembered: the same call again looks again, and sends nothing.
    assert_eq!(started(&importer).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(importer.client().count("send"), 1);
}

#[tokio::test]
async fn what_the_lost_answer_told_is_kept() {
    let answered = || {
        Err(Error::new(ErrorKind::Service, "odd")
            .with_code("Internal.Odd")
            .with_http_status(503)
            .with_request_id(Some("r-1".to_owned())))
    };
    for cloud in [&PLAIN, &TOKEN] {
        let sends = std::iter::repeat_with(answered).take(9);
        let importer = Fake::new(cloud).sends(sends).importer();
        let error = started(&importer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        assert_eq!(
            (error.code(), error.http_status(), error.request_id()),
            (Some("Internal.Odd"), Some(503), Some("r-1"))
        );
        assert!(error.message().contains("odd"), "{error}");
    }
    // Looking for it that fails is not the same as not finding it.
    let lists = std::iter::once(Ok(false)).chain(std::iter::repeat_with(|| Err(lost())).take(9));
    let importer = Fake::new(&PLAIN).sends([answered()]).lists(lists).importer();
    let error = started(&importer).await.unwrap_err();
    assert!(error.message().contains("looking for it failed: cut"), "{error}");
}

#[tokio::test]
async fn with_a_token_the_same_order_is_sent_until_it_is_answered() {
    let down = Err(Error::new(ErrorKind::Connect, "down"));
    let sends = [Err(lost()), Err(lost()), down, Ok(())];
    let importer = Fake::new(&TOKEN).sends(sends).importer();
    assert_eq!(started(&importer).await.unwrap().as_deref(), Some("sent"));
    assert_eq!(counts(&importer), (4, 0));

    let importer = Fake::new(&TOKEN).importer();
    assert_eq!(started(&importer).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
}

#[tokio::test]
async fn a_taken_name_after_a_lost_start_settles_nothing() {
    for cloud in [&TOKEN, &NAMES] {
        let taken = || Err(Error::new(ErrorKind::DuplicateName, "taken"));
        let sends = [Err(lost()), taken(), taken(), taken(), taken()];
        let importer = Fake::new(cloud).sends(sends).importer();
        assert_eq!(started(&importer).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
        // Nor does it when a later call goes on with that start.
        assert_eq!(started(&importer).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
        let importer = Fake::new(cloud).sends(std::iter::repeat_with(taken).take(5)).importer();
        let task = importer.prepare(&order()).unwrap().into_task();
        let error = importer.resume(&order(), task).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        // Of an order that was never sent before, it is a plain refusal.
        let importer = Fake::new(cloud).sends([taken()]).importer();
        assert_eq!(started(&importer).await.unwrap_err().kind(), ErrorKind::DuplicateName);
    }
}

#[tokio::test]
async fn a_lost_dry_run_is_just_an_error() {
    let importer = Fake::new(&TOKEN).sends([Err(lost())]).importer();
    let mut order = order();
    order.dry_run = true;
    assert_eq!(importer.start(&order).await.unwrap_err().kind(), ErrorKind::Transport);
    assert_eq!(counts(&importer), (1, 0));
}

#[tokio::test]
async fn a_dry_run_is_never_sent_where_it_would_be_an_import() {
    let importer = Fake::new(&PLAIN).importer();
    let mut order = order();
    order.dry_run = true;
    order.no_validate = true;
    assert_eq!(importer.start(&order).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(counts(&importer), (0, 0));
}

/// An importer whose orders hang until a permit is added, and the first start of an order, dropped while it hangs.
async fn dropped(fake: Fake) -> (Importer<Fake>, Arc<Semaphore>) {
    let throttle = Arc::new(Semaphore::new(0));
    let importer = fake.hanging(&throttle).importer();
    let first = timeout(Duration::from_millis(20), importer.start(&order())).await;
    assert!(first.is_err(), "it hangs");
    (importer, throttle)
}

#[tokio::test]
async fn a_start_that_was_dropped_is_settled_by_the_next() {
    let (importer, _) = dropped(Fake::new(&PLAIN).lists([Ok(false), Ok(false), Ok(true)])).await;
    assert_eq!(started(&importer).await.unwrap().as_deref(), Some("found"));
    assert_eq!(importer.client().count("send"), 1);

    let (importer, _) = dropped(Fake::new(&PLAIN)).await;
    assert_eq!(started(&importer).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(
        importer.client().count("send"),
        1,
        "not listed is not proof that it was not sent"
    );

    let (importer, throttle) = dropped(Fake::new(&TOKEN).sends([Ok(())])).await;
    throttle.add_permits(1);
    assert_eq!(started(&importer).await.unwrap().as_deref(), Some("sent"));
    assert_eq!(counts(&importer), (2, 0), "its token makes that safe");
}

#[tokio::test]
async fn two_starts_of_one_order_make_one_import() {
    let importer = Fake::new(&PLAIN).sends([Ok(())]).importer();
    let (request, other) = (order(), importer.clone());
    let (one, two) = tokio::join!(importer.start(&request), other.start(&request));
    assert_eq!(one.unwrap(), two.unwrap());
    assert_eq!(importer.client().count("send"), 1);
}

#[tokio::test]
async fn another_generation_is_another_import_and_a_failed_one_is_forgotten() {
    let importer = Fake::new(&PLAIN).sends([Ok(()), Ok(()), Ok(())]).importer();
    let mut task = importer.start(&order()).await.unwrap();
    let mut next = order();
    next.generation = 1;
    importer.start(&next).await.unwrap();
    assert_eq!(importer.client().count("send"), 2);
    // Listed once and then no more: it failed.
    task.seen(std::time::SystemTime::UNIX_EPOCH);
    assert!(matches!(importer.poll(&mut task).await.unwrap(), TaskState::Failed(_)));
    importer.start(&order()).await.unwrap();
    assert_eq!(importer.client().count("send"), 3);
}

#[tokio::test]
async fn an_order_whose_image_was_deleted_makes_another() {
    let importer = Fake::new(&PLAIN).sends([Ok(()), Ok(())]).importer();
    let task = importer.start(&order()).await.unwrap();
    importer.delete(&ImportedImage::of(&task, "other")).await.unwrap();
    importer.start(&order()).await.unwrap();
    assert_eq!(importer.client().count("send"), 1, "it was not this order's image");
    importer.delete(&ImportedImage::of(&task, "sent")).await.unwrap();
    importer.start(&order()).await.unwrap();
    assert_eq!(importer.client().count("send"), 2);
}

#[tokio::test]
async fn what_is_cancelled_is_looked_for_where_its_ids_are_not_known() {
    let importer = Fake::new(&CANCELS).lists([Ok(true), Ok(false)]).importer();
    let task = importer.prepare(&order()).unwrap().into_task();
    importer.cancel(&task).await.unwrap();
    assert_eq!(importer.client().count("cancel by id"), 1);
    importer.cancel(&task).await.unwrap();
    assert_eq!(
        importer.client().count("cancel"),
        1,
        "the cloud says what it makes of it"
    );
}

#[tokio::test]
async fn what_belongs_elsewhere_is_refused_before_anything_is_asked() {
    let importer = Fake::new(&PLAIN).importer();
    let prepared = importer.prepare(&order()).unwrap();
    let own = prepared.task().clone();
    let changes: [fn(&mut ImportTask); 3] = [
        |task| task.provider = Provider::TENCENT,
        |task| task.region = "other".to_owned(),
        |task| task.endpoint = "https://other.example".to_owned(),
    ];
    for change in changes {
        let mut task = own.clone();
        change(&mut task);
        let errors = [
            importer.poll(&mut task).await.map(drop),
            importer.lookup(&task).await.map(drop),
            importer.cancel(&task).await.map(drop),
            importer.resume(&order(), task.clone()).await.map(drop),
        ];
        for error in errors.map(Result::unwrap_err) {
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert!(
                error.message().contains("it belongs to") && error.remedy().is_some(),
                "{error}"
            );
        }
    }
    assert_eq!(counts(&importer), (0, 0));
}
