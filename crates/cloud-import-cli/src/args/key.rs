//! Options that variables and the file of defaults give, too. The attribute `variable` of an option is all that this takes.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, Command};

/// What the variables of this command begin with.
pub(crate) const PREFIX: &str = "CLOUD_IMPORT_";

/// Keys of earlier versions, and what they are called now.
const FORMER: [(&str, &str); 2] = [("vendor_profile", "account"), ("profile", "account")];

/// Variables that are no option's: the first two name the file of defaults and what of it counts, by a former name, too.
const OTHERS: [&str; 7] = [
    "CLOUD_IMPORT_CONFIG",
    "CLOUD_IMPORT_DEFAULTS",
    "CLOUD_IMPORT_PROFILE",
    "CLOUD_IMPORT_LOG",
    "CLOUD_IMPORT_SIM_ACCESS_KEY_ID",
    "CLOUD_IMPORT_SIM_SECRET_ACCESS_KEY",
    "CLOUD_IMPORT_SIM_SECURITY_TOKEN",
];

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

/// What a key is called now that may be one of an earlier version.
pub(crate) fn current(key: &str) -> &str {
    let former = FORMER.iter().find(|(former, _)| *former == key);
    former.map_or(key, |(_, current)| current)
}

/// The variables of a key, that of now first. `CLOUD_IMPORT_PROFILE` never was that of an account.
pub(crate) fn variables(key: &str) -> Vec<String> {
    let former = FORMER.iter().filter(|(_, current)| *current == key);
    let former = former.map(|(former, _)| variable(former));
    let former = former.filter(|name| !OTHERS.contains(&name.as_str()));
    [variable(key)].into_iter().chain(former).collect()
}

/// Every variable that is read, for these keys.
pub(crate) fn known_variables<'a>(keys: impl Iterator<Item = &'a String>) -> Vec<String> {
    let of_keys = keys.flat_map(|key| variables(key));
    of_keys.chain(OTHERS.map(str::to_owned)).collect()
}
