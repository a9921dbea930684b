//! The normalized import in Huawei Cloud's words.
//!
//! There is no idempotency token. A lost start is looked for in the list of images, by exact name and origin: an import's
//! image shows `__data_origin` as `file,BUCKET:KEY`. An image of the same name and origin that was made shortly before the
//! start would be taken for it: the vendor refuses a second image of one name, so such a start would have been refused.
//! A copy shows `image,REGION,ID` there. There is no call to cancel either.

use std::collections::BTreeMap;

use cloud_import_core::{
    Capabilities, ErrorKind, Failure, ImageAttributes, ImageChange, ImportRequest, ImportedImage, Presence, Problem,
    Result, Subject,
    provider::{
        At, By, Cloud, Connection, CopyOrder, ExportKeys, ExportOrder, Identity, Listing, Page, Proof, Query, Row,
        Sent, datetime, preflight::Checks,
    },
};

use crate::{
    Client, ImportCall, copies, exports,
    generated::{self as wire, CAPABILITIES, IMAGE_STATES},
    job, marks, preflight, rules,
};

/// Imports images into Huawei Cloud.
pub type Importer = cloud_import_core::Importer<Client>;

/// How the origin of a copy begins; behind it are the region and the id of its image.
const COPIED: &str = "image,";

/// The code for a change of an attribute that the image does not have.
const NO_SUCH_ATTRIBUTE: &str = "IMG.0035";

/// Images on a page: the most that the vendor allows.
const IMAGES: i64 = 500;

impl Client {
    /// The client in a project; in its own when none is named.
    pub(crate) fn at(&self, project: Option<&str>) -> Self {
        project.map_or_else(|| self.clone(), |project| self.in_project(project))
    }

    /// All pages of a list of images as one: of those that are registered, and behind them of those that are not yet.
    async fn every_page(&self, project: Option<&str>, mut request: wire::ListImagesRequest, at: At) -> Result<Page> {
        let client = self.at(project);
        request.limit = Some(IMAGES);
        let (mut images, mut is_whole) = (Vec::new(), false);
        for _ in 0..Self::PAGES {
            let answer = client.list_images(&request).await?;
            let Some(page) = answer.images else { break };
            let next = answer.page_info.and_then(|page| page.next_marker);
            let is_full = i64::try_from(page.len()).is_ok_and(|count| count >= IMAGES);
            let goes_on = is_full || next.is_some_and(|next| !next.is_empty());
            request.marker = page.last().and_then(|image| image.id.clone());
            images.extend(page);
            if !goes_on || request.marker.is_none() {
                is_whole = !goes_on;
                break;
            }
        }
        let mut page = Page::of(Some(images), row, i64::MAX);
        page.is_whole = is_whole;
        page.more = at.page == 0;
        Ok(page)
    }
}

impl Cloud for Client {
    /// One of four requests, by route.
    type Order = ImportCall;

    const PROOF: Proof = Proof::Source { must_show: true };
    const COPY_PROOF: Proof = Proof::Source { must_show: true };
    const LISTING: Listing = Listing::Images;
    const SHARES_WITHIN_REGIONS: bool = true;
    const NEWEST_FIRST: bool = true;
    const DELETIONS: &'static [(&'static str, Presence)] = &[("deleted", Presence::Deleted)];
    const NEVER_ASKED: &'static [(Subject, &'static str)] = preflight::NEVER;

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn validate(&self, request: &ImportRequest, _: &Identity) -> Vec<Problem> {
        rules::problems(request)
    }

    fn translate(&self, request: &ImportRequest, _: &Identity) -> Result<ImportCall> {
        ImportCall::of(request)
    }

    fn route(order: &ImportCall) -> Option<&'static str> {
        Some(order.route().as_str())
    }

    async fn resolve_project(&self, named: Option<&str>) -> Result<Option<String>> {
        match named {
            Some(project) => Ok(Some(project.to_owned())),
            None => self.project_id().await.map(Some),
        }
    }

    async fn owner(&self) -> Result<Option<String>> {
        self.project_id().await.map(Some)
    }

    async fn send(&self, order: &ImportCall, project: Option<&str>) -> Result<Sent> {
        let answer = order.send(&self.at(project)).await?;
        Ok(Sent::new(order.route().facts().operation, answer.job_id, None))
    }

    fn in_region(&self, region: &str, project: Option<&str>) -> Result<Self> {
        self.moved(region, project)
    }

    fn validate_copy(&self, order: &CopyOrder) -> Vec<Problem> {
        copies::problems(order, self)
    }

    async fn send_copy(&self, from: &Self, order: &CopyOrder, project: Option<&str>) -> Result<Sent> {
        self.order_copy(from, order, project).await
    }

    async fn attributes(&self, image: &ImportedImage, change: &ImageChange) -> Result<ImageAttributes> {
        self.shown(image, change).await
    }

    async fn share(&self, image: &ImportedImage, accounts: &[String]) -> Result<()> {
        self.add_members(image, accounts).await
    }

    async fn unshare(&self, image: &ImportedImage, accounts: &[String]) -> Result<()> {
        self.remove_members(image, accounts).await
    }

    async fn tag(&self, image: &ImportedImage, tags: &BTreeMap<String, String>) -> Result<()> {
        self.set_tags(image, tags).await
    }

    async fn untag(&self, image: &ImportedImage, keys: &[String]) -> Result<()> {
        self.remove_tags(image, keys).await
    }

    fn validate_export(&self, order: &ExportOrder) -> Vec<Problem> {
        exports::problems(order)
    }

    fn export_keys(&self, order: &ExportOrder) -> ExportKeys {
        exports::keys(order)
    }

    async fn send_export(&self, order: &ExportOrder, project: Option<&str>) -> Result<Sent> {
        self.at(project).order_export(order).await
    }

    async fn task(&self, id: &str, project: Option<&str>) -> Result<Option<Row>> {
        let request = wire::ShowJobProgressRequest {
            job_id: Some(id.to_owned()),
            ..Default::default()
        };
        match self.at(project).show_job_progress(&request).await {
            Ok(job) => Ok(Some(job::row(job))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// By its id the list shows an image that is still being made, as the tests of the vendor's provider for Terraform do. Whether it
    /// does so by name is unverified, so that it is asked twice: as it is, and for images that cannot be used yet.
    async fn images(&self, query: &Query<'_>, at: At) -> Result<Page> {
        let request = wire::ListImagesRequest {
            id: query.id(),
            name: query.name(),
            imagetype: Some("private".to_owned()),
            isregistered: (at.page > 0).then(|| "false".to_owned()),
            enterprise_project_id: Some("all_granted_eps".to_owned()),
            ..Default::default()
        };
        if query.by == By::All {
            return self.every_page(query.project, request, at).await;
        }
        let answer = self.at(query.project).list_images(&request).await?;
        let goes_on = answer
            .page_info
            .is_some_and(|page| !page.next_marker.unwrap_or_default().is_empty());
        let mut page = Page::of(answer.images, row, i64::MAX);
        page.is_whole &= !goes_on;
        page.more = at.page == 0;
        Ok(page)
    }

    async fn image(&self, id: &str, project: Option<&str>) -> Result<Option<Row>> {
        let request = wire::GlanceShowImageRequest {
            image_id: Some(id.to_owned()),
            ..Default::default()
        };
        match self.at(project).glance_show_image(&request).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            answer => answer.map(|image| Some(row(image))),
        }
    }

    async fn rename(&self, image: &ImportedImage, name: &str) -> Result<()> {
        let request = |op: &str| wire::UpdateImageRequest {
            image_id: Some(image.id.clone()),
            changes: Some(vec![wire::ImageChange {
                op: Some(op.to_owned()),
                path: Some("/name".to_owned()),
                value: Some(name.to_owned()),
                ..Default::default()
            }]),
            ..Default::default()
        };
        let project = self.resolve_project(image.project.as_deref()).await?;
        let client = self.at(project.as_deref());
        match client.update_image(&request("replace")).await {
            // What is not there cannot be replaced.
            Err(error) if error.code() == Some(NO_SUCH_ATTRIBUTE) => {
                client.update_image(&request("add")).await.map(drop)
            }
            changed => changed.map(drop),
        }
    }

    async fn answer_share(&self, image: &ImportedImage, accept: bool) -> Result<()> {
        let project = match &image.project {
            Some(project) => project.clone(),
            None => self.project_id().await?,
        };
        self.update_own_member(image, project, accept).await
    }

    async fn delete(&self, image: &ImportedImage) -> Result<()> {
        let request = wire::GlanceDeleteImageRequest {
            image_id: Some(image.id.clone()),
            ..Default::default()
        };
        let project = self.resolve_project(image.project.as_deref()).await?;
        self.at(project.as_deref())
            .glance_delete_image(&request)
            .await
            .map(drop)
    }

    async fn regions(&self) -> Result<Option<Vec<String>>> {
        preflight::regions(self).await.map(Some)
    }

    async fn check(&self, request: &ImportRequest, checks: &mut Checks) -> Result<(), &'static str> {
        preflight::check(self, request, checks).await
    }
}

fn row(image: wire::ImageInfo) -> Row {
    let mut row = Row::new(image.status.clone(), IMAGE_STATES).of_gib(image.min_disk);
    row.marks = marks::of(&image);
    row.failure = Some(Failure::new(None, format!("the image's state is `{}`", row.raw)));
    let origin = image.data_origin.unwrap_or_default();
    row.sources = match origin.strip_prefix("file,") {
        Some(file) => vec![file.to_owned()],
        None if origin.starts_with(COPIED) => vec![origin],
        None => Vec::new(),
    };
    row.created = image.created_at.as_deref().and_then(datetime::parse_rfc3339);
    row.image_id = image.id;
    row.name = image.name;
    row
}
