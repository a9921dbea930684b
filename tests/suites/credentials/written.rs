//! Files and variables as the vendors' tools and documents write them: defaults, switches, comments behind values, profiles that
//! build on others, and what was never filled in.

use std::time::Duration;

use cloud_import::{
    Provider, build,
    credentials::{ChainOptions, CredentialSource as _},
};

use crate::{
    clouds::spec,
    server::{Asked, Server},
    stage::{Loopback, Machine, SECRET, TOKEN, chain_on, described, local, parts, refused},
};

/// Id, secret and token that a file gives.
async fn given(cloud: Provider, path: &str, text: &str) -> (String, String, Option<String>) {
    let machine = Machine::new();
    machine.file(path, text);
    parts(&local(&machine, spec(cloud)).credentials().await.unwrap())
}

#[tokio::test]
async fn files_as_the_vendors_write_them() {
    let work = |profile: &str| format!(r#"{{"current":"work","profiles":[{{"name":"work",{profile}}}]}}"#);
    for (cloud, path, text) in [
        (
            Provider::ALIYUN,
            ".alibabacloud/credentials",
            format!(
                "[default]                 # Default credential\ntype = access_key         # Certification type: access_key\n\
                 access_key_id = AK        # access key id\naccess_key_secret = {SECRET}    ; access key secret\n"
            ),
        ),
        (
            Provider::ALIYUN,
            ".alibabacloud/credentials.ini",
            format!("[default]\nenable = true\ntype = access_key\naccess_key_id = AK\naccess_key_secret = {SECRET}\n"),
        ),
        (
            Provider::ALIYUN,
            ".alibabacloud/credentials.ini",
            format!("[default]\ntype = sts\naccess_key_id = AK\naccess_key_secret = {SECRET}\nsecurity_token =\n"),
        ),
        (
            Provider::ALIYUN,
            ".aliyun/config.json",
            work(&format!(
                r#""mode":"StsToken","access_key_id":"AK","access_key_secret":"{SECRET}","sts_token":"""#
            )),
        ),
        (
            Provider::ALIYUN,
            ".aliyun/config.json",
            work(&format!(
                r#""mode":"","access_key_id":"AK","access_key_secret":"{SECRET}","sts_token":"","ram_role_arn":"","expired_seconds":0,"retry_timeout":10"#
            )),
        ),
        (
            Provider::TENCENT,
            ".tccli/default.credential",
            format!(r#"{{"secretId":"AK","secretKey":"{SECRET}","type":"default"}}"#),
        ),
        (
            Provider::TENCENT,
            ".tccli/default.credential",
            format!(r#"{{"secretId":"AK","secretKey":"{SECRET}","token":"","type":""}}"#),
        ),
        (
            Provider::TENCENT,
            ".tencentcloud/credentials",
            format!("[default]  # keys\nsecret_id = \"AK\"\nsecret_key = \"{SECRET}\"  # behind quotes\n"),
        ),
        (
            Provider::HUAWEI,
            ".huaweicloud/credentials",
            format!("[basic] # one\nak = AK # two\nsk = {SECRET} # three\nsecurity_token =\n"),
        ),
        (
            Provider::JDCLOUD,
            ".jdc/config",
            format!("[default]\naccess_key = AK\nsecret_key = {SECRET}\nregion_id = cn-north-1\ntimeout = 20\n"),
        ),
        (
            Provider::UCLOUD,
            ".ucloud/credential.json",
            format!(
                r#"[{{"public_key":"AK","private_key":"{SECRET}","cookie":"","csrf_token":"","profile":"default"}}]"#
            ),
        ),
    ] {
        assert_eq!(
            given(cloud, path, &text).await,
            ("AK".to_owned(), SECRET.to_owned(), None),
            "{text}"
        );
    }
}

/// A value is what stands between its quotes, and no comment begins within a word.
#[tokio::test]
async fn quotes_and_signs_of_comments_in_a_value() {
    for (id, secret, expected) in [
        ("'AK'", "\"S K\" # two", ("AK", "S K")),
        ("A#K;1", "'S\"K'", ("A#K;1", "S\"K")),
        ("'AK", "S\"", ("'AK", "S\"")),
    ] {
        for (cloud, path, names) in [
            (
                Provider::TENCENT,
                ".tencentcloud/credentials",
                ["default", "secret_id", "secret_key"],
            ),
            (Provider::HUAWEI, ".huaweicloud/credentials", ["basic", "ak", "sk"]),
            (
                Provider::JDCLOUD,
                ".jdc/config",
                ["default", "access_key", "secret_key"],
            ),
        ] {
            let [section, its_id, its_secret] = names;
            let text = format!("[{section}]\n{its_id} = {id}\n{its_secret} = {secret}\n");
            let (id, secret, token) = given(cloud, path, &text).await;
            assert_eq!(((id.as_str(), secret.as_str()), token), (expected, None), "{text}");
        }
    }
}

/// What was never filled in, or is switched off, gives way to what comes behind it; asked for by name, it is refused.
#[tokio::test]
async fn an_empty_or_disabled_profile_is_none() {
    for (cloud, path, text, name) in [
        (
            Provider::ALIYUN,
            ".alibabacloud/credentials.ini",
            format!("[default]\nenable = False # off\ntype = access_key\naccess_key_id = AK\naccess_key_secret = {SECRET}\n"),
            "default",
        ),
        (
            Provider::ALIYUN,
            ".aliyun/config.json",
            r#"{"current":"default","profiles":[{"name":"default","mode":"AK","access_key_id":"","access_key_secret":"","region_id":""}]}"#.to_owned(),
            "default",
        ),
        (
            Provider::TENCENT,
            ".tccli/default.credential",
            r#"{"secretId":"","secretKey":""}"#.to_owned(),
            "default",
        ),
        (
            Provider::TENCENT,
            ".tccli/default.credential",
            r#"{"type":"default"}"#.to_owned(),
            "default",
        ),
        (Provider::HUAWEI, ".huaweicloud/credentials", "[basic]\nak =\nsk =\n".to_owned(), "basic"),
        (
            Provider::JDCLOUD,
            ".jdc/config",
            "[default]\naccess_key =\nsecret_key =\nregion_id = cn-north-1\n".to_owned(),
            "default",
        ),
        (
            Provider::UCLOUD,
            ".ucloud/credential.json",
            r#"[{"public_key":"","private_key":"","profile":"default"}]"#.to_owned(),
            "default",
        ),
    ] {
        let machine = Machine::new();
        machine.file(path, &text);
        let error = refused(cloud, local(&machine, spec(cloud)).credentials().await);
        let seen = format!("~/{path} (has no such profile that is filled in and enabled)");
        assert!(error.message().starts_with("no credentials") && error.message().contains(&seen), "{error}");
        let named = build!(ChainOptions {
            profile: Some(name.to_owned())
        });
        let error = refused(cloud, chain_on(&machine, spec(cloud), named, &Loopback::new(None)).credentials().await);
        assert!(error.message().contains(&format!("no profile `{name}`")), "{error}");
    }
}

#[tokio::test]
async fn a_role_is_assumed_with_the_keys_of_the_profile_before_it() {
    let keys = r#""AccessKeyId":"HOP","AccessKeySecret":"hop-secret","SecurityToken":"hop-token","Expiration":"2026-11-22T13:00:00Z""#;
    let server = Server::start(Duration::ZERO, move |_| {
        (
            200,
            format!(r#"{{"RequestId":"r","AssumedRoleUser":{{}},"Credentials":{{{keys}}}}}"#),
        )
    })
    .await;
    let machine = Machine::new();
    machine.file(
        ".aliyun/config.json",
        format!(
            r#"{{"current":"outer","profiles":[
                {{"name":"keys","mode":"AK","access_key_id":"AK","access_key_secret":"{SECRET}"}},
                {{"name":"inner","mode":"ChainableRamRoleArn","source_profile":"keys","ram_role_arn":"acs:ram::1:role/inner"}},
                {{"name":"outer","mode":"ChainableRamRoleArn","source_profile":"inner","ram_role_arn":"acs:ram::2:role/outer"}}]}}"#
        ),
    );
    let chain = chain_on(
        &machine,
        spec(Provider::ALIYUN),
        ChainOptions::default(),
        &Loopback::new(Some(server.address)),
    );
    assert_eq!(
        described(&chain),
        "profile `outer` of ~/.aliyun/config.json (assumes role `acs:ram::1:role/inner`, then assumes role `acs:ram::2:role/outer`)"
    );
    assert_eq!(parts(&chain.credentials().await.unwrap()).0, "HOP");
    let shown = |asked: &Asked| {
        format!(
            "{} by {}",
            asked.line,
            asked.header("authorization").unwrap_or_default()
        )
    };
    let asked: Vec<String> = server.asked().iter().map(shown).collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(
        asked[0].contains("Credential=AK,") && asked[0].contains("inner"),
        "{asked:?}"
    );
    assert!(
        asked[1].contains("Credential=HOP,") && asked[1].contains("outer"),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_chain_of_profiles_that_leads_nowhere_is_refused() {
    let role = r#""mode":"ChainableRamRoleArn","ram_role_arn":"r""#;
    for (profiles, parts) in [
        (
            format!(r#"{{"name":"a",{role}}}"#),
            ["profile `a`", "`source_profile` is missing"],
        ),
        (
            format!(r#"{{"name":"a",{role},"source_profile":"b"}}"#),
            ["profile `a`", "profile `b`, which is not there"],
        ),
        (
            format!(r#"{{"name":"a",{role},"source_profile":"a"}}"#),
            ["profile `a`", "leads back to profile `a`"],
        ),
        (
            format!(r#"{{"name":"a",{role},"source_profile":"b"}},{{"name":"b",{role},"source_profile":"a"}}"#),
            ["profile `b`", "leads back to profile `a`"],
        ),
        (
            format!(r#"{{"name":"a",{role},"source_profile":"b"}},{{"name":"b","mode":"AK"}}"#),
            ["profile `b`", "`access_key_id` is missing"],
        ),
    ] {
        let machine = Machine::new();
        machine.file(
            ".aliyun/config.json",
            format!(r#"{{"current":"a","profiles":[{profiles}]}}"#),
        );
        let error = refused(
            Provider::ALIYUN,
            local(&machine, spec(Provider::ALIYUN)).credentials().await,
        );
        for part in parts {
            assert!(error.message().contains(part), "{part} is not in: {error}");
        }
    }
}

#[tokio::test]
async fn a_line_break_at_the_end_of_a_variable_is_left_out_and_said() {
    for cloud in Provider::all() {
        let names = spec(cloud).environment;
        let (id, secret) = (names.access_key_id[0], names.secret_access_key[0]);
        let machine = Machine::new();
        machine.set(id, "AK");
        machine.set(secret, &format!("{SECRET}\r\n"));
        if let Some(token) = names.security_token.first() {
            machine.set(token, " \n");
        }
        let chain = local(&machine, spec(cloud));
        assert_eq!(
            parts(&chain.credentials().await.unwrap()),
            ("AK".to_owned(), SECRET.to_owned(), None)
        );
        let said = described(&chain);
        assert!(
            said.contains("without the line break") && said.ends_with(&format!("`{secret}`")),
            "{said}"
        );

        machine.set(secret, &format!("{SECRET}\n{TOKEN}"));
        let error = refused(cloud, local(&machine, spec(cloud)).credentials().await);
        assert!(
            error
                .message()
                .contains(&format!("`{secret}` has a blank or a line break")),
            "{error}"
        );
    }
}

/// No remedy names a tool whose files are not read.
#[tokio::test]
async fn remedies_name_what_is_read() {
    for cloud in Provider::all() {
        let error = refused(cloud, local(&Machine::new(), spec(cloud)).credentials().await);
        let remedy = error.remedy().unwrap().to_string();
        let file = spec(cloud).files[0].path;
        let named = spec(cloud).configure.unwrap_or(file);
        assert!(remedy.contains(named) && !remedy.contains("sign in"), "{remedy}");
    }
    assert_eq!(spec(Provider::HUAWEI).configure, None);
}
