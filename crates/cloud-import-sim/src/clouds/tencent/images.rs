//! `DescribeImages` and `DeleteImages`.

use serde_json::{Value, json};

use super::answer::{error, image_state};
use crate::{
    clock::{Now, rfc3339},
    cloud::Cloud,
    clouds::vendor::{Failure, Outcome, Reply},
    rules::Params,
    world::{Import, Scope, Stage, World},
};

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
        .map(|import| image(import, import.stage(now), forced.as_deref()))
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

fn image(import: &Import, stage: Stage, forced: Option<&str>) -> Value {
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
        "ImageState": forced.unwrap_or(image_state(stage)),
        "Platform": text("OsType"),
        "ImageCreator": "100000000001",
        "ImageSource": "EXTERNAL_IMPORT",
        "SyncPercent": null,
        "IsSupportCloudinit": !import.params.flag("Force"),
        "SnapshotSet": [],
        "Tags": import.tag_objects("Key", "Value"),
        "LicenseType": import.params.given("LicenseType").unwrap_or("TencentCloud"),
        "ImageFamily": text("ImageFamily"),
        "ImageDeprecated": false,
        "CdcCacheStatus": null,
    })
}

fn check_ids(ids: &[&str]) -> Result<(), Failure> {
    match ids.iter().find(|id| !id.starts_with("img-")) {
        Some(id) => {
            let message = format!("The image id `{id}` is malformed.");
            Err(error("InvalidImageId.Malformed", message))
        }
        None => Ok(()),
    }
}

/// `ModifyImageAttribute`: changes what is given. The code for a taken name is that of an import: no source says.
pub(super) fn modify_image(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let id = params.text("ImageId").unwrap_or_default();
    check_ids(&[id])?;
    let name = params.given("ImageName");
    let current = world.image_mut(scope, id).map(|image| image.name.clone());
    let Some(current) = current else {
        let message = format!("The image `{id}` does not exist.");
        return Err(error("InvalidImageId.NotFound", message));
    };
    if let Some(name) = name.filter(|name| *name != current)
        && world.name_taken(scope, name, now)
    {
        let message = format!("The image name `{name}` exists already.");
        return Err(error("InvalidImageName.Duplicate", message));
    }
    if let Some(image) = world.image_mut(scope, id) {
        if let Some(name) = name {
            image.name = name.to_owned();
        }
        for field in ["ImageDescription", "ImageFamily"] {
            if let Some(text) = params.given(field) {
                image.params.0.insert(field.to_owned(), Value::from(text));
            }
        }
    }
    Ok(Reply::ok(json!({})))
}

pub(super) fn delete_images(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let ids = params.texts("ImageIds");
    check_ids(&ids)?;
    for id in &ids {
        let Some(import) = world.image_mut(scope, id) else {
            let message = format!("The image `{id}` does not exist.");
            return Err(error("InvalidImageId.NotFound", message));
        };
        if import.stage(now).is_open() {
            let message = format!("The image `{id}` is being imported.");
            return Err(error("InvalidImageId.IncorrectState", message));
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
