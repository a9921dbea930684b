//! What Alibaba Cloud can be asked before an import: reads, and a dry run of the import itself, which also tells whether the
//! service may read the bucket. Where it ends elsewhere, RAM is asked for the role by which the service reads it.

use std::ops::ControlFlow;

use cloud_import_core::{
    Check, ImageImporter as _, ImportRequest, Result, StateRow,
    preflight::{self, Checks, Namesake, Subject},
};

use crate::{Importer, generated as wire, import_role::Sight};

/// Pages that the search for the name reads at the most: the name is matched loosely.
const PAGES: i64 = 10;

/// Images per page: the most that the vendor allows.
const PAGE_SIZE: i64 = 100;

const NEVER: &[(Subject, &str)] = &[
    (Subject::Quota, "this client has no call that tells it"),
    (
        Subject::Os,
        "no call lists what an import takes: the order is checked against the table",
    ),
];

impl Importer {
    pub(crate) async fn look(&self, order: &ImportRequest) -> Vec<Check> {
        let mut checks = Checks::new(self, order);
        checks.add(Check::not_checked(
            Subject::Project,
            match &order.project {
                Some(group) => format!("this client has no call that lists resource groups, such as `{group}`"),
                None => "the order names no resource group: the default one is taken".to_owned(),
            },
        ));
        let request = wire::DescribeRegionsRequest::default();
        let regions = match checks.first(self.client().describe_regions(&request).await) {
            ControlFlow::Continue(regions) => regions,
            ControlFlow::Break(why) => return checks.finish(NEVER, why),
        };
        let ids = |answer: wire::DescribeRegionsResponse| {
            let regions = answer.regions.unwrap_or_default().into_iter();
            regions.filter_map(|region| region.region_id).collect()
        };
        checks.region(self.region(), regions.map(ids));
        let found = self.named(&order.name, 1).await.map(|found| found.into_iter().next());
        checks.name(&order.name, found, self.second_of_name());
        if let Some(why) = checks.why_no_dry_run(order) {
            checks.add(self.role_check(order).await);
            checks.add(Check::not_checked(Subject::DryRun, why));
        } else {
            self.dry_run(order, &mut checks).await;
        }
        checks.finish(NEVER, "")
    }

    /// Images of that name: all of them, or as many as are enough.
    pub(crate) async fn named(&self, name: &str, enough: usize) -> Result<Vec<Namesake>> {
        let mut found = Vec::new();
        for page in 1..=PAGES {
            let request = wire::DescribeImagesRequest {
                region_id: Some(self.region().to_owned()),
                // Without it only available images are listed.
                status: Some("ALL".to_owned()),
                image_name: Some(name.to_owned()),
                image_owner_alias: Some(wire::ImageOwnerAlias::SelfOwned),
                page_number: Some(page),
                page_size: Some(PAGE_SIZE),
                ..Default::default()
            };
            let images = self.client().describe_images(&request).await?.images;
            let images = images.unwrap_or_default();
            let is_last = i64::try_from(images.len()).is_ok_and(|count| count < PAGE_SIZE);
            let named = images
                .into_iter()
                .filter(|image| image.image_name.as_deref() == Some(name));
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

    async fn dry_run(&self, order: &ImportRequest, checks: &mut Checks) {
        match self.sight(order).await {
            Sight::Seen => {
                let message = "the dry run found the RAM role by which the service reads the bucket";
                checks.add(Check::passed(Subject::ImportRole, message));
                checks.dry_run(Ok(()));
            }
            Sight::Missing(refusal) => {
                checks.add(self.missing_role_check(order, &refusal).await);
                checks.add(Check::not_checked(Subject::DryRun, "it ended at the import role"));
            }
            Sight::Unknown(error) => {
                checks.add(self.role_check(order).await);
                checks.dry_run(Err(error));
            }
            Sight::Begun(id) => checks.add(Check::warning(
                Subject::DryRun,
                format!("the dry run was answered with an image id, {id}"),
                "Look in the vendor's console whether an import of it has begun.",
            )),
        }
    }
}
