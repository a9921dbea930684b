//! Checks a request's fields against its table: unknown names, wrong types, missing fields, values outside a closed list.
//!
//! Knows no vendor's error codes: a [`Violation`] says what is wrong and each cloud turns it into its own error. Limits of
//! single fields (lengths, ranges) are in the clouds' own modules.

mod flat;

use serde_json::{Map, Number, Value};

use crate::table::{Field, Kind};

/// What is wrong with one field.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The field's full name as the vendor writes it, such as `Tag.1.Key`; empty for the request as a whole.
    pub(crate) field: String,
    pub(crate) wrong: Wrong,
}

/// The kinds of [`Violation`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The body is not what it should be, for this reason.
    Malformed(String),
    /// The operation has no such field.
    Unknown,
    /// The value is not of this type.
    Type(&'static str),
    /// A required field is absent or empty.
    Missing,
    /// The value is not one of these.
    Value(&'static [&'static str]),
}

/// How the fields came.
#[derive(Clone, Copy)]
enum Style {
    /// A JSON body: values have types.
    Json,
    /// A query or form: all values are text, lists are numbered from this.
    Flat(u64),
}

/// The fields of a request after the check: typed, lists as lists, absent ones and `null` left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Params(pub(crate) Map<String, Value>);

impl Params {
    /// The text of a field, also when it is empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// The text of a field unless it is absent or empty.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| !text.is_empty())
    }

    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    /// A truth value; absent is `false`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The texts of a list; absent is empty.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        self.list(name).iter().filter_map(Value::as_str).collect()
    }

    /// The objects of a list; absent is empty.
    pub(crate) fn objects(&self, name: &str) -> Vec<Params> {
        let objects = self.list(name).iter().filter_map(Value::as_object);
        objects.map(|object| Params(object.clone())).collect()
    }

    fn list(&self, name: &str) -> &[Value] {
        let list = self.0.get(name).and_then(Value::as_array);
        list.map_or(&[], Vec::as_slice)
    }
}

/// Checks the fields of a query or form. `also` are names that every operation takes.
pub(crate) fn flat(
    fields: &[Field],
    pairs: Vec<(String, String)>,
    first_index: u64,
    also: &[&str],
) -> Result<Params, Violation> {
    let tree = flat::tree(pairs).map_err(|field| Violation {
        field,
        wrong: Wrong::Malformed("given more than once or in two ways".to_owned()),
    })?;
    object(fields, tree, "", Style::Flat(first_index), also).map(Params)
}

/// Checks the fields of a JSON body. `also` are names that every operation takes.
pub(crate) fn json(fields: &[Field], body: &[u8], also: &[&str]) -> Result<Params, Violation> {
    let malformed = |reason: String| Violation {
        field: String::new(),
        wrong: Wrong::Malformed(reason),
    };
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => object(fields, map, "", Style::Json, also).map(Params),
        Ok(_) => Err(malformed("the body is no JSON object".to_owned())),
        Err(error) => Err(malformed(format!("the body is not JSON: {error}"))),
    }
}

fn object(
    fields: &[Field],
    mut given: Map<String, Value>,
    prefix: &str,
    style: Style,
    also: &[&str],
) -> Result<Map<String, Value>, Violation> {
    let mut checked = Map::new();
    for field in fields {
        let path = join(prefix, field.name);
        let value = given.remove(field.name).unwrap_or(Value::Null);
        let empty = value.is_null() || value.as_str() == Some("");
        // Further down an empty text is a value like any other: that of a tag, for one.
        if field.required && empty && (prefix.is_empty() || value.is_null()) {
            return Err(violation(&path, Wrong::Missing));
        }
        if value.is_null() {
            continue;
        }
        let value = typed(&field.kind, value, &path, style)?;
        if !empty {
            closed_list(field, &value, &path)?;
        }
        checked.insert(field.name.to_owned(), value);
    }
    for (name, value) in given {
        if !also.contains(&name.as_str()) {
            return Err(violation(&join(prefix, &name), Wrong::Unknown));
        }
        if !value.is_null() {
            checked.insert(name, value);
        }
    }
    Ok(checked)
}

/// A closed list that holds for one operation: the values of a field.
pub(crate) type Closed = (&'static str, &'static [&'static str]);

/// Checks fields against closed lists that are narrower than their types. `prefix` goes before names in what is reported.
pub(crate) fn closed(params: &Params, prefix: &str, lists: &[Closed]) -> Result<(), Violation> {
    for (name, values) in lists {
        if params.given(name).is_some_and(|given| !values.contains(&given)) {
            return Err(violation(&join(prefix, name), Wrong::Value(values)));
        }
    }
    Ok(())
}

fn closed_list(field: &Field, value: &Value, path: &str) -> Result<(), Violation> {
    if field.values.is_empty() {
        return Ok(());
    }
    let allowed = |value: &Value| match value {
        Value::String(text) => field.values.contains(&text.as_str()),
        other => field.values.contains(&other.to_string().as_str()),
    };
    let all = match value {
        Value::Array(list) => list.iter().all(allowed),
        other => allowed(other),
    };
    if all {
        Ok(())
    } else {
        Err(violation(path, Wrong::Value(field.values)))
    }
}

fn typed(kind: &Kind, value: Value, path: &str, style: Style) -> Result<Value, Violation> {
    let wrong = |expected| violation(path, Wrong::Type(expected));
    match kind {
        Kind::Any => Ok(value),
        Kind::Text => match value {
            Value::String(_) => Ok(value),
            _ => Err(wrong("string")),
        },
        Kind::Integer => integer(&value, style).ok_or_else(|| wrong("integer")),
        Kind::Float => float(&value, style).ok_or_else(|| wrong("number")),
        Kind::Bool => truth(&value, style).ok_or_else(|| wrong("boolean")),
        Kind::List(element) => list(element, value, path, style),
        Kind::Object(fields) => match value {
            Value::Object(map) => object(fields, map, path, style, &[]).map(Value::Object),
            _ => Err(wrong("object")),
        },
    }
}

fn integer(value: &Value, style: Style) -> Option<Value> {
    match (style, value) {
        (Style::Json, Value::Number(number)) => number.as_i64(),
        (Style::Flat(_), Value::String(text)) => text.parse::<i64>().ok(),
        _ => None,
    }
    .map(Value::from)
}

fn float(value: &Value, style: Style) -> Option<Value> {
    match (style, value) {
        (Style::Json, Value::Number(number)) => number.as_f64(),
        (Style::Flat(_), Value::String(text)) => text.parse::<f64>().ok(),
        _ => None,
    }
    .and_then(Number::from_f64)
    .map(Value::Number)
}

/// Text forms beside `true` and `false` are what some official SDKs send in a query.
fn truth(value: &Value, style: Style) -> Option<Value> {
    match (style, value) {
        (Style::Json, Value::Bool(truth)) => Some(*truth),
        (Style::Flat(_), Value::String(text)) => match text.as_str() {
            "true" | "True" | "1" => Some(true),
            "false" | "False" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
    .map(Value::Bool)
}

fn list(element: &Kind, value: Value, path: &str, style: Style) -> Result<Value, Violation> {
    let elements: Vec<(u64, Value)> = match (style, value) {
        (Style::Json, Value::Array(list)) => (0..).zip(list).collect(),
        (Style::Flat(first), Value::Object(map)) => numbered(map, first, path)?,
        _ => return Err(violation(path, Wrong::Type("list"))),
    };
    let checked: Result<Vec<Value>, Violation> = elements
        .into_iter()
        .map(|(index, value)| typed(element, value, &join(path, &index.to_string()), style))
        .collect();
    checked.map(Value::Array)
}

/// Positions have to begin where this cloud begins and leave no gap: a client that numbers from the wrong end is found out.
fn numbered(map: Map<String, Value>, first: u64, path: &str) -> Result<Vec<(u64, Value)>, Violation> {
    let mut elements = Vec::new();
    for (key, value) in map {
        let index = key.parse::<u64>().ok().filter(|_| !key.starts_with('+'));
        match index {
            Some(index) => elements.push((index, value)),
            None => return Err(violation(&join(path, &key), Wrong::Unknown)),
        }
    }
    elements.sort_by_key(|(index, _)| *index);
    for (position, (index, _)) in (first..).zip(&elements) {
        if position != *index {
            return Err(violation(
                path,
                Wrong::Malformed(format!(
                    "elements are numbered from {first} without a gap, {index} stands where {position} should"
                )),
            ));
        }
    }
    Ok(elements)
}

fn violation(field: &str, wrong: Wrong) -> Violation {
    Violation {
        field: field.to_owned(),
        wrong,
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    static TAG: &[Field] = &[field("Key", Kind::Text, true), field("Value", Kind::Text, false)];
    static FIELDS: &[Field] = &[
        field("Name", Kind::Text, true),
        field("Size", Kind::Integer, false),
        field("Ratio", Kind::Float, false),
        field("Dry", Kind::Bool, false),
        field("Ids", Kind::List(&Kind::Text), false),
        field("Tag", Kind::List(&Kind::Object(TAG)), false),
        Field {
            values: &["a", "b"],
            ..field("Choice", Kind::Text, false)
        },
    ];

    const fn field(name: &'static str, kind: Kind, required: bool) -> Field {
        Field {
            name,
            kind,
            required,
            values: &[],
        }
    }

    fn of_flat(pairs: &[(&str, &str)], first: u64) -> Result<Value, Violation> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        flat(FIELDS, pairs, first, &["Action"]).map(|params| Value::Object(params.0))
    }

    fn of_json(value: &Value) -> Result<Value, Violation> {
        json(FIELDS, value.to_string().as_bytes(), &["Action"]).map(|params| Value::Object(params.0))
    }

    fn wrong(field: &str, wrong: Wrong) -> Result<Value, Violation> {
        Err(violation(field, wrong))
    }

    #[test]
    fn text_of_a_form_gets_its_type() {
        let pairs = [
            ("Action", "X"),
            ("Name", "n"),
            ("Size", "40"),
            ("Ratio", "0.5"),
            ("Dry", "True"),
            ("Ids.1", "i"),
            ("Ids.2", "j"),
            ("Tag.1.Key", "k"),
        ];
        assert_eq!(
            of_flat(&pairs, 1),
            Ok(json!({
                "Action": "X", "Name": "n", "Size": 40, "Ratio": 0.5, "Dry": true,
                "Ids": ["i", "j"], "Tag": [{"Key": "k"}],
            }))
        );
    }

    #[test]
    fn ten_elements_keep_their_order() {
        let names: Vec<String> = (0..11).map(|index| format!("Ids.{index}")).collect();
        let mut pairs: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), n.as_str())).collect();
        pairs.push(("Name", "n"));
        let answer = of_flat(&pairs, 0).unwrap();
        assert_eq!(answer["Ids"][10], "Ids.10");
        assert_eq!(answer["Ids"][2], "Ids.2");
    }

    #[test]
    fn lists_begin_where_the_cloud_begins() {
        let found = of_flat(&[("Name", "n"), ("Ids.0", "i")], 1).unwrap_err();
        assert_eq!(found.field, "Ids");
        assert!(matches!(found.wrong, Wrong::Malformed(_)));
        let found = of_flat(&[("Name", "n"), ("Ids.0", "i"), ("Ids.2", "j")], 0).unwrap_err();
        assert!(matches!(found.wrong, Wrong::Malformed(_)));
        assert_eq!(
            of_flat(&[("Name", "n"), ("Ids.x", "i")], 0),
            wrong("Ids.x", Wrong::Unknown)
        );
        assert_eq!(
            of_flat(&[("Name", "n"), ("Ids", "i")], 0),
            wrong("Ids", Wrong::Type("list"))
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(of_flat(&[], 0), wrong("Name", Wrong::Missing));
        assert_eq!(of_flat(&[("Name", "")], 0), wrong("Name", Wrong::Missing));
        assert!(of_flat(&[("Name", "n"), ("Tag.1.Key", "")], 1).is_ok());
        assert_eq!(
            of_flat(&[("Name", "n"), ("Nmae", "n")], 0),
            wrong("Nmae", Wrong::Unknown)
        );
        assert_eq!(
            of_flat(&[("Name", "n"), ("Size", "big")], 0),
            wrong("Size", Wrong::Type("integer"))
        );
        assert_eq!(
            of_flat(&[("Name", "n"), ("Dry", "yes")], 0),
            wrong("Dry", Wrong::Type("boolean"))
        );
        assert_eq!(
            of_flat(&[("Name", "n"), ("Choice", "c")], 0),
            wrong("Choice", Wrong::Value(&["a", "b"]))
        );
        assert_eq!(
            of_flat(&[("Name", "n"), ("Tag.1.Value", "v")], 1),
            wrong("Tag.1.Key", Wrong::Missing)
        );
        assert_eq!(
            of_flat(&[("Name", "n"), ("Tag.1.Key", "k"), ("Tag.1.Kind", "v")], 1),
            wrong("Tag.1.Kind", Wrong::Unknown)
        );
    }

    #[test]
    fn a_closed_list_of_one_operation_is_checked_where_the_field_is_given() {
        let params = |value: &str| Params(Map::from_iter([("Format".to_owned(), Value::from(value))]));
        let lists: &[Closed] = &[("Format", &["RAW"]), ("Other", &["x"])];
        assert_eq!(closed(&params("RAW"), "", lists), Ok(()));
        assert_eq!(closed(&params(""), "", lists), Ok(()));
        assert_eq!(
            closed(&params("raw"), "Disk.1", lists),
            Err(violation("Disk.1.Format", Wrong::Value(&["RAW"])))
        );
    }

    #[test]
    fn json_has_types_of_its_own() {
        assert_eq!(
            of_json(&json!({"Name": "n", "Size": 40, "Dry": false, "Ids": ["i"], "Choice": null})),
            Ok(json!({"Name": "n", "Size": 40, "Dry": false, "Ids": ["i"]}))
        );
        assert_eq!(
            of_json(&json!({"Name": "n", "Size": "40"})),
            wrong("Size", Wrong::Type("integer"))
        );
        assert_eq!(
            of_json(&json!({"Name": "n", "Dry": "true"})),
            wrong("Dry", Wrong::Type("boolean"))
        );
        assert_eq!(
            of_json(&json!({"Name": "n", "Tag": [{"Key": 1}]})),
            wrong("Tag.0.Key", Wrong::Type("string"))
        );
        assert!(matches!(
            json(FIELDS, b"[]", &[]).unwrap_err().wrong,
            Wrong::Malformed(_)
        ));
        assert!(matches!(
            json(FIELDS, b"{", &[]).unwrap_err().wrong,
            Wrong::Malformed(_)
        ));
    }
}
