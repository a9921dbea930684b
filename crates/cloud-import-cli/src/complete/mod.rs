//! What a shell is told when a word is to be completed: jobs, targets, groups, regions and clouds, as they are known at that moment.
//! No cloud is asked and nothing is written. What cannot be read is passed over in silence: a person is typing.

mod bash;
mod known;

use std::{
    ffi::{OsStr, OsString},
    io,
    process::ExitCode,
};

use clap::{Arg, Command};
use clap_complete::{
    CompletionCandidate,
    engine::{ArgValueCompleter, PathCompleter, ValueCompleter as _},
    env::{CompleteEnv, Elvish, EnvCompleter, Fish, Powershell, Shells, Zsh},
};
use cloud_import::DiskFormat;

use self::{bash::Bash, known::Known};
use crate::args::{self, ConvertTo, Shell};

/// What the program is called, and what a script calls.
const PROGRAM: &str = "cloud-import";

/// By this variable a script asks; it holds the shell's name.
const VARIABLE: &str = "_CLOUD_IMPORT_COMPLETE";

const SHELLS: [&dyn EnvCompleter; 5] = [&Bash, &Elvish, &Fish, &Powershell, &Zsh];

/// Answers the shell, where it is one that asks: then there is nothing else to do.
pub(crate) fn answered() -> Option<ExitCode> {
    let here = std::env::current_dir().ok();
    let asked = CompleteEnv::with_factory(command)
        .var(VARIABLE)
        .shells(Shells(&SHELLS))
        .try_complete(std::env::args_os(), here.as_deref());
    match asked {
        Ok(false) => None,
        Ok(true) => Some(ExitCode::SUCCESS),
        Err(_) => Some(ExitCode::FAILURE),
    }
}

/// The script for a shell. It finds the program by its name, wherever that is when it is asked.
///
/// # Errors
/// The shell is none of those that are known, which cannot be.
pub(crate) fn script(shell: Shell) -> io::Result<String> {
    let mut script = Vec::new();
    Shells(&SHELLS)
        .completer(shell.name())
        .ok_or(io::ErrorKind::Unsupported)?
        .write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    String::from_utf8(script).map_err(io::Error::other)
}

/// The command line's definition, each of whose values knows what it may be.
fn command() -> Command {
    let mut command = args::command();
    let names: Vec<String> = command.get_subcommands().map(|own| own.get_name().to_owned()).collect();
    for name in &names {
        let of = |option: Arg| match Values::of(name, &option) {
            Some(values) => option.add(ArgValueCompleter::new(move |typed: &OsStr| values.that_begin(typed))),
            None => option,
        };
        command = command.mut_subcommand(name, |own| own.mut_args(of));
    }
    command
}

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    Clouds,
    Targets,
    Regions,
    Formats,
    /// What a file may be converted to.
    Conversions,
    Jobs,
    JobsOrFiles,
    /// Images by the jobs that made them.
    Images,
    Commands,
    Files,
}

impl Values {
    /// By how the value is called in the help.
    fn of(command: &str, option: &Arg) -> Option<Self> {
        let name = option.get_value_names()?.first()?.as_str();
        // The others of that name have their closed lists.
        let is_open = option.get_possible_values().is_empty();
        Some(match name {
            "PROVIDER" | "CLOUD" => Self::Clouds,
            "TARGET" => Self::Targets,
            "REGION" | "[TARGET=]REGIONS" => Self::Regions,
            "FORMAT" if option.get_id() == "convert" => Self::Conversions,
            "FORMAT" | "[TARGET=]FORMAT" if is_open => Self::Formats,
            "JOB" | "BUCKET:KEY|JOB" => Self::Jobs,
            "TASK|JOB" => Self::JobsOrFiles,
            "IMAGE" if ["import", "check"].contains(&command) => Self::Files,
            "IMAGE" => Self::Images,
            "COMMAND" if command == "man" => Self::Commands,
            "HEX|FILE" => Self::Files,
            _ => return None,
        })
    }

    /// Those that begin with what is typed. What stands before a sign of equality or a comma there stays as it is.
    fn that_begin(self, typed: &OsStr) -> Vec<CompletionCandidate> {
        let words = match self {
            Self::Clouds => known::clouds(),
            Self::Targets => Known::now().targets(),
            Self::Regions => Known::now().regions(),
            Self::Formats => DiskFormat::ALL
                .iter()
                .map(|one| (one.to_string(), String::new()))
                .collect(),
            Self::Conversions => ConvertTo::words().map(|one| (one, String::new())).collect(),
            Self::Jobs | Self::JobsOrFiles => Known::now().jobs(),
            Self::Images => Known::now().images(),
            Self::Commands => commands(),
            Self::Files => return PathCompleter::any().complete(typed),
        };
        let text = typed.to_string_lossy();
        let (before, begun) = text.rfind(['=', ',']).map_or(("", &*text), |at| text.split_at(at + 1));
        let words = words.into_iter().filter(|(word, _)| word.starts_with(begun));
        let mut found: Vec<CompletionCandidate> = words
            .map(|(word, help)| {
                let help = Some(help).filter(|help| !help.is_empty());
                CompletionCandidate::new(OsString::from(format!("{before}{word}"))).help(help.map(Into::into))
            })
            .collect();
        if self == Self::JobsOrFiles {
            found.extend(PathCompleter::any().complete(typed));
        }
        found
    }
}

/// The commands that have a page.
fn commands() -> Vec<known::Word> {
    let command = args::command();
    let own = command.get_subcommands().filter(|own| !own.is_hide_set());
    own.map(|own| {
        (
            own.get_name().to_owned(),
            own.get_about().map(ToString::to_string).unwrap_or_default(),
        )
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_completed_as_its_help_calls_it() {
        let command = args::command();
        let of = |name: &str, id: &str| {
            let own = command.find_subcommand(name).unwrap();
            let option = own.get_arguments().find(|option| option.get_id() == id).unwrap();
            Values::of(name, option)
        };
        for (name, id, values) in [
            ("import", "image", Some(Values::Files)),
            ("import", "to", Some(Values::Targets)),
            ("import", "copy_to", Some(Values::Regions)),
            ("import", "format", Some(Values::Formats)),
            ("import", "convert", Some(Values::Conversions)),
            ("import", "output", None),
            ("import", "on_end", None),
            ("copy", "to", Some(Values::Regions)),
            ("copy", "image", Some(Values::Images)),
            ("show", "job", Some(Values::Jobs)),
            ("wait", "tasks", Some(Values::JobsOrFiles)),
            ("download", "object", Some(Values::Jobs)),
            ("capabilities", "provider", Some(Values::Clouds)),
            ("doctor", "to", Some(Values::Targets)),
            ("inspect", "clouds", Some(Values::Clouds)),
            ("man", "command", Some(Values::Commands)),
        ] {
            assert_eq!(of(name, id), values, "{name} {id}");
        }
    }

    #[test]
    fn a_file_is_converted_to_what_the_help_names() {
        let found = Values::Conversions.that_begin(OsStr::new(""));
        let found: Vec<_> = found.iter().map(|one| one.get_value().to_string_lossy()).collect();
        assert_eq!(found, ["qcow2", "raw", "zvhd2", "vhd", "vmdk", "auto"]);
        let command = args::command();
        let import = command.find_subcommand("import").unwrap();
        let option = import.get_arguments().find(|option| option.get_id() == "convert");
        let help = option.unwrap().get_help().unwrap().to_string();
        for word in found {
            assert!(help.contains(&*word), "`{word}` is not in {help}");
        }
    }

    #[test]
    fn what_stands_before_a_region_stays() {
        let found = Values::Regions.that_begin(OsStr::new("aliyun=cn-beijing,cn-shangh"));
        let found: Vec<_> = found.iter().map(|one| one.get_value().to_owned()).collect();
        assert_eq!(found, ["aliyun=cn-beijing,cn-shanghai"]);
    }
}
