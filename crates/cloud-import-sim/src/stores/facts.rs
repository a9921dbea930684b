//! What a preflight asks about a bucket: where it is, who may read it, its class, whether unfinished uploads end.

use super::{
    call::Place,
    reply::{Done, Reply, namespace},
    rules::header_prefix,
    trouble::Trouble,
    xml::Xml,
};
use crate::{
    cloud::Cloud,
    objects::{class, host},
    world::World,
};

/// The owner of all buckets that are ours.
const OWNER: &str = "1000000000001";

/// `HeadBucket`: OBS tells place and class, COS and S3 the place.
pub(crate) fn head(world: &World, place: &Place<'_>) -> Done {
    let cloud = place.call.cloud;
    let bucket = place.bucket(world)?;
    let prefix = header_prefix(cloud, place.aws);
    let reply = Reply::empty(200);
    Ok(match cloud {
        Cloud::Huawei => reply
            .header(format!("{prefix}bucket-location"), place.region)
            .header(format!("{prefix}storage-class"), class::of_bucket(cloud, bucket)),
        Cloud::Aliyun => reply,
        _ => reply.header(format!("{prefix}bucket-region"), place.region),
    })
}

/// `GetBucketLocation`, in each vendor's own form of a region.
pub(crate) fn location(world: &World, place: &Place<'_>) -> Done {
    place.bucket(world)?;
    let region = place.region;
    let (root, text) = match place.call.cloud {
        Cloud::Huawei => {
            let xml = Xml::new("Location", namespace(Cloud::Huawei)).within(region);
            return Ok(Reply::xml(xml));
        }
        Cloud::Aliyun => ("LocationConstraint", format!("oss-{region}")),
        _ => ("LocationConstraint", region.to_owned()),
    };
    Ok(Reply::xml(Xml::new(root, namespace(place.call.cloud)).within(&text)))
}

/// `GetBucketAcl`.
pub(crate) fn acl(world: &World, place: &Place<'_>) -> Done {
    let cloud = place.call.cloud;
    let public = place.bucket(world)?.settings.public;
    let owner = |xml: Xml| xml.element("ID", OWNER);
    let xml = Xml::new("AccessControlPolicy", namespace(cloud)).nested("Owner", owner);
    let xml = xml.nested("AccessControlList", |xml| match cloud {
        Cloud::Aliyun => xml.element("Grant", if public { "public-read" } else { "private" }),
        _ => {
            let xml = xml.nested("Grant", |xml| {
                xml.nested("Grantee", owner).element("Permission", "FULL_CONTROL")
            });
            if !public {
                return xml;
            }
            xml.nested("Grant", |xml| {
                let everybody = |xml: Xml| match cloud {
                    Cloud::Huawei => xml.element("Canned", "Everyone"),
                    Cloud::Tencent => xml.element("URI", "http://cam.qcloud.com/groups/global/AllUsers"),
                    _ => xml.element("URI", "http://acs.amazonaws.com/groups/global/AllUsers"),
                };
                xml.nested("Grantee", everybody).element("Permission", "READ")
            })
        }
    });
    Ok(Reply::xml(xml))
}

/// `GetBucketLifecycle`: one rule, or that there is none. JD Cloud has no rule for unfinished uploads.
pub(crate) fn lifecycle(world: &World, place: &Place<'_>) -> Done {
    let cloud = place.call.cloud;
    if !place.bucket(world)?.settings.expires_uploads || cloud == Cloud::Jdcloud {
        return Err(Trouble::Asked {
            http: 404,
            code: "NoSuchLifecycleConfiguration".to_owned(),
            message: "The lifecycle configuration does not exist.".to_owned(),
        });
    }
    let xml = Xml::new("LifecycleConfiguration", namespace(cloud)).nested("Rule", |xml| {
        let xml = xml
            .element("ID", "unfinished-uploads")
            .element("Prefix", "")
            .element("Status", "Enabled");
        match cloud {
            Cloud::Aliyun => xml.nested("AbortMultipartUpload", |xml| xml.element("Days", "7")),
            _ => xml.nested("AbortIncompleteMultipartUpload", |xml| {
                xml.element("DaysAfterInitiation", "7")
            }),
        }
    });
    Ok(Reply::xml(xml))
}

/// Alibaba's `GetBucketInfo`.
pub(crate) fn info(world: &World, place: &Place<'_>) -> Done {
    let cloud = place.call.cloud;
    let bucket = place.bucket(world)?;
    let region = place.region;
    let grant = if bucket.settings.public {
        "public-read"
    } else {
        "private"
    };
    let encryption = bucket.settings.encryption.as_deref().unwrap_or("None");
    let xml = Xml::new("BucketInfo", namespace(cloud)).nested("Bucket", |xml| {
        xml.element("Name", &place.call.bucket)
            .element("Location", format!("oss-{region}"))
            .element("StorageClass", class::of_bucket(cloud, bucket))
            .element("ExtranetEndpoint", host::endpoint(cloud, region))
            .element("IntranetEndpoint", format!("oss-{region}-internal.aliyuncs.com"))
            .nested("Owner", |xml| xml.element("ID", OWNER))
            .nested("AccessControlList", |xml| xml.element("Grant", grant))
            .nested("ServerSideEncryptionRule", |xml| {
                xml.element("SSEAlgorithm", encryption)
            })
    });
    Ok(Reply::xml(xml))
}

/// Huawei's `GetBucketStorageClass`.
pub(crate) fn storage_class(world: &World, place: &Place<'_>) -> Done {
    let class = class::of_bucket(place.call.cloud, place.bucket(world)?);
    let xml = Xml::new("StorageClass", namespace(place.call.cloud)).within(class);
    Ok(Reply::xml(xml))
}
