//! `GetCallerIdentity` of STS, version `2015-04-01`: whose the keys are. Source: the vendor's API reference (read 2026).

use serde_json::json;

use super::ram::ACCOUNT;
use crate::clouds::vendor::Reply;

pub(super) const HOST: &str = "sts.aliyuncs.com";
pub(super) const VERSION: &str = "2015-04-01";

/// The operation that is that of STS and not of ECS.
pub(super) const OPERATION: &str = "GetCallerIdentity";

/// Every key is the account's own.
pub(super) fn caller() -> Reply {
    Reply::ok(json!({
        "IdentityType": "Account",
        "AccountId": ACCOUNT,
        "PrincipalId": ACCOUNT,
        "UserId": ACCOUNT,
        "Arn": format!("acs:ram::{ACCOUNT}:root"),
    }))
}
