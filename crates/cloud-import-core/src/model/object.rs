//! Something typed as a JSON object.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Error, ErrorKind, Result};

/// The fields of a call.
pub type Fields = Map<String, Value>;

/// The call's fields as a JSON object.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when the call cannot be written as JSON.
pub fn fields(call: &impl Serialize) -> Result<Fields> {
    match serde_json::to_value(call).map_err(no_json)? {
        Value::Object(fields) => Ok(fields),
        _ => Err(Error::new(ErrorKind::InvalidRequest, "the request is not an object")),
    }
}

pub(crate) fn no_json(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::InvalidRequest, "the request cannot be written as JSON").with_source(error)
}
