//! The only place where clock, sleep, randomness, environment and the user's files are met.
//!
//! Everything else takes them as an [`Env`] or as plain values; `clippy.toml` bans the env functions elsewhere.

mod files;

use std::{
    ffi::OsString,
    fmt::Debug,
    sync::OnceLock,
    time::{Duration, SystemTime},
};

pub use files::{
    make_private_folder, open_lock, open_unlinked, place_file, read_file, read_private_file, remove_file, replace_file,
    write_file,
};

use crate::{BoxFuture, Error, ErrorKind, Result};

/// Clock, sleep and randomness, so that a test can hold them still.
pub trait Env: Debug + Send + Sync {
    /// The time of day, which signatures carry.
    fn now(&self) -> SystemTime;

    /// Time since an arbitrary moment; never goes back.
    fn monotonic(&self) -> Duration;

    /// Waits.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;

    /// An environment variable; unset, empty and non-Unicode ones are `None`. Without more, none is set: a clock for tests reads
    /// nothing of the machine that it runs on.
    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    /// 128 random bits.
    ///
    /// # Errors
    /// [`ErrorKind::Local`] when the system has no randomness.
    fn random(&self) -> Result<[u8; 16]>;

    /// A fresh nonce in the text form of a random UUID.
    ///
    /// # Errors
    /// As [`Self::random`].
    fn nonce(&self) -> Result<String> {
        let mut bits = u128::from_be_bytes(self.random()?);
        bits = (bits & !(0xf << 76)) | (0x4 << 76);
        bits = (bits & !(0x3 << 62)) | (0x2 << 62);
        let hex = format!("{bits:032x}");
        let (a, rest) = hex.split_at(8);
        let (b, rest) = rest.split_at(4);
        let (c, rest) = rest.split_at(4);
        let (d, e) = rest.split_at(4);
        Ok(format!("{a}-{b}-{c}-{d}-{e}"))
    }
}

/// The real thing: system clock, tokio's timer, the system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEnv;

#[expect(clippy::disallowed_methods, reason = "the one place where clock and sleep are met")]
impl Env for SystemEnv {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        static START: OnceLock<std::time::Instant> = OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn variable(&self, name: &str) -> Option<String> {
        variable(name)
    }

    fn random(&self) -> Result<[u8; 16]> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::new(ErrorKind::Local, "the system gave no random bytes").with_source(error))?;
        Ok(bytes)
    }
}

/// An environment variable; unset, empty and non-Unicode ones are `None`.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// An environment variable that need not be Unicode, such as a path; unset and empty ones are `None`.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub fn variable_os(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The names of the environment variables that begin so, in their order; without those that are no Unicode.
pub fn variable_names(prefix: &str) -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(prefix)).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_a_random_uuid() {
        let (one, two) = (SystemEnv.nonce().unwrap(), SystemEnv.nonce().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.len(), 36);
        assert_eq!(one.as_bytes()[14], b'4');
        assert!(matches!(one.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{one}");
    }
}
