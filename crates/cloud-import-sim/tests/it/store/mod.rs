//! The five object stores over real sockets.

mod buckets;
mod faults;
mod links;
mod made;
mod multipart;
mod objects;
pub(crate) mod sign;

use std::io::{self, Read};

use cloud_import_sim::{BucketSettings, Cloud, Config, Simulator};
use sign::{Ask, BUCKET, md5_hex, region};

use crate::{
    http::{Answer, send, try_send},
    quick, started,
};

/// A simulator with the bucket of these tests in every store.
async fn shop(config: Config) -> Simulator {
    let simulator = started(config).await;
    for &cloud in Cloud::ALL {
        simulator.create_bucket(cloud, region(cloud), BUCKET, BucketSettings::default());
    }
    simulator
}

async fn open() -> Simulator {
    shop(quick()).await
}

async fn ask(simulator: &Simulator, ask: &Ask) -> Answer {
    send(simulator.address(ask.cloud), &ask.signed()).await
}

async fn try_ask(simulator: &Simulator, ask: &Ask) -> io::Result<Answer> {
    try_send(simulator.address(ask.cloud), &ask.signed()).await
}

/// The bytes of a stored object.
fn stored(simulator: &Simulator, cloud: Cloud, key: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut reader = simulator.object(cloud, region(cloud), BUCKET, key).unwrap();
    reader.read_to_end(&mut bytes).unwrap();
    bytes
}

/// The text of the first element of this name, or of the JSON member.
fn found(answer: &Answer, name: &str) -> String {
    let text = answer.text();
    if text.starts_with('{') {
        let value = answer.json()[name].clone();
        return value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    }
    let after = text.split_once(&format!("<{name}>")).map_or("", |(_, after)| after);
    after.split('<').next().unwrap_or_default().replace("&quot;", "\"")
}

/// The vendor's error code, at US3 its number.
fn code(answer: &Answer) -> String {
    let name = if answer.text().starts_with('{') {
        "RetCode"
    } else {
        "Code"
    };
    found(answer, name)
}

async fn begin(simulator: &Simulator, cloud: Cloud, key: &str) -> String {
    let answer = ask(simulator, &Ask::new(cloud, "POST", key).query("uploads", "")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    found(&answer, "UploadId")
}

fn part(cloud: Cloud, key: &str, id: &str, number: u32, body: &str) -> Ask {
    Ask::new(cloud, "PUT", key)
        .query("partNumber", &number.to_string())
        .query("uploadId", id)
        .body(body)
}

async fn send_part(simulator: &Simulator, cloud: Cloud, key: &str, id: &str, number: u32, body: &str) -> String {
    let answer = ask(simulator, &part(cloud, key, id, number, body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    if cloud != Cloud::Ucloud {
        assert_eq!(answer.header("etag"), format!("\"{}\"", md5_hex(body.as_bytes())));
    }
    answer.header("etag").to_owned()
}

fn completion(cloud: Cloud, key: &str, id: &str, parts: &[(u32, String)]) -> Ask {
    let ask = Ask::new(cloud, "POST", key).query("uploadId", id);
    if cloud == Cloud::Ucloud {
        let etags: Vec<&str> = parts.iter().map(|(_, etag)| etag.trim_matches('"')).collect();
        return ask.header("content-type", "text/plain").body(etags.join(","));
    }
    let part =
        |(number, etag): &(u32, String)| format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
    let parts: String = parts.iter().map(part).collect();
    ask.body(format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"))
}

/// The number of the first part.
fn first(cloud: Cloud) -> u32 {
    u32::from(cloud != Cloud::Ucloud)
}

/// A part that is large enough not to be the last one.
fn whole(cloud: Cloud, letter: &str) -> String {
    let size = match cloud {
        Cloud::Jdcloud => 5 << 20,
        Cloud::Tencent => 1 << 20,
        Cloud::Huawei | Cloud::Aliyun => 100 << 10,
        Cloud::Ucloud => 4 << 20,
        other => panic!("no store of {other} is known here"),
    };
    letter.repeat(size)
}
