//! Where Tencent Cloud's own tools look for credentials: names and pure parsers.
//!
//! Source: tccli 3.1 (2026), tencentcloud-sdk-python-common 3.1.195, tencentcloud-sdk-go. tccli's files come first here, as
//! they are the ones that a person fills in. What `tccli auth login` stores is refused: only tccli can renew it.

use cloud_import_core::{
    Credentials, Provider,
    credentials::{
        AssumeRole, ChainSpec, Companion, KeySource, Metadata, Profile, ProfileError, ProfileFile, ProfileText,
        RoleNames, Temporary,
        ini::Ini,
        profile::{json, keys, required, text},
    },
    provider::Chained,
};
use serde_json::{Map, Value};

use crate::{
    client::Client,
    generated::ENVIRONMENT,
    sts::{STS, WEB_IDENTITY, temporary},
};

/// Where credentials are looked for when none are given.
pub static CREDENTIAL_CHAIN: ChainSpec = ChainSpec {
    provider: Provider::TENCENT,
    environment: &ENVIRONMENT,
    role: Some(RoleNames {
        role: &["TENCENTCLOUD_ROLE_ARN", "TENCENTCLOUD_ASSUME_ROLE_ARN"],
        session: &[
            "TENCENTCLOUD_ROLE_SESSION_NAME",
            "TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME",
        ],
        duration: &["TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION"],
    }),
    profile: &["TCCLI_PROFILE", "TENCENTCLOUD_PROFILE"],
    files: &[
        ProfileFile {
            path: "~/.tccli/{profile}.credential",
            path_names: &[],
            beside: Some(Companion {
                path: "~/.tccli/{profile}.configure",
                path_names: &[],
            }),
            off: &[],
            default_profile: "default",
            parse: parse_tccli,
        },
        ProfileFile {
            path: "~/.tencentcloud/credentials",
            path_names: &["TENCENTCLOUD_CREDENTIALS_FILE"],
            beside: None,
            off: &[],
            default_profile: "default",
            parse: parse_credentials,
        },
        ProfileFile {
            path: "/etc/tencentcloud/credentials",
            path_names: &[],
            beside: None,
            off: &[],
            default_profile: "default",
            parse: parse_credentials,
        },
    ],
    metadata: Some(Metadata {
        endpoint: "http://metadata.tencentyun.com",
        token: None,
        role: Some("/latest/meta-data/cam/security-credentials/"),
        keys: &["/latest/meta-data/cam/security-credentials/{role}"],
        role_names: &[],
        off: &[],
        read: read_metadata,
    }),
    sts: Some(STS),
    web_identity: Some(WEB_IDENTITY),
    link: None,
    configure: Some("tccli configure"),
    not_read: &[],
};

impl Chained for Client {
    const CREDENTIAL_CHAIN: &'static ChainSpec = &CREDENTIAL_CHAIN;
}

/// tccli's file of one profile. The file beside it holds the region.
fn parse_tccli(file: &ProfileText<'_>) -> Result<Option<Profile>, ProfileError> {
    let name = file.profile.unwrap_or("default");
    let region = match file.beside {
        Some(configure) => region_of(configure).map_err(|flaw| flaw.in_profile(name).in_file_beside())?,
        None => None,
    };
    let credential = json(file.text).map_err(|flaw| flaw.in_profile(name))?;
    let credential = credential
        .as_object()
        .ok_or_else(|| ProfileError::new("is not a JSON object"))?;
    let means = means(credential).map_err(|flaw| flaw.in_profile(name))?;
    Ok(means.map(|means| Profile {
        name: name.to_owned(),
        means,
        region,
        project: None,
    }))
}

/// How the file gives keys; `None` where nothing is filled in. `tccli configure set use-cvm-role false` writes the type `default`,
/// which is none.
fn means(credential: &Map<String, Value>) -> Result<Option<KeySource>, ProfileError> {
    match text(credential, "type")?.as_deref() {
        None | Some("default") => {}
        Some("cvm-role") => return Ok(Some(KeySource::InstanceRole(None))),
        Some(other) => {
            return Err(ProfileError::mode(
                "type",
                other,
                "secretId and secretKey (no type) or cvm-role",
            ));
        }
    }
    let (id, key) = ("secretId", "secretKey");
    let Some((id, key)) = keys((id, text(credential, id)?), (key, text(credential, key)?))? else {
        return Ok(None);
    };
    let keys = match text(credential, "token")? {
        Some(token) => Credentials::temporary(id, key, token),
        None => Credentials::new(id, key),
    };
    let keys = KeySource::Keys(keys);
    Ok(Some(match text(credential, "role-arn")? {
        Some(arn) => {
            let session = text(credential, "role-session-name")?;
            KeySource::AssumeRole(Box::new(keys), AssumeRole::new(arn).session_name(session))
        }
        None => keys,
    }))
}

fn region_of(configure: &str) -> Result<Option<String>, ProfileError> {
    match json(configure)?.get("_sys_param").and_then(Value::as_object) {
        Some(parameters) => text(parameters, "region"),
        None => Ok(None),
    }
}

/// The section of the SDKs' INI file: the one asked for, else `default`.
fn parse_credentials(file: &ProfileText<'_>) -> Result<Option<Profile>, ProfileError> {
    let ini = Ini::parse(file.text)?;
    let Some(section) = ini.section(file.profile.unwrap_or("default")) else {
        return Ok(None);
    };
    let means = || {
        let keys = Credentials::new(section.required(&["secret_id"])?, section.required(&["secret_key"])?);
        let keys = KeySource::Keys(keys);
        Ok(match section.get(&["role_arn"])? {
            Some(arn) => {
                let session = section.get(&["role_session_name"])?;
                KeySource::AssumeRole(Box::new(keys), AssumeRole::new(arn).session_name(session))
            }
            None => keys,
        })
    };
    Ok(Some(Profile {
        name: section.name.to_owned(),
        means: means().map_err(|flaw: ProfileError| flaw.in_profile(section.name))?,
        region: None,
        project: None,
    }))
}

fn read_metadata(answer: &str) -> Result<Temporary, ProfileError> {
    let answer = json(answer)?;
    let answer = answer
        .as_object()
        .ok_or_else(|| ProfileError::new("is not a JSON object"))?;
    if required(answer, "Code")? != "Success" {
        return Err(ProfileError::wrong("Code", "`Success`"));
    }
    temporary(answer, answer)
}
