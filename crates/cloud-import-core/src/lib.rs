//! What the cloud image-import crates share: errors, normalized types, the request pipeline and waiting.
//!
//! A provider crate (`tencent-cvm-import`, …) turns a typed call into bytes, signs bytes, reads an answer and maps
//! names. Everything that touches the world is here: the HTTP client ([`transport`]), clock and randomness
//! ([`ambient`]), the retry loop ([`pipeline`]), waiting ([`wait()`]) and the routine for a start whose answer was lost
//! ([`start`](mod@start)).
//!
//! Contracts that hold for every cloud:
//!
//! - **What is signed is what is sent.** A request is built once; each attempt is signed anew, with a fresh instant and
//!   nonce, inside the retry loop.
//! - **Whether a call may be repeated is data** ([`Repeat`]). A start that may have been executed is never sent again
//!   unless a token makes that safe; see [`Error::may_have_executed`].
//! - **A failed poll is not a failed import.** [`wait()`] tolerates failing polls; only a state that the vendor calls
//!   failed ends an import.
//! - **A task is plain data** ([`ImportTask`]): store it, and go on from any process.
//! - **Secrets never leave**: not in `Debug`, `Display`, errors or logs.

pub mod ambient;
pub mod builder;
pub mod canonical;
pub mod capabilities;
pub mod clock_offset;
pub mod credentials;
pub mod datetime;
pub mod digest;
pub mod encode;
mod endpoint;
pub mod engine;
mod error;
mod field;
mod gate;
mod link;
mod operation;
mod os;
pub mod pages;
pub mod pipeline;
mod problem;
mod provider;
pub mod redact;
pub mod remedy;
mod request;
pub mod retry;
mod schema;
mod stop;
mod task;
#[cfg(feature = "testing")]
pub mod testing;
mod token;
pub mod transport;
mod types;
pub mod validate;
pub mod wire;

use std::{future::Future, pin::Pin};

pub use bytes::Bytes;
pub use http;

pub use builder::{ClientBuilder, Settings};
pub use capabilities::Capabilities;
pub use credentials::Credentials;
pub use endpoint::Endpoint;
pub use engine::wait::{WaitOptions, wait};
pub use engine::{Grace, ImageImporter, Importer, Prepared, preflight, start, wait};
pub use error::{Error, ErrorKind};
pub use field::{DiskPart, Field};
pub use gate::Gate;
pub use link::Link;
pub use operation::{Call, CodeRule, Fill, Meaning, Operation, OtherApi, Place, Repeat, StateRow};
pub use os::{Os, OsMatch};
pub use preflight::{Check, CheckOutcome};
pub use problem::{Problem, Severity};
pub use provider::Provider;
pub use remedy::Remedy;
pub use request::{Disk, DiskSource, ImageKind, ImportRequest, PartitionTable, VendorOptions};
pub use schema::Schema;
pub use stop::Stop;
pub use task::{CancelOutcome, Failure, Finding, ImportTask, ImportedImage, Inspection, StateClass, TaskState};
pub use token::marked;
pub use types::{Architecture, BootMode, DiskFormat, LicenseType, OsFamily, SourceForm};

/// The result of everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A boxed future, for the few traits that must work as `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The words that the generated code of provider crates is written in.
#[doc(hidden)]
pub mod __generated {
    pub use serde::{Deserialize, Serialize};

    pub use crate::{
        Architecture, BootMode, Call, Capabilities, CodeRule, DiskFormat, ErrorKind, Fill, LicenseType, Link,
        Operation, OtherApi, Place, Provider, Repeat, Result, SourceForm, StateClass, StateRow,
        capabilities::{Alphabet, Fact, Field, First, Limit, Rule, UniqueNames},
        credentials::EnvironmentNames,
        http::Method,
        open_enum,
        pages::{Page, Paged, Pages, Position},
        wire::{self, Extra, Flag},
    };
}

/// What the macros of this crate need in the crates that use them.
#[doc(hidden)]
pub mod __private {
    pub use serde;
}
