//! From arguments to one order per target.

use cloud_import::{Disk, Error, ErrorKind, ImportRequest, Provider, Result, Target};
use serde_json::{Map, Value};

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
    let set = vendor_options(&options.set, provider)?;
    if !set.is_empty() {
        order.vendor.insert(provider, set);
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

/// The options of one provider out of `PROVIDER.OPTION=VALUE`. A value that is JSON is taken as such, else as text.
fn vendor_options(set: &[String], provider: Provider) -> Result<Map<String, Value>> {
    let mut options = Map::new();
    for text in set {
        let parts = text
            .split_once('=')
            .and_then(|(name, value)| Some((name.split_once('.')?, value)));
        let Some(((named, option), value)) = parts else {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("`{text}` is not of the form PROVIDER.OPTION=VALUE"),
            )
            .with_remedy("Write it with its cloud, such as --set aliyun.RoleName=MyRole."));
        };
        if named.parse::<Provider>()? == provider {
            let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
            options.insert(option.to_owned(), value);
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendor_options_go_to_their_provider() {
        let set = ["aliyun.RoleName=R".to_owned(), "huawei.bitmap_staged=true".to_owned()];
        let aliyun = vendor_options(&set, Provider::ALIYUN).unwrap();
        assert_eq!(Value::Object(aliyun), serde_json::json!({"RoleName": "R"}));
        let huawei = vendor_options(&set, Provider::HUAWEI).unwrap();
        assert_eq!(Value::Object(huawei), serde_json::json!({"bitmap_staged": true}));
        assert!(vendor_options(&["x".to_owned()], Provider::HUAWEI).is_err());
        assert!(vendor_options(&["aws.x=1".to_owned()], Provider::HUAWEI).is_err());
    }

    #[test]
    fn a_data_disk_has_a_size() {
        assert_eq!(data_disk("b:d.qcow2@100").unwrap().size_gib, Some(100));
        for bad in ["b:d.qcow2", "b:d.qcow2@", "b:d.qcow2@big"] {
            assert!(data_disk(bad).is_err(), "{bad}");
        }
    }
}
