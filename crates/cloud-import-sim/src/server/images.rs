//! The images of all clouds as a test sees them, in one form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    clock::rfc3339,
    cloud::Cloud,
    clouds::Clouds,
    objects::DiskFormat,
    world::{Import, World},
};

/// An image, or what an import that failed or was cancelled left of it. Images that are still hidden from queries are here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImageSummary {
    /// The cloud.
    pub cloud: Cloud,
    /// The region.
    pub region: String,
    /// The project; empty where a cloud has none.
    pub project: String,
    /// The vendor's name of the operation that made it.
    pub operation: String,
    /// The vendor's image id.
    pub image_id: String,
    /// The vendor's task or job id; empty where a cloud has none.
    pub task_id: String,
    /// The name.
    pub name: String,
    /// The vendor's word for its state.
    pub state: String,
    /// The vendor's code of a failure, if it has failed, whether the vendor's API shows it or not.
    #[serde(default)]
    pub failure: Option<String>,
    /// Percent done.
    pub progress: u8,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// The sources of its disks: links without their query, or `bucket:key`.
    pub sources: Vec<String>,
    /// The first disk's format, if the file is stored here.
    pub format: Option<DiskFormat>,
    /// When the import was accepted, RFC 3339 in UTC.
    pub accepted_at: String,
    /// Whether the import was cancelled.
    pub canceled: bool,
    /// Whether the image was deleted.
    pub deleted: bool,
    /// Region and id of the image that it is a copy of, as `REGION/ID`; absent for an import.
    #[serde(default)]
    pub copied_from: Option<String>,
    /// Whom it is shared with, sorted.
    #[serde(default)]
    pub shared_with: Vec<String>,
    /// Whether anybody may use it.
    #[serde(default)]
    pub public: bool,
    /// Its family.
    #[serde(default)]
    pub family: Option<String>,
    /// Whether it is deprecated.
    #[serde(default)]
    pub deprecated: bool,
    /// The key that it is encrypted with, empty for the service's own; absent where it is not.
    #[serde(default)]
    pub encrypted_with: Option<String>,
    /// What its order says of the system, in the vendor's words, by the parameters that say it; empty for a copy.
    #[serde(default)]
    pub system: BTreeMap<String, String>,
}

/// The parameters in which the clouds are told the system.
const SYSTEM: [&str; 11] = [
    "Architecture",
    "BootMode",
    "OSType",
    "OsName",
    "OsType",
    "OsVersion",
    "Platform",
    "platform",
    "architecture",
    "os_version",
    "osVersion",
];

/// All images, in the order in which their imports were accepted.
pub(super) fn all(world: &World, clouds: &Clouds) -> Vec<ImageSummary> {
    let now = world.now();
    let summary = |import: &Import| {
        let stage = import.stage(&now);
        let cloud = import.scope.cloud;
        let publication = &import.publication;
        let mut shared_with: Vec<String> = publication.members.iter().map(|member| member.id.clone()).collect();
        shared_with.sort();
        ImageSummary {
            cloud,
            region: import.scope.region.clone(),
            project: import.scope.project.clone(),
            operation: import.operation.clone(),
            image_id: import.image_id.clone(),
            task_id: import.task_id.clone(),
            name: import.name.clone(),
            state: clouds.of(cloud).image_state(import, stage).to_owned(),
            failure: import.failure(stage).map(|(code, _)| code.to_owned()),
            progress: stage.percent(),
            tags: import.tags.iter().cloned().collect(),
            sources: import.sources.clone(),
            format: import.disk.map(|disk| disk.format),
            accepted_at: rfc3339(import.accepted.utc),
            canceled: import.canceled.is_some(),
            deleted: import.deleted,
            copied_from: import
                .copied_from
                .as_ref()
                .map(|origin| format!("{}/{}", origin.scope.region, origin.image_id)),
            shared_with,
            public: publication.is_public,
            family: publication.family.clone(),
            deprecated: publication.is_deprecated,
            encrypted_with: publication.key.clone(),
            system: SYSTEM
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), import.params.given(name)?.to_owned())))
                .collect(),
        }
    };
    world.imports.iter().map(summary).collect()
}
