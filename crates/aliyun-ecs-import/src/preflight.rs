//! What Alibaba Cloud can be asked before an import or a copy: reads, and a dry run of the order itself, which of an import also tells
//! whether the service may read the bucket. Where it ends elsewhere, RAM is asked for the role by which the service reads it.

use std::ops::ControlFlow;

use cloud_import_core::{
    Check, ImageSource, ImportRequest, Result, Subject, WarningId,
    provider::{Cloud as _, named, preflight::Checks},
};

use crate::{
    Client, copies, generated as wire,
    generated::CAPABILITIES,
    import_role::{Sight, role_check},
    role,
};

pub(crate) const NEVER: &[(Subject, &str)] = &[
    (Subject::Quota, "this client has no call that tells it"),
    (
        Subject::Os,
        "no call lists what an import takes: the order is checked against the table",
    ),
];

pub(crate) async fn check(client: &Client, request: &ImportRequest, checks: &mut Checks) -> Result<(), &'static str> {
    checks.add(Check::not_checked(
        Subject::Project,
        match &request.project {
            Some(group) => format!("this client has no call that lists resource groups, such as `{group}`"),
            None => "the order names no resource group: the default one is taken".to_owned(),
        },
    ));
    let regions = checks.once("regions", regions(client)).await;
    let regions = match checks.first(regions) {
        ControlFlow::Continue(regions) => regions,
        ControlFlow::Break(why) => return Err(why),
    };
    checks.region(client.region(), regions);
    let found = named(client, &request.name, None, 1).await;
    checks.name(&request.name, found, CAPABILITIES.unique_names.value);
    if let Some(image) = request.image() {
        // No role is taken: the service reads no bucket.
        match checks.why_no_dry_run(request) {
            Some(why) => checks.add(Check::not_checked(Subject::DryRun, why)),
            None => dry_copy(client, request, image, checks).await,
        }
    } else if let Some(why) = checks.why_no_dry_run(request) {
        checks.add(role(client, request, checks).await);
        checks.add(Check::not_checked(Subject::DryRun, why));
    } else {
        dry_run(client, request, checks).await;
    }
    Ok(())
}

/// What RAM, which is one for all regions, says of the role.
async fn role(client: &Client, request: &ImportRequest, checks: &Checks) -> Check {
    let name = role::name(request);
    let role = checks.once(&format!("role {name}"), client.role(&name)).await;
    role_check(request, role)
}

pub(crate) async fn regions(client: &Client) -> Result<Vec<String>> {
    let request = wire::DescribeRegionsRequest::default();
    let regions = client.describe_regions(&request).await?.regions;
    let regions = regions.unwrap_or_default().into_iter();
    Ok(regions.filter_map(|region| region.region_id).collect())
}

async fn dry_run(client: &Client, request: &ImportRequest, checks: &mut Checks) {
    match client.sight(request).await {
        Sight::Seen => {
            let message = "the dry run found the RAM role by which the service reads the bucket";
            checks.add(Check::passed(Subject::ImportRole, message));
            checks.dry_run(Ok(()));
        }
        Sight::Missing(refusal) => {
            checks.add(client.missing_role_check(request, &refusal).await);
            checks.add(Check::not_checked(Subject::DryRun, "it ended at the import role"));
        }
        Sight::Unknown(error) => {
            checks.add(role(client, request, checks).await);
            checks.dry_run(Err(error));
        }
        Sight::Begun(id) => checks.add(begun(&id)),
    }
}

/// The dry run of a copy, in the region of its image. With a token, the vendor may answer what it answered before.
async fn dry_copy(client: &Client, request: &ImportRequest, image: &ImageSource, checks: &mut Checks) {
    let request = request.clone().dry_run(true);
    let outcome = match client.in_region(&image.region, image.project.as_deref()) {
        Ok(from) => {
            from.copy_image(&copies::request(client.region(), &request, image))
                .await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(wire::CopyImageResponse { image_id: Some(id), .. }) if !id.is_empty() => checks.add(begun(&id)),
        outcome => checks.dry_run(outcome.map(drop)),
    }
}

/// A dry run makes nothing: what is answered with an id may be no dry run.
fn begun(id: &str) -> Check {
    Check::warning(
        WarningId::DRY_RUN_ANSWER,
        Subject::DryRun,
        format!("the dry run was answered with an image id, {id}"),
        "Look in the vendor's console whether an import of it has begun.",
    )
}
