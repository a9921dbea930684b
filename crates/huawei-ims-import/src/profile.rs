//! Where Huawei Cloud's own tools look for credentials: names and pure parsers.
//!
//! Source: huaweicloudsdkcore for Python 3.1.219, whose order this is. Federated logins are refused by name; roles
//! ("agencies") are assumed here with a token of another party alone: else give their temporary keys. The command-line tool
//! (KooCLI) keeps its keys encrypted in ~/.hcloud, which nobody but the tool reads.

use cloud_import_core::{
    Credentials, Provider,
    credentials::{
        ChainSpec, Expiry, KeySource, Metadata, MetadataToken, Profile, ProfileError, ProfileFile, ProfileText,
        Temporary,
        ini::{Ini, Section},
        profile::{instant, json, keys, object, required},
    },
    provider::Chained,
};

use crate::{client::Client, generated::ENVIRONMENT, sts::WEB_IDENTITY};

/// Where credentials are looked for when none are given.
pub static CREDENTIAL_CHAIN: ChainSpec = ChainSpec {
    provider: Provider::HUAWEI,
    environment: &ENVIRONMENT,
    role: None,
    profile: &[],
    files: &[ProfileFile {
        path: "~/.huaweicloud/credentials",
        path_names: &["HUAWEICLOUD_SDK_CREDENTIALS_FILE"],
        beside: None,
        off: &[],
        default_profile: "basic",
        parse: parse_credentials,
    }],
    metadata: Some(Metadata {
        endpoint: "http://169.254.169.254",
        token: Some(MetadataToken {
            path: "/meta-data/latest/api/token",
            ttl_header: "x-metadata-token-ttl-seconds",
            header: "x-metadata-token",
            required: &[],
        }),
        role: None,
        keys: &["/openstack/latest/securitykey"],
        role_names: &[],
        off: &[],
        read: read_metadata,
    }),
    sts: None,
    web_identity: Some(WEB_IDENTITY),
    link: None,
    configure: None,
    not_read: &[
        "HUAWEICLOUD_OIDC_ID_TOKEN",
        "HUAWEICLOUD_SDK_ID_TOKEN_FILE",
        "HC_CONTAINER_CREDENTIALS_FULL_URI",
    ],
};

impl Chained for Client {
    const CREDENTIAL_CHAIN: &'static ChainSpec = &CREDENTIAL_CHAIN;
}

/// The section asked for, else `basic`: `global` is for services that know no project.
fn parse_credentials(file: &ProfileText<'_>) -> Result<Option<Profile>, ProfileError> {
    let ini = Ini::parse(file.text)?;
    match ini.section(file.profile.unwrap_or("basic")) {
        Some(section) => profile(section).map_err(|flaw| flaw.in_profile(section.name)),
        None => Ok(None),
    }
}

fn profile(section: &Section<'_>) -> Result<Option<Profile>, ProfileError> {
    let (id, secret) = (section.get(&["ak"])?, section.get(&["sk"])?);
    if id.is_none() && secret.is_none() && section.get(&["idp_id", "id_token_file"])?.is_some() {
        return Err(ProfileError::mode("idp_id", "federated login", "ak and sk"));
    }
    let Some((id, secret)) = keys(("ak", id), ("sk", secret))? else {
        return Ok(None);
    };
    Ok(Some(Profile {
        name: section.name.to_owned(),
        means: KeySource::Keys(match section.get(&["security_token"])? {
            Some(token) => Credentials::temporary(id, secret, token),
            None => Credentials::new(id, secret),
        }),
        region: None,
        project: section.get(&["project_id"])?,
    }))
}

fn read_metadata(answer: &str) -> Result<Temporary, ProfileError> {
    let answer = json(answer)?;
    let keys = object(&answer, "credential")?;
    Ok(Temporary {
        credentials: Credentials::temporary(
            required(keys, "access")?,
            required(keys, "secret")?,
            required(keys, "securitytoken")?,
        ),
        expires: Expiry::At(instant(keys, "expires_at")?),
    })
}
