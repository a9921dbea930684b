//! What Tencent Cloud can be asked before an import or a copy: reads, and a dry run of the order itself.
//!
//! The vendor's guide warns that a signed link can be opened only once. Whether a dry run opens it is unverified, so it is
//! made for links without a query alone.

use std::ops::ControlFlow;

use cloud_import_core::{
    Check, DiskSource, ImageSource, ImportRequest, Result, Subject, WarningId,
    provider::{
        Cloud as _, Identity, named,
        preflight::{self, Checks},
    },
};

use crate::{
    Client, copies, generated as wire,
    generated::CAPABILITIES,
    os::{TencentOs, map_os},
};

pub(crate) const NEVER: &[(Subject, &str)] = &[
    (Subject::Project, "images of this cloud belong to no project"),
    (Subject::Region, "this client has no call that lists regions"),
];

pub(crate) async fn check(client: &Client, request: &ImportRequest, checks: &mut Checks) -> Result<(), &'static str> {
    let allowed = wire::DescribeImageQuotaRequest::default();
    let allowed = match checks.first(client.describe_image_quota(&allowed).await) {
        ControlFlow::Continue(allowed) => allowed,
        ControlFlow::Break(why) => return Err(why),
    };
    let room = match allowed {
        Ok(answer) => room(client, answer.image_num_quota).await,
        Err(error) => Err(error),
    };
    checks.quota(1, room);
    let found = named(client, &request.name, None, 1).await;
    checks.name(&request.name, found, CAPABILITIES.unique_names.value);
    if let Some(image) = request.image() {
        match checks.why_no_dry_run(request) {
            Some(why) => checks.add(Check::not_checked(Subject::DryRun, why)),
            None => dry_copy(client, request, image, checks).await,
        }
        return Ok(());
    }
    if let Some(os) = request.os.as_ref().and_then(|os| map_os(os).value()) {
        let listed = wire::DescribeImportImageOsRequest::default();
        let listed = client.describe_import_image_os(&listed).await;
        checks.judge(Subject::Os, listed, |listed| judge_os(&os, &listed));
    } else {
        let why = "the order names no system that has a name here";
        checks.add(Check::not_checked(Subject::Os, why));
    }
    if let Some(why) = checks.why_no_dry_run(request) {
        checks.add(Check::not_checked(Subject::DryRun, why));
    } else if has_query(request) {
        checks.add(Check::not_checked(
            Subject::DryRun,
            "a link of the order has a query, so it may be signed, and a signed link can be opened only once",
        ));
    } else {
        dry_run(client, request, checks).await;
    }
    Ok(())
}

/// `(used, allowed)`.
async fn room(client: &Client, allowed: Option<i64>) -> Result<(i64, i64)> {
    let allowed = allowed.ok_or_else(|| preflight::lacking("quota"))?;
    let request = wire::DescribeImagesRequest {
        filters: Some(vec![private()]),
        limit: Some(1),
        ..Default::default()
    };
    let used = client.describe_images(&request).await?.total_count;
    Ok((used.ok_or_else(|| preflight::lacking("number of images"))?, allowed))
}

async fn dry_run(client: &Client, request: &ImportRequest, checks: &mut Checks) {
    let request = request.clone().dry_run(true);
    let outcome = match client.translate(&request, &Identity::new(client, &request)) {
        Ok(order) => client.import_image(&order).await,
        Err(error) => Err(error),
    };
    judge_dry_run(outcome.map(|answer| answer.image_id), checks);
}

/// The dry run of a copy, in the region of its image.
async fn dry_copy(client: &Client, request: &ImportRequest, image: &ImageSource, checks: &mut Checks) {
    let request = request.clone().dry_run(true);
    let outcome = match client.in_region(&image.region, image.project.as_deref()) {
        Ok(from) => {
            from.sync_images(&copies::request(client.region(), &request, image))
                .await
        }
        Err(error) => Err(error),
    };
    let made = |answer: wire::SyncImagesResponse| answer.image_set.into_iter().flatten().find_map(|copy| copy.image_id);
    judge_dry_run(outcome.map(made), checks);
}

/// A dry run makes nothing: what is answered with an id may be no dry run.
fn judge_dry_run(outcome: Result<Option<String>>, checks: &mut Checks) {
    match outcome {
        Ok(Some(id)) if !id.is_empty() => checks.add(Check::warning(
            WarningId::DRY_RUN_ANSWER,
            Subject::DryRun,
            format!("the dry run was answered with an image id, {id}"),
            "Look in the vendor's console whether an import of it has begun.",
        )),
        outcome => checks.dry_run(outcome.map(drop)),
    }
}

pub(crate) fn filter(name: &str, value: &str) -> wire::Filter {
    wire::Filter {
        name: Some(name.to_owned()),
        values: Some(vec![value.to_owned()]),
        ..Default::default()
    }
}

pub(crate) fn private() -> wire::Filter {
    filter("image-type", wire::ImageType::PrivateImage.as_str())
}

fn has_query(request: &ImportRequest) -> bool {
    request.disks.iter().any(|disk| match &disk.source {
        DiskSource::Url(link) => link.expose().contains('?'),
        _ => false,
    })
}

/// Whether the cloud's own list has the system as it would be sent.
fn judge_os(os: &TencentOs, listed: &wire::DescribeImportImageOsResponse) -> Check {
    let what = Subject::Os;
    let TencentOs { os_type, os_version } = os;
    let own_text = "give this cloud's own text, TYPE/VERSION";
    let sets = listed.import_image_os_version_set.as_deref().unwrap_or_default();
    let versions = sets
        .iter()
        .find(|set| set.os_name.as_ref() == Some(os_type))
        .and_then(|set| set.os_versions.as_ref());
    if let Some(versions) = versions {
        if versions.contains(os_version) {
            return Check::passed(
                what,
                format!("the cloud lists `{os_type}` with the version `{os_version}`"),
            );
        }
        return Check::failed(
            what,
            format!("the cloud lists `{os_type}`, but not with the version `{os_version}`"),
            format!("Use one of: {}; or {own_text}.", versions.join(", ")),
        );
    }
    let names = listed.import_image_os_list_supported.iter();
    let names = names.flat_map(|list| list.windows.iter().chain(&list.linux)).flatten();
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.contains(&os_type.as_str()) {
        return Check::warning(
            WarningId::OS_VERSION,
            what,
            format!("the cloud lists `{os_type}` without versions, so `{os_version}` cannot be checked"),
            format!("If it is refused, {own_text}."),
        );
    }
    Check::failed(
        what,
        format!("the cloud does not list `{os_type}`"),
        format!("Use one of: {}; or {own_text}.", names.join(", ")),
    )
}
