//! The ways in: quick import, the common import of system and data disks, and registering an image before its file.

use serde_json::{Value, json};

use super::{
    answer::{REGISTERED, invalid, not_found, unreadable, violated},
    images,
};
use crate::{
    clock::Now,
    cloud::Cloud,
    clouds::vendor::{Failure, Outcome, Reply, length},
    objects::{Disk, DiskFormat, Lookup},
    rules::{self, Closed, Params},
    world::{Import, Publication, Scope, Verdict, World},
};

/// Stands for an `os_version` that was not sent. No system has this name, and no client can mean it.
pub(super) const NO_OS_VERSION: &str = "\0";

const GIB: u64 = 1 << 30;

/// The tags that an image may have.
pub(super) const MOST_TAGS: usize = 10;

/// What every way in takes.
const CHOICES: &[Closed] = &[
    ("architecture", &["x86", "arm"]),
    ("hw_firmware_type", &["bios", "uefi"]),
    ("license_type", &["platform", "byol"]),
    ("os_type", &["Linux", "Windows", "Other"]),
];

const QUICK_TYPES: &[Closed] = &[("type", &["ECS", "BMS", "DataImage"])];

const COMMON_TYPES: &[Closed] = &[("type", &["ECS", "BMS", "FusionCompute", "Ironic", "IsoImage"])];

/// How a file is taken in.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// RAW with its bitmap, or ZVHD2, up to 1 TB.
    Quick,
    /// Every format, up to 128 GB.
    Common,
}

/// `ImportImageQuick`.
pub(super) fn quick(world: &mut World, now: &Now, scope: Scope, mut params: Params) -> Outcome {
    if params.text("os_version") == Some(NO_OS_VERSION) {
        params.0.remove("os_version");
    }
    rules::closed(&params, "", QUICK_TYPES).map_err(violated)?;
    let is_data = params.given("type") == Some("DataImage");
    if !is_data {
        os_version_is_given(&params)?;
    }
    check(&params, 1024)?;
    start(world, now, scope, "ImportImageQuick", params, Way::Quick)
}

/// `CreateImage`, from a file only.
pub(super) fn common(world: &mut World, now: &Now, scope: Scope, params: Params) -> Outcome {
    rules::closed(&params, "", COMMON_TYPES).map_err(violated)?;
    let way = way(&params);
    if way == Way::Quick || params.given("type") == Some("IsoImage") {
        os_version_is_given(&params)?;
    }
    check(&params, 1024)?;
    let data_images = params.objects("data_images");
    if data_images.len() > 3 {
        return Err(invalid("IMG.0001", "At most 3 data images can be created."));
    }
    for data in &data_images {
        check(data, 2048)?;
        source(world, &scope, data, self::way(data))?;
    }
    start(world, now, scope, "CreateImage", params, way)
}

/// `CreateDataImage`.
pub(super) fn data(world: &mut World, now: &Now, scope: Scope, params: Params) -> Outcome {
    check(&params, 2048)?;
    start(world, now, scope, "CreateDataImage", params, Way::Common)
}

fn way(params: &Params) -> Way {
    if params.flag("is_quick_import") {
        Way::Quick
    } else {
        Way::Common
    }
}

fn os_version_is_given(params: &Params) -> Result<(), Failure> {
    match params.given("os_version") {
        Some(_) => Ok(()),
        None => Err(invalid("IMG.0159", "The parameter os_version is required.")),
    }
}

fn start(world: &mut World, now: &Now, scope: Scope, operation: &str, params: Params, way: Way) -> Outcome {
    let name = params.text("name").unwrap_or_default();
    if world.name_taken(&scope, name, now) {
        return Err(invalid("IMG.0009", "The image name already exists."));
    }
    if world.quota_used_up(&scope, now) {
        return Err(invalid("IMG.0015", "The image quota has been used up."));
    }
    let disk = source(world, &scope, &params, way)?;
    let mut image = image(world, now, &scope, operation, &params)?;
    image.task_id = world.hex(32);
    describe(&mut image, disk);
    let answer = json!({"job_id": image.task_id});
    let data_images = params.objects("data_images");
    world.accept(image);
    for mut data in data_images {
        data.0.insert("type".to_owned(), Value::from("DataImage"));
        let image = self::image(world, now, &scope, operation, &data)?;
        world.imports.push(image);
    }
    Ok(Reply::ok(answer))
}

/// `GlanceCreateImageMetadata`: an image that waits for its file.
pub(super) fn metadata(world: &mut World, now: &Now, scope: Scope, mut params: Params) -> Outcome {
    for (field, usual) in [
        ("__os_version", "Other Linux(64 bit)".into()),
        ("disk_format", "vhd".into()),
        ("min_disk", 40.into()),
    ] {
        params.0.entry(field).or_insert_with(|| Value::clone(&usual));
    }
    if let Some(name) = params.given("name") {
        check_name(name, 255)?;
        if world.name_taken(&scope, name, now) {
            return Err(invalid("IMG.0009", "The image name already exists."));
        }
    }
    if world.quota_used_up(&scope, now) {
        return Err(invalid("IMG.0015", "The image quota has been used up."));
    }
    let mut image = image(world, now, &scope, REGISTERED, &params)?;
    image.verdict = Verdict::Stall;
    let body = images::image(&image, "queued");
    world.imports.push(image);
    Ok(Reply {
        http: 201,
        body: Some(body),
    })
}

/// `RegisterImage`: hands the file to an image that waits for it.
pub(super) fn register(world: &mut World, now: &Now, scope: Scope, image_id: &str, params: Params) -> Outcome {
    let disk = source(world, &scope, &params, Way::Common)?;
    let job_id = world.hex(32);
    let waits = |import: &Import| scope.holds(import) && import.image_id == image_id && import.has_image();
    let Some(position) = world.imports.iter().position(waits) else {
        return Err(not_found(image_id));
    };
    if world.imports[position].operation != REGISTERED {
        return Err(invalid("IMG.1075", "The image has its file already."));
    }
    let mut image = world.imports.remove(position);
    image.operation = "RegisterImage".to_owned();
    image.accepted = *now;
    image.verdict = Verdict::Succeed;
    image.task_id = job_id;
    image.sources = sources(&params);
    describe(&mut image, disk);
    let answer = json!({"job_id": image.task_id});
    world.accept(image);
    Ok(Reply::ok(answer))
}

fn image(world: &mut World, now: &Now, scope: &Scope, operation: &str, params: &Params) -> Result<Import, Failure> {
    let publication = Publication {
        key: params.given("cmk_id").map(str::to_owned),
        ..Publication::default()
    };
    Ok(Import {
        publication,
        image_id: world.uuid(),
        name: params.text("name").unwrap_or_default().to_owned(),
        tags: tags(params)?,
        sources: sources(params),
        params: params.clone(),
        ..world.new_import(scope, operation, now, unreadable())
    })
}

fn sources(params: &Params) -> Vec<String> {
    params.given("image_url").map(str::to_owned).into_iter().collect()
}

/// Notes what the file tells. A disk larger than `min_disk` fails the job, and only there.
fn describe(image: &mut Import, disk: Option<Disk>) {
    let Some(disk) = disk else { return };
    image.disk = Some(disk);
    let min_disk = image.params.integer("min_disk").unwrap_or(0);
    if min_disk > 0 && i64::try_from(disk.gib()).unwrap_or(i64::MAX) > min_disk {
        let reason = format!(
            "The disk size {} GB recorded in the image file is larger than the specified {min_disk} GB",
            disk.gib()
        );
        image.verdict = Verdict::fail("IMG.0111", reason);
    }
}

/// Limits on which the editions of the document agree.
fn check(params: &Params, max_disk: i64) -> Result<(), Failure> {
    rules::closed(params, "", CHOICES).map_err(violated)?;
    // An image that is only registered, and a data image of a `CreateImage`, may go without a name.
    if let Some(name) = params.text("name") {
        check_name(name, 128)?;
    }
    check_description(params)?;
    let min_disk = params.integer("min_disk").unwrap_or(0);
    if !(1..=max_disk).contains(&min_disk) {
        let message = format!("min_disk must be 1 to {max_disk}.");
        return Err(invalid("IMG.0111", message));
    }
    if params.given("architecture") == Some("arm") && params.given("hw_firmware_type") == Some("bios") {
        return Err(invalid("IMG.0141", "An arm image boots by uefi only."));
    }
    check_enterprise_project(params)?;
    tags(params).map(|_| ())
}

pub(super) fn check_description(params: &Params) -> Result<(), Failure> {
    let description = params.text("description").unwrap_or_default();
    if length(description) > 1024 || description.contains(['\r', '\n', '<', '>']) {
        return Err(invalid("IMG.0054", "The description is invalid."));
    }
    Ok(())
}

pub(super) fn check_enterprise_project(params: &Params) -> Result<(), Failure> {
    if let Some(project) = params.given("enterprise_project_id") {
        let is_uuid = project.len() == 36 && project.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        if project != "0" && !is_uuid {
            return Err(invalid("IMG.0154", "The enterprise project id is invalid."));
        }
    }
    Ok(())
}

pub(super) fn check_name(name: &str, most: usize) -> Result<(), Failure> {
    if length(name) > most {
        let message = format!("The image name has more than {most} characters.");
        return Err(invalid("IMG.0002", message));
    }
    let allowed = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ' ') || ('\u{4e00}'..='\u{9fff}').contains(&c)
    };
    if name.is_empty() || name.trim() != name || !name.chars().all(allowed) {
        return Err(invalid("IMG.0003", "The image name is invalid."));
    }
    Ok(())
}

/// `tags` are texts `key.value`, split at the first dot; `image_tags` are objects. Never both.
fn tags(params: &Params) -> Result<Vec<(String, String)>, Failure> {
    let texts = params.texts("tags");
    let objects = params.objects("image_tags");
    if !texts.is_empty() && !objects.is_empty() {
        return Err(invalid("IMG.0115", "Set either tags or image_tags."));
    }
    let mut tags: Vec<(String, String)> = texts
        .iter()
        .map(|text| text.split_once('.').unwrap_or((text, "")))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    for tag in objects {
        let part = |name: &str| tag.text(name).unwrap_or_default().to_owned();
        tags.push((part("key"), part("value")));
    }
    if tags.len() > MOST_TAGS || tags.iter().any(|tag| tag.0.is_empty() || is_too_long(tag)) {
        return Err(invalid("IMG.0116", "The tags are invalid."));
    }
    Ok(tags)
}

/// Whether key or value of a tag is longer than the editions that state limits allow.
pub(super) fn is_too_long((key, value): &(String, String)) -> bool {
    length(key) > 36 || length(value) > 43
}

/// Finds the file and decides whether it can be taken in this way. `None`: it is taken as good unseen.
fn source(world: &World, scope: &Scope, params: &Params, way: Way) -> Result<Option<Disk>, Failure> {
    let url = params.given("image_url").unwrap_or_default();
    let (bucket, key) = url
        .split_once(':')
        .filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty() && !key.starts_with("//"))
        .ok_or_else(|| invalid("IMG.0017", "image_url must be bucket:object."))?;
    if key.contains(' ') {
        let message = "The name of a folder or file must not contain a space.";
        return Err(invalid("IMG.0175", message));
    }
    let disk = match world.find_object(Cloud::Huawei, &scope.region, bucket, key) {
        Lookup::Assumed => return Ok(None),
        Lookup::Here(disk) => disk,
        Lookup::Absent | Lookup::Unreadable | Lookup::Archived => {
            let message = "The image file does not exist, is empty or cannot be read.";
            return Err(invalid("IMG.0057", message));
        }
        Lookup::Elsewhere { region } => {
            let message = format!("The bucket is in the region {region}.");
            return Err(invalid("IMG.0058", message));
        }
    };
    let largest = if way == Way::Quick { 1024 * GIB } else { 128 * GIB };
    if disk.size == 0 {
        return Err(invalid("IMG.0057", "The image file is empty."));
    }
    if disk.size > largest {
        return Err(invalid("IMG.0059", "The image file is too large."));
    }
    if way == Way::Quick && !can_go_quickly(world, scope, bucket, key, &disk) {
        let message =
            "Only a ZVHD2 file, or a RAW file with its bitmap file in the same bucket, can be imported quickly.";
        return Err(invalid("IMG.0158", message));
    }
    Ok(Some(disk))
}

/// A RAW file needs a bitmap of the same name that ends in `.mf` beside it.
fn can_go_quickly(world: &World, scope: &Scope, bucket: &str, key: &str, disk: &Disk) -> bool {
    match disk.format {
        DiskFormat::Zvhd2 => true,
        DiskFormat::Raw => {
            let folder = key.rfind('/').map_or(0, |slash| slash + 1);
            let dot = key[folder..].rfind('.').map_or(key.len(), |dot| folder + dot);
            let bitmap = format!("{}.mf", &key[..dot]);
            let found = world.store.find(Cloud::Huawei, &scope.region, bucket, &bitmap);
            bitmap != key && matches!(found, Lookup::Here(_))
        }
        _ => false,
    }
}
