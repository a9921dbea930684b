//! Where UCloud's own tools look for credentials: names and pure parsers.
//!
//! Source: ucloud-cli (2026-07) and ucloud-sdk-go 0.22.98. That SDK lets files win over variables; here variables win, as
//! with the other clouds.

use cloud_import_core::{
    Credentials, Provider,
    credentials::{
        ChainSpec, Companion, KeySource, Metadata, Profile, ProfileError, ProfileFile, ProfileText, Temporary,
        profile::{json, keys, object, text},
    },
    provider::Chained,
};
use serde_json::{Map, Value};

use crate::{
    client::Client,
    generated::ENVIRONMENT,
    sts::{STS, temporary},
};

/// Where credentials are looked for when none are given.
pub static CREDENTIAL_CHAIN: ChainSpec = ChainSpec {
    provider: Provider::UCLOUD,
    environment: &ENVIRONMENT,
    role: None,
    profile: &["UCLOUD_PROFILE"],
    files: &[ProfileFile {
        path: "~/.ucloud/credential.json",
        path_names: &["UCLOUD_SHARED_CREDENTIAL_FILE"],
        beside: Some(Companion {
            path: "~/.ucloud/config.json",
            path_names: &["UCLOUD_SHARED_CONFIG_FILE"],
        }),
        off: &[],
        default_profile: "default",
        parse: parse_credential,
    }],
    metadata: Some(Metadata {
        endpoint: "http://100.80.80.80",
        token: None,
        role: None,
        // The newer form first; the older one where an instance does not know it.
        keys: &[
            "/meta-data/v2/iam/security-credentials/{role}",
            "/meta-data/v1/uam/security-credentials/{role}",
        ],
        role_names: &[],
        off: &[],
        read: read_metadata,
    }),
    sts: Some(STS),
    web_identity: None,
    link: None,
    configure: Some("ucloud init"),
    not_read: &[],
};

impl Chained for Client {
    const CREDENTIAL_CHAIN: &'static ChainSpec = &CREDENTIAL_CHAIN;
}

/// The profile asked for, else the active one of `config.json`, else `default`. Keys are in `credential.json`, region and
/// project in `config.json`.
fn parse_credential(file: &ProfileText<'_>) -> Result<Option<Profile>, ProfileError> {
    let configured = match file.beside {
        Some(config) => list(config).map_err(ProfileError::in_file_beside)?,
        None => Vec::new(),
    };
    let is_active = |profile: &&Map<String, Value>| profile.get("active") == Some(&Value::Bool(true));
    let active = configured.iter().find(is_active).and_then(|profile| name_of(profile));
    let name = file.profile.or(active).unwrap_or("default");
    let named = |profile: &&Map<String, Value>| name_of(profile) == Some(name);
    let credentials = list(file.text)?;
    let Some(profile) = credentials.iter().find(named) else {
        return Ok(None);
    };
    let (public, private) = ("public_key", "private_key");
    let read = || keys((public, text(profile, public)?), (private, text(profile, private)?));
    let Some((public, private)) = read().map_err(|flaw| flaw.in_profile(name))? else {
        return Ok(None);
    };
    let beside = |field| match configured.iter().find(named) {
        Some(profile) => text(profile, field).map_err(|flaw| flaw.in_profile(name).in_file_beside()),
        None => Ok(None),
    };
    Ok(Some(Profile {
        name: name.to_owned(),
        means: KeySource::Keys(Credentials::new(public, private)),
        region: beside("region")?,
        project: beside("project_id")?,
    }))
}

fn list(text: &str) -> Result<Vec<Map<String, Value>>, ProfileError> {
    let Value::Array(items) = json(text)? else {
        return Err(ProfileError::new("is not a JSON list"));
    };
    items
        .into_iter()
        .map(|item| match item {
            Value::Object(profile) => Ok(profile),
            _ => Err(ProfileError::new("is not a list of profiles")),
        })
        .collect()
}

fn name_of(profile: &Map<String, Value>) -> Option<&str> {
    profile.get("profile").and_then(Value::as_str)
}

/// Both forms of ucloud-sdk-go: `PublicKey` with seconds since 1970, and `AccessKeyId` with a date.
fn read_metadata(answer: &str) -> Result<Temporary, ProfileError> {
    let answer = json(answer)?;
    match answer.get("RetCode").and_then(Value::as_i64) {
        Some(0) => {}
        _ => return Err(ProfileError::wrong("RetCode", "0")),
    }
    temporary(object(&answer, "Data")?)
}
