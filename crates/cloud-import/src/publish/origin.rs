//! The order of a copy, made of the order that the image is imported by.

use cloud_import_core::{
    Architecture, Capabilities, Disk, DiskPart, Field, ImageImporter, ImageKind, ImageSource, ImportRequest, Problem,
    WarningId,
    provider::{copies, digest},
};

use super::image::LocalImage;

/// The destination whose image is copied.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) label: String,
    region: String,
    project: Option<String>,
    /// What its disks are known by, where they are no file of this machine.
    disks: String,
    /// Its first disk, as it is ordered.
    disk: Option<Disk>,
}

impl Origin {
    pub(crate) fn new(label: &str, importer: &dyn ImageImporter, order: &ImportRequest) -> Self {
        let disks = order.disks.iter().map(|disk| disk.source.identity());
        Self {
            label: label.to_owned(),
            region: importer.region().to_owned(),
            project: importer.project().map(str::to_owned),
            disks: digest::sha256_hex(disks.collect::<Vec<_>>().join("\n").as_bytes()),
            disk: order.first_disk().cloned(),
        }
    }

    /// What is wrong with the size of its image, as far as that is known: of the file, or of the order. The order of a copy does not say
    /// it, as it is the image's own.
    pub(crate) fn too_large(&self, file: Option<&LocalImage>, cloud: &Capabilities) -> Option<Problem> {
        let ordered = self
            .disk
            .clone()
            .unwrap_or_else(|| Disk::image(ImageSource::new("", "")));
        let part = match ordered.size_gib {
            Some(_) => DiskPart::SizeGib,
            None => DiskPart::VirtualSizeBytes,
        };
        let disk = match file {
            Some(file) => file.described(ordered),
            None => ordered,
        };
        disk.wanted_gib()?;
        copies::too_large(cloud, cloud.system_disk_gib(&disk)?, Field::disk(0, part))
    }

    /// The order of a copy, its image still without an id, and what of the order the cloud cannot be told with it. It is known by the
    /// content, so that it is the same order whatever the image's id is. System, firmware and the like are the image's own.
    pub(crate) fn order(
        &self,
        own: &ImportRequest,
        sha256: Option<&str>,
        cloud: &Capabilities,
    ) -> (ImportRequest, Vec<Problem>) {
        let mut image = ImageSource::new(&self.region, "");
        image.project.clone_from(&self.project);
        let mut disk = Disk::image(image).content_sha256(sha256.unwrap_or(&self.disks));
        disk.pending = true;
        let mut request = own.clone();
        request.disks = vec![disk];
        request.kind = ImageKind::System;
        request.architecture = Architecture::X86_64;
        (request.os, request.boot_mode, request.license_type) = (None, None, None);
        (request.skip_guest_check, request.nvme, request.imds_v2) = (false, false, false);
        let options = cloud.after.copy_options.value;
        if let Some(own) = request.vendor.get_mut(&cloud.provider) {
            // The others are of the import.
            own.retain(|option, _| options.contains(&option.as_str()));
        }
        request.vendor.retain(|_, options| !options.is_empty());
        let found = left_out(&mut request, cloud);
        (request, found)
    }
}

/// Takes out of the order of a copy what its cloud cannot be told with it, and says so.
fn left_out(request: &mut ImportRequest, cloud: &Capabilities) -> Vec<Problem> {
    let after = &cloud.after;
    let mut found = Vec::new();
    let mut warn = |field: Field, rule: &str, source: &'static str| {
        let problem = Problem::warning(WarningId::COPY_LEFT_OUT, cloud.provider, field, rule.to_owned()).source(source);
        found.push(problem.remedy("Set it on the copy afterwards."));
    };
    if request.description.is_some() && !after.copy_description.value {
        request.description = None;
        let rule = "cannot be set on a copy: whether it has that of its image is not documented";
        warn(Field::Description, rule, after.copy_description.source);
    }
    if !request.tags.is_empty() && !after.copy_tags.value {
        request.tags.clear();
        warn(Field::Tags, "cannot be set as a copy is made", after.copy_tags.source);
    }
    found
}
