//! A request to a store, decoded once for the verifiers. Decides nothing.

use super::verified::Addressing;
use crate::{
    verify::{
        Refusal,
        canonical::header,
        decode::{Strictness, decode_pairs, decode_path},
    },
    wire::WireRequest,
};

/// The request with the parts that every scheme looks at.
pub(super) struct Incoming<'r> {
    /// As received.
    pub(super) request: &'r WireRequest,
    /// The decoded path with its leading slash.
    pub(super) path: String,
    /// `/<bucket>/<key>`, decoded, wherever the bucket was named; `/` for the service itself.
    pub(super) resource: String,
    /// The query's names and values, decoded, in the order sent, no name twice. A name without `=` has an empty value.
    pub(super) query: Vec<(String, String)>,
    /// The `Authorization` header.
    pub(super) authorization: Option<&'r str>,
}

impl<'r> Incoming<'r> {
    /// Decodes a request.
    pub(super) fn new(request: &'r WireRequest, addressing: Addressing<'_>) -> Result<Self, Refusal> {
        let path = if request.path.is_empty() { "/" } else { &request.path };
        let path = decode_path(path, Strictness::Strict)?;
        if !path.starts_with('/') {
            return Err(Refusal::malformed("the path does not begin with a slash"));
        }
        let resource = match addressing {
            Addressing::VirtualHost { bucket } => format!("/{bucket}{path}"),
            Addressing::PathStyle => path.clone(),
        };
        Ok(Self {
            request,
            path,
            resource,
            query: query(&request.query)?,
            authorization: header(request, "authorization")?,
        })
    }

    /// A field of the query.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.query.iter();
        fields.find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A field of the query that must be there and not be empty.
    pub(super) fn required_field(&self, name: &str) -> Result<&str, Refusal> {
        self.field(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Refusal::malformed(format!("parameter {name} is missing")))
    }

    /// Where the signature stands, given the name of the field that holds it in a link.
    pub(super) fn signature_in(&self, field: &str) -> Result<Place<'_>, Refusal> {
        match (self.authorization, self.field(field)) {
            (Some(authorization), None) => Ok(Place::Header(authorization)),
            (None, Some(signature)) => Ok(Place::Query(signature)),
            (Some(_), Some(_)) => Err(Refusal::malformed("signed both in Authorization and in the query")),
            (None, None) => Err(Refusal::MissingSignature),
        }
    }

    /// The lower-case names, sorted, of the headers that this accepts by its lower-case name.
    pub(super) fn header_names(&self, accepts: impl Fn(&str) -> bool) -> Vec<String> {
        let names = self.request.headers.iter();
        let mut names: Vec<String> = names.map(|(name, _)| name.to_ascii_lowercase()).collect();
        names.retain(|name| accepts(name));
        names.sort();
        names.dedup();
        names
    }

    /// The value of a header that is signed: once there, on one line.
    pub(super) fn signed_header(&self, name: &str) -> Result<&'r str, Refusal> {
        let value = header(self.request, name)?
            .ok_or_else(|| Refusal::malformed(format!("header {name} is signed but was not sent")))?;
        // A line break in a value could stand for another header.
        if value.contains(['\n', '\r']) {
            return Err(Refusal::malformed(format!("header {name} holds a line break")));
        }
        Ok(value)
    }
}

/// Where a request is signed.
pub(super) enum Place<'i> {
    /// In this `Authorization`.
    Header(&'i str),
    /// In the query, with this signature.
    Query(&'i str),
}

fn query(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    // Sub-resources are sent with and without `=`, with one meaning.
    let pieces = text.split('&').filter(|piece| !piece.is_empty());
    let complete = pieces.map(|piece| {
        if piece.contains('=') {
            piece.to_owned()
        } else {
            format!("{piece}=")
        }
    });
    let complete = complete.collect::<Vec<String>>().join("&");
    let fields = decode_pairs(complete.as_bytes(), Strictness::Strict, "the query")?;
    let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Refusal::malformed(format!("parameter {} was sent twice", pair[0])));
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::example::request;

    #[test]
    fn the_bucket_is_part_of_the_resource_wherever_it_was_named() {
        let in_host = request("GET", "/dir%2Fa%20b+c?uploads&partNumber=1", &[], "");
        let incoming = Incoming::new(&in_host, Addressing::VirtualHost { bucket: "b" }).unwrap();
        assert_eq!(incoming.resource, "/b/dir/a b+c");
        assert_eq!(incoming.path, "/dir/a b+c");
        assert_eq!(incoming.field("uploads"), Some(""));
        assert_eq!(incoming.field("partNumber"), Some("1"));
        let in_path = request("GET", "/b/dir/a", &[], "");
        let incoming = Incoming::new(&in_path, Addressing::PathStyle).unwrap();
        assert_eq!(incoming.resource, "/b/dir/a");
        let nothing = request("GET", "", &[], "");
        assert_eq!(Incoming::new(&nothing, Addressing::PathStyle).unwrap().resource, "/");
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for target in ["b/k", "/%", "/%ff", "/?a=1&a=2", "/?a&a=", "/?a=%4"] {
            let request = request("GET", target, &[], "");
            let outcome = Incoming::new(&request, Addressing::PathStyle);
            assert!(matches!(outcome, Err(Refusal::Malformed(_))), "{target}");
        }
        let twice = request("GET", "/", &[("Authorization", "a"), ("authorization", "b")], "");
        assert!(Incoming::new(&twice, Addressing::PathStyle).is_err());
    }

    #[test]
    fn a_request_is_signed_in_one_place() {
        let place = |target, headers: &[(&str, &str)]| {
            let request = request("GET", target, headers, "");
            let incoming = Incoming::new(&request, Addressing::PathStyle).unwrap();
            incoming.signature_in("Signature").map(|place| match place {
                Place::Header(text) => format!("header {text}"),
                Place::Query(text) => format!("query {text}"),
            })
        };
        assert_eq!(place("/", &[("Authorization", "a")]).as_deref(), Ok("header a"));
        assert_eq!(place("/?Signature=s%2B", &[]).as_deref(), Ok("query s+"));
        assert_eq!(place("/", &[]), Err(Refusal::MissingSignature));
        let both = place("/?Signature=s", &[("Authorization", "a")]);
        assert!(matches!(both, Err(Refusal::Malformed(_))), "{both:?}");
    }
}
