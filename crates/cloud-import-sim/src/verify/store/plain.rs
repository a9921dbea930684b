//! What the older schemes of Alibaba OSS, Huawei OBS and UCloud US3 have in common: HMAC-SHA1 over a few lines, sent as
//! `<word> <access key id>:<signature>`, or as fields of a link.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use time::OffsetDateTime;

use super::{
    incoming::{Incoming, Place},
    verified::{Payload, StoreAlgorithm, StoreVerified},
};
use crate::{
    verify::{
        Refusal, Secret, SecretOf,
        canonical::{header, required_header},
        digest::{compare, hmac_sha1},
        instant,
    },
    wire::WireRequest,
};

/// By what the schemes differ in form.
pub(super) struct Scheme {
    pub(super) algorithm: StoreAlgorithm,
    /// The first word of `Authorization`.
    pub(super) word: &'static str,
    /// The field of a link that holds the access key id.
    pub(super) key_field: &'static str,
    /// What the names of the vendor's own headers begin with.
    pub(super) prefix: &'static str,
}

/// Who signed, and where.
pub(super) struct Signed<'i> {
    pub(super) access_key_id: &'i str,
    pub(super) signature: Cow<'i, str>,
    /// The end of a link as sent; `None` for a signature in headers.
    pub(super) expires: Option<&'i str>,
}

/// The time that a signature in headers covers.
pub(super) struct Dated<'r> {
    /// The line of the date.
    pub(super) line: &'r str,
    /// The time of signing.
    pub(super) instant: Option<OffsetDateTime>,
    /// Whether the line is the header `Date`.
    pub(super) is_date: bool,
}

/// The line of the date of a request that has the vendor's own header.
pub(super) enum OwnLine {
    Same,
    Empty,
}

impl<'r> Dated<'r> {
    /// By the vendor's own header of this name where it is sent, else by `Date`. `own_line`: what the line of the date is then.
    pub(super) fn of(request: &'r WireRequest, own: &str, own_line: OwnLine) -> Result<Self, Refusal> {
        if let Some(sent) = header(request, own)? {
            return Ok(Self {
                line: match own_line {
                    OwnLine::Same => sent,
                    OwnLine::Empty => "",
                },
                instant: Some(instant::http(sent, own)?),
                is_date: false,
            });
        }
        let line = required_header(request, "date")?;
        Ok(Self {
            line,
            instant: Some(instant::http(line, "Date")?),
            is_date: true,
        })
    }
}

/// What the schemes differ in by their rules.
pub(super) struct Claim<'r> {
    /// Of a signature in headers; a link has its end instead.
    pub(super) dated: Option<Dated<'r>>,
    /// The security token that was sent.
    pub(super) token: Option<&'r str>,
    /// The last line.
    pub(super) resource: &'r str,
}

impl Scheme {
    /// Finds the signature.
    pub(super) fn read<'i>(&self, incoming: &'i Incoming<'_>) -> Result<Signed<'i>, Refusal> {
        Ok(match incoming.signature_in("Signature")? {
            Place::Header(authorization) => {
                let (access_key_id, signature) = access(authorization, self.word)?;
                Signed {
                    access_key_id,
                    signature: signature.into(),
                    expires: None,
                }
            }
            Place::Query(signature) => Signed {
                access_key_id: incoming.required_field(self.key_field)?,
                signature: signature.into(),
                expires: Some(incoming.required_field("Expires")?),
            },
        })
    }

    /// Verifies it.
    pub(super) fn verify(
        &self,
        incoming: &Incoming<'_>,
        signed: &Signed<'_>,
        claim: &Claim<'_>,
        secret_of: SecretOf<'_>,
    ) -> Result<StoreVerified, Refusal> {
        let expires_at = match signed.expires {
            Some(expires) => Some(instant::unix(expires, "Expires")?),
            None => None,
        };
        let secret = Secret::find(secret_of, signed.access_key_id, claim.token)?;

        let dated = claim.dated.as_ref();
        let date = signed.expires.or(dated.map(|dated| dated.line)).unwrap_or_default();
        let string_to_sign = self.string_to_sign(incoming, date, claim.resource)?;
        let computed = STANDARD.encode(hmac_sha1(secret.key(), string_to_sign.as_bytes()));
        let shown = match self.algorithm {
            // As for UCloud's API: nothing of what it signs is shown.
            StoreAlgorithm::UfileSha1 => String::new(),
            _ => string_to_sign,
        };
        compare(&signed.signature, &computed, shown)?;
        Ok(StoreVerified {
            algorithm: self.algorithm,
            access_key_id: signed.access_key_id.to_owned(),
            instant: dated.and_then(|dated| dated.instant),
            expires_at,
            region: None,
            payload: Payload::None,
            signed_headers: self.covered(incoming, dated.is_some_and(|dated| dated.is_date)),
            presigned: signed.expires.is_some(),
        })
    }

    /// Method, Content-MD5, Content-Type, date, the vendor's headers, resource. The line of a header that was not sent is
    /// empty.
    fn string_to_sign(&self, incoming: &Incoming<'_>, date: &str, resource: &str) -> Result<String, Refusal> {
        let mut text = format!("{}\n", incoming.request.method);
        for name in ["content-md5", "content-type"] {
            if header(incoming.request, name)?.is_some() {
                text.push_str(incoming.signed_header(name)?);
            }
            text.push('\n');
        }
        text.push_str(date);
        text.push('\n');
        for name in incoming.header_names(|name| name.starts_with(self.prefix)) {
            text.push_str(&format!("{name}:{}\n", incoming.signed_header(&name)?));
        }
        text.push_str(resource);
        Ok(text)
    }

    /// The names of the headers among those lines.
    fn covered(&self, incoming: &Incoming<'_>, has_date: bool) -> Vec<String> {
        incoming.header_names(|name| {
            name.starts_with(self.prefix)
                || matches!(name, "content-md5" | "content-type")
                || (has_date && name == "date")
        })
    }
}

/// Takes `<word> <access key id>:<signature>` apart.
fn access<'r>(authorization: &'r str, word: &str) -> Result<(&'r str, &'r str), Refusal> {
    let (found, rest) = authorization
        .split_once(' ')
        .ok_or_else(|| Refusal::malformed("Authorization holds a scheme and nothing else"))?;
    if found != word {
        return Err(Refusal::malformed(format!(
            "Authorization does not name the scheme {word}"
        )));
    }
    // From the right: a signature in base64 holds no colon.
    let (access_key_id, signature) = rest
        .trim()
        .rsplit_once(':')
        .ok_or_else(|| Refusal::malformed("Authorization holds no colon between key and signature"))?;
    if access_key_id.is_empty() || signature.is_empty() {
        return Err(Refusal::malformed("Authorization lacks the key or the signature"));
    }
    Ok((access_key_id, signature))
}

/// `resource`, then those fields of the query that are part of it, sorted by name; an empty one is its name alone.
pub(super) fn with_subresources(resource: &str, incoming: &Incoming<'_>, is_part: impl Fn(&str) -> bool) -> String {
    let mut fields: Vec<&(String, String)> = incoming.query.iter().filter(|(name, _)| is_part(name)).collect();
    fields.sort();
    let mut text = resource.to_owned();
    for (index, (name, value)) in fields.into_iter().enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        text.push_str(name);
        if !value.is_empty() {
            text.push('=');
            text.push_str(value);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::{example::request, store::verified::Addressing};

    #[test]
    fn key_and_signature_stand_around_a_colon() {
        assert_eq!(access("OBS a:b:sig=", "OBS"), Ok(("a:b", "sig=")));
        for bad in ["", "OBS", "OBS ", "OBS a", "OBS a:", "OBS :s", "OSS a:s"] {
            assert!(access(bad, "OBS").is_err(), "{bad}");
        }
    }

    #[test]
    fn subresources_are_sorted_and_empty_ones_bare() {
        let request = request("GET", "/k?uploads=&prefix=p&acl&partNumber=1", &[], "");
        let incoming = Incoming::new(&request, Addressing::VirtualHost { bucket: "b" }).unwrap();
        let text = with_subresources(&incoming.resource, &incoming, |name| name != "prefix");
        assert_eq!(text, "/b/k?acl&partNumber=1&uploads");
        assert_eq!(with_subresources("/b/k", &incoming, |_| false), "/b/k");
    }
}
