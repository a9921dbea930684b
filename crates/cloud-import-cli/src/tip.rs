//! Tips on command lines that cannot be read, where what was meant can be told. Decides nothing.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// `--simulate sim.json`: the file stands behind a sign of equality, because there may be none.
pub(crate) fn simulator(line: &[OsString]) -> Option<String> {
    let words = line.iter().take_while(|word| *word != "--");
    let file = words.skip_while(|word| *word != "--simulate").nth(1)?;
    let is_file = std::path::Path::new(file).extension() == Some(OsStr::new("json"));
    is_file.then(|| {
        format!(
            "the simulator's file stands behind a sign of equality: --simulate={}",
            file.display()
        )
    })
}

/// `help imprt`: clap has suggestions for commands, but not behind `help`.
pub(crate) fn subcommand(line: &[OsString], refused: &clap::Error) -> Option<String> {
    let [bin, help, wrong, ..] = line else { return None };
    let is_told = refused.get(ContextKind::SuggestedSubcommand).is_some();
    if help != "help" || refused.kind() != ErrorKind::InvalidSubcommand || is_told {
        return None;
    }
    let without_help = crate::args::command().try_get_matches_from([bin, wrong]).err()?;
    match without_help.get(ContextKind::SuggestedSubcommand)? {
        ContextValue::String(name) => Some(format!("a similar command: {name}")),
        ContextValue::Strings(names) => Some(format!("similar commands: {}", names.join(", "))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn the_simulators_file_is_known_behind_its_option() {
        let tip = simulator(&line(&["it", "wait", "--simulate", "sim.json"]));
        assert!(tip.unwrap().ends_with(": --simulate=sim.json"));
        for fine in [
            &["it", "wait", "--simulate", "web-1"][..],
            &["it", "wait", "--simulate=sim.json"],
            &["it", "wait", "--", "--simulate", "sim.json"],
            &["it", "wait", "--simulate"],
        ] {
            assert_eq!(simulator(&line(fine)), None, "{fine:?}");
        }
    }

    #[test]
    fn a_command_that_was_mistyped_behind_help_is_told() {
        let tip = |words: &[&str]| {
            let line = line(words);
            subcommand(&line, &crate::args::command().try_get_matches_from(&line).err()?)
        };
        let told = tip(&["it", "help", "imprt"]).unwrap();
        assert!(
            told.starts_with("similar commands: ") && told.ends_with("import"),
            "{told}"
        );
        assert_eq!(tip(&["it", "help", "xyzzy"]), None);
        assert_eq!(tip(&["it", "imprt"]), None, "clap has told it");
    }
}
