//! From the fields of a target to its order.

use cloud_import::{Architecture, Disk, Error, ErrorKind, ImportRequest, Os, Provider, Result};

use crate::{fields::Fields, source::Place};

/// The order of these fields in a cloud, whose image is at `disk`: a system, or one data disk.
pub(crate) fn order(fields: Fields, provider: Provider, disk: Disk, is_data: bool) -> Result<ImportRequest> {
    // That there is one is known of every target.
    let name = fields.name.unwrap_or_default();
    let disk = match fields.size_gib {
        Some(size) => disk.size_gib(size),
        None => disk,
    };
    let mut order = match is_data {
        true => ImportRequest::data_image(name, disk),
        false => ImportRequest::new(name, disk),
    };
    for text in fields.data_disks.unwrap_or_default() {
        order = order.data_disk(data_disk(&text)?);
    }
    let raw = fields.os_raw;
    order.os = fields.os.map(|os| match raw {
        Some(raw) => Os::with_raw(os, provider, raw),
        None => os,
    });
    order.architecture = fields.arch.unwrap_or(Architecture::X86_64);
    order.boot_mode = fields.boot_mode;
    order.license_type = fields.license_type;
    order.description = fields.description;
    order.tags = fields.tags.unwrap_or_default();
    order.project = fields.project;
    order.skip_guest_check = fields.skip_guest_check.unwrap_or_default();
    order.nvme = fields.nvme.unwrap_or_default();
    order.accept_warning = fields.accept_warning.unwrap_or_default();
    order.imds_v2 = fields.imds_v2.unwrap_or_default();
    if let Some(options) = fields.options.filter(|options| !options.is_empty()) {
        order.vendor.insert(provider, options);
    }
    Ok(order)
}

/// `PLACE@GIB`.
fn data_disk(text: &str) -> Result<Disk> {
    let refuse = || {
        Error::new(
            ErrorKind::InvalidRequest,
            format!("data disk `{text}` is not of the form PLACE@GIB"),
        )
        .with_remedy("Write it as LINK@GIB or BUCKET:KEY@GIB, such as my-bucket:data.qcow2@100.")
    };
    let (place, size) = text.rsplit_once('@').ok_or_else(refuse)?;
    let size: u32 = size.parse().map_err(|_| refuse())?;
    Ok(Place::read(place)?.disk(None)?.size_gib(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_disk_has_a_size() {
        assert_eq!(data_disk("b:d.qcow2@100").unwrap().size_gib, Some(100));
        for bad in ["b:d.qcow2", "b:d.qcow2@", "b:d.qcow2@big"] {
            assert!(data_disk(bad).is_err(), "{bad}");
        }
    }
}
