//! The object stores of the five clouds: JD OSS (the S3 dialect), Tencent COS, Huawei OBS, Alibaba OSS and UCloud US3 (its own
//! dialect): what they take, limit and answer. What lies in them is in [`crate::objects`]; signatures are verified in
//! [`crate::verify::store`]; imports are in [`crate::clouds`].

mod admit;
mod body;
mod call;
mod data;
mod document;
mod exchange;
mod facts;
mod list;
mod made;
mod multipart;
mod object;
mod operation;
mod rate;
mod reply;
mod rules;
mod traffic;
mod trouble;
mod xml;

pub(crate) use self::{
    exchange::store_request,
    operation::operations,
    reply::{Harm, streamed},
    traffic::Stores,
};
