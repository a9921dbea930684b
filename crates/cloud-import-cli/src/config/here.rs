//! The file of defaults of the working directory, which may be another's: what of it decides where data and keys go counts only once the
//! user trusted it, as it is. Reads none of it.

use std::path::{Path, PathBuf};

use cloud_import::{Error, ErrorKind, Result, env, provider::digest};

use super::values::{Values, refuse};
use crate::state::users_own;

/// The keys that decide where data and requests that are signed with the user's keys go, whose keys they are, which file is written, and
/// what is run. A file of targets has the same in it.
pub(super) const DECIDING: [&str; 8] = [
    "account",
    "bucket",
    "endpoint",
    "instance_metadata",
    "metrics_file",
    "on_end",
    "state",
    "targets",
];

/// The keys that run something, which counts only from a file that was trusted even where clouds are simulated.
const RUNNING: [&str; 1] = ["on_end"];

/// What of these values decides that.
pub(super) fn deciding(values: &Values) -> Values {
    let deciding = values.0.iter().filter(|(key, _)| DECIDING.contains(&key.as_str()));
    Values(deciding.map(|(key, texts)| (key.clone(), texts.clone())).collect())
}

/// What of these values runs something.
pub(super) fn running(mut values: Values) -> Values {
    values.0.retain(|key, _| RUNNING.contains(&key.as_str()));
    values
}

/// Remembers that this file was trusted, with this text in it.
///
/// # Errors
/// [`ErrorKind::Local`] when that cannot be remembered.
pub(super) fn trust(path: &Path, text: &str) -> Result<()> {
    let mark = mark(path, text)?;
    let made = mark.parent().map_or(Ok(()), env::make_private_folder);
    made.and_then(|()| env::write_file(&mark, b"")).map_err(|error| {
        let message = format!("`{}` cannot be written: {error}", mark.display());
        Error::new(ErrorKind::Local, message).with_source(error)
    })
}

/// Refuses what these values of a file decide, unless it was trusted with this text in it.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`].
pub(super) fn allow(path: &Path, text: &str, counting: &Values) -> Result<()> {
    let is_trusted = || Ok::<_, Error>(env::read_private_file(&mark(path, text)?, 0).is_ok_and(|mark| mark.is_some()));
    if counting.0.is_empty() || is_trusted()? {
        return Ok(());
    }
    let keys: Vec<&str> = counting.0.keys().map(String::as_str).collect();
    let message = format!(
        "`{}` sets {}: what decides where data and keys go, or runs something, counts only from a file that you trusted",
        path.display(),
        keys.join(", ")
    );
    Err(refuse(message).with_remedy(
        "Read the file; if it is yours, repeat the command with --trust-here, once. Else use --no-config.",
    ))
}

/// What stands for a file with a text in it.
fn mark(path: &Path, text: &str) -> Result<PathBuf> {
    let whole = std::path::absolute(path).map_err(|error| {
        let message = format!("where `{}` is cannot be told: {error}", path.display());
        Error::new(ErrorKind::Local, message).with_source(error)
    })?;
    let place = whole.as_os_str().as_encoded_bytes();
    let content = digest::sha256_hex(text.as_bytes());
    let name = digest::sha256_hex(&[place, b"\n", content.as_bytes()].concat());
    Ok(users_own()?.join("trusted").join(name))
}
