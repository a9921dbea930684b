//! `importImage`: what is looked at when it is called, and what its task comes to.

use serde_json::json;

use super::answer::{check_lengths, conflict, invalid, out_of_range, quota, violated};
use crate::{
    clock::Now,
    cloud::Cloud,
    clouds::vendor::{Failure, Outcome, Reply},
    objects::Lookup,
    rules::{self, Closed, Params},
    wire::link,
    world::{GuestFault, Import, Replay, Scope, Verdict, World, read_link},
};

/// How an import ends whose source cannot be read.
fn unreadable() -> Verdict {
    Verdict::fail("DOWNLOAD_FAILED", "Download image file failed")
}

pub(super) fn import_image(world: &mut World, now: &Now, scope: Scope, params: Params) -> Outcome {
    check_limits(&params)?;
    let token = params.given("clientToken").map(str::to_owned);
    if let Some(token) = &token {
        // A known token gives the first result, whatever else the request says (vendor document).
        match world.replay(&scope, token, &params) {
            Replay::First => {}
            Replay::Same(result) => return Ok(Reply::ok(result)),
            Replay::Different(result) => {
                world.counters.count_replay(scope.cloud);
                return Ok(Reply::ok(result));
            }
        }
    }
    if world.quota_used_up(&scope, now) {
        return Err(quota("Image quota limit exceeded"));
    }
    let system = (
        params.text("imageUrl").unwrap_or_default().to_owned(),
        params.given("diskFormat").unwrap_or("qcow2").to_owned(),
        params.integer("systemDiskSizeGB").unwrap_or(0),
    );
    let mut disks = vec![system];
    for disk in params.objects("dataDisks") {
        disks.push((
            disk.text("imageUrl").unwrap_or_default().to_owned(),
            disk.given("diskFormat").unwrap_or("qcow2").to_owned(),
            disk.integer("dataDiskSizeGB").unwrap_or(0),
        ));
    }
    let mut verdict = Verdict::Succeed;
    let mut first = None;
    let mut sources = Vec::new();
    for (url, format, gib) in &disks {
        sources.push(link::without_query(url));
        let found = source(world, now, &scope.region, url)?;
        if let Lookup::Here(disk) = &found {
            first = first.or(Some(*disk));
        }
        if verdict == Verdict::Succeed {
            verdict = judge(&found, format, *gib);
        }
    }
    let image_id = format!("img-{}", world.hex(10));
    let task_id = (7000 + world.next_serial()).to_string();
    let result = if world.config.jdcloud_import_task_id_number {
        json!({"imageId": image_id, "importTaskId": task_id.parse::<u64>().unwrap_or_default()})
    } else {
        json!({"imageId": image_id, "taskId": task_id})
    };
    world.accept(Import {
        image_id,
        task_id,
        name: params.text("imageName").unwrap_or_default().to_owned(),
        sources,
        disk: first,
        params: params.clone(),
        verdict,
        guest_check,
        ..world.new_import(&scope, "importImage", now, unreadable())
    });
    if let Some(token) = token {
        world.remember(scope, &token, params, result.clone());
    }
    Ok(Reply::ok(result))
}

/// What an import takes; 32-bit x86 is in older documents only.
const CHOICES: &[Closed] = &[
    ("architecture", &["x86_64", "arm64", "i386"]),
    ("osType", &["windows", "linux"]),
    (
        "platform",
        &["CentOS", "Ubuntu", "Windows Server", "Other Linux", "Other Windows"],
    ),
    ("diskFormat", &["qcow2", "vhd", "vmdk", "raw"]),
    ("bootMode", &["bios", "uefi"]),
];

/// Limits on which the vendor's pages agree. The characters of a name are not among them: one page allows a dot.
fn check_limits(params: &Params) -> Result<(), Failure> {
    rules::closed(params, "", CHOICES).map_err(violated)?;
    let gib = params.integer("systemDiskSizeGB").unwrap_or(0);
    if !(40..=500).contains(&gib) {
        return Err(out_of_range("SystemDiskSizeGB must be between 40 and 500"));
    }
    if gib % 10 != 0 {
        return Err(out_of_range("SystemDiskSizeGB must be multiple of 10"));
    }
    check_lengths(params, &[("imageName", 32), ("description", 256), ("clientToken", 64)])?;
    for disk in params.objects("dataDisks") {
        rules::closed(&disk, "dataDisks", CHOICES).map_err(violated)?;
        if disk.integer("dataDiskSizeGB").unwrap_or(0) < 1 {
            return Err(out_of_range("DataDiskSizeGB must be positive"));
        }
    }
    Ok(())
}

/// Finds the object behind a link of this cloud's storage; one in another region is refused at once.
fn source(world: &World, now: &Now, region: &str, url: &str) -> Result<Lookup, Failure> {
    let link = link::parse(url).ok_or_else(|| invalid("Parameter 'imageUrl' is no link"))?;
    let any = world.config.any_object;
    match read_link(world, Cloud::Jdcloud, &link, now) {
        None if any => Ok(Lookup::Assumed),
        None => Ok(Lookup::Absent),
        Some((other, _)) if other != region && !any => Err(conflict(&other, region)),
        Some((_, Lookup::Elsewhere { region: other })) => Err(conflict(&other, region)),
        Some((_, found)) => Ok(found),
    }
}

/// What the task comes to, as far as the file decides it. The wording of the messages is the simulator's own.
fn judge(found: &Lookup, declared: &str, gib: i64) -> Verdict {
    let Lookup::Here(disk) = found else {
        return match found {
            Lookup::Assumed => Verdict::Succeed,
            _ => unreadable(),
        };
    };
    let format = disk.format.name();
    if format != declared {
        let reason = format!("Image format '{format}' not match diskFormat '{declared}'");
        return Verdict::fail("VERIFY_FAILED", reason);
    }
    if i64::try_from(disk.gib()).unwrap_or(i64::MAX) > gib {
        let reason = format!("Virtual size {}GB exceeds disk size {gib}GB", disk.gib());
        return Verdict::fail("VERIFY_FAILED", reason);
    }
    Verdict::Succeed
}

/// What the check of the guest comes to, of which the guide says that it fails an import unless that is forced. Code and messages
/// are the simulator's own.
fn guest_check(fault: GuestFault, params: &Params) -> Option<Verdict> {
    let reason = match fault {
        GuestFault::VirtioMissing => "virtio driver not installed",
        GuestFault::CloudInitPresent => "cloud-init must be uninstalled",
        GuestFault::FstabDevice => "fstab must not name devices",
        GuestFault::NetStatic => "network must use DHCP",
        _ => return None,
    };
    (!params.flag("forceImport")).then(|| Verdict::fail("VERIFY_FAILED", format!("Image check failed: {reason}")))
}
