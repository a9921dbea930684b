//! What JD Cloud can be asked before an import or a copy. Reads only.

use std::ops::ControlFlow;

use cloud_import_core::{
    Check, ImportRequest, Result, Subject, WarningId,
    provider::{
        named,
        preflight::{self, Checks},
    },
};

use crate::{Client, generated as wire, generated::CAPABILITIES};

pub(crate) const NEVER: &[(Subject, &str)] = &[
    (Subject::Project, "images of this cloud belong to no project"),
    (Subject::Region, "this client has no call that lists regions"),
    (
        Subject::Os,
        "no call lists what an import takes: the order is checked against the table",
    ),
    (Subject::DryRun, "this cloud has no dry run"),
];

pub(crate) async fn check(client: &Client, request: &ImportRequest, checks: &mut Checks) -> Result<(), &'static str> {
    let found = match checks.first(named(client, &request.name, None, 1).await) {
        ControlFlow::Continue(found) => found,
        ControlFlow::Break(why) => return Err(why),
    };
    checks.name(&request.name, found, CAPABILITIES.unique_names.value);
    checks.judge(Subject::Quota, room(client).await, |(used, allowed)| {
        let message =
            format!("{used} of {allowed} images are used, if the answer is read rightly: its form is unverified");
        if used < allowed {
            return Check::passed(Subject::Quota, message);
        }
        Check::warning(
            WarningId::QUOTA_UNVERIFIED,
            Subject::Quota,
            message,
            "Look in the console, and delete images that are not needed.",
        )
    });
    Ok(())
}

/// `(used, allowed)`.
async fn room(client: &Client) -> Result<(i64, i64)> {
    let request = wire::DescribeQuotasRequest {
        filters: Some(vec![wire::Filter {
            name: Some("resourceTypes".to_owned()),
            values: Some(vec!["image".to_owned()]),
            ..Default::default()
        }]),
        ..Default::default()
    };
    let quotas = client.describe_quotas(&request).await?.quotas.unwrap_or_default();
    let mut images = quotas
        .iter()
        .filter(|quota| quota.resource_type.as_deref() == Some("image"));
    images
        .find_map(|quota| quota.used.zip(quota.limit))
        .ok_or_else(|| preflight::lacking("quota of images"))
}
