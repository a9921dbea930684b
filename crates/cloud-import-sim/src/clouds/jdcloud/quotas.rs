//! `describeQuotas`: how many images there may be, and how many accounts an image may be shared with.

use serde_json::{Value, json};

use super::{
    answer::{invalid, own},
    sharing::MOST_MEMBERS,
};
use crate::{
    clock::Now,
    clouds::vendor::{Outcome, Reply},
    rules::Params,
    world::{Scope, World},
};

/// Quotas of images, and of the accounts that one is shared with; without a filter the latter is told where an image is named.
pub(super) fn describe_quotas(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    let filters = params.objects("filters");
    for filter in &filters {
        if filter.text("name") != Some("resourceTypes") {
            return Err(invalid("Parameter 'filters' knows resourceTypes only"));
        }
    }
    let wanted = |kind: &str| filters.iter().all(|filter| filter.texts("values").contains(&kind));
    let mut quotas: Vec<Value> = Vec::new();
    if wanted("image") {
        quotas.push(json!({
            "resourceType": "image",
            "limit": world.config.quota_of(scope.cloud),
            "used": world.images_used(scope, now),
        }));
    }
    match params.given("imageId") {
        Some(id) if wanted("imageShare") => quotas.push(json!({
            "resourceType": "imageShare",
            "limit": MOST_MEMBERS,
            "used": own(world, scope, id)?.publication.members.len(),
        })),
        None if wanted("imageShare") && !filters.is_empty() => return Err(invalid("Parameter 'imageId' missing")),
        _ => {}
    }
    Ok(Reply::ok(json!({"quotas": quotas})))
}
