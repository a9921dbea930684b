//! The images of all clouds as a test sees them, in one form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::{Now, rfc3339};
use crate::cloud::Cloud;
use crate::clouds::vendor;
use crate::sniff::DiskFormat;
use crate::world::World;

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
}

/// All images, in the order in which their imports were accepted.
pub(crate) fn all(world: &World) -> Vec<ImageSummary> {
    let now = Now::read();
    let summary = |import: &crate::tasks::Import| {
        let stage = world.stage(import, &now);
        ImageSummary {
            cloud: import.cloud,
            region: import.region.clone(),
            project: import.project.clone(),
            operation: import.operation.clone(),
            image_id: import.image_id.clone(),
            task_id: import.task_id.clone(),
            name: import.name.clone(),
            state: vendor(import.cloud).image_state(import, stage).to_owned(),
            progress: stage.percent(),
            tags: import.tags.iter().cloned().collect(),
            sources: import.sources.clone(),
            format: import.format,
            accepted_at: rfc3339(import.accepted.utc),
            canceled: import.canceled.is_some(),
            deleted: import.deleted,
        }
    };
    world.imports.iter().map(summary).collect()
}
