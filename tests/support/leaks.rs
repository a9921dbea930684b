//! Looks for secrets in text: as they are, and in every form in which they could have got there.

use std::{collections::BTreeSet, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A secret that text must not hold.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Secret {
    what: String,
    text: String,
}

/// Shows what it is, not the secret.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Secret {
    /// A secret and what it is called.
    pub fn new(what: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            text: text.into(),
        }
    }

    /// How the secret is in this text, if it is.
    #[must_use]
    pub fn found_in(&self, text: &str) -> Option<Leak> {
        self.found_as(&self.forms(), text, &text.to_ascii_lowercase())
    }

    /// `lower` is the text in lower case: hexadecimal digits and percent-encoding come in both letter cases.
    fn found_as(&self, forms: &[Form], text: &str, lower: &str) -> Option<Leak> {
        let is_there = |(_, form, folds): &&Form| if *folds { lower } else { text }.contains(form);
        let (form, _, _) = forms.iter().find(is_there)?;
        Some(Leak {
            secret: self.what.clone(),
            form,
        })
    }

    fn forms(&self) -> Vec<Form> {
        let bytes = self.text.as_bytes();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let percent = utf8_percent_encode(&self.text, NON_ALPHANUMERIC).to_string();
        let usual: String = {
            const UNRESERVED: &percent_encoding::AsciiSet =
                &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
            utf8_percent_encode(&self.text, UNRESERVED).to_string()
        };
        let mut forms = vec![
            ("raw", self.text.clone(), false),
            ("hex", hex, true),
            ("percent-encoded", percent.to_ascii_lowercase(), true),
            ("percent-encoded", usual.to_ascii_lowercase(), true),
            ("form-encoded", usual.replace("%20", "+").to_ascii_lowercase(), true),
            (
                "escaped for JSON or Debug",
                format!("{:?}", self.text).trim_matches('"').to_owned(),
                false,
            ),
        ];
        // Inside a longer text that is encoded as a whole, the bytes may begin at any place of a group of three.
        for skipped in 0..3 {
            let mut padded = vec![0; skipped];
            padded.extend_from_slice(bytes);
            let encoded = STANDARD_NO_PAD.encode(&padded);
            let from = if skipped == 0 { 0 } else { skipped + 1 };
            let to = padded.len() / 3 * 4;
            if let Some(part) = encoded.get(from..to).filter(|part| part.len() >= 8) {
                forms.push(("base64", part.to_owned(), false));
                forms.push(("base64url", part.replace('+', "-").replace('/', "_"), false));
            }
        }
        forms
    }
}

/// Name, text, and whether letter case does not matter (the text is in lower case then).
type Form = (&'static str, String, bool);

/// A secret that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// What it is.
    pub secret: String,
    /// In which form.
    pub form: &'static str,
}

/// Texts with the names of where they are from, and the secrets that none of them may hold.
#[derive(Debug, Default)]
pub struct Watch {
    secrets: BTreeSet<Secret>,
    texts: Vec<(String, String)>,
}

impl Watch {
    /// Adds a secret. One of less than eight characters is no secret that could be looked for.
    pub fn secret(&mut self, what: impl Into<String>, text: impl Into<String>) {
        let text = text.into();
        if text.len() >= 8 {
            self.secrets.insert(Secret::new(what, text));
        }
    }

    /// Adds a text.
    pub fn text(&mut self, from: impl Into<String>, text: impl Into<String>) {
        self.texts.push((from.into(), text.into()));
    }

    /// Adds both shown forms of something.
    pub fn shown(&mut self, from: &str, it: &(impl fmt::Debug + ?Sized)) {
        self.text(format!("Debug of {from}"), format!("{it:?}"));
        self.text(format!("pretty Debug of {from}"), format!("{it:#?}"));
    }

    /// How many secrets there are whose name begins so.
    pub fn count(&self, what: &str) -> usize {
        self.secrets
            .iter()
            .filter(|secret| secret.what.starts_with(what))
            .count()
    }

    /// Every secret that is in a text: where, which, in what form. The secret itself is not in it.
    pub fn leaks(&self) -> Vec<String> {
        let mut leaks = Vec::new();
        let secrets: Vec<_> = self.secrets.iter().map(|secret| (secret, secret.forms())).collect();
        for (from, text) in &self.texts {
            let lower = text.to_ascii_lowercase();
            for (secret, forms) in &secrets {
                if let Some(leak) = secret.found_as(forms, text, &lower) {
                    leaks.push(format!("{}, {}, in {from}", leak.secret, leak.form));
                }
            }
        }
        leaks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "s3cret/key+with=signs";

    fn form(text: &str) -> Option<&'static str> {
        Secret::new("key", TEXT).found_in(text).map(|leak| leak.form)
    }

    #[test]
    fn every_form_is_found() {
        assert_eq!(form(&format!("a {TEXT} b")), Some("raw"));
        assert_eq!(form("7333637265742F6B65792B776974683D7369676E73"), Some("hex"));
        assert_eq!(form("x=s3cret%2Fkey%2Bwith%3Dsigns"), Some("percent-encoded"));
        assert_eq!(form("x=s3cret%2fkey%2bwith%3dsigns"), Some("percent-encoded"));
        for before in ["", "a", "ab", "abc:"] {
            let encoded = STANDARD_NO_PAD.encode(format!("{before}{TEXT}, and more"));
            assert_eq!(form(&encoded), Some("base64"), "{before}");
        }
        assert_eq!(form("s3cret key with signs, czNjcmV0, 733363726574"), None);
    }

    #[test]
    fn a_watch_names_secret_form_and_place_but_not_the_secret() {
        let mut watch = Watch::default();
        watch.secret("the key", TEXT);
        watch.secret("too short", "abc");
        watch.text("a log", "abc");
        watch.shown("an error", TEXT);
        assert_eq!(watch.leaks()[0], "the key, raw, in Debug of an error");
        assert_eq!((watch.count("the"), watch.count("too")), (1, 0));
        assert!(!format!("{:?}", watch.secrets).contains(TEXT));
    }
}
