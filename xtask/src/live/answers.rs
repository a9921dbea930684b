//! `answers.json` as the program writes it that goes to the cloud (`tests/support/live/report.rs`), as far as it is read here.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Deserialize;
use serde_json::Value;

/// The newest version of the form that is known here.
const SCHEMA: u32 = 1;

#[derive(Deserialize)]
pub(crate) struct Answers {
    schema: u32,
    pub(crate) facts: Facts,
    pub(crate) steps: Vec<Step>,
    pub(crate) exchanges: Vec<Exchange>,
}

#[derive(Deserialize)]
pub(crate) struct Facts {
    pub(crate) cloud: String,
    pub(crate) region: String,
    pub(crate) simulated: bool,
    pub(crate) version: String,
    pub(crate) begun: String,
    pub(crate) format: String,
    pub(crate) bytes: u64,
    pub(crate) os: String,
}

#[derive(Deserialize)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) took: f64,
    pub(crate) passed: bool,
    pub(crate) told: String,
}

#[derive(Deserialize)]
pub(crate) struct Exchange {
    pub(crate) at: f64,
    pub(crate) lost: bool,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) action: Option<String>,
    pub(crate) request: Value,
    pub(crate) status: Option<u16>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) etag_is_md5: Option<bool>,
    pub(crate) answer: Value,
}

impl Answers {
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let text = fs::read_to_string(file).map_err(|error| told(&error))?;
        let answers: Self = serde_json::from_str(&text).map_err(|error| told(&error))?;
        if answers.schema > SCHEMA {
            return Err(told(&format!(
                "its form is version {}, and {SCHEMA} is the newest that is known here: judge it with a newer checkout",
                answers.schema
            )));
        }
        Ok(answers)
    }

    /// How a step ended; `None` when it was not reached.
    pub(crate) fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }
}

impl Exchange {
    /// The vendor's code, where it was refused.
    pub(crate) fn code(&self) -> Option<String> {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let answer = &self.answer;
        if let Some(xml) = answer.as_str() {
            let (_, code) = xml.split_once("<Code>")?;
            return Some(code.split_once("</Code>")?.0.to_owned());
        }
        let nested = ["/Response/Error/Code", "/error/status", "/error/code", "/error_code"];
        let nested = nested.iter().find_map(|path| answer.pointer(path).and_then(text));
        let outer = answer.get("Code").or_else(|| answer.get("code")).and_then(text);
        let number = answer
            .get("RetCode")
            .filter(|code| code.as_i64() != Some(0))
            .and_then(text);
        nested.or(outer.filter(|_| !self.is_success())).or(number)
    }

    /// Whether its status is one of success. Some clouds refuse with one.
    pub(crate) fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// It was answered, and not refused.
    pub(crate) fn is_taken(&self) -> bool {
        self.is_success() && self.code().is_none()
    }

    /// The value of a field of the request, in its query or in its body.
    pub(crate) fn sent(&self, field: &str) -> Option<String> {
        let in_body = find(&self.request, field).map(shown);
        self.query.get(field).cloned().or(in_body)
    }

    /// Whether a text stands anywhere in what was sent.
    pub(crate) fn sends(&self, text: &str) -> bool {
        self.query.values().any(|value| value == text) || holds(&self.request, text)
    }
}

/// A field by its name, wherever it is.
pub(crate) fn find<'a>(value: &'a Value, field: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => fields
            .get(field)
            .or_else(|| fields.values().find_map(|value| find(value, field))),
        Value::Array(items) => items.iter().find_map(|item| find(item, field)),
        _ => None,
    }
}

/// Whether a text is the value of anything in it.
pub(crate) fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own == text,
        Value::Object(fields) => fields.values().any(|value| holds(value, text)),
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        _ => false,
    }
}

/// A value in one line.
pub(crate) fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
