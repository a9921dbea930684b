//! What UCloud can be asked before an import or a copy. Reads only.

use std::ops::ControlFlow;

use cloud_import_core::{
    Check, ImportRequest, Result, Subject,
    provider::{Cloud as _, named, preflight::Checks},
};

use crate::{Client, generated as wire, generated::CAPABILITIES};

pub(crate) const NEVER: &[(Subject, &str)] = &[
    (Subject::Quota, "no call of this API tells it"),
    (
        Subject::Os,
        "no call lists what an import takes: the order is checked against the table",
    ),
    (Subject::DryRun, "this cloud has no dry run"),
];

pub(crate) async fn check(client: &Client, request: &ImportRequest, checks: &mut Checks) -> Result<(), &'static str> {
    let regions = checks.once("regions", regions(client)).await;
    let regions = match checks.first(regions) {
        ControlFlow::Continue(regions) => regions,
        ControlFlow::Break(why) => return Err(why),
    };
    checks.region(client.region(), regions);
    let project = client.scope(request);
    match &project {
        Some(project) => {
            let listed = checks.once("projects", projects(client)).await;
            checks.project(project, listed);
        }
        None => checks.add(Check::not_checked(
            Subject::Project,
            "none is named: the account's default project is taken",
        )),
    }
    let found = named(client, &request.name, project.as_deref(), 1).await;
    checks.name(&request.name, found, CAPABILITIES.unique_names.value);
    Ok(())
}

pub(crate) async fn regions(client: &Client) -> Result<Vec<String>> {
    let regions = client.get_region(&wire::GetRegionRequest::default()).await?.regions;
    let regions = regions.unwrap_or_default().into_iter();
    let mut ids: Vec<String> = regions.filter_map(|region| region.region).collect();
    // One entry per zone.
    ids.dedup();
    Ok(ids)
}

async fn projects(client: &Client) -> Result<Vec<String>> {
    let request = wire::GetProjectListRequest::default();
    let projects = client.get_project_list(&request).await?.project_set;
    let projects = projects.unwrap_or_default().into_iter();
    Ok(projects.filter_map(|project| project.project_id).collect())
}
