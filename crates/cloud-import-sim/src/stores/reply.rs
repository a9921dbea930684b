//! What a store answers, and how it is written: the vendor's headers, XML or JSON, errors, and objects as a stream.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::content::ObjectReader;
use super::host;
use super::rate::Rate;
use super::rules::header_prefix;
use super::trouble::Trouble;
use super::xml::Xml;
use crate::answer::{Answer, AnswerBody, Stream};
use crate::clock::{self, Now};
use crate::cloud::Cloud;

/// An answer before the headers that all answers have.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) http: u16,
    pub(crate) headers: Vec<(Cow<'static, str>, String)>,
    pub(crate) body: ReplyBody,
}

#[derive(Debug)]
pub(crate) enum ReplyBody {
    Empty,
    Xml(String),
    Json(Value),
    /// An object's bytes, which are so many.
    Data(ObjectReader, u64),
    /// Only the announcement of so many bytes (`HEAD`).
    Announced(u64),
}

impl Reply {
    pub(crate) fn new(http: u16, body: ReplyBody) -> Self {
        Reply {
            http,
            headers: Vec::new(),
            body,
        }
    }

    pub(crate) fn empty(http: u16) -> Self {
        Reply::new(http, ReplyBody::Empty)
    }

    pub(crate) fn xml(xml: Xml) -> Self {
        Reply::new(200, ReplyBody::Xml(xml.finish()))
    }

    pub(crate) fn json(body: Value) -> Self {
        Reply::new(200, ReplyBody::Json(body))
    }

    pub(crate) fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// What an answer needs to know of its request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) cloud: Cloud,
    /// Signed in the AWS way, and answered so.
    pub(crate) aws: bool,
    pub(crate) head: bool,
    /// Bucket and key as they are named in errors.
    pub(crate) resource: String,
    pub(crate) request_id: String,
    /// Seconds by which the server's clock is ahead.
    pub(crate) skew: i64,
}

/// The name space of a vendor's documents; empty where there is none.
pub(crate) fn namespace(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Jdcloud => "http://s3.amazonaws.com/doc/2006-03-01/",
        Cloud::Huawei => "http://obs.myhwclouds.com/doc/2015-06-30/",
        _ => "",
    }
}

/// The answer to a refusal. `http` replaces its status.
pub(crate) fn refused(asked: &Asked, trouble: &Trouble, http: Option<u16>) -> Reply {
    let told = trouble.told(asked.cloud);
    let http = http.unwrap_or(told.http);
    let mut reply = if asked.cloud == Cloud::Ucloud {
        let code = told
            .code
            .parse::<i64>()
            .map_or(Value::from(told.code.as_str()), Value::from);
        Reply::json(json!({"RetCode": code, "ErrMsg": told.message}))
    } else {
        let mut xml = Xml::new("Error", "")
            .element("Code", &told.code)
            .element("Message", &told.message)
            .element("Resource", &asked.resource)
            .element("RequestId", &asked.request_id);
        xml = match asked.cloud {
            Cloud::Tencent => xml.element("TraceId", &asked.request_id),
            Cloud::Aliyun => xml.element("HostId", host::endpoint(asked.cloud, "")).element("EC", ""),
            _ => xml.element("HostId", &asked.request_id),
        };
        if let Some((name, value)) = &told.element {
            xml = xml.element(name, value);
        }
        Reply::xml(xml)
    };
    reply.http = http;
    if let Trouble::Elsewhere { region } = trouble {
        reply = match asked.cloud {
            Cloud::Jdcloud => reply.header("x-amz-bucket-region", region),
            Cloud::Huawei => reply.header("x-obs-bucket-location", region),
            _ => reply,
        };
    }
    if asked.head {
        if let (Cloud::Aliyun, ReplyBody::Xml(text)) = (asked.cloud, &reply.body) {
            use base64::Engine;
            let text = base64::engine::general_purpose::STANDARD.encode(text);
            reply = reply.header("x-oss-err", text);
        }
        reply.body = ReplyBody::Empty;
    }
    reply
}

/// Adds what all answers of a store have; gives the answer without its body, and the body.
pub(crate) fn written(asked: &Asked, reply: Reply) -> (Answer, ReplyBody) {
    let mut answer = Answer {
        status: reply.http,
        headers: reply.headers,
        body: Vec::new(),
    };
    answer = match reply.body {
        ReplyBody::Xml(_) => answer.header("content-type", "application/xml"),
        ReplyBody::Json(_) => answer.header("content-type", "application/json"),
        _ => answer,
    };
    let server = Now::read().utc + time::Duration::seconds(asked.skew);
    answer = answer.header("date", clock::http_date(server));
    answer = if asked.cloud == Cloud::Ucloud {
        answer.header("x-sessionid", &asked.request_id)
    } else {
        let name = format!("{}request-id", header_prefix(asked.cloud, asked.aws));
        answer.header(name, &asked.request_id)
    };
    (answer, reply.body)
}

/// The length of an object's chunks on their way out.
const CHUNK: usize = 256 << 10;

/// A body that is read while it is sent. `half`: it breaks off in the middle.
pub(crate) fn streamed(mut reader: ObjectReader, length: u64, rate: Option<Arc<Rate>>, half: bool) -> AnswerBody {
    let (sender, chunks) = mpsc::channel(4);
    let most = if half { length / 2 } else { length };
    tokio::task::spawn_blocking(move || {
        let mut left = most;
        while left > 0 {
            let size = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK);
            let read = filled(&mut reader, size);
            if let (Some(rate), Ok(chunk)) = (&rate, &read) {
                clock::block(rate.reserve(chunk.len()));
            }
            left -= size as u64;
            let broken = read.is_err();
            // Nobody takes it any more: the connection is gone.
            if sender.blocking_send(read).is_err() || broken {
                return;
            }
        }
        if half {
            clock::block(crate::answer::FLUSH);
            let _ = sender.blocking_send(Err(io::ErrorKind::ConnectionAborted.into()));
        }
    });
    AnswerBody::Stream(Stream { chunks, left: length })
}

fn filled(reader: &mut ObjectReader, size: usize) -> io::Result<Bytes> {
    let mut buffer = BytesMut::zeroed(size);
    reader.read_exact(&mut buffer)?;
    Ok(buffer.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(cloud: Cloud, head: bool) -> Asked {
        Asked {
            cloud,
            aws: false,
            head,
            resource: "/b/k".to_owned(),
            request_id: "id".to_owned(),
            skew: 0,
        }
    }

    #[test]
    fn an_error_has_the_vendors_form() {
        let text = |cloud| match refused(&asked(cloud, false), &Trouble::NoSuchBucket, None).body {
            ReplyBody::Xml(text) => text,
            ReplyBody::Json(value) => value.to_string(),
            other => panic!("{other:?}"),
        };
        assert_eq!(text(Cloud::Ucloud), r#"{"ErrMsg":"bucket not exist","RetCode":-30010}"#);
        for cloud in [Cloud::Jdcloud, Cloud::Tencent, Cloud::Huawei, Cloud::Aliyun] {
            assert!(text(cloud).contains("<Code>NoSuchBucket</Code>"), "{cloud}");
        }
        assert!(text(Cloud::Tencent).contains("<TraceId>"));
        assert!(text(Cloud::Aliyun).contains("<EC>"));
    }

    #[test]
    fn the_error_of_a_head_has_no_body() {
        let reply = refused(&asked(Cloud::Aliyun, true), &Trouble::NoSuchKey, None);
        assert!(matches!(reply.body, ReplyBody::Empty));
        assert_eq!(reply.headers[0].0, "x-oss-err");
        let (answer, _) = written(&asked(Cloud::Aliyun, true), reply);
        assert!(answer.headers.iter().any(|(name, _)| name == "x-oss-request-id"));
    }
}
