//! Files: disk images, profile files of vendors' tools, answers with keys, and what we have written ourselves.

use std::io::Cursor;

use cloud_import::{
    ImportRequest, ImportTask, Provider, aliyun,
    credentials::{AssumeRole, ChainSpec, ProfileText},
    huawei, jdcloud,
    publish::{JobFacts, Record, disk::inspect},
    tencent, ucloud,
};
use cloud_import_staging::UploadRecord;
use serde::{Serialize, de::DeserializeOwned};

/// The header reader.
pub(super) fn disk(input: &[u8]) {
    if let Err(error) = inspect(Cursor::new(input)) {
        assert!(!error.to_string().is_empty());
    }
}

fn chain(provider: Provider) -> &'static ChainSpec {
    match provider {
        Provider::JDCLOUD => &jdcloud::CREDENTIAL_CHAIN,
        Provider::TENCENT => &tencent::CREDENTIAL_CHAIN,
        Provider::HUAWEI => &huawei::CREDENTIAL_CHAIN,
        Provider::ALIYUN => &aliyun::CREDENTIAL_CHAIN,
        _ => &ucloud::CREDENTIAL_CHAIN,
    }
}

/// A profile file, as every one of a cloud's, with 0x1e before the file beside it. By the first byte: the cloud, and whether a
/// profile is named.
pub(super) fn profiles(input: &[u8]) {
    let Some((provider, variant, rest)) = super::cloud(input) else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let (text, beside) = match text.split_once('\u{1e}') {
        Some((text, beside)) => (text, Some(beside)),
        None => (text, None),
    };
    for file in chain(provider).files {
        let read = (file.parse)(&ProfileText {
            text,
            beside,
            profile: (variant % 2 == 1).then_some("work"),
        });
        if let Err(error) = read {
            assert!(!format!("{error:?}").is_empty());
        }
    }
}

/// What instance metadata, a link to keys, and a service that hands out temporary keys answer.
pub(super) fn keys(input: &[u8]) {
    let Some((provider, _, rest)) = super::cloud(input) else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let chain = chain(provider);
    for read in chain
        .metadata
        .map(|own| own.read)
        .into_iter()
        .chain(chain.link.map(|own| own.read))
    {
        let _ = read(text);
    }
    let Ok(value) = serde_json::from_str(text) else { return };
    let role = AssumeRole::new("a-role");
    for read in chain
        .sts
        .map(|own| own.read)
        .into_iter()
        .chain(chain.web_identity.map(|own| own.read))
    {
        let _ = read(&value, &role);
    }
}

/// What is read is written so that it is read and written as the same: instants are written in whole seconds.
fn stable<T: Serialize + DeserializeOwned>(input: &[u8]) {
    let Ok(value) = serde_json::from_slice::<T>(input) else {
        return;
    };
    let written = serde_json::to_string(&value).unwrap_or_default();
    let again = serde_json::from_str::<T>(&written).and_then(|again| serde_json::to_string(&again));
    assert!(
        again.as_ref().is_ok_and(|again| *again == written),
        "{written} became {again:?}"
    );
}

pub(super) fn order(input: &[u8]) {
    stable::<ImportRequest>(input);
}

pub(super) fn task(input: &[u8]) {
    stable::<ImportTask>(input);
}

pub(super) fn record(input: &[u8]) {
    stable::<Record>(input);
}

pub(super) fn job(input: &[u8]) {
    stable::<JobFacts>(input);
}

pub(super) fn upload(input: &[u8]) {
    stable::<UploadRecord>(input);
}

#[cfg(test)]
mod tests {
    use super::{super::seeds, *};

    #[test]
    fn seeds_are_read() {
        fn read<T: DeserializeOwned>(seeds: Vec<Vec<u8>>) {
            for seed in seeds {
                serde_json::from_slice::<T>(&seed).map(drop).unwrap();
            }
        }
        read::<ImportRequest>(seeds::orders());
        read::<ImportTask>(seeds::tasks());
        read::<Record>(seeds::records());
        read::<JobFacts>(seeds::jobs());
        read::<UploadRecord>(seeds::uploads());
    }

    #[test]
    fn every_seed_of_a_profile_is_one_for_a_tool_of_its_cloud() {
        for seed in seeds::profiles() {
            let (provider, variant, rest) = super::super::cloud(&seed).unwrap();
            let text = std::str::from_utf8(rest).unwrap();
            let (text, beside) = text
                .split_once('\u{1e}')
                .map_or((text, None), |(text, beside)| (text, Some(beside)));
            let profile = (variant == 1 && text.contains("work")).then_some("work");
            let read = chain(provider)
                .files
                .iter()
                .map(|file| (file.parse)(&ProfileText { text, beside, profile }));
            assert!(read.filter_map(Result::ok).flatten().count() > 0, "{provider}: {text}");
        }
    }
}
