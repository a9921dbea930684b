//! Parameters as a client's request type, the way a caller would give them.

use cloud_import_core::provider::{Call, envelope::Extra};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::outcome::Unfit;

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

/// Adds the parameters of another type to the extra fields, and names everything that is there now.
pub(crate) fn add(extra: &mut Extra, others: Map<String, Value>) -> Vec<Unfit> {
    let mut unfit: Vec<Unfit> = extra.0.keys().cloned().map(Unfit::Name).collect();
    unfit.extend(others.keys().cloned().map(Unfit::Type));
    extra.0.extend(others);
    unfit
}
