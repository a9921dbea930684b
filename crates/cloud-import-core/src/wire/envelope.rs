//! What generated wire types are made of: open enums, unknown fields, lenient readings.
//!
//! Vendors answer with a number where they documented text, with `"true"` for `true`, with a list wrapped in an object:
//! each such reading is named in the spec and understood here, on the way in only.

use std::{fmt, fmt::Display, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned, de::Error as _};
use serde_json::{Map, Value};

/// An enum of a vendor's words that also holds words which are not in its documents.
#[macro_export]
macro_rules! open_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident => $wire:literal, )* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$vmeta])* $variant, )*
            /// Any other text, kept as it is.
            Other(String),
        }

        impl $name {
            /// The vendor's word.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $wire, )*
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $wire => Self::$variant, )*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S: $crate::__private::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                let text = <::std::borrow::Cow<'de, str> as $crate::__private::serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self::from(text.as_ref()))
            }
        }
    };
}

/// Fields that the specs do not know. Kept both ways; `Debug` shows their names only, as values may be secret.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Extra(pub Map<String, Value>);

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A boolean that a vendor also takes as 1 or 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Flag {
    /// `true` or `false`.
    Bool(bool),
    /// `1` or `0`.
    Number(i64),
}

impl From<bool> for Flag {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// Text, or a number kept as its text.
///
/// # Errors
/// The deserializer's own, or a value that is neither.
pub fn string_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text::<D::Error>(Value::deserialize(deserializer)?)
}

/// A list of texts or numbers, kept as texts.
///
/// # Errors
/// The deserializer's own, or an item that is neither.
pub fn strings_or_numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let Some(items) = Option::<Vec<Value>>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let texts = items.into_iter().filter_map(|item| text::<D::Error>(item).transpose());
    texts.collect::<Result<_, _>>().map(Some)
}

fn text<E: serde::de::Error>(value: Value) -> Result<Option<String>, E> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Number(number) => Ok(Some(number.to_string())),
        other => Err(E::custom(format_args!(
            "expected text or a number, got {}",
            kind(&other)
        ))),
    }
}

/// A number, or digits in quotes; empty text is absent.
///
/// # Errors
/// The deserializer's own, or text that is no number.
pub fn number_or_string<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + FromStr<Err: Display>,
{
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => text.parse().map(Some).map_err(D::Error::custom),
        other => serde_json::from_value(other).map(Some).map_err(D::Error::custom),
    }
}

/// A boolean, or `"true"` and `"false"` in any case.
///
/// # Errors
/// The deserializer's own, or any other value.
pub fn bool_or_string<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::Bool(value) => Ok(Some(value)),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        other => Err(D::Error::custom(format_args!(
            "expected a boolean, got {}",
            kind(&other)
        ))),
    }
}

/// A list, or an object around one: its only member that is a list. An object without any is an empty list, unless all it
/// has is one member of another kind.
///
/// # Errors
/// The deserializer's own, or any other value.
pub fn list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let items = match Value::deserialize(deserializer)? {
        Value::Null => return Ok(None),
        Value::Object(wrapper) => unwrapped(wrapper),
        other => other,
    };
    serde_json::from_value(items).map(Some).map_err(D::Error::custom)
}

/// The same readings for fields that are only shown: a value of any other form is absent, so that no answer fails for it.
pub mod shown {
    use serde::{Deserialize as _, Deserializer, de::DeserializeOwned};
    use serde_json::{Error, Value};

    fn read<'de, D: Deserializer<'de>, T>(
        deserializer: D,
        reading: impl FnOnce(Value) -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, D::Error> {
        Ok(reading(Value::deserialize(deserializer)?).unwrap_or_default())
    }

    /// As documented.
    ///
    /// # Errors
    /// The deserializer's own.
    pub fn plain<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
        read(deserializer, serde_json::from_value)
    }

    macro_rules! shown {
        ($($reading:ident -> $of:ty;)+) => { $(
            #[doc = concat!("As [`", stringify!($reading), "`](super::", stringify!($reading), ").")]
            ///
            /// # Errors
            /// The deserializer's own.
            pub fn $reading<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<$of>, D::Error> {
                read(deserializer, super::$reading)
            }
        )+ };
    }

    shown! {
        string_or_number -> String;
        strings_or_numbers -> Vec<String>;
        bool_or_string -> bool;
    }

    /// As [`number_or_string`](super::number_or_string).
    ///
    /// # Errors
    /// The deserializer's own.
    pub fn number_or_string<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        D: Deserializer<'de>,
        T: DeserializeOwned + std::str::FromStr<Err: std::fmt::Display>,
    {
        read(deserializer, super::number_or_string)
    }

    /// As [`list`](super::list).
    ///
    /// # Errors
    /// The deserializer's own.
    pub fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<Vec<T>>, D::Error> {
        read(deserializer, super::list)
    }
}

fn unwrapped(wrapper: Map<String, Value>) -> Value {
    let (lists, mut others): (Vec<Value>, Vec<Value>) = wrapper.into_values().partition(Value::is_array);
    match (<[Value; 1]>::try_from(lists), others.len()) {
        (Ok([list]), _) => list,
        // Two lists: which one is meant is not known, and the reading fails.
        (Err(lists), _) if !lists.is_empty() => Value::Object(Map::new()),
        (Err(_), 1) if !others[0].is_null() => others.remove(0),
        (Err(_), _) => Value::Array(Vec::new()),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(unreachable_pub, reason = "the macro makes public enums")]
    mod colour {
        open_enum! {
            /// For the tests.
            pub enum Colour {
                /// Red.
                Red => "red",
            }
        }
    }
    use colour::Colour;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Answer {
        colour: Option<Colour>,
        #[serde(deserialize_with = "string_or_number")]
        task: Option<String>,
        #[serde(deserialize_with = "number_or_string")]
        code: Option<i64>,
        #[serde(deserialize_with = "bool_or_string")]
        cancel: Option<bool>,
        #[serde(deserialize_with = "list")]
        images: Option<Vec<u8>>,
        #[serde(flatten)]
        extra: Extra,
    }

    fn read(text: &str) -> Answer {
        serde_json::from_str(text).unwrap()
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Shown {
        #[serde(deserialize_with = "shown::plain")]
        size: Option<i64>,
        #[serde(deserialize_with = "shown::string_or_number")]
        text: Option<String>,
        #[serde(deserialize_with = "shown::number_or_string")]
        percent: Option<i64>,
        #[serde(deserialize_with = "shown::bool_or_string")]
        flag: Option<bool>,
        #[serde(deserialize_with = "shown::list")]
        tags: Option<Vec<u8>>,
        #[serde(deserialize_with = "shown::strings_or_numbers")]
        words: Option<Vec<String>>,
    }

    #[test]
    fn what_is_only_shown_is_absent_when_it_is_of_another_form() {
        let good = r#"{"size":1,"text":2,"percent":"3","flag":"true","tags":{"Tag":[4]},"words":[5,"6"]}"#;
        let read = |text: &str| serde_json::from_str::<Shown>(text).unwrap();
        let expected = Shown {
            size: Some(1),
            text: Some("2".to_owned()),
            percent: Some(3),
            flag: Some(true),
            tags: Some(vec![4]),
            words: Some(vec!["5".to_owned(), "6".to_owned()]),
        };
        assert_eq!(read(good), expected);
        for odd in ["1e308", "null", r#"{"a":[1],"b":["c"]}"#, r#"[{}]"#, "-0.5", r#""x""#] {
            let names = ["size", "percent", "flag", "tags", "words"];
            let fields: Vec<String> = names.iter().map(|name| format!(r#""{name}":{odd}"#)).collect();
            assert_eq!(
                read(&format!(r#"{{"text":[],{}}}"#, fields.join(","))),
                Shown::default(),
                "{odd}"
            );
        }
    }

    #[test]
    fn both_readings_are_understood() {
        let answer =
            read(r#"{"colour":"red","task":541,"code":"171","cancel":"True","images":{"Image":[1,2]},"new":"secret"}"#);
        assert_eq!(answer.colour, Some(Colour::Red));
        assert_eq!(answer.task.as_deref(), Some("541"));
        assert_eq!(answer.code, Some(171));
        assert_eq!(answer.cancel, Some(true));
        assert_eq!(answer.images, Some(vec![1, 2]));
        assert_eq!(format!("{:?}", answer.extra), r#"{"new"}"#);
        let answer = read(r#"{"colour":"blue","task":"7","code":0,"cancel":false,"images":[3]}"#);
        assert_eq!(answer.colour, Some(Colour::Other("blue".into())));
        assert_eq!(serde_json::to_string(&answer.colour).unwrap(), r#""blue""#);
        assert_eq!(
            (answer.code, answer.cancel, answer.images),
            (Some(0), Some(false), Some(vec![3]))
        );
        let wrapped = read(r#"{"images":{"Image":[4],"NewInside":{"a":[9]}}}"#);
        assert_eq!(wrapped.images, Some(vec![4]));
        for bad in [r#"{"images":{"Image":[1],"Other":[2]}}"#, r#"{"images":{"Image":1}}"#] {
            assert!(serde_json::from_str::<Answer>(bad).is_err(), "{bad}");
        }
        let empty = read(r#"{"task":null,"images":{},"code":""}"#);
        assert_eq!((empty.task, empty.images, empty.code), (None, Some(vec![]), None));
    }
}
