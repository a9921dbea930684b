//! Tags, which are the service `resourcetag`: its answer is a success, whatever became of each resource.
//!
//! Source: the vendor's Go SDK, service resourcetag (rev. 0.6.0). Its list of products names no image: whether the ids of images
//! are taken for resources of `vm` is unverified, and a setting decides it. Unverified as well: what is said of a resource that
//! is left as it is, and that a tag that is not there is no failure.

use serde_json::{Map, Value, json};

use super::answer::{OWN_PIN, invalid};
use crate::{
    clouds::vendor::{Outcome, Reply},
    rules::Params,
    world::{Import, Scope, World},
};

/// The products whose resources have tags.
const PRODUCTS: &[&str] = &[
    "vm",
    "disk",
    "sqlserver",
    "es",
    "mongodb",
    "ip",
    "memcached",
    "redis",
    "drds",
    "rds",
    "database",
    "db_ro",
    "percona",
    "percona_ro",
    "mariadb",
    "mariadb_ro",
    "pg",
    "cdn",
    "nativecontainer",
    "pod",
    "zfs",
    "jqs",
    "kubernetesNodegroup",
    "jcq",
];

/// Changes one tag of an image; `false` where there was nothing to change.
type Change = fn(&mut Import, &str, &str) -> bool;

pub(super) fn tag_resources(world: &mut World, scope: &Scope, params: &Params) -> Outcome {
    change(world, scope, &inner(params, "tagResources"), |image, key, value| {
        image.set_tag(key, value);
        true
    })
}

/// A tag goes only with its value.
pub(super) fn un_tag_resources(world: &mut World, scope: &Scope, params: &Params) -> Outcome {
    change(world, scope, &inner(params, "unTagResources"), |image, key, value| {
        let has = image.tags.iter().any(|tag| tag.0 == key && tag.1 == value);
        has && image.remove_tag(key)
    })
}

fn inner(params: &Params, name: &str) -> Params {
    let object = params.0.get(name).and_then(Value::as_object);
    Params(object.cloned().unwrap_or_else(Map::new))
}

fn change(world: &mut World, scope: &Scope, params: &Params, change: Change) -> Outcome {
    let groups = params.objects("resources");
    let Some(product) = groups.first().and_then(|group| group.text("serviceCode")) else {
        return Err(invalid("Parameter 'resources' missing"));
    };
    if !PRODUCTS.contains(&product) || groups.iter().any(|group| group.text("serviceCode") != Some(product)) {
        return Err(invalid("Parameter 'serviceCode' must be one product of the list"));
    }
    let tags = params.objects("tags");
    let (mut failed, mut changed) = (Vec::new(), 0);
    for id in groups.iter().flat_map(|group| group.texts("resourceId")) {
        let is_taken = world.config.tags_of_images && product == "vm";
        let Some(image) = world.image_mut(scope, id).filter(|_| is_taken) else {
            failed.push(json!({"resourceId": id, "msg": format!("Resource '{id}' not found")}));
            continue;
        };
        for tag in &tags {
            let (key, value) = (
                tag.text("key").unwrap_or_default(),
                tag.text("value").unwrap_or_default(),
            );
            changed += u64::from(change(image, key, value));
        }
    }
    Ok(Reply::ok(json!({"data": {
        "pin": OWN_PIN,
        "region": scope.region,
        "failedResourcesMap": failed,
        "successCount": changed,
    }})))
}
