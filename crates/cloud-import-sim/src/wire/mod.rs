//! One HTTP request as it came off the wire, the simulator's own decoding of it, and the answer that goes back.
//!
//! Holds bytes and text exactly as received and knows nothing of any cloud. Decoding here is lenient, so that a handler can
//! always look at a request; what a signature covers is decoded strictly, in [`crate::verify`].

mod answer;
pub(crate) mod http;
pub(crate) mod link;
mod request;

pub(crate) use self::answer::{Answer, AnswerBody, Delivery, FLUSH, Stream};
pub use self::request::WireRequest;
