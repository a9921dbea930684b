//! Everything that the simulator remembers: its settings, imports and what was counted, and the faults that are still to come.
//! Speaks no vendor's words and answers no request.

mod config;
mod copies;
mod counters;
mod export;
mod exports;
mod faults;
mod guest;
mod import;
mod link;
mod memory;
mod publication;
mod shared;
mod sharing;

pub use self::{
    config::{AliyunDryRun, Config, TencentDryRun},
    counters::Counters,
    faults::{Fault, FaultKind},
    guest::GuestFault,
};
pub(crate) use self::{
    counters::Activity,
    export::Export,
    import::{Import, Scope, Stage, Verdict},
    link::{read as read_link, signature as single_use},
    memory::{Replay, World},
    publication::{Member, Publication},
    shared::Shared,
};
