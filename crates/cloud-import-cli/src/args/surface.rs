//! Options of every command: what people are shown beside results, and how.

use clap::{Args, ValueEnum};

/// What people are shown.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Display")]
pub(crate) struct Surface {
    /// No progress and no notes; warnings, errors and results stay
    #[arg(short, long, global = true, display_order = 910)]
    pub(crate) quiet: bool,
    /// No progress; notes stay
    #[arg(long, global = true, display_order = 911)]
    pub(crate) no_progress: bool,
    /// Colours: auto, always or never
    ///
    /// `auto` colours what goes to a terminal, unless NO_COLOR is set, CLICOLOR is 0, or TERM is dumb. With CLICOLOR_FORCE
    /// set, colours go elsewhere, too.
    #[arg(long, global = true, value_name = "WHEN", hide_possible_values = true, value_enum, default_value_t = Color::Auto,
          display_order = 912)]
    pub(crate) color: Color,
}

/// Whether there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    // Where a terminal shows them.
    #[default]
    Auto,
    Always,
    Never,
}
