//! Operations around the import that no client here needs, but that official SDKs have and recorded requests use.
//!
//! Fields as in the vendor's OpenAPI text (2026-10), shortened to those that are of use here.

use crate::table::{Field, Kind, Operation};

const fn text(name: &'static str) -> Field {
    Field {
        name,
        kind: Kind::Text,
        required: false,
        values: &[],
    }
}

const fn integer(name: &'static str) -> Field {
    Field {
        kind: Kind::Integer,
        ..text(name)
    }
}

const fn required(name: &'static str) -> Field {
    Field {
        required: true,
        ..text(name)
    }
}

pub(super) static OPERATIONS: &[Operation] = &[
    Operation {
        name: "GlanceCreateImageMetadata",
        method: "POST",
        path: "/v2/images",
        fields: &[
            required("__os_version"),
            text("name"),
            text("visibility"),
            text("container_format"),
            text("disk_format"),
            integer("min_disk"),
            integer("min_ram"),
            Field {
                kind: Kind::Bool,
                ..text("protected")
            },
            Field {
                kind: Kind::List(&Kind::Text),
                ..text("tags")
            },
        ],
    },
    Operation {
        name: "RegisterImage",
        method: "PUT",
        path: "/v1/cloudimages/{image_id}/upload",
        fields: &[required("image_url")],
    },
    Operation {
        name: "GlanceListImages",
        method: "GET",
        path: "/v2/images",
        fields: &[
            text("__imagetype"),
            text("visibility"),
            text("name"),
            text("status"),
            integer("limit"),
            text("marker"),
        ],
    },
    Operation {
        name: "GlanceShowImage",
        method: "GET",
        path: "/v2/images/{image_id}",
        fields: &[],
    },
    Operation {
        name: "ListOsVersions",
        method: "GET",
        path: "/v1/cloudimages/os_version",
        fields: &[Field {
            values: &["bms", "uefi", "arm", "x86"],
            ..text("tag")
        }],
    },
    Operation {
        name: "ShowImageQuota",
        method: "GET",
        path: "/v1/cloudimages/quota",
        fields: &[],
    },
];
