//! A source that is there and broken is an error that names file, profile and field. Nothing behind it is looked at.

use cloud_import::{Provider, credentials::CredentialSource as _};

use crate::{
    clouds::spec,
    stage::{Machine, SECRET, local, refused},
};

fn config(profile: &str) -> String {
    format!(r#"{{"current":"default","profiles":[{{"name":"default",{profile}}}]}}"#)
}

#[tokio::test]
async fn file_profile_and_field_are_named() {
    let keys = format!(r#""access_key_id":"AK","access_key_secret":"{SECRET}""#);
    let cases: Vec<(Provider, &str, String, &[&str])> = vec![
        (
            Provider::ALIYUN,
            ".aliyun/config.json",
            format!("{{{SECRET}"),
            &["~/.aliyun/config.json", "not JSON", "line 1"],
        ),
        (
            Provider::ALIYUN,
            ".aliyun/config.json",
            "[]".into(),
            &["~/.aliyun/config.json"],
        ),
        (
            Provider::ALIYUN,
            ".aliyun/config.json",
            r#"{"current":"x"}"#.into(),
            &["`profiles`"],
        ),
        (
            Provider::ALIYUN,
            ".aliyun/config.json",
            r#"{"current":"x","profiles":[]}"#.into(),
            &["`current`", "`x`"],
        ),
        (
            Provider::ALIYUN,
            ".aliyun/config.json",
            config(r#""mode":"AK","access_key_id":"AK","access_key_secret":"""#),
            &["~/.aliyun/config.json", "profile `default`", "`access_key_secret`"],
        ),
        (
            Provider::ALIYUN,
            ".aliyun/config.json",
            config(&format!(r#""mode":"StsToken",{keys}"#)),
            &["profile `default`", "`sts_token`"],
        ),
        (
            Provider::ALIYUN,
            ".aliyun/config.json",
            config(&format!(r#""mode":"RamRoleArn",{keys}"#)),
            &["profile `default`", "`ram_role_arn`"],
        ),
        (
            Provider::ALIYUN,
            ".aliyun/config.json",
            config(&format!(
                r#""mode":"RamRoleArn",{keys},"ram_role_arn":"r","expired_seconds":"{SECRET}""#
            )),
            &["profile `default`", "`expired_seconds`"],
        ),
        (
            Provider::ALIYUN,
            ".aliyun/config.json",
            config(r#""mode":"CloudSSO""#),
            &["~/.aliyun/config.json", "profile `default`", "`CloudSSO`"],
        ),
        (
            Provider::ALIYUN,
            ".aliyun/config.json",
            config(&format!(
                r#""mode":"AK","access_key_id":"AK","access_key_secret":"{SECRET}\n""#
            )),
            &["`access_key_secret`", "line breaks"],
        ),
        (
            Provider::ALIYUN,
            ".alibabacloud/credentials.ini",
            "[default]\ntype = rsa_key_pair".into(),
            &["~/.alibabacloud/credentials.ini", "profile `default`", "`rsa_key_pair`"],
        ),
        (
            Provider::ALIYUN,
            ".alibabacloud/credentials.ini",
            format!("[default]\n{SECRET}"),
            &["~/.alibabacloud/credentials.ini", "line 2"],
        ),
        (
            Provider::TENCENT,
            ".tccli/default.credential",
            r#"{"secretId":"AK"}"#.into(),
            &["~/.tccli/default.credential", "profile `default`", "`secretKey`"],
        ),
        (
            Provider::TENCENT,
            ".tccli/default.credential",
            format!(r#"{{"type":"oauth","secretId":"AK","secretKey":"{SECRET}"}}"#),
            &["~/.tccli/default.credential", "profile `default`", "`oauth`"],
        ),
        (
            Provider::TENCENT,
            ".tencentcloud/credentials",
            format!("[default]\nsecret_key = {SECRET}"),
            &["~/.tencentcloud/credentials", "profile `default`", "`secret_id`"],
        ),
        (
            Provider::HUAWEI,
            ".huaweicloud/credentials",
            "[basic]\nak = AK".into(),
            &["~/.huaweicloud/credentials", "profile `basic`", "`sk`"],
        ),
        (
            Provider::HUAWEI,
            ".huaweicloud/credentials",
            "[basic]\nidp_id = i\nid_token_file = /f".into(),
            &["~/.huaweicloud/credentials", "profile `basic`", "`idp_id`"],
        ),
        (
            Provider::UCLOUD,
            ".ucloud/credential.json",
            r#"[{"profile":"default","public_key":"AK"}]"#.into(),
            &["~/.ucloud/credential.json", "profile `default`", "`private_key`"],
        ),
        (
            Provider::UCLOUD,
            ".ucloud/credential.json",
            "{}".into(),
            &["~/.ucloud/credential.json", "list"],
        ),
        (
            Provider::JDCLOUD,
            ".jdcloud/credentials",
            "[default]\njdcloud_access_key_id = AK".into(),
            &[
                "~/.jdcloud/credentials",
                "profile `default`",
                "`jdcloud_secret_access_key`",
            ],
        ),
        (
            Provider::JDCLOUD,
            ".jdc/config",
            "[default]\naccess_key = AK".into(),
            &["~/.jdc/config", "profile `default`", "`secret_key`"],
        ),
    ];
    for (cloud, path, text, expected) in cases {
        let machine = Machine::new();
        machine.file(path, &text);
        let chain = local(&machine, spec(cloud));
        let error = refused(cloud, chain.credentials().await);
        for part in expected {
            assert!(error.message().contains(part), "{part} is not in: {error}");
        }
        assert!(error.remedy().is_some(), "{error}");
        assert!(chain.describe().is_err(), "{error}");
    }
}

#[tokio::test]
async fn a_broken_file_beside_is_named_itself() {
    let machine = Machine::new();
    machine.file(
        ".ucloud/credential.json",
        r#"[{"profile":"default","public_key":"a","private_key":"b"}]"#,
    );
    machine.file(".ucloud/config.json", "{");
    let error = refused(
        Provider::UCLOUD,
        local(&machine, spec(Provider::UCLOUD)).credentials().await,
    );
    assert!(
        error.message().starts_with("~/.ucloud/config.json: is not JSON"),
        "{error}"
    );

    let machine = Machine::new();
    machine.file(".tccli/default.credential", r#"{"secretId":"a","secretKey":"b"}"#);
    machine.file(".tccli/default.configure", r#"{"_sys_param":{"region":[]}}"#);
    let error = refused(
        Provider::TENCENT,
        local(&machine, spec(Provider::TENCENT)).credentials().await,
    );
    assert!(
        error
            .message()
            .starts_with("~/.tccli/default.configure: profile `default`: field `region`"),
        "{error}"
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_no_missing_file() {
    let path = ".huaweicloud/credentials";
    for (bytes, why) in [
        (vec![0xff, 0xfe], "UTF-8"),
        (vec![b'#'; (1 << 20) + 1], "larger than 1 MiB"),
    ] {
        let machine = Machine::new();
        machine.file(path, bytes);
        let error = refused(
            Provider::HUAWEI,
            local(&machine, spec(Provider::HUAWEI)).credentials().await,
        );
        assert!(
            error.message().contains("~/.huaweicloud/credentials") && error.message().contains(why),
            "{error}"
        );
    }
    let machine = Machine::new();
    machine.file(".huaweicloud/credentials/below", "");
    let error = refused(
        Provider::HUAWEI,
        local(&machine, spec(Provider::HUAWEI)).credentials().await,
    );
    assert!(error.message().contains("is not a file"), "{error}");
}

#[tokio::test]
async fn half_set_variables_are_not_passed_over() {
    for cloud in Provider::all() {
        let machine = Machine::new();
        machine.file(".huaweicloud/credentials", "[basic]\nak=a\nsk=b");
        let names = spec(cloud).environment;
        machine.set(names.secret_access_key[0], SECRET);
        let error = refused(cloud, local(&machine, spec(cloud)).credentials().await);
        assert!(error.message().contains(names.access_key_id[0]), "{error}");
    }
}
