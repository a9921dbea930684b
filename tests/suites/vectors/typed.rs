//! Parameters as a client's request type, the way a caller would give them.

use cloud_import_core::Call;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The typed request, and the parameters whose JSON type is not the documented one: those belong into its `extra`.
///
/// # Errors
/// A request type that takes the parameters one by one but not together.
pub(crate) fn split<Q: Call + DeserializeOwned>(
    params: &Map<String, Value>,
) -> Result<(Q, Map<String, Value>), String> {
    let (fitting, others): (Map<_, _>, Map<_, _>) = params.clone().into_iter().partition(|(name, value)| {
        let alone = Map::from_iter([(name.clone(), value.clone())]);
        serde_json::from_value::<Q>(Value::Object(alone)).is_ok()
    });
    let request = serde_json::from_value(Value::Object(fitting))
        .map_err(|error| format!("the request type does not take the parameters together: {error}"))?;
    Ok((request, others))
}
