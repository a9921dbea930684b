//! `ImportImage`: checks, duplicate names, the dry run, and what becomes of the file.

use serde_json::json;

use super::{
    answer::{dry_run_passed, error, unreadable, violated},
    images::check_length,
    os,
};
use crate::{
    clock::Now,
    cloud::Cloud,
    clouds::vendor::{Failure, Outcome, Reply},
    objects::{Disk, DiskFormat, Lookup},
    rules::{self, Closed, Params},
    wire::link,
    world::{GuestFault, Import, Publication, Scope, Verdict, World, read_link},
};

/// Largest virtual size of an image, from the vendor's import guide.
const MAX_GIB: u64 = 500;

pub(super) fn import_image(world: &mut World, now: &Now, scope: Scope, params: Params) -> Outcome {
    let tags = check(&params)?;
    let name = params.text("ImageName").unwrap_or_default().to_owned();
    if world.quota_used_up(&scope, now) {
        return Err(error("ImageQuotaLimitExceeded", "The image quota is used up."));
    }
    if world.name_taken(&scope, &name, now) {
        let message = format!("The image name `{name}` exists already.");
        return Err(error("InvalidImageName.Duplicate", message));
    }
    let mut urls = vec![params.text("ImageUrl").unwrap_or_default().to_owned()];
    for disk in params.objects("ImportImageDataDiskList") {
        urls.push(disk.text("ImageUrl").unwrap_or_default().to_owned());
    }
    let mut verdict = Verdict::Succeed;
    let mut first: Option<Disk> = None;
    for url in &urls {
        let found = source(world, now, &scope.region, url, params.flag("Force"))?;
        if let Lookup::Here(disk) = &found {
            first = first.or(Some(*disk));
        }
        if verdict == Verdict::Succeed {
            verdict = judge(&found);
        }
    }
    if params.flag("DryRun") {
        return dry_run_passed(world);
    }
    let image_id = format!("img-{}", world.hex(8));
    let answer = if world.config.tencent_image_id {
        json!({"ImageId": image_id})
    } else {
        json!({})
    };
    world.accept(Import {
        image_id,
        name,
        tags,
        sources: urls.iter().map(|url| link::without_query(url)).collect(),
        disk: first,
        publication: Publication {
            family: params.given("ImageFamily").map(str::to_owned),
            ..Publication::default()
        },
        params,
        verdict,
        guest_check,
        ..world.new_import(&scope, "ImportImage", now, unreadable())
    });
    Ok(Reply::ok(answer))
}

/// What an import takes. Answers have one more architecture, and the international edition does not list `arm_64`.
const CHOICES: &[Closed] = &[
    ("Architecture", &["x86_64", "i386", "arm_64"]),
    ("BootMode", &["Legacy BIOS", "UEFI"]),
    ("LicenseType", &["TencentCloud", "BYOL"]),
];

/// Limits of single fields; gives the tags.
fn check(params: &Params) -> Result<Vec<(String, String)>, Failure> {
    rules::closed(params, "", CHOICES).map_err(violated)?;
    for (field, most) in [("ImageName", 60), ("ImageDescription", 256)] {
        check_length(params, field, most)?;
    }
    let system = params.text("OsType").unwrap_or_default();
    let version = params.text("OsVersion").unwrap_or_default();
    let versions = os::versions(system).ok_or_else(|| {
        let message = format!("The system `{system}` is not supported.");
        error("InvalidImageOsType.Unsupported", message)
    })?;
    if !versions.contains(&version) {
        let message = format!("The version `{version}` of `{system}` is not supported.");
        return Err(error("InvalidImageOsVersion.Unsupported", message));
    }
    let mut tags: Vec<(String, String)> = Vec::new();
    for specification in params.objects("TagSpecification") {
        if specification.text("ResourceType") != Some("image") {
            let message = "Images take tags of the resource type `image` only.";
            return Err(error("InvalidParameterValue", message));
        }
        for tag in specification.objects("Tags") {
            let key = tag.text("Key").unwrap_or_default().to_owned();
            if tags.iter().any(|(known, _)| *known == key) {
                let message = format!("The tag key `{key}` is given twice.");
                return Err(error("InvalidParameterValue.DuplicateTags", message));
            }
            tags.push((key, tag.text("Value").unwrap_or_default().to_owned()));
        }
    }
    Ok(tags)
}

/// A text that is no link is refused; everything else about a link turns out later.
fn source(world: &World, now: &Now, region: &str, url: &str, force: bool) -> Result<Lookup, Failure> {
    let link = link::parse(url).ok_or_else(|| {
        let message = "The image URL is not valid.";
        error("InvalidParameter.InvalidParameterUrlError", message)
    })?;
    if link.key.to_ascii_lowercase().ends_with(".iso") && !force {
        let message = "An ISO file has to be imported by force.";
        return Err(error("InvalidParameterValue.ISOMustImportByForce", message));
    }
    let found = match read_link(world, Cloud::Tencent, &link, now) {
        Some((other, _)) if other != region && !may_cross(region, &other) => Lookup::Elsewhere { region: other },
        Some((_, found)) => found,
        None => Lookup::Absent,
    };
    Ok(match found {
        Lookup::Absent | Lookup::Elsewhere { .. } if world.config.any_object => Lookup::Assumed,
        found => found,
    })
}

/// The import guide lets mainland regions read from each other; finance regions and those overseas read only their own.
fn may_cross(a: &str, b: &str) -> bool {
    const MAINLAND: [&str; 6] = [
        "ap-beijing",
        "ap-chengdu",
        "ap-chongqing",
        "ap-guangzhou",
        "ap-nanjing",
        "ap-shanghai",
    ];
    MAINLAND.contains(&a) && MAINLAND.contains(&b)
}

/// What becomes of the import. The reasons are those of the vendor's message centre: its API does not show them.
fn judge(found: &Lookup) -> Verdict {
    match found {
        Lookup::Assumed => Verdict::Succeed,
        Lookup::Absent | Lookup::Elsewhere { .. } | Lookup::Unreadable | Lookup::Archived => unreadable(),
        Lookup::Here(disk) if disk.format == DiskFormat::Zvhd2 || disk.gib() > MAX_GIB => {
            Verdict::fail("InvalidFormatSize", "")
        }
        Lookup::Here(_) => Verdict::Succeed,
    }
}

/// What becomes of an import whose disk has a fault inside, with the reasons of the message centre (import guide, 2023).
fn guest_check(fault: GuestFault, params: &Params) -> Option<Verdict> {
    let code = match fault {
        GuestFault::PartitionMissing => "PartitionNotPresent",
        GuestFault::RootMissing => "RootPartitionNotFound",
        GuestFault::VirtioMissing => "VirtioNotInstall",
        GuestFault::CloudInitMissing if !params.flag("Force") => "CloudInitNotInstalled",
        _ => return None,
    };
    Some(Verdict::fail(code, ""))
}
