//! `DescribeImages` and `DeleteImages`, and how an image of the account is found.

use serde_json::{Value, json};

use super::answer::{error, image_state};
use crate::{
    clock::{Now, rfc3339},
    cloud::Cloud,
    clouds::vendor::{Failure, Outcome, Reply, length},
    rules::Params,
    world::{Import, Scope, Stage, World},
};

/// The number of the account that the simulator's keys belong to.
pub(super) const OWN_ACCOUNT: &str = "100000000001";

/// The state of an image that is being exported. The vendor's documents have none; its own tools wait until the state is `NORMAL`
/// again, so that it is another one.
const EXPORTING: &str = "EXPORTING";

pub(super) fn describe_images(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    if !params.texts("ImageIds").is_empty() && !params.objects("Filters").is_empty() {
        let message = "ImageIds and Filters cannot be given together.";
        return Err(error(
            "InvalidParameter.InvalidParameterCoexistImageIdsFilters",
            message,
        ));
    }
    let offset = params.integer("Offset").unwrap_or(0);
    let limit = params.integer("Limit").unwrap_or(20);
    if offset < 0 || !(1..=100).contains(&limit) {
        let message = "Offset begins at 0 and Limit is 1 to 100.";
        return Err(error("InvalidParameterValue.InvalidParameterValueLimit", message));
    }
    let ids = params.texts("ImageIds");
    check_ids(&ids)?;
    let filters = filters(params)?;
    let found = world.shown(now, scope, |import| {
        import.has_image()
            && (ids.is_empty() || ids.contains(&import.image_id.as_str()))
            && filters.iter().all(|filter| filter.passes(import))
    });
    let total = found.len();
    let forced = world.forced_state(Cloud::Tencent, "DescribeImages");
    let images: Vec<Value> = found
        .iter()
        .skip(usize::try_from(offset).unwrap_or(0))
        .take(usize::try_from(limit).unwrap_or(0))
        .map(|import| {
            let busy = world.is_exported(import, now).then_some(EXPORTING);
            image(import, import.stage(now), forced.as_deref().or(busy))
        })
        .collect();
    Ok(Reply::ok(json!({"ImageSet": images, "TotalCount": total})))
}

struct Filter {
    name: String,
    values: Vec<String>,
}

impl Filter {
    fn passes(&self, import: &Import) -> bool {
        let any = |matches: &dyn Fn(&str) -> bool| self.values.iter().any(|value| matches(value));
        let tagged =
            |part: fn(&(String, String)) -> &str, value: &str| import.tags.iter().any(|tag| part(tag) == value);
        match self.name.as_str() {
            "image-id" => any(&|value| import.image_id == value),
            "image-type" => any(&|value| value == "PRIVATE_IMAGE"),
            "image-name" => any(&|value| import.name.contains(value)),
            "platform" => any(&|value| {
                let platform = import.params.text("OsType").unwrap_or_default();
                platform.contains(value)
            }),
            "tag-key" => any(&|value| tagged(|tag| &tag.0, value)),
            "tag-value" => any(&|value| tagged(|tag| &tag.1, value)),
            name => name
                .strip_prefix("tag:")
                .is_some_and(|key| any(&|value| import.tags.iter().any(|tag| tag.0 == key && tag.1 == value))),
        }
    }
}

/// Names that this API has, though nothing imported here answers to the last two.
const FILTERS: [&str; 8] = [
    "image-id",
    "image-type",
    "image-name",
    "platform",
    "tag-key",
    "tag-value",
    "dedicated-cluster-id",
    "cdc-cache-status",
];

fn filters(params: &Params) -> Result<Vec<Filter>, Failure> {
    let given = params.objects("Filters");
    if given.len() > 10 {
        let message = "At most 10 filters are taken.";
        return Err(error("InvalidParameterValue.LimitExceeded", message));
    }
    let mut filters = Vec::new();
    for filter in given {
        let name = filter.text("Name").unwrap_or_default().to_owned();
        if !FILTERS.contains(&name.as_str()) && !name.starts_with("tag:") {
            let message = format!("The filter `{name}` does not exist.");
            return Err(error("InvalidFilter", message));
        }
        let values: Vec<String> = filter.texts("Values").into_iter().map(str::to_owned).collect();
        if values.len() > 5 {
            let message = "At most 5 values are taken per filter.";
            return Err(error("InvalidFilterValue.LimitExceeded", message));
        }
        filters.push(Filter { name, values });
    }
    Ok(filters)
}

/// An image as lists show it, in a state that it does not have if one is given.
pub(super) fn image(import: &Import, stage: Stage, forced: Option<&str>) -> Value {
    let text = |field: &str| import.params.text(field);
    // What comes back is not the word that went in.
    let architecture = match text("Architecture") {
        Some("arm_64") => "arm",
        Some(other) => other,
        None => "x86_64",
    };
    let name = [text("OsType"), text("OsVersion")];
    let name: Vec<&str> = name.into_iter().flatten().collect();
    json!({
        "ImageId": import.image_id,
        "OsName": name.join(" "),
        "ImageType": "PRIVATE_IMAGE",
        "CreatedTime": rfc3339(import.accepted.utc),
        "ImageName": import.name,
        "ImageDescription": text("ImageDescription").unwrap_or_default(),
        "ImageSize": import.gib(),
        "Architecture": architecture,
        "ImageState": forced.unwrap_or(image_state(import, stage)),
        "Platform": text("OsType"),
        "ImageCreator": OWN_ACCOUNT,
        "ImageSource": "EXTERNAL_IMPORT",
        "SyncPercent": import.copied_from.as_ref().map(|_| stage.percent()),
        "IsSupportCloudinit": !import.params.flag("Force"),
        "SnapshotSet": [],
        "Tags": import.tag_objects("Key", "Value"),
        "LicenseType": import.params.given("LicenseType").unwrap_or("TencentCloud"),
        "ImageFamily": import.publication.family,
        "ImageDeprecated": import.publication.is_deprecated,
        "CdcCacheStatus": null,
    })
}

pub(super) fn check_ids(ids: &[&str]) -> Result<(), Failure> {
    match ids.iter().find(|id| !id.starts_with("img-")) {
        Some(id) => {
            let message = format!("The image id `{id}` is malformed.");
            Err(error("InvalidImageId.Malformed", message))
        }
        None => Ok(()),
    }
}

/// An image of the account, whether it is listed or not.
pub(super) fn own_image<'w>(world: &'w World, scope: &Scope, id: &str) -> Result<&'w Import, Failure> {
    let mut images = world.imports.iter();
    images
        .find(|image| scope.holds(image) && image.image_id == id && image.has_image())
        .ok_or_else(|| not_found(id))
}

/// The same, for a change.
pub(super) fn own_image_mut<'w>(world: &'w mut World, scope: &Scope, id: &str) -> Result<&'w mut Import, Failure> {
    world.image_mut(scope, id).ok_or_else(|| not_found(id))
}

fn not_found(id: &str) -> Failure {
    let message = format!("The image `{id}` does not exist.");
    error("InvalidImageId.NotFound", message)
}

/// A text that is too long is refused.
pub(super) fn check_length(params: &Params, field: &str, most: usize) -> Result<(), Failure> {
    if length(params.text(field).unwrap_or_default()) > most {
        let message = format!("The parameter `{field}` has more than {most} characters.");
        return Err(error("InvalidParameterValue.TooLarge", message));
    }
    Ok(())
}

/// An image that is being made or copied from stays, and so does one that is shared with others.
pub(super) fn delete_images(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let ids = params.texts("ImageIds");
    check_ids(&ids)?;
    for id in &ids {
        let image = own_image(world, scope, id)?;
        let origin = |copy: &&Import| copy.copied_from.as_ref().is_some_and(|from| from.image_id == *id);
        let is_copied = world.open_copies_from(scope, now).iter().any(origin);
        if image.stage(now).is_open() || is_copied || world.is_exported(image, now) {
            let message = format!("The image `{id}` is not in a state in which it can be deleted.");
            return Err(error("InvalidImageId.IncorrectState", message));
        }
        if !image.publication.members.is_empty() {
            let message = format!("The image `{id}` is shared.");
            return Err(error("InvalidImageId.InShared", message));
        }
    }
    if !params.flag("DryRun") {
        for id in ids {
            if let Some(import) = world.image_mut(scope, id) {
                import.deleted = true;
            }
        }
    }
    Ok(Reply::ok(json!({})))
}
