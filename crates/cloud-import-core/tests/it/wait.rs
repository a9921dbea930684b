//! A failed poll is not a failed import.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use cloud_import_core::{
    Error, ErrorKind, Failure, ImageImporter as _, ImportTask, ImportedImage, TaskState, WaitEvent, WaitOptions,
    testing::FakeImporter, wait,
};

use crate::fake::order;

fn task(fake: &FakeImporter) -> ImportTask {
    fake.prepare(&order()).unwrap().task().clone()
}

fn done(task: &ImportTask) -> TaskState {
    TaskState::Succeeded {
        image: ImportedImage::of(task, "img-1"),
    }
}

fn flaky() -> Error {
    Error::new(ErrorKind::Unavailable, "503")
}

#[tokio::test]
async fn failed_polls_are_tolerated_and_told() {
    let fake = FakeImporter::new([]);
    let mut task = task(&fake);
    let fake = fake.polls([
        Err(flaky()),
        Err(flaky()),
        Ok(TaskState::in_progress("odd", Some(3))),
        Err(flaky()),
        Ok(done(&task)),
    ]);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let options = WaitOptions::default().tolerated_errors(2).on_event(move |_, event| {
        log.lock().unwrap().push(match event {
            WaitEvent::PollFailed { in_a_row, .. } => format!("failed {in_a_row}"),
            WaitEvent::Polled { state, .. } => format!("{state:?}").chars().take(9).collect(),
            _ => String::new(),
        });
    });
    assert_eq!(wait(&fake, &mut task, &options).await.unwrap().id, "img-1");
    assert_eq!(
        *seen.lock().unwrap(),
        ["failed 1", "failed 2", "InProgres", "failed 1", "Succeeded"]
    );
}

#[tokio::test]
async fn too_many_failed_polls_or_a_final_one_end_the_wait() {
    let fake = FakeImporter::new([]).polls((0..4).map(|_| Err(flaky())));
    let mut waiting = task(&fake);
    let error = wait(&fake, &mut waiting, &WaitOptions::default().tolerated_errors(3))
        .await
        .unwrap_err();
    assert_eq!((error.kind(), fake.calls().len()), (ErrorKind::Unavailable, 4));

    // Neither an error that nobody has explained nor one that passes does.
    let unexplained = || Err(Error::new(ErrorKind::Service, "unknown error"));
    let state = done(&waiting);
    let busy = Err(Error::new(ErrorKind::Conflict, "busy"));
    let fake = FakeImporter::new([]).polls([unexplained(), busy, unexplained(), Ok(state)]);
    wait(&fake, &mut waiting, &WaitOptions::default()).await.unwrap();

    let fake = FakeImporter::new([]).polls([Err(Error::new(ErrorKind::Credentials, "expired"))]);
    let error = wait(&fake, &mut waiting, &WaitOptions::default()).await.unwrap_err();
    assert_eq!((error.kind(), fake.calls().len()), (ErrorKind::Credentials, 1));
}

#[tokio::test]
async fn a_verdict_ends_the_wait_at_once_with_the_reason() {
    let failure = Failure::new(Some("E7".into()), "not MBR");
    let fake = FakeImporter::new([]).polls([Ok(TaskState::Failed(failure))]);
    let error = wait(&fake, &mut task(&fake), &WaitOptions::default())
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::TaskFailed, Some("E7")));
    assert!(
        error.message().contains("not MBR") && error.remedy().is_none(),
        "{error}"
    );

    let guessed = Failure::new(None, "IMPORTFAILED").with_likely_causes(&["no virtio driver"]);
    let fake = FakeImporter::new([]).polls([Ok(TaskState::Failed(guessed))]);
    let error = wait(&fake, &mut task(&fake), &WaitOptions::default())
        .await
        .unwrap_err();
    let remedy = error.remedy().unwrap().to_string();
    assert!(
        remedy.contains("no virtio driver") && remedy.contains("not a verdict"),
        "{remedy}"
    );

    let fake = FakeImporter::new([]).polls([Ok(TaskState::Canceled)]);
    assert_eq!(
        wait(&fake, &mut task(&fake), &WaitOptions::default())
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::Canceled
    );
}

#[tokio::test]
async fn the_limit_ends_the_wait_and_it_can_be_taken_up_again() {
    let running = || Ok(TaskState::in_progress("running", None));
    let fake = FakeImporter::new([]).polls((0..5).map(|_| running()));
    let mut task = task(&fake);
    let options = WaitOptions::default().limit(Duration::from_secs(30));
    let error = wait(&fake, &mut task, &options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitLimitReached);
    assert!(
        error.message().contains("running") && error.remedy().is_some(),
        "{error}"
    );
    assert_eq!(fake.env().monotonic(), Duration::from_secs(30));

    let fake = fake.polls([Ok(done(&task))]);
    assert_eq!(wait(&fake, &mut task, &options).await.unwrap().id, "img-1");
}

#[tokio::test]
async fn a_poll_that_failed_last_is_told_with_its_code_when_the_limit_is_reached() {
    let refused = || {
        let error = Error::new(ErrorKind::Unavailable, "try later")
            .with_code("8041")
            .with_http_status(200);
        Err(error.with_request_id(Some("r-1".to_owned())))
    };
    let options = WaitOptions::default().limit(Duration::from_secs(6));
    let fake = FakeImporter::new([]).polls([refused(), refused(), refused()]);
    let error = wait(&fake, &mut task(&fake), &options).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::WaitLimitReached, Some("8041"))
    );
    assert_eq!((error.http_status(), error.request_id()), (Some(200), Some("r-1")));
    assert!(error.message().contains("none was shown"), "{error}");
    assert!(error.message().ends_with("the last poll failed: try later"), "{error}");
    assert!(!error.may_have_executed() && std::error::Error::source(&error).is_some());

    // One that passed is not.
    let running = || Ok(TaskState::in_progress("running", None));
    let fake = FakeImporter::new([]).polls([refused(), running(), running()]);
    let error = wait(&fake, &mut task(&fake), &options).await.unwrap_err();
    assert_eq!((error.code(), error.http_status()), (None, None));
    assert!(error.message().ends_with("(last state: running)"), "{error}");
}

#[tokio::test]
async fn intervals_grow_and_a_servers_hint_wins() {
    let fake = FakeImporter::new([]);
    let mut task = task(&fake);
    let hint = Error::new(ErrorKind::RateLimited, "slow").with_retry_after(Some(Duration::from_secs(100)));
    let fake = fake.polls([
        Ok(TaskState::in_progress("a", None)),
        Ok(TaskState::in_progress("a", None)),
        Err(hint),
        Ok(done(&task)),
    ]);
    let options = WaitOptions::default().intervals(Duration::from_secs(4), Duration::from_secs(5));
    wait(&fake, &mut task, &options).await.unwrap();
    // 4 s, then 5 s (half more, but no more than the longest), then what the server asked for.
    assert_eq!(fake.env().monotonic(), Duration::from_secs(109));
}

#[tokio::test]
async fn a_hint_of_hours_is_not_waited_for() {
    let fake = FakeImporter::new([]);
    let mut task = task(&fake);
    let hint = Error::new(ErrorKind::RateLimited, "slow").with_retry_after(Some(Duration::from_secs(86_400)));
    let fake = fake.polls([Err(hint), Ok(done(&task))]);
    wait(&fake, &mut task, &WaitOptions::default()).await.unwrap();
    assert_eq!(fake.env().monotonic(), Duration::from_secs(15 * 60));
}
