//! The version number that a stored form carries: one is written and read, every other is refused. Knows no form.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The version `N` of a stored form, as the number itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Schema<const N: u32>;

impl<const N: u32> Schema<N> {
    /// Reads it; `refusal` says what is wrong with another version.
    ///
    /// # Errors
    /// The deserializer's own, or that refusal.
    pub fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        refusal: impl FnOnce(u64) -> String,
    ) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            found if found == u64::from(N) => Ok(Self),
            other => Err(D::Error::custom(refusal(other))),
        }
    }
}

impl<const N: u32> Serialize for Schema<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(N)
    }
}

impl<'de, const N: u32> Deserialize<'de> for Schema<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(deserializer, |other| {
            format!("schema {other} is not known (this build knows {N}): use the version of cloud-import that wrote it")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_own_number_is_read_and_every_other_is_refused() {
        assert_eq!(serde_json::to_string(&Schema::<3>).unwrap(), "3");
        assert_eq!(serde_json::from_str::<Schema<3>>("3").unwrap(), Schema);
        for other in ["2", "4", "4294967299"] {
            let error = serde_json::from_str::<Schema<3>>(other).unwrap_err().to_string();
            assert!(
                error.contains(&format!("schema {other} is not known (this build knows 3)")),
                "{error}"
            );
        }
        assert!(serde_json::from_str::<Schema<3>>("\"3\"").is_err());
    }
}
