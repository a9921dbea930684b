//! Everything that the simulator remembers: its settings, imports and what was counted, and the faults that are still to come.
//! Speaks no vendor's words and answers no request.

mod config;
#[allow(dead_code, reason = "used as each cloud gets its calls")]
mod copies;
mod counters;
#[allow(dead_code, reason = "used as each cloud gets its calls")]
mod exports;
mod faults;
mod import;
mod link;
mod memory;
mod shared;
#[allow(dead_code, reason = "used as each cloud gets its calls")]
mod sharing;

pub use self::{
    config::{AliyunDryRun, Config, TencentDryRun},
    counters::Counters,
    faults::{Fault, FaultKind},
};
#[allow(unused_imports, reason = "used as each cloud gets its calls")]
pub(crate) use self::{
    counters::Activity,
    exports::Export,
    import::{Import, Origin, Scope, Stage, Verdict},
    link::{read as read_link, signature as single_use},
    memory::{Replay, World},
    shared::Shared,
    sharing::{Member, Publication},
};
