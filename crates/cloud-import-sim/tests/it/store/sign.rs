//! One signature per store, as short as they can be: only what these tests send.

use base64::{Engine, engine::general_purpose::STANDARD};
use cloud_import_sim::Cloud;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::{
    AK, SK,
    http::Request,
    sign::{compact, encode, hex, hmac256, now, sha256},
};

/// The bucket of these tests, and where it is.
pub(crate) const BUCKET: &str = "bucket-1";

pub(crate) fn region(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Jdcloud => "cn-north-1",
        Cloud::Tencent => "ap-guangzhou",
        Cloud::Huawei => "cn-north-4",
        Cloud::Aliyun => "cn-hangzhou",
        Cloud::Ucloud => "cn-bj2",
        other => panic!("no store of {other} is known here"),
    }
}

pub(crate) fn host(cloud: Cloud, bucket: &str) -> String {
    let rest = match cloud {
        Cloud::Jdcloud => "s3.cn-north-1.jdcloud-oss.com",
        Cloud::Tencent => "cos.ap-guangzhou.myqcloud.com",
        Cloud::Huawei => "obs.cn-north-4.myhuaweicloud.com",
        Cloud::Aliyun => "oss-cn-hangzhou.aliyuncs.com",
        Cloud::Ucloud => "cn-bj.ufileos.com",
        other => panic!("no store of {other} is known here"),
    };
    format!("{bucket}.{rest}")
}

fn hmac1(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// What is asked of a store, not yet signed.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) cloud: Cloud,
    pub(crate) host: String,
    bucket: String,
    method: &'static str,
    key: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: String,
    path_style: bool,
    at: OffsetDateTime,
}

impl Ask {
    pub(crate) fn new(cloud: Cloud, method: &'static str, key: &str) -> Self {
        Ask {
            cloud,
            host: host(cloud, BUCKET),
            bucket: BUCKET.to_owned(),
            method,
            key: key.to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            body: String::new(),
            path_style: false,
            at: now(),
        }
    }

    pub(crate) fn bucket(mut self, bucket: &str) -> Self {
        self.host = host(self.cloud, bucket);
        self.bucket = bucket.to_owned();
        self
    }

    pub(crate) fn host(mut self, host: &str) -> Self {
        self.host = host.to_owned();
        self
    }

    /// The bucket in the path, and this as the host.
    pub(crate) fn path_style(mut self, host: &str) -> Self {
        self.path_style = true;
        self.host(host)
    }

    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn at(mut self, at: OffsetDateTime) -> Self {
        self.at = at;
        self
    }

    fn path(&self) -> String {
        let key = encode(&self.key).replace("%2F", "/");
        if self.path_style {
            format!("/{}/{key}", self.bucket)
        } else {
            format!("/{key}")
        }
    }

    fn sorted(&self) -> String {
        let mut pairs: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        pairs.sort();
        pairs.join("&")
    }

    fn value(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn unsigned(&self) -> Request {
        let query = self.sorted();
        let mark = if query.is_empty() { "" } else { "?" };
        Request {
            method: self.method,
            target: format!("{}{mark}{query}", self.path()),
            headers: [vec![("host".to_owned(), self.host.clone())], self.headers.clone()].concat(),
            body: self.body.clone(),
        }
    }

    pub(crate) fn signed(&self) -> Request {
        match self.cloud {
            Cloud::Jdcloud => self.s3(),
            Cloud::Tencent => {
                let signed = self.cos(60, 600);
                self.unsigned().set("authorization", &signed.replace("%3B", ";"))
            }
            Cloud::Huawei => self.old("OBS", "x-obs-"),
            Cloud::Aliyun => self.old("OSS", "x-oss-"),
            Cloud::Ucloud => {
                let text = self.ufile("");
                let signature = STANDARD.encode(hmac1(SK.as_bytes(), &text));
                self.unsigned()
                    .set("authorization", &format!("UCloud {AK}:{signature}"))
            }
            other => panic!("no store of {other} is known here"),
        }
    }

    /// A link that holds for so many seconds.
    pub(crate) fn link(&self, seconds: i64) -> String {
        let query = match self.cloud {
            Cloud::Jdcloud => self.s3_query(seconds),
            Cloud::Tencent => self.cos(60, seconds),
            Cloud::Ucloud => {
                let end = (self.at.unix_timestamp() + seconds).to_string();
                let signature = STANDARD.encode(hmac1(SK.as_bytes(), &self.ufile(&end)));
                format!("UCloudPublicKey={AK}&Expires={end}&Signature={}", encode(&signature))
            }
            other => panic!("imports take no links at {other}"),
        };
        format!("http://{}{}?{query}", self.host, self.path())
    }

    fn s3(&self) -> Request {
        let date = compact(self.at);
        let scope = format!("{}/{}/s3/aws4_request", &date[..8], region(self.cloud));
        let payload = match self.value("x-amz-content-sha256") {
            "" => "UNSIGNED-PAYLOAD",
            hash => hash,
        };
        let request = self
            .unsigned()
            .set("x-amz-date", &date)
            .set("x-amz-content-sha256", payload);
        let mut own: Vec<(&str, &str)> = request
            .headers
            .iter()
            .filter(|(name, _)| name == "host" || name.starts_with("x-amz-"))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        own.sort_unstable();
        let names: Vec<&str> = own.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let lines: String = own.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let canonical = format!(
            "{}\n{}\n{}\n{lines}\n{names}\n{payload}",
            self.method,
            self.path(),
            self.sorted(),
        );
        let signature = self.s3_signature(&date, &scope, &canonical);
        let authorization =
            format!("AWS4-HMAC-SHA256 Credential={AK}/{scope}, SignedHeaders={names}, Signature={signature}");
        request.set("authorization", &authorization)
    }

    fn s3_query(&self, seconds: i64) -> String {
        let date = compact(self.at);
        let scope = format!("{}/{}/s3/aws4_request", &date[..8], region(self.cloud));
        let query = format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}&X-Amz-Date={date}&X-Amz-Expires={seconds}\
             &X-Amz-SignedHeaders=host",
            encode(&format!("{AK}/{scope}"))
        );
        let canonical = format!(
            "{}\n{}\n{query}\nhost:{}\n\nhost\nUNSIGNED-PAYLOAD",
            self.method,
            self.path(),
            self.host
        );
        format!(
            "{query}&X-Amz-Signature={}",
            self.s3_signature(&date, &scope, &canonical)
        )
    }

    fn s3_signature(&self, date: &str, scope: &str, canonical: &str) -> String {
        let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256(canonical));
        let mut key = format!("AWS4{SK}").into_bytes();
        for step in scope.split('/') {
            key = hmac256(&key, step);
        }
        hex(&hmac256(&key, &text))
    }

    /// The parameters of a signature that began `before` seconds ago and holds for `seconds`.
    fn cos(&self, before: i64, seconds: i64) -> String {
        let at = self.at.unix_timestamp();
        let time = format!("{};{}", at - before, at + seconds);
        let mut names: Vec<String> = self.query.iter().map(|(name, _)| name.to_lowercase()).collect();
        names.sort();
        let mut pairs: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| format!("{}={}", name.to_lowercase(), encode(value)))
            .collect();
        pairs.sort();
        let path = if self.path_style {
            format!("/{}/{}", self.bucket, self.key)
        } else {
            format!("/{}", self.key)
        };
        let http = format!(
            "{}\n{path}\n{}\nhost={}\n",
            self.method.to_lowercase(),
            pairs.join("&"),
            encode(&self.host)
        );
        let text = format!("sha1\n{time}\n{}\n", hex(&Sha1::digest(http)));
        let key = hex(&hmac1(SK.as_bytes(), &time));
        let signature = hex(&hmac1(key.as_bytes(), &text));
        let time = time.replace(';', "%3B");
        format!(
            "q-sign-algorithm=sha1&q-ak={AK}&q-sign-time={time}&q-key-time={time}&q-header-list=host\
             &q-url-param-list={}&q-signature={signature}",
            names.join("%3B")
        )
    }

    /// The schemes of OBS and of OSS, version 1.
    fn old(&self, name: &str, prefix: &str) -> Request {
        const SIGNED: [&str; 11] = [
            "acl",
            "bucketInfo",
            "continuation-token",
            "encryption",
            "lifecycle",
            "location",
            "partNumber",
            "storageClass",
            "tagging",
            "uploadId",
            "uploads",
        ];
        let date = http_date(self.at);
        let mut own: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| name.starts_with(prefix))
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        own.sort();
        let mut sub: Vec<String> = self
            .query
            .iter()
            .filter(|(name, _)| SIGNED.contains(&name.as_str()))
            .filter(|(name, _)| self.cloud == Cloud::Aliyun || name != "continuation-token")
            .map(|(name, value)| {
                if value.is_empty() {
                    name.clone()
                } else {
                    format!("{name}={value}")
                }
            })
            .collect();
        sub.sort();
        let mark = if sub.is_empty() { "" } else { "?" };
        // OBS signs the path as it is sent, OSS the plain key.
        let key = match self.cloud {
            Cloud::Huawei => encode(&self.key).replace("%2F", "/"),
            _ => self.key.clone(),
        };
        let text = format!(
            "{}\n{}\n{}\n{date}\n{}/{}/{key}{mark}{}",
            self.method,
            self.value("content-md5"),
            self.value("content-type"),
            own.concat(),
            self.bucket,
            sub.join("&")
        );
        let signature = STANDARD.encode(hmac1(SK.as_bytes(), &text));
        self.unsigned()
            .set("date", &date)
            .set("authorization", &format!("{name} {AK}:{signature}"))
    }

    fn ufile(&self, date: &str) -> String {
        format!(
            "{}\n{}\n{}\n{date}\n/{}/{}",
            self.method,
            self.value("content-md5"),
            self.value("content-type"),
            self.bucket,
            self.key
        )
    }
}

/// Base64 of the MD5, as in `Content-MD5`.
pub(crate) fn content_md5(body: &str) -> String {
    STANDARD.encode(md5::Md5::digest(body))
}

/// MD5 in hexadecimal.
pub(crate) fn md5_hex(body: &[u8]) -> String {
    hex(&md5::Md5::digest(body))
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256_hex(body: &str) -> String {
    hex(&Sha256::digest(body))
}

fn http_date(at: OffsetDateTime) -> String {
    let month = at.month().to_string();
    format!(
        "{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
        &at.weekday().to_string()[..3],
        at.day(),
        &month[..3],
        at.year(),
        at.hour(),
        at.minute(),
        at.second()
    )
}
