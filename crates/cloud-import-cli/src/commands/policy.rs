//! `policy`: the least policy for what these keys are to do, in the cloud's own grammar. It asks no cloud.

use cloud_import::{
    Error, ErrorKind, Provider, Result,
    provider::policy::{Permission, Policy, Purpose},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    args::{self, OutputFormat},
    bucket,
    exit::Exit,
    output::{self, SCHEMA},
};

/// The least policy for some keys.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Printed<'a> {
    schema: u32,
    #[cfg_attr(test, schemars(with = "String"))]
    provider: Provider,
    #[cfg_attr(test, schemars(with = "Vec<String>"))]
    purposes: &'a [Purpose],
    /// The bucket that it is for; absent where it is for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket: Option<&'a str>,
    /// In the cloud's own grammar: one, or two where services stand apart.
    policies: Vec<Value>,
    /// What each operation takes that is sent for these purposes.
    permissions: Vec<Row<'a>>,
    /// What else is to be known.
    notes: Vec<String>,
}

/// What an operation takes.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row<'a> {
    operation: &'a str,
    /// None where no source tells them.
    actions: &'a [&'a str],
    /// None for everything.
    resources: Vec<String>,
    /// Whether a source says so.
    verified: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    note: &'a str,
    source: &'a str,
}

pub(crate) fn run(options: &args::Policy) -> Result<Exit> {
    let provider = options.provider;
    let policy = cloud_import::policy(provider)?;
    let mut purposes: Vec<Purpose> = match options.purposes.as_slice() {
        [] => vec![Purpose::Import, Purpose::Stage],
        named => named.concat(),
    };
    purposes.sort();
    purposes.dedup();
    if let Some(bucket) = &options.bucket {
        bucket::check_name(provider, bucket)?;
    }
    let (bucket, region) = (options.bucket.as_deref(), options.region.as_deref());
    let documents = policy.documents(&purposes, bucket, region);
    if documents.is_empty() {
        let message = format!(
            "{} is asked for nothing of that: no permission is needed",
            provider.name()
        );
        return Err(Error::new(ErrorKind::Unsupported, message)
            .with_provider(provider)
            .with_remedy("Name another purpose: --for all has all that the cloud can do."));
    }
    let notes = notes(policy, &purposes, bucket, documents.len());
    match options.output {
        OutputFormat::Text => {
            let lines = documents.iter().flat_map(|document| document.lines());
            lines.for_each(output::result);
            unsettled(policy, &purposes)
                .chain(notes)
                .for_each(|line| output::note(&format!("note: {line}")));
        }
        OutputFormat::Json => {
            let rows = policy.needed(&purposes).map(|own| Row {
                operation: own.operation,
                actions: own.actions,
                resources: policy.resources_of(own, bucket, region),
                verified: own.is_verified,
                note: own.note,
                source: own.source,
            });
            output::json(&Printed {
                schema: SCHEMA,
                provider,
                purposes: &purposes,
                bucket: bucket.filter(|_| policy.is_for_a_bucket()),
                policies: documents.iter().map(|text| read(text)).collect::<Result<_>>()?,
                permissions: rows.collect(),
                notes,
            })?;
        }
    }
    Ok(Exit::Done)
}

/// A document as it stands in the answer. One that is none would take permissions away where it is put.
fn read(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| {
        let message = format!("the policy that was made cannot be read: {error}");
        Error::new(ErrorKind::Local, message).with_source(error)
    })
}

/// What no source settles, in short.
fn unsettled(policy: &Policy, purposes: &[Purpose]) -> impl Iterator<Item = String> {
    let (settled, open): (Vec<&Permission>, Vec<&Permission>) =
        policy.needed(purposes).partition(|own| own.is_verified);
    let is_settled = |action: &&str| settled.iter().any(|own| own.actions.contains(action));
    let actions = open.iter().flat_map(|own| own.actions).copied();
    let mut actions: Vec<&str> = actions.filter(|action| !is_settled(action)).collect();
    actions.sort_unstable();
    actions.dedup();
    let unknown: Vec<&str> = open
        .iter()
        .filter(|own| own.actions.is_empty())
        .map(|own| own.operation)
        .collect();
    let told = [
        ("no source settles these actions: ", actions),
        ("no source tells what these need: ", unknown),
    ];
    let told = told.into_iter().filter(|(_, names)| !names.is_empty());
    told.map(|(what, names)| format!("{what}{}", names.join(", ")))
}

/// What else is to be known.
fn notes(policy: &Policy, purposes: &[Purpose], bucket: Option<&str>, documents: usize) -> Vec<String> {
    let uses_bucket = policy.needed(purposes).any(|own| !own.on.is_empty());
    let of_bucket = match (bucket, policy.is_for_a_bucket()) {
        (Some(_), false) => Some("no source tells how this cloud names a bucket in a policy: it is for everything"),
        (None, true) if uses_bucket => Some("it is for every bucket: --bucket NAME makes it one for that alone"),
        _ => None,
    };
    let apart = (documents > 1).then_some("these are two policies: make both, and give the keys both");
    let own = of_bucket.into_iter().chain(apart).chain(policy.notes.iter().copied());
    own.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_is_none_is_an_error() {
        assert_eq!(read("{}").unwrap(), serde_json::json!({}));
        assert_eq!(read("{\"Version\":").unwrap_err().kind(), ErrorKind::Local);
    }
}
