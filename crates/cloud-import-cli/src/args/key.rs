//! Options that variables and the file of defaults give, too. The attribute `variable` of an option is all that this takes.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, Command};

const PREFIX: &str = "CLOUD_IMPORT_";

/// Attributes of an option beside those that clap has.
pub(super) trait Keyed {
    /// Lets a variable give the option, and the file of defaults by the variable's name in lower case, without
    /// `CLOUD_IMPORT_`.
    fn variable(self, name: &'static str) -> Self;

    /// Makes it a flag that can be taken back, for what a default may have set: `--flag=false`.
    fn switch(self) -> Self;
}

impl Keyed for Arg {
    fn variable(self, name: &'static str) -> Self {
        debug_assert!(name.starts_with(PREFIX), "{name}");
        // clap keeps it for us as the name of a group, in which the option is alone.
        self.group(name)
    }

    fn switch(self) -> Self {
        self.action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .default_value("false")
            .value_name("BOOL")
            .hide_default_value(true)
            .hide_possible_values(true)
    }
}

/// Whether an option is a flag that can be taken back.
pub(crate) fn is_switch(option: &Arg) -> bool {
    option.get_num_args().is_some_and(|count| count.min_values() == 0)
}

/// The options of a command that have a variable, by their keys. The command must be built.
pub(crate) fn keyed(command: &Command) -> BTreeMap<String, &Arg> {
    let keyed = command.get_groups().filter_map(|group| {
        let key = group.get_id().as_str().strip_prefix(PREFIX)?.to_ascii_lowercase();
        let id = group.get_args().next()?;
        Some((key, command.get_arguments().find(|option| option.get_id() == id)?))
    });
    keyed.collect()
}

/// The variable of a key.
pub(crate) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase())
}
