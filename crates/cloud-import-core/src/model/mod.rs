//! The normalized words: orders, tasks, images, problems, errors. Plain data; no request is made here.

pub(crate) mod after;
pub(crate) mod attributes;
pub(crate) mod bucket_names;
pub mod capabilities;
pub(crate) mod code;
pub(crate) mod credentials;
pub(crate) mod error;
pub(crate) mod export;
pub(crate) mod field;
pub(crate) mod guest;
pub mod id;
pub(crate) mod image_source;
pub(crate) mod link;
pub(crate) mod object;
pub(crate) mod os;
pub(crate) mod own_image;
mod parse;
pub mod policy;
pub(crate) mod problem;
pub(crate) mod provider;
pub mod remedy;
pub(crate) mod request;
pub(crate) mod task;
pub(crate) mod token;
pub(crate) mod types;
pub(crate) mod vendor;
pub(crate) mod warning;
