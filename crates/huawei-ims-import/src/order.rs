//! A normalized order in Huawei Cloud's words: one of four requests, by route.

use cloud_import_core::{
    Architecture, BootMode, Disk, DiskFormat, Error, ErrorKind, ImportRequest, LicenseType, OsFamily, Provider, Result,
    provider::words,
};

use crate::{
    Client, ImportRoute, Options, choose_route, generated as wire,
    os::{HuaweiOs, map_os},
    route::min_disk,
};

/// The call that an order becomes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ImportCall {
    /// Quick import of a system disk.
    Quick(wire::ImportImageQuickRequest),
    /// Quick import of a data disk.
    QuickData(wire::ImportDataImageQuickRequest),
    /// Common import of a system disk.
    Common(Box<wire::CreateImageRequest>),
    /// Common import of a data disk.
    CommonData(wire::CreateDataImageRequest),
}

impl ImportCall {
    /// The call of an order.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the order cannot be written in the vendor's words, [`ErrorKind::Unsupported`] for
    /// a dry run: the call would be executed.
    pub(crate) fn of(order: &ImportRequest) -> Result<Self> {
        if order.dry_run {
            return Err(
                Error::new(ErrorKind::Unsupported, "Huawei Cloud's import has no dry run")
                    .with_provider(Provider::HUAWEI)
                    .with_remedy("Check the order with `validate` alone."),
            );
        }
        let options: Options = order.vendor_options()?;
        let (route, _) = choose_route(order, &options);
        let disk = words::first_disk(Provider::HUAWEI, order)?;
        let source = image_url(disk)?;
        let size = min_disk(order, route)
            .ok_or_else(|| words::refused(Provider::HUAWEI, "the size of the data disk is not known"))?;
        Ok(match route {
            ImportRoute::Quick => Self::Quick(quick(order, options, source, size)?),
            ImportRoute::QuickData => Self::QuickData(wire::ImportDataImageQuickRequest {
                name: Some(order.name.clone()),
                description: order.description.clone(),
                os_type: Some(os_type(order)),
                image_url: Some(source),
                min_disk: Some(size.into()),
                tags: options.tags,
                image_tags: image_tags(order),
                image_type: Some(wire::ImageType::DataImage),
                enterprise_project_id: order.project.clone(),
                ..Default::default()
            }),
            ImportRoute::Common => Self::Common(Box::new(common(order, options, source, size)?)),
            ImportRoute::CommonData => Self::CommonData(wire::CreateDataImageRequest {
                name: Some(order.name.clone()),
                description: order.description.clone(),
                image_url: Some(source),
                os_type: Some(os_type(order)),
                min_disk: Some(size.into()),
                cmk_id: options.cmk_id,
                tags: options.tags,
                image_tags: image_tags(order),
                enterprise_project_id: order.project.clone(),
                ..Default::default()
            }),
        })
    }

    /// The way that it takes.
    pub const fn route(&self) -> ImportRoute {
        match self {
            Self::Quick(_) => ImportRoute::Quick,
            Self::QuickData(_) => ImportRoute::QuickData,
            Self::Common(_) => ImportRoute::Common,
            Self::CommonData(_) => ImportRoute::CommonData,
        }
    }

    pub(crate) async fn send(&self, client: &Client) -> Result<wire::JobAccepted> {
        match self {
            Self::Quick(request) => client.import_image_quick(request).await,
            Self::QuickData(request) => client.import_data_image_quick(request).await,
            Self::Common(request) => client.create_image(request).await,
            Self::CommonData(request) => client.create_data_image(request).await,
        }
    }
}

fn quick(order: &ImportRequest, options: Options, source: String, size: u32) -> Result<wire::ImportImageQuickRequest> {
    Ok(wire::ImportImageQuickRequest {
        name: Some(order.name.clone()),
        description: order.description.clone(),
        os_version: Some(os(order)?.os_version),
        image_url: Some(source),
        min_disk: Some(size.into()),
        tags: options.tags,
        image_tags: image_tags(order),
        image_type: Some(options.image_type.unwrap_or(wire::ImageType::Ecs)),
        architecture: Some(architecture(order.architecture)?),
        enterprise_project_id: order.project.clone(),
        hw_firmware_type: order.boot_mode.map(firmware).transpose()?,
        license_type: order.license_type.map(license).transpose()?,
        ..Default::default()
    })
}

fn common(order: &ImportRequest, options: Options, source: String, size: u32) -> Result<wire::CreateImageRequest> {
    let HuaweiOs { os_type, os_version } = os(order)?;
    let usual_type = match order.first_disk().and_then(|disk| disk.format) {
        Some(DiskFormat::Iso) => wire::ImageType::IsoImage,
        _ => wire::ImageType::Ecs,
    };
    Ok(wire::CreateImageRequest {
        name: Some(order.name.clone()),
        description: order.description.clone(),
        image_url: Some(source),
        min_disk: Some(size.into()),
        os_type: Some(os_type),
        os_version: Some(os_version),
        is_config: options.is_config,
        cmk_id: options.cmk_id,
        image_tags: image_tags(order),
        image_type: Some(options.image_type.unwrap_or(usual_type)),
        enterprise_project_id: order.project.clone(),
        max_ram: options.max_ram,
        min_ram: options.min_ram,
        data_images: match order.data_disks() {
            [] => None,
            disks => Some(
                disks
                    .iter()
                    .enumerate()
                    .map(|(index, disk)| data_image(order, options.tags.clone(), index, disk))
                    .collect::<Result<_>>()?,
            ),
        },
        tags: options.tags,
        architecture: Some(architecture(order.architecture)?),
        hw_firmware_type: order.boot_mode.map(firmware).transpose()?,
        ..Default::default()
    })
}

/// A data disk beside the system disk becomes an image with the description and tags of the whole.
fn data_image(
    order: &ImportRequest,
    tags: Option<Vec<String>>,
    index: usize,
    disk: &Disk,
) -> Result<wire::CreateDataImage> {
    Ok(wire::CreateDataImage {
        name: Some(data_image_name(order, index)),
        description: order.description.clone(),
        image_url: Some(image_url(disk)?),
        min_disk: disk.wanted_gib().map(i64::from),
        tags,
        image_tags: image_tags(order),
        ..Default::default()
    })
}

/// The name of a data disk's image: the vendor wants one for each.
pub(crate) fn data_image_name(order: &ImportRequest, index: usize) -> String {
    format!("{}-data-{}", order.name, index + 1)
}

fn image_url(disk: &Disk) -> Result<String> {
    let (bucket, key) = disk.bucket_and_key(Provider::HUAWEI)?;
    Ok(format!("{bucket}:{key}"))
}

fn os(order: &ImportRequest) -> Result<HuaweiOs> {
    words::os(Provider::HUAWEI, order, map_os)
}

/// The family, which is all that a data disk can be told; Linux, the vendor's default, when no system is named.
fn os_type(order: &ImportRequest) -> wire::OsType {
    match order.os.as_ref().map(|os| os.family()) {
        Some(OsFamily::Windows) => wire::OsType::Windows,
        _ => wire::OsType::Linux,
    }
}

fn architecture(architecture: Architecture) -> Result<wire::Architecture> {
    Ok(match architecture {
        Architecture::X86_64 | Architecture::I386 => wire::Architecture::X86,
        Architecture::Arm64 => wire::Architecture::Arm,
        _ => return Err(words::no_word(Provider::HUAWEI, "architecture", architecture)),
    })
}

fn firmware(mode: BootMode) -> Result<wire::FirmwareType> {
    Ok(match mode {
        BootMode::Bios => wire::FirmwareType::Bios,
        BootMode::Uefi => wire::FirmwareType::Uefi,
        _ => return Err(words::no_word(Provider::HUAWEI, "boot mode", mode)),
    })
}

fn license(license: LicenseType) -> Result<wire::LicenseType> {
    Ok(match license {
        LicenseType::Platform => wire::LicenseType::Platform,
        LicenseType::Byol => wire::LicenseType::Byol,
        _ => return Err(words::no_word(Provider::HUAWEI, "licence type", license)),
    })
}

fn image_tags(order: &ImportRequest) -> Option<Vec<wire::ImageTag>> {
    words::tags(order, |key, value| wire::ImageTag {
        key: Some(key),
        value: Some(value),
        ..Default::default()
    })
}
