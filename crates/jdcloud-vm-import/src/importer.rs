//! The normalized import in JD Cloud's words.
//!
//! The task is polled, not the image: an image that is still queued shows 0 % for long. A lost start is sent again with
//! its token, which returns the first answer. There is no call to cancel. A copy has no task and is polled as an image.

use cloud_import_core::{
    Architecture, BootMode, Capabilities, Disk, DiskFormat, ErrorKind, ExportTask, Failure, ImageAttributes,
    ImageChange, ImportRequest, ImportedImage, Presence, Problem, Provider, Result, Subject,
    provider::{
        At, Cloud, Connection, CopyOrder, ExportOrder, ExportProof, Identity, Listing, Page, Proof, Query, Row, Sent,
        preflight::{Checks, lacking},
        words,
    },
};

use crate::{
    Client, Options, exports, generated as wire,
    generated::{CAPABILITIES, IMAGE_STATES, TASK_STATES},
    marks,
    os::{JdcloudOs, map_os},
    preflight, rules,
};

/// Imports images into JD Cloud.
pub type Importer = cloud_import_core::Importer<Client>;

/// Tasks on a page, as many as the vendor lists when it is not told.
const TASKS: i64 = 10;

/// Images on a page: the most that the vendor allows.
const IMAGES: i64 = 100;

impl Cloud for Client {
    type Order = wire::ImportImageRequest;

    const PROOF: Proof = Proof::Source { must_show: false };
    const LISTING: Listing = Listing::Tasks;
    const COPY_PROOF: Proof = Proof::Marker;
    const NEWEST_FIRST: bool = true;
    const EXPORT_PROOF: ExportProof = ExportProof::Token;
    // An order that is looked for is among the newest tasks.
    const PAGES: u32 = 20;
    const DELETIONS: &'static [(&'static str, Presence)] = &[("deleting", Presence::Deleting)];
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

    fn translate(&self, request: &ImportRequest, identity: &Identity) -> Result<wire::ImportImageRequest> {
        let options: Options = request.vendor_options()?;
        let disk = words::first_disk(Provider::JDCLOUD, request)?;
        let JdcloudOs {
            os_type,
            platform,
            version,
        } = words::os(Provider::JDCLOUD, request, map_os)?;
        Ok(wire::ImportImageRequest {
            architecture: Some(architecture(request.architecture)?),
            os_type: Some(os_type),
            platform: Some(options.platform.map_or(platform, |text| text.as_str().into())),
            os_version: options.os_version.or(version),
            disk_format: disk.format.map(format).transpose()?,
            system_disk_size_gb: CAPABILITIES.system_disk_gib(disk).map(i64::from),
            image_url: Some(disk.link(Provider::JDCLOUD)?.clone()),
            image_name: Some(request.name.clone()),
            description: request.description.clone(),
            force_import: request.skip_guest_check.then_some(true),
            data_disks: words::data_disks(request, data_disk)?,
            client_token: identity.token.clone(),
            boot_mode: request.boot_mode.map(boot_mode).transpose()?,
            ..Default::default()
        })
    }

    async fn send(&self, order: &wire::ImportImageRequest, _: Option<&str>) -> Result<Sent> {
        let answer = self.import_image(order).await?;
        Ok(Sent::new("importImage", answer.task_id, answer.image_id))
    }

    fn in_region(&self, region: &str, project: Option<&str>) -> Result<Self> {
        self.moved(region, project)
    }

    fn validate_copy(&self, order: &CopyOrder) -> Vec<Problem> {
        rules::problems_of_copy(&order.request)
    }

    async fn send_copy(&self, from: &Self, order: &CopyOrder, _: Option<&str>) -> Result<Sent> {
        from.order_copy(self.region(), order).await
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

    async fn publish(&self, image: &ImportedImage, public: bool) -> Result<()> {
        self.set_public(image, public).await
    }

    fn validate_export(&self, order: &ExportOrder) -> Vec<Problem> {
        exports::problems(order)
    }

    async fn send_export(&self, order: &ExportOrder, _: Option<&str>) -> Result<Sent> {
        self.order_export(order).await
    }

    async fn export(&self, task: &ExportTask, _: Option<&str>) -> Result<Option<Row>> {
        match &task.task_id {
            Some(id) => Ok(self.export_task(id).await?.map(export_row)),
            None => Ok(None),
        }
    }

    async fn task(&self, id: &str, _: Option<&str>) -> Result<Option<Row>> {
        let request = wire::ImageTasksRequest {
            task_action: Some(wire::TaskAction::ImportImage),
            task_ids: Some(vec![id.to_owned()]),
            page_size: Some(TASKS),
            ..Default::default()
        };
        let tasks = self.image_tasks(&request).await?.task_set.unwrap_or_default();
        let mut rows = tasks.into_iter().map(task_row);
        Ok(rows.find(|row| row.task_id.as_deref() == Some(id)))
    }

    async fn tasks(&self, _: &Query<'_>, at: At) -> Result<Page> {
        let request = wire::ImageTasksRequest {
            task_action: Some(wire::TaskAction::ImportImage),
            page_number: Some(i64::from(at.page) + 1),
            page_size: Some(TASKS),
            ..Default::default()
        };
        let answer = self.image_tasks(&request).await?;
        Ok(Page::of(answer.task_set, task_row, TASKS).of_total(answer.total_count))
    }

    /// The name is matched in part.
    async fn images(&self, query: &Query<'_>, at: At) -> Result<Page> {
        let request = wire::DescribeImagesRequest {
            ids: query.id().map(|id| vec![id]),
            image_name: query.name(),
            image_source: Some(wire::ImageSource::Private),
            page_number: Some(i64::from(at.page) + 1),
            page_size: Some(IMAGES),
            ..Default::default()
        };
        let answer = self.describe_images(&request).await?;
        Ok(Page::of(answer.images, image_row, IMAGES).of_total(answer.total_count))
    }

    async fn image(&self, id: &str, _: Option<&str>) -> Result<Option<Row>> {
        let request = wire::DescribeImageRequest {
            image_id: Some(id.to_owned()),
            ..Default::default()
        };
        match self.describe_image(&request).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            answer => answer?
                .image
                .map(|image| Some(image_row(image)))
                .ok_or_else(|| lacking("image")),
        }
    }

    async fn rename(&self, image: &ImportedImage, name: &str) -> Result<()> {
        let request = wire::ModifyImageAttributeRequest {
            image_id: Some(image.id.clone()),
            name: Some(name.to_owned()),
            ..Default::default()
        };
        self.modify_image_attribute(&request).await.map(drop)
    }

    async fn delete(&self, image: &ImportedImage) -> Result<()> {
        let request = wire::DeleteImageRequest {
            image_id: Some(image.id.clone()),
            delete_snapshot: Some(true),
            ..Default::default()
        };
        self.delete_image(&request).await.map(drop)
    }

    async fn check(&self, request: &ImportRequest, checks: &mut Checks) -> Result<(), &'static str> {
        preflight::check(self, request, checks).await
    }
}

fn task_row(info: wire::TaskInfo) -> Row {
    let mut row = Row::new(info.task_status, TASK_STATES);
    // The reason, then the remark beside it.
    let reason: Vec<String> = [info.error_info, info.message]
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect();
    row.failure = (!reason.is_empty()).then(|| Failure::new(None, reason.join("; ")));
    row.task_id = info.task_id;
    row.image_id = info.image_id;
    row.name = info.image_name;
    row.sources = info
        .image_url
        .iter()
        .map(|link| link.without_query().to_owned())
        .collect();
    row.percent = info.progress.and_then(|percent| u8::try_from(percent).ok());
    row
}

fn export_row(mut task: wire::TaskInfo) -> Row {
    let told: Vec<String> = task.oss_objects.take().into_iter().flatten().collect();
    let one = task.oss_object.take().filter(|_| told.is_empty());
    let mut row = task_row(task);
    row.objects = told.into_iter().chain(one).filter(|key| !key.is_empty()).collect();
    row
}

fn image_row(image: wire::Image) -> Row {
    let mut row = Row::new(image.status.clone(), IMAGE_STATES).of_gib(image.system_disk_size_gb);
    row.marks = marks::of(&image);
    row.dated = image.create_time.as_deref().and_then(marks::dated);
    row.image_id = image.image_id;
    row.name = image.name;
    row.description = image.desc;
    row.percent = image.progress.and_then(|percent| percent.trim().parse().ok());
    row
}

fn architecture(architecture: Architecture) -> Result<wire::Architecture> {
    Ok(match architecture {
        Architecture::X86_64 => wire::Architecture::X86_64,
        Architecture::I386 => wire::Architecture::I386,
        Architecture::Arm64 => wire::Architecture::Arm64,
        _ => return Err(words::no_word(Provider::JDCLOUD, "architecture", architecture)),
    })
}

fn format(format: DiskFormat) -> Result<wire::DiskFormat> {
    Ok(match format {
        DiskFormat::Qcow2 => wire::DiskFormat::Qcow2,
        DiskFormat::Vhd => wire::DiskFormat::Vhd,
        DiskFormat::Vmdk => wire::DiskFormat::Vmdk,
        DiskFormat::Raw => wire::DiskFormat::Raw,
        _ => return Err(words::no_word(Provider::JDCLOUD, "disk format", format)),
    })
}

fn boot_mode(mode: BootMode) -> Result<wire::BootMode> {
    Ok(match mode {
        BootMode::Bios => wire::BootMode::Bios,
        BootMode::Uefi => wire::BootMode::Uefi,
        _ => return Err(words::no_word(Provider::JDCLOUD, "boot mode", mode)),
    })
}

fn data_disk(disk: &Disk) -> Result<wire::DataDiskSpec> {
    Ok(wire::DataDiskSpec {
        disk_format: disk.format.map(format).transpose()?,
        data_disk_size_gb: disk.wanted_gib().map(i64::from),
        image_url: Some(disk.link(Provider::JDCLOUD)?.clone()),
        ..Default::default()
    })
}
