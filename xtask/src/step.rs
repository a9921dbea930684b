//! One program of a sequence, timed.

use std::{path::Path, process::Command, time::Instant};

use crate::Outcome;

/// A program, with the name by which people know it.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) name: String,
    words: Vec<String>,
    variables: Vec<(&'static str, String)>,
}

impl Step {
    /// The words of `command` stand apart by blanks.
    pub(crate) fn new(name: &str, command: &str) -> Self {
        Self {
            name: name.to_owned(),
            words: command.split_whitespace().map(str::to_owned).collect(),
            variables: Vec::new(),
        }
    }

    /// One more word, blanks and all.
    pub(crate) fn word(mut self, word: &str) -> Self {
        self.words.push(word.to_owned());
        self
    }

    pub(crate) fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// The command as it is typed at the root.
    pub(crate) fn command(&self) -> String {
        let quoted = |text: &str| {
            if text.contains(' ') {
                format!("'{text}'")
            } else {
                text.to_owned()
            }
        };
        let variables = self
            .variables
            .iter()
            .map(|(name, value)| format!("{name}={}", quoted(value)));
        let words = self.words.iter().map(|word| quoted(word));
        variables.chain(words).collect::<Vec<_>>().join(" ")
    }

    /// Runs it in `root`, and says for `task` how many minutes it took.
    pub(crate) fn run(&self, task: &str, root: &Path) -> Outcome {
        let (program, arguments) = self.words.split_first().ok_or("an empty step")?;
        let begun = Clock::start();
        let status = Command::new(program)
            .args(arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(root)
            .status()
            .map_err(|error| format!("{task}: {}: {program}: {error}", self.name))?;
        crate::say(&format!("{task}: {}: {:.1} min", self.name, begun.minutes()));
        if status.success() {
            return Ok(());
        }
        Err(format!(
            "{task}: {} failed; to see it alone: {}",
            self.name,
            self.command()
        ))
    }
}

/// Real time since it was started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "it times real processes")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn minutes(self) -> f64 {
        self.0.elapsed().as_secs_f64() / 60.0
    }
}
