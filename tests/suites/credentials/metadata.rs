//! Instance metadata: only when it is allowed, only as to the machine's own network, with the token of hardened instances.

use std::{sync::Arc, time::Duration};

use cloud_import::{
    Credentials, Error, Provider, Result,
    credentials::{ChainOptions, CredentialSource as _},
};

use crate::{
    clouds::spec,
    server::{Asked, Server},
    stage::{Loopback, Machine, SECRET, TOKEN, chain_on, described, metadata_allowed, parts, refused},
};

const LATER: &str = "2026-11-22T18:00:00Z";

fn keys_of_aliyun() -> String {
    format!(
        r#"{{"Code":"Success","AccessKeyId":"STS.AK","AccessKeySecret":"{SECRET}","SecurityToken":"{TOKEN}","Expiration":"{LATER}"}}"#
    )
}

fn keys_of(cloud: Provider) -> String {
    match cloud {
        Provider::ALIYUN => keys_of_aliyun(),
        Provider::TENCENT => format!(
            r#"{{"Code":"Success","TmpSecretId":"STS.AK","TmpSecretKey":"{SECRET}","Token":"{TOKEN}","ExpiredTime":1795370400,"Expiration":"{LATER}"}}"#
        ),
        Provider::HUAWEI => format!(
            r#"{{"credential":{{"access":"STS.AK","secret":"{SECRET}","securitytoken":"{TOKEN}","expires_at":"2026-11-22T18:00:00.000000Z"}}}}"#
        ),
        _ => format!(
            r#"{{"RetCode":0,"Data":{{"AccessKeyId":"STS.AK","AccessKeySecret":"{SECRET}","SecurityToken":"{TOKEN}","Expiration":"{LATER}"}}}}"#
        ),
    }
}

/// A metadata server of any of the clouds.
fn answer(cloud: Provider, asked: &Asked) -> (u16, String) {
    if asked.line.starts_with("PUT ") {
        return (200, "a-metadata-token".to_owned());
    }
    let path = asked.line.trim_start_matches("GET ");
    if path.ends_with("/security-credentials/") {
        return (200, "import-role\n".to_owned());
    }
    (200, keys_of(cloud))
}

struct Asking {
    lines: Vec<String>,
    server: Server,
    network: Arc<Loopback>,
    outcome: Result<Credentials>,
}

async fn ask(
    cloud: Provider,
    machine: &Arc<Machine>,
    answers: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static,
) -> Asking {
    let server = Server::start(Duration::ZERO, answers).await;
    let network = Loopback::new(Some(server.address));
    let chain = chain_on(machine, spec(cloud), metadata_allowed(), &network);
    let outcome = chain.credentials().await;
    Asking {
        lines: server.lines(),
        server,
        network,
        outcome,
    }
}

#[tokio::test]
async fn every_clouds_metadata_gives_its_keys() {
    let expected: [(Provider, &str, &[&str]); 4] = [
        (
            Provider::ALIYUN,
            "100.100.100.200",
            &[
                "PUT /latest/api/token",
                "GET /latest/meta-data/ram/security-credentials/",
                "GET /latest/meta-data/ram/security-credentials/import-role",
            ],
        ),
        (
            Provider::TENCENT,
            "metadata.tencentyun.com",
            &[
                "GET /latest/meta-data/cam/security-credentials/",
                "GET /latest/meta-data/cam/security-credentials/import-role",
            ],
        ),
        (
            Provider::HUAWEI,
            "169.254.169.254",
            &["PUT /meta-data/latest/api/token", "GET /openstack/latest/securitykey"],
        ),
        (
            Provider::UCLOUD,
            "100.80.80.80",
            &["GET /meta-data/v2/iam/security-credentials"],
        ),
    ];
    for (cloud, host, lines) in expected {
        let machine = Machine::new();
        let asking = ask(cloud, &machine, move |asked| answer(cloud, asked)).await;
        assert_eq!(asking.lines, lines, "{cloud}");
        let credentials = asking.outcome.unwrap();
        assert_eq!(
            parts(&credentials),
            ("STS.AK".to_owned(), SECRET.to_owned(), Some(TOKEN.to_owned())),
            "{cloud}"
        );
        let nearby = asking.network.nearby.lock().unwrap().clone();
        assert_eq!(nearby.len(), lines.len(), "{cloud}: everything is asked as nearby");
        assert!(
            nearby.iter().all(|(_, limit)| *limit == Duration::from_secs(2)),
            "{nearby:?}"
        );
        for asked in asking.server.asked() {
            assert_eq!(asked.header("host"), Some(host));
            assert_eq!(asked.header("authorization"), None);
        }
        let chain = chain_on(&machine, spec(cloud), metadata_allowed(), &Loopback::new(None));
        assert!(
            described(&chain).starts_with(&format!("instance metadata at http://{host}")),
            "{cloud}"
        );
    }
}

#[tokio::test]
async fn the_token_of_hardened_instances_is_sent() {
    for (cloud, ttl, header) in [
        (
            Provider::ALIYUN,
            "x-aliyun-ecs-metadata-token-ttl-seconds",
            "x-aliyun-ecs-metadata-token",
        ),
        (Provider::HUAWEI, "x-metadata-token-ttl-seconds", "x-metadata-token"),
    ] {
        let asking = ask(cloud, &Machine::new(), move |asked| answer(cloud, asked)).await;
        asking.outcome.unwrap();
        let asked = asking.server.asked();
        assert_eq!(asked[0].header(ttl), Some("21600"));
        assert!(
            asked[1..]
                .iter()
                .all(|asked| asked.header(header) == Some("a-metadata-token")),
            "{asked:?}"
        );
    }
}

#[tokio::test]
async fn an_instance_that_knows_no_token_is_asked_without_unless_that_is_forbidden() {
    let without = |cloud| {
        move |asked: &Asked| match asked.line.starts_with("PUT ") {
            true => (404, String::new()),
            false => answer(cloud, asked),
        }
    };
    for cloud in [Provider::ALIYUN, Provider::HUAWEI] {
        ask(cloud, &Machine::new(), without(cloud)).await.outcome.unwrap();
    }
    let machine = Machine::new();
    machine.set("ALIBABA_CLOUD_IMDSV1_DISABLED", "true");
    let asking = ask(Provider::ALIYUN, &machine, without(Provider::ALIYUN)).await;
    assert_eq!(asking.lines.len(), 1);
    let error = refused(Provider::ALIYUN, asking.outcome);
    assert!(error.message().contains("ALIBABA_CLOUD_IMDSV1_DISABLED"), "{error}");
}

#[tokio::test]
async fn ucloud_is_asked_in_its_older_form_where_it_knows_no_other() {
    let asking = ask(Provider::UCLOUD, &Machine::new(), |asked| {
        if asked.line.contains("/v2/") {
            return (404, String::new());
        }
        let keys = format!(
            r#"{{"RetCode":0,"Data":{{"PublicKey":"STS.AK","PrivateKey":"{SECRET}","SecurityToken":"{TOKEN}","Expiration":1795370400}}}}"#
        );
        (200, keys)
    })
    .await;
    assert_eq!(parts(&asking.outcome.unwrap()).0, "STS.AK");
    assert_eq!(asking.lines.len(), 2);
}

#[tokio::test]
async fn a_role_that_is_named_is_not_asked_for() {
    let machine = Machine::new();
    machine.set("ALIBABA_CLOUD_ECS_METADATA", "named");
    let asking = ask(Provider::ALIYUN, &machine, |asked| answer(Provider::ALIYUN, asked)).await;
    asking.outcome.unwrap();
    assert_eq!(
        asking.lines[1..],
        ["GET /latest/meta-data/ram/security-credentials/named"]
    );
}

#[tokio::test]
async fn a_profile_can_ask_for_it_and_still_needs_leave() {
    let machine = Machine::new();
    machine.file(
        ".aliyun/config.json",
        r#"{"current":"ecs","profiles":[{"name":"ecs","mode":"EcsRamRole","ram_role_name":"in-file"}]}"#,
    );
    let server = Server::start(Duration::ZERO, |asked| answer(Provider::ALIYUN, asked)).await;
    let network = Loopback::new(Some(server.address));
    let chain = chain_on(&machine, spec(Provider::ALIYUN), ChainOptions::default(), &network);
    let error = refused(Provider::ALIYUN, chain.credentials().await);
    assert!(
        error.message().contains("profile `ecs` of ~/.aliyun/config.json"),
        "{error}"
    );
    assert!(error.remedy().unwrap().to_string().contains("`instance_metadata`"));
    assert!(chain.describe().is_err());
    assert!(server.lines().is_empty());

    let chain = chain_on(&machine, spec(Provider::ALIYUN), metadata_allowed(), &network);
    chain.credentials().await.unwrap();
    assert_eq!(
        server.lines()[1..],
        ["GET /latest/meta-data/ram/security-credentials/in-file"]
    );
    assert_eq!(
        described(&chain),
        "profile `ecs` of ~/.aliyun/config.json (role `in-file` of the instance)"
    );

    let machine = Machine::new();
    machine.file(".tccli/default.credential", r#"{"type":"cvm-role"}"#);
    let asking = ask(Provider::TENCENT, &machine, |asked| answer(Provider::TENCENT, asked)).await;
    asking.outcome.unwrap();
}

#[tokio::test]
async fn it_is_not_asked_where_it_is_off() {
    let machine = Machine::new();
    machine.set("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    let asking = ask(Provider::ALIYUN, &machine, |asked| answer(Provider::ALIYUN, asked)).await;
    assert!(asking.lines.is_empty());
    let error = refused(Provider::ALIYUN, asking.outcome);
    assert!(
        error.message().contains("off by `ALIBABA_CLOUD_ECS_METADATA_DISABLED`"),
        "{error}"
    );
}

async fn broken(cloud: Provider, answers: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) -> Error {
    refused(cloud, ask(cloud, &Machine::new(), answers).await.outcome)
}

#[tokio::test]
async fn what_is_broken_or_expired_is_told() {
    let keys = |body: String| {
        move |asked: &Asked| match asked.line.ends_with("/import-role") {
            true => (200, body.clone()),
            false => answer(Provider::TENCENT, asked),
        }
    };
    let full = keys_of(Provider::TENCENT);
    let cases = [
        (format!("{{{SECRET}"), "not JSON"),
        (full.replace("Success", "Failed"), "`Code`"),
        (full.replace("\"Token\"", "\"Other\""), "`Token`"),
        (full.replace("1795370400", "\"soon\""), "`ExpiredTime`"),
        (
            full.replace("1795370400", "1500000000"),
            "expired at 2017-07-14T02:40:00Z",
        ),
    ];
    for (body, why) in cases {
        let error = broken(Provider::TENCENT, keys(body)).await;
        assert!(error.message().contains(why), "{why}: {error}");
        assert!(
            error
                .message()
                .contains("instance metadata at http://metadata.tencentyun.com"),
            "{error}"
        );
    }
    let error = broken(Provider::TENCENT, |_| (404, String::new())).await;
    assert!(error.message().contains("has no role"), "{error}");
    let error = broken(Provider::TENCENT, |_| (500, String::new())).await;
    assert!(error.message().contains("HTTP 500"), "{error}");
    let error = broken(Provider::TENCENT, |_| (200, "<html>a captive portal</html>".to_owned())).await;
    assert!(error.message().contains("role cannot be read"), "{error}");
    let error = broken(Provider::UCLOUD, |_| {
        (200, r#"{"RetCode":8039,"Message":"x"}"#.to_owned())
    })
    .await;
    assert!(error.message().contains("`RetCode`"), "{error}");
    let error = broken(Provider::HUAWEI, |_| (404, String::new())).await;
    assert!(error.message().contains("HTTP 404"), "{error}");

    let nothing = Loopback::new(None);
    let chain = chain_on(&Machine::new(), spec(Provider::HUAWEI), metadata_allowed(), &nothing);
    let error = refused(Provider::HUAWEI, chain.credentials().await);
    assert!(
        error
            .remedy()
            .unwrap()
            .to_string()
            .contains("on an instance of this cloud"),
        "{error}"
    );
}
