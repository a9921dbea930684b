//! Each file that a vendor's own tools read, as those tools write it.

use cloud_import::{
    Provider,
    credentials::{ChainOptions, CredentialSource as _, defaults},
};

use crate::{
    clouds::spec,
    stage::{Machine, SECRET, TOKEN, described, local, parts},
};

struct Case {
    cloud: Provider,
    files: Vec<(&'static str, String)>,
    token: bool,
    described: &'static str,
    region: Option<&'static str>,
    project: Option<&'static str>,
}

fn cases() -> Vec<Case> {
    let case = |cloud, files: &[(&'static str, String)], described| Case {
        cloud,
        files: files.to_vec(),
        token: false,
        described,
        region: None,
        project: None,
    };
    let aliyun = |profile: String| {
        let text = format!(
            r#"{{"current":"work","profiles":[{{"name":"default","mode":"AK"}},{{"name":"work",{profile}}}]}}"#
        );
        [(".aliyun/config.json", text)]
    };
    vec![
        Case {
            region: Some("cn-hangzhou"),
            ..case(
                Provider::ALIYUN,
                &aliyun(format!(
                    r#""mode":"AK","access_key_id":"AK","access_key_secret":"{SECRET}","region_id":"cn-hangzhou""#
                )),
                "profile `work` of ~/.aliyun/config.json",
            )
        },
        Case {
            token: true,
            ..case(
                Provider::ALIYUN,
                &aliyun(format!(
                    r#""mode":"StsToken","access_key_id":"AK","access_key_secret":"{SECRET}","sts_token":"{TOKEN}""#
                )),
                "profile `work` of ~/.aliyun/config.json (temporary keys)",
            )
        },
        case(
            Provider::ALIYUN,
            &[(
                ".alibabacloud/credentials.ini",
                format!("[default]\ntype = access_key\naccess_key_id = AK\naccess_key_secret = {SECRET}\n"),
            )],
            "profile `default` of ~/.alibabacloud/credentials.ini",
        ),
        Case {
            token: true,
            ..case(
                Provider::ALIYUN,
                &[(
                    ".alibabacloud/credentials",
                    format!(
                        "[default]\ntype=sts\naccess_key_id=AK\naccess_key_secret={SECRET}\nsecurity_token={TOKEN}\n"
                    ),
                )],
                "profile `default` of ~/.alibabacloud/credentials (temporary keys)",
            )
        },
        Case {
            region: Some("ap-guangzhou"),
            ..case(
                Provider::TENCENT,
                &[
                    (
                        ".tccli/default.credential",
                        format!(r#"{{"secretId": "AK", "secretKey": "{SECRET}", "token": null}}"#),
                    ),
                    (
                        ".tccli/default.configure",
                        r#"{"_sys_param": {"region": "ap-guangzhou", "output": "json"}}"#.to_owned(),
                    ),
                ],
                "profile `default` of ~/.tccli/default.credential",
            )
        },
        case(
            Provider::TENCENT,
            &[(
                ".tencentcloud/credentials",
                format!("# keys\n[default]\nsecret_id = AK\nsecret_key = {SECRET}\n"),
            )],
            "profile `default` of ~/.tencentcloud/credentials",
        ),
        Case {
            token: true,
            project: Some("p-1"),
            ..case(
                Provider::HUAWEI,
                &[(
                    ".huaweicloud/credentials",
                    format!("[basic]\nak = AK\nsk = {SECRET}\nsecurity_token = {TOKEN}\nproject_id = p-1\n"),
                )],
                "profile `basic` of ~/.huaweicloud/credentials (temporary keys)",
            )
        },
        Case {
            region: Some("cn-bj2"),
            project: Some("org-1"),
            ..case(
                Provider::UCLOUD,
                &[
                    (
                        ".ucloud/credential.json",
                        format!(
                            r#"[{{"profile":"old","public_key":"x","private_key":"y"}},{{"profile":"work","public_key":"AK","private_key":"{SECRET}","cookie":""}}]"#
                        ),
                    ),
                    (
                        ".ucloud/config.json",
                        r#"[{"profile":"old","active":false},{"profile":"work","active":true,"region":"cn-bj2","project_id":"org-1","timeout_sec":15}]"#
                            .to_owned(),
                    ),
                ],
                "profile `work` of ~/.ucloud/credential.json",
            )
        },
        Case {
            token: true,
            ..case(
                Provider::JDCLOUD,
                &[(
                    ".jdcloud/credentials",
                    format!(
                        "[default]\njdcloud_access_key_id = AK\njdcloud_secret_access_key = {SECRET}\njdcloud_security_token = {TOKEN}\n"
                    ),
                )],
                "profile `default` of ~/.jdcloud/credentials (temporary keys)",
            )
        },
        Case {
            region: Some("cn-north-1"),
            ..case(
                Provider::JDCLOUD,
                &[
                    (
                        ".jdc/config",
                        format!(
                            "[default]\naccess_key = x\nsecret_key = y\n\n[work]\naccess_key = AK\nsecret_key = {SECRET}\nregion_id = cn-north-1\nendpoint = vm.jdcloud-api.com\nscheme = https\ntimeout = 20\n"
                        ),
                    ),
                    (".jdc/current", "work\n".to_owned()),
                ],
                "profile `work` of ~/.jdc/config",
            )
        },
    ]
}

#[tokio::test]
async fn every_file_gives_its_keys_and_says_so() {
    for case in cases() {
        let machine = Machine::new();
        for (path, text) in &case.files {
            machine.file(path, text);
        }
        let chain = local(&machine, spec(case.cloud));
        assert_eq!(described(&chain), case.described);
        let credentials = chain.credentials().await.unwrap();
        let token = case.token.then(|| TOKEN.to_owned());
        assert_eq!(
            parts(&credentials),
            ("AK".to_owned(), SECRET.to_owned(), token),
            "{}",
            case.described
        );
        let beside = defaults(spec(case.cloud), &ChainOptions::default(), &*machine).unwrap();
        assert_eq!(beside.region.as_deref(), case.region, "{}", case.described);
        assert_eq!(beside.project.as_deref(), case.project, "{}", case.described);
        let shown = format!("{chain:?} {credentials:?}");
        assert!(!shown.contains(SECRET) && !shown.contains(TOKEN), "{shown}");
    }
}

#[tokio::test]
async fn files_are_read_where_variables_say() {
    for (cloud, variable, text) in [
        (
            Provider::ALIYUN,
            "ALIBABA_CLOUD_CREDENTIALS_FILE",
            format!("[default]\ntype=access_key\naccess_key_id=AK\naccess_key_secret={SECRET}"),
        ),
        (
            Provider::ALIYUN,
            "ALICLOUD_SHARED_CREDENTIALS_FILE",
            format!(
                r#"{{"current":"a","profiles":[{{"name":"a","access_key_id":"AK","access_key_secret":"{SECRET}"}}]}}"#
            ),
        ),
        (
            Provider::TENCENT,
            "TENCENTCLOUD_CREDENTIALS_FILE",
            format!("[default]\nsecret_id=AK\nsecret_key={SECRET}"),
        ),
        (
            Provider::HUAWEI,
            "HUAWEICLOUD_SDK_CREDENTIALS_FILE",
            format!("[basic]\nak=AK\nsk={SECRET}"),
        ),
        (
            Provider::UCLOUD,
            "UCLOUD_SHARED_CREDENTIAL_FILE",
            format!(r#"[{{"profile":"default","public_key":"AK","private_key":"{SECRET}"}}]"#),
        ),
    ] {
        let machine = Machine::new();
        let path = machine.file("elsewhere", text);
        machine.set(variable, path.to_str().unwrap());
        let chain = local(&machine, spec(cloud));
        assert_eq!(parts(&chain.credentials().await.unwrap()).1, SECRET, "{variable}");
        assert!(described(&chain).ends_with(path.to_str().unwrap()), "{variable}");
        std::fs::remove_file(&path).unwrap();
        let error = crate::stage::refused(cloud, local(&machine, spec(cloud)).credentials().await);
        assert!(error.message().contains(variable), "{error}");
    }
}
