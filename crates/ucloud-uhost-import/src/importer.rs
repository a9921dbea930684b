//! The normalized import in UCloud's words.
//!
//! There is neither a task nor a token: the image is polled, and a lost start is found again by the image's name together
//! with a marker in its description. There is no progress, no reason for a failure and no call to cancel.

use cloud_import_core::{
    Capabilities, DiskFormat, ImportRequest, ImportedImage, Problem, Provider, Result, Subject,
    provider::{
        At, By, Cloud, Connection, CopyOrder, Identity, Listing, Page, Proof, Query, Row, Sent, datetime, marked,
        preflight::Checks, words,
    },
};

use crate::{
    Client, Options, generated as wire,
    generated::{CAPABILITIES, IMAGE_STATES},
    os::{UcloudOs, map_os},
    preflight, rules,
};

/// Imports images into UCloud.
///
/// Unverified with a live account: whether a link to a private bucket is taken when it is signed (the guide asks for a public bucket,
/// the vendor's Packer plugin signs a link for 24 hours; the documented example is an https link); and which regions can import at
/// all. Where one cannot, ask UCloud by ticket: copying between regions is opened that way too, and not at all in Beijing.
pub type Importer = cloud_import_core::Importer<Client>;

/// Images on a page that is asked for. Accounts may have some dozens.
const IMAGES: i64 = 100;

/// The code for an image that does not exist (yet, or any more).
const NO_SUCH_IMAGE: &str = "8956";

impl Cloud for Client {
    type Order = wire::ImportCustomImageRequest;

    const PROOF: Proof = Proof::Marker;
    const LISTING: Listing = Listing::Images;
    const COPY_PROOF: Proof = Proof::Marker;
    const NEVER_ASKED: &'static [(Subject, &'static str)] = preflight::NEVER;

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The order's own project, else the client's.
    fn scope(&self, request: &ImportRequest) -> Option<String> {
        request.project.clone().or_else(|| self.project().map(str::to_owned))
    }

    /// Each call names its project, whatever the client's own is.
    fn reaches(&self, _: &str) -> bool {
        true
    }

    fn validate(&self, request: &ImportRequest, identity: &Identity) -> Vec<Problem> {
        rules::problems(request, identity.marker.as_deref().unwrap_or_default())
    }

    fn translate(&self, request: &ImportRequest, identity: &Identity) -> Result<wire::ImportCustomImageRequest> {
        let options: Options = request.vendor_options()?;
        let disk = words::first_disk(Provider::UCLOUD, request)?;
        let UcloudOs { os_type, os_name } =
            words::os(Provider::UCLOUD, request, |os| map_os(os, request.architecture))?;
        let own = request.description.as_deref();
        Ok(wire::ImportCustomImageRequest {
            project_id: request.project.clone(),
            image_name: Some(request.name.clone()),
            ufile_url: Some(disk.link(Provider::UCLOUD)?.clone()),
            os_type: Some(os_type),
            os_name: Some(os_name),
            format: disk.format.map(format).transpose()?,
            // Without it UCloud may not read the object.
            auth: Some(true.into()),
            tag: options.tag,
            image_description: Some(marked(own, identity.marker.as_deref().unwrap_or_default())),
            ..Default::default()
        })
    }

    /// The id is documented as optional: without it, polls look for name and marker.
    async fn send(&self, order: &wire::ImportCustomImageRequest, _: Option<&str>) -> Result<Sent> {
        let answer = self.import_custom_image(order).await?;
        Ok(Sent::new("ImportCustomImage", None, answer.image_id).taken(true))
    }

    /// Projects are the account's, in whatever region.
    fn in_region(&self, region: &str, project: Option<&str>) -> Result<Self> {
        let mut other = self.clone();
        other.connection = self.connection.in_region(region, project.or(self.project()))?;
        Ok(other)
    }

    fn validate_copy(&self, order: &CopyOrder) -> Vec<Problem> {
        rules::problems_of_copy(order, self.region(), self.project())
    }

    async fn send_copy(&self, from: &Self, order: &CopyOrder, project: Option<&str>) -> Result<Sent> {
        from.order_copy(self, order, project).await
    }

    async fn images(&self, query: &Query<'_>, at: At) -> Result<Page> {
        let in_project = wire::DescribeImageRequest {
            project_id: query.project.map(str::to_owned),
            ..Default::default()
        };
        let request = match query.by {
            By::Id(id) => wire::DescribeImageRequest {
                image_id: Some(id.to_owned()),
                ..in_project
            },
            By::Name(_) | By::All => wire::DescribeImageRequest {
                image_type: Some(wire::ImageType::Custom),
                offset: Some(at.rows),
                limit: Some(IMAGES),
                ..in_project
            },
        };
        let answer = match self.describe_image(&request).await {
            // Of a name, or of all, a list that is refused so is not an empty one.
            Err(error) if error.code() == Some(NO_SUCH_IMAGE) => {
                return Ok(Page::of(query.id().map(|_| Vec::new()), row, IMAGES));
            }
            answer => answer?,
        };
        let mut page = Page::of(answer.image_set, row, IMAGES).of_total(answer.total_count);
        if let Some(total) = answer.total_count {
            // The page may be shorter than asked for: no document says how long it may be.
            page.more = page.listed > 0 && at.rows.saturating_add(page.listed) < total;
        }
        Ok(page)
    }

    async fn delete(&self, image: &ImportedImage) -> Result<()> {
        let request = wire::TerminateCustomImageRequest {
            project_id: image.project.clone(),
            image_id: Some(image.id.clone()),
            ..Default::default()
        };
        self.terminate_custom_image(&request).await.map(drop)
    }

    async fn regions(&self) -> Result<Option<Vec<String>>> {
        preflight::regions(self).await.map(Some)
    }

    async fn check(&self, request: &ImportRequest, checks: &mut Checks) -> Result<(), &'static str> {
        preflight::check(self, request, checks).await
    }
}

fn row(image: wire::Image) -> Row {
    let mut row = Row::new(image.state, IMAGE_STATES).of_gib(image.image_size);
    row.created = image
        .create_time
        .and_then(|seconds| datetime::from_unix(seconds.try_into().ok()?));
    row.image_id = image.image_id;
    row.name = image.image_name;
    row.description = image.image_description;
    row
}

/// The letter case matters, and it is mixed.
fn format(format: DiskFormat) -> Result<wire::Format> {
    Ok(match format {
        DiskFormat::Raw => wire::Format::Raw,
        DiskFormat::Vhd => wire::Format::Vhd,
        DiskFormat::Vmdk => wire::Format::Vmdk,
        DiskFormat::Qcow2 => wire::Format::Qcow2,
        _ => return Err(words::no_word(Provider::UCLOUD, "disk format", format)),
    })
}
