//! What the translations of an order have in common: what an order must name, and the refusal of what a vendor has no word
//! for. It knows no vendor's words.

use std::fmt::Display;

use crate::{
    Disk, Error, ErrorKind, ImportRequest, Provider, Result,
    model::os::{Os, OsMatch},
};

/// The error of an order that cannot be written in a vendor's words.
pub fn refused(provider: Provider, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidRequest, message.into()).with_provider(provider)
}

/// The error of a value for which a vendor has no word. Nothing is sent in its place: our word could mean another thing there.
pub fn no_word(provider: Provider, what: &str, value: impl Display) -> Error {
    refused(
        provider,
        format!("{} has no word for the {what} `{value}`", provider.name()),
    )
}

/// The first disk of an order.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when it has none.
pub fn first_disk(provider: Provider, request: &ImportRequest) -> Result<&Disk> {
    request
        .first_disk()
        .ok_or_else(|| refused(provider, "the order has no disk"))
}

/// The disks behind the first in the vendor's words; `None` where there are none.
///
/// # Errors
/// Those of `disk`.
pub fn data_disks<T>(request: &ImportRequest, disk: impl FnMut(&Disk) -> Result<T>) -> Result<Option<Vec<T>>> {
    let disks: Vec<T> = request.data_disks().iter().map(disk).collect::<Result<_>>()?;
    Ok((!disks.is_empty()).then_some(disks))
}

/// The operating system of an order in the vendor's words.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] when the order names none, or the vendor has nothing like it.
pub fn os<T>(provider: Provider, request: &ImportRequest, map: impl FnOnce(&Os) -> OsMatch<T>) -> Result<T> {
    let os = request
        .os
        .as_ref()
        .ok_or_else(|| refused(provider, "the order does not name an operating system"))?;
    map(os).value().ok_or_else(|| no_word(provider, "operating system", os))
}

/// The tags of an order, each as the vendor writes one; `None` where there are none.
pub fn tags<T>(request: &ImportRequest, tag: impl Fn(String, String) -> T) -> Option<Vec<T>> {
    let tags = request.tags.iter().map(|(key, value)| tag(key.clone(), value.clone()));
    (!request.tags.is_empty()).then(|| tags.collect())
}
