//! What UCloud can be asked before an import. Reads only.

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
    let regions = client.get_region(&wire::GetRegionRequest::default()).await;
    let regions = match checks.first(regions) {
        ControlFlow::Continue(regions) => regions,
        ControlFlow::Break(why) => return Err(why),
    };
    // One entry per zone.
    let ids = |answer: wire::GetRegionResponse| {
        let regions = answer.regions.unwrap_or_default().into_iter();
        let mut ids: Vec<String> = regions.filter_map(|region| region.region).collect();
        ids.dedup();
        ids
    };
    checks.region(client.region(), regions.map(ids));
    let project = client.scope(request);
    match &project {
        Some(project) => checks.project(project, projects(client).await),
        None => checks.add(Check::not_checked(
            Subject::Project,
            "none is named: the account's default project is taken",
        )),
    }
    let found = named(client, &request.name, project.as_deref(), 1).await;
    checks.name(&request.name, found, CAPABILITIES.unique_names.value);
    Ok(())
}

async fn projects(client: &Client) -> Result<Vec<String>> {
    let request = wire::GetProjectListRequest::default();
    let projects = client.get_project_list(&request).await?.project_set;
    let projects = projects.unwrap_or_default().into_iter();
    Ok(projects.filter_map(|project| project.project_id).collect())
}
