//! From arguments to one order per target.

use cloud_import::{Disk, Error, ErrorKind, ImportRequest, Provider, Result, Target};

use crate::{args::Order, source::Place};

/// The place that `--source` names for a provider.
pub(crate) fn own_source(options: &Order, provider: Provider) -> Option<&str> {
    let own = options.source.iter().rev().find(|(named, _)| *named == provider);
    own.map(|(_, text)| text.as_str())
}

/// The order for a target, whose image is at `disk`.
pub(crate) fn order(options: &Order, target: &Target, disk: Disk) -> Result<ImportRequest> {
    let provider = target.provider;
    let disk = match options.size_gib {
        Some(size) => disk.size_gib(size),
        None => disk,
    };
    let mut order = if options.data_image {
        ImportRequest::data_image(&options.name, disk)
    } else {
        ImportRequest::new(&options.name, disk)
    };
    for text in &options.data_disk {
        order = order.data_disk(data_disk(text)?);
    }
    let raw = |os| {
        options
            .os_raw
            .iter()
            .fold(os, |os: cloud_import::Os, (provider, text)| {
                os.with_raw(*provider, text)
            })
    };
    order.os = options.os.clone().map(raw);
    order.architecture = options.arch;
    order.boot_mode = options.boot_mode;
    order.license_type = options.license_type;
    order.description = options.description.clone();
    order.tags = options.tag.iter().cloned().collect();
    order.project = options
        .project
        .iter()
        .rev()
        .find(|(named, _)| *named == provider)
        .map(|(_, id)| id.clone());
    order.skip_guest_check = options.skip_guest_check;
    order.nvme = options.nvme;
    order.imds_v2 = options.imds_v2;
    for (_, option, value) in options.set.iter().filter(|(named, ..)| *named == provider) {
        let own = order.vendor.entry(provider).or_default();
        own.insert(option.clone(), value.clone());
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
