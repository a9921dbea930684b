//! What `--help` says beyond `-h`: of each option its values, its variable and its key, and where each cloud looks for keys. All of it
//! is taken from where it is decided; nothing is known here.

use clap::{Arg, Command, CommandFactory as _};
use cloud_import::{Architecture, BootMode, DiskFormat, LicenseType, Provider};

use super::{
    Arguments,
    key::{is_switch, keyed, variable},
};

/// Where more is written, in the sources.
const DOCUMENTS: &str = "\
Documents, beside the sources:
  docs/index.md            the book, from a first image to recipes for CI
  docs/troubleshooting.md  errors by symptom
  docs/targets.md          targets and defaults
  docs/guarantees.md       what a repeat guarantees
  docs/events.md           results and events as JSON
  docs/clouds              each cloud's keys, permissions, bucket, regions, limits, pitfalls
  docs/coverage.md         each cloud's operations, limits and error codes, with their sources";

/// The command line's definition, with its long help.
pub(crate) fn command() -> Command {
    let mut built = Arguments::command();
    built.build();
    let clouds = Provider::all().map(|provider| format!("{} ({provider})", provider.name()));
    let clouds = listed(&clouds.collect::<Vec<_>>());
    let mut command = Arguments::command().about(format!("Make a disk image a private image in {clouds}"));
    let names: Vec<String> = command.get_subcommands().map(|own| own.get_name().to_owned()).collect();
    for name in names {
        let Some(own) = built.find_subcommand(&name) else {
            continue;
        };
        command = command.mut_subcommand(name, |command| explained(command, own));
    }
    let after = [shown(command.get_after_help()), keys(), DOCUMENTS.to_owned()].join("\n\n");
    command.after_long_help(after)
}

/// A command whose long help tells of its options what the built one has.
fn explained(mut command: Command, built: &Command) -> Command {
    let keyed = keyed(built);
    for option in built.get_arguments().filter(|option| !option.is_global_set()) {
        let key = keyed.iter().find(|(_, own)| own.get_id() == option.get_id());
        let values = values(option).map(|values| format!("Values: {values}."));
        let key = key.map(|(key, _)| format!("Variable {}; key `{key}` in the file of defaults.", variable(key)));
        let more: Vec<String> = [values, key].into_iter().flatten().collect();
        let text = shown(option.get_long_help().or(option.get_help()));
        let id = option.get_id().clone();
        if !more.is_empty() && command.get_arguments().any(|own| own.get_id() == &id) {
            command = command.mut_arg(id, |own| own.long_help(format!("{text}\n\n{}", more.join("\n"))));
        }
    }
    let asks_clouds = built.get_arguments().any(|option| option.get_id() == "simulate");
    match asks_clouds {
        true => {
            let before = Some(shown(command.get_after_help())).filter(|text| !text.is_empty());
            let after: Vec<String> = before.into_iter().chain([keys()]).collect();
            command.after_long_help(after.join("\n\n"))
        }
        false => command,
    }
}

/// The words that an option takes, where it takes no others.
fn values(option: &Arg) -> Option<String> {
    fn words<T: ToString>(all: &[T]) -> Option<String> {
        Some(all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
    }
    match option.get_id().as_str() {
        "format" => words(DiskFormat::ALL),
        "arch" => words(Architecture::ALL),
        "boot_mode" => words(BootMode::ALL),
        "license_type" => words(LicenseType::ALL),
        _ if is_switch(option) || !option.get_action().takes_values() => None,
        _ => {
            let named: Vec<String> = option
                .get_possible_values()
                .iter()
                .map(|it| it.get_name().to_owned())
                .collect();
            if named.is_empty() { None } else { words(&named) }
        }
    }
}

/// Where each cloud's keys are looked for.
fn keys() -> String {
    let mut text = String::from("Keys, in the order in which they are looked for:");
    for provider in Provider::all() {
        let places = cloud_import::credential_places(provider).unwrap_or_default();
        text.push_str(&format!("\n  {:8} {}", provider.id(), places.join("\n           ")));
    }
    text
}

/// `a, b and c`.
fn listed(words: &[String]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

fn shown(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long_help(name: &str) -> String {
        let mut command = command().term_width(100);
        command.build();
        command
            .find_subcommand_mut(name)
            .unwrap()
            .render_long_help()
            .to_string()
    }

    #[test]
    fn every_option_with_a_variable_names_it_and_its_key() {
        let mut built = Arguments::command();
        built.build();
        let mut many = 0;
        for own in built.get_subcommands() {
            let help = if keyed(own).is_empty() {
                String::new()
            } else {
                long_help(own.get_name())
            };
            for key in keyed(own).keys() {
                let expected = format!("Variable {}; key `{key}`", variable(key));
                assert!(help.contains(&expected), "{}: {expected}", own.get_name());
                many += 1;
            }
        }
        assert!(many > 40, "{many}");
    }

    #[test]
    fn closed_lists_and_the_places_of_keys_are_told() {
        let help = long_help("import");
        for part in [
            "Values: qcow2, vhd, vmdk, raw, zvhd2, zvhd, vhdx, vdi, qed, qcow, iso.",
            "Values: x86_64, i386, arm64.",
            "Values: bios, uefi.",
            "Values: text, json.",
            "\n  ucloud   UCLOUD_PUBLIC_KEY and UCLOUD_PRIVATE_KEY\n           ~/.ucloud/credential.json\n           instance metadata",
            "\n           ~/.tccli/default.credential\n",
        ] {
            assert!(help.contains(part), "`{part}` is not in {help}");
        }
        let top = command().term_width(100).render_help().to_string();
        let first: Vec<&str> = top.lines().take(24).collect();
        for provider in Provider::all() {
            let id = format!("({provider})");
            assert!(first.iter().any(|line| line.contains(&id)), "{top}");
        }
    }
}
