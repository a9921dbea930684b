//! The two lists of images: `ListImages`, and `GlanceListImages` in the words of OpenStack. Both take an image's attributes
//! as filters, and go on after a marker.

use serde_json::{Value, json};

use super::{
    answer::{image_state, invalid},
    images, owners,
};
use crate::{
    clock::{Now, rfc3339},
    cloud::Cloud,
    clouds::vendor::{Failure, Outcome, Reply},
    rules::Params,
    text::encode,
    world::{Import, Scope, World},
};

/// What a list takes beside attributes of images.
const NO_ATTRIBUTES: [&str; 10] = [
    "member_status",
    "limit",
    "marker",
    "sort_key",
    "sort_dir",
    "created_at",
    "updated_at",
    "tag",
    "architecture",
    "enterprise_project_id",
];

/// `ListImages`: up to 500 a page, of one enterprise project or of all.
pub(super) fn images(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    // Absent means the default project, not all of them.
    let project = params.given("enterprise_project_id").unwrap_or("0");
    let page = page(world, now, scope, params, 500, project)?;
    let mut answer = json!({"images": shown(world, now, scope, &page.images, "ListImages")});
    if let Some(marker) = page.goes_on_after {
        answer["page_info"] = json!({"next_marker": marker});
    }
    Ok(Reply::ok(answer))
}

/// `GlanceListImages`: 25 a page unless the request says otherwise, of all enterprise projects.
pub(super) fn glance(world: &mut World, now: &Now, scope: &Scope, params: &Params) -> Outcome {
    const PATH: &str = "/v2/images";
    let page = page(world, now, scope, params, 25, "all_granted_eps")?;
    let mut answer = json!({
        "images": shown(world, now, scope, &page.images, "GlanceListImages"),
        "schema": "/v2/schemas/images",
        "first": link(PATH, params, None),
    });
    if let Some(marker) = page.goes_on_after {
        answer["next"] = Value::from(link(PATH, params, Some(&marker)));
    }
    Ok(Reply::ok(answer))
}

/// One page of a list.
struct Page {
    images: Vec<Import>,
    /// The id of its last image, unless that is the last of all.
    goes_on_after: Option<String>,
}

fn page(
    world: &mut World,
    now: &Now,
    scope: &Scope,
    params: &Params,
    usual: i64,
    project: &str,
) -> Result<Page, Failure> {
    let limit = params.integer("limit").unwrap_or(usual);
    let limit = usize::try_from(limit).ok().filter(|limit| *limit <= 500);
    let limit = limit.ok_or_else(|| invalid("IMG.0001", "limit must be 0 to 500."))?;
    let mut images = found(world, now, scope, params, project)?;
    if let Some(marker) = params.given("marker") {
        let after = images.iter().position(|import| import.image_id == marker);
        let keep = after.map_or(images.len(), |position| position + 1);
        images.drain(..keep);
    }
    let more = images.len() > limit;
    images.truncate(limit);
    let last = images.last().filter(|_| more);
    Ok(Page {
        goes_on_after: last.map(|import| import.image_id.clone()),
        images,
    })
}

/// Every image that the filters let through, in the order that is asked for: the newest first when none is. Of what others share, it
/// is what was accepted, unless another word is asked for.
fn found(world: &mut World, now: &Now, scope: &Scope, params: &Params, project: &str) -> Result<Vec<Import>, Failure> {
    let time = |name: &str| params.given(name).map(comparison).transpose();
    // An image's last change is its creation here.
    let times = [time("created_at")?, time("updated_at")?];
    let image = |import: &Import| images::image_for(import, image_state(import, import.stage(now)), scope);
    let is_wanted = |import: &Import| {
        let own_project = import
            .params
            .given("enterprise_project_id")
            .filter(|_| scope.holds(import));
        let own_project = own_project.unwrap_or("0");
        let accepted = rfc3339(import.accepted.utc);
        import.has_image()
            && (project == "all_granted_eps" || project == own_project)
            && times.iter().flatten().all(|(test, wanted)| test(&accepted, wanted))
            && params
                .given("tag")
                .is_none_or(|tag| scope.holds(import) && is_tagged(import, tag))
            && has_attributes(&image(import), params)
    };
    let mut found = world.shown(now, scope, is_wanted);
    let word = params.given("member_status").unwrap_or(owners::ACCEPTED);
    found.extend(owners::offered(world, now, scope, |import| {
        owners::word(import, scope) == Some(word) && is_wanted(import)
    }));
    // A receiver's list is in the order of time, too.
    found.sort_by_key(|import| import.accepted.instant);
    if let Some(key) = params.given("sort_key").filter(|key| *key != "created_at") {
        found.sort_by_cached_key(|import| text(&image(import)[key]));
    }
    if params.given("sort_dir") != Some("asc") {
        found.reverse();
    }
    Ok(found)
}

fn is_tagged(import: &Import, tag: &str) -> bool {
    let (key, value) = tag.split_once('.').unwrap_or((tag, ""));
    import.tags.iter().any(|(k, v)| k == key && v == value)
}

fn has_attributes(image: &Value, params: &Params) -> bool {
    let arm = if image["__support_arm"] == "true" { "arm" } else { "x86" };
    let mut wanted = params
        .0
        .iter()
        .filter(|(name, _)| !NO_ATTRIBUTES.contains(&name.as_str()));
    params.given("architecture").is_none_or(|wanted| wanted == arm)
        && wanted.all(|(name, wanted)| wanted == "" || image.get(name).is_some_and(|own| text(own) == text(wanted)))
}

/// A value the way a query writes it.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn shown(world: &mut World, now: &Now, scope: &Scope, found: &[Import], operation: &str) -> Vec<Value> {
    let forced = world.forced_state(Cloud::Huawei, operation);
    images::images(found, now, forced.as_deref(), scope)
}

/// The path of a page of the same list, its query sorted by name.
fn link(path: &str, params: &Params, marker: Option<&str>) -> String {
    let mut fields = params.0.clone();
    fields.remove("marker");
    fields.extend(marker.map(|marker| ("marker".to_owned(), Value::from(marker))));
    let query: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(&text(value))))
        .collect();
    match query.as_slice() {
        [] => path.to_owned(),
        query => format!("{path}?{}", query.join("&")),
    }
}

/// Compares a time as it is written with the one that was asked for.
type Comparison = (fn(&str, &str) -> bool, String);

/// `gte:2018-10-28T10:00:00Z` and its like. Times of one form compare as texts.
fn comparison(text: &str) -> Result<Comparison, Failure> {
    let (operator, time) = text
        .split_once(':')
        .ok_or_else(|| invalid("IMG.0001", "A time must be operator:time."))?;
    let test: fn(&str, &str) -> bool = match operator {
        "gt" => |a, b| a > b,
        "gte" => |a, b| a >= b,
        "lt" => |a, b| a < b,
        "lte" => |a, b| a <= b,
        "eq" => |a, b| a == b,
        "neq" => |a, b| a != b,
        _ => return Err(invalid("IMG.0001", "A time has no such operator.")),
    };
    Ok((test, time.to_owned()))
}
