//! A role is assumed through each cloud's STS, signed with the keys that were found.

use std::{sync::Arc, time::Duration};

use cloud_import::{
    Credentials, ErrorKind, Provider, Result, build,
    credentials::{AssumeRole, ChainOptions, CredentialSource as _},
};

use crate::{
    clouds::spec,
    server::{Asked, Server},
    stage::{Loopback, Machine, SECRET, TOKEN, chain_on, described, parts, refused},
};

const BASE_SECRET: &str = "s3cret-of-the-long-lived-key";

fn answer(cloud: Provider) -> String {
    let keys = format!(r#""AccessKeyId":"STS.AK","AccessKeySecret":"{SECRET}","SecurityToken":"{TOKEN}""#);
    match cloud {
        Provider::ALIYUN => {
            format!(r#"{{"RequestId":"r","Credentials":{{{keys},"Expiration":"2026-11-22T13:00:00Z"}}}}"#)
        }
        Provider::UCLOUD => format!(
            r#"{{"Action":"AssumeRoleResponse","RetCode":0,"Credentials":{{{keys},"Expiration":"2026-11-22 13:00:00"}}}}"#
        ),
        Provider::TENCENT => format!(
            r#"{{"Response":{{"Credentials":{{"TmpSecretId":"STS.AK","TmpSecretKey":"{SECRET}","Token":"{TOKEN}"}},"ExpiredTime":{},"RequestId":"r"}}}}"#,
            1_795_352_400 // 2026-11-22T13:00:00Z
        ),
        _ => format!(
            r#"{{"requestId":"r","result":{{"credentials":{{"accessKey":"STS.AK","secretKey":"{SECRET}","sessionToken":"{TOKEN}","expiration":"2026-11-22 21:00:00"}}}}}}"#
        ),
    }
}

fn machine_with_keys(cloud: Provider) -> Arc<Machine> {
    let machine = Machine::new();
    let names = spec(cloud).environment;
    machine.set(names.access_key_id[0], "BASE-AK");
    machine.set(names.secret_access_key[0], BASE_SECRET);
    machine
}

fn assuming(role: AssumeRole) -> ChainOptions {
    build!(ChainOptions {
        assume_role: Some(role)
    })
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
async fn every_clouds_sts_is_asked_in_its_own_words() {
    let role = || {
        let mut role = AssumeRole::new("the:role/to-assume").duration(Some(Duration::from_secs(3600)));
        role.session_name = "a-session".to_owned();
        role
    };
    for (cloud, host, line, parts_of_it) in [
        (
            Provider::ALIYUN,
            "sts.aliyuncs.com",
            "POST /?DurationSeconds=3600&RoleArn=the%3Arole%2Fto-assume&RoleSessionName=a-session",
            vec!["ACS3-HMAC-SHA256 Credential=BASE-AK,"],
        ),
        (
            Provider::TENCENT,
            "sts.tencentcloudapi.com",
            "POST /",
            vec![
                r#"{"DurationSeconds":3600,"RoleArn":"the:role/to-assume","RoleSessionName":"a-session"}"#,
                "Credential=BASE-AK/2026-11-22/sts/tc3_request",
            ],
        ),
        (
            Provider::UCLOUD,
            "api.ucloud.cn",
            "POST /",
            vec![
                "Action=AssumeRole&RoleUrn=the%3Arole%2Fto-assume&RoleSessionName=a-session&DurationSeconds=3600&PublicKey=BASE-AK&Signature=",
            ],
        ),
        (
            Provider::JDCLOUD,
            "sts.jdcloud-api.com",
            "POST /v1/sessionToken:assumeRole",
            vec![
                r#"{"assumeRoleInfo":{"durationSeconds":3600,"roleJrn":"the:role/to-assume","roleSessionName":"a-session"}}"#,
                "Credential=BASE-AK/20261122/jdcloud-api/sts/jdcloud2_request",
            ],
        ),
    ] {
        let machine = machine_with_keys(cloud);
        let (server, outcome) = ask(cloud, &machine, assuming(role()), move |_| (200, answer(cloud))).await;
        let asked = server.asked();
        assert_eq!(asked.len(), 1, "{cloud}");
        assert_eq!(asked[0].line, line, "{cloud}");
        assert_eq!(asked[0].header("host"), Some(host));
        let sent = format!(
            "{}\n{}",
            asked[0].header("authorization").unwrap_or_default(),
            asked[0].body
        );
        for part in parts_of_it {
            assert!(sent.contains(part), "{cloud}: {part} is not in {sent}");
        }
        assert!(!sent.contains(BASE_SECRET));
        let keys = parts(&outcome.unwrap());
        assert_eq!(
            keys,
            ("STS.AK".to_owned(), SECRET.to_owned(), Some(TOKEN.to_owned())),
            "{cloud}"
        );
        let chain = chain_on(&machine, spec(cloud), assuming(role()), &Loopback::new(None));
        assert!(
            described(&chain).ends_with("then assumes role `the:role/to-assume`"),
            "{cloud}"
        );
    }
}

#[tokio::test]
async fn profiles_and_variables_can_name_a_role() {
    let machine = Machine::new();
    machine.file(
        ".aliyun/config.json",
        format!(
            r#"{{"current":"r","profiles":[{{"name":"r","mode":"RamRoleArn","access_key_id":"BASE-AK","access_key_secret":"{BASE_SECRET}","ram_role_arn":"acs:ram::1:role/r","ram_session_name":"s","expired_seconds":900,"sts_region":"cn-shanghai"}}]}}"#
        ),
    );
    let (server, outcome) = ask(Provider::ALIYUN, &machine, ChainOptions::default(), |_| {
        (200, answer(Provider::ALIYUN))
    })
    .await;
    assert_eq!(parts(&outcome.unwrap()).0, "STS.AK");
    let asked = &server.asked()[0];
    assert_eq!(asked.header("host"), Some("sts.cn-shanghai.aliyuncs.com"));
    assert!(
        asked
            .line
            .contains("DurationSeconds=900&RoleArn=acs%3Aram%3A%3A1%3Arole%2Fr&RoleSessionName=s"),
        "{asked:?}"
    );
    let chain = chain_on(
        &machine,
        spec(Provider::ALIYUN),
        ChainOptions::default(),
        &Loopback::new(None),
    );
    assert_eq!(
        described(&chain),
        "profile `r` of ~/.aliyun/config.json (assumes role `acs:ram::1:role/r`)"
    );

    let machine = machine_with_keys(Provider::TENCENT);
    machine.set("TENCENTCLOUD_ROLE_ARN", "qcs::cam::uin/1:roleName/r");
    machine.set("TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION", "1800");
    let (server, outcome) = ask(Provider::TENCENT, &machine, ChainOptions::default(), |_| {
        (200, answer(Provider::TENCENT))
    })
    .await;
    outcome.unwrap();
    assert!(
        server.asked()[0]
            .body
            .contains(r#""DurationSeconds":1800,"RoleArn":"qcs::cam::uin/1:roleName/r""#)
    );

    machine.set("TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION", "soon");
    let (_, outcome) = ask(Provider::TENCENT, &machine, ChainOptions::default(), |_| {
        (500, String::new())
    })
    .await;
    let error = refused(Provider::TENCENT, outcome);
    assert!(
        error.message().contains("TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION"),
        "{error}"
    );

    let machine = Machine::new();
    machine.file(
        ".tccli/default.credential",
        format!(r#"{{"secretId":"BASE-AK","secretKey":"{BASE_SECRET}","role-arn":"qcs:r","role-session-name":"s"}}"#),
    );
    let (server, outcome) = ask(Provider::TENCENT, &machine, ChainOptions::default(), |_| {
        (200, answer(Provider::TENCENT))
    })
    .await;
    outcome.unwrap();
    assert!(
        server.asked()[0]
            .body
            .contains(r#""RoleArn":"qcs:r","RoleSessionName":"s""#)
    );
}

#[tokio::test]
async fn a_refusal_names_the_role_and_shows_no_secret() {
    let refusal = format!(
        r#"{{"RequestId":"req-1","Code":"EntityNotExist.Role","Message":"The role not exists. server string to sign is:{SECRET}"}}"#
    );
    let (_, outcome) = ask(
        Provider::ALIYUN,
        &machine_with_keys(Provider::ALIYUN),
        assuming(AssumeRole::new("acs:ram::1:role/none")),
        move |_| (404, refusal.clone()),
    )
    .await;
    // A role that is not found is no image that is not found: it is a matter of credentials.
    let error = refused(Provider::ALIYUN, outcome);
    for part in ["`ALIBABA_CLOUD_ACCESS_KEY_ID`", "`acs:ram::1:role/none`"] {
        assert!(error.message().contains(part), "{part} is not in: {error}");
    }
    assert_eq!(
        (error.request_id(), error.code()),
        (Some("req-1"), Some("EntityNotExist.Role"))
    );
}

#[tokio::test]
async fn an_answer_without_its_fields_or_of_the_past_is_refused() {
    for (from, to, why) in [
        ("SecurityToken", "Other", "`SecurityToken`"),
        ("Credentials", "Other", "`Credentials`"),
        (
            "2026-11-22T13:00:00Z",
            "2026-11-22T11:59:59Z",
            "expired at 2026-11-22T11:59:59Z",
        ),
        ("2026-11-22T13:00:00Z", "soon", "`Expiration`"),
    ] {
        let body = answer(Provider::ALIYUN).replace(from, to);
        let machine = machine_with_keys(Provider::ALIYUN);
        let (_, outcome) = ask(Provider::ALIYUN, &machine, assuming(AssumeRole::new("r")), move |_| {
            (200, body.clone())
        })
        .await;
        let error = refused(Provider::ALIYUN, outcome);
        assert!(error.message().contains(why), "{why}: {error}");
    }
}

#[tokio::test]
async fn no_answer_is_told_as_such_and_nothing_was_executed() {
    let machine = machine_with_keys(Provider::ALIYUN);
    let options = assuming(AssumeRole::new("r"));
    let (_, outcome) = ask(Provider::ALIYUN, &machine, options.clone(), |_| (503, String::new())).await;
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::Unavailable, false),
        "{error}"
    );
    let chain = chain_on(&machine, spec(Provider::ALIYUN), options, &Loopback::new(None));
    let error = chain.credentials().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::Connect, false),
        "{error}"
    );
    assert!(error.message().contains("role `r` was not assumed"), "{error}");
}

#[tokio::test]
async fn huawei_is_given_temporary_keys_and_assumes_nothing() {
    let machine = machine_with_keys(Provider::HUAWEI);
    let (server, outcome) = ask(Provider::HUAWEI, &machine, assuming(AssumeRole::new("r")), |_| {
        (200, String::new())
    })
    .await;
    let error = refused(Provider::HUAWEI, outcome);
    assert!(
        error.remedy().unwrap().to_string().contains("temporary keys"),
        "{error}"
    );
    assert!(server.lines().is_empty());
}
