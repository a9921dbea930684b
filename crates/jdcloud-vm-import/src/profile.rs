//! Where JD Cloud's own tools look for credentials: names and pure parsers.
//!
//! The vendor has no single convention: the PHP SDK reads `~/.jdcloud/credentials`, the command-line tool `~/.jdc`. Source:
//! jdcloud-sdk-php; jdcloud_cli for Python. What the PHP SDK asks an instance for is not known well enough to be built.

use cloud_import_core::{
    Credentials, Provider,
    credentials::{
        ChainSpec, Companion, KeySource, Profile, ProfileError, ProfileFile, ProfileText,
        ini::{Ini, Section},
        profile::keys,
    },
    provider::Chained,
};

use crate::{client::Client, generated::ENVIRONMENT, sts::STS};

/// Where credentials are looked for when none are given.
pub static CREDENTIAL_CHAIN: ChainSpec = ChainSpec {
    provider: Provider::JDCLOUD,
    environment: &ENVIRONMENT,
    role: None,
    profile: &["JDCLOUD_PROFILE"],
    files: &[
        ProfileFile {
            path: "~/.jdcloud/credentials",
            path_names: &[],
            beside: None,
            off: &[],
            default_profile: "default",
            parse: parse_php,
        },
        ProfileFile {
            path: "~/.jdc/config",
            path_names: &[],
            beside: Some(Companion {
                path: "~/.jdc/current",
                path_names: &[],
            }),
            off: &[],
            default_profile: "default",
            parse: parse_cli,
        },
    ],
    metadata: None,
    sts: Some(STS),
    web_identity: None,
    link: None,
    configure: Some("jdc configure add"),
    not_read: &[],
};

impl Chained for Client {
    const CREDENTIAL_CHAIN: &'static ChainSpec = &CREDENTIAL_CHAIN;
}

/// The PHP SDK's file: the section asked for, else `default`.
fn parse_php(file: &ProfileText<'_>) -> Result<Option<Profile>, ProfileError> {
    let ini = Ini::parse(file.text)?;
    let Some(section) = ini.section(file.profile.unwrap_or("default")) else {
        return Ok(None);
    };
    let names = ["jdcloud_access_key_id", "jdcloud_secret_access_key"];
    let tokens = ["jdcloud_session_token", "jdcloud_security_token"];
    profile(section, names, &tokens)
}

/// The command-line tool's file: the section asked for, else the one that the file beside names, else `default`.
fn parse_cli(file: &ProfileText<'_>) -> Result<Option<Profile>, ProfileError> {
    let ini = Ini::parse(file.text)?;
    let current = file.beside.map(str::trim).filter(|name| !name.is_empty());
    match ini.section(file.profile.or(current).unwrap_or("default")) {
        Some(section) => profile(section, ["access_key", "secret_key"], &[]),
        None => Ok(None),
    }
}

fn profile(section: &Section<'_>, [id, secret]: [&str; 2], tokens: &[&str]) -> Result<Option<Profile>, ProfileError> {
    let read = || {
        let Some((id, secret)) = keys((id, section.get(&[id])?), (secret, section.get(&[secret])?))? else {
            return Ok(None);
        };
        Ok(Some(Profile {
            name: section.name.to_owned(),
            means: KeySource::Keys(match section.get(tokens)? {
                Some(token) => Credentials::temporary(id, secret, token),
                None => Credentials::new(id, secret),
            }),
            region: section.get(&["region_id"])?,
            project: None,
        }))
    };
    read().map_err(|flaw: ProfileError| flaw.in_profile(section.name))
}
