//! The clients against the recorded requests: given what was asked for, each sends a request that means the same.

use cloud_import_tests::vectors::{self, Vector};

use crate::{
    clouds,
    outcome::{Outcome, Reason},
    verify,
};

/// Checks one vector.
pub(crate) fn check(vector: &Vector) -> Outcome {
    let cloud = match clouds::find(vector) {
        Ok(cloud) => cloud,
        Err(why) => return Outcome::failed(why),
    };
    if !cloud.signs(vector) {
        return Outcome::LeftOut(Reason::SignatureVersionNotOffered);
    }
    let Some(method) = cloud.method(vector) else {
        return Outcome::failed(format!("the client has no call `{}`", clouds::call_of(vector)));
    };
    if method.as_str() != vector.request.method {
        return Outcome::LeftOut(Reason::MethodNotOffered);
    }
    let sent = match cloud.send(vector) {
        Ok(sent) => sent,
        Err(why) => return Outcome::failed(why),
    };
    let produced = vectors::to_wire(&sent.request);
    let mut differences = vectors::differences(vector, &produced);
    if let Err(why) = verify::verified(vector, &produced) {
        differences.push(why);
    }
    let doctored = doctored(vector);
    for (what, doctored) in &doctored {
        if vectors::differences(doctored, &produced).is_empty() {
            differences.push(format!("the comparison does not notice a change: {what}"));
        }
    }
    match Outcome::of(differences, doctored.len()) {
        Outcome::Passed { changes, .. } => Outcome::Passed {
            changes,
            unfit: sent.unfit,
        },
        other => other,
    }
}

/// The vector with each compared value changed in turn: the produced request must differ from every one of them.
fn doctored(vector: &Vector) -> Vec<(String, Vector)> {
    let wire = vector.wire();
    let mut changes = [
        vectors::method(&wire),
        vectors::path(&wire),
        vectors::credential(&wire),
        vectors::query(&wire),
    ]
    .concat();
    let headers = vectors::COMPARED_HEADERS.iter();
    for (_, names) in headers.filter(|(algorithm, _)| *algorithm == vector.algorithm) {
        changes.extend(names.iter().flat_map(|name| vectors::header(&wire, name)));
    }
    if serde_json::from_str::<serde_json::Value>(&vector.request.body).is_ok() {
        changes.extend(vectors::json_body(&wire));
    } else if !vector.request.body.is_empty() {
        changes.extend(vectors::form(&wire));
    }
    if !vectors::compares_signature(vector) {
        let of_signature = |what: &str| what.trim_end_matches(" removed").ends_with(" Signature");
        changes.retain(|change| !of_signature(&change.what));
    }
    // Without what only the SDK adds, the request means the same.
    for (name, _) in vectors::added_by_sdk(vector) {
        let removed = format!(" {name} removed");
        changes.retain(|change| !change.what.ends_with(&removed));
    }
    for name in vectors::optional_parameters(vector) {
        let changed = format!(" {name}");
        changes.retain(|change| !change.what.ends_with(&changed));
    }
    let mut doctored: Vec<(String, Vector)> = changes
        .into_iter()
        .map(|change| (change.what, with_request(vector, change.request)))
        .collect();
    let mut elsewhere = vector.clone();
    elsewhere.request.host = format!("x{}", vector.request.host);
    doctored.push(("the host".to_owned(), elsewhere));
    doctored
}

fn with_request(vector: &Vector, request: cloud_import_sim::wire::WireRequest) -> Vector {
    let mut doctored = vector.clone();
    doctored.request.method = request.method;
    doctored.request.path = request.path;
    doctored.request.query = request.query;
    doctored.request.headers = request.headers;
    doctored.request.body = String::from_utf8_lossy(&request.body).into_owned();
    doctored
}
