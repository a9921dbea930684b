//! What a package, or our spec, says of operations, in one form, and the file that keeps it. Nothing is judged here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::failure::{Failure, text};
use crate::{
    house,
    spec::{self, Spec},
};

/// Operations by name.
pub(crate) type Operations = BTreeMap<String, Operation>;

/// Fields by path: dotted, with `[]` behind a list.
pub(crate) type Fields = BTreeMap<String, Field>;

/// One operation.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    pub(crate) http: String,
    pub(crate) request: Fields,
    pub(crate) response: Fields,
}

/// One field. What the source does not say is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) required: Option<bool>,
    #[serde(default, rename = "enum", skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) values: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) limits: BTreeMap<String, serde_json::Number>,
    /// A hash of the vendor's prose; in our own spec, the prose.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) doc: String,
    /// What only our spec has.
    #[serde(skip)]
    pub(crate) own: Own,
}

/// What our spec says beside the facts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Own {
    pub(crate) accept: Option<String>,
    pub(crate) alias: Vec<String>,
    pub(crate) unverified: bool,
    pub(crate) whole_body: bool,
    /// What is in it is kept as it comes.
    pub(crate) opaque: bool,
}

/// The vendor's facts of one cloud.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lock {
    pub(crate) sources: Vec<Read>,
    pub(crate) facts: BTreeMap<String, Operations>,
}

/// A package that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Read {
    pub(crate) name: String,
    pub(crate) registry: String,
    pub(crate) version: String,
    pub(crate) sha256: String,
    pub(crate) read: String,
}

/// The published error codes of a cloud.
#[derive(Debug, Deserialize)]
pub(crate) struct Codes {
    pub(crate) codes: BTreeMap<String, Code>,
}

/// One of them; `operations` is empty where the source does not say.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Code {
    #[serde(default)]
    pub(crate) operations: BTreeSet<String>,
}

impl Codes {
    /// Nothing, where a cloud has no table.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, Failure> {
        let path = folder.join("codes.lock.json");
        if !path.is_file() {
            return Ok(None);
        }
        let invalid = |error| Failure::Other(format!("{}: {error}", path.display()));
        serde_json::from_str(&text(&path)?).map(Some).map_err(invalid)
    }
}

impl Lock {
    /// The file's name in a cloud's folder.
    pub(crate) const FILE: &str = "vendor.lock.json";

    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(Self::FILE);
        serde_json::from_str(&text(&path)?).map_err(|error| Failure::Other(format!("{}: {error}", path.display())))
    }

    /// Sources that no registry has, and how many days ago each was read.
    pub(crate) fn by_hand(&self) -> impl Iterator<Item = (&str, i64)> {
        let by_hand = self.sources.iter().filter(|source| source.registry == "git");
        by_hand.map(|source| (source.name.as_str(), house::days_since(&source.read)))
    }

    /// The version of a source.
    pub(crate) fn version(&self, name: &str) -> &str {
        let source = self.sources.iter().find(|source| source.name == name);
        source.map_or("", |source| source.version.as_str())
    }

    /// The text of the file: one line a field, in a stable order, so that a change is a line of the diff.
    pub(crate) fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut out = String::from("{\n  \"sources\": [\n");
        let sources: Vec<_> = self
            .sources
            .iter()
            .map(serde_json::to_string)
            .collect::<Result<_, _>>()?;
        let _ = write!(out, "    {}\n  ],\n  \"facts\": {{", sources.join(",\n    "));
        for (number, (source, operations)) in self.facts.iter().enumerate() {
            let _ = write!(out, "{}\n    {}: {{", comma(number), serde_json::to_string(source)?);
            for (number, (name, operation)) in operations.iter().enumerate() {
                let name = serde_json::to_string(name)?;
                let http = serde_json::to_string(&operation.http)?;
                let _ = write!(out, "{}\n      {name}: {{\n        \"http\": {http},", comma(number));
                let _ = write!(out, "\n        \"request\": {},", lines(&operation.request)?);
                let _ = write!(out, "\n        \"response\": {}\n      }}", lines(&operation.response)?);
            }
            out.push_str("\n    }");
        }
        out.push_str("\n  }\n}\n");
        Ok(out)
    }
}

fn comma(number: usize) -> &'static str {
    if number == 0 { "" } else { "," }
}

/// An object with a line per field.
fn lines(fields: &Fields) -> Result<String, serde_json::Error> {
    if fields.is_empty() {
        return Ok("{}".to_owned());
    }
    let line = |(path, field)| {
        Ok(format!(
            "{}: {}",
            serde_json::to_string(path)?,
            serde_json::to_string(field)?
        ))
    };
    let lines: Vec<String> = fields.iter().map(line).collect::<Result<_, serde_json::Error>>()?;
    Ok(format!("{{\n          {}\n        }}", lines.join(",\n          ")))
}

/// What our spec says. An operation that is called in two ways is there twice, the second time with its method.
pub(crate) fn of_spec(spec: &Spec) -> Operations {
    let mut operations = Operations::new();
    for own in &spec.api.operations {
        let answer = spec
            .api
            .operations
            .iter()
            .find(|other| other.response == own.response && other.answer.is_some());
        let response = match answer.and_then(|other| other.answer.as_ref()) {
            Some(fields) => flat(spec, fields, "", &[]),
            None => named(spec, &own.response, "", &[]),
        };
        let operation = Operation {
            http: own.http.clone(),
            request: flat(spec, &own.fields, "", &[]),
            response,
        };
        let key = if operations.contains_key(&own.name) {
            format!("{} ({})", own.name, own.method_name)
        } else {
            own.name.clone()
        };
        operations.insert(key, operation);
    }
    operations
}

/// The fields of a type, or of a list of one; an answer that is a list alone is called `[body]`.
fn named(spec: &Spec, kind: &str, path: &str, above: &[&str]) -> Fields {
    let listed = kind.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let (name, prefix) = match (listed, path.is_empty()) {
        (Some(name), true) => (name, "[body][].".to_owned()),
        (Some(name), false) => (name, format!("{path}[].")),
        (None, true) => (kind, String::new()),
        (None, false) => (kind, format!("{path}.")),
    };
    let mut fields = match spec.api.types.iter().find(|own| own.name == name) {
        Some(own) if !above.contains(&name) => {
            flat(spec, &own.fields, &prefix, &[above, &[own.name.as_str()]].concat())
        }
        _ => Fields::new(),
    };
    if listed.is_some() && path.is_empty() {
        fields.insert(
            "[body]".to_owned(),
            Field {
                kind: "list".to_owned(),
                ..Field::default()
            },
        );
    }
    fields
}

fn flat(spec: &Spec, fields: &[spec::Field], prefix: &str, above: &[&str]) -> Fields {
    let mut all = Fields::new();
    for own in fields {
        let path = format!("{prefix}{}", own.name);
        all.extend(named(spec, &own.kind, &path, above));
        all.insert(path, field(spec, own));
    }
    all
}

fn field(spec: &Spec, own: &spec::Field) -> Field {
    let inner = own.kind.trim_matches(['[', ']']);
    let words = spec.api.enums.iter().find(|one| one.name == inner);
    let kind = match own.kind.as_str() {
        kind if kind.starts_with('[') => "list",
        "link" => "string",
        "flag" => "bool",
        _ if words.is_some() => "string",
        kind if spec.api.types.iter().any(|one| one.name == kind) => "object",
        kind => kind,
    };
    Field {
        kind: kind.to_owned(),
        required: Some(own.required),
        values: match words {
            Some(words) => words.values.iter().map(|value| value.wire.clone()).collect(),
            None => own.values.iter().cloned().collect(),
        },
        limits: BTreeMap::new(),
        doc: own.doc.clone(),
        own: Own {
            accept: own.accept.clone(),
            alias: own.alias.clone(),
            unverified: own.unverified,
            opaque: inner == "json",
            whole_body: own.place.as_deref() == Some("whole_body"),
        },
    }
}
