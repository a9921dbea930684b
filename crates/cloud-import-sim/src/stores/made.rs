//! Buckets that are made, set up and removed through the store, in each vendor's way.
//!
//! Source: the vendors' documents (read 2026-11). How each refuses to make a bucket that its owner has already is S3's way at JD and COS,
//! and that of the documents at OSS and OBS; what there is no encryption or no tag of is told by codes that are unverified.

use super::{
    call::{Call, Place},
    document::Element,
    reply::{Done, Reply, namespace},
    rules::header_prefix,
    trouble::Trouble,
    xml::Xml,
};
use crate::{cloud::Cloud, objects::BucketSettings, world::World};

/// `CreateBucket`.
pub(crate) fn create(world: &mut World, place: &Place<'_>, body: &[u8]) -> Done {
    let call = place.call;
    alone(call, None)?;
    let public = public(call, place.aws)?;
    check_place(place, body)?;
    if let Ok(region) = world.store.region_of(call.cloud, &call.bucket, None) {
        let settings = &mut world.store.bucket_mut(call.cloud, &region, &call.bucket)?.settings;
        return match call.cloud {
            _ if settings.owner_is_other => Err(Trouble::BucketExists),
            // Made again, it gets what the request says.
            Cloud::Aliyun if region == place.region => {
                settings.public = public;
                Ok(Reply::empty(200))
            }
            Cloud::Huawei if region == place.region => Ok(Reply::empty(200)),
            Cloud::Aliyun => Err(Trouble::BucketExists),
            _ => Err(Trouble::BucketOwned),
        };
    }
    let settings = BucketSettings::default().public(public);
    world.store.create(call.cloud, place.region, &call.bucket, settings);
    Ok(Reply::empty(200).header("location", format!("/{}", call.bucket)))
}

/// Whether the header of the access list opens it.
fn public(call: &Call, aws: bool) -> Result<bool, Trouble> {
    let prefix = header_prefix(call.cloud, aws);
    match call.wire.header(&format!("{prefix}acl")) {
        None | Some("private") => Ok(false),
        Some("public-read" | "public-read-write") => Ok(true),
        Some(other) => Err(Trouble::InvalidArgument(format!("no such access list: {other}"))),
    }
}

/// What the body says of the place must be where the request went.
fn check_place(place: &Place<'_>, body: &[u8]) -> Result<(), Trouble> {
    let cloud = place.call.cloud;
    if body.is_empty() {
        // Outside of the usual region OBS wants to be told.
        return match cloud {
            Cloud::Huawei => Err(Trouble::InvalidArgument("The location is not specified.".to_owned())),
            _ => Ok(()),
        };
    }
    let root = Element::read(body).filter(|root| root.name == "CreateBucketConfiguration");
    let root = root.ok_or(Trouble::MalformedXml)?;
    let told = match cloud {
        Cloud::Huawei => root.only(&["CreateBucketConfiguration", "Location"]),
        Cloud::Jdcloud => root.only(&["CreateBucketConfiguration", "LocationConstraint"]),
        Cloud::Aliyun => {
            let known = root.holds(["StorageClass?", "DataRedundancyType?"]);
            return known.map(drop).ok_or(Trouble::MalformedXml);
        }
        Cloud::Tencent | Cloud::Ucloud => None,
    };
    match told.ok_or(Trouble::MalformedXml)? {
        region if region == place.region => Ok(()),
        _ => Err(Trouble::InvalidArgument(
            "The location is not that of the endpoint.".to_owned(),
        )),
    }
}

/// `DeleteBucket`: of an empty one.
pub(crate) fn delete(world: &mut World, place: &Place<'_>) -> Done {
    let call = place.call;
    alone(call, None)?;
    if !place.bucket(world)?.is_empty() {
        return Err(Trouble::BucketNotEmpty);
    }
    world.store.remove(call.cloud, place.region, &call.bucket);
    Ok(Reply::empty(204))
}

/// `PutBucketTagging`, which replaces all tags.
pub(crate) fn put_tags(world: &mut World, place: &Place<'_>, body: &[u8]) -> Done {
    alone(place.call, Some("tagging"))?;
    summed(place.call)?;
    let read = || {
        let root = Element::read(body).filter(|root| root.name == "Tagging")?;
        let [set] = root.holds(["TagSet"])?;
        let tag = |tag: &Element| {
            let [key, value] = (tag.name == "Tag").then(|| tag.holds(["Key", "Value"]))??;
            Some((key?.text.clone(), value?.text.clone()))
        };
        set?.children.iter().map(tag).collect::<Option<Vec<_>>>()
    };
    let tags = read().ok_or(Trouble::MalformedXml)?;
    if tags.is_empty() || tags.iter().any(|(key, _)| key.is_empty() || key.len() > 36) {
        return Err(Trouble::InvalidArgument(
            "A tag has a name of at most 36 characters.".to_owned(),
        ));
    }
    place.bucket_mut(world)?.tags = tags.into_iter().collect();
    // OBS and COS have nothing to say.
    Ok(Reply::empty(if place.call.cloud == Cloud::Aliyun { 200 } else { 204 }))
}

/// `GetBucketTagging`.
pub(crate) fn tags(world: &World, place: &Place<'_>) -> Done {
    alone(place.call, Some("tagging"))?;
    let tags = &place.bucket(world)?.tags;
    if tags.is_empty() && place.call.cloud != Cloud::Aliyun {
        return Err(absent("NoSuchTagSet", "The TagSet does not exist."));
    }
    let xml = Xml::new("Tagging", namespace(place.call.cloud)).nested("TagSet", |xml| {
        tags.iter().fold(xml, |xml, (key, value)| {
            xml.nested("Tag", |xml| xml.element("Key", key).element("Value", value))
        })
    });
    Ok(Reply::xml(xml))
}

/// What a bucket's encryption is written in.
const ENCRYPTION: [&str; 4] = [
    "ServerSideEncryptionConfiguration",
    "Rule",
    "ApplyServerSideEncryptionByDefault",
    "SSEAlgorithm",
];

/// `PutBucketEncryption`, with the store's own keys: those of others need a service that is not here.
pub(crate) fn put_encryption(world: &mut World, place: &Place<'_>, body: &[u8]) -> Done {
    alone(place.call, Some("encryption"))?;
    let root = Element::read(body).ok_or(Trouble::MalformedXml)?;
    match root.only(&ENCRYPTION).ok_or(Trouble::MalformedXml)? {
        word @ "AES256" => place.bucket_mut(world)?.settings.encryption = Some(word.to_owned()),
        _ => return Err(Trouble::NotImplemented),
    }
    Ok(Reply::empty(200))
}

/// `GetBucketEncryption`.
pub(crate) fn encryption(world: &World, place: &Place<'_>) -> Done {
    alone(place.call, Some("encryption"))?;
    let Some(word) = &place.bucket(world)?.settings.encryption else {
        return Err(absent(
            "NoSuchEncryptionConfiguration",
            "The encryption configuration does not exist.",
        ));
    };
    let [root, rule, apply, algorithm] = ENCRYPTION;
    let xml = Xml::new(root, namespace(place.call.cloud));
    let xml = xml.nested(rule, |xml| xml.nested(apply, |xml| xml.element(algorithm, word)));
    Ok(Reply::xml(xml))
}

/// `PutBucketLifecycle`, of one rule: that which ends unfinished uploads.
pub(crate) fn put_lifecycle(world: &mut World, place: &Place<'_>, body: &[u8]) -> Done {
    let cloud = place.call.cloud;
    alone(place.call, Some("lifecycle"))?;
    summed(place.call)?;
    let read = || {
        let root = Element::read(body).filter(|root| root.name == "LifecycleConfiguration")?;
        let [rule] = root.holds(["Rule"])?;
        let abort = match cloud {
            Cloud::Aliyun => ["AbortMultipartUpload", "Days"],
            _ => ["AbortIncompleteMultipartUpload", "DaysAfterInitiation"],
        };
        let place = if cloud == Cloud::Tencent { "Filter" } else { "Prefix" };
        let [_, prefix, status, action] = rule?.holds(["ID?", place, "Status", abort[0]])?;
        let of_all = match cloud {
            Cloud::Tencent => prefix?.only(&["Filter", "Prefix"])?,
            _ => prefix?.only(&["Prefix"])?,
        };
        let days: u32 = action?.only(&abort)?.parse().ok()?;
        (of_all.is_empty() && status?.text == "Enabled" && days > 0).then_some(())
    };
    read().ok_or(Trouble::MalformedXml)?;
    place.bucket_mut(world)?.settings.expires_uploads = true;
    Ok(Reply::empty(200))
}

fn absent(code: &str, message: &str) -> Trouble {
    Trouble::Asked {
        http: 404,
        code: code.to_owned(),
        message: message.to_owned(),
    }
}

/// The query names this and nothing else.
fn alone(call: &Call, name: Option<&str>) -> Result<(), Trouble> {
    match call.parameters().find(|known| Some(*known) != name) {
        Some(other) => Err(Trouble::InvalidArgument(format!("no such parameter here: {other}"))),
        None => Ok(()),
    }
}

/// Documents that replace others go with their sum.
fn summed(call: &Call) -> Result<(), Trouble> {
    match (call.cloud, call.wire.header("content-md5")) {
        (Cloud::Aliyun, _) | (_, Some(_)) => Ok(()),
        _ => Err(Trouble::InvalidDigest),
    }
}
