//! Temporary keys are kept while they are fresh, and refreshed before they expire: once, however many ask.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use cloud_import::{
    Credentials, Provider, Result,
    credentials::{Chain, CredentialSource as _},
    env::Env as _,
    provider::datetime,
};

use crate::{
    clouds::spec,
    server::Server,
    stage::{Loopback, Machine, SECRET, TOKEN, chain_on, metadata_allowed, parts, refused},
};

const MINUTE: Duration = Duration::from_secs(60);

/// An instance of Tencent, whose keys are numbered and live for so long from when they are asked for.
struct Instance {
    machine: Arc<Machine>,
    chain: Arc<Chain>,
    given: Arc<AtomicU64>,
    asked: Arc<AtomicU64>,
    down: Arc<AtomicBool>,
}

async fn instance(life: Duration) -> Instance {
    let machine = Machine::new();
    let (given, asked, down) = <(Arc<AtomicU64>, Arc<AtomicU64>, Arc<AtomicBool>)>::default();
    let server = {
        let (machine, given, asked, down) = (machine.clone(), given.clone(), asked.clone(), down.clone());
        // Slow enough for a hundred tasks to come while it answers.
        Server::start(Duration::from_millis(50), move |request| {
            if request.line.ends_with("/security-credentials/") {
                asked.fetch_add(1, Ordering::SeqCst);
                return match down.load(Ordering::SeqCst) {
                    true => (500, String::new()),
                    false => (200, "role".to_owned()),
                };
            }
            let number = given.fetch_add(1, Ordering::SeqCst) + 1;
            let end = datetime::unix(machine.now() + life);
            let keys = format!(
                r#"{{"Code":"Success","TmpSecretId":"AK-{number}","TmpSecretKey":"{SECRET}","Token":"{TOKEN}","ExpiredTime":{end}}}"#
            );
            (200, keys)
        })
        .await
    };
    let network = Loopback::new(Some(server.address));
    let chain = chain_on(&machine, spec(Provider::TENCENT), metadata_allowed(), &network);
    Instance {
        machine,
        chain: Arc::new(chain),
        given,
        asked,
        down,
    }
}

impl Instance {
    async fn id(&self) -> String {
        parts(&self.chain.credentials().await.unwrap()).0
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    fn fails(&self, fails: bool) {
        self.down.store(fails, Ordering::SeqCst);
    }

    /// What a hundred tasks get that ask at once.
    async fn hundred(&self) -> Vec<Result<Credentials>> {
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let chain = Arc::clone(&self.chain);
                tokio::spawn(async move { chain.credentials().await })
            })
            .collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await.unwrap());
        }
        outcomes
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_tasks_at_once_make_one_look_up_and_one_refresh() {
    let instance = instance(60 * MINUTE).await;
    for round in 1..=3 {
        for outcome in instance.hundred().await {
            assert_eq!(parts(&outcome.unwrap()).0, format!("AK-{round}"));
        }
        assert_eq!(instance.given.load(Ordering::SeqCst), round);
        instance.machine.pass(56 * MINUTE);
    }
}

#[tokio::test]
async fn keys_of_an_hour_are_refreshed_five_minutes_before() {
    let instance = instance(60 * MINUTE).await;
    assert_eq!(instance.id().await, "AK-1");
    instance.machine.pass(55 * MINUTE - Duration::from_secs(1));
    assert_eq!(instance.id().await, "AK-1");
    instance.machine.pass(Duration::from_secs(1));
    assert_eq!(instance.id().await, "AK-2");
}

#[tokio::test]
async fn short_lived_keys_are_refreshed_when_a_third_of_their_life_is_left() {
    let instance = instance(6 * MINUTE).await;
    assert_eq!(instance.id().await, "AK-1");
    instance.machine.pass(4 * MINUTE - Duration::from_secs(1));
    assert_eq!(instance.id().await, "AK-1");
    instance.machine.pass(Duration::from_secs(1));
    assert_eq!(instance.id().await, "AK-2");
}

#[tokio::test]
async fn keys_that_are_still_valid_outlive_a_refresh_that_fails() {
    let instance = instance(60 * MINUTE).await;
    assert_eq!(instance.id().await, "AK-1");
    instance.fails(true);
    instance.machine.pass(56 * MINUTE);
    assert_eq!(instance.id().await, "AK-1");
    let asked = instance.asked();
    instance.machine.pass(Duration::from_secs(29));
    assert_eq!(instance.id().await, "AK-1");
    assert_eq!(instance.asked(), asked, "not asked again at once");
    instance.fails(false);
    instance.machine.pass(Duration::from_secs(1));
    assert_eq!(instance.id().await, "AK-2");
}

#[tokio::test]
async fn expired_keys_are_never_given_out() {
    let instance = instance(60 * MINUTE).await;
    assert_eq!(instance.id().await, "AK-1");
    instance.fails(true);
    instance.machine.pass(60 * MINUTE);
    refused(Provider::TENCENT, instance.chain.credentials().await);
    instance.fails(false);
    assert_eq!(instance.id().await, "AK-2");
}

#[tokio::test]
async fn a_hundred_tasks_share_a_failure_and_the_next_may_succeed() {
    let instance = instance(60 * MINUTE).await;
    instance.fails(true);
    // On one thread, all of them are waiting before the first answer comes.
    for outcome in instance.hundred().await {
        let error = refused(Provider::TENCENT, outcome);
        assert!(error.message().contains("HTTP 500"), "{error}");
        assert_eq!(error.http_status(), Some(500));
    }
    assert_eq!(instance.asked(), 1);
    instance.fails(false);
    assert_eq!(instance.id().await, "AK-1");
}

#[tokio::test]
async fn keys_without_an_expiry_are_kept() {
    let machine = Machine::new();
    machine.set("TENCENTCLOUD_SECRET_ID", "AK-1");
    machine.set("TENCENTCLOUD_SECRET_KEY", SECRET);
    let chain = chain_on(
        &machine,
        spec(Provider::TENCENT),
        metadata_allowed(),
        &Loopback::new(None),
    );
    chain.credentials().await.unwrap();
    machine.set("TENCENTCLOUD_SECRET_ID", "AK-2");
    machine.pass(365 * 24 * 60 * MINUTE);
    assert_eq!(parts(&chain.credentials().await.unwrap()).0, "AK-1");
}
