//! The hives of a Windows, where they lie.

use crate::{bytes::shown, facts::Guest, fs::FileSystem, hive::Hive, source::NotRead};

pub(super) const SOFTWARE: &str = "/Windows/System32/config/SOFTWARE";
pub(super) const SYSTEM: &str = "/Windows/System32/config/SYSTEM";

/// A hive, of which no more is read than what is asked for.
pub(super) fn open<'a>(fs: &'a mut dyn FileSystem, path: &'a str) -> Result<Hive<'a>, NotRead> {
    Hive::open(Box::new(move |at, len| fs.read(path, at, len)))
}

/// A text as it may be shown; none where it is empty.
pub(super) fn text(hive: &mut Hive<'_>, key: &str, name: &str) -> Result<Option<String>, NotRead> {
    let text = hive.text(key, name)?;
    Ok(text.map(|text| shown(text.trim())).filter(|text| !text.is_empty()))
}

/// Says that a hive is not whole without its logs, which nobody reads here.
pub(super) fn find_dirty(guest: &mut Guest, hive: &str) {
    guest.find("guest.dirty", hive, "the registry was not written to its end");
}
