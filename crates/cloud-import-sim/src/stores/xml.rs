//! The little XML that stores write and read: elements with text, no attributes but a name space. Knows no operation.

/// A document in the making.
#[derive(Debug)]
pub(crate) struct Xml {
    text: String,
    open: Vec<&'static str>,
}

impl Xml {
    /// `namespace` is empty where a vendor has none.
    pub(crate) fn new(root: &'static str, namespace: &str) -> Self {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<");
        text.push_str(root);
        if !namespace.is_empty() {
            text.push_str(" xmlns=\"");
            text.push_str(namespace);
            text.push('"');
        }
        text.push('>');
        Xml { text, open: vec![root] }
    }

    pub(crate) fn element(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.push(name, value.as_ref());
        self
    }

    /// Text in the element that is open.
    pub(crate) fn within(mut self, value: &str) -> Self {
        self.escape(value);
        self
    }

    /// An element with elements in it.
    pub(crate) fn nested(mut self, name: &'static str, inside: impl FnOnce(Self) -> Self) -> Self {
        self.text.push('<');
        self.text.push_str(name);
        self.text.push('>');
        self.open.push(name);
        let mut xml = inside(self);
        xml.close();
        xml
    }

    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text
    }

    fn push(&mut self, name: &str, value: &str) {
        self.text.push_str(&format!("<{name}>"));
        self.escape(value);
        self.text.push_str(&format!("</{name}>"));
    }

    fn escape(&mut self, value: &str) {
        for c in value.chars() {
            match c {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                c => self.text.push(c),
            }
        }
    }

    fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.text.push_str(&format!("</{name}>"));
        }
    }
}

/// The parts that a `CompleteMultipartUpload` document lists, as `(number, ETag without quotes)` in its order. `None` when it is
/// not well formed, is another document, or a part lacks something.
pub(crate) fn listed_parts(body: &[u8]) -> Option<Vec<(u32, String)>> {
    let mut rest = std::str::from_utf8(body).ok()?;
    let mut stack: Vec<&str> = Vec::new();
    let mut parts = Vec::new();
    let (mut number, mut etag): (Option<u32>, Option<String>) = (None, None);
    let mut seen_root = false;
    while let Some(at) = rest.find('<') {
        let text = &rest[..at];
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("<?") {
            rest = &after[after.find("?>")? + 2..];
            continue;
        }
        if let Some(after) = rest.strip_prefix("<!--") {
            rest = &after[after.find("-->")? + 3..];
            continue;
        }
        let end = rest.find('>')?;
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let name = local(name);
            if stack.pop() != Some(name) {
                return None;
            }
            match (stack.as_slice(), name) {
                (["CompleteMultipartUpload", "Part"], "PartNumber") => number = Some(text.trim().parse().ok()?),
                (["CompleteMultipartUpload", "Part"], "ETag") => {
                    etag = Some(unescaped(text.trim())?.trim_matches('"').to_owned());
                }
                (["CompleteMultipartUpload"], "Part") => parts.push((number.take()?, etag.take()?)),
                _ => {}
            }
            continue;
        }
        let empty = tag.ends_with('/');
        let name = local(tag.trim_end_matches('/'));
        if name.is_empty() || name.starts_with('!') || (stack.is_empty() && seen_root) {
            return None;
        }
        seen_root = true;
        if stack.is_empty() && name != "CompleteMultipartUpload" {
            return None;
        }
        if !empty {
            stack.push(name);
        }
    }
    (seen_root && stack.is_empty()).then_some(parts)
}

/// An element's name without attributes and prefix.
fn local(tag: &str) -> &str {
    let name = tag.split_ascii_whitespace().next().unwrap_or_default();
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}

pub(crate) fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        let end = rest[at..].find(';')? + at;
        plain.push(match &rest[at + 1..end] {
            "quot" => '"',
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "apos" => '\'',
            "#34" | "#x22" => '"',
            _ => return None,
        });
        rest = &rest[end + 1..];
    }
    plain.push_str(rest);
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_elements_are_closed() {
        let xml = Xml::new("A", "urn:x")
            .element("B", "a<b>&\"c")
            .nested("C", |xml| xml.element("D", ""))
            .finish();
        assert!(
            xml.ends_with("<A xmlns=\"urn:x\"><B>a&lt;b&gt;&amp;&quot;c</B><C><D></D></C></A>"),
            "{xml}"
        );
    }

    #[test]
    fn parts_are_listed_in_their_order() {
        let body = br#"<?xml version="1.0"?>
<!-- two --><s3:CompleteMultipartUpload xmlns:s3="urn:x">
  <s3:Part><s3:PartNumber>2</s3:PartNumber><s3:ETag>&quot;b&#34;</s3:ETag></s3:Part>
  <s3:Part><s3:ETag>"a"</s3:ETag><s3:PartNumber> 1 </s3:PartNumber><s3:ChecksumCRC32/></s3:Part>
</s3:CompleteMultipartUpload>"#;
        let parts = listed_parts(body).unwrap();
        assert_eq!(parts, [(2, "b".to_owned()), (1, "a".to_owned())]);
        let none = b"<CompleteMultipartUpload></CompleteMultipartUpload>";
        assert_eq!(listed_parts(none), Some(Vec::new()));
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        for body in [
            "",
            "<CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part></Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part><PartNumber>x</PartNumber><ETag>e</ETag></Part></CompleteMultipartUpload>",
            "<CompleteMultipartUpload><Part></CompleteMultipartUpload></Part>",
            "<Other></Other>",
            "<!DOCTYPE x><CompleteMultipartUpload></CompleteMultipartUpload>",
            "<CompleteMultipartUpload></CompleteMultipartUpload><CompleteMultipartUpload></CompleteMultipartUpload>",
            "text",
        ] {
            assert_eq!(listed_parts(body.as_bytes()), None, "{body}");
        }
    }
}
