//! Arguments of the commands that write what a package has beside the program.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import completions bash > cloud-import.bash\n  cloud-import completions zsh > _cloud-import",
    after_help = "\
At each Tab the script asks the program: jobs on record, groups and names of the file of targets, clouds
and regions complete themselves. No cloud is asked. Shells look for it here:

  bash  ~/.local/share/bash-completion/completions/cloud-import
  zsh   _cloud-import, in a folder of $fpath
  fish  ~/.config/fish/completions/cloud-import.fish"
)]
pub(crate) struct Completions {
    /// Shell: bash, zsh, fish, elvish or powershell
    #[arg(value_enum, hide_possible_values = true)]
    pub(crate) shell: Shell,
}

/// A shell that is asked to complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
}

impl Shell {
    /// What it is called.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Elvish => "elvish",
            Self::Powershell => "powershell",
        }
    }
}

/// Arguments of `man`.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  cloud-import man import > import.1\n  cloud-import man --folder man1",
    after_help = "To read one at once: cloud-import man import | man -l -"
)]
pub(crate) struct Man {
    /// The command that the page is of; without, the program itself
    pub(crate) command: Option<String>,
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "command")]
    pub(crate) folder: Option<PathBuf>,
}
