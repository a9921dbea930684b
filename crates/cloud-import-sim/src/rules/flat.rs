//! Dotted names of a query or form (`Tag.1.Key`) put back into a tree. Types and numbering are checked in [`crate::rules`].

use serde_json::{Map, Value};

/// Deeper names than any API has; bounds the recursion of everything that walks the tree.
const MAX_DEPTH: usize = 8;

/// Builds the tree: text at the leaves, objects in between, list positions still keys. `Err` holds the name that is given
/// twice, both as a value and as a group, or too deep.
pub(crate) fn tree(pairs: Vec<(String, String)>) -> Result<Map<String, Value>, String> {
    let mut root = Map::new();
    for (name, text) in pairs {
        if !place(&mut root, &name, text) {
            return Err(name);
        }
    }
    Ok(root)
}

fn place(root: &mut Map<String, Value>, name: &str, text: String) -> bool {
    let mut pieces: Vec<&str> = name.split('.').collect();
    if pieces.len() > MAX_DEPTH {
        return false;
    }
    let Some(last) = pieces.pop() else {
        return false;
    };
    let mut group = root;
    for piece in pieces {
        let next = group
            .entry(piece.to_owned())
            .or_insert_with(|| Value::Object(Map::new()));
        match next {
            Value::Object(next) => group = next,
            _ => return false,
        }
    }
    if group.contains_key(last) {
        return false;
    }
    group.insert(last.to_owned(), Value::String(text));
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Result<Value, String> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        tree(pairs).map(Value::Object)
    }

    #[test]
    fn names_become_a_tree() {
        assert_eq!(
            of(&[("Tag.1.Key", "a"), ("Tag.1.Value", "b"), ("Name", "")]),
            Ok(json!({"Tag": {"1": {"Key": "a", "Value": "b"}}, "Name": ""}))
        );
    }

    #[test]
    fn a_name_is_given_once_and_as_one_thing() {
        assert_eq!(of(&[("a", "1"), ("a", "2")]), Err("a".to_owned()));
        assert_eq!(of(&[("a", "1"), ("a.b", "2")]), Err("a.b".to_owned()));
        assert_eq!(of(&[("a.b", "1"), ("a", "2")]), Err("a".to_owned()));
        let deep = ["a"; 9].join(".");
        assert_eq!(of(&[(&deep, "1")]), Err(deep.clone()));
    }
}
