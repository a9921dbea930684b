//! `ImportImage`, and the ways to be rid of one: `CancelTask`, `DeleteImage`, and `DeleteSnapshot` for what that leaves.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{
    answer::{bad, done, forbidden, missing, unreadable, violated},
    copies, exports,
    fields::{check_description, check_name, check_token, image, image_id, tags, token_mismatch},
    ram::{self, Ram},
};
use crate::{
    clock::Now,
    cloud::Cloud,
    clouds::vendor::{Failure, Outcome, Reply},
    objects::{Bucket, Disk, DiskFormat, Lookup},
    rules::{self, Closed, Params},
    world::{AliyunDryRun, Import, Replay, Scope, Stage, Verdict, World},
};

/// One system disk and sixteen data disks; the vendor ignores more.
const MAX_DISKS: usize = 17;

/// What an import takes. Documents before 2025 write the systems with capitals and `qcow2` without.
const CHOICES: &[Closed] = &[
    ("Architecture", &["i386", "x86_64", "arm64"]),
    ("OSType", &["windows", "linux"]),
    ("BootMode", &["BIOS", "UEFI"]),
    ("LicenseType", &["Auto", "Aliyun", "BYOL"]),
    ("DetectionStrategy", &["Standard"]),
    ("Format", &["RAW", "VHD", "QCOW2", "VMDK"]),
    ("Platform", PLATFORMS),
];

const PLATFORMS: &[&str] = &[
    "Aliyun",
    "Anolis",
    "CentOS",
    "Ubuntu",
    "CoreOS",
    "SUSE",
    "Debian",
    "OpenSUSE",
    "FreeBSD",
    "RedHat",
    "Kylin",
    "UOS",
    "Fedora",
    "Fedora CoreOS",
    "CentOS Stream",
    "AlmaLinux",
    "Rocky Linux",
    "Gentoo",
    "Customized Linux",
    "Others Linux",
    "Windows Server 2003",
    "Windows Server 2008",
    "Windows Server 2012",
    "Windows Server 2016",
    "Windows Server 2019",
    "Windows Server 2022",
    "Other Windows",
];

pub(super) fn import_image(world: &mut World, ram: &Ram, now: &Now, scope: Scope, params: Params) -> Outcome {
    check(&params)?;
    let tags = tags(&params)?;
    let token = params.given("ClientToken").map(str::to_owned);
    if let Some(token) = &token {
        match world.replay(&scope, token, &params) {
            Replay::First => {}
            Replay::Same(result) => return Ok(Reply::ok(result)),
            Replay::Different(_) => return Err(token_mismatch()),
        }
    }
    let name = params.given("ImageName").map(str::to_owned);
    if name.as_deref().is_some_and(|name| world.name_taken(&scope, name, now)) {
        let message = "The specified image name already exists.";
        return Err(bad("InvalidImageName.Duplicated", message));
    }
    if world.quota_used_up(&scope, now) {
        return Err(forbidden("QuotaExceed.Image", "The image quota is exceeded."));
    }
    let role = params.given("RoleName").unwrap_or(ram::DEFAULT_ROLE);
    if !ram.ecs_sees(role, now, world.config.aliyun_role_delay) {
        // Spelt as the vendor spells it.
        let message = "ECS service have no right to access your OSS, please attach a role of OSS to ECS service.";
        return Err(forbidden("NoSetRoletoECSServiceAcount", message));
    }
    let disks = params.objects("DiskDeviceMapping");
    if disks.is_empty() {
        return Err(missing("DiskDeviceMapping.1.OSSBucket"));
    }
    let mut verdict = Verdict::Succeed;
    let mut first: Option<Disk> = None;
    let mut sources = Vec::new();
    for (number, disk) in (1..).zip(&disks).take(MAX_DISKS) {
        let found = source(world, &scope.region, number, disk)?;
        sources.push(format!(
            "{}:{}",
            disk.text("OSSBucket").unwrap_or_default(),
            disk.text("OSSObject").unwrap_or_default()
        ));
        first = first.or(found);
        if let (Some(found), Verdict::Succeed) = (found, &verdict) {
            verdict = judge(&found, disk);
        }
    }
    if params.flag("DryRun") {
        let code = match world.config.aliyun_dry_run {
            AliyunDryRun::DryrunSuccess => "DRYRUN.SUCCESS",
            AliyunDryRun::DryRunOperation => "DryRunOperation",
        };
        let message = "Request validation has been passed with DryRun flag set.";
        return Err(bad(code, message));
    }
    let image_id = format!("m-bp1{}", world.hex(17));
    let task_id = format!("t-bp1{}", world.hex(17));
    let result = json!({"ImageId": image_id, "TaskId": task_id, "RegionId": scope.region});
    world.accept(Import {
        name: name.unwrap_or_else(|| image_id.clone()),
        image_id,
        task_id,
        tags,
        sources,
        disk: first,
        params: params.clone(),
        verdict,
        ..world.new_import(&scope, "ImportImage", now, unreadable())
    });
    if let Some(token) = token {
        world.remember(scope, &token, params, result.clone());
    }
    Ok(Reply::ok(result))
}

fn check(params: &Params) -> Result<(), Failure> {
    rules::closed(params, "", CHOICES).map_err(violated)?;
    check_name(params, "ImageName")?;
    check_description(params, "Description")?;
    check_token(params)?;
    if params.given("Architecture") == Some("arm64") && params.given("BootMode") == Some("BIOS") {
        return Err(bad("InvalidBootMode.NotSupport", "arm64 images boot by UEFI only."));
    }
    for (number, disk) in (1..).zip(params.objects("DiskDeviceMapping")) {
        let prefix = format!("DiskDeviceMapping.{number}");
        rules::closed(&disk, &prefix, CHOICES).map_err(violated)?;
        if disk
            .integer("DiskImageSize")
            .is_some_and(|gib| !(1..=2048).contains(&gib))
        {
            let code = if number == 1 {
                "InvalidImageSize"
            } else {
                "InvalidDataDiskSize"
            };
            return Err(bad(code, "The specified DiskImageSize must be 1 to 2048."));
        }
    }
    Ok(())
}

/// What is wrong with where the file lies is said at once. `None`: it is taken as good unseen.
fn source(world: &World, region: &str, number: usize, disk: &Params) -> Result<Option<Disk>, Failure> {
    let field = |name: &str| {
        disk.given(name)
            .ok_or_else(|| missing(&format!("DiskDeviceMapping.{number}.{name}")))
    };
    let (bucket, key) = (field("OSSBucket")?, field("OSSObject")?);
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(valid) {
        let message = "The specified OSS bucket is invalid.";
        return Err(bad("InvalidOSSBucket.Malformed", message));
    }
    if key.to_ascii_lowercase().ends_with(".iso") {
        let message = "The suffix of the OSS object is not supported.";
        return Err(bad("UnsupportedSuffix.OSSObject", message));
    }
    let encrypts = |bucket: &Bucket| bucket.settings.encryption.is_some();
    let found = match world.find_object(Cloud::Aliyun, region, bucket, key) {
        Lookup::Here(_) if world.store.bucket(Cloud::Aliyun, region, bucket).is_ok_and(encrypts) => {
            let message = "Objects of an encrypted OSS bucket cannot be read.";
            return Err(forbidden("InvalidOSSBucket.EncryptUnsupported", message));
        }
        Lookup::Assumed => return Ok(None),
        Lookup::Here(found) => found,
        Lookup::Absent => {
            let message = "The specified OSS object does not exist.";
            return Err(bad("InvalidOSSObject.NotFound", message));
        }
        Lookup::Unreadable => {
            let failure = Failure::new(
                403,
                "InvalidOSS.NotAuthorized",
                "The specified OSS bucket or object is not authorized to be read.",
            );
            return Err(failure);
        }
        Lookup::Archived => {
            let message = "The specified OSS object must be restored first.";
            return Err(bad("InvalidOSSObject.NeedRestore", message));
        }
        Lookup::Elsewhere { .. } => {
            let message = "The specified OSS bucket and the image are not in the same region.";
            return Err(bad("InvalidOSSBucket.NotMatched", message));
        }
    };
    if found.size == 0 {
        return Err(bad("InvalidOSSObject.Size", "The specified OSS object is empty."));
    }
    Ok(Some(found))
}

/// What the task comes to. The codes are the action's own; which of them a task shows is unverified.
fn judge(found: &Disk, disk: &Params) -> Verdict {
    let format = found.format.name();
    let declared = disk.given("Format").map(str::to_ascii_lowercase);
    if found.format == DiskFormat::Zvhd2 || declared.is_some_and(|declared| declared != format) {
        let reason = format!("The image file is {format}, which is not the specified format.");
        return Verdict::fail("InvalidImageFormat.Malformed", reason);
    }
    let gib = disk.integer("DiskImageSize");
    if gib.is_some_and(|gib| i64::try_from(found.gib()).unwrap_or(i64::MAX) > gib) {
        let reason = format!("DiskImageSize is less than the {} GiB of the image file.", found.gib());
        return Verdict::fail("InvalidImageSize", reason);
    }
    Verdict::Succeed
}

pub(super) fn cancel_task(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let task_id = params.given("TaskId").ok_or_else(|| missing("TaskId"))?;
    let canceled = world.cancel_export(scope, task_id, now);
    if let Some(canceled) = canceled {
        return if canceled { Ok(done()) } else { Err(task_is_over()) };
    }
    let task = world
        .imports
        .iter_mut()
        .find(|import| scope.holds(import) && import.task_id == task_id)
        .ok_or_else(task_not_found)?;
    if !task.stage(now).is_open() {
        return Err(task_is_over());
    }
    task.canceled = Some(now.utc);
    Ok(done())
}

fn task_is_over() -> Failure {
    let message = "The current status of the task does not support cancelling.";
    forbidden("InvalidTaskId.IncorrectTaskStatus", message)
}

pub(super) fn task_not_found() -> Failure {
    bad("InvalidTaskId.NotFound", "The specified task id does not exist.")
}

/// That the image which a copy is made of stays meanwhile is by the text of the code.
pub(super) fn delete_image(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let id = image_id(params)?;
    let found = image(world, scope, params)?;
    if found.stage(now).is_open() && found.copied_from.is_none() {
        return Err(forbidden("ImageIsImporting", "The specified image is being imported."));
    }
    if !found.publication.members.is_empty() {
        let message = "The specified image has been shared to others.";
        return Err(forbidden("ImageUseShared", message));
    }
    if copies::is_copying(world, now, scope, id) {
        return Err(copies::copying());
    }
    if exports::is_exporting(world, now, scope, id) {
        return Err(exports::exporting());
    }
    image(world, scope, params)?.deleted = !params.flag("DryRun");
    Ok(done())
}

/// Has no region of its own in the documents: an id is enough. That snapshots go at once when the image has gone is the
/// simulator's own.
pub(super) fn delete_snapshot(world: &World, deleted: &mut HashSet<String>, params: &Params) -> Outcome {
    let id = params.given("SnapshotId").ok_or_else(|| missing("SnapshotId"))?;
    let region = params.given("RegionId");
    let owner = world.imports.iter().find(|import| {
        let disks = import.params.objects("DiskDeviceMapping").len().min(MAX_DISKS);
        import.scope.cloud == Cloud::Aliyun
            && region.is_none_or(|region| region == import.scope.region)
            && (0..disks).any(|number| snapshot_id(import, number) == id)
    });
    let Some(owner) = owner.filter(|_| !deleted.contains(id)) else {
        let message = "The specified snapshot is not found.";
        return Err(Failure::new(404, "InvalidSnapshotId.NotFound", message));
    };
    if owner.has_image() {
        let message = "The snapshot has been used to create user defined image(s).";
        return Err(forbidden("SnapshotCreatedImage", message));
    }
    deleted.insert(id.to_owned());
    Ok(done())
}

fn snapshot_id(import: &Import, number: usize) -> String {
    format!("s-{}-{number}", import.image_id.trim_start_matches("m-"))
}

/// Format, source and progress of each disk, as `DescribeImages` shows them. That a copy shows no source is unverified.
pub(super) fn disk_mappings(import: &Import, stage: Stage) -> Vec<Value> {
    let disks = import.params.objects("DiskDeviceMapping");
    let source = |disk: &Params, field: &str| match import.copied_from {
        Some(_) => String::new(),
        None => disk.text(field).unwrap_or_default().to_owned(),
    };
    let mapping = |(number, disk): (usize, &Params)| {
        json!({
            "Type": if number == 0 { "system" } else { "data" },
            "Device": if number == 0 { "/dev/xvda".to_owned() } else { format!("/dev/xvd{}", letter(number)) },
            "Format": disk.text("Format").unwrap_or_default(),
            "ImportOSSBucket": source(disk, "OSSBucket"),
            "ImportOSSObject": source(disk, "OSSObject"),
            "Progress": format!("{}%", stage.percent()),
            "Size": disk.integer("DiskImageSize").unwrap_or(40).to_string(),
            "SnapshotId": snapshot_id(import, number),
            "Encrypted": import.publication.key.is_some(),
        })
    };
    disks.iter().take(MAX_DISKS).enumerate().map(mapping).collect()
}

fn letter(number: usize) -> char {
    (b'a'..=b'z').nth(number).map_or('z', char::from)
}
