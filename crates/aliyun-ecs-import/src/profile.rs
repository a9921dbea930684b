//! Where Alibaba Cloud's own tools look for credentials: names and pure parsers.
//!
//! Source: alibabacloud_credentials for Python 1.0.12 and credentials-go (2025), whose order this is, and the example in their
//! README files; aliyun-cli; the Alibaba provider for Terraform. Modes that need a browser or a program are refused by name.

use cloud_import_core::{
    Credentials, Provider,
    credentials::{
        AssumeRole, ChainSpec, KeySource, KeysLink, Metadata, MetadataToken, Precedence, Profile, ProfileError,
        ProfileFile, ProfileText, Temporary, WebIdentityRole,
        ini::{Ini, Section},
        profile::{json, keys, required, seconds, text},
    },
    provider::Chained,
};
use serde_json::{Map, Value};

use crate::{
    client::Client,
    generated::ENVIRONMENT,
    sts::{STS, WEB_IDENTITY, temporary},
};

const MODES: &str = "AK, StsToken, RamRoleArn, ChainableRamRoleArn, EcsRamRole or OIDC";
const TYPES: &str = "access_key, sts, ram_role_arn, ecs_ram_role or oidc_role_arn";

/// Where credentials are looked for when none are given.
pub static CREDENTIAL_CHAIN: ChainSpec = ChainSpec {
    provider: Provider::ALIYUN,
    environment: &ENVIRONMENT,
    role: None,
    profile: &["ALIBABA_CLOUD_PROFILE", "ALIBABACLOUD_PROFILE", "ALICLOUD_PROFILE"],
    files: &[
        ProfileFile {
            path: "~/.aliyun/config.json",
            path_names: &["ALICLOUD_SHARED_CREDENTIALS_FILE"],
            beside: None,
            off: &["ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "ALIBABA_CLOUD_IGNORE_PROFILE"],
            default_profile: "default",
            parse: parse_config,
        },
        ProfileFile {
            path: "~/.alibabacloud/credentials.ini",
            path_names: &["ALIBABA_CLOUD_CREDENTIALS_FILE"],
            beside: None,
            off: &[],
            default_profile: "default",
            parse: parse_credentials,
        },
        // The name of the same file in credentials-go.
        ProfileFile {
            path: "~/.alibabacloud/credentials",
            path_names: &[],
            beside: None,
            off: &[],
            default_profile: "default",
            parse: parse_credentials,
        },
    ],
    metadata: Some(Metadata {
        endpoint: "http://100.100.100.200",
        token: Some(MetadataToken {
            path: "/latest/api/token",
            ttl_header: "x-aliyun-ecs-metadata-token-ttl-seconds",
            header: "x-aliyun-ecs-metadata-token",
            required: &["ALIBABA_CLOUD_IMDSV1_DISABLED"],
        }),
        role: Some("/latest/meta-data/ram/security-credentials/"),
        keys: &["/latest/meta-data/ram/security-credentials/{role}"],
        role_names: &["ALIBABA_CLOUD_ECS_METADATA"],
        off: &["ALIBABA_CLOUD_ECS_METADATA_DISABLED"],
        read: read_metadata,
    }),
    sts: Some(STS),
    web_identity: Some(WEB_IDENTITY),
    link: Some(KeysLink {
        precedence: Precedence::Last,
        names: &["ALIBABA_CLOUD_CREDENTIALS_URI"],
        read: read_metadata,
    }),
    configure: Some("aliyun configure"),
    not_read: &[],
};

impl Chained for Client {
    const CREDENTIAL_CHAIN: &'static ChainSpec = &CREDENTIAL_CHAIN;
}

/// The profile of `~/.aliyun/config.json`: the one asked for, else `current`.
fn parse_config(file: &ProfileText<'_>) -> Result<Option<Profile>, ProfileError> {
    let config = json(file.text)?;
    let config = config
        .as_object()
        .ok_or_else(|| ProfileError::new("is not a JSON object"))?;
    let current = text(config, "current")?;
    let name = file.profile.or(current.as_deref()).unwrap_or("default");
    let profiles = config
        .get("profiles")
        .and_then(Value::as_array)
        .ok_or_else(|| ProfileError::wrong("profiles", "a list"))?;
    let Some(profile) = named(profiles, name) else {
        return match file.profile {
            Some(_) => Ok(None),
            None => Err(ProfileError::new(format!(
                "field `current` names profile `{name}`, which is not there"
            ))),
        };
    };
    let region = text(profile, "region_id").map_err(|flaw| flaw.in_profile(name))?;
    let means = source_of_mode(profiles, profile, &mut vec![name]).map_err(|flaw| flaw.in_profile(name))?;
    Ok(means.map(|means| Profile {
        name: name.to_owned(),
        means,
        region,
        project: None,
    }))
}

fn named<'a>(profiles: &'a [Value], name: &str) -> Option<&'a Map<String, Value>> {
    let is_it = |profile: &&Value| profile.get("name").and_then(Value::as_str) == Some(name);
    profiles.iter().find(is_it).and_then(Value::as_object)
}

/// How a profile gets keys; `None` where nothing is filled in. `seen` are the profiles that led to it.
fn source_of_mode<'a>(
    profiles: &'a [Value],
    profile: &'a Map<String, Value>,
    seen: &mut Vec<&'a str>,
) -> Result<Option<KeySource>, ProfileError> {
    let both = || {
        let (id, secret) = ("access_key_id", "access_key_secret");
        Ok((required(profile, id)?, required(profile, secret)?))
    };
    let mode = text(profile, "mode")?;
    Ok(Some(match mode.as_deref().unwrap_or("AK") {
        "AK" => {
            let (id, secret) = ("access_key_id", "access_key_secret");
            let Some((id, secret)) = keys((id, text(profile, id)?), (secret, text(profile, secret)?))? else {
                return Ok(None);
            };
            KeySource::Keys(Credentials::new(id, secret))
        }
        "StsToken" => {
            let (id, secret) = both()?;
            KeySource::Keys(match text(profile, "sts_token")? {
                Some(token) => Credentials::temporary(id, secret, token),
                None if profile.contains_key("sts_token") => Credentials::new(id, secret),
                None => return Err(ProfileError::missing("sts_token")),
            })
        }
        "RamRoleArn" => {
            let (id, secret) = both()?;
            let keys = match text(profile, "sts_token")? {
                Some(token) => Credentials::temporary(id, secret, token),
                None => Credentials::new(id, secret),
            };
            KeySource::AssumeRole(Box::new(KeySource::Keys(keys)), ram_role(profile)?)
        }
        "ChainableRamRoleArn" => {
            let role = ram_role(profile)?;
            KeySource::AssumeRole(Box::new(source_profile(profiles, profile, seen)?), role)
        }
        "EcsRamRole" => KeySource::InstanceRole(text(profile, "ram_role_name")?),
        "OIDC" => KeySource::WebIdentity(WebIdentityRole {
            role: ram_role(profile)?,
            provider: required(profile, "oidc_provider_arn")?,
            token_file: required(profile, "oidc_token_file")?,
            endpoint: None,
        }),
        other => return Err(ProfileError::mode("mode", other, MODES)),
    }))
}

/// How the profile that another one builds on gets keys.
fn source_profile<'a>(
    profiles: &'a [Value],
    profile: &'a Map<String, Value>,
    seen: &mut Vec<&'a str>,
) -> Result<KeySource, ProfileError> {
    let field = "source_profile";
    let name = required(profile, field)?;
    let Some((name, source)) = named(profiles, &name).and_then(|source| Some((source.get("name")?.as_str()?, source)))
    else {
        return Err(ProfileError::new(format!(
            "field `{field}` names profile `{name}`, which is not there"
        )));
    };
    if seen.contains(&name) {
        return Err(ProfileError::new(format!(
            "field `{field}` leads back to profile `{name}`"
        )));
    }
    seen.push(name);
    source_of_mode(profiles, source, seen)
        .and_then(|means| means.ok_or_else(|| ProfileError::missing("access_key_id")))
        .map_err(|flaw| flaw.in_profile(name))
}

fn ram_role(profile: &Map<String, Value>) -> Result<AssumeRole, ProfileError> {
    let mut role = AssumeRole::new(required(profile, "ram_role_arn")?)
        .session_name(text(profile, "ram_session_name")?)
        .duration(seconds(profile, "expired_seconds")?);
    role.policy = text(profile, "policy")?;
    role.external_id = text(profile, "external_id")?;
    role.region = text(profile, "sts_region")?;
    Ok(role)
}

/// The section of the INI file that the SDKs share: the one asked for, else `default`. One with `enable = false` is passed over.
fn parse_credentials(file: &ProfileText<'_>) -> Result<Option<Profile>, ProfileError> {
    let ini = Ini::parse(file.text)?;
    let Some(section) = ini.section(file.profile.unwrap_or("default")) else {
        return Ok(None);
    };
    let read = || {
        if section
            .get(&["enable"])?
            .is_some_and(|enable| enable.eq_ignore_ascii_case("false"))
        {
            return Ok(None);
        }
        Ok(Some(Profile {
            name: section.name.to_owned(),
            means: source_of_type(section)?,
            region: section.get(&["region_id", "region"])?,
            project: None,
        }))
    };
    read().map_err(|flaw: ProfileError| flaw.in_profile(section.name))
}

fn source_of_type(section: &Section<'_>) -> Result<KeySource, ProfileError> {
    let both = || {
        Ok((
            section.required(&["access_key_id"])?,
            section.required(&["access_key_secret"])?,
        ))
    };
    let role = || {
        let mut role =
            AssumeRole::new(section.required(&["role_arn"])?).session_name(section.get(&["role_session_name"])?);
        role.policy = section.get(&["policy"])?;
        Ok(role)
    };
    Ok(match section.required(&["type"])?.as_str() {
        "access_key" => {
            let (id, secret) = both()?;
            KeySource::Keys(Credentials::new(id, secret))
        }
        "sts" => {
            let (id, secret) = both()?;
            KeySource::Keys(match section.get(&["security_token"])? {
                Some(token) => Credentials::temporary(id, secret, token),
                None if section.has("security_token") => Credentials::new(id, secret),
                None => return Err(ProfileError::missing("security_token")),
            })
        }
        "ram_role_arn" => {
            let (id, secret) = both()?;
            KeySource::AssumeRole(Box::new(KeySource::Keys(Credentials::new(id, secret))), role()?)
        }
        "ecs_ram_role" => KeySource::InstanceRole(section.get(&["role_name"])?),
        "oidc_role_arn" => KeySource::WebIdentity(WebIdentityRole {
            role: role()?,
            provider: section.required(&["oidc_provider_arn"])?,
            token_file: section.required(&["oidc_token_file_path", "oidc_token_file"])?,
            endpoint: None,
        }),
        other => return Err(ProfileError::mode("type", other, TYPES)),
    })
}

fn read_metadata(answer: &str) -> Result<Temporary, ProfileError> {
    let answer = json(answer)?;
    let answer = answer
        .as_object()
        .ok_or_else(|| ProfileError::new("is not a JSON object"))?;
    if required(answer, "Code")? != "Success" {
        return Err(ProfileError::wrong("Code", "`Success`"));
    }
    temporary(answer)
}
