//! The commands, a file each. What several of them need is outside of this folder.

pub(crate) mod accept;
pub(crate) mod cancel;
pub(crate) mod capabilities;
pub(crate) mod change;
pub(crate) mod check;
pub(crate) mod clean;
pub(crate) mod completions;
pub(crate) mod copy;
pub(crate) mod delete;
pub(crate) mod doctor;
pub(crate) mod download;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod forget;
pub(crate) mod images;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod moved;
pub(crate) mod report;
pub(crate) mod resume;
pub(crate) mod show;
pub(crate) mod sim;
pub(crate) mod status;
pub(crate) mod wait;
