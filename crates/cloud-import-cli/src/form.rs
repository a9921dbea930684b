//! In which form a command answers: as its arguments say, or as their words do where they cannot be read. Reads nothing but words.

use std::ffi::OsString;

use clap::{Arg, CommandFactory as _};
use cloud_import::env;

use crate::{
    args::{
        Arguments, Command, OutputFormat as Wanted,
        key::{keyed, variable},
    },
    report::OutputFormat,
};

/// The option's name among the arguments, and its key.
const OUTPUT: &str = "output";

/// The form of a command that could be read.
pub(crate) fn of(command: &Command) -> OutputFormat {
    if command.has_events() {
        return OutputFormat::Event;
    }
    command.output().into()
}

/// The form that a line asks for which cannot be read, or whose defaults cannot.
pub(crate) fn of_words(line: &[OsString]) -> OutputFormat {
    let mut command = Arguments::command();
    command.build();
    let words = line.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = words.take_while(|word| word != "--").collect();
    if words.iter().any(|word| word == "--events") {
        return OutputFormat::Event;
    }
    let own = words.iter().find_map(|word| command.find_subcommand(word));
    // Where there is no such command, the option of any.
    let commands = own.into_iter().chain(command.get_subcommands());
    let Some(option) = commands
        .flat_map(clap::Command::get_arguments)
        .find(|option| option.get_id() == OUTPUT)
    else {
        return OutputFormat::Text;
    };
    let of_variable = || {
        own.filter(|own| keyed(own).contains_key(OUTPUT))
            .and_then(|_| env::variable(&variable(OUTPUT)))
    };
    match typed(option, &words).or_else(of_variable) {
        Some(form) if form == "json" => Wanted::Json.into(),
        _ => OutputFormat::Text,
    }
}

/// What is typed as the value of an option, the last time.
fn typed(option: &Arg, words: &[String]) -> Option<String> {
    let long = option.get_long().map(|long| format!("--{long}"));
    let short = option.get_short().map(|short| format!("-{short}"));
    let value = |index: usize, word: &str| {
        let of_long = long.as_ref().and_then(|long| word.strip_prefix(long.as_str()));
        let of_short = || short.as_ref().and_then(|short| word.strip_prefix(short.as_str()));
        match of_long
            .map(|rest| (rest, false))
            .or_else(|| of_short().map(|rest| (rest, true)))?
        {
            ("", _) => words.get(index + 1).cloned(),
            (rest, is_short) => match rest.strip_prefix('=') {
                Some(value) => Some(value.to_owned()),
                None => is_short.then(|| rest.to_owned()),
            },
        }
    };
    words
        .iter()
        .enumerate()
        .rev()
        .find_map(|(index, word)| value(index, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tell_the_form_of_a_line_that_cannot_be_read() {
        let of = |line: &str| of_words(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        for json in [
            "cloud-import import --output json --nonsense",
            "cloud-import import --output=json",
            "cloud-import show --nonsense --output json",
            "cloud-import improt --output json",
            "cloud-import import --output text --output json",
        ] {
            assert_eq!(of(json), OutputFormat::Json, "{json}");
        }
        for text in [
            "cloud-import",
            "cloud-import import --output",
            "cloud-import import --output yaml",
            "cloud-import import --output json --output text",
            "cloud-import import -- --output json",
            "cloud-import import --outputs json",
        ] {
            assert_eq!(of(text), OutputFormat::Text, "{text}");
        }
        assert_eq!(of("cloud-import wait --nonsense --events"), OutputFormat::Event);
    }

    #[test]
    fn a_short_option_is_read_in_each_of_its_forms() {
        let option = Arg::new("output").short('o').long("output");
        for line in ["-o json", "-o=json", "-ojson", "--output json", "--output=json"] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(typed(&option, &words).as_deref(), Some("json"), "{line}");
        }
    }
}
