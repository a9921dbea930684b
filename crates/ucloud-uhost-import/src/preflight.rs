//! What UCloud can be asked before an import. Reads only.

use std::ops::ControlFlow;

use cloud_import_core::{
    Check, ImageImporter as _, ImportRequest, Result, StateRow,
    preflight::{self, Checks, Namesake, Subject},
};

use crate::{Importer, generated as wire};

/// Pages that the search for the name reads at the most: there is no filter for it.
const PAGES: i64 = 20;

/// Images on a page that is asked for.
const PAGE_SIZE: i64 = 100;

const NEVER: &[(Subject, &str)] = &[
    (Subject::Quota, "no call of this API tells it"),
    (
        Subject::Os,
        "no call lists what an import takes: the order is checked against the table",
    ),
    (Subject::DryRun, "this cloud has no dry run"),
];

impl Importer {
    pub(crate) async fn look(&self, order: &ImportRequest) -> Vec<Check> {
        let mut checks = Checks::new(self, order);
        let regions = self.client().get_region(&wire::GetRegionRequest::default()).await;
        let regions = match checks.first(regions) {
            ControlFlow::Continue(regions) => regions,
            ControlFlow::Break(why) => return checks.finish(NEVER, why),
        };
        // One entry per zone.
        let ids = |answer: wire::GetRegionResponse| {
            let regions = answer.regions.unwrap_or_default().into_iter();
            let mut ids: Vec<String> = regions.filter_map(|region| region.region).collect();
            ids.dedup();
            ids
        };
        checks.region(self.region(), regions.map(ids));
        let project = self.project(order);
        match &project {
            Some(project) => checks.project(project, self.projects().await),
            None => checks.add(Check::not_checked(
                Subject::Project,
                "none is named: the account's default project is taken",
            )),
        }
        let found = self.named(&order.name, project.as_deref(), 1).await;
        checks.name(
            &order.name,
            found.map(|found| found.into_iter().next()),
            self.second_of_name(),
        );
        checks.finish(NEVER, "")
    }

    async fn projects(&self) -> Result<Vec<String>> {
        let request = wire::GetProjectListRequest::default();
        let projects = self.client().get_project_list(&request).await?.project_set;
        let projects = projects.unwrap_or_default().into_iter();
        Ok(projects.filter_map(|project| project.project_id).collect())
    }

    /// Images of that name: all of them, or as many as are enough.
    pub(crate) async fn named(&self, name: &str, project: Option<&str>, enough: usize) -> Result<Vec<Namesake>> {
        let (mut found, mut offset) = (Vec::new(), 0);
        for _ in 0..PAGES {
            let request = wire::DescribeImageRequest {
                project_id: project.map(str::to_owned),
                image_type: Some(wire::ImageType::Custom),
                offset: Some(offset),
                limit: Some(PAGE_SIZE),
                ..Default::default()
            };
            let answer = self.client().describe_image(&request).await?;
            let images = answer.image_set.unwrap_or_default();
            let listed = i64::try_from(images.len()).unwrap_or(i64::MAX);
            offset = offset.saturating_add(listed);
            let named = images
                .into_iter()
                .filter(|image| image.image_name.as_deref() == Some(name));
            found.extend(named.map(|image| {
                let state = image.state.unwrap_or_default();
                Namesake {
                    id: image.image_id.unwrap_or_default(),
                    class: StateRow::find(wire::IMAGE_STATES, &state),
                    state,
                }
            }));
            // The page may be shorter than asked for: no document says how long it may be.
            let is_last = listed == 0 || answer.total_count.map_or(listed < PAGE_SIZE, |total| offset >= total);
            if is_last || found.len() >= enough {
                return Ok(found);
            }
        }
        Err(preflight::unfinished(PAGES))
    }
}
