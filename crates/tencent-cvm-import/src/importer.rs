//! The normalized import in Tencent Cloud's words.
//!
//! There is no task and no client token: the image itself is polled, by its id, or as long as the cloud has not told it by
//! its name and a marker in its description. A start whose answer was lost is looked for that way and not sent again on a refused name:
//! whether a duplicate name is refused while the first image is still being built is unverified.
//!
//! A copy has no marker, as it takes no description: the name, which was free before the order, is what it is found by.

use std::collections::BTreeMap;

use cloud_import_core::{
    Architecture, BootMode, Capabilities, Disk, Failure, ImageAttributes, ImageChange, ImportRequest, ImportedImage,
    LicenseType, Presence, Problem, Provider, Result, Subject,
    provider::{
        At, By, Cloud, Connection, CopyOrder, ExportKeys, ExportOrder, Identity, Listing, Page, Proof, Query, Row,
        Sent, StateClass, datetime, marked, preflight::Checks, words,
    },
};

use crate::{
    Client, Options, copies, exports, generated as wire,
    generated::{CAPABILITIES, IMAGE_STATES},
    marks,
    os::{TencentOs, map_os},
    preflight::{self, filter, private},
    rules,
};

/// Imports images into Tencent Cloud.
pub type Importer = cloud_import_core::Importer<Client>;

/// Images on a page: the most that the cloud lists at once.
const IMAGES: i64 = 100;

/// The code for an image that does not exist (yet, or any more).
const NO_SUCH_IMAGE: &str = "InvalidImageId.NotFound";

impl Cloud for Client {
    type Order = wire::ImportImageRequest;

    const PROOF: Proof = Proof::Marker;
    const COPY_PROOF: Proof = Proof::Name;
    const LISTING: Listing = Listing::Images;
    const EXPORT_LISTING: Listing = Listing::Images;
    const DELETIONS: &'static [(&'static str, Presence)] = &[("DELETING", Presence::Deleting)];
    const NEVER_ASKED: &'static [(Subject, &'static str)] = preflight::NEVER;

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn validate(&self, request: &ImportRequest, identity: &Identity) -> Vec<Problem> {
        rules::problems(request, &description(request, identity), self.is_international())
    }

    /// Its description ends with the order's marker in brackets.
    fn translate(&self, request: &ImportRequest, identity: &Identity) -> Result<wire::ImportImageRequest> {
        let options: Options = request.vendor_options()?;
        let disk = words::first_disk(Provider::TENCENT, request)?;
        let TencentOs { os_type, os_version } = words::os(Provider::TENCENT, request, map_os)?;
        Ok(wire::ImportImageRequest {
            architecture: Some(architecture(request.architecture)?),
            os_type: Some(os_type),
            os_version: Some(os_version),
            image_url: Some(disk.link(Provider::TENCENT)?.clone()),
            image_name: Some(request.name.clone()),
            image_description: Some(description(request, identity)),
            dry_run: request.dry_run.then_some(true),
            force: request.skip_guest_check.then_some(true),
            tag_specification: tags(request),
            license_type: request.license_type.map(license).transpose()?,
            boot_mode: request.boot_mode.map(boot_mode).transpose()?,
            image_family: options.image_family,
            import_image_data_disk_list: words::data_disks(request, data_disk)?,
            ..Default::default()
        })
    }

    /// The answer's request id shows that the order was taken; the image's id may come later.
    async fn send(&self, order: &wire::ImportImageRequest, _: Option<&str>) -> Result<Sent> {
        let answer = self.import_image(order).await?;
        Ok(Sent::new("ImportImage", None, answer.image_id).taken(answer.request_id.is_some()))
    }

    fn in_region(&self, region: &str, project: Option<&str>) -> Result<Self> {
        let mut other = self.clone();
        other.connection = self.connection.in_region(region, project)?;
        Ok(other)
    }

    fn validate_copy(&self, order: &CopyOrder) -> Vec<Problem> {
        copies::problems(&order.request)
    }

    async fn send_copy(&self, from: &Self, order: &CopyOrder, _: Option<&str>) -> Result<Sent> {
        from.order_copy(self.region(), order).await
    }

    fn validate_change(&self, change: &ImageChange) -> Vec<Problem> {
        match self.is_international() {
            true => rules::international_change(change),
            false => Vec::new(),
        }
    }

    async fn owner(&self) -> Result<Option<String>> {
        let request = wire::GetCallerIdentityRequest::default();
        Ok(self.get_caller_identity(&request).await?.account_id)
    }

    async fn attributes(&self, image: &ImportedImage, change: &ImageChange) -> Result<ImageAttributes> {
        self.shown(image, change).await
    }

    async fn share(&self, image: &ImportedImage, accounts: &[String]) -> Result<()> {
        self.add_accounts(image, accounts).await
    }

    async fn unshare(&self, image: &ImportedImage, accounts: &[String]) -> Result<()> {
        self.remove_accounts(image, accounts).await
    }

    async fn tag(&self, image: &ImportedImage, tags: &BTreeMap<String, String>) -> Result<()> {
        self.set_tags(image, tags).await
    }

    async fn untag(&self, image: &ImportedImage, keys: &[String]) -> Result<()> {
        self.remove_tags(image, keys).await
    }

    async fn newest_of(&self, family: &str) -> Result<Option<Row>> {
        let request = wire::DescribeImageFromFamilyRequest {
            image_family: Some(family.to_owned()),
            ..Default::default()
        };
        Ok(self.describe_image_from_family(&request).await?.image.map(row))
    }

    async fn set_family(&self, image: &ImportedImage, family: &str) -> Result<()> {
        self.set_attributes(image, Some(family), None).await
    }

    async fn deprecate(&self, image: &ImportedImage, deprecated: bool) -> Result<()> {
        self.set_attributes(image, None, Some(deprecated)).await
    }

    fn validate_export(&self, order: &ExportOrder) -> Vec<Problem> {
        exports::problems(order)
    }

    fn export_keys(&self, order: &ExportOrder) -> ExportKeys {
        exports::keys(order)
    }

    async fn send_export(&self, order: &ExportOrder, _: Option<&str>) -> Result<Sent> {
        self.order_export(order).await
    }

    /// The name is matched in part.
    async fn images(&self, query: &Query<'_>, at: At) -> Result<Page> {
        let named = query.name().into_iter().map(|name| filter("image-name", &name));
        let request = match query.by {
            By::Id(id) => wire::DescribeImagesRequest {
                image_ids: Some(vec![id.to_owned()]),
                ..Default::default()
            },
            By::Name(_) | By::All => wire::DescribeImagesRequest {
                filters: Some(named.chain([private()]).collect()),
                offset: Some(i64::from(at.page) * IMAGES),
                limit: Some(IMAGES),
                ..Default::default()
            },
        };
        let answer = match self.describe_images(&request).await {
            // Of a name, or of all, a list that is refused so is not an empty one.
            Err(error) if error.code() == Some(NO_SUCH_IMAGE) => {
                return Ok(Page::of(query.id().map(|_| Vec::new()), row, IMAGES));
            }
            answer => answer?,
        };
        Ok(Page::of(answer.image_set, row, IMAGES).of_total(answer.total_count))
    }

    async fn rename(&self, image: &ImportedImage, name: &str) -> Result<()> {
        let request = wire::ModifyImageAttributeRequest {
            image_id: Some(image.id.clone()),
            image_name: Some(name.to_owned()),
            ..Default::default()
        };
        self.modify_image_attribute(&request).await.map(drop)
    }

    async fn delete(&self, image: &ImportedImage) -> Result<()> {
        let request = wire::DeleteImagesRequest {
            image_ids: Some(vec![image.id.clone()]),
            delete_binded_snap: Some(true),
            ..Default::default()
        };
        self.delete_images(&request).await.map(drop)
    }

    async fn check(&self, request: &ImportRequest, checks: &mut Checks) -> Result<(), &'static str> {
        preflight::check(self, request, checks).await
    }
}

/// The description as it is sent, marker and all.
fn description(request: &ImportRequest, identity: &Identity) -> String {
    let own = request.description.as_deref();
    match &identity.marker {
        Some(marker) => marked(own, marker),
        None => own.unwrap_or_default().to_owned(),
    }
}

fn row(image: wire::Image) -> Row {
    let mut row = Row::new(image.image_state.clone(), IMAGE_STATES).of_gib(image.image_size);
    row.marks = marks::of(&image);
    // Being deleted is the end too, but nothing that a cause of failed imports explains.
    if row.class == Some(StateClass::Failed) && !row.raw.to_ascii_uppercase().ends_with("FAILED") {
        row.failure = Some(Failure::new(None, &row.raw));
    }
    row.is_foreign = !matches!(image.image_source, None | Some(wire::ImageSource::ExternalImport));
    // The progress is that of copies alone.
    let is_copied = row.raw.eq_ignore_ascii_case("SYNCING");
    row.percent = image
        .sync_percent
        .filter(|_| is_copied)
        .and_then(|percent| u8::try_from(percent).ok());
    row.created = image.created_time.as_deref().and_then(datetime::parse_rfc3339);
    row.image_id = image.image_id;
    row.name = image.image_name;
    row.description = image.image_description;
    row
}

fn tags(request: &ImportRequest) -> Option<Vec<wire::TagSpecification>> {
    let tags = words::tags(request, |key, value| wire::Tag {
        key: Some(key),
        value: Some(value),
        ..Default::default()
    })?;
    Some(vec![wire::TagSpecification {
        resource_type: Some("image".to_owned()),
        tags: Some(tags),
        ..Default::default()
    }])
}

fn architecture(architecture: Architecture) -> Result<wire::Architecture> {
    Ok(match architecture {
        Architecture::X86_64 => wire::Architecture::X86_64,
        Architecture::I386 => wire::Architecture::I386,
        Architecture::Arm64 => wire::Architecture::Arm64,
        _ => return Err(words::no_word(Provider::TENCENT, "architecture", architecture)),
    })
}

fn boot_mode(mode: BootMode) -> Result<wire::BootMode> {
    Ok(match mode {
        BootMode::Bios => wire::BootMode::LegacyBios,
        BootMode::Uefi => wire::BootMode::Uefi,
        _ => return Err(words::no_word(Provider::TENCENT, "boot mode", mode)),
    })
}

fn license(license: LicenseType) -> Result<wire::LicenseType> {
    Ok(match license {
        LicenseType::Platform => wire::LicenseType::TencentCloud,
        LicenseType::Byol => wire::LicenseType::Byol,
        _ => return Err(words::no_word(Provider::TENCENT, "licence type", license)),
    })
}

fn data_disk(disk: &Disk) -> Result<wire::ImportImageDataDisk> {
    Ok(wire::ImportImageDataDisk {
        image_url: Some(disk.link(Provider::TENCENT)?.clone()),
        ..Default::default()
    })
}
