//! Links and anchors of Markdown and HTML, as far as pages of our own need them. Nothing is fetched, and no file is read here.

use std::collections::BTreeSet;

/// What a page links to, and what of it can be linked to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// As they stand in the page.
    pub(crate) links: Vec<String>,
    /// The names behind `#`.
    pub(crate) anchors: BTreeSet<String>,
}

/// Of a page of HTML: attributes `href`, `src` and `id`, in the form in which the book's renderer writes them.
pub(crate) fn of_html(text: &str) -> Page {
    let mut page = Page::default();
    for attribute in ["href", "src"] {
        page.links.extend(values(text, attribute).map(unescaped));
    }
    page.anchors.extend(values(text, "id").map(unescaped));
    page
}

/// The values of an attribute.
fn values<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(" ")
        .flat_map(|word| word.split(['\n', '\t']))
        .filter_map(move |word| {
            let value = word.strip_prefix(name)?.strip_prefix("=\"")?;
            Some(value.split_once('"').map_or(value, |(value, _)| value))
        })
}

fn unescaped(value: &str) -> String {
    value
        .replace("&amp;", "&")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
}

/// Of a page of Markdown: inline links, pictures and definitions, outside of code and comments; headings, named as GitHub names them.
pub(crate) fn of_markdown(text: &str) -> Page {
    let mut page = Page::default();
    let (mut fence, mut is_comment) = (None, false);
    for line in text.lines() {
        let trimmed = line.trim_start();
        // Comments begin lines of their own.
        is_comment |= fence.is_none() && trimmed.starts_with("<!--");
        if is_comment {
            is_comment = !line.contains("-->");
            continue;
        }
        let marks = trimmed.len() - trimmed.trim_start_matches('`').len();
        match fence {
            Some(open) if marks >= open && trimmed.trim_end().len() == marks => fence = None,
            Some(_) => {}
            None if marks >= 3 => fence = Some(marks),
            None => of_line(line, &mut page),
        }
    }
    page
}

fn of_line(line: &str, page: &mut Page) {
    if let Some(title) = heading(line) {
        let slug = slug(title);
        let numbered = (1..).map(|number| format!("{slug}-{number}"));
        let mut free = std::iter::once(slug.clone())
            .chain(numbered)
            .filter(|slug| !page.anchors.contains(slug));
        page.anchors.extend(free.next());
    }
    // What stands between backticks is no link.
    let pieces = line.split('`').enumerate();
    let plain: String = pieces
        .map(|(at, piece)| if at % 2 == 0 { piece } else { "x" })
        .collect();
    for rest in plain.split("](").skip(1) {
        let target = rest.split([')', ' ']).next().unwrap_or_default();
        page.links.push(target.to_owned());
    }
    let defined = plain.strip_prefix('[').and_then(|rest| rest.split_once("]: "));
    if let Some((_, target)) = defined.filter(|(name, _)| !name.contains(']')) {
        page.links.push(target.split(' ').next().unwrap_or_default().to_owned());
    }
    let html = of_html(&plain);
    page.links.extend(html.links);
    page.anchors.extend(html.anchors);
}

fn heading(line: &str) -> Option<&str> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    (1..=6).contains(&level).then(|| title.strip_prefix(' ')).flatten()
}

/// The anchor of a heading.
fn slug(title: &str) -> String {
    // Of a link in it, the text counts.
    let mut plain = String::new();
    let mut rest = title.trim();
    while let Some((before, (_, after))) = rest
        .split_once("](")
        .and_then(|(before, behind)| Some((before, behind.split_once(')')?)))
    {
        plain.push_str(before);
        rest = after;
    }
    plain.push_str(rest);
    let kept = plain.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c if c.is_alphanumeric() => Some(c),
        _ => None,
    });
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(links: &[&str], anchors: &[&str]) -> Page {
        Page {
            links: links.iter().map(|link| (*link).to_owned()).collect(),
            anchors: anchors.iter().map(|anchor| (*anchor).to_owned()).collect(),
        }
    }

    #[test]
    fn markdown_is_read_outside_of_code() {
        let text = "# A `title`, [of](x.md) two\n## Twice\n## Twice\n[one](a.md#b) and ![two](c.svg)\n`[no](d.md)`\n\
                    ```sh\n# no heading\n[no](e.md)\n```\n[three]: f.md\n<!-- [no](h.md)\n[no](i.md) -->\n<img alt=\"\" src=\"g.png\">\n";
        let expected = page(
            &["x.md", "a.md#b", "c.svg", "f.md", "g.png"],
            &["a-title-of-two", "twice", "twice-1"],
        );
        assert_eq!(of_markdown(text), expected);
    }

    #[test]
    fn html_is_read_by_its_attributes() {
        let text = "<h2 id=\"a\"><a class=\"header\" href=\"#a\">A</a></h2><a href=\"b.html?x&amp;y\">B</a><img src=\"c.svg\">";
        assert_eq!(of_html(text), page(&["#a", "b.html?x&y", "c.svg"], &["a"]));
    }
}
