//! The options of an order, each as a short hash, so that a later order can tell in which it differs. Keeps no value.

use std::collections::BTreeMap;

use cloud_import_core::{
    BootMode, DiskFormat, DiskPart, Field, ImageKind, ImportRequest, LicenseType, Provider, provider::digest,
};

/// The hash of each option that an order sets, by the option's name. Content, name and generation are no options.
pub(crate) fn parts(order: &ImportRequest, provider: Provider) -> BTreeMap<String, String> {
    let mut parts = BTreeMap::new();
    let mut add = |field: Field, value: String| {
        if !value.is_empty() {
            parts.insert(field.to_string(), digest::sha256_hex(value.as_bytes())[..12].to_owned());
        }
    };
    let switch = |is_set: bool| if is_set { "yes" } else { "" }.to_owned();
    add(Field::Kind, switch(order.kind == ImageKind::Data));
    for (index, disk) in order.disks.iter().enumerate() {
        let size = disk.wanted_gib().map(|gib| gib.to_string());
        add(Field::disk(index, DiskPart::SizeGib), size.unwrap_or_default());
        let format = disk.format.map_or("", DiskFormat::as_str);
        add(Field::disk(index, DiskPart::Format), format.to_owned());
        if index > 0 {
            add(Field::disk(index, DiskPart::Source), disk.source.identity());
        }
    }
    if let Some(os) = &order.os {
        add(Field::Os, os.to_string());
        add(Field::OsRaw, os.raw.get(&provider).cloned().unwrap_or_default());
    }
    add(Field::Architecture, order.architecture.to_string());
    add(Field::BootMode, order.boot_mode.map_or("", BootMode::as_str).to_owned());
    let license = order.license_type.map_or("", LicenseType::as_str);
    add(Field::LicenseType, license.to_owned());
    add(Field::SkipGuestCheck, switch(order.skip_guest_check));
    add(Field::Nvme, switch(order.nvme));
    add(Field::ImdsV2, switch(order.imds_v2));
    add(Field::Description, order.description.clone().unwrap_or_default());
    add(Field::Project, order.project.clone().unwrap_or_default());
    for (key, value) in &order.tags {
        // A tag without a value is one, too.
        add(Field::Tag(key.clone()), format!("={value}"));
    }
    for (option, value) in order.vendor.get(&provider).into_iter().flatten() {
        add(Field::VendorOption(option.clone().into()), value.to_string());
    }
    parts
}

/// In which options two orders differ, in words; nothing where one of them is not known.
pub(crate) fn differences(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> Vec<String> {
    if one.is_empty() || other.is_empty() {
        return Vec::new();
    }
    let keys = one.keys().chain(other.keys());
    let mut names: Vec<String> = keys
        .filter(|key| one.get(*key) != other.get(*key))
        .map(|key| in_words(key))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// What people call an option, tags together.
fn in_words(key: &str) -> String {
    match key.parse::<Field>() {
        Ok(Field::Tag(_)) => "tags".to_owned(),
        Ok(Field::Disk { index: 0, part }) => part.as_str().replace('_', " "),
        Ok(Field::Disk { .. }) => "data disks".to_owned(),
        Ok(Field::VendorOption(option)) => option.into_owned(),
        _ => key.replace('_', " "),
    }
}

#[cfg(test)]
mod tests {
    use cloud_import_core::{Architecture, Disk, Os};
    use serde_json::json;

    use super::*;

    fn order() -> ImportRequest {
        ImportRequest::new("web", Disk::object("b", "k")).os(Os::new("CentOS", "7.9"))
    }

    #[test]
    fn every_option_that_makes_another_order_is_named() {
        let token = |order: &ImportRequest| order.token(Provider::ALIYUN, "cn-hangzhou", None);
        let (plain, of_plain) = (order(), parts(&order(), Provider::ALIYUN));
        let mut raw = order();
        let words = raw.os.as_mut().map(|os| &mut os.raw);
        words.unwrap().insert(Provider::ALIYUN, "centos 7.9 64".to_owned());
        let mut bigger = order();
        bigger.disks[0].size_gib = Some(50);
        let mut vhd = order();
        vhd.disks[0].format = Some(DiskFormat::Vhd);
        let mut vendor = order();
        let options = vendor.vendor.entry(Provider::ALIYUN).or_default();
        options.insert("RoleName".to_owned(), json!("R"));
        let mut arm = order();
        arm.architecture = Architecture::Arm64;
        let mut nvme = order();
        nvme.nvme = true;
        let mut imds = order();
        imds.imds_v2 = true;
        let mut unchecked = order();
        unchecked.skip_guest_check = true;
        let mut data = order();
        data.kind = ImageKind::Data;
        let mut licensed = order();
        licensed.license_type = Some(LicenseType::Byol);
        let mut uefi = order();
        uefi.boot_mode = Some(BootMode::Uefi);
        let mut project = order();
        project.project = Some("p".to_owned());
        for (changed, name) in [
            (order().tag("team", "images"), "tags"),
            (order().tag("team", ""), "tags"),
            (order().description("d"), "description"),
            (order().os(Os::new("CentOS", "7")), "os"),
            (raw, "os.raw"),
            (bigger, "size gib"),
            (vhd, "format"),
            (order().data_disk(Disk::object("b", "d")), "data disks"),
            (vendor, "RoleName"),
            (arm, "architecture"),
            (nvme, "nvme"),
            (imds, "imds v2"),
            (unchecked, "skip guest check"),
            (data, "kind"),
            (licensed, "license type"),
            (uefi, "boot mode"),
            (project, "project"),
        ] {
            assert_ne!(token(&changed), token(&plain), "{name}");
            let of_changed = parts(&changed, Provider::ALIYUN);
            assert_eq!(differences(&of_plain, &of_changed), [name]);
            assert_eq!(differences(&of_changed, &of_plain), [name]);
        }
        assert_eq!(differences(&of_plain, &of_plain), [""; 0]);
        assert_eq!(differences(&BTreeMap::new(), &of_plain), [""; 0], "an older record");
        let kept = format!("{:?}", parts(&order().description("s3cret"), Provider::ALIYUN));
        assert!(!kept.contains("s3cret"));
    }
}
