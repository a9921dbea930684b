#![doc = include_str!("../README.md")]
//!
//! # What is in it
//!
//! A provider crate (`tencent-cvm-import`, …) turns a typed call into bytes, signs bytes, reads an answer and maps
//! names. Everything that touches the world is here: the HTTP client ([`transport`]), clock and randomness ([`env`](mod@env)), the
//! retry loop, waiting ([`wait()`]) and the start whose answer may be lost ([`Importer`]).
//!
//! Contracts that hold for every cloud:
//!
//! - **What is signed is what is sent.** A request is built once; each attempt is signed anew, with a fresh instant and
//!   nonce, inside the retry loop.
//! - **Whether a call may be repeated is data** ([`Repeat`](provider::Repeat)). A start that may have been executed is never sent again
//!   unless a token makes that safe; see [`Error::may_have_executed`].
//! - **A failed poll is not a failed import.** [`wait()`] tolerates failing polls; only a state that the vendor calls
//!   failed ends an import.
//! - **A task is plain data** ([`ImportTask`]): store it, and go on from any process.
//! - **Secrets never leave**: not in `Debug`, `Display`, errors or logs.

#![cfg_attr(docsrs, feature(doc_cfg))]
mod client;
pub mod credentials;
mod engine;
mod model;
mod net;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod wire;

use std::{future::Future, pin::Pin};

pub use bytes::Bytes;
pub use http;

pub use client::{ClientBuilder, Grace, Response, Settings};
pub use credentials::{CredentialSource, Credentials};
pub use engine::{
    ImageImporter, Importer, Prepared,
    asking::Asking,
    check::{Check, CheckOutcome, Subject},
    export_order::PreparedExport,
    presence::Presence,
    search::Sighting,
    start::find,
    wait::{WaitEvent, WaitOptions, wait, wait_for_export},
};
pub use model::{
    attributes::{ImageAttributes, ImageChange},
    capabilities::Capabilities,
    error::{Error, ErrorKind},
    export::{ExportRequest, ExportState, ExportTask, ExportedImage},
    field::{DiskPart, Field},
    guest::GuestFinding,
    image_source::{Encryption, ImageSource},
    link::Link,
    os::Os,
    own_image::{ImageMarks, OwnImage, OwnImages},
    problem::{Problem, Severity},
    provider::Provider,
    remedy::{self, Remedy},
    request::{Disk, DiskSource, ImageKind, ImportRequest, PartitionTable},
    task::{CancelOutcome, Failure, Finding, ImportTask, ImportedImage, Inspection, TaskState},
    types::{Architecture, BootMode, DiskFormat, LicenseType, OsFamily, SourceForm},
    vendor::VendorOptions,
    warning::WarningId,
};
pub use net::{Pace, Stop, Throttle, Turn, env, retry::RetryPolicy, transport};
pub use text::shown::Shown;
pub use wire::Endpoint;

/// The result of everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A boxed future, for the few traits that must work as `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the crates of clouds are made with: calls, signatures, envelopes, tables, the vocabulary of an importer.
///
/// For those who write such a crate. Unlike the rest of this crate it may change with every version, also a patch: pin the exact
/// version.
pub mod provider {
    pub use crate::{
        client::{Buildable, Chained, Connection, Hosts, OtherHost, VendorSettings, pages},
        engine::{
            cloud::{At, By, Cloud, Identity, Listing, Page, Proof, Query, Row, Sent},
            copies,
            copy_order::CopyOrder,
            export_order::{ExportKeys, ExportOrder, ExportProof},
            preflight::{self, Checks, NamedImage},
            search::named,
            spans, validate, words,
        },
        model::{
            capabilities,
            code::{CodeRule, Meaning, StateClass, StateRow},
            id,
            os::{Distribution, Listed, OsMatch, System},
            policy,
            token::marked,
        },
        net::{Pipeline, clock_offset, protocol, retry},
        text::{datetime, digest, redact, schema::Schema, suggest},
        wire::{Call, Fill, Operation, OtherApi, Placement, Repeat, canonical, envelope},
    };

    /// Turning a typed call into bytes.
    pub mod encode {
        pub use crate::{
            model::object::{Fields, fields},
            text::percent::*,
            wire::encode::*,
        };
    }
}

/// The words that the generated code of provider crates is written in.
#[doc(hidden)]
pub mod __generated {
    pub use serde::{Deserialize, Serialize};

    pub use crate::{
        Architecture, BootMode, Capabilities, DiskFormat, ErrorKind, LicenseType, Link, OsFamily, Provider, Result,
        SourceForm,
        client::{
            Hosts, OtherHost,
            pages::{Page, Paged, Pages, Position},
        },
        credentials::EnvironmentNames,
        http::Method,
        model::{
            capabilities::{
                AfterImport, Alphabet, BucketNames, CharSet, CopyEncryption, Fact, First, GuestRule, Limit, Limited,
                Rule, SideFile, UniqueNames,
            },
            code::{CodeRule, StateClass, StateRow},
            os::{Distribution, Listed},
        },
        open_enum,
        wire::{
            Call, Fill, Operation, OtherApi, Placement, Repeat,
            envelope::{self as wire, Extra, Flag},
        },
    };
}

/// What the macros of this crate need in the crates that use them.
#[doc(hidden)]
pub mod __private {
    pub use serde;

    pub use crate::wire::envelope as wire;
}
