//! The parameters of the schemes that sign decoded parameters, wherever in the request they stand.

use super::{
    Refusal,
    decode::{Strictness, decode_pairs},
};
use crate::wire::WireRequest;

/// The parameter that holds the signature, under the same name in all these schemes.
const SIGNATURE: &str = "Signature";

/// All decoded parameters of query and form body, sorted by name (bytewise), none twice.
pub(super) struct Params {
    sorted: Vec<(String, String)>,
    /// The request has a body that these parameters do not come from, so that no signature over them covers it.
    uncovered_body: bool,
}

impl Params {
    /// Reads query and form body; a parameter that stands in both, or twice in one, is refused.
    pub(super) fn of_query_and_form(request: &WireRequest) -> Result<Self, Refusal> {
        let mut pairs = decode_pairs(request.query.as_bytes(), Strictness::Strict, "the query")?;
        let is_form =
            request.method != "GET" && request.media_type().as_deref() == Some("application/x-www-form-urlencoded");
        if is_form {
            pairs.extend(decode_pairs(&request.body, Strictness::Strict, "the form body")?);
        }
        Self::new(pairs, !is_form && !request.body.is_empty())
    }

    /// Parameters from elsewhere (a JSON body), under the same rules.
    pub(super) fn new(mut pairs: Vec<(String, String)>, uncovered_body: bool) -> Result<Self, Refusal> {
        pairs.sort();
        if pairs.iter().any(|(name, _)| name.is_empty()) {
            return Err(Refusal::malformed("a parameter has no name"));
        }
        if let Some(pair) = pairs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Refusal::malformed(format!("parameter {} was sent twice", pair[0].0)));
        }
        Ok(Self {
            sorted: pairs,
            uncovered_body,
        })
    }

    /// The signature; its absence, or a body that it cannot cover, is a refusal.
    pub(super) fn signature(&self) -> Result<&str, Refusal> {
        let signature = self.get(SIGNATURE).ok_or(Refusal::MissingSignature)?;
        if self.uncovered_body {
            return Err(Refusal::malformed(
                "the body is not a form sent with POST, so the signature does not cover it",
            ));
        }
        Ok(signature)
    }

    /// A parameter's value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.sorted
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter that must be there and not be empty.
    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Refusal::malformed(format!("parameter {name} is missing")))
    }

    /// Refuses a value other than the only one there is for this parameter.
    pub(super) fn must_be(&self, name: &str, value: &str) -> Result<(), Refusal> {
        if self.required(name)? == value {
            return Ok(());
        }
        Err(Refusal::malformed(format!("parameter {name} is not {value}")))
    }

    /// All parameters, sorted by name.
    pub(super) fn into_sorted(self) -> Vec<(String, String)> {
        self.sorted
    }

    /// Everything that is signed: all but the signature itself, sorted by name.
    pub(super) fn signed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sorted
            .iter()
            .filter(|(name, _)| name != SIGNATURE)
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, query: &str, content_type: &str, body: &str) -> WireRequest {
        WireRequest {
            method: method.to_owned(),
            path: "/".to_owned(),
            query: query.to_owned(),
            headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
            body: body.as_bytes().to_vec(),
        }
    }

    const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

    #[test]
    fn query_and_form_are_one_set_sorted_by_name() {
        let params = Params::of_query_and_form(&request("POST", "b=2&Signature=s", FORM, "A.10=y&A.2=x")).unwrap();
        assert_eq!(
            params.signed().collect::<Vec<_>>(),
            [("A.10", "y"), ("A.2", "x"), ("b", "2")]
        );
        assert_eq!(params.signature(), Ok("s"));
    }

    #[test]
    fn a_body_that_is_no_form_is_never_covered() {
        for (method, content_type) in [("POST", "application/json"), ("GET", FORM)] {
            let params = Params::of_query_and_form(&request(method, "Signature=s", content_type, "a=1")).unwrap();
            assert!(matches!(params.signature(), Err(Refusal::Malformed(_))), "{method}");
        }
    }

    #[test]
    fn repeated_and_nameless_parameters_are_refused() {
        for (query, body) in [("a=1&a=2", ""), ("a=1", "a=1"), ("=1", "")] {
            assert!(
                Params::of_query_and_form(&request("POST", query, FORM, body)).is_err(),
                "{query} {body}"
            );
        }
    }

    #[test]
    fn without_a_signature_the_request_is_unsigned() {
        let params = Params::of_query_and_form(&request("POST", "", "application/json", "{}")).unwrap();
        assert_eq!(params.signature(), Err(Refusal::MissingSignature));
    }
}
