//! The five chains.

use cloud_import::{Provider, aliyun, credentials::ChainSpec, huawei, jdcloud, tencent, ucloud};

pub(crate) fn spec(provider: Provider) -> &'static ChainSpec {
    match provider {
        Provider::JDCLOUD => &jdcloud::CREDENTIAL_CHAIN,
        Provider::TENCENT => &tencent::CREDENTIAL_CHAIN,
        Provider::HUAWEI => &huawei::CREDENTIAL_CHAIN,
        Provider::ALIYUN => &aliyun::CREDENTIAL_CHAIN,
        Provider::UCLOUD => &ucloud::CREDENTIAL_CHAIN,
        other => panic!("{other} has no chain"),
    }
}

#[test]
fn every_chain_is_its_own_clouds_and_has_files() {
    for provider in Provider::all() {
        let spec = spec(provider);
        assert_eq!(spec.provider, provider);
        assert!(
            !spec.files.is_empty() && !spec.environment.access_key_id.is_empty(),
            "{provider}"
        );
    }
}
