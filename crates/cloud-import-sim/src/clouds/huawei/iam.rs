//! Projects: their ids, and `KeystoneListProjects`, which finds one by the name of its region.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{clouds::vendor::Reply, rules::Params, text::hex, wire::WireRequest, world::Config};

/// The project that a request works in: the one that it names, else the region's own.
pub(super) fn project(config: &Config, request: &WireRequest, region: &str) -> String {
    if let Some(project) = request.header("x-project-id") {
        return project.to_owned();
    }
    let configured = config.huawei_projects.as_ref();
    let named = configured.and_then(|all| all.iter().find(|(name, _)| name == region));
    named.map_or_else(|| own_project(region), |(_, id)| id.clone())
}

/// The id of a region's project of this name: the region's own, or a sub-project, which is named after it.
pub(super) fn named(config: &Config, region: &str, name: &str) -> Option<String> {
    let suffix = name.strip_prefix(region)?;
    if !suffix.is_empty() && !suffix.starts_with('_') {
        return None;
    }
    match &config.huawei_projects {
        Some(all) => all.iter().find(|(own, _)| own == name).map(|(_, id)| id.clone()),
        None => Some(own_project(name)),
    }
}

/// The id of the project that every region has.
fn own_project(region: &str) -> String {
    hex(&Sha256::digest(format!("project {region}"))[..16])
}

/// The answer of `KeystoneListProjects`: the projects with the wanted name, or all that there are.
pub(super) fn projects(config: &Config, params: &Params, region: &str) -> Reply {
    let wanted = params.given("name");
    let all = match &config.huawei_projects {
        Some(configured) => configured.clone(),
        None => {
            let name = wanted.unwrap_or(region).to_owned();
            let id = own_project(&name);
            vec![(name, id)]
        }
    };
    let projects: Vec<Value> = all
        .iter()
        .filter(|(name, _)| wanted.is_none_or(|wanted| wanted == name))
        .map(|(name, id)| {
            json!({
                "id": id,
                "name": name,
                "description": "",
                "enabled": true,
                "is_domain": false,
                "domain_id": "d00d0000000000000000000000000000",
                "parent_id": "d00d0000000000000000000000000000",
                "links": {},
            })
        })
        .collect();
    Reply::ok(json!({"projects": projects, "links": {}}))
}
