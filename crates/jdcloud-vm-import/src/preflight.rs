//! What JD Cloud can be asked before an import. Reads only.

use std::ops::ControlFlow;

use cloud_import_core::{
    Check, ImageImporter as _, ImportRequest, Result, StateRow,
    preflight::{self, Checks, Namesake, Subject},
};

use crate::{Importer, generated as wire};

/// Pages that the search for the name reads at the most: the name is matched in part.
const PAGES: i64 = 10;

/// Images per page: the most that the vendor allows.
const PAGE_SIZE: i64 = 100;

const NEVER: &[(Subject, &str)] = &[
    (Subject::Project, "images of this cloud belong to no project"),
    (Subject::Region, "this client has no call that lists regions"),
    (
        Subject::Os,
        "no call lists what an import takes: the order is checked against the table",
    ),
    (Subject::DryRun, "this cloud has no dry run"),
];

impl Importer {
    pub(crate) async fn look(&self, order: &ImportRequest) -> Vec<Check> {
        let mut checks = Checks::new(self, order);
        let found = self.named(&order.name, 1).await.map(|found| found.into_iter().next());
        let found = match checks.first(found) {
            ControlFlow::Continue(found) => found,
            ControlFlow::Break(why) => return checks.finish(NEVER, why),
        };
        checks.name(&order.name, found, self.second_of_name());
        checks.judge(Subject::Quota, self.room().await, |(used, allowed)| {
            let message =
                format!("{used} of {allowed} images are used, if the answer is read rightly: its form is unverified");
            if used < allowed {
                return Check::passed(Subject::Quota, message);
            }
            Check::warning(
                Subject::Quota,
                message,
                "Look in the console, and delete images that are not needed.",
            )
        });
        checks.finish(NEVER, "")
    }

    /// `(used, allowed)`.
    async fn room(&self) -> Result<(i64, i64)> {
        let request = wire::DescribeQuotasRequest {
            filters: Some(vec![wire::Filter {
                name: Some("resourceTypes".to_owned()),
                values: Some(vec!["image".to_owned()]),
                ..Default::default()
            }]),
            ..Default::default()
        };
        let quotas = self.client().describe_quotas(&request).await?.quotas;
        let quotas = quotas.unwrap_or_default();
        quotas
            .iter()
            .filter(|quota| quota.resource_type.as_deref() == Some("image"))
            .find_map(|quota| quota.used.zip(quota.limit))
            .ok_or_else(|| preflight::lacking("quota of images"))
    }

    /// Images of that name: all of them, or as many as are enough.
    pub(crate) async fn named(&self, name: &str, enough: usize) -> Result<Vec<Namesake>> {
        let mut found = Vec::new();
        for page in 1..=PAGES {
            let request = wire::DescribeImagesRequest {
                image_source: Some(wire::ImageSource::Private),
                image_name: Some(name.to_owned()),
                page_number: Some(page),
                page_size: Some(PAGE_SIZE),
                ..Default::default()
            };
            let images = self.client().describe_images(&request).await?.images;
            let images = images.unwrap_or_default();
            let is_last = i64::try_from(images.len()).is_ok_and(|count| count < PAGE_SIZE);
            let named = images.into_iter().filter(|image| image.name.as_deref() == Some(name));
            found.extend(named.map(|image| {
                let state = image.status.unwrap_or_default();
                Namesake {
                    id: image.image_id.unwrap_or_default(),
                    class: StateRow::find(wire::IMAGE_STATES, &state),
                    state,
                }
            }));
            if is_last || found.len() >= enough {
                return Ok(found);
            }
        }
        Err(preflight::unfinished(PAGES))
    }
}
