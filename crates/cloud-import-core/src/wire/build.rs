//! How a program writes a type that may get more fields.

/// A type with some of its fields set and the others at their default: a vendor's request, or the options of a vendor. Such types may get
/// more fields, so only their own crate can write them as literals.
///
/// ```
/// # #[derive(Default)] struct Tag { key: Option<String>, value: Option<String> }
/// let tag = cloud_import_core::build!(Tag { key: Some("team".into()) });
/// # assert!(tag.key.is_some() && tag.value.is_none());
/// ```
#[macro_export]
macro_rules! build {
    ($type:ty { $($field:ident: $value:expr),* $(,)? }) => {{
        let mut it = <$type>::default();
        $(it.$field = $value;)*
        it
    }};
}
