//! The region of a target that names none: where the vendor's own tools have it.

use cloud_import::{
    ErrorKind, Provider, Settings, Target, build,
    credentials::{ChainOptions, CredentialSource as _},
};

use crate::stage::{Loopback, Machine, SECRET, metadata_allowed};

fn profile(name: &str) -> ChainOptions {
    build!(ChainOptions {
        profile: Some(name.to_owned())
    })
}

#[test]
fn variables_come_before_the_files_and_a_profile_that_is_asked_for_before_both() {
    let machine = Machine::new();
    for (name, region) in [("default", "ap-beijing"), ("work", "ap-singapore")] {
        let keys = format!(r#"{{"secretId":"AK","secretKey":"{SECRET}"}}"#);
        machine.file(&format!(".tccli/{name}.credential"), keys);
        let configured = format!(r#"{{"_sys_param":{{"region":"{region}"}}}}"#);
        machine.file(&format!(".tccli/{name}.configure"), configured);
    }
    let region = |search| {
        Target::configured(Provider::TENCENT, &search, &*machine)
            .unwrap()
            .region
    };
    assert_eq!(region(ChainOptions::default()), "ap-beijing");
    machine.set("TENCENTCLOUD_REGION", "ap-shanghai");
    assert_eq!(region(ChainOptions::default()), "ap-shanghai");
    assert_eq!(region(profile("work")), "ap-singapore");
}

#[test]
fn where_there_is_none_it_is_said_what_was_tried() {
    let machine = Machine::new();
    let refused = |provider| {
        let error = Target::configured(provider, &ChainOptions::default(), &*machine).unwrap_err();
        assert_eq!(error.provider(), Some(provider));
        (error.kind(), format!("{error} {}", error.remedy().unwrap()))
    };

    let (kind, text) = refused(Provider::ALIYUN);
    assert_eq!(kind, ErrorKind::Credentials);
    for expected in [
        "`aliyun` has no region",
        "ALIBABA_CLOUD_REGION_ID",
        "~/.aliyun/config.json",
        "Write aliyun/REGION, such as aliyun/cn-hangzhou",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }

    machine.set("JDCLOUD_ACCESS_KEY", "AK");
    machine.set("JDCLOUD_SECRET_KEY", SECRET);
    let (_, text) = refused(Provider::JDCLOUD);
    assert!(text.contains("jdcloud/cn-north-1") && !text.contains(SECRET), "{text}");

    machine.set("TENCENTCLOUD_REGION", "ap/../x");
    let (kind, text) = refused(Provider::TENCENT);
    assert_eq!(kind, ErrorKind::InvalidRequest);
    assert!(text.contains("is not a region id"), "{text}");
}

#[tokio::test]
async fn a_program_gets_the_chain_that_a_client_would_search() {
    let machine = Machine::new();
    machine.set("TENCENTCLOUD_SECRET_ID", "AK");
    machine.set("TENCENTCLOUD_SECRET_KEY", SECRET);
    let settings = Settings::new("ap-beijing")
        .env(machine.clone())
        .transport(Loopback::new(None));
    let chain = cloud_import::credential_chain(Provider::TENCENT, &settings).unwrap();
    assert!(chain.describe().unwrap().contains("TENCENTCLOUD_SECRET_ID"));
    let found = chain.credentials().await.unwrap();
    assert_eq!(found.keys().unwrap().secret_access_key, SECRET);

    machine.unset("TENCENTCLOUD_SECRET_ID");
    machine.unset("TENCENTCLOUD_SECRET_KEY");
    let asked = |settings: &Settings| {
        let chain = cloud_import::credential_chain(Provider::TENCENT, settings).unwrap();
        chain.describe().map_err(|error| error.message().to_owned())
    };
    assert!(asked(&settings).unwrap_err().contains("(not asked for)"));
    let mut settings = settings;
    settings.search = metadata_allowed();
    assert!(asked(&settings).unwrap().contains("instance metadata"));
}
