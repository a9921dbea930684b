//! What the signatures of AWS and of Alibaba OSS in their version 4 have in common: the scope, and the key derived for it. A pure
//! function; they differ in names.

use cloud_import_core::provider::digest;

/// The names of one of them.
pub(super) struct Scheme {
    /// The algorithm, as it stands in front.
    pub(super) algorithm: &'static str,
    /// What stands before the secret key in the first derivation.
    pub(super) secret_prefix: &'static str,
    /// The service of the scope.
    pub(super) service: &'static str,
    /// The end of the scope.
    pub(super) end: &'static str,
}

impl Scheme {
    /// The scope of a date (`20250102T030405Z`) and a region.
    pub(super) fn scope(&self, date: &str, region: &str) -> String {
        format!("{}/{region}/{}/{}", day(date), self.service, self.end)
    }

    /// The signature of a canonical request.
    pub(super) fn signature(&self, secret: &str, date: &str, region: &str, canonical: &str) -> String {
        let string_to_sign = format!(
            "{}\n{date}\n{}\n{}",
            self.algorithm,
            self.scope(date, region),
            digest::sha256_hex(canonical.as_bytes())
        );
        let secret = format!("{}{secret}", self.secret_prefix);
        let mut key = digest::hmac_sha256(secret.as_bytes(), day(date).as_bytes());
        for part in [region, self.service, self.end] {
            key = digest::hmac_sha256(&key, part.as_bytes());
        }
        digest::hex(&digest::hmac_sha256(&key, string_to_sign.as_bytes()))
    }
}

fn day(date: &str) -> &str {
    date.get(..8).unwrap_or_default()
}
