//! A request with one value changed: what a verifier must refuse and a comparison must notice. Knows no cloud.

use cloud_import_sim::wire::WireRequest;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::authorization_value;

/// A request that differs in one thing.
#[derive(Debug, Clone)]
pub struct Change {
    /// What was changed.
    pub what: String,
    /// The changed request.
    pub request: WireRequest,
}

impl Change {
    fn new(what: impl Into<String>, request: WireRequest) -> Self {
        Self {
            what: what.into(),
            request,
        }
    }
}

type Pairs = Vec<(String, String)>;

/// Another method.
pub fn method(request: &WireRequest) -> Vec<Change> {
    let other = if request.method == "PATCH" { "PUT" } else { "PATCH" };
    let changed = WireRequest {
        method: other.to_owned(),
        ..request.clone()
    };
    vec![Change::new("the method", changed)]
}

/// Another path.
pub fn path(request: &WireRequest) -> Vec<Change> {
    let changed = WireRequest {
        path: format!("{}x", request.path),
        ..request.clone()
    };
    vec![Change::new("the path", changed)]
}

/// Another host.
pub fn host(request: &WireRequest) -> Vec<Change> {
    with_header(request, "host", |value| format!("x{value}"))
}

/// Another value of a header that is there, and its absence.
pub fn header(request: &WireRequest, name: &str) -> Vec<Change> {
    if request.header(name).is_none() {
        return Vec::new();
    }
    let mut changes = with_header(request, name, changed_text);
    let mut without = request.clone();
    without.headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
    changes.push(Change::new(format!("header {name} removed"), without));
    changes
}

/// Each of these headers changed, removed, sent twice, and left out of the list of signed ones.
pub fn signed_headers(request: &WireRequest, names: &[String]) -> Vec<Change> {
    let mut changes = Vec::new();
    for name in names {
        changes.extend(header(request, name));
        let mut twice = request.clone();
        twice.headers.push((name.clone(), "x".to_owned()));
        changes.push(Change::new(format!("header {name} sent twice"), twice));
        let shorter: Vec<&str> = names
            .iter()
            .filter(|other| *other != name)
            .map(String::as_str)
            .collect();
        let (list, shorter) = (names.join(";"), shorter.join(";"));
        let what = format!("{name} left out of the signed headers");
        changes.extend(
            with_header(request, "authorization", |value| value.replace(&list, &shorter))
                .into_iter()
                .map(|change| Change::new(what.clone(), change.request)),
        );
    }
    changes
}

/// Each part of the credential behind the access key id changed.
pub fn credential(request: &WireRequest) -> Vec<Change> {
    let Some(credential) = authorization_value(request, "Credential").map(str::to_owned) else {
        return Vec::new();
    };
    let mut changes = Vec::new();
    for (at, _) in credential.match_indices('/') {
        let mut other = credential.clone();
        let rest = &credential[at + 1..];
        let end = at + 1 + rest.find('/').unwrap_or(rest.len());
        let part = changed_text(&credential[at + 1..end]);
        other.replace_range(at + 1..end, &part);
        changes.extend(with_header(request, "authorization", |value| {
            value.replace(&credential, &other)
        }));
    }
    changes
}

/// Each field of the query changed and removed, and one more added.
pub fn query(request: &WireRequest) -> Vec<Change> {
    of_pairs("query", &request.query_pairs(), |query| WireRequest {
        query,
        ..request.clone()
    })
}

/// Each field of the form body changed and removed, and one more added.
pub fn form(request: &WireRequest) -> Vec<Change> {
    of_pairs("form", &request.form_pairs(), |form| WireRequest {
        body: form.into_bytes(),
        ..request.clone()
    })
}

/// The fields of the query, and with `form` those of the body, in reverse order and with everything escaped: no change in
/// meaning.
pub fn reordered(request: &WireRequest, form: bool) -> Change {
    let reverse = |mut pairs: Pairs| {
        pairs.reverse();
        encoded(&pairs)
    };
    let mut changed = request.clone();
    changed.query = reverse(request.query_pairs());
    if form {
        changed.body = reverse(request.form_pairs()).into_bytes();
    }
    Change::new("fields in another order and escaping", changed)
}

/// Each value in a JSON body changed.
pub fn json_body(request: &WireRequest) -> Vec<Change> {
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return Vec::new();
    };
    let mut leaves = Vec::new();
    pointers(&body, String::new(), &mut leaves);
    let change = |pointer: &String| {
        let mut body = body.clone();
        if let Some(value) = body.pointer_mut(pointer) {
            *value = changed_value(value);
        }
        let body = body.to_string().into_bytes();
        Change::new(
            format!("body {pointer}"),
            WireRequest {
                body,
                ..request.clone()
            },
        )
    };
    leaves.iter().map(change).collect()
}

/// Single bytes of the body changed, and one more added.
pub fn body_bytes(request: &WireRequest) -> Vec<Change> {
    let length = request.body.len();
    let mut places = vec![0, length / 3, length / 2, length.saturating_sub(1)];
    places.retain(|at| *at < length);
    places.dedup();
    let mut changes: Vec<Change> = places
        .into_iter()
        .map(|at| {
            let mut changed = request.clone();
            changed.body[at] ^= 1;
            Change::new(format!("byte {at} of the body"), changed)
        })
        .collect();
    let mut longer = request.clone();
    longer.body.push(b' ');
    changes.push(Change::new("a byte more in the body", longer));
    changes
}

/// Text of the same shape: its last digit, or else its last letter, becomes another, so that a date stays a date.
fn changed_text(text: &str) -> String {
    let last = |fits: fn(&char) -> bool| text.char_indices().rfind(|(_, c)| fits(c));
    let Some((at, old)) = last(char::is_ascii_digit).or_else(|| last(char::is_ascii_alphabetic)) else {
        return format!("{text}x");
    };
    let new = match old {
        '0' => '1',
        '1'..='9' => '0',
        'x' | 'X' => 'y',
        _ => 'x',
    };
    let mut changed = text.to_owned();
    changed.replace_range(at..=at, new.encode_utf8(&mut [0; 4]));
    changed
}

fn changed_value(value: &Value) -> Value {
    match value {
        Value::Bool(value) => Value::Bool(!value),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Value::from(number.wrapping_add(1)),
            None => Value::from(number.to_string()),
        },
        Value::String(text) => Value::from(format!("{text}x")),
        _ => Value::from("x"),
    }
}

/// The JSON pointers of everything that holds nothing below it.
fn pointers(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                pointers(member, format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                pointers(item, format!("{at}/{index}"), found);
            }
        }
        _ => found.push(at),
    }
}

fn with_header(request: &WireRequest, name: &str, change: impl Fn(&str) -> String) -> Vec<Change> {
    let mut changed = request.clone();
    for (found, value) in &mut changed.headers {
        if found.eq_ignore_ascii_case(name) {
            *value = change(value);
        }
    }
    vec![Change::new(format!("header {name}"), changed)]
}

fn of_pairs(part: &str, pairs: &Pairs, put: impl Fn(String) -> WireRequest) -> Vec<Change> {
    let mut changes = Vec::new();
    for (index, (name, _)) in pairs.iter().enumerate() {
        let mut other = pairs.clone();
        other[index].1.push('x');
        changes.push(Change::new(format!("{part} {name}"), put(encoded(&other))));
        other.remove(index);
        changes.push(Change::new(format!("{part} {name} removed"), put(encoded(&other))));
    }
    let mut more = pairs.clone();
    more.push(("NotSentBefore".to_owned(), "1".to_owned()));
    changes.push(Change::new(format!("a field more in the {part}"), put(encoded(&more))));
    changes
}

fn encoded(pairs: &Pairs) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pieces: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pieces.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> WireRequest {
        WireRequest {
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: "a=1&b=".to_owned(),
            headers: vec![
                ("Host".to_owned(), "h".to_owned()),
                ("X-Date".to_owned(), "20250101T000000Z".to_owned()),
                (
                    "Authorization".to_owned(),
                    "A Credential=AK/20250101/r, SignedHeaders=host;x-date, Signature=0".to_owned(),
                ),
            ],
            body: br#"{"a":{"b/c":[1,null]},"d":"","e":false}"#.to_vec(),
        }
    }

    #[test]
    fn every_change_changes_something() {
        let request = request();
        let names = ["host".to_owned(), "x-date".to_owned()];
        let all = [
            (method(&request), 1),
            (path(&request), 1),
            (host(&request), 1),
            (header(&request, "x-date"), 2),
            (header(&request, "x-absent"), 0),
            (signed_headers(&request, &names), 8),
            (credential(&request), 2),
            (query(&request), 5),
            (json_body(&request), 4),
            (body_bytes(&request), 5),
        ];
        for (changes, expected) in all {
            assert_eq!(changes.len(), expected, "{changes:?}");
            for change in changes {
                assert!(change.request != request, "{}", change.what);
            }
        }
    }

    #[test]
    fn a_changed_text_keeps_its_shape() {
        assert_eq!(changed_text("20250101T000000Z"), "20250101T000001Z");
        assert_eq!(changed_text("1736132645"), "1736132640");
        assert_eq!(changed_text("application/json"), "application/jsox");
        assert_eq!(changed_text("=="), "==x");
    }
}
