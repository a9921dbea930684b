//! `man`: manual pages, written from the command's own arguments.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use clap::{Command, builder::StyledStr};
use clap_mangen::Man;
use cloud_import::{Error, ErrorKind, Result, provider::suggest::did_you_mean};

use crate::{args, exit::Exit, output};

pub(crate) fn run(options: &args::Man) -> Result<Exit> {
    let command = built();
    if let Some(folder) = &options.folder {
        write_all(&command, folder).map_err(|error| {
            let message = format!("manual pages cannot be written into `{}`: {error}", folder.display());
            Error::new(ErrorKind::Local, message).with_remedy("Name a folder that you may write to.")
        })?;
        return Ok(Exit::Done);
    }
    let page = match &options.command {
        None => page(&command),
        Some(name) => page(command.find_subcommand(name).ok_or_else(|| unknown(&command, name))?),
    };
    let page = page.map_err(|error| Error::new(ErrorKind::Local, format!("the page cannot be written: {error}")))?;
    output::document_text(&String::from_utf8_lossy(&page));
    Ok(Exit::Done)
}

/// The whole definition. The page of `help` would only say that there is help.
fn built() -> Command {
    let mut command = args::command().disable_help_subcommand(true);
    command.build();
    command
}

fn unknown(command: &Command, name: &str) -> Error {
    let names = command.get_subcommands().map(Command::get_name);
    let meant = did_you_mean(name, names);
    Error::new(ErrorKind::InvalidRequest, format!("there is no command `{name}`"))
        .with_remedy(format!("{meant}`cloud-import --help` lists them."))
}

/// The page of the program and those of its commands, as files. What is there is replaced.
fn write_all(command: &Command, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let own = command.get_subcommands().filter(|own| !own.is_hide_set());
    for command in own.chain([command]) {
        fs::write(folder.join(Man::new(command.clone()).get_filename()), page(command)?)?;
    }
    Ok(())
}

/// The page of one command.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone());
    let mut out = Vec::new();
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
    Ok(out)
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

    fn text(command: &Command) -> String {
        String::from_utf8(page(command).unwrap()).unwrap()
    }

    #[test]
    fn every_command_has_a_page_with_its_options_and_examples() {
        let command = built();
        for own in command.get_subcommands() {
            let (name, page) = (own.get_name(), text(own));
            for part in [".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS"] {
                assert!(page.contains(part), "{name} lacks {part}");
            }
            assert_eq!(
                page.contains(".SH \"EXAMPLE"),
                own.get_before_help().is_some(),
                "{name}"
            );
            let options = own.get_arguments().filter(|option| !option.is_hide_set());
            for option in options.filter_map(|option| option.get_long()) {
                assert!(page.contains(&option.replace('-', "\\-")), "{name}: --{option}");
            }
        }
        let main = text(&command);
        assert!(main.contains("\n.SH \"EXIT CODES\"\n.nf\n\\&  0  done"), "{main}");
        assert!(command.find_subcommand("help").is_none());
    }
}
