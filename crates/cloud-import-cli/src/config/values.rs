//! What is said of options in one place, and what of it counts below another place.

use std::{
    collections::BTreeMap,
    error::Error as _,
    ffi::{OsStr, OsString},
};

use clap::{
    Arg, ArgAction, Command,
    builder::Resettable,
    error::{ContextKind, ContextValue},
};
use cloud_import::{Error, ErrorKind};

/// The options that can have defaults, by their keys.
pub(super) type Options = BTreeMap<String, Arg>;

/// The values of options as they are typed, by the options' keys.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Values(pub(super) BTreeMap<String, Vec<OsString>>);

impl Values {
    /// These, and where they say nothing, those below.
    pub(super) fn over(self, mut below: Self, options: &Options) -> Self {
        below.give_way_to(&self, options);
        for (key, texts) in self.0 {
            below.0.entry(key).or_default().extend(texts);
        }
        below
    }

    /// Leaves out what does not count below others. KEY=VALUE of a repeatable option is taken one by one, the last one of a
    /// key counts; anything else takes the place of all below.
    pub(super) fn give_way_to(&mut self, above: &Self, options: &Options) {
        let is_pair = |text: &OsString| text.as_encoded_bytes().contains(&b'=');
        self.0.retain(|key, _| match above.0.get(key) {
            Some(texts) => options.get(key).is_some_and(repeats) && texts.iter().all(is_pair),
            // Targets of another file are not meant by a `to` of below.
            None => key != "to" || !above.0.contains_key("targets"),
        });
    }
}

impl Values {
    /// Leaves out KEY=VALUE where the same key is said above: the last one counts, and that comes later.
    pub(super) fn without_keys_of(mut self, above: &Self) -> Self {
        for (key, own) in &mut self.0 {
            let said: Vec<_> = above.0.get(key).into_iter().flatten().filter_map(pair_key).collect();
            own.retain(|text| pair_key(text).is_none_or(|key| !said.contains(&key)));
        }
        self.0.retain(|_, own| !own.is_empty());
        self
    }
}

/// The key of KEY=VALUE.
fn pair_key(text: &OsString) -> Option<&[u8]> {
    let bytes = text.as_encoded_bytes();
    let end = bytes.iter().position(|byte| *byte == b'=')?;
    Some(&bytes[..end])
}

pub(super) fn repeats(option: &Arg) -> bool {
    matches!(option.get_action(), ArgAction::Append)
}

/// Whether the option takes this value, else why not.
pub(super) fn check(option: &Arg, text: &OsStr) -> Result<(), String> {
    // Alone: what it conflicts with is not there.
    let option = option.clone().conflicts_with(Resettable::Reset);
    let command = Command::new("defaults").no_binary_name(true).arg(&option);
    let mut typed = OsString::from(format!("--{}=", option.get_long().unwrap_or_default()));
    typed.push(text);
    let Err(error) = command.try_get_matches_from([typed]) else {
        return Ok(());
    };
    Err(match (error.source(), error.get(ContextKind::ValidValue)) {
        (Some(reason), _) => reason.to_string(),
        (None, Some(ContextValue::Strings(words))) => format!("expected one of: {}", words.join(", ")),
        (None, _) => error.kind().to_string(),
    })
}

pub(super) fn refuse(message: String) -> Error {
    Error::new(ErrorKind::InvalidRequest, message)
}
