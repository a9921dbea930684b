//! Comparing JSON by value: a `null` member is an absent one, numbers compare as numbers.

use serde_json::{Map, Value};

use super::compare::clipped;

/// Adds each difference below `at` to `found`.
pub(super) fn differences(at: &str, recorded: &Value, produced: &Value, found: &mut Vec<String>) {
    match (recorded, produced) {
        (Value::Object(recorded), Value::Object(produced)) => members(at, recorded, produced, found),
        (Value::Array(recorded), Value::Array(produced)) if recorded.len() == produced.len() => {
            for (index, (recorded, produced)) in recorded.iter().zip(produced).enumerate() {
                differences(&format!("{at}[{index}]"), recorded, produced, found);
            }
        }
        (Value::Number(_), Value::Number(_)) if same_number(recorded, produced) => {}
        _ if recorded == produced => {}
        _ => found.push(format!(
            "{at}: recorded {}, produced {}",
            clipped(&recorded.to_string()),
            clipped(&produced.to_string())
        )),
    }
}

fn members(at: &str, recorded: &Map<String, Value>, produced: &Map<String, Value>, found: &mut Vec<String>) {
    let given = |members: &Map<String, Value>, name: &str| members.get(name).filter(|value| !value.is_null()).cloned();
    for name in recorded.keys() {
        match (given(recorded, name), given(produced, name)) {
            (Some(recorded), Some(produced)) => differences(&format!("{at}.{name}"), &recorded, &produced, found),
            (Some(recorded), None) => found.push(format!(
                "{at}.{name}: recorded {}, not produced",
                clipped(&recorded.to_string())
            )),
            (None, Some(_)) => found.push(format!("{at}.{name}: produced, not recorded")),
            (None, None) => {}
        }
    }
    for name in produced.keys().filter(|name| !recorded.contains_key(*name)) {
        if given(produced, name).is_some() {
            found.push(format!("{at}.{name}: produced, not recorded"));
        }
    }
}

fn same_number(one: &Value, other: &Value) -> bool {
    // Whole numbers are compared as such first: a float cannot hold all of them.
    match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other || (one.is_f64() != other.is_f64() && one.as_f64() == other.as_f64()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(recorded: Value, produced: Value) -> Vec<String> {
        let mut found = Vec::new();
        differences("body", &recorded, &produced, &mut found);
        found
    }

    #[test]
    fn the_same_values_do_not_differ() {
        assert!(found(json!({"a": null, "b": {"c": null, "d": 1}}), json!({"b": {"d": 1.0}})).is_empty());
        assert!(found(json!({"b": []}), json!({"b": [], "z": null})).is_empty());
        assert!(found(json!([1, "x", true]), json!([1, "x", true])).is_empty());
    }

    #[test]
    fn every_other_difference_is_named() {
        let cases = [
            (json!({"a": 1}), json!({"a": 2}), "body.a"),
            (json!({"a": 1}), json!({"a": "1"}), "body.a"),
            (json!({"a": true}), json!({"a": "true"}), "body.a"),
            (json!({"a": ""}), json!({}), "body.a"),
            (json!({}), json!({"a": ""}), "body.a"),
            (json!({"a": null}), json!({"a": false}), "body.a"),
            (json!({"a": [1, 2]}), json!({"a": [2, 1]}), "body.a[0]"),
            (json!({"a": [1]}), json!({"a": [1, 2]}), "body.a"),
            (json!({"a": [{"k": "v"}]}), json!({"a": [{"k": "w"}]}), "body.a[0].k"),
            (
                json!({"a": 9007199254740993_i64}),
                json!({"a": 9007199254740992_i64}),
                "body.a",
            ),
            (json!({}), json!([]), "body"),
        ];
        for (recorded, produced, at) in cases {
            let found = found(recorded.clone(), produced);
            assert!(
                found.first().is_some_and(|text| text.starts_with(&format!("{at}:"))),
                "{recorded}: {found:?}"
            );
        }
    }
}
