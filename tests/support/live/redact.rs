//! Takes out of requests and answers what tells whose account it was: keys, signatures, ids, numbers of accounts, names of buckets,
//! addresses. One value becomes one placeholder throughout, so that what belongs together is still seen to.
//!
//! What is kept is what the specs speak of: names of fields, codes, states, sizes, times, and the vendor's words.

use std::collections::HashMap;

use cloud_import::{ImageImporter, Result, provider::encode::percent};
use serde_json::Value;

use super::run::Order;

/// Fields of a form or a query that sign it or name the keys. They are left out.
const SIGNING: [&str; 6] = [
    "signature",
    "accesskey",
    "publickey",
    "credential",
    "securitytoken",
    "security-token",
];

/// In the names of fields that hold what people called something.
const NAMING: [&str; 9] = [
    "imagename",
    "displayname",
    "username",
    "projectname",
    "owner",
    "creator",
    "description",
    "nickname",
    "mail",
];

/// Whole names of such fields.
const NAMING_WHOLE: [&str; 4] = ["name", "id", "tag", "tags"];

/// Numbers below this are no account's.
const SMALLEST_NUMBER: u64 = 1_000_000;

/// In the names of fields whose large numbers say something.
const MEASURES: [&str; 6] = ["size", "time", "bytes", "date", "expire", "length"];

/// What is known to be private, and what was found so far.
#[derive(Debug, Default)]
pub struct Redactor {
    private: Vec<(String, String)>,
    public: Vec<String>,
    found: HashMap<String, usize>,
}

/// What is known to be private before anything is sent.
pub(super) async fn of(order: &Order, importer: &dyn ImageImporter) -> Result<Redactor> {
    let mut redactor = Redactor::default();
    if let Some(connection) = importer.connection() {
        let credentials = connection.pipeline.credentials.credentials().await?;
        // An IAM token is only in a header, of which nothing is kept.
        if let Ok(keys) = credentials.keys() {
            redactor.hide(keys.access_key_id, "access-key-id");
            redactor.hide(keys.secret_access_key, "secret-access-key");
            redactor.hide(keys.security_token.unwrap_or_default(), "security-token");
        }
    }
    redactor.hide(&order.bucket, "bucket");
    redactor.hide(importer.project().unwrap_or_default(), "project");
    order.names().iter().for_each(|name| redactor.keep(name));
    Ok(redactor)
}

impl Redactor {
    /// Hides this text wherever it stands.
    pub fn hide(&mut self, text: &str, name: &str) {
        if text.is_empty() {
            return;
        }
        let shown = format!("<{name}>");
        self.private.push((percent(text), shown.clone()));
        self.private.push((text.to_owned(), shown));
        self.private.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
    }

    /// Keeps words that are this text, though they look like ids.
    pub fn keep(&mut self, text: &str) {
        self.public.push(text.to_owned());
    }

    /// Whether a field signs the request or names the keys.
    #[must_use]
    pub fn is_signing(field: &str) -> bool {
        let field = field.to_ascii_lowercase();
        SIGNING.iter().any(|part| field.contains(part))
    }

    /// Text without what is private.
    pub fn text(&mut self, text: &str) -> String {
        let mut text = match text.trim_start().starts_with('<') {
            true => self.elements(&without_queries(text)),
            false => without_queries(text),
        };
        for (private, shown) in &self.private {
            text = text.replace(private, shown);
        }
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
        let mut shown = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(begin) = rest.find(is_word) {
            let (before, word) = rest.split_at(begin);
            let (word, after) = word.split_at(word.find(|c| !is_word(c)).unwrap_or(word.len()));
            shown.push_str(before);
            // A placeholder, or an element of XML.
            match before.ends_with(['<', '/']) && after.starts_with(['>', ' ']) {
                true => shown.push_str(word),
                false => shown.push_str(&self.word(word)),
            }
            rest = after;
        }
        shown.push_str(rest);
        shown
    }

    /// JSON without what is private; the names of its fields stay.
    pub fn json(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::Object(fields) => {
                let fields = fields.iter().filter(|(name, _)| !Self::is_signing(name));
                fields
                    .map(|(name, value)| (name.clone(), self.field(name, value)))
                    .collect()
            }
            other => other.clone(),
        }
    }

    fn field(&mut self, name: &str, value: &Value) -> Value {
        let name = name.to_ascii_lowercase();
        let is_measure = MEASURES.iter().any(|part| name.contains(part));
        match value.as_u64() {
            Some(number) if number >= SMALLEST_NUMBER && !is_measure => self.id(&number.to_string()).into(),
            _ if is_naming(&name) => self.named(value),
            _ => self.json(value),
        }
    }

    /// What people called something is theirs, but for the names of this run.
    fn named(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) if !text.is_empty() => self.name(text).into(),
            Value::Array(items) => items.iter().map(|item| self.named(item)).collect(),
            other => self.json(other),
        }
    }

    fn name(&mut self, text: &str) -> String {
        let is_known = |own: &&str| self.private.iter().any(|(private, _)| private == own);
        match self.public.iter().any(|public| public == text) || is_known(&text) {
            true => text.to_owned(),
            false => self.id(text),
        }
    }

    /// XML in which what people called something is hidden.
    fn elements(&mut self, xml: &str) -> String {
        let mut shown = String::with_capacity(xml.len());
        let mut rest = xml;
        while let Some(begin) = rest.find('<') {
            let (before, element) = rest.split_at(begin);
            let (tag, after) = element.split_at(element.find('>').map_or(element.len(), |end| end + 1));
            shown.push_str(before);
            shown.push_str(tag);
            let (text, next) = after.split_at(after.find('<').unwrap_or(after.len()));
            let name = tag.trim_matches(['<', '>']).to_ascii_lowercase();
            match is_naming(&name) && !text.trim().is_empty() {
                true => shown.push_str(&self.name(text)),
                false => shown.push_str(text),
            }
            rest = next;
        }
        shown.push_str(rest);
        shown
    }

    fn word(&mut self, word: &str) -> String {
        if self.public.iter().any(|public| public == word) || is_date(word) || !is_id(word) {
            return word.to_owned();
        }
        // The end of a sentence is not the word's.
        let bare = word.trim_end_matches('.');
        format!("{}{}", self.id(bare), &word[bare.len()..])
    }

    fn id(&mut self, id: &str) -> String {
        let next = self.found.len() + 1;
        format!("<id-{}>", self.found.entry(id.to_owned()).or_insert(next))
    }
}

/// By its name in small letters.
fn is_naming(field: &str) -> bool {
    NAMING_WHOLE.contains(&field) || NAMING.iter().any(|part| field.replace('_', "").contains(part))
}

/// Links without their queries, which may be signed.
fn without_queries(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find("://") {
        let (before, link) = rest.split_at(begin);
        let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>');
        let (link, after) = link.split_at(link.find(ends).unwrap_or(link.len()));
        shown.push_str(before);
        shown.push_str(link.split_once('?').map_or(link, |(link, _)| link));
        rest = after;
    }
    shown.push_str(rest);
    shown
}

/// `2026-11-29`, or that with `T` and an hour; what follows a colon is a word of its own.
fn is_date(word: &str) -> bool {
    let date = word.split_once('T').map_or(word, |(date, _)| date);
    let mut parts = date.split('-').map(|part| (part.len(), part.parse::<u16>().is_ok()));
    let is_date = [4, 2, 2].iter().all(|length| parts.next() == Some((*length, true)));
    is_date && parts.next().is_none() && word.len() <= "2026-11-29T10".len()
}

/// Whether a word looks like an id, a number of an account, a sum or an address, and not like a word of a language or an API.
fn is_id(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let parts: Vec<&str> = word.split(['-', '_', '.']).collect();
    let is_mixed = |part: &str| {
        let is_digit = |c: u8| c.is_ascii_digit();
        part.len() >= 6 && part.bytes().any(is_digit) && part.bytes().any(|c| c.is_ascii_alphabetic())
    };
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    let is_address = parts.len() == 4 && word.matches('.').count() == 3 && parts.iter().all(|part| is_number(part));
    word.contains('@') || is_address || digits >= 6 || word.len() >= 40 || parts.iter().any(|part| is_mixed(part))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn redactor() -> Redactor {
        let mut redactor = Redactor::default();
        redactor.hide("AKIDexample", "key");
        redactor.hide("images-1250000000", "bucket");
        redactor.hide("org-a+b", "project");
        redactor.keep("live-20261129-1");
        redactor
    }

    #[test]
    fn what_names_an_account_is_hidden() {
        let mut redactor = redactor();
        for (text, shown) in [
            (
                "https://images-1250000000.cos.ap-guangzhou.myqcloud.com/cloud-import/x?q-ak=AKIDexample&sig=1",
                "https://<bucket>.cos.ap-guangzhou.myqcloud.com/cloud-import/x",
            ),
            ("img-ab12cd34 is of uin 100012345678.", "<id-1> is of uin <id-2>."),
            ("again img-ab12cd34", "again <id-1>"),
            ("from 10.0.12.7 by someone@example.com", "from <id-3> by <id-4>"),
            ("0f9a0b6c-4d51-4d7a-8f0c-1f2e3d4c5b6a", "<id-5>"),
            (
                "acs:ram::1234567890123456:role/AliyunECSImageImportDefaultRole",
                "acs:ram::<id-6>:role/AliyunECSImageImportDefaultRole",
            ),
            ("of org-a+b, org-a%2Bb", "of <project>, <project>"),
        ] {
            assert_eq!(redactor.text(text), shown, "{text}");
        }
    }

    #[test]
    fn what_the_specs_speak_of_stays() {
        let mut redactor = redactor();
        for text in [
            "InvalidParameterValue.DuplicateTags",
            "2026-11-29T10:20:30Z",
            "2026-11-29 10:20:30",
            "CentOS 7.9 64bit x86_64 qcow2 zvhd2",
            "live-20261129-1",
            "镜像不存在",
            "cn-north-1 ap-guangzhou cn-bj2 eu-west-101",
            "/v1/regions/cn-north-1/images:import",
            "IMG.0026 Ims.0144",
        ] {
            assert_eq!(redactor.text(text), text);
        }
    }

    #[test]
    fn fields_keep_their_names_and_measures() {
        let answer = json!({
            "RetCode": 0, "OwnerUin": 100_012_345_678_u64, "ImageSize": 4_000_000_000_u64, "CreateTime": 1_764_400_000,
            "Signature": "abc", "PublicKey": "AKIDexample", "list": [{"ImageId": "uimage-q1w2e3r4", "n": 12}],
        });
        let shown = json!({
            "RetCode": 0, "OwnerUin": "<id-2>", "ImageSize": 4_000_000_000_u64, "CreateTime": 1_764_400_000,
            "list": [{"ImageId": "<id-1>", "n": 12}],
        });
        let mut redactor = redactor();
        redactor.text("uimage-q1w2e3r4");
        assert_eq!(redactor.json(&answer), shown);
    }

    #[test]
    fn what_people_called_something_is_theirs() {
        let answer = json!({"ImageName": "our secret product", "os_name": "CentOS", "tags": ["payroll"], "name": "live-20261129-1"});
        let shown = json!({"ImageName": "<id-1>", "os_name": "CentOS", "tags": ["<id-2>"], "name": "live-20261129-1"});
        let mut redactor = redactor();
        assert_eq!(redactor.json(&answer), shown);
        let xml = "<?xml version=\"1.0\"?><Bucket xmlns=\"http://s3.example\"><Owner><ID>acme</ID><DisplayName>Acme Ltd</DisplayName></Owner><Name>images-1250000000</Name><Code>NoSuchKey</Code></Bucket>";
        let shown = "<?xml version=\"1.0\"?><Bucket xmlns=\"http://s3.example\"><Owner><ID><id-3></ID><DisplayName><id-4></DisplayName></Owner><Name><bucket></Name><Code>NoSuchKey</Code></Bucket>";
        assert_eq!(redactor.text(xml), shown);
    }
}
