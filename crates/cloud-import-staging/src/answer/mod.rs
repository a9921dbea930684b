//! Reads what a store answers, each kind of answer into a type of its own. Of an error only code, text, request id and place
//! are taken: the vendors put the string to sign beside them, and UCloud's holds the private key.

pub(crate) mod documents;
mod faults;
pub(crate) mod headers;
pub(crate) mod json;
pub(crate) mod rest;
mod xml;
