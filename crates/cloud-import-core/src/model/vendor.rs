//! Options in one vendor's own words, beside an order. Knows no vendor.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{Error, Field, Problem, Provider, Result, text::suggest::did_you_mean_in};

/// What one vendor can be told beside the normalized order: the `Options` of its crate for an import, its `ExportOptions` for an
/// export.
pub trait VendorOptions: Serialize + DeserializeOwned + Default {
    /// The vendor.
    const PROVIDER: Provider;
}

/// One vendor's options, parsed strictly: an unknown one is an error. Defaults when there are none.
pub(super) fn options<T: VendorOptions>(vendor: &BTreeMap<Provider, Map<String, Value>>) -> Result<T> {
    let Some(options) = vendor.get(&T::PROVIDER) else {
        return Ok(T::default());
    };
    serde_json::from_value(Value::Object(options.clone())).map_err(|error| {
        let text = error.to_string();
        let why = text.replacen("unknown field", "unknown option", 1);
        let problem = Problem::error(T::PROVIDER, Field::Vendor, format!("cannot be read: {why}"));
        let remedy = format!("{}Correct that option, or leave it out.", did_you_mean_in(&text));
        Error::invalid(T::PROVIDER, vec![problem.remedy(remedy)])
    })
}
