//! What the account may use: regions and projects.

use serde_json::{Value, json};

/// The project of requests that name none.
pub(super) const DEFAULT_PROJECT: &str = "org-default";

/// The regions.
pub(super) const REGIONS: [&str; 8] = ["cn-bj2", "cn-wlcb", "cn-sh2", "cn-gd", "hk", "sg", "us-ca", "ge-fra"];

pub(super) fn regions() -> Value {
    let region = |(number, id): (usize, &&str)| {
        json!({
            "RegionId": 1000 + number,
            "RegionName": id,
            "Region": id,
            "Zone": format!("{id}-01"),
            "IsDefault": number == 0,
            "BitMaps": "",
        })
    };
    json!({"Regions": REGIONS.iter().enumerate().map(region).collect::<Vec<_>>()})
}

pub(super) fn projects() -> Value {
    json!({
        "ProjectCount": 1,
        "ProjectSet": [{
            "ProjectId": DEFAULT_PROJECT,
            "ProjectName": "Default",
            "ParentId": "",
            "ParentName": "",
            "CreateTime": 1_600_000_000,
            "IsDefault": true,
            "MemberCount": 1,
            "ResourceCount": 0,
        }],
    })
}
