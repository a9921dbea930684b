//! What people are spared, and in which colours they see what is left. The one place that knows.

use std::{ffi::OsString, fmt::Write as _, sync::OnceLock};

use anstream::{AutoStream, ColorChoice, stream::RawStream};
use anstyle::{AnsiColor, Style};
use clap::ValueEnum as _;
use cloud_import::Shown;

use crate::args::{Color, Surface};

static SURFACE: OnceLock<Surface> = OnceLock::new();

/// What a word says of what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Warning,
    Bad,
}

impl Tone {
    const fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default().bold(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
        }
    }
}

/// Notes what people want to be spared.
pub(crate) fn begin(surface: Surface) {
    let _ = SURFACE.set(surface);
}

/// Takes the choice of colours from a command line as it was typed: what is wrong with the line is shown by it, too.
pub(crate) fn colours_of(line: &[OsString]) {
    let choice = match color_of(line).unwrap_or_default() {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    choice.write_global();
}

fn color_of(line: &[OsString]) -> Option<Color> {
    let mut words = line
        .iter()
        .map(|word| word.to_str().unwrap_or_default())
        .take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        let value = match word {
            "--color" => words.next(),
            word => word.strip_prefix("--color="),
        };
        if let Some(value) = value {
            return Color::from_str(value, false).ok();
        }
    }
    None
}

/// Whether notes are wanted.
pub(crate) fn wants_notes() -> bool {
    !SURFACE.get().is_some_and(|surface| surface.quiet)
}

/// Whether progress is wanted.
pub(crate) fn wants_progress() -> bool {
    wants_notes() && !SURFACE.get().is_some_and(|surface| surface.no_progress)
}

/// Whether what goes to a stream has colours.
pub(crate) fn has_colours(stream: &impl RawStream) -> bool {
    AutoStream::choice(stream) != ColorChoice::Never
}

/// A line of words as it is shown on a stream.
pub(super) fn painted(words: &[(Tone, &str)], stream: &impl RawStream) -> String {
    let colours = has_colours(stream);
    let mut line = String::new();
    for (tone, word) in words {
        let style = if colours { tone.style() } else { Style::new() };
        // Writing to a text cannot fail.
        let _ = write!(line, "{style}{}{style:#}", Shown::of(word));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_of_colours_is_found_wherever_it_stands() {
        let of = |line: &[&str]| color_of(&line.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of(&["it", "--color", "never", "--help"]), Some(Color::Never));
        assert_eq!(
            of(&["it", "import", "--color=always", "--nonsense"]),
            Some(Color::Always)
        );
        assert_eq!(of(&["it", "import", "--", "--color=always"]), None);
        assert_eq!(of(&["it", "--color"]), None);
        assert_eq!(of(&["it", "--color=red"]), None);
    }
}
