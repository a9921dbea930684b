//! A token of another party, in a file, is exchanged for keys by one call that nobody signs.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use cloud_import::{
    Credentials, ErrorKind, Provider, Result,
    credentials::{ChainOptions, CredentialSource as _},
};

use crate::{
    clouds::spec,
    server::{Asked, Server},
    stage::{Loopback, Machine, SECRET, TOKEN, chain_on, described, local, metadata_allowed, parts, refused},
};

/// What the other party gave: no keys, and as secret as those.
const IDENTITY: &str = "eyJhbGciOi.s3cret-key-of-a-test.identity";

const CLOUDS: [Provider; 3] = [Provider::ALIYUN, Provider::TENCENT, Provider::HUAWEI];

/// Variables of each cloud: the token's file, the role, the party.
fn names(cloud: Provider) -> [&'static str; 3] {
    match cloud {
        Provider::ALIYUN => [
            "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
            "ALIBABA_CLOUD_ROLE_ARN",
            "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
        ],
        Provider::TENCENT => ["TKE_WEB_IDENTITY_TOKEN_FILE", "TKE_ROLE_ARN", "TKE_PROVIDER_ID"],
        _ => [
            "HUAWEICLOUD_OIDC_TOKEN_FILE",
            "HUAWEICLOUD_OIDC_AGENCY_URN",
            "HUAWEICLOUD_OIDC_PROVIDER_URN",
        ],
    }
}

fn machine(cloud: Provider) -> Arc<Machine> {
    let machine = Machine::new();
    let file = machine.file("token", format!("{IDENTITY}\n"));
    let [token, role, party] = names(cloud);
    machine.set(token, file.to_str().unwrap());
    machine.set(role, "the:role");
    machine.set(party, "the/party");
    machine
}

fn answer(cloud: Provider, id: &str) -> String {
    match cloud {
        Provider::ALIYUN => format!(
            r#"{{"RequestId":"r","Credentials":{{"AccessKeyId":"{id}","AccessKeySecret":"{SECRET}","SecurityToken":"{TOKEN}","Expiration":"2026-11-22T13:00:00Z"}}}}"#
        ),
        Provider::TENCENT => format!(
            r#"{{"Response":{{"Credentials":{{"TmpSecretId":"{id}","TmpSecretKey":"{SECRET}","Token":"{TOKEN}"}},"ExpiredTime":1795352400,"RequestId":"r"}}}}"#
        ),
        _ => format!(
            r#"{{"credentials":{{"access_key_id":"{id}","secret_access_key":"{SECRET}","security_token":"{TOKEN}","expiration":"2026-11-22T13:00:00.123Z"}}}}"#
        ),
    }
}

async fn ask(
    cloud: Provider,
    machine: &Arc<Machine>,
    options: ChainOptions,
    answers: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static,
) -> (Server, Result<Credentials>) {
    let server = Server::start(Duration::ZERO, answers).await;
    let chain = chain_on(machine, spec(cloud), options, &Loopback::new(Some(server.address)));
    let outcome = chain.credentials().await;
    (server, outcome)
}

#[tokio::test]
async fn every_cloud_is_asked_in_its_own_words_and_unsigned() {
    for (cloud, host, line, body, authorization) in [
        (
            Provider::ALIYUN,
            "sts.aliyuncs.com",
            "POST /?Action=AssumeRoleWithOIDC&Format=JSON&Version=2015-04-01&Timestamp=2026-11-22T12%3A00%3A00Z&SignatureNonce=",
            "OIDCProviderArn=the%2Fparty&OIDCToken=IDENTITY&RoleArn=the%3Arole&RoleSessionName=cloud-import".to_owned(),
            None,
        ),
        (
            Provider::TENCENT,
            "sts.tencentcloudapi.com",
            "POST /",
            r#"{"ProviderId":"the/party","RoleArn":"the:role","RoleSessionName":"cloud-import","WebIdentityToken":"IDENTITY"}"#
                .to_owned(),
            Some("SKIP"),
        ),
        (
            Provider::HUAWEI,
            "sts.cn-1.myhuaweicloud.com",
            "POST /v5/agencies/assume-with-oidc",
            r#"{"agency_session_name":"cloud-import","agency_urn":"the:role","id_token":"IDENTITY","provider_urn":"the/party"}"#
                .to_owned(),
            None,
        ),
    ] {
        let machine = machine(cloud);
        let (server, outcome) = ask(cloud, &machine, ChainOptions::default(), move |_| {
            (200, answer(cloud, "TEMP-AK"))
        })
        .await;
        let asked = server.asked();
        assert_eq!(asked.len(), 1, "{cloud}");
        assert!(asked[0].line.starts_with(line), "{cloud}: {}", asked[0].line);
        assert!(!asked[0].line.contains(IDENTITY), "{cloud}: no token in a URL");
        assert_eq!(asked[0].header("host"), Some(host), "{cloud}");
        assert_eq!(asked[0].body, body.replace("IDENTITY", IDENTITY), "{cloud}");
        assert_eq!(asked[0].header("authorization"), authorization, "{cloud}");
        let expected = ("TEMP-AK".to_owned(), SECRET.to_owned(), Some(TOKEN.to_owned()));
        assert_eq!(parts(&outcome.unwrap()), expected, "{cloud}");
        let [variable, ..] = names(cloud);
        assert_eq!(
            described(&local(&machine, spec(cloud))),
            format!("environment variable `{variable}` (assumes role `the:role` for a token)")
        );
    }
}

#[tokio::test]
async fn what_else_the_variables_say_is_heeded() {
    let machine_of = |cloud: Provider, more: &[(&str, &str)]| {
        let machine = machine(cloud);
        more.iter().for_each(|(name, value)| machine.set(name, value));
        machine
    };
    let one = machine_of(
        Provider::ALIYUN,
        &[
            ("ALIBABA_CLOUD_ROLE_SESSION_NAME", "a-session"),
            ("ALIBABA_CLOUD_STS_REGION", "cn-beijing"),
        ],
    );
    let (server, _) = ask(Provider::ALIYUN, &one, ChainOptions::default(), |_| {
        (500, String::new())
    })
    .await;
    assert_eq!(server.asked()[0].header("host"), Some("sts.cn-beijing.aliyuncs.com"));
    assert!(server.asked()[0].body.ends_with("&RoleSessionName=a-session"));

    let one = machine_of(Provider::TENCENT, &[("TKE_REGION", "ap-shanghai")]);
    let (server, _) = ask(Provider::TENCENT, &one, ChainOptions::default(), |_| {
        (500, String::new())
    })
    .await;
    assert_eq!(server.asked()[0].header("x-tc-region"), Some("ap-shanghai"));
    assert_eq!(server.asked()[0].header("x-tc-timestamp"), Some("1795348800"));

    let one = machine_of(
        Provider::HUAWEI,
        &[
            ("HUAWEICLOUD_OIDC_DURATION_SECONDS", "1800"),
            ("HUAWEICLOUD_SDK_STS_ENDPOINT", "https://sts.private.example/"),
        ],
    );
    let (server, _) = ask(Provider::HUAWEI, &one, ChainOptions::default(), |_| {
        (500, String::new())
    })
    .await;
    assert_eq!(server.asked()[0].header("host"), Some("sts.private.example"));
    assert!(server.asked()[0].body.contains(r#""duration_seconds":1800"#));

    for (name, value) in [
        ("HUAWEICLOUD_OIDC_DURATION_SECONDS", "soon"),
        ("HUAWEICLOUD_SDK_STS_ENDPOINT", "ftp://x"),
        // It would narrow what the keys may do.
        ("HUAWEICLOUD_OIDC_POLICY", "{}"),
        ("HUAWEICLOUD_OIDC_POLICY_IDS", "[]"),
    ] {
        let one = machine_of(Provider::HUAWEI, &[(name, value)]);
        let chain = local(&one, spec(Provider::HUAWEI));
        let error = refused(Provider::HUAWEI, chain.credentials().await);
        assert!(error.message().contains(name), "{name}: {error}");
        assert!(chain.describe().is_err());
    }
}

#[tokio::test]
async fn a_profile_can_name_a_token() {
    for (path, text, token) in [
        (
            ".aliyun/config.json",
            r#"{"current":"o","profiles":[{"name":"o","mode":"OIDC","ram_role_arn":"the:role","oidc_provider_arn":"the/party","oidc_token_file":"TOKEN","ram_session_name":"s","expired_seconds":900}]}"#,
            "&RoleSessionName=s",
        ),
        (
            ".alibabacloud/credentials.ini",
            "[default]\ntype = oidc_role_arn\nrole_arn = the:role\noidc_provider_arn = the/party\noidc_token_file_path = TOKEN\nrole_session_name = s",
            "&RoleSessionName=s",
        ),
    ] {
        let machine = Machine::new();
        let file = machine.file("token", IDENTITY);
        machine.file(path, text.replace("TOKEN", file.to_str().unwrap()));
        let (server, outcome) = ask(Provider::ALIYUN, &machine, ChainOptions::default(), |_| {
            (200, answer(Provider::ALIYUN, "TEMP-AK"))
        })
        .await;
        assert_eq!(parts(&outcome.unwrap()).0, "TEMP-AK", "{path}");
        assert!(server.asked()[0].body.ends_with(token), "{:?}", server.asked());

        machine.file("token", "");
        let chain = local(&machine, spec(Provider::ALIYUN));
        let error = refused(Provider::ALIYUN, chain.credentials().await);
        for part in [&format!("~/{path}"), file.to_str().unwrap(), "is empty"] {
            assert!(error.message().contains(part), "{part} is not in: {error}");
        }
    }
    for field in ["ram_role_arn", "oidc_provider_arn", "oidc_token_file"] {
        let machine = Machine::new();
        let text = r#"{"current":"o","profiles":[{"name":"o","mode":"OIDC","ram_role_arn":"r","oidc_provider_arn":"p","oidc_token_file":"t"}]}"#;
        machine.file(".aliyun/config.json", text.replace(field, "other"));
        let chain = local(&machine, spec(Provider::ALIYUN));
        let error = refused(Provider::ALIYUN, chain.credentials().await);
        assert!(error.message().contains(&format!("`{field}`")), "{error}");
    }
}

#[tokio::test]
async fn a_token_that_is_none_is_told_with_its_file_and_its_variable() {
    for cloud in CLOUDS {
        let [variable, ..] = names(cloud);
        let machine = machine(cloud);
        let file = machine.home().join("token");
        for (bytes, why) in [
            (Some(Vec::new()), "is empty"),
            (Some(b" \n".to_vec()), "is empty"),
            (Some(b"two tokens".to_vec()), "is not a token"),
            (Some(vec![0xff]), "UTF-8"),
            (Some(vec![b'a'; (1 << 16) + 1]), "larger than 64 KiB"),
            (None, "is not there"),
        ] {
            match bytes {
                Some(bytes) => drop(machine.file("token", bytes)),
                None => std::fs::remove_file(&file).unwrap(),
            }
            let (server, outcome) = ask(cloud, &machine, ChainOptions::default(), |_| (200, String::new())).await;
            let error = refused(cloud, outcome);
            for part in [variable, file.to_str().unwrap(), why] {
                assert!(error.message().contains(part), "{part} is not in: {error}");
            }
            assert!(error.remedy().is_some());
            assert!(server.lines().is_empty(), "{cloud}: nothing is sent");
            assert!(local(&machine, spec(cloud)).describe().is_err());
        }
    }
}

#[tokio::test]
async fn half_of_it_is_an_error_that_names_the_other_half() {
    for cloud in CLOUDS {
        for missing in &names(cloud)[1..] {
            let machine = machine(cloud);
            machine.unset(missing);
            let error = refused(cloud, local(&machine, spec(cloud)).credentials().await);
            for part in [names(cloud)[0], missing] {
                assert!(error.message().contains(part), "{part} is not in: {error}");
            }
        }
        // Without a token's file, the others are no such source.
        let machine = machine(cloud);
        machine.unset(names(cloud)[0]);
        let error = refused(cloud, local(&machine, spec(cloud)).credentials().await);
        assert!(error.message().starts_with("no credentials: tried"), "{error}");
        assert!(error.message().contains(names(cloud)[0]), "{error}");
    }
}

#[tokio::test]
async fn each_vendors_order_is_kept() {
    let id = async |cloud: Provider, machine: &Arc<Machine>, options: ChainOptions| {
        let (_, outcome) = ask(cloud, machine, options, move |asked| {
            match asked.line.contains("meta-data") {
                true => (404, String::new()),
                false => (200, answer(cloud, "TOKEN-AK")),
            }
        })
        .await;
        parts(&outcome.unwrap()).0
    };
    for (cloud, before_keys, before_files) in [
        (Provider::HUAWEI, true, true),
        (Provider::ALIYUN, false, true),
        (Provider::TENCENT, false, false),
    ] {
        let with_file = machine(cloud);
        let (path, text) = match cloud {
            Provider::HUAWEI => (".huaweicloud/credentials", "[basic]\nak=FILE-AK\nsk=s".to_owned()),
            Provider::ALIYUN => (
                ".alibabacloud/credentials.ini",
                "[default]\ntype=access_key\naccess_key_id=FILE-AK\naccess_key_secret=s".to_owned(),
            ),
            _ => (
                ".tccli/default.credential",
                r#"{"secretId":"FILE-AK","secretKey":"s"}"#.to_owned(),
            ),
        };
        with_file.file(path, text);
        let expected = if before_files { "TOKEN-AK" } else { "FILE-AK" };
        assert_eq!(
            id(cloud, &with_file, ChainOptions::default()).await,
            expected,
            "{cloud}"
        );

        let with_keys = machine(cloud);
        with_keys.set(spec(cloud).environment.access_key_id[0], "KEYS-AK");
        with_keys.set(spec(cloud).environment.secret_access_key[0], "s");
        let expected = if before_keys { "TOKEN-AK" } else { "KEYS-AK" };
        assert_eq!(
            id(cloud, &with_keys, ChainOptions::default()).await,
            expected,
            "{cloud}"
        );
        // Where metadata may be asked and there is none, what comes after it counts.
        assert_eq!(
            id(cloud, &machine(cloud), metadata_allowed()).await,
            "TOKEN-AK",
            "{cloud}"
        );
    }
}

#[tokio::test]
async fn tencents_instance_comes_before_the_token_and_is_no_reason_to_pass_over_a_broken_one() {
    let cloud = Provider::TENCENT;
    let machine = machine(cloud);
    let answers = |role: (u16, &'static str), keys: &'static str| {
        move |asked: &Asked| match asked.line.as_str() {
            "GET /latest/meta-data/cam/security-credentials/" => (role.0, role.1.to_owned()),
            "GET /latest/meta-data/cam/security-credentials/role" => (200, keys.to_owned()),
            _ => (200, answer(cloud, "TOKEN-AK")),
        }
    };
    let keys =
        r#"{"Code":"Success","TmpSecretId":"INSTANCE-AK","TmpSecretKey":"s","Token":"t","ExpiredTime":1795352400}"#;
    let (_, outcome) = ask(cloud, &machine, metadata_allowed(), answers((200, "role"), keys)).await;
    assert_eq!(parts(&outcome.unwrap()).0, "INSTANCE-AK");
    let (_, outcome) = ask(cloud, &machine, metadata_allowed(), answers((200, "role"), "{}")).await;
    let error = refused(cloud, outcome);
    assert!(error.message().contains("instance metadata"), "{error}");
    let (server, outcome) = ask(cloud, &machine, metadata_allowed(), answers((404, ""), "")).await;
    assert_eq!(parts(&outcome.unwrap()).0, "TOKEN-AK");
    assert_eq!(server.lines().len(), 2);
    let chain = chain_on(&machine, spec(cloud), metadata_allowed(), &Loopback::new(None));
    let text = described(&chain);
    assert!(
        text.contains("instance metadata")
            && text.contains(", else environment variable `TKE_WEB_IDENTITY_TOKEN_FILE`"),
        "{text}"
    );
}

#[tokio::test]
async fn a_refusal_names_role_and_code_and_shows_no_token() {
    for (cloud, status, body) in [
        (
            Provider::ALIYUN,
            400,
            r#"{"RequestId":"req-1","Code":"AuthenticationFail.OIDCToken.Expired","Message":"token IDENTITY has expired"}"#,
        ),
        (
            Provider::TENCENT,
            200,
            r#"{"Response":{"Error":{"Code":"InvalidParameter.WebIdentityTokenError","Message":"bad token IDENTITY"},"RequestId":"req-1"}}"#,
        ),
        (
            Provider::HUAWEI,
            403,
            r#"{"error_code":"STS.0001","error_msg":"Invalid id_token IDENTITY","request_id":"req-1"}"#,
        ),
    ] {
        let machine = machine(cloud);
        let body = body.replace("IDENTITY", IDENTITY);
        let (_, outcome) = ask(cloud, &machine, ChainOptions::default(), move |_| {
            (status, body.clone())
        })
        .await;
        let error = refused(cloud, outcome);
        assert!(error.message().contains("role `the:role` was not assumed"), "{error}");
        assert!(error.code().is_some(), "{error}");
        assert!(!format!("{error} {error:?}").contains(IDENTITY), "{error:?}");
        assert_eq!(error.request_id(), Some("req-1"), "{cloud}");
    }
    let machine = machine(Provider::ALIYUN);
    let (_, outcome) = ask(Provider::ALIYUN, &machine, ChainOptions::default(), |_| {
        (503, String::new())
    })
    .await;
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::Unavailable, false),
        "{error}"
    );
}

#[tokio::test]
async fn a_token_that_was_replaced_is_read_at_the_next_refresh() {
    let cloud = Provider::ALIYUN;
    let machine = machine(cloud);
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let server = {
        let seen = Arc::clone(&seen);
        Server::start(Duration::ZERO, move |asked| {
            let mut seen = seen.lock().unwrap();
            seen.push(asked.body.clone());
            (200, answer(cloud, &format!("AK-{}", seen.len())))
        })
        .await
    };
    let network = Loopback::new(Some(server.address));
    let chain = chain_on(&machine, spec(cloud), ChainOptions::default(), &network);
    assert_eq!(parts(&chain.credentials().await.unwrap()).0, "AK-1");
    machine.file("token", "another.token.of-the-party");
    assert_eq!(
        parts(&chain.credentials().await.unwrap()).0,
        "AK-1",
        "kept while it is fresh"
    );
    machine.pass(Duration::from_secs(56 * 60));
    assert_eq!(parts(&chain.credentials().await.unwrap()).0, "AK-2");
    assert!(seen.lock().unwrap()[1].contains("OIDCToken=another.token.of-the-party&"));
}
