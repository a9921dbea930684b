//! `DescribeBucket`, `CreateBucket` and `DeleteBucket`, actions of the storage product.

use serde_json::{Value, json};

use super::answer::error;
use crate::{
    cloud::Cloud,
    clouds::vendor::{Outcome, Reply},
    objects::{Bucket, BucketSettings, host},
    rules::Params,
    table::{self, Kind, field},
    world::World,
};

/// The storage product's action by which a bucket's host is found. Its fields are from the vendor's API documents (2026-08).
pub(crate) const DESCRIBE_BUCKET: table::Operation = table::Operation {
    name: "DescribeBucket",
    method: "POST",
    path: "/",
    fields: &[
        field("BucketName", Kind::Text),
        field("ProjectId", Kind::Text),
        field("Offset", Kind::Integer),
        field("Limit", Kind::Integer),
    ],
};

/// Makes a bucket. Its fields are from the vendor's API documents (read 2026-11).
const CREATE_BUCKET: table::Operation = table::Operation {
    name: "CreateBucket",
    method: "POST",
    path: "/",
    fields: &[
        field("BucketName", Kind::Text).required(),
        field("ProjectId", Kind::Text),
        field("Type", Kind::Text).one_of(&["public", "private"]),
        field("Tag", Kind::Text),
    ],
};

/// Removes one. As [`CREATE_BUCKET`].
const DELETE_BUCKET: table::Operation = table::Operation {
    name: "DeleteBucket",
    method: "POST",
    path: "/",
    fields: &[
        field("BucketName", Kind::Text).required(),
        field("ProjectId", Kind::Text),
    ],
};

/// All actions on buckets.
pub(crate) const ALL: [&table::Operation; 3] = [&DESCRIBE_BUCKET, &CREATE_BUCKET, &DELETE_BUCKET];

/// Makes a bucket, private unless it says otherwise. The number of the refusal is the simulator's own: the vendor's is not known.
pub(super) fn create_bucket(world: &mut World, params: &Params) -> Outcome {
    let name = params.given("BucketName").unwrap_or_default();
    let Some(region) = params.given("Region") else {
        return Err(error("220", "Missing params [Region]"));
    };
    if world.store.region_of(Cloud::Ucloud, name, None).is_ok() {
        return Err(error("15901", "bucket already exist"));
    }
    let settings = BucketSettings::default().public(params.given("Type") == Some("public"));
    world.store.create(Cloud::Ucloud, region, name, settings);
    Ok(Reply::ok(
        json!({"BucketName": name, "BucketId": format!("ufile-{name}")}),
    ))
}

/// Removes a bucket that is empty. As [`create_bucket`].
pub(super) fn delete_bucket(world: &mut World, params: &Params) -> Outcome {
    let name = params.given("BucketName").unwrap_or_default();
    let absent = || error("15010", "bucket not exist");
    let region = world.store.region_of(Cloud::Ucloud, name, None).map_err(|_| absent())?;
    let bucket = world.store.bucket(Cloud::Ucloud, &region, name).map_err(|_| absent())?;
    if bucket.settings.owner_is_other {
        return Err(error("15037", "no permission"));
    }
    if !bucket.is_empty() {
        return Err(error("15902", "bucket is not empty"));
    }
    world.store.remove(Cloud::Ucloud, &region, name);
    Ok(Reply::ok(
        json!({"BucketName": name, "BucketId": format!("ufile-{name}")}),
    ))
}

/// One bucket by its name, or those of a region. The code of an absent one is of the range that the bucket API has; the number
/// itself is unverified.
pub(super) fn describe_bucket(world: &mut World, params: &Params) -> Outcome {
    if let (true, Some(bucket), Some(region)) = (
        world.config.any_bucket,
        params.given("BucketName"),
        params.given("Region"),
    ) && world.store.region_of(Cloud::Ucloud, bucket, None).is_err()
    {
        world
            .store
            .create(Cloud::Ucloud, region, bucket, BucketSettings::of_any());
    }
    let buckets = described_buckets(world, params.given("BucketName"), params.given("Region"));
    if buckets.is_empty() && params.given("BucketName").is_some() {
        return Err(error("15010", "bucket not exist"));
    }
    let offset = usize::try_from(params.integer("Offset").unwrap_or(0)).unwrap_or(0);
    let limit = usize::try_from(params.integer("Limit").unwrap_or(20)).unwrap_or(0);
    let shown: Vec<Value> = buckets.into_iter().skip(offset).take(limit).collect();
    Ok(Reply::ok(json!({"DataSet": shown})))
}

/// UCloud's buckets as its API describes them: of this name and in this region, where given.
fn described_buckets(world: &World, name: Option<&str>, region: Option<&str>) -> Vec<Value> {
    let wanted = |found: &(Cloud, &str, &str, &Bucket)| {
        found.0 == Cloud::Ucloud
            && name.is_none_or(|name| name == found.1)
            && region.is_none_or(|region| region == found.2)
            && !found.3.settings.owner_is_other
    };
    let described = |(cloud, name, region, bucket): (Cloud, &str, &str, &Bucket)| {
        json!({
            "BucketName": name,
            "BucketId": format!("ufile-{name}"),
            "Region": region,
            "Type": if bucket.settings.public { "public" } else { "private" },
            "Domain": {
                "Src": [format!("{name}.{}", host::endpoint(cloud, region))],
                "Cdn": [],
                "CustomSrc": [],
                "CustomCdn": [],
            },
        })
    };
    world.store.all().filter(wanted).map(described).collect()
}
