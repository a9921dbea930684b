//! Tags of images that are there.

use cloud_import_sim::{Cloud, Simulator};
use serde_json::{Value, json};

use super::{REGION, call, code, is, ok, with, with_image};
use crate::quick;

/// A call on images with further fields, of which a given one replaces the usual.
async fn on(simulator: &Simulator, action: &str, ids: &[&str], more: &[(String, String)]) -> (u16, String) {
    let names: Vec<String> = (1..=ids.len()).map(|place| format!("ResourceId.{place}")).collect();
    let mut pairs = vec![("RegionId", REGION), ("ResourceType", "image")];
    pairs.retain(|(name, _)| more.iter().all(|(changed, _)| changed != name));
    pairs.extend(names.iter().map(String::as_str).zip(ids.iter().copied()));
    pairs.extend(more.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    code(&call(simulator, action, &pairs).await)
}

fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Tags `k0` and so on, with an empty value.
fn many(count: usize) -> Vec<(String, String)> {
    (0..count)
        .flat_map(|number| {
            let place = number + 1;
            [
                (format!("Tag.{place}.Key"), format!("k{number}")),
                (format!("Tag.{place}.Value"), String::new()),
            ]
        })
        .collect()
}

async fn listed(simulator: &Simulator, more: &[(&str, &str)]) -> Value {
    let mut pairs = vec![("RegionId", REGION), ("ResourceType", "image")];
    pairs.extend(more);
    ok(simulator, "ListTagResources", &pairs).await
}

/// Keys and values of one image.
async fn tags(simulator: &Simulator, image: &str) -> Vec<(String, String)> {
    let list = listed(simulator, &[("ResourceId.1", image)]).await;
    let rows = list["TagResources"]["TagResource"].as_array().unwrap();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| (text(row, "TagKey"), text(row, "TagValue")))
        .collect()
}

#[tokio::test]
async fn tags_are_set_replaced_and_taken_away() {
    let (simulator, first) = with_image(quick()).await;
    let second = ok(&simulator, "ImportImage", &with(&[("ImageName", "second")])).await;
    let second = second["ImageId"].as_str().unwrap();
    let ids = [first.as_str(), second];
    let set = fields(&[
        ("Tag.1.Key", "env"),
        ("Tag.1.Value", "live"),
        ("Tag.2.Key", "k"),
        ("Tag.2.Value", ""),
    ]);
    for _ in 0..2 {
        assert_eq!(on(&simulator, "TagResources", &ids, &set).await, is(200, ""));
    }
    let expected = fields(&[("env", "live"), ("k", "")]);
    assert_eq!(tags(&simulator, &first).await, expected);
    assert_eq!(tags(&simulator, second).await, expected);

    let key = fields(&[("TagKey.1", "env"), ("TagKey.2", "none"), ("All", "true")]);
    assert_eq!(on(&simulator, "UntagResources", &ids[..1], &key).await, is(200, ""));
    assert_eq!(tags(&simulator, &first).await, fields(&[("k", "")]));
    let by_tag = listed(&simulator, &[("Tag.1.Key", "env"), ("Tag.1.Value", "live")]).await;
    let rows = by_tag["TagResources"]["TagResource"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["ResourceId"] == *second), "{rows:?}");
    assert_eq!(rows.len(), 2);

    let all = fields(&[("All", "true")]);
    assert_eq!(on(&simulator, "UntagResources", &ids, &all).await, is(200, ""));
    assert!(tags(&simulator, second).await.is_empty());
    let summaries = simulator.images(Cloud::Aliyun);
    assert!(summaries.iter().all(|summary| summary.tags.is_empty()));
}

#[tokio::test]
async fn what_is_wrong_has_a_code_and_changes_nothing() {
    let (simulator, id) = with_image(quick()).await;
    let fifty_one = vec![id.as_str(); 51];
    let one = many(1);
    for (ids, more, expected) in [
        (
            vec![id.as_str(), "m-0"],
            one.clone(),
            is(404, "InvalidResourceId.NotFound"),
        ),
        (fifty_one, one.clone(), is(400, "NumberExceed.ResourceIds")),
        (vec![id.as_str()], many(21), is(400, "NumberExceed.Tags")),
        // With the one that it has, they are too many.
        (vec![id.as_str()], many(20), is(400, "OperationDenied.QuotaExceed")),
        (vec![id.as_str()], Vec::new(), is(404, "MissingParameter.Tags")),
        (
            vec![id.as_str()],
            [fields(&[("ResourceType", "")]), one.clone()].concat(),
            is(404, "MissingParameter.ResourceType"),
        ),
        (
            vec![id.as_str()],
            [fields(&[("RegionId", "")]), one.clone()].concat(),
            is(404, "MissingParameter.RegionId"),
        ),
        (
            vec![id.as_str()],
            [fields(&[("ResourceType", "picture")]), one.clone()].concat(),
            is(404, "InvalidResourceType.NotFound"),
        ),
        (
            vec![id.as_str()],
            [fields(&[("ResourceType", "instance")]), one].concat(),
            is(404, "InvalidResourceId.NotFound"),
        ),
        (
            vec![id.as_str()],
            fields(&[("Tag.1.Key", "k")]),
            is(400, "InvalidTag.Mismatch"),
        ),
        (
            vec![id.as_str()],
            fields(&[("Tag.1.Key", "acs:k"), ("Tag.1.Value", "")]),
            is(400, "InvalidTagKey.Malformed"),
        ),
        (
            vec![id.as_str()],
            fields(&[("Tag.1.Key", "k"), ("Tag.1.Value", "see http://x")]),
            is(400, "InvalidTagValue.Malformed"),
        ),
        (
            vec![id.as_str()],
            fields(&[
                ("Tag.1.Key", "k"),
                ("Tag.1.Value", "a"),
                ("Tag.2.Key", "k"),
                ("Tag.2.Value", "b"),
            ]),
            is(400, "Duplicate.TagKey"),
        ),
    ] {
        let answer = on(&simulator, "TagResources", &ids, &more).await;
        assert_eq!(answer, expected, "{} {more:?}", ids.len());
    }
    assert_eq!(
        on(&simulator, "UntagResources", &[&id], &[]).await,
        is(404, "MissingParameter.Tags")
    );
    assert_eq!(tags(&simulator, &id).await, fields(&[("env", "ci")]));
}

#[tokio::test]
async fn a_long_list_goes_on_behind_its_token() {
    let (simulator, first) = with_image(quick()).await;
    let mut ids = vec![first];
    for name in ["second", "third"] {
        let image = ok(&simulator, "ImportImage", &with(&[("ImageName", name)])).await;
        ids.push(image["ImageId"].as_str().unwrap().to_owned());
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(on(&simulator, "TagResources", &ids, &many(19)).await, is(200, ""));
    let begun = listed(&simulator, &[("Tag.1.Key", "env")]).await;
    assert_eq!(begun["TagResources"]["TagResource"].as_array().unwrap().len(), 50);
    let next = begun["NextToken"].as_str().unwrap();
    let rest = listed(&simulator, &[("Tag.1.Key", "env"), ("NextToken", next)]).await;
    assert_eq!(rest["TagResources"]["TagResource"].as_array().unwrap().len(), 10);
    assert_eq!((&rest["NextToken"], next.len()), (&json!(""), 32));
    for (more, code) in [
        (
            vec![("NextToken", "x"), ("Tag.1.Key", "env")],
            is(400, "InvalidParameter"),
        ),
        (vec![("Tag.1.Value", "ci")], is(400, "InvalidParameter.TagValue")),
        (vec![("TagFilter.1.TagKey", "e*")], is(400, "UnsupportedParameter")),
        (vec![], is(400, "MissingParameter")),
    ] {
        let answer = on(&simulator, "ListTagResources", &[], &fields(&more)).await;
        assert_eq!(answer, code, "{more:?}");
    }
}
