//! What profiles, STS and instance metadata say, in words that hold for every cloud, and helpers for their parsers.
//!
//! Pure. Nothing here shows a value that it read: a value in the wrong place may be a secret.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::Credentials;
use crate::{
    Endpoint,
    text::datetime::{from_unix, parse_rfc3339},
};

/// A profile.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// How it gets keys.
    pub means: KeySource,
    /// Its region.
    pub region: Option<String>,
    /// Its project.
    pub project: Option<String>,
}

/// How a profile gets keys.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum KeySource {
    /// They are in it.
    Keys(Credentials),
    /// By assuming a role with the keys of another source.
    AssumeRole(Box<KeySource>, AssumeRole),
    /// From the instance's metadata, for the named role or the instance's only one.
    InstanceRole(Option<String>),
    /// For a token of another party.
    WebIdentity(WebIdentityRole),
    /// From a link, which may hold a secret.
    Link(SecretString),
}

/// A role, and the token of another party that opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebIdentityRole {
    /// The role.
    pub role: AssumeRole,
    /// The party, as the cloud calls it.
    pub provider: String,
    /// The token's file.
    pub token_file: String,
    /// Where STS is, where that was said.
    pub endpoint: Option<Endpoint>,
}

/// A role to assume.
///
/// ```
/// use std::time::Duration;
///
/// use cloud_import_core::{Settings, credentials::AssumeRole};
///
/// let role = AssumeRole::new("acs:ram::1234567890123456:role/images").duration(Some(Duration::from_secs(3600)));
/// let settings = Settings::new("cn-hangzhou").assume_role(role);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct AssumeRole {
    /// Its ARN (Alibaba, Tencent), URN (UCloud) or JRN (JD).
    pub role: String,
    /// The session's name, which the vendor's audit log shows.
    pub session_name: String,
    /// How long its keys are to be valid; the vendor's default when absent.
    pub duration: Option<Duration>,
    /// A policy that narrows what its keys may do.
    pub policy: Option<String>,
    /// What the role's owner demands beside the keys. Alibaba and Tencent only.
    pub external_id: Option<String>,
    /// Region of the STS endpoint, where it has regions.
    pub region: Option<String>,
}

impl AssumeRole {
    /// Assumes a role in a session named `cloud-import`.
    pub fn new(role: impl Into<String>) -> Self {
        Self {
            role: role.into(),
            session_name: "cloud-import".to_owned(),
            duration: None,
            policy: None,
            external_id: None,
            region: None,
        }
    }

    /// Names the session; an empty name counts as none.
    pub fn session_name(mut self, name: Option<String>) -> Self {
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            self.session_name = name;
        }
        self
    }

    /// Sets how long the keys are to be valid.
    pub fn duration(mut self, duration: Option<Duration>) -> Self {
        self.duration = duration;
        self
    }
}

/// Temporary keys and how long they last.
#[derive(Debug, Clone)]
pub struct Temporary {
    /// The keys.
    pub credentials: Credentials,
    /// When they expire.
    pub expires: Expiry,
}

/// When temporary keys expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// At this instant.
    At(SystemTime),
    /// So long after they were given.
    In(Duration),
}

/// What is wrong with a profile or an answer. Its text holds names, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProfileError {
    /// Whether it is in the file beside.
    pub beside: bool,
    /// The profile.
    pub profile: Option<String>,
    /// What is wrong, as it follows the name of the file.
    pub problem: String,
    /// What the user does about it.
    pub remedy: Option<String>,
}

impl ProfileError {
    /// A flaw of the whole.
    pub fn new(problem: impl Into<String>) -> Self {
        Self {
            beside: false,
            profile: None,
            problem: problem.into(),
            remedy: None,
        }
    }

    /// A field that is missing or empty.
    pub fn missing(field: &str) -> Self {
        Self::new(format!("field `{field}` is missing or empty"))
    }

    /// A field with a value that is not of its kind.
    pub fn wrong(field: &str, wanted: &str) -> Self {
        Self::new(format!("field `{field}` is not {wanted}"))
    }

    /// A mode that only the vendor's own tool can use. The mode's name is shown, cut to 40 characters.
    pub fn mode(field: &str, mode: &str, known: &str) -> Self {
        let mode: String = mode.chars().filter(|c| !c.is_control()).take(40).collect();
        Self::new(format!("field `{field}`: mode `{mode}` is not supported")).with_remedy(format!(
            "Use a profile of mode {known}, or put keys into the environment."
        ))
    }

    /// Says that it is in the file beside.
    #[must_use]
    pub fn in_file_beside(mut self) -> Self {
        self.beside = true;
        self
    }

    /// Names the profile, where none is named that is nearer to the flaw.
    #[must_use]
    pub fn in_profile(mut self, profile: &str) -> Self {
        self.profile.get_or_insert_with(|| profile.to_owned());
        self
    }

    /// Says what the user does about it.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(profile) = &self.profile {
            write!(f, "profile `{profile}`: ")?;
        }
        f.write_str(&self.problem)
    }
}

/// Text as JSON.
///
/// # Errors
/// Line and column, without any of the text.
pub fn json(text: &str) -> Result<Value, ProfileError> {
    serde_json::from_str(text).map_err(|error| {
        ProfileError::new(format!(
            "is not JSON (line {}, column {})",
            error.line(),
            error.column()
        ))
    })
}

/// A field's text; `None` when it is missing, `null` or empty. Numbers count as their text.
///
/// # Errors
/// When it is neither text nor number, or begins or ends with a space, which no key does.
pub fn text(object: &Map<String, Value>, field: &str) -> Result<Option<String>, ProfileError> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => checked(field, text),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(ProfileError::wrong(field, "text")),
    }
}

/// A value as it stands in a file; `None` when it is empty.
///
/// # Errors
/// When it begins or ends with a space, or has a control character in it: it was copied along, and would be signed with.
pub(super) fn checked(field: &str, value: &str) -> Result<Option<String>, ProfileError> {
    if value.trim() != value || value.chars().any(char::is_control) {
        return Err(ProfileError::wrong(field, "free of blanks and line breaks at its ends"));
    }
    Ok((!value.is_empty()).then(|| value.to_owned()))
}

/// As [`text`], for a field that must be there.
///
/// # Errors
/// As [`text`], and when it is missing or empty.
pub fn required(object: &Map<String, Value>, field: &str) -> Result<String, ProfileError> {
    text(object, field)?.ok_or_else(|| ProfileError::missing(field))
}

/// The id and the secret of a profile, each with the name of its field; `None` when both are empty: the vendors' tools write
/// such a profile before anything is filled in.
///
/// # Errors
/// When one of the two is empty.
pub fn keys(
    (id_field, id): (&str, Option<String>),
    (secret_field, secret): (&str, Option<String>),
) -> Result<Option<(String, String)>, ProfileError> {
    match (id, secret) {
        (None, None) => Ok(None),
        (None, _) => Err(ProfileError::missing(id_field)),
        (_, None) => Err(ProfileError::missing(secret_field)),
        (Some(id), Some(secret)) => Ok(Some((id, secret))),
    }
}

/// A whole number of seconds, written as number or text; `None` when it is missing, empty or 0.
///
/// # Errors
/// When it is anything else.
pub fn seconds(object: &Map<String, Value>, field: &str) -> Result<Option<Duration>, ProfileError> {
    match text(object, field)? {
        None => Ok(None),
        Some(text) => match text.parse() {
            Ok(0) => Ok(None),
            Ok(seconds) => Ok(Some(Duration::from_secs(seconds))),
            Err(_) => Err(ProfileError::wrong(field, "a whole number of seconds")),
        },
    }
}

/// The instant in a field: RFC 3339, seconds since 1970, or `yyyy-MM-dd HH:mm:ss` in UTC.
///
/// # Errors
/// When it is missing or anything else.
pub fn instant(object: &Map<String, Value>, field: &str) -> Result<SystemTime, ProfileError> {
    let text = required(object, field)?;
    let read = match text.parse() {
        Ok(seconds) => from_unix(seconds),
        Err(_) => parse_rfc3339(&text).or_else(|| parse_rfc3339(&format!("{}Z", text.replacen(' ', "T", 1)))),
    };
    read.ok_or_else(|| ProfileError::wrong(field, "a date"))
}

/// The object in a field.
///
/// # Errors
/// When it is missing or anything else.
pub fn object<'a>(value: &'a Value, field: &str) -> Result<&'a Map<String, Value>, ProfileError> {
    value
        .get(field)
        .and_then(Value::as_object)
        .ok_or_else(|| ProfileError::wrong(field, "an object"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dates_of_every_vendor() {
        let fields =
            json!({"a": "2026-01-02T03:04:05Z", "b": "2026-01-02 03:04:05", "c": 1_767_323_045, "d": "1767323045"});
        let fields = fields.as_object().unwrap();
        let instants: Vec<_> = fields.keys().map(|field| instant(fields, field).unwrap()).collect();
        assert!(instants.iter().all(|instant| *instant == instants[0]), "{instants:?}");
    }

    #[test]
    fn no_flaw_shows_a_value() {
        let fields = json!({"key": " s3cret", "list": ["s3cret"], "n": 7, "none": null, "when": "s3cret"});
        let fields = fields.as_object().unwrap();
        let flaws = [
            text(fields, "key").unwrap_err(),
            text(fields, "list").unwrap_err(),
            required(fields, "none").unwrap_err(),
            seconds(fields, "when").unwrap_err(),
            instant(fields, "when").unwrap_err(),
            json("{\"key\": s3cret}").unwrap_err(),
        ];
        for flaw in flaws {
            assert!(!format!("{flaw} {flaw:?}").contains("s3cret"), "{flaw}");
        }
        assert_eq!(text(fields, "n").unwrap().as_deref(), Some("7"));
        assert_eq!(seconds(fields, "n").unwrap(), Some(Duration::from_secs(7)));
    }
}
