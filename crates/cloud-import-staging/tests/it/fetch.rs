//! A file on a web server goes through: its bytes are summed in their order while they pass, whatever ends in between.

use std::{
    num::{NonZeroU64, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use cloud_import_core::{
    ErrorKind, Link, Pace, Result, RetryPolicy, Stop, env::Env as _, provider::digest::sha256_hex, testing::Frozen,
    transport::HttpTransport,
};
use cloud_import_staging::{Staged, Upload, WebClient, WebFile};

use crate::{
    fake::{Fate, Lists},
    stage::{Hasty, KEY, MIB, Stage},
    web::{self, Web},
};

const PART: u64 = MIB as u64;

/// A server with the content of the stage.
fn server(stage: &Stage) -> Web {
    Web::of(stage.content.clone())
}

async fn open(web: &Web, sha256: &str) -> Result<WebFile> {
    let transport = HttpTransport::builder().no_proxy().build().unwrap();
    let mut client = WebClient::new(Arc::new(transport));
    client.env = Arc::new(Hasty);
    client.retry = RetryPolicy::default().elapsed(Duration::from_secs(1_000_000));
    WebFile::open(client, &Link::new(web.link()), sha256).await
}

async fn upload(stage: &Stage, web: &Web) -> Upload {
    let file = open(web, &sha256_hex(&stage.content)).await.unwrap();
    Upload::of_web(stage.store(), file, KEY).options(stage.options.clone())
}

async fn run(stage: &Stage, web: &Web) -> Result<Staged> {
    stage.run_of(upload(stage, web).await).await
}

/// A run that ends when the store hangs and so many other parts are on record, as if the process were killed there.
async fn killed(stage: &Stage, upload: Upload, parts: usize) {
    let (record, records) = (stage.record(), Arc::new(stage.record_store()));
    let running = tokio::spawn(async move { upload.run(record, records, Arc::new(|_| {}), &Stop::default()).await });
    stage.fake.hung.notified().await;
    while stage.record().is_none_or(|record| record.parts.len() < parts) {
        assert!(!running.is_finished());
        tokio::task::yield_now().await;
    }
    running.abort();
    let _ = running.await;
    stage.fake.plan(|_| Fate::Served);
}

/// The first bytes of the ranges that are parts.
fn parts(web: &Web, since: usize) -> Vec<u64> {
    let ranges = web.asked().into_iter().skip(since).filter_map(|asked| asked.range);
    ranges
        .filter(|(first, last)| last > first)
        .map(|(first, _)| first / PART)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_object_has_the_bytes_and_each_is_fetched_once() {
    for size in [5 * MIB + 1, 700, MIB] {
        let stage = Stage::new(size);
        let web = server(&stage);
        let staged = run(&stage, &web).await.unwrap();
        stage.check(&staged);
        assert_eq!(web.served(), size as u64 + 1, "all of it, and the first byte before");
        assert_eq!(staged.sha256, sha256_hex(&stage.content));
        assert_eq!(stage.warnings(), [""; 0]);
        // It is there by now.
        run(&stage, &web).await.unwrap();
        assert_eq!(web.served(), size as u64 + 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_is_asked_for_from_where_it_broke() {
    let stage = Stage::new(3 * MIB);
    let web = server(&stage);
    web.plan(|asked| match asked.index {
        0 | 2 => web::Fate::Status(503),
        3 => web::Fate::Breaks(300_000),
        5 => web::Fate::Short(7),
        7 => web::Fate::Breaks(0),
        _ => web::Fate::Served,
    });
    stage.check(&run(&stage, &web).await.unwrap());
    let ranges: Vec<_> = web.asked().into_iter().filter_map(|asked| asked.range).collect();
    assert!(
        ranges.iter().any(|(first, _)| *first > 0 && first % PART != 0),
        "{ranges:?}"
    );
    assert!(web.served() <= 3 * PART + 300_010, "{}", web.served());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_gives_nothing_is_given_up_and_the_upload_stays() {
    let stage = Stage::new(5 * MIB);
    let web = server(&stage);
    web.plan(|asked| match asked.range {
        Some((first, _)) if first >= 2 * PART => web::Fate::Status(503),
        _ => web::Fate::Served,
    });
    let error = run(&stage, &web).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.http_status()),
        (ErrorKind::Unavailable, Some(503)),
        "{error}"
    );
    assert!(error.remedy().unwrap().to_string().contains("resumes"), "{error}");
    assert_eq!(stage.fake.state().open(), 1);
    web.plan(|_| web::Fate::Served);
    let asked = web.asked().len();
    stage.check(&run(&stage, &web).await.unwrap());
    assert_eq!(parts(&web, asked), [2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_passed_and_did_not_arrive_must_be_the_same_again() {
    for lists in [Lists::Whole, Lists::WithoutEtag, Lists::Nothing] {
        for altered in [false, true] {
            let stage = Stage::new(6 * MIB);
            stage.fake.state().lists = lists;
            let web = server(&stage);
            stage.fake.plan(|seen| match seen.part {
                Some(2) => Fate::HangsBefore,
                _ => Fate::Served,
            });
            killed(&stage, upload(&stage, &web).await, 5).await;
            let known = stage.record().unwrap();
            let passed = known.web.unwrap();
            assert_eq!(known.parts.len(), 5, "{lists:?}");
            assert_eq!((passed.next, passed.passed.len()), (7, 1), "{lists:?}");
            let asked = web.asked().len();
            if altered {
                web.plan(|asked| match asked.range {
                    Some((0, 0)) => web::Fate::Served,
                    _ => web::Fate::Altered,
                });
                let error = run(&stage, &web).await.unwrap_err();
                assert_eq!(
                    (error.kind(), error.code()),
                    (ErrorKind::Conflict, Some("FileChanged")),
                    "{error}"
                );
                assert!(error.message().contains("part 2"), "{error}");
                assert!(stage.fake.state().objects.is_empty());
                assert_eq!((stage.fake.state().open(), stage.record()), (0, None), "{lists:?}");
            } else {
                stage.check(&run(&stage, &web).await.unwrap());
                assert_eq!(parts(&web, asked), [1], "{lists:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_object_is_made_of_what_is_not_as_promised() {
    for size in [4 * MIB, 700] {
        let stage = Stage::new(size);
        let web = server(&stage);
        let file = open(&web, &"0".repeat(64)).await.unwrap();
        let upload = Upload::of_web(stage.store(), file, KEY).options(stage.options.clone());
        let error = stage.run_of(upload).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::InvalidRequest, Some("OtherContent")),
            "{error}"
        );
        for told in [sha256_hex(&stage.content), "0".repeat(64)] {
            assert!(error.message().contains(&told), "{error}");
        }
        let state = stage.fake.state();
        assert_eq!(
            (
                state.count("CompleteMultipartUpload"),
                state.count("PutObject"),
                state.open()
            ),
            (0, 0, 0)
        );
        drop(state);
        assert_eq!(stage.record(), None);
    }
}

/// What is in the store by the one is not taken for what the other would send: nobody summed it.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_from_the_other_source_and_trusts_none_of_its_parts() {
    for begins_with_the_web in [true, false] {
        let stage = Stage::new(5 * MIB);
        stage.fake.state().lists = Lists::Nothing;
        let web = server(&stage);
        stage.fake.plan(|seen| match seen.part {
            Some(4) => Fate::HangsBefore,
            _ => Fate::Served,
        });
        if begins_with_the_web {
            killed(&stage, upload(&stage, &web).await, 4).await;
            stage.check(&stage.run().await.unwrap());
        } else {
            killed(&stage, stage.upload().await, 4).await;
            stage.check(&run(&stage, &web).await.unwrap());
            assert_eq!(web.served(), 5 * PART + 1);
        }
        let state = stage.fake.state();
        assert_eq!(state.count("InitiateMultipartUpload"), 1);
        assert_eq!(state.kept.len(), 4 + 5, "all five are sent again: {:?}", state.kept);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_another_state_of_the_file_is_given_up() {
    let stage = Stage::new(6 * MIB);
    let web = server(&stage);
    stage.fake.plan(|seen| match seen.part {
        Some(4) => Fate::HangsBefore,
        _ => Fate::Served,
    });
    killed(&stage, upload(&stage, &web).await, 5).await;
    web.plan(|_| web::Fate::Etag("\"two\""));
    let error = run(&stage, &web).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Conflict, Some("FileChanged")),
        "{error}"
    );
    assert_eq!((stage.fake.state().open(), stage.record()), (0, None));
    stage.check(&run(&stage, &web).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_does_not_wait_for_a_server_that_hangs() {
    let stage = Stage::new(5 * MIB);
    let web = server(&stage);
    let stop = stage.stop.clone();
    web.plan(move |asked| match asked.range {
        Some((first, _)) if first >= 2 * PART => {
            stop.request();
            web::Fate::Hangs
        }
        _ => web::Fate::Served,
    });
    let error = run(&stage, &web).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stopped);
    assert_eq!(stage.fake.state().open(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn fetching_keeps_to_the_budget_and_to_the_pace() {
    let mut stage = Stage::new(9 * MIB);
    stage.options.budget = cloud_import_staging::Budget::mib(2);
    stage.options.parallel = 8;
    let web = server(&stage);
    let transport = HttpTransport::builder().no_proxy().build().unwrap();
    let pace = Pace::new(NonZeroUsize::new(1), None);
    let client = WebClient::new(Arc::new(transport)).pace(pace.clone());
    let file = WebFile::open(client, &Link::new(web.link()), &sha256_hex(&stage.content))
        .await
        .unwrap();
    let upload = Upload::of_web(stage.store().paced(pace), file, KEY).options(stage.options.clone());
    stage.check(&stage.run_of(upload).await.unwrap());
    assert!(
        stage.options.budget.peak() <= 2 << 20,
        "{}",
        stage.options.budget.peak()
    );
    let most = stage.fake.most_running.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!((most, web.most_under_way()), (1, 1));
}

/// Of all that the store was sent at any time, no more than the rate allows until then, and one part.
#[tokio::test(flavor = "multi_thread")]
async fn the_rate_holds_for_all_uploads_together_and_for_what_is_sent_again() {
    let stages = [Stage::new(6 * MIB), Stage::new(4 * MIB)];
    let env = Arc::new(Frozen::at("2026-01-02T03:04:05Z", "nonce"));
    let pace = Pace::new(None, NonZeroU64::new(PART));
    let sent = Arc::new(std::sync::Mutex::new(0_u64));
    let mut running = Vec::new();
    for stage in &stages {
        let (env_seen, sent) = (env.clone(), sent.clone());
        let mut fails = 2;
        stage.fake.plan(move |seen| {
            if seen.operation != "UploadPart" {
                return Fate::Served;
            }
            let mut sent = sent.lock().unwrap();
            *sent += PART;
            let allowed = env_seen.monotonic().as_secs() * PART + PART;
            assert!(*sent <= allowed, "{sent} bytes, and {allowed} were allowed");
            if fails > 0 {
                fails -= 1;
                return Fate::Refused(503, "ServiceUnavailable");
            }
            Fate::Served
        });
        running.push(stage.run_of(stage.upload_with(env.clone(), pace.clone()).await));
    }
    let mut running = running.into_iter();
    let (one, two) = tokio::join!(running.next().unwrap(), running.next().unwrap());
    stages[0].check(&one.unwrap());
    stages[1].check(&two.unwrap());
    assert_eq!(*sent.lock().unwrap(), (6 + 4 + 2 + 2) * PART);
    assert!(env.slept() >= Duration::from_secs(13), "{:?}", env.slept());
}
