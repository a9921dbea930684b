//! The tag service, version `2018-08-13`, as far as images have tags: by resources in six parts, where part of a change can fail
//! within a success, and by ids.
//!
//! Unverified: the codes among `FailedResources`, the longest keys and values, and that `Attach` takes no tag that the account does
//! not have, which a code alone says. The account has the tags that its images have, deleted ones too.

use serde_json::{Value, json};

use super::{
    answer::{error, given, missing},
    images::OWN_ACCOUNT,
};
use crate::{
    cloud::Cloud,
    clouds::vendor::{Failure, Outcome, Reply, length, page},
    rules::Params,
    world::{Import, Scope, World},
};

pub(super) const VERSION: &str = "2018-08-13";

/// The operations that are the tag service's and not CVM's.
const OPERATIONS: [&str; 6] = [
    "TagResources",
    "UnTagResources",
    "AttachResourcesTag",
    "DetachResourcesTag",
    "DescribeResourceTags",
    "DescribeResourceTagsByResourceIds",
];

/// Keys that no user can have.
const RESERVED: [&str; 3] = ["qcloud", "tencent", "project"];

/// How many tags an image has at the most.
const MOST_TAGS: usize = 50;

pub(super) fn has(operation: &str) -> bool {
    OPERATIONS.contains(&operation)
}

pub(super) fn execute(world: &mut World, operation: &str, params: &Params) -> Outcome {
    match operation {
        "TagResources" => tag(world, params),
        "UnTagResources" => untag(world, params),
        "AttachResourcesTag" => attach(world, params),
        "DetachResourcesTag" => detach(world, params),
        "DescribeResourceTags" => list(world, params, "Rows"),
        _ => list(world, params, "Tags"),
    }
}

fn tag(world: &mut World, params: &Params) -> Outcome {
    let tags: Vec<(String, String)> = params
        .objects("Tags")
        .iter()
        .map(|tag| [tag.text("TagKey"), tag.text("TagValue")].map(Option::unwrap_or_default))
        .map(|[key, value]| (key.to_owned(), value.to_owned()))
        .collect();
    if tags.is_empty() {
        return Err(missing("Tags"));
    }
    let keys: Vec<&str> = tags.iter().map(|(key, _)| key.as_str()).collect();
    check_keys(&keys)?;
    for (_, value) in &tags {
        check_value(value)?;
    }
    change_each(world, params, |image| {
        let added = tags.iter().filter(|tag| image.tags.iter().all(|old| old.0 != tag.0));
        if image.tags.len() + added.count() > MOST_TAGS {
            return Err(("LimitExceeded.ResourceAttachedTags", "The resource has too many tags."));
        }
        for (key, value) in &tags {
            image.set_tag(key, value);
        }
        Ok(())
    })
}

fn untag(world: &mut World, params: &Params) -> Outcome {
    let keys = given(params, "TagKeys")?;
    check_keys(&keys)?;
    change_each(world, params, |image| {
        for key in &keys {
            image.remove_tag(key);
        }
        Ok(())
    })
}

/// Changes each resource of a list, and tells of those that did not change.
fn change_each(
    world: &mut World,
    params: &Params,
    change: impl Fn(&mut Import) -> Result<(), (&'static str, &'static str)>,
) -> Outcome {
    let resources = given(params, "ResourceList")?;
    if resources.len() > 10 {
        return Err(too_many("resources", "LimitExceeded.ResourceNumPerRequest"));
    }
    let parsed: Vec<Resource<'_>> = resources
        .iter()
        .map(|text| Resource::parse(text))
        .collect::<Result<_, _>>()?;
    let mut failed = Vec::new();
    for (text, resource) in resources.iter().zip(parsed) {
        let image = match resource.account {
            "" | OWN_ACCOUNT => image_mut(world, resource.region, resource.id),
            _ => None,
        };
        let changed = match image {
            Some(image) => change(image),
            None => Err((
                "InvalidParameterValue.ResourceIdInvalid",
                "The resource does not exist.",
            )),
        };
        if let Err((code, message)) = changed {
            failed.push(json!({"Resource": text, "Code": code, "Message": message}));
        }
    }
    Ok(Reply::ok(json!({"FailedResources": failed})))
}

/// A resource in six parts: `qcs::cvm:REGION:uin/ACCOUNT:image/IMAGE`.
struct Resource<'t> {
    region: &'t str,
    account: &'t str,
    id: &'t str,
}

impl<'t> Resource<'t> {
    fn parse(text: &'t str) -> Result<Self, Failure> {
        let wrong = || {
            let message = format!("The resource `{text}` is not described rightly.");
            error("InvalidParameterValue.ResourceDescriptionError", message)
        };
        let parts: Vec<&str> = text.split(':').collect();
        let ["qcs", "", service, region, account, resource] = parts[..] else {
            return Err(wrong());
        };
        let account = account.strip_prefix("uin/").ok_or_else(wrong)?;
        let (kind, id) = resource.split_once('/').ok_or_else(wrong)?;
        if (service, kind) != ("cvm", "image") {
            let message = format!("Resources of the kind {service} {kind} are not simulated.");
            return Err(error("InvalidParameter.UnsupportedService", message));
        }
        Ok(Self { region, account, id })
    }
}

fn attach(world: &mut World, params: &Params) -> Outcome {
    let place = Place::of(params)?;
    let [key, value] = ["TagKey", "TagValue"].map(|name| params.text(name).unwrap_or_default());
    check_keys(&[key])?;
    check_value(value)?;
    let has = |import: &Import| import.tags.iter().any(|tag| tag.0 == key && tag.1 == value);
    let of_cloud = |import: &&Import| import.scope.cloud == Cloud::Tencent;
    if !world.imports.iter().filter(of_cloud).any(has) {
        let message = format!("The tag `{key}` with the value `{value}` does not exist.");
        return Err(error("ResourceNotFound.TagNonExist", message));
    }
    for image in place.images(world)? {
        if image.tags.iter().any(|tag| tag.0 == key) {
            let message = format!("`{}` has a tag `{key}` already.", image.image_id);
            return Err(error("ResourceInUse.TagKeyAttached", message));
        }
        if image.tags.len() >= MOST_TAGS {
            let message = format!("`{}` has too many tags.", image.image_id);
            return Err(error("LimitExceeded.ResourceAttachedTags", message));
        }
    }
    place.change(world, |image| image.set_tag(key, value));
    Ok(Reply::ok(json!({})))
}

fn detach(world: &mut World, params: &Params) -> Outcome {
    let place = Place::of(params)?;
    let key = params.text("TagKey").unwrap_or_default();
    check_keys(&[key])?;
    let images = place.images(world)?;
    if let Some(image) = images.iter().find(|image| image.tags.iter().all(|tag| tag.0 != key)) {
        let message = format!("`{}` has no tag `{key}`.", image.image_id);
        return Err(error("ResourceNotFound.AttachedTagKeyNotFound", message));
    }
    place.change(world, |image| {
        image.remove_tag(key);
    });
    Ok(Reply::ok(json!({})))
}

/// Images by their ids and region.
struct Place<'p> {
    region: &'p str,
    ids: Vec<&'p str>,
}

impl<'p> Place<'p> {
    fn of(params: &'p Params) -> Result<Self, Failure> {
        let wrong = |field: &str, code: &str| {
            let message = format!("The parameter `{field}` is not valid.");
            error(code, message)
        };
        if params.text("ServiceType") != Some("cvm") {
            return Err(wrong("ServiceType", "InvalidParameterValue.ServiceTypeInvalid"));
        }
        if params.text("ResourcePrefix") != Some("image") {
            return Err(wrong("ResourcePrefix", "InvalidParameterValue.ResourcePrefixInvalid"));
        }
        let region = params
            .given("ResourceRegion")
            .ok_or_else(|| wrong("ResourceRegion", "InvalidParameterValue.RegionInvalid"))?;
        let mut ids = params.texts("ResourceIds");
        ids.extend(params.given("ResourceId"));
        if ids.is_empty() {
            return Err(missing("ResourceIds"));
        }
        if ids.len() > 50 {
            return Err(too_many("resources", "LimitExceeded.ResourceNumPerRequest"));
        }
        Ok(Self { region, ids })
    }

    /// All of them, or the refusal of the first that does not exist.
    fn images<'w>(&self, world: &'w World) -> Result<Vec<&'w Import>, Failure> {
        let scope = Scope::new(Cloud::Tencent, self.region, "");
        let find = |id: &&str| {
            let mut images = world.imports.iter();
            let found = images.find(|image| scope.holds(image) && image.image_id == **id && image.has_image());
            found.ok_or_else(|| {
                let message = format!("The resource `{id}` does not exist.");
                error("InvalidParameterValue.ResourceIdInvalid", message)
            })
        };
        self.ids.iter().map(find).collect()
    }

    fn change(&self, world: &mut World, change: impl Fn(&mut Import)) {
        for id in &self.ids {
            if let Some(image) = image_mut(world, self.region, id) {
                change(image);
            }
        }
    }
}

/// The tags of some images, in pages.
fn list(world: &World, params: &Params, name: &str) -> Outcome {
    let place = Place::of(params)?;
    let offset = params.integer("Offset").unwrap_or(0);
    let limit = params.integer("Limit").unwrap_or(15);
    if limit < 1 || offset < 0 || offset % limit != 0 {
        let message = "Offset has to be a multiple of Limit.";
        return Err(error("InvalidParameter", message));
    }
    let mut rows: Vec<Value> = Vec::new();
    for image in place.images(world)? {
        rows.extend(image.tags.iter().map(|(key, value)| {
            json!({
                "TagKey": key,
                "TagValue": value,
                "ResourceId": image.image_id,
                "ServiceType": "cvm",
                "Category": "Custom",
            })
        }));
    }
    let total = rows.len();
    let rows = page(rows, offset / limit + 1, limit);
    let mut body = json!({"TotalCount": total, "Offset": offset, "Limit": limit});
    body[name] = Value::from(rows);
    Ok(Reply::ok(body))
}

fn image_mut<'w>(world: &'w mut World, region: &str, id: &str) -> Option<&'w mut Import> {
    world.image_mut(&Scope::new(Cloud::Tencent, region, ""), id)
}

fn check_keys(keys: &[&str]) -> Result<(), Failure> {
    if keys.len() > 10 {
        return Err(too_many("tags", "LimitExceeded.TagNumPerRequest"));
    }
    for (nth, key) in keys.iter().enumerate() {
        let code = if key.is_empty() {
            "InvalidParameterValue.TagKeyEmpty"
        } else if length(key) > 127 {
            "InvalidParameterValue.TagKeyLengthExceeded"
        } else if RESERVED.contains(key) {
            "InvalidParameter.ReservedTagKey"
        } else if keys[..nth].contains(key) {
            "InvalidParameterValue.TagKeyDuplicate"
        } else {
            continue;
        };
        return Err(error(code, format!("The tag key `{key}` is not taken.")));
    }
    Ok(())
}

fn check_value(value: &str) -> Result<(), Failure> {
    if length(value) > 255 {
        let message = "The tag value is too long.";
        return Err(error("InvalidParameterValue.TagValueLengthExceeded", message));
    }
    Ok(())
}

fn too_many(what: &str, code: &str) -> Failure {
    error(code, format!("The request has too many {what}."))
}
