//! A stop: nothing is sent again after it, and once it is pressed no answer is waited for.

use std::{future::pending, sync::Arc, time::Duration};

use cloud_import_core::{
    BoxFuture, Bytes, Credentials, Error, ErrorKind, Result, Stop,
    env::Env as _,
    http::{Request, Response},
    provider::{Cloud as _, Pipeline},
    testing::{Frozen, Scripted},
    transport::{Transport, TransportError, TransportErrorKind},
};

use crate::{
    fake::{Fake, PLAIN, TOKEN, order},
    pipeline::{OPERATION, Plain},
};

/// Is told to stop while it sends.
#[derive(Debug)]
struct Stopping {
    stop: Stop,
    script: Scripted,
    /// Whether it is pressed, and no answer comes.
    is_pressed: bool,
}

impl Transport for Stopping {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let answer = self.script.send(request);
        if self.is_pressed {
            self.stop.press();
            return Box::pin(pending());
        }
        self.stop.request();
        answer
    }
}

/// What a call comes to that may be repeated, how often it was sent, and how long was slept.
async fn sent(stop: &Stop, is_pressed: bool) -> (Error, usize, Duration) {
    let script = Scripted::default();
    script.fail(TransportErrorKind::Timeout);
    let transport = Arc::new(Stopping {
        stop: stop.clone(),
        script,
        is_pressed,
    });
    let clock = Arc::new(Frozen::at("2026-01-02T03:04:05Z", "n"));
    let keys = Arc::new(Credentials::new("AK", "SK"));
    let mut pipeline = Pipeline::new("r-1", keys, Arc::clone(&transport) as _);
    pipeline.env = Arc::clone(&clock) as _;
    pipeline.stop = stop.clone();
    let request = Request::builder().uri("https://h/").body(Bytes::new()).unwrap();
    let outcome = pipeline.send(&Plain::default(), &OPERATION, true, request).await;
    (outcome.unwrap_err(), transport.script.sent().len(), clock.monotonic())
}

#[tokio::test]
async fn nothing_is_sent_again_after_a_stop() {
    let (error, sent, slept) = sent(&Stop::default(), false).await;
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 1));
    assert!(error.may_have_executed());
    assert_eq!((sent, slept), (1, Duration::ZERO));
}

#[tokio::test]
async fn no_answer_is_waited_for_once_it_is_pressed() {
    let (error, times, _) = sent(&Stop::default(), true).await;
    assert_eq!(
        (error.kind(), error.may_have_executed(), times),
        (ErrorKind::Stopped, true, 1)
    );
    assert!(error.remedy().is_some());
    let pressed = Stop::default();
    pressed.press();
    let (error, times, _) = sent(&pressed, true).await;
    assert_eq!(
        (error.kind(), error.may_have_executed(), times),
        (ErrorKind::Stopped, false, 0)
    );
}

#[tokio::test]
async fn a_lost_order_is_looked_for_once_after_a_stop_and_not_sent_again() {
    for (capabilities, sends, lists) in [(&PLAIN, 1, 2), (&TOKEN, 1, 0)] {
        let importer = Fake::new(capabilities).importer();
        importer.client().connection().pipeline.stop.request();
        let error = cloud_import_core::ImageImporter::start(&importer, &order())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        let counts = (importer.client().count("send"), importer.client().count("list"));
        assert_eq!(counts, (sends, lists), "looked for before it was sent, and once after");
        let slept = importer.client().connection().pipeline.env.monotonic();
        assert_eq!(slept, Duration::ZERO);
    }
}
