//! What a store answers, and how it is written: the vendor's headers, XML or JSON, errors, and objects as a stream.

use std::{
    borrow::Cow,
    io::{self, Read},
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{rate::Rate, rules::header_prefix, trouble::Trouble, xml::Xml};
use crate::{
    clock,
    cloud::Cloud,
    objects::{Missing, ObjectReader, host},
    wire::{Answer, AnswerBody, FLUSH, Stream},
};

/// What a request to a store ends in.
pub(crate) type Done = Result<Reply, Trouble>;

/// An answer before the headers that all answers have.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    /// What is sent instead of the answer's own body.
    pub(crate) data: Option<Data>,
}

#[derive(Debug)]
pub(crate) enum Data {
    /// An object's bytes, which are so many.
    Read(ObjectReader, u64),
    /// Only the announcement of so many bytes (`HEAD`).
    Announced(u64),
}

impl Reply {
    pub(crate) fn empty(status: u16) -> Self {
        let answer = Answer {
            status,
            ..Answer::default()
        };
        answer.into()
    }

    pub(crate) fn xml(xml: Xml) -> Self {
        Answer::new(200, "application/xml", xml.finish()).into()
    }

    pub(crate) fn json(body: &Value) -> Self {
        Answer::new(200, "application/json", body.to_string()).into()
    }

    pub(crate) fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.answer = self.answer.header(name, value);
        self
    }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Reply { answer, data: None }
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
    let mut reply = if asked.cloud == Cloud::Ucloud {
        let code = told
            .code
            .parse::<i64>()
            .map_or(Value::from(told.code.as_str()), Value::from);
        Reply::json(&json!({"RetCode": code, "ErrMsg": told.message}))
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
    reply.answer.status = http.unwrap_or(told.http);
    if let Trouble::Missing(Missing::Elsewhere { region }) = trouble {
        reply = match asked.cloud {
            Cloud::Jdcloud => reply.header("x-amz-bucket-region", region),
            Cloud::Huawei => reply.header("x-obs-bucket-location", region),
            _ => reply,
        };
    }
    if asked.head {
        let text = std::mem::take(&mut reply.answer.body);
        reply.answer.headers.retain(|(name, _)| name != "content-type");
        if asked.cloud == Cloud::Aliyun {
            reply = reply.header("x-oss-err", STANDARD.encode(text));
        }
    }
    reply
}

/// Adds what all answers of a store have.
pub(crate) fn complete(asked: &Asked, answer: Answer) -> Answer {
    let answer = answer.header("date", clock::http_date(clock::ahead(asked.skew)));
    if asked.cloud == Cloud::Ucloud {
        return answer.header("x-sessionid", &asked.request_id);
    }
    let name = format!("{}request-id", header_prefix(asked.cloud, asked.aws));
    answer.header(name, &asked.request_id)
}

/// The length of an object's chunks on their way out.
const CHUNK: usize = 256 << 10;

/// What shall go wrong with an answer on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Harm {
    None,
    /// It breaks off in the middle.
    Half,
    /// The first byte of an object is another.
    Changed,
}

/// A body that is read while it is sent.
pub(crate) fn streamed(mut reader: ObjectReader, length: u64, rate: Option<Arc<Rate>>, harm: Harm) -> AnswerBody {
    let (sender, chunks) = mpsc::channel(4);
    let half = harm == Harm::Half;
    let most = if half { length / 2 } else { length };
    tokio::task::spawn_blocking(move || {
        let mut left = most;
        while left > 0 {
            let size = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK);
            let mut read = filled(&mut reader, size);
            if let (Ok(chunk), true) = (&mut read, harm == Harm::Changed && left == most) {
                *chunk = changed(chunk);
            }
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
            clock::block(FLUSH);
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

fn changed(chunk: &Bytes) -> Bytes {
    let mut changed = BytesMut::from(chunk.as_ref());
    if let Some(first) = changed.first_mut() {
        *first ^= 1;
    }
    changed.freeze()
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
        let text = |cloud| {
            let reply = refused(&asked(cloud, false), &Trouble::Missing(Missing::Bucket), None);
            String::from_utf8(reply.answer.body).unwrap()
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
        let reply = refused(&asked(Cloud::Aliyun, true), &Trouble::Missing(Missing::Key), None);
        assert!(reply.answer.body.is_empty());
        assert_eq!(reply.answer.headers[0].0, "x-oss-err");
        let answer = complete(&asked(Cloud::Aliyun, true), reply.answer);
        assert!(answer.headers.iter().any(|(name, _)| name == "x-oss-request-id"));
    }
}
