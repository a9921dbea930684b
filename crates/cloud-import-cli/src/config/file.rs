//! The file of defaults: which options its keys and values stand for. What is refused is told with its line.

use std::{collections::BTreeMap, path::Path};

use clap::{Arg, ValueHint};
use cloud_import::{Result, provider::suggest::did_you_mean};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::values::{Options, Values, check, refuse, repeats};
use crate::{
    args::key::{current, is_switch},
    state::is_database,
};

/// What a file says.
#[derive(Debug)]
pub(super) struct File {
    pub(super) top: Values,
    named: BTreeMap<String, Values>,
}

/// The tables of named defaults: what they are called, and what earlier versions called them.
const NAMED: [&str; 2] = ["defaults", "profiles"];

/// A text with where in the file it stands, or where what it refuses stands.
type Placed = (usize, String);

impl File {
    /// The defaults of a name.
    pub(super) fn named(&self, name: &str, path: &Path) -> Result<Values> {
        self.named.get(name).cloned().ok_or_else(|| {
            let known: Vec<&str> = self.named.keys().map(String::as_str).collect();
            let remedy = match known.len() {
                0 => format!("Add [defaults.{name}] to it."),
                _ => {
                    let meant = did_you_mean(name, known.iter().copied());
                    format!("{meant}It has these: {}.", known.join(", "))
                }
            };
            refuse(format!("`{}` has no [defaults.{name}]", path.display())).with_remedy(remedy)
        })
    }
}

/// Reads the text of the file at `path`. Paths in it are taken from where it is.
pub(super) fn parse(text: &str, path: &Path, options: &Options) -> Result<File> {
    read(text, path.parent().unwrap_or(Path::new("")), options).map_err(|(at, message)| {
        let line = line(text, at);
        refuse(format!("`{}`, line {line}: {message}", path.display()))
            .with_remedy("The book lists the keys (docs/targets.md). Use --no-config to ignore the file.")
    })
}

/// The line of a byte, from 1.
pub(crate) fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

fn read(text: &str, folder: &Path, options: &Options) -> Result<File, Placed> {
    let document = DeTable::parse(text)
        .map_err(|error| (error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
    let mut top = document.into_inner();
    let mut named = BTreeMap::new();
    for value in NAMED.iter().filter_map(|name| top.remove(*name)).collect::<Vec<_>>() {
        for (name, own) in table(&value)? {
            let values = values(table(own)?, folder, options)?;
            if named.insert(name.get_ref().to_string(), values).is_some() {
                let message = format!(
                    "there are [defaults.{0}] and [profiles.{0}], which are the same",
                    name.get_ref()
                );
                return Err((name.span().start, message));
            }
        }
    }
    let top = values(&top, folder, options)?;
    Ok(File { top, named })
}

fn table<'a>(value: &'a Spanned<DeValue<'a>>) -> Result<&'a DeTable<'a>, Placed> {
    let unfit = || (value.span().start, "expected a table".to_owned());
    value.get_ref().as_table().ok_or_else(unfit)
}

fn values(table: &DeTable<'_>, folder: &Path, options: &Options) -> Result<Values, Placed> {
    let mut values = Values::default();
    for (key, value) in table {
        let name = current(key.get_ref().as_ref());
        let Some(option) = options.get(name) else {
            let known: Vec<&str> = options.keys().map(String::as_str).collect();
            let meant = did_you_mean(name, known.iter().copied());
            let message = format!("unknown key `{name}`. {meant}Expected one of: {}", known.join(", "));
            return Err((key.span().start, message));
        };
        let mut found = Vec::new();
        for (at, text) in texts(option, value).map_err(|(at, message)| (at, format!("{name}: {message}")))? {
            check(option, text.as_ref()).map_err(|reason| (at, format!("{name}: {reason}")))?;
            found.push(match option.get_value_hint() {
                ValueHint::AnyPath if !is_database(&text) => folder.join(text).into(),
                _ => text.into(),
            });
        }
        if values.0.insert(name.to_owned(), found).is_some() {
            let message = format!("`{}` is `{name}`, which is there already", key.get_ref());
            return Err((key.span().start, message));
        }
    }
    Ok(values)
}

/// What a value would be when it is typed, each with where it stands.
fn texts(option: &Arg, value: &Spanned<DeValue<'_>>) -> Result<Vec<Placed>, Placed> {
    let at = value.span().start;
    let string = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::String(text) => Ok((value.span().start, text.to_string())),
        _ => Err((value.span().start, "expected a string".to_owned())),
    };
    match value.get_ref() {
        DeValue::Boolean(on) if is_switch(option) => Ok(vec![(at, on.to_string())]),
        _ if is_switch(option) => Err((at, "expected true or false".to_owned())),
        DeValue::Array(items) if repeats(option) => items.iter().map(string).collect(),
        DeValue::Table(entries) if repeats(option) => entries
            .iter()
            .map(|(key, value)| string(value).map(|(at, text)| (at, format!("{}={text}", key.get_ref()))))
            .collect(),
        _ => Ok(vec![string(value)?]),
    }
}
