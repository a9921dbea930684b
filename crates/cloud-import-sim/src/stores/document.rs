//! The XML documents that requests bring, read strictly: elements with text or with elements, no attributes but a name space. Knows no
//! operation.

/// An element of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    /// Its text, where it has no elements.
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// The whole of a document. `None` when it is not well formed, or has what no such document has.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let mut rest = std::str::from_utf8(body).ok()?.trim();
        if let Some(after) = rest.strip_prefix("<?xml ") {
            rest = after.split_once("?>")?.1.trim_start();
        }
        let mut open: Vec<Element> = Vec::new();
        loop {
            let (text, after) = rest.split_once('<')?;
            let (tag, after) = after.split_once('>')?;
            rest = after;
            if let Some(last) = open.last_mut() {
                last.text.push_str(text);
            } else if !text.is_empty() {
                return None;
            }
            if let Some(name) = tag.strip_prefix('/') {
                let mut closed = open.pop().filter(|element| element.name == name.trim_end())?;
                closed.settle()?;
                let Some(parent) = open.last_mut() else {
                    return rest.is_empty().then_some(closed);
                };
                parent.children.push(closed);
                continue;
            }
            let (tag, is_empty) = match tag.strip_suffix('/') {
                Some(tag) => (tag, true),
                None => (tag, false),
            };
            let element = opened(tag)?;
            match open.last_mut() {
                Some(parent) if is_empty => parent.children.push(element),
                None if is_empty => return rest.is_empty().then_some(element),
                _ => open.push(element),
            }
        }
    }

    /// Text beside elements is white space only, and its entities are known.
    fn settle(&mut self) -> Option<()> {
        if !self.children.is_empty() {
            let is_blank = self.text.trim().is_empty();
            self.text.clear();
            return is_blank.then_some(());
        }
        self.text = super::xml::unescaped(self.text.trim())?;
        Some(())
    }

    /// The elements in it, which are these and no others, each once and in this order; those whose name ends in `?` may be missing.
    pub(crate) fn holds<const N: usize>(&self, names: [&str; N]) -> Option<[Option<&Element>; N]> {
        let mut found = [None; N];
        let mut children = self.children.iter().peekable();
        for (name, slot) in names.iter().zip(&mut found) {
            let (name, may_miss) = match name.strip_suffix('?') {
                Some(name) => (name, true),
                None => (*name, false),
            };
            *slot = children.next_if(|child| child.name == name);
            if slot.is_none() && !may_miss {
                return None;
            }
        }
        children.next().is_none().then_some(found)
    }

    /// The text of the innermost of elements that each hold the next one alone. The first is this one's own name.
    pub(crate) fn only(&self, path: &[&str]) -> Option<&str> {
        let mut element = self;
        for (depth, name) in path.iter().enumerate() {
            if depth > 0 {
                let [child] = element.children.as_slice() else {
                    return None;
                };
                element = child;
            }
            if element.name != *name {
                return None;
            }
        }
        element.children.is_empty().then_some(element.text.as_str())
    }
}

/// The element of a tag: a name, and a name space at the most.
fn opened(tag: &str) -> Option<Element> {
    let tag = tag.trim_end();
    let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
    let is_namespace = attributes.is_empty() || attributes.trim_start().starts_with("xmlns=\"");
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
    (is_name && is_namespace).then(|| Element {
        name: name.to_owned(),
        ..Element::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_whole() {
        let text = b"<?xml version=\"1.0\"?>\n<A xmlns=\"urn:x\"><B>1 &amp; 2</B>\n<C/><D><E></E></D></A>";
        let read = Element::read(text).unwrap();
        let [b, c, d, missing] = read.holds(["B", "C", "D", "F?"]).unwrap();
        assert_eq!((b.unwrap().text.as_str(), c.unwrap().text.as_str()), ("1 & 2", ""));
        assert_eq!((d.unwrap().only(&["D", "E"]), missing), (Some(""), None));
        for names in [["B", "C"], ["C", "B"], ["B", "D"]] {
            assert_eq!(read.holds(names), None, "{names:?}");
        }
    }

    #[test]
    fn what_is_no_such_document_is_refused() {
        for text in [
            "",
            "text",
            "<A>",
            "<A></B>",
            "<A></A><A></A>",
            "<A></A>x",
            "x<A></A>",
            "<A b=\"1\"></A>",
            "<A>x<B></B></A>",
            "<A>&x;</A>",
            "<!-- --><A></A>",
            "<A><B></A></B>",
        ] {
            assert_eq!(Element::read(text.as_bytes()), None, "{text}");
        }
    }
}
