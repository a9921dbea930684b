//! The `Authorization` header of the schemes that sign headers: an algorithm, then `name=value` parts between commas.

use super::{Refusal, fields::fields};

/// The header taken apart. It only checks form; what the parts mean is each scheme's business.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authorization<'r> {
    /// The first word, for example `TC3-HMAC-SHA256`.
    pub(super) algorithm: &'r str,
    /// The value of the part that names the key (`Credential`, at Huawei `Access`).
    pub(super) credential: &'r str,
    /// Names in lower case, sorted, none twice.
    pub(super) signed_headers: Vec<String>,
    /// The signature as sent.
    pub(super) signature: &'r str,
}

impl<'r> Authorization<'r> {
    /// Reads the header's value. `key_part` is the name of the part that names the key.
    pub(super) fn parse(value: &'r str, key_part: &str) -> Result<Self, Refusal> {
        let (algorithm, rest) = value
            .trim()
            .split_once(' ')
            .ok_or_else(|| Refusal::malformed("Authorization holds an algorithm and nothing else"))?;
        let [credential, signed_headers, signature] = fields(rest, ',', [key_part, "SignedHeaders", "Signature"])?;
        let lacking = |name: &str| Refusal::malformed(format!("Authorization lacks {name}"));
        Ok(Self {
            algorithm,
            credential: credential
                .filter(|text| !text.is_empty())
                .ok_or_else(|| lacking(key_part))?,
            signed_headers: header_list(signed_headers.ok_or_else(|| lacking("SignedHeaders"))?)?,
            signature: signature
                .filter(|text| !text.is_empty())
                .ok_or_else(|| lacking("Signature"))?,
        })
    }

    /// Refuses the request unless this header is among the signed ones.
    pub(super) fn must_sign(&self, header: &str) -> Result<(), Refusal> {
        if self.signs(header) {
            return Ok(());
        }
        Err(Refusal::malformed(format!("SignedHeaders lacks {header}")))
    }

    /// Whether this header (in lower case) is among the signed ones.
    pub(super) fn signs(&self, header: &str) -> bool {
        self.signed_headers.iter().any(|name| name == header)
    }
}

/// All the schemes want the list sorted and in lower case, and every SDK sends it so.
fn header_list(list: &str) -> Result<Vec<String>, Refusal> {
    let names: Vec<String> = list.split(';').map(str::to_owned).collect();
    let lower = names.iter().all(|name| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase())
    });
    if !lower {
        return Err(Refusal::malformed(
            "SignedHeaders is not a list of lower-case header names",
        ));
    }
    if names.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(Refusal::malformed(
            "SignedHeaders is not sorted, or names a header twice",
        ));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_with_and_without_blanks() {
        for value in [
            "ACS3 Credential=a/b,SignedHeaders=a;b-c,Signature=0f=",
            " ACS3 Signature=0f=, Credential=a/b,  SignedHeaders=a;b-c ",
        ] {
            let parsed = Authorization::parse(value, "Credential").unwrap();
            assert_eq!(parsed.algorithm, "ACS3");
            assert_eq!(parsed.credential, "a/b");
            assert_eq!(parsed.signed_headers, ["a", "b-c"]);
            assert_eq!(parsed.signature, "0f=");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for value in [
            "",
            "ACS3",
            "ACS3 ",
            "ACS3 Credential",
            "ACS3 Credential=a,SignedHeaders=a",
            "ACS3 Credential=a,Signature=1",
            "ACS3 SignedHeaders=a,Signature=1",
            "ACS3 Credential=,SignedHeaders=a,Signature=1",
            "ACS3 Credential=a,SignedHeaders=a,Signature=",
            "ACS3 Credential=a,SignedHeaders=,Signature=1",
            "ACS3 Credential=a,SignedHeaders=a;,Signature=1",
            "ACS3 Credential=a,SignedHeaders=A,Signature=1",
            "ACS3 Credential=a,SignedHeaders=b;a,Signature=1",
            "ACS3 Credential=a,SignedHeaders=a;a,Signature=1",
            "ACS3 Credential=a,SignedHeaders=a,Signature=1,Signature=2",
            "ACS3 Credential=a,SignedHeaders=a,Signature=1,Other=2",
            "ACS3 Access=a,SignedHeaders=a,Signature=1",
        ] {
            assert!(
                matches!(Authorization::parse(value, "Credential"), Err(Refusal::Malformed(_))),
                "{value}"
            );
        }
    }
}
