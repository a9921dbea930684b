//! What a provider crate says about where its vendor's tools look for credentials: names and pure functions.
//!
//! No I/O: [`Chain`](super::Chain) reads variables and files and sends requests.

use http::Request;
use serde_json::Value;

use super::{AssumeRole, EnvironmentNames, Profile, ProfileError, Temporary};
use crate::{Bytes, Endpoint, Provider, Result, net::protocol::Protocol, wire::Operation};

/// Where the credentials of one cloud are looked for. The order is: keys in the environment, files as listed, instance
/// metadata; what else the environment names has its [`Precedence`].
///
/// A profile that the program names itself is looked for in the files only.
#[derive(Debug, Clone, Copy)]
pub struct ChainSpec {
    /// The cloud.
    pub provider: Provider,
    /// Variables with keys.
    pub environment: &'static EnvironmentNames,
    /// Variables with a role that the keys of the environment are to assume.
    pub role: Option<RoleNames>,
    /// Variables that name a profile; the first that is set counts.
    pub profile: &'static [&'static str],
    /// Files with profiles, in the order in which they are read.
    pub files: &'static [ProfileFile],
    /// The instance's own keys.
    pub metadata: Option<Metadata>,
    /// How a role is assumed.
    pub sts: Option<Sts>,
    /// How a token of another party is exchanged for keys.
    pub web_identity: Option<WebIdentity>,
    /// Variables with a link that answers with keys.
    pub link: Option<KeysLink>,
    /// The command of the vendor's own tool that writes one of these files; `None` where its tool keeps keys elsewhere.
    pub configure: Option<&'static str>,
    /// Variables that the vendor's tools read and that are not read here: said when nothing else is found.
    pub not_read: &'static [&'static str],
}

/// Where a source that variables name stands in the vendor's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precedence {
    /// Before keys in variables.
    First,
    /// Between those and the files.
    AfterKeys,
    /// After instance metadata, where that is asked and is not there.
    Last,
}

/// Keys for a token of another party (web identity, OIDC), which stands in a file.
#[derive(Debug, Clone, Copy)]
pub struct WebIdentity {
    /// Where the variables stand in the vendor's order.
    pub precedence: Precedence,
    /// Variables with the token's file: when one of them is set, this source is there.
    pub token_file: &'static [&'static str],
    /// Variables with the role.
    pub role: &'static [&'static str],
    /// Variables with the party that gave the token, as the cloud calls it.
    pub provider: &'static [&'static str],
    /// Variables with the session's name.
    pub session: &'static [&'static str],
    /// Variables that say how long the keys are to be valid, in seconds.
    pub duration: &'static [&'static str],
    /// Variables with the region of the STS endpoint.
    pub region: &'static [&'static str],
    /// Variables with the STS endpoint itself.
    pub endpoint: &'static [&'static str],
    /// Variables that the vendor's tools heed and that are not understood here: when one of them is set, it is an error,
    /// as the keys could do more than was meant.
    pub not_understood: &'static [&'static str],
    /// The call. It may be repeated: it makes nothing but another set of temporary keys.
    pub operation: &'static Operation,
    /// Reads; it signs nothing (see [`Unsigned`](super::web_identity::Unsigned)).
    pub protocol: fn() -> Box<dyn Protocol>,
    /// The request.
    pub request: fn(&Exchange<'_>, &Caller<'_>) -> Result<Request<Bytes>>,
    /// Reads the fields below the vendor's envelope.
    pub read: fn(&Value, &AssumeRole) -> Result<Temporary, ProfileError>,
}

/// A link that answers with keys, to a `GET` without anything else.
#[derive(Debug, Clone, Copy)]
pub struct KeysLink {
    /// Where it stands in the vendor's order.
    pub precedence: Precedence,
    /// Variables that hold it.
    pub names: &'static [&'static str],
    /// Reads the keys.
    pub read: fn(&str) -> Result<Temporary, ProfileError>,
}

/// Variables with a role to assume.
#[derive(Debug, Clone, Copy)]
pub struct RoleNames {
    /// Its ARN.
    pub role: &'static [&'static str],
    /// Name of the session.
    pub session: &'static [&'static str],
    /// How long its keys are to be valid, in seconds.
    pub duration: &'static [&'static str],
}

/// A file with profiles.
#[derive(Debug, Clone, Copy)]
pub struct ProfileFile {
    /// Where it is: `~` stands for the home directory, `{profile}` for the profile's name.
    pub path: &'static str,
    /// Variables that name another place.
    pub path_names: &'static [&'static str],
    /// A second file that belongs to it and may be missing.
    pub beside: Option<Companion>,
    /// Variables that switch it off when they are `true` or `1`.
    pub off: &'static [&'static str],
    /// Name for `{profile}` in its path when none is asked for.
    pub default_profile: &'static str,
    /// Finds the profile in it; `None` when the file has no such profile, or one that is empty or switched off.
    pub parse: fn(&ProfileText<'_>) -> Result<Option<Profile>, ProfileError>,
}

/// A file beside another.
#[derive(Debug, Clone, Copy)]
pub struct Companion {
    /// Where it is, written as [`ProfileFile::path`].
    pub path: &'static str,
    /// Variables that name another place.
    pub path_names: &'static [&'static str],
}

/// What a parser gets.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "it holds bare secrets")]
pub struct ProfileText<'a> {
    /// The file.
    pub text: &'a str,
    /// The file beside it, if there is one.
    pub beside: Option<&'a str>,
    /// The profile that is asked for; `None` for the file's own choice.
    pub profile: Option<&'a str>,
}

/// Where an instance asks for keys of its own. Plain HTTP to an address that only the instance reaches.
#[derive(Debug, Clone, Copy)]
pub struct Metadata {
    /// Scheme and host, such as `http://100.100.100.200`.
    pub endpoint: &'static str,
    /// The token that hardened instances ask for.
    pub token: Option<MetadataToken>,
    /// Path that answers with the name of the instance's role; `None` where the role is not listed.
    pub role: Option<&'static str>,
    /// Paths that answer with keys, tried in order while one is not found. `{role}` stands for the role, and goes with the
    /// slash before it when none is known.
    pub keys: &'static [&'static str],
    /// Variables that name the role.
    pub role_names: &'static [&'static str],
    /// Variables that switch it off when they are `true` or `1`.
    pub off: &'static [&'static str],
    /// Reads the keys.
    pub read: fn(&str) -> Result<Temporary, ProfileError>,
}

/// The token of instance metadata, fetched by `PUT`.
#[derive(Debug, Clone, Copy)]
pub struct MetadataToken {
    /// Its path.
    pub path: &'static str,
    /// The header that says how long it is to live (6 hours are asked for).
    pub ttl_header: &'static str,
    /// The header that it is sent in.
    pub header: &'static str,
    /// Variables that forbid to go on without it when they are `true` or `1`.
    pub required: &'static [&'static str],
}

/// How a role is assumed.
#[derive(Debug, Clone, Copy)]
pub struct Sts {
    /// The call. It may be repeated: it makes nothing but another set of temporary keys.
    pub operation: &'static Operation,
    /// Signs and reads.
    pub protocol: fn() -> Box<dyn Protocol>,
    /// The unsigned request.
    pub request: fn(&AssumeRole, &Caller<'_>) -> Result<Request<Bytes>>,
    /// Reads the fields below the vendor's envelope.
    pub read: fn(&Value, &AssumeRole) -> Result<Temporary, ProfileError>,
}

/// The client for which a role is assumed.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// Its region.
    pub region: &'a str,
    /// Its endpoint, where it is not the usual one.
    pub endpoint: Option<&'a Endpoint>,
}

/// What a token is exchanged for.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "it holds a bare secret")]
pub struct Exchange<'a> {
    /// The role.
    pub role: &'a AssumeRole,
    /// The party that gave the token, as the cloud calls it.
    pub provider: &'a str,
    /// The token.
    pub token: &'a str,
    /// Where STS is, where that was said.
    pub endpoint: Option<&'a Endpoint>,
}
