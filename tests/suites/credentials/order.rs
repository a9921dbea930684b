//! Which source counts where there are several, and what is said where there is none.

use std::sync::Arc;

use cloud_import::{
    ClientBuilder, Provider, RetryPolicy, Settings, aliyun, build,
    credentials::{ChainOptions, CredentialSource as _},
    ucloud,
};

use crate::{
    clouds::spec,
    stage::{Loopback, Machine, chain_on, described, local, metadata_allowed, parts, refused},
};

const TWO: &str = r#"{"current":"one","profiles":[
    {"name":"one","mode":"AK","access_key_id":"FIRST","access_key_secret":"secret-of-one"},
    {"name":"two","mode":"AK","access_key_id":"SECOND","access_key_secret":"secret-of-two"}]}"#;

fn profile(name: &str) -> ChainOptions {
    build!(ChainOptions {
        profile: Some(name.to_owned())
    })
}

async fn id(machine: &Arc<Machine>, options: ChainOptions) -> String {
    let chain = chain_on(machine, spec(Provider::ALIYUN), options, &Loopback::new(None));
    parts(&chain.credentials().await.unwrap()).0
}

#[tokio::test]
async fn an_option_beats_keys_in_variables_and_those_beat_a_profile_in_a_variable() {
    let machine = Machine::new();
    machine.file(".aliyun/config.json", TWO);
    assert_eq!(id(&machine, ChainOptions::default()).await, "FIRST");
    machine.set("ALIBABA_CLOUD_PROFILE", "two");
    assert_eq!(id(&machine, ChainOptions::default()).await, "SECOND");
    machine.set("ALIBABA_CLOUD_ACCESS_KEY_ID", "VARIABLE");
    machine.set("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s");
    assert_eq!(id(&machine, ChainOptions::default()).await, "VARIABLE");
    assert_eq!(id(&machine, profile("one")).await, "FIRST");
    let chain = local(&machine, spec(Provider::ALIYUN));
    assert_eq!(described(&chain), "environment variable `ALIBABA_CLOUD_ACCESS_KEY_ID`");
}

#[tokio::test]
async fn a_profile_by_option_and_by_variable_for_every_cloud() {
    let files = [
        (
            Provider::JDCLOUD,
            ".jdcloud/credentials",
            "[p]\njdcloud_access_key_id=ID\njdcloud_secret_access_key=s",
            Some("JDCLOUD_PROFILE"),
        ),
        (
            Provider::TENCENT,
            ".tccli/p.credential",
            r#"{"secretId":"ID","secretKey":"s"}"#,
            Some("TCCLI_PROFILE"),
        ),
        (Provider::HUAWEI, ".huaweicloud/credentials", "[p]\nak=ID\nsk=s", None),
        (
            Provider::ALIYUN,
            ".alibabacloud/credentials.ini",
            "[p]\ntype=access_key\naccess_key_id=ID\naccess_key_secret=s",
            Some("ALIBABA_CLOUD_PROFILE"),
        ),
        (
            Provider::UCLOUD,
            ".ucloud/credential.json",
            r#"[{"profile":"p","public_key":"ID","private_key":"s"}]"#,
            Some("UCLOUD_PROFILE"),
        ),
    ];
    for (cloud, path, text, variable) in files {
        let machine = Machine::new();
        machine.file(path, text);
        let by_option = chain_on(&machine, spec(cloud), profile("p"), &Loopback::new(None));
        assert_eq!(parts(&by_option.credentials().await.unwrap()).0, "ID", "{cloud}");
        refused(cloud, local(&machine, spec(cloud)).credentials().await);
        if let Some(variable) = variable {
            machine.set(variable, "p");
            assert_eq!(
                parts(&local(&machine, spec(cloud)).credentials().await.unwrap()).0,
                "ID",
                "{cloud}"
            );
        }
    }
}

#[tokio::test]
async fn a_named_profile_that_is_nowhere_is_an_error_and_no_reason_to_look_elsewhere() {
    let machine = Machine::new();
    machine.file(".aliyun/config.json", TWO);
    let mut options = metadata_allowed();
    options.profile = Some("three".to_owned());
    let chain = chain_on(&machine, spec(Provider::ALIYUN), options, &Loopback::new(None));
    let error = refused(Provider::ALIYUN, chain.credentials().await);
    for part in [
        "`three`",
        "~/.aliyun/config.json (has no such profile that is filled in and enabled)",
        "~/.alibabacloud/credentials.ini",
    ] {
        assert!(error.message().contains(part), "{part} is not in: {error}");
    }
    machine.set("ALIBABA_CLOUD_PROFILE", "three");
    let error = refused(
        Provider::ALIYUN,
        local(&machine, spec(Provider::ALIYUN)).credentials().await,
    );
    assert!(
        error.message().contains("which `ALIBABA_CLOUD_PROFILE` names"),
        "{error}"
    );
    for bad in ["../../etc/passwd", "", "a\\b", "a\nb"] {
        let chain = chain_on(&machine, spec(Provider::TENCENT), profile(bad), &Loopback::new(None));
        let error = refused(Provider::TENCENT, chain.credentials().await);
        assert!(error.message().contains("profile's name"), "{bad}: {error}");
    }
}

#[tokio::test]
async fn where_nothing_is_found_everything_that_was_tried_is_listed() {
    for cloud in Provider::all() {
        let machine = Machine::new();
        let chain = local(&machine, spec(cloud));
        let error = refused(cloud, chain.credentials().await);
        let mut expected: Vec<String> = spec(cloud)
            .environment
            .access_key_id
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
        expected.extend(
            spec(cloud)
                .files
                .iter()
                .map(|file| file.path.replace("{profile}", "default")),
        );
        expected.extend(
            spec(cloud)
                .metadata
                .map(|metadata| format!("{} (not asked for)", metadata.endpoint)),
        );
        for part in expected {
            assert!(error.message().contains(&part), "{part} is not in: {error}");
        }
        assert!(error.remedy().is_some_and(|remedy| {
            remedy
                .to_string()
                .contains(spec(cloud).environment.secret_access_key[0])
        }));
        assert!(chain.describe().is_err());
    }
    let machine = Machine::new();
    machine.set("HC_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/");
    machine.unset("HOME");
    let error = refused(
        Provider::HUAWEI,
        local(&machine, spec(Provider::HUAWEI)).credentials().await,
    );
    for part in [
        "HC_CONTAINER_CREDENTIALS_FULL_URI (set, but not supported here)",
        "no home directory",
    ] {
        assert!(error.message().contains(part), "{part} is not in: {error}");
    }
}

#[tokio::test]
async fn a_file_can_be_switched_off_and_home_is_userprofile_where_there_is_no_home() {
    let machine = Machine::new();
    machine.file(".aliyun/config.json", TWO);
    machine.set("USERPROFILE", machine.home().to_str().unwrap());
    machine.unset("HOME");
    assert_eq!(id(&machine, ChainOptions::default()).await, "FIRST");
    machine.set("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "true");
    let error = refused(
        Provider::ALIYUN,
        local(&machine, spec(Provider::ALIYUN)).credentials().await,
    );
    assert!(
        error
            .message()
            .contains("(off by `ALIBABA_CLOUD_CLI_PROFILE_DISABLED`)"),
        "{error}"
    );
}

#[tokio::test]
async fn a_client_looks_at_its_first_call_and_takes_the_project_of_the_profile() {
    let machine = Machine::new();
    let settings = || {
        Settings::new("cn-hangzhou")
            .env(Arc::clone(&machine) as _)
            .transport(Loopback::new(None))
            .retry(RetryPolicy::none())
    };
    let client: aliyun::Client = ClientBuilder::from(settings()).build().unwrap();
    let call = aliyun::types::DescribeRegionsRequest::default();
    let error = client.describe_regions(&call).await.unwrap_err();
    assert_eq!(error.kind(), cloud_import::ErrorKind::Credentials, "{error}");
    assert_eq!(error.operation(), Some("DescribeRegions"));
    machine.file(".aliyun/config.json", TWO);
    let error = client.describe_regions(&call).await.unwrap_err();
    assert_eq!(error.kind(), cloud_import::ErrorKind::Connect, "{error}");

    machine.file(
        ".ucloud/credential.json",
        r#"[{"profile":"a","public_key":"a","private_key":"b"}]"#,
    );
    machine.file(
        ".ucloud/config.json",
        r#"[{"profile":"a","active":true,"project_id":"org-a"}]"#,
    );
    let client: ucloud::Client = ClientBuilder::from(settings()).build().unwrap();
    assert_eq!(client.project(), Some("org-a"));
    let client: ucloud::Client = ClientBuilder::from(settings().project("org-b")).build().unwrap();
    assert_eq!(client.project(), Some("org-b"));
}
