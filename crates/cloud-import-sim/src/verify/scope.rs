//! The credential scope of the version 4 schemes, and how long their links hold.

use time::{Duration, OffsetDateTime};

use super::Refusal;

/// The longest validity of a version 4 link in seconds: seven days. Source: AWS's "Authenticating Requests: Using Query
/// Parameters"; Alibaba's page on V4 in URLs names the same.
const LONGEST: i64 = 604_800;

/// `<access key id>/<yyyymmdd>/<region>/<service>/<terminator>`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scope<'r> {
    pub(super) access_key_id: &'r str,
    pub(super) date: &'r str,
    pub(super) region: &'r str,
    pub(super) service: &'r str,
    pub(super) terminator: &'r str,
}

impl<'r> Scope<'r> {
    /// Takes a credential apart.
    pub(super) fn split(credential: &'r str) -> Result<Self, Refusal> {
        // From the right, because an access key id is opaque and could hold a slash.
        let mut parts = credential.rsplitn(5, '/');
        let (Some(terminator), Some(service), Some(region), Some(date), Some(access_key_id)) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::malformed("Credential does not have five parts"));
        };
        Ok(Self {
            access_key_id,
            date,
            region,
            service,
            terminator,
        })
    }

    /// Reads a credential that must name this service and end so, and be of the day of `timestamp` (`YYYYMMDDTHHMMSSZ`).
    pub(super) fn parse(
        credential: &'r str,
        service: &str,
        terminator: &str,
        timestamp: &str,
    ) -> Result<Self, Refusal> {
        let scope = Self::split(credential)?;
        if scope.service != service || scope.terminator != terminator {
            return Err(Refusal::malformed(format!(
                "Credential does not end in {service}/{terminator}"
            )));
        }
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if scope.access_key_id.is_empty() || scope.region.is_empty() || !scope.region.bytes().all(plain) {
            return Err(Refusal::malformed("Credential has an empty or malformed part"));
        }
        if timestamp.split_once('T').map(|(day, _)| day) != Some(scope.date) {
            return Err(Refusal::malformed("the date in Credential is not that of signing"));
        }
        Ok(scope)
    }

    /// What the signing key is derived from, step by step.
    pub(super) fn steps(&self) -> [&'r str; 4] {
        [self.date, self.region, self.service, self.terminator]
    }
}

/// When a link ends that was signed at this instant for this many seconds.
pub(super) fn end(instant: OffsetDateTime, seconds: &str) -> Result<OffsetDateTime, Refusal> {
    let refusal = || Refusal::malformed(format!("the validity is not a number of seconds from 1 to {LONGEST}"));
    // The parser alone would take a sign.
    let digits = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
    let seconds: i64 = digits.then(|| seconds.parse().ok()).flatten().ok_or_else(refusal)?;
    if !(1..=LONGEST).contains(&seconds) {
        return Err(refusal());
    }
    instant.checked_add(Duration::seconds(seconds)).ok_or_else(refusal)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn five_parts_are_read_from_the_right() {
        let scope = Scope::parse(
            "a/k/20250102/cn-north-1/s3/aws4_request",
            "s3",
            "aws4_request",
            "20250102T030405Z",
        );
        let scope = scope.unwrap();
        assert_eq!(scope.access_key_id, "a/k");
        assert_eq!(scope.steps(), ["20250102", "cn-north-1", "s3", "aws4_request"]);
        for bad in [
            "",
            "k/20250102/r/s3",
            "k/20250102/r/s3/other",
            "k/20250102/r/oss/aws4_request",
            "k/20250103/r/s3/aws4_request",
            "k/20250102//s3/aws4_request",
            "k/20250102/R/s3/aws4_request",
            "/20250102/r/s3/aws4_request",
        ] {
            assert!(
                Scope::parse(bad, "s3", "aws4_request", "20250102T030405Z").is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_link_ends_within_seven_days() {
        let instant = datetime!(2025-01-02 03:04:05 UTC);
        assert_eq!(end(instant, "1"), Ok(datetime!(2025-01-02 03:04:06 UTC)));
        assert_eq!(end(instant, "604800"), Ok(datetime!(2025-01-09 03:04:05 UTC)));
        for bad in ["", "0", "604801", "+5", "-5", "1.5", "99999999999999999999"] {
            assert!(end(instant, bad).is_err(), "{bad}");
        }
    }
}
