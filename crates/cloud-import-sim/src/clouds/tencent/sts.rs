//! `GetCallerIdentity` of STS, version `2018-08-13`: whose the keys are. Source: the vendor's API reference (2026-04).

use serde_json::json;

use super::images::OWN_ACCOUNT;
use crate::clouds::vendor::Reply;

pub(super) const VERSION: &str = "2018-08-13";

/// The operation that is that of STS and not of CVM.
pub(super) const OPERATION: &str = "GetCallerIdentity";

/// Every key is the main account's own.
pub(super) fn caller() -> Reply {
    Reply::ok(json!({
        "Type": "RootAccount",
        "AccountId": OWN_ACCOUNT,
        "UserId": OWN_ACCOUNT,
        "PrincipalId": OWN_ACCOUNT,
        "Arn": format!("qcs::cam::uin/{OWN_ACCOUNT}:root"),
    }))
}
