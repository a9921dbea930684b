//! Keys from a link that a variable names (Alibaba's `ALIBABA_CLOUD_CREDENTIALS_URI`).

use std::{sync::Arc, time::Duration};

use cloud_import::{
    Credentials, Error, Provider, Result,
    credentials::{ChainOptions, CredentialSource as _},
};

use crate::{
    clouds::spec,
    server::{Asked, Server},
    stage::{Loopback, Machine, SECRET, TOKEN, chain_on, described, local, metadata_allowed, parts, refused},
};

const VARIABLE: &str = "ALIBABA_CLOUD_CREDENTIALS_URI";

fn keys() -> String {
    format!(
        r#"{{"Code":"Success","AccessKeyId":"LINK-AK","AccessKeySecret":"{SECRET}","SecurityToken":"{TOKEN}","Expiration":"2026-11-22T13:00:00Z"}}"#
    )
}

fn machine(link: &str) -> Arc<Machine> {
    let machine = Machine::new();
    machine.set(VARIABLE, link);
    machine
}

struct Asking {
    server: Server,
    network: Arc<Loopback>,
    outcome: Result<Credentials>,
}

async fn ask(
    machine: &Arc<Machine>,
    options: ChainOptions,
    answers: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static,
) -> Asking {
    let server = Server::start(Duration::ZERO, answers).await;
    let network = Loopback::new(Some(server.address));
    let outcome = chain_on(machine, spec(Provider::ALIYUN), options, &network)
        .credentials()
        .await;
    Asking {
        server,
        network,
        outcome,
    }
}

#[tokio::test]
async fn it_is_got_as_it_stands_and_over_plain_http_past_any_proxy() {
    let machine = machine("http://localhost:7002/api/v1/credentials/0?key=s3cret-key-of-a-test");
    let asking = ask(&machine, ChainOptions::default(), |_| (200, keys())).await;
    assert_eq!(
        parts(&asking.outcome.unwrap()),
        ("LINK-AK".to_owned(), SECRET.to_owned(), Some(TOKEN.to_owned()))
    );
    assert_eq!(
        asking.server.lines(),
        ["GET /api/v1/credentials/0?key=s3cret-key-of-a-test"]
    );
    assert_eq!(asking.server.asked()[0].header("host"), Some("localhost:7002"));
    let nearby = asking.network.nearby.lock().unwrap().clone();
    assert_eq!(nearby.len(), 1);
    assert_eq!(nearby[0].1, Duration::from_secs(10));
    // The link may hold a secret: it is not shown.
    assert_eq!(
        described(&local(&machine, spec(Provider::ALIYUN))),
        format!("environment variable `{VARIABLE}`")
    );
}

#[tokio::test]
async fn over_https_it_goes_the_way_of_every_other_request() {
    let machine = machine("https://keys.example/me");
    let asking = ask(&machine, ChainOptions::default(), |_| (200, keys())).await;
    asking.outcome.unwrap();
    assert!(asking.network.nearby.lock().unwrap().is_empty());
}

#[tokio::test]
async fn it_comes_last() {
    let machine = machine("http://localhost/keys");
    machine.file(
        ".alibabacloud/credentials.ini",
        "[default]\ntype=access_key\naccess_key_id=FILE-AK\naccess_key_secret=s",
    );
    let asking = ask(&machine, metadata_allowed(), |_| (200, keys())).await;
    assert_eq!(parts(&asking.outcome.unwrap()).0, "FILE-AK");
    assert!(asking.server.lines().is_empty());

    let machine = self::machine("http://localhost/keys");
    let answers = |role: u16| {
        move |asked: &Asked| match asked.line.as_str() {
            "GET /keys" => (200, keys()),
            "GET /latest/meta-data/ram/security-credentials/" => (role, "role".to_owned()),
            "GET /latest/meta-data/ram/security-credentials/role" => (200, keys().replace("LINK", "INSTANCE")),
            _ => (404, String::new()),
        }
    };
    let asking = ask(&machine, metadata_allowed(), answers(200)).await;
    assert_eq!(parts(&asking.outcome.unwrap()).0, "INSTANCE-AK");
    let asking = ask(&machine, metadata_allowed(), answers(404)).await;
    assert_eq!(parts(&asking.outcome.unwrap()).0, "LINK-AK");
    // An instance that answers and has something broken is not passed over.
    let asking = ask(&machine, metadata_allowed(), answers(500)).await;
    let error = refused(Provider::ALIYUN, asking.outcome);
    assert!(error.message().contains("HTTP 500"), "{error}");
}

async fn broken(link: &str, status: u16, body: &str) -> Error {
    let body = body.to_owned();
    let asking = ask(&machine(link), ChainOptions::default(), move |_| (status, body.clone())).await;
    refused(Provider::ALIYUN, asking.outcome)
}

#[tokio::test]
async fn what_is_broken_or_expired_is_told_with_the_variable_and_without_the_link() {
    let link = "http://localhost/keys?key=s3cret-key-of-a-test";
    for (link, status, body, why) in [
        (link, 500, keys(), "HTTP 500"),
        (link, 302, keys(), "HTTP 302"),
        (link, 200, String::new(), "not JSON"),
        (link, 200, format!("{{{SECRET}"), "not JSON"),
        (link, 200, keys().replace("Success", "Failed"), "`Code`"),
        (
            link,
            200,
            keys().replace("AccessKeySecret", "Other"),
            "`AccessKeySecret`",
        ),
        (
            link,
            200,
            keys().replace("13:00", "11:59"),
            "expired at 2026-11-22T11:59:00Z",
        ),
        ("s3cret-key-of-a-test", 200, keys(), "no link"),
        ("ftp://s3cret-key-of-a-test/", 200, keys(), "no link"),
        ("http:// s3cret-key-of-a-test", 200, keys(), "no link"),
    ] {
        let error = broken(link, status, &body).await;
        for part in [VARIABLE, why] {
            assert!(error.message().contains(part), "{part} is not in: {error}");
        }
    }
    let chain = chain_on(
        &machine(link),
        spec(Provider::ALIYUN),
        ChainOptions::default(),
        &Loopback::new(None),
    );
    let error = refused(Provider::ALIYUN, chain.credentials().await);
    assert!(
        error
            .remedy()
            .is_some_and(|remedy| remedy.to_string().contains("running")),
        "{error}"
    );
}
