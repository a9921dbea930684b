//! What Tencent Cloud can be asked before an import: reads, and a dry run of the import itself.
//!
//! The vendor's guide warns that a signed link can be opened only once. Whether a dry run opens it is unverified, so it is
//! made for links without a query alone.

use std::ops::ControlFlow;

use cloud_import_core::{
    Check, DiskSource, ImageImporter as _, ImportRequest, Result, StateRow,
    preflight::{self, Checks, Namesake, Subject},
};

use crate::{
    Importer, generated as wire,
    os::{TencentOs, map_os},
};

/// Pages that the search for the name reads at the most: the name is matched in part.
const PAGES: i64 = 10;

/// Images per page: the most that the vendor allows.
const PAGE_SIZE: i64 = 100;

const NEVER: &[(Subject, &str)] = &[
    (Subject::Project, "images of this cloud belong to no project"),
    (Subject::Region, "this client has no call that lists regions"),
    (Subject::Os, "the order names no system that has a name here"),
];

impl Importer {
    pub(crate) async fn look(&self, order: &ImportRequest) -> Vec<Check> {
        let mut checks = Checks::new(self, order);
        let request = wire::DescribeImageQuotaRequest::default();
        let allowed = match checks.first(self.client().describe_image_quota(&request).await) {
            ControlFlow::Continue(allowed) => allowed,
            ControlFlow::Break(why) => return checks.finish(NEVER, why),
        };
        checks.quota(
            1,
            match allowed {
                Ok(answer) => self.room(answer.image_num_quota).await,
                Err(error) => Err(error),
            },
        );
        let found = self.named(&order.name, 1).await.map(|found| found.into_iter().next());
        checks.name(&order.name, found, self.second_of_name());
        if let Some(os) = order.os.as_ref().and_then(|os| map_os(os).value()) {
            let request = wire::DescribeImportImageOsRequest::default();
            let listed = self.client().describe_import_image_os(&request).await;
            checks.judge(Subject::Os, listed, |listed| judge_os(&os, &listed));
        }
        if let Some(why) = checks.why_no_dry_run(order) {
            checks.add(Check::not_checked(Subject::DryRun, why));
        } else if has_query(order) {
            checks.add(Check::not_checked(
                Subject::DryRun,
                "a link of the order has a query, so it may be signed, and a signed link can be opened only once",
            ));
        } else {
            self.dry_run(order, &mut checks).await;
        }
        checks.finish(NEVER, "")
    }

    /// `(used, allowed)`.
    async fn room(&self, allowed: Option<i64>) -> Result<(i64, i64)> {
        let allowed = allowed.ok_or_else(|| preflight::lacking("quota"))?;
        let request = wire::DescribeImagesRequest {
            filters: Some(vec![private()]),
            limit: Some(1),
            ..Default::default()
        };
        let used = self.client().describe_images(&request).await?.total_count;
        Ok((used.ok_or_else(|| preflight::lacking("number of images"))?, allowed))
    }

    /// Images of that name: all of them, or as many as are enough.
    pub(crate) async fn named(&self, name: &str, enough: usize) -> Result<Vec<Namesake>> {
        let mut found = Vec::new();
        for page in 0..PAGES {
            let named = filter("image-name", name);
            let request = wire::DescribeImagesRequest {
                filters: Some(vec![named, private()]),
                offset: Some(page * PAGE_SIZE),
                limit: Some(PAGE_SIZE),
                ..Default::default()
            };
            let images = self.client().describe_images(&request).await?.image_set;
            let images = images.unwrap_or_default();
            let is_last = i64::try_from(images.len()).is_ok_and(|count| count < PAGE_SIZE);
            let named = images
                .into_iter()
                .filter(|image| image.image_name.as_deref() == Some(name));
            found.extend(named.map(|image| {
                let state = image.image_state.unwrap_or_default();
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
        let order = ImportRequest {
            dry_run: true,
            ..order.clone()
        };
        let outcome = match self.request(&order) {
            Ok(request) => self.client().import_image(&request).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(wire::ImportImageResponse { image_id: Some(id), .. }) if !id.is_empty() => checks.add(Check::warning(
                Subject::DryRun,
                format!("the dry run was answered with an image id, {id}"),
                "Look in the vendor's console whether an import of it has begun.",
            )),
            outcome => checks.dry_run(outcome.map(drop)),
        }
    }
}

fn filter(name: &str, value: &str) -> wire::Filter {
    wire::Filter {
        name: Some(name.to_owned()),
        values: Some(vec![value.to_owned()]),
        ..Default::default()
    }
}

fn private() -> wire::Filter {
    filter("image-type", wire::ImageType::PrivateImage.as_str())
}

fn has_query(order: &ImportRequest) -> bool {
    order.disks.iter().any(|disk| match &disk.source {
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
