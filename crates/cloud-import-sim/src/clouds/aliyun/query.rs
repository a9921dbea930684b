//! `DescribeImages` and `DescribeRegions`.

use serde_json::{Value, json};

use super::{
    answer::{bad, image_state},
    import::disk_mappings,
};
use crate::{
    clock::{Now, rfc3339},
    cloud::Cloud,
    clouds::vendor::{Failure, Outcome, Reply, page},
    rules::Params,
    world::{GuestFault, Import, Scope, Stage, World},
};

const REGIONS: &str = "cn-qingdao cn-beijing cn-zhangjiakou cn-huhehaote cn-wulanchabu cn-hangzhou cn-shanghai \
    cn-nanjing cn-fuzhou cn-shenzhen cn-heyuan cn-guangzhou cn-chengdu cn-hongkong ap-northeast-1 ap-northeast-2 \
    ap-southeast-1 ap-southeast-3 ap-southeast-5 ap-southeast-6 ap-southeast-7 us-west-1 us-east-1 eu-west-1 \
    eu-central-1 me-east-1 me-central-1";

pub(super) fn regions() -> Reply {
    let region = |id: &str| {
        json!({
            "RegionId": id,
            "RegionEndpoint": format!("ecs.{id}.aliyuncs.com"),
            "LocalName": id,
            "Status": "available",
        })
    };
    let regions: Vec<Value> = REGIONS.split(' ').map(region).collect();
    Reply::ok(json!({"Regions": {"Region": regions}}))
}

pub(super) fn paging(params: &Params) -> Result<(i64, i64), Failure> {
    let number = params.integer("PageNumber").unwrap_or(1);
    let size = params.integer("PageSize").unwrap_or(10);
    if number < 1 || !(1..=100).contains(&size) {
        let message = "PageNumber begins at 1 and PageSize is 1 to 100.";
        return Err(bad("InvalidParameter", message));
    }
    Ok((number, size))
}

pub(super) fn commas(text: Option<&str>) -> Vec<&str> {
    text.map_or_else(Vec::new, |text| text.split(',').map(str::trim).collect())
}

pub(super) fn images(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let (number, size) = paging(params)?;
    // An import that still runs, or failed, is shown only to those who ask for its status.
    let statuses = commas(params.given("Status").or(Some("Available")));
    let all = statuses == ["ALL"];
    let ids = commas(params.given("ImageId"));
    let owner = params.given("ImageOwnerAlias").unwrap_or("self");
    let tags = params.objects("Tag");
    let family = params.given("ImageFamily");
    let is_public = params.0.get("IsPublic").and_then(Value::as_bool);
    let same = |field: &str, import: &Import, default: &str| {
        let wanted = params.given(field);
        wanted.is_none_or(|wanted| import.params.given(field).unwrap_or(default) == wanted)
    };
    let found = world.shown(now, scope, |import| {
        let state = image_state(import, import.stage(now));
        let tagged = |tag: &Params| {
            import.tags.iter().any(|(key, value)| {
                tag.given("Key").is_none_or(|wanted| wanted == key)
                    && tag.given("Value").is_none_or(|wanted| wanted == value)
            })
        };
        import.has_image()
            && owner == "self"
            && (all || statuses.contains(&state))
            && (ids.is_empty() || ids.contains(&import.image_id.as_str()))
            && params
                .given("ImageName")
                .is_none_or(|part| import.name.contains(part.trim_matches('*')))
            && family.is_none_or(|wanted| import.publication.family.as_deref() == Some(wanted))
            && is_public.is_none_or(|wanted| import.publication.is_public == wanted)
            && same("ResourceGroupId", import, "")
            && same("Architecture", import, "x86_64")
            && same("OSType", import, "linux")
            && tags.iter().all(tagged)
    });
    let total = found.len();
    let forced = world.forced_state(Cloud::Aliyun, "DescribeImages");
    let images: Vec<Value> = page(found, number, size)
        .iter()
        .map(|import| image(import, import.stage(now), forced.as_deref()))
        .collect();
    Ok(Reply::ok(json!({
        "PageNumber": number,
        "PageSize": size,
        "TotalCount": total,
        "RegionId": scope.region,
        "Images": {"Image": images},
    })))
}

pub(super) fn image(import: &Import, stage: Stage, forced: Option<&str>) -> Value {
    let text = |field: &str, default: &str| import.params.given(field).unwrap_or(default).to_owned();
    let publication = &import.publication;
    let architecture = text("Architecture", "x86_64");
    let boot_mode = if architecture == "arm64" { "UEFI" } else { "BIOS" };
    let features = import.params.0.get("Features").cloned().unwrap_or_else(|| json!({}));
    let mut image = json!({
        "ImageId": import.image_id,
        "ImageName": import.name,
        "Description": text("Description", ""),
        "Status": forced.unwrap_or(image_state(import, stage)),
        "Progress": format!("{}%", stage.percent()),
        "Size": import.gib(),
        "Platform": text("Platform", "Others Linux"),
        "OSType": text("OSType", "linux"),
        "OSName": text("Platform", "Others Linux"),
        "Architecture": architecture,
        "BootMode": text("BootMode", boot_mode),
        "CreationTime": rfc3339(import.accepted.utc),
        "ImageOwnerAlias": "self",
        "ImageVersion": "",
        "ImageFamily": publication.family,
        "IsCopied": import.copied_from.is_some(),
        "IsPublic": publication.is_public,
        "IsSelfShared": if publication.members.is_empty() { "" } else { "true" },
        "IsSubscribed": false,
        "IsSupportCloudinit": true,
        "IsSupportIoOptimized": true,
        "LicenseType": text("LicenseType", ""),
        "ProductCode": "",
        "ResourceGroupId": text("ResourceGroupId", ""),
        "Usage": "none",
        "Tags": {"Tag": import.tag_objects("TagKey", "TagValue")},
        "Features": features,
        "DiskDeviceMappings": {"DiskDeviceMapping": disk_mappings(import, stage)},
    });
    if import.params.given("DetectionStrategy").is_some() {
        image["DetectionOptions"] = detection(import, stage);
    }
    image
}

/// What the check of an image looks at, the fault that it finds there, and how it calls that.
const CHECKED: [(&str, GuestFault, &str); 4] = [
    ("Virtio", GuestFault::VirtioMissing, "NotInstalled"),
    ("CloudInit", GuestFault::CloudInitMissing, "NotInstalled"),
    ("Fstab", GuestFault::FstabDevice, "Abnormal"),
    ("Dhcp", GuestFault::NetStatic, "Disabled"),
];

/// The report of the check of an image that was asked for. Its items are named in the vendor's documents; the words for
/// states, values and risks are unverified.
fn detection(import: &Import, stage: Stage) -> Value {
    if stage.is_open() {
        return json!({"Status": "Processing", "Items": {"Item": []}});
    }
    let item = |(name, fault, found): (&str, GuestFault, &str)| {
        let name = format!("GUESTOS.{name}");
        if import.guest.contains(&fault) {
            let risk = format!("{name}{found}");
            return json!({"Name": name, "Value": found, "RiskCode": risk, "RiskLevel": "High"});
        }
        json!({"Name": name, "Value": "Normal", "RiskCode": "", "RiskLevel": ""})
    };
    json!({"Status": "Finished", "Items": {"Item": CHECKED.map(item)}})
}

#[cfg(test)]
mod tests {
    use super::{super::fields::is_region, *};

    #[test]
    fn what_looks_like_a_region_is_one() {
        for region in REGIONS.split(' ') {
            assert!(is_region(region), "{region}");
        }
        for text in ["", "hangzhou", "cn-", "CN-hangzhou", "cn hangzhou", "china-x"] {
            assert!(!is_region(text), "{text}");
        }
    }
}
