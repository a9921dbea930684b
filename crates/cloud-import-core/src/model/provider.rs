//! Clouds by name: the five that there are, and those that others add.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A cloud, by its id: a word of lower-case letters, digits and dashes, which is also the facade's feature and module.
///
/// Text form and `serde` form are the id. The five below are those that this workspace imports into; a crate for another cloud
/// makes its own with [`Provider::new`]. One that is read and not known is kept as it is.
///
/// ```
/// use cloud_import_core::Provider;
///
/// const EXAMPLE: Provider = Provider::new("example-cloud").unwrap();
/// assert_eq!((EXAMPLE.id(), Provider::ALIYUN.name()), ("example-cloud", "Alibaba Cloud"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Provider(&'static str);

/// The longest id, in bytes.
const LONGEST: usize = 32;

/// Ids of clouds that are not known here and that are kept at the most, each for as long as the program runs.
const KEPT: usize = 256;

impl Provider {
    /// JD Cloud (京东云), Virtual Machines.
    pub const JDCLOUD: Self = Self("jdcloud");
    /// Tencent Cloud (腾讯云), Cloud Virtual Machine.
    pub const TENCENT: Self = Self("tencent");
    /// Huawei Cloud (华为云), Image Management Service.
    pub const HUAWEI: Self = Self("huawei");
    /// Alibaba Cloud (阿里云), Elastic Compute Service.
    pub const ALIYUN: Self = Self("aliyun");
    /// UCloud (优刻得), UHost.
    pub const UCLOUD: Self = Self("ucloud");

    const KNOWN: [Self; 5] = [Self::JDCLOUD, Self::TENCENT, Self::HUAWEI, Self::ALIYUN, Self::UCLOUD];

    /// The clouds that this workspace imports into, in the order that tables use.
    pub fn all() -> impl ExactSizeIterator<Item = Self> + DoubleEndedIterator + Clone {
        Self::KNOWN.into_iter()
    }

    /// Another cloud; `None` when the id is no word of at most 32 lower-case letters, digits and dashes.
    pub const fn new(id: &'static str) -> Option<Self> {
        if is_id(id) { Some(Self(id)) } else { None }
    }

    /// The word for it, such as `jdcloud`.
    pub const fn id(self) -> &'static str {
        self.0
    }

    /// The name that people read; the id of a cloud that is not one of the five.
    pub fn name(self) -> &'static str {
        match self {
            Self::JDCLOUD => "JD Cloud",
            Self::TENCENT => "Tencent Cloud",
            Self::HUAWEI => "Huawei Cloud",
            Self::ALIYUN => "Alibaba Cloud",
            Self::UCLOUD => "UCloud",
            Self(id) => id,
        }
    }

    /// The cloud of an id that was read: one of the five, or another, which is kept.
    fn read(id: &str) -> Option<Self> {
        static OTHERS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        if let Some(known) = Self::all().find(|known| known.0 == id) {
            return Some(known);
        }
        let mut others = OTHERS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = others.get(id) {
            return Some(Self(other));
        }
        if !is_id(id) || others.len() >= KEPT {
            return None;
        }
        let kept: &'static str = Box::leak(id.into());
        others.insert(kept);
        Some(Self(kept))
    }
}

const fn is_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !matches!(bytes[at], b'a'..=b'z' | b'0'..=b'9' | b'-') {
            return false;
        }
        at += 1;
    }
    at > 0 && at <= LONGEST
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Provider({})", self.0)
    }
}

impl Serialize for Provider {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Provider {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = String::deserialize(deserializer)?;
        Self::read(&id)
            .ok_or_else(|| D::Error::custom(format_args!("`{}` is not the id of a cloud", id.escape_debug())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cloud_that_is_not_known_is_kept() {
        let other: Provider = serde_json::from_str(r#""example-cloud""#).unwrap();
        assert_eq!(Some(other), Provider::new("example-cloud"));
        assert_eq!(serde_json::to_string(&other).unwrap(), r#""example-cloud""#);
        assert_eq!(
            serde_json::from_str::<Provider>(r#""aliyun""#).unwrap(),
            Provider::ALIYUN
        );
        for bad in ["", "Aliyun", "a b", "a\u{1b}", &"x".repeat(33)] {
            assert!(serde_json::from_value::<Provider>(bad.into()).is_err(), "{bad}");
        }
        // Typed by a person it is a mistake.
        assert!("example-cloud".parse::<Provider>().is_err());
    }
}
