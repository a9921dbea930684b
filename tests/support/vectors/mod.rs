//! Recorded requests of the vendors' SDKs: reading them, comparing with them, and changing them one value at a time.
//!
//! Decodes with the simulator's own decoder, which shares no code with the clients.

mod change;
mod compare;
mod json;
mod load;
mod vector;
mod wire;

pub use change::{
    Change, body_bytes, credential, form, header, host, json_body, method, path, query, reordered, signed_headers,
};
pub use compare::{COMPARED_HEADERS, added_by_sdk, compares_signature, differences, optional_parameters};
pub use load::{Directory, load};
pub use vector::{Keys, Recorded, Vector};
pub use wire::{authorization, authorization_value, to_http, to_wire};
