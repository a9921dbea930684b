//! What Huawei Cloud can be asked before an import or a copy. Reads only.

use std::{collections::BTreeSet, ops::ControlFlow};

use cloud_import_core::{
    Check, ErrorKind, ImageKind, ImportRequest, Result, Subject, WarningId,
    provider::{
        named,
        preflight::{self, Checks},
    },
};

use crate::{Client, choose_route, generated as wire, generated::CAPABILITIES, order::data_image_name, os::map_os};

pub(crate) const NEVER: &[(Subject, &str)] = &[
    (Subject::Region, "this client has no call that lists regions"),
    (Subject::DryRun, "this cloud has no dry run"),
];

pub(crate) async fn check(client: &Client, request: &ImportRequest, checks: &mut Checks) -> Result<(), &'static str> {
    let named_project = client.project();
    let client = &in_project(client, checks).await.ok_or("the project is not known")?;
    let quota = client.show_image_quota(&wire::ShowImageQuotaRequest::default()).await;
    let quota = match checks.first(quota) {
        ControlFlow::Continue(quota) => quota,
        ControlFlow::Break(why) => return Err(why),
    };
    // Data disks beside the system disk become images of their own.
    let data_images = request.data_disks().len();
    let wanted = i64::try_from(data_images).unwrap_or(i64::MAX).saturating_add(1);
    checks.quota(wanted, quota.and_then(|answer| room(&answer)));
    let names = (0..data_images).map(|index| data_image_name(request, index));
    for name in [request.name.clone()].into_iter().chain(names) {
        let found = named(client, &name, None, 1).await;
        checks.name(&name, found, CAPABILITIES.unique_names.value);
    }
    if request.is_copy() {
        // Its system is that of its image.
    } else if request.kind == ImageKind::Data {
        let why = "only the family goes with a data disk's image";
        checks.add(Check::not_checked(Subject::Os, why));
    } else if let Some(os) = request.os.as_ref().and_then(|os| map_os(os).value()) {
        let listed = client.list_os_versions(&wire::ListOsVersionsRequest::default()).await;
        let is_binding = request
            .vendor_options()
            .is_ok_and(|options| choose_route(request, &options).0.is_quick());
        checks.judge(Subject::Os, listed, |listed| {
            judge_os(&os.os_version, &listed, is_binding)
        });
    } else {
        let why = "the order names no system that has a name here";
        checks.add(Check::not_checked(Subject::Os, why));
    }
    if let Some(project) = named_project {
        let listed = checks.once("projects", projects(client)).await;
        checks.project(project, listed);
    }
    Ok(())
}

/// The client in its project: the named one, else the region's, which IAM is asked for.
async fn in_project(client: &Client, checks: &mut Checks) -> Option<Client> {
    if client.project().is_some() {
        return Some(client.clone());
    }
    match client.with_project().await {
        Ok(client) => {
            let id = client.project().unwrap_or_default();
            let message = format!("IAM lists one named after the region: {id}");
            checks.add(Check::passed(Subject::Project, message));
            let message = format!("IAM lists a project of `{}`", client.region());
            checks.add(Check::passed(Subject::Region, message));
            Some(client)
        }
        Err(error) if matches!(error.kind(), ErrorKind::Credentials | ErrorKind::ClockSkew) => {
            checks.add(Check::failed_by(Subject::Credentials, &error));
            None
        }
        // IAM is the first that is asked.
        Err(error) if error.kind().is_retryable() => {
            checks.add(Check::failed_by(Subject::Endpoint, &error));
            None
        }
        Err(error) => {
            checks.add(Check::failed_by(Subject::Project, &error));
            None
        }
    }
}

/// IAM may be closed to keys that may import: that it does not answer says nothing against them.
async fn projects(client: &Client) -> Result<Vec<String>> {
    let projects = listed(client).await?.into_iter();
    Ok(projects.filter_map(|project| project.id).collect())
}

/// The projects of these keys, as IAM lists them.
async fn listed(client: &Client) -> Result<Vec<wire::Project>> {
    let request = wire::KeystoneListProjectsRequest::default();
    let projects = client.keystone_list_projects(&request).await?.projects;
    Ok(projects.unwrap_or_default())
}

/// The regions that have a project of these keys: a region's own is named after it, and a sub-project has that name before its own. The
/// one that the object storage keeps is of no region.
pub(crate) async fn regions(client: &Client) -> Result<Vec<String>> {
    let names = listed(client).await?.into_iter().filter_map(|it| it.name);
    let regions = names.filter(|name| name.contains('-') && !name.contains('_'));
    Ok(regions.collect::<BTreeSet<_>>().into_iter().collect())
}

/// `(used, allowed)`.
fn room(answer: &wire::ShowImageQuotaResponse) -> Result<(i64, i64)> {
    let quotas = answer
        .quotas
        .iter()
        .flat_map(|quotas| quotas.resources.iter().flatten());
    quotas
        .filter(|quota| quota.resource_type.as_deref() == Some("image"))
        .find_map(|quota| quota.used.zip(quota.quota))
        .ok_or_else(|| preflight::lacking("quota of images"))
}

/// Whether the region's own list has the text that would be sent. Only the quick route is bound to it: the common one finds
/// the system out itself.
fn judge_os(text: &str, listed: &[wire::OsPlatform], is_binding: bool) -> Check {
    let what = Subject::Os;
    let versions = listed
        .iter()
        .flat_map(|platform| platform.version_list.iter().flatten());
    let texts: Vec<&str> = versions.filter_map(|version| version.os_version.as_deref()).collect();
    if texts.contains(&text) {
        return Check::passed(what, format!("the region lists `{text}`"));
    }
    let message = format!("the region does not list `{text}`");
    let first_word = |text: &str| text.split(' ').next().unwrap_or_default().to_lowercase();
    let mut near: Vec<&str> = texts
        .into_iter()
        .filter(|other| first_word(other) == first_word(text))
        .collect();
    near.dedup();
    let remedy = if near.is_empty() {
        let platforms: Vec<&str> = listed
            .iter()
            .filter_map(|platform| platform.platform.as_deref())
            .collect();
        format!("It lists systems of: {}.", platforms.join(", "))
    } else {
        format!("Give this cloud's own text, one of: {}.", near.join(", "))
    };
    if is_binding {
        Check::failed(what, format!("{message}, and the quick route refuses others"), remedy)
    } else {
        let message = format!("{message}; the common route finds the system out itself and falls back to the text");
        Check::warning(WarningId::OS_NOT_LISTED, what, message, remedy)
    }
}
