//! The XML that Alibaba's RPC scheme answers by default: members become elements, a list repeats its element.

use serde_json::Value;

/// A document with this root element.
pub(super) fn document(root: &str, value: &Value) -> String {
    let mut text = String::from("<?xml version='1.0' encoding='UTF-8'?>");
    element(&mut text, root, value);
    text
}

fn element(text: &mut String, name: &str, value: &Value) {
    match value {
        Value::Array(list) => {
            for item in list {
                element(text, name, item);
            }
        }
        Value::Object(members) => {
            text.push_str(&format!("<{name}>"));
            for (member, value) in members {
                element(text, member, value);
            }
            text.push_str(&format!("</{name}>"));
        }
        Value::Null => {}
        Value::String(value) => leaf(text, name, value),
        other => leaf(text, name, &other.to_string()),
    }
}

fn leaf(text: &mut String, name: &str, value: &str) {
    text.push_str(&format!("<{name}>"));
    for c in value.chars() {
        match c {
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '&' => text.push_str("&amp;"),
            other => text.push(other),
        }
    }
    text.push_str(&format!("</{name}>"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_become_elements() {
        let value = json!({"A": "x<&>", "L": {"I": [{"N": 1}, {"N": true}]}, "Z": null});
        assert_eq!(
            document("R", &value),
            "<?xml version='1.0' encoding='UTF-8'?><R><A>x&lt;&amp;&gt;</A>\
             <L><I><N>1</N></I><I><N>true</N></I></L></R>"
        );
    }
}
