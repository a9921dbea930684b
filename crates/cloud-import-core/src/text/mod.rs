//! Text and numbers in the forms that vendors want. Knows nothing of clouds, orders or requests.

pub mod datetime;
pub mod digest;
pub(crate) mod percent;
pub mod redact;
pub(crate) mod schema;
pub(crate) mod shown;
pub mod suggest;
