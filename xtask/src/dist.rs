//! Shell completions and manual pages, written from the command's own arguments. Everything else of a package for a
//! distribution (the binary, licences, README) is cargo's or in the repository.

#[path = "../../crates/cloud-import-cli/src/args/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "only the definition is of use here, not what it parses into"
)]
mod args;

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use clap::{Command, builder::StyledStr};
use clap_complete::{Shell, generate_to};
use clap_mangen::Man;

use crate::Outcome;

/// The shells that completions are written for.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

/// Writes them into `target/dist`, anew.
pub(crate) fn run(root: &Path) -> Outcome {
    let folder = root.join("target").join("dist");
    let files = write(&folder).map_err(|error| format!("dist: {}: {error}", folder.display()))?;
    crate::say(&format!("dist: {files} files in {}", folder.display()));
    Ok(())
}

/// Gives back how many files there are.
fn write(folder: &Path) -> io::Result<usize> {
    let (completions, pages) = (folder.join("completions"), folder.join("man"));
    for folder in [&completions, &pages] {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(folder)?,
        }
    }
    let mut command = args::command();
    let name = command.get_name().to_owned();
    for shell in SHELLS {
        generate_to(shell, &mut command, &name, &completions)?;
    }
    // The page of `help` would only say that there is help.
    let mut command = args::command().disable_help_subcommand(true);
    command.build();
    Ok(SHELLS.len() + page(&command, &pages)?)
}

/// The page of a command and those of its subcommands.
fn page(command: &Command, folder: &Path) -> io::Result<usize> {
    let man = Man::new(command.clone());
    let mut out = fs::File::create(folder.join(man.get_filename()))?;
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    verbatim(command.get_before_help(), &mut out)?;
    man.render_options_section(&mut out)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut out)?;
    }
    verbatim(command.get_after_long_help().or(command.get_after_help()), &mut out)?;
    let mut pages = 1;
    for subcommand in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        pages += page(subcommand, folder)?;
    }
    Ok(pages)
}

/// What stands around a help text, line by line as it stands there: its examples and exit codes are tables. A blank line parts sections,
/// and a first line with a colon at its end is a title.
fn verbatim(text: Option<&StyledStr>, out: &mut impl Write) -> io::Result<()> {
    let Some(text) = text.map(ToString::to_string) else {
        return Ok(());
    };
    for section in text.split("\n\n") {
        let (title, lines) = match section.split_once('\n') {
            Some((first, rest)) if first.ends_with(':') => (first.trim_end_matches(':').to_uppercase(), rest),
            _ => ("NOTES".to_owned(), section),
        };
        writeln!(out, ".SH \"{title}\"\n.nf")?;
        for line in lines.lines() {
            // `\&` keeps a full stop or an apostrophe at the beginning from being a request.
            writeln!(out, "\\&{}", line.replace('\\', "\\e").replace('-', "\\-"))?;
        }
        writeln!(out, ".fi")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_and_is_completed_in_every_shell() {
        let folder = std::env::temp_dir().join(format!("cloud-import-dist-{}", std::process::id()));
        let files = write(&folder).unwrap();
        assert_eq!(write(&folder).unwrap(), files, "what is there is replaced");
        let text = |path: &str| fs::read_to_string(folder.join(path)).unwrap();
        let completions = ["cloud-import.bash", "_cloud-import", "cloud-import.fish"]
            .map(|name| text(&format!("completions/{name}")));
        let main = text("man/cloud-import.1");
        let mut commands = 0;
        for command in args::command().get_subcommands() {
            let name = command.get_name();
            let page = text(&format!("man/cloud-import-{name}.1"));
            for part in [".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS"] {
                assert!(page.contains(part), "{name} lacks {part}");
            }
            assert_eq!(
                page.contains(".SH \"EXAMPLE"),
                command.get_before_help().is_some(),
                "{name}"
            );
            for option in command.get_arguments().filter_map(|argument| argument.get_long()) {
                assert!(page.contains(&option.replace('-', "\\-")), "{name}: --{option}");
                for completion in &completions {
                    assert!(completion.contains(option), "{name}: --{option}");
                }
            }
            commands += 1;
        }
        assert_eq!(files, SHELLS.len() + 1 + commands);
        assert!(main.contains("\n.SH \"EXIT CODES\"\n.nf\n\\&  0  done"), "{main}");
        fs::remove_dir_all(folder).unwrap();
    }
}
