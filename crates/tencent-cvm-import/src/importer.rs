//! The normalized import over Tencent Cloud's client.
//!
//! There is no task and no client token: the image itself is polled, by its id, or as long as the cloud has not told it by
//! its name and a mark that the importer puts into its description. A start whose answer was lost is looked for that way
//! and never sent again: whether a duplicate name is refused while the first image is still being built is unverified.

use cloud_import_core::{
    Architecture, BootMode, BoxFuture, Capabilities, Check, Disk, Error, ErrorKind, Failure, ImageImporter,
    ImportRequest, ImportTask, ImportedImage, LicenseType, Problem, Provider, Result, StateClass, StateRow, TaskState,
    builder::Connection,
    datetime, deleted, marked, not_listed,
    preflight::{Namesake, SecondOfName},
};

use crate::{
    Client, Options, generated as wire,
    generated::{CAPABILITIES, IMAGE_STATES},
    os::{TencentOs, map_os},
    rules,
};

/// Images on a page of a search, the most that the cloud lists at once.
const PAGE: i64 = 100;

/// Pages that a search reads at the most. The cloud lists every image whose name contains the one looked for.
const PAGES: i64 = 20;

/// Imports images into Tencent Cloud.
#[derive(Debug, Clone)]
pub struct Importer {
    client: Client,
}

impl Importer {
    /// An importer over a client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The vendor's request for an order. Its description ends with the order's mark in brackets.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the order cannot be written in the vendor's words.
    pub fn request(&self, order: &ImportRequest) -> Result<wire::ImportImageRequest> {
        self.marked_request(order, &self.marker(order))
    }

    fn marker(&self, order: &ImportRequest) -> String {
        order.marker(Provider::Tencent, self.region(), None)
    }

    fn marked_request(&self, order: &ImportRequest, marker: &str) -> Result<wire::ImportImageRequest> {
        let refuse = |message: &str| Error::new(ErrorKind::InvalidRequest, message).with_provider(Provider::Tencent);
        let options: Options = order.vendor_options()?;
        let disk = order.first_disk().ok_or_else(|| refuse("the order has no disk"))?;
        let os = order
            .os
            .as_ref()
            .ok_or_else(|| refuse("the order names no operating system"))?;
        let TencentOs { os_type, os_version } = map_os(os)
            .value()
            .ok_or_else(|| refuse(&format!("`{os}` is not an operating system that Tencent Cloud lists")))?;
        Ok(wire::ImportImageRequest {
            architecture: Some(match order.architecture {
                Architecture::Arm64 => wire::Architecture::Arm64,
                other => other.as_str().into(),
            }),
            os_type: Some(os_type),
            os_version: Some(os_version),
            image_url: Some(disk.link(Provider::Tencent)?.clone()),
            image_name: Some(order.name.clone()),
            image_description: Some(marked(order.description.as_deref(), marker)),
            dry_run: order.dry_run.then_some(true),
            force: order.skip_guest_check.then_some(true),
            tag_specification: tags(order),
            license_type: order.license_type.map(|license| match license {
                LicenseType::Platform => wire::LicenseType::TencentCloud,
                LicenseType::Byol => wire::LicenseType::Byol,
                other => other.as_str().into(),
            }),
            boot_mode: order.boot_mode.map(|mode| match mode {
                BootMode::Bios => wire::BootMode::LegacyBios,
                BootMode::Uefi => wire::BootMode::Uefi,
                other => other.as_str().into(),
            }),
            image_family: options.image_family,
            import_image_data_disk_list: match order.data_disks() {
                [] => None,
                disks => Some(disks.iter().map(data_disk).collect::<Result<_>>()?),
            },
            ..Default::default()
        })
    }

    /// The image by its id, or the newest one that has the task's name and mark.
    async fn find(&self, task: &ImportTask) -> Result<Option<wire::Image>> {
        if let Some(id) = &task.image_id {
            let request = wire::DescribeImagesRequest {
                image_ids: Some(vec![id.clone()]),
                ..Default::default()
            };
            let images = self.client.describe_images(&request).await?.image_set;
            let is_it = |image: &wire::Image| image.image_id.as_ref() == Some(id);
            return Ok(images.unwrap_or_default().into_iter().find(is_it));
        }
        let mut found = Vec::new();
        for page in 0..PAGES {
            let request = wire::DescribeImagesRequest {
                filters: Some(vec![
                    filter("image-name", &task.name),
                    filter("image-type", wire::ImageType::PrivateImage.as_str()),
                ]),
                offset: Some(page * PAGE),
                limit: Some(PAGE),
                ..Default::default()
            };
            let images = self.client.describe_images(&request).await?.image_set;
            let images = images.unwrap_or_default();
            let is_last = i64::try_from(images.len()).is_ok_and(|count| count < PAGE);
            found.extend(images.into_iter().filter(|image| is_of(task, image)));
            if is_last {
                break;
            }
        }
        let created = |image: &wire::Image| image.created_time.as_deref().and_then(datetime::parse_rfc3339);
        Ok(found.into_iter().max_by_key(created))
    }

    async fn poll_once(&self, task: &mut ImportTask) -> Result<TaskState> {
        let Some(image) = self.find(task).await? else {
            return not_listed(self, task);
        };
        task.seen(self.ambient().now());
        adopt(task, &image);
        let raw = image.image_state.unwrap_or_default();
        Ok(match StateRow::find(IMAGE_STATES, &raw) {
            Some(StateClass::Succeeded) => match &task.image_id {
                Some(id) => TaskState::Succeeded {
                    image: ImportedImage::of(task, id),
                },
                None => TaskState::in_progress("finished, image id not shown yet", None),
            },
            // Being deleted is the end too, but nothing that a cause of failed imports explains.
            Some(StateClass::Failed) if !raw.to_ascii_uppercase().ends_with("FAILED") => {
                TaskState::Failed(Failure::new(None, raw))
            }
            Some(StateClass::Failed) => {
                TaskState::Failed(Failure::new(None, raw).with_likely_causes(CAPABILITIES.likely_causes))
            }
            Some(StateClass::Canceled) => TaskState::Canceled,
            _ => TaskState::in_progress(raw, None),
        })
    }
}

/// Whether an image is what a task started: an image of the same name alone is somebody else's.
fn is_of(task: &ImportTask, image: &wire::Image) -> bool {
    let description = image.image_description.as_deref().unwrap_or_default();
    image.image_name.as_deref() == Some(&task.name)
        && matches!(image.image_source, None | Some(wire::ImageSource::ExternalImport))
        && task.marker.as_deref().is_none_or(|marker| description.contains(marker))
}

fn adopt(task: &mut ImportTask, image: &wire::Image) {
    if task.image_id.is_none() {
        task.image_id.clone_from(&image.image_id);
    }
}

fn filter(name: &str, value: &str) -> wire::Filter {
    wire::Filter {
        name: Some(name.to_owned()),
        values: Some(vec![value.to_owned()]),
        ..Default::default()
    }
}

fn tags(order: &ImportRequest) -> Option<Vec<wire::TagSpecification>> {
    let tag = |(key, value): (&String, &String)| wire::Tag {
        key: Some(key.clone()),
        value: Some(value.clone()),
        ..Default::default()
    };
    (!order.tags.is_empty()).then(|| {
        vec![wire::TagSpecification {
            resource_type: Some("image".to_owned()),
            tags: Some(order.tags.iter().map(tag).collect()),
            ..Default::default()
        }]
    })
}

fn data_disk(disk: &Disk) -> Result<wire::ImportImageDataDisk> {
    Ok(wire::ImportImageDataDisk {
        image_url: Some(disk.link(Provider::Tencent)?.clone()),
        ..Default::default()
    })
}

impl ImageImporter for Importer {
    fn connection(&self) -> &Connection {
        &self.client.connection
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn validate(&self, order: &ImportRequest) -> Vec<Problem> {
        let marked = marked(order.description.as_deref(), &self.marker(order));
        let is_international = self.client.endpoint().host().contains(".intl.");
        rules::problems(order, &marked, is_international)
    }

    fn preflight<'a>(&'a self, order: &'a ImportRequest) -> BoxFuture<'a, Vec<Check>> {
        Box::pin(self.look(order))
    }

    fn prepare(&self, order: &ImportRequest) -> Result<ImportTask> {
        let marker = self.marker(order);
        self.marked_request(order, &marker)?;
        let mut task = self.client.connection.task(order);
        task.marker = Some(marker);
        Ok(task)
    }

    fn submit<'a>(&'a self, order: &'a ImportRequest, task: &'a mut ImportTask) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let request = match &task.marker {
                Some(marker) => self.marked_request(order, marker)?,
                None => self.request(order)?,
            };
            let answer = self.client.import_image(&request).await?;
            task.dry_run = order.dry_run;
            task.image_id = answer.image_id.filter(|id| !id.is_empty());
            let is_checked = order.dry_run && answer.dry_run == Some(true);
            if task.image_id.is_none() && answer.request_id.is_none() && !is_checked {
                return Err(Error::new(
                    ErrorKind::InvalidResponse,
                    "the answer has neither image id nor request id",
                )
                .with_provider(Provider::Tencent)
                .with_operation("ImportImage"));
            }
            Ok(())
        })
    }

    fn poll<'a>(&'a self, task: &'a mut ImportTask) -> BoxFuture<'a, Result<TaskState>> {
        Box::pin(self.poll_once(task))
    }

    fn lookup<'a>(&'a self, task: &'a ImportTask) -> BoxFuture<'a, Result<Option<ImportTask>>> {
        Box::pin(async move {
            Ok(self.find(task).await?.map(|image| {
                let mut found = task.clone();
                found.seen(self.ambient().now());
                adopt(&mut found, &image);
                found
            }))
        })
    }

    fn second_of_name(&self) -> SecondOfName {
        SecondOfName::Refused
    }

    fn namesakes<'a>(&'a self, name: &'a str, _: Option<&'a str>) -> BoxFuture<'a, Result<Vec<Namesake>>> {
        Box::pin(self.named(name, usize::MAX))
    }

    fn rename<'a>(&'a self, image: &'a ImportedImage, name: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let request = wire::ModifyImageAttributeRequest {
                image_id: Some(image.id.clone()),
                image_name: Some(name.to_owned()),
                ..Default::default()
            };
            self.client.modify_image_attribute(&request).await.map(drop)
        })
    }

    fn delete<'a>(&'a self, image: &'a ImportedImage) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let request = wire::DeleteImagesRequest {
                image_ids: Some(vec![image.id.clone()]),
                delete_binded_snap: Some(true),
                ..Default::default()
            };
            deleted(self.client.delete_images(&request).await)
        })
    }
}
