//! The INI dialect that vendors' credential files share: sections, `name = value`, comments on lines of their own and, behind a
//! blank, at the end of others.
//!
//! No interpolation and no continued lines: what stands behind the sign is the value, without blanks or a pair of quotes around it.

use super::{ProfileError, profile::checked};

/// A file's sections in their order.
#[expect(missing_debug_implementations, reason = "it holds bare secrets")]
pub struct Ini<'a> {
    sections: Vec<Section<'a>>,
}

/// One section.
#[expect(missing_debug_implementations, reason = "it holds bare secrets")]
pub struct Section<'a> {
    /// Its name.
    pub name: &'a str,
    entries: Vec<(&'a str, &'a str)>,
}

impl<'a> Ini<'a> {
    /// Reads a file.
    ///
    /// # Errors
    /// The number of a line that is none of section, entry, comment or blank; an entry before the first section; a section
    /// or an entry that comes twice.
    pub fn parse(text: &'a str) -> Result<Self, ProfileError> {
        let mut sections: Vec<Section<'a>> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = without_comment(line);
            let at = |problem: &str| ProfileError::new(format!("line {}: {problem}", number + 1));
            if line.is_empty() {
                continue;
            }
            if let Some(rest) = line.strip_prefix('[') {
                let name = rest
                    .strip_suffix(']')
                    .ok_or_else(|| at("the section has no `]`"))?
                    .trim();
                if sections.iter().any(|section| section.name == name) {
                    return Err(at(&format!("section `{name}` appears twice")));
                }
                sections.push(Section {
                    name,
                    entries: Vec::new(),
                });
                continue;
            }
            let sign = line.find('=').or_else(|| line.find(':'));
            let (name, value) = match sign {
                Some(sign) => (line[..sign].trim(), unquoted(line[sign + 1..].trim())),
                None => return Err(at("neither a section nor `name = value`")),
            };
            let section = sections
                .last_mut()
                .ok_or_else(|| at("an entry before the first section"))?;
            if section.entries.iter().any(|(there, _)| *there == name) {
                return Err(at(&format!("`{name}` appears twice")).in_profile(section.name));
            }
            section.entries.push((name, value));
        }
        Ok(Self { sections })
    }

    /// The section of that name.
    pub fn section(&self, name: &str) -> Option<&Section<'a>> {
        self.sections.iter().find(|section| section.name == name)
    }
}

/// A line without what stands behind `#` or `;`, where one of them begins the line or has a blank before it. No key has either.
fn without_comment(line: &str) -> &str {
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        if matches!(c, '#' | ';') && before.is_whitespace() {
            return line[..at].trim();
        }
        before = c;
    }
    line.trim()
}

fn unquoted(value: &str) -> &str {
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

impl Section<'_> {
    /// Whether this entry is there, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|(there, _)| *there == name)
    }

    /// The first of these entries that is there and not empty.
    ///
    /// # Errors
    /// When it has a control character in it.
    pub fn get(&self, names: &[&str]) -> Result<Option<String>, ProfileError> {
        for name in names {
            if let Some((name, value)) = self.entries.iter().find(|(there, _)| there == name)
                && let Some(value) = checked(name, value)?
            {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// As [`Self::get`], for an entry that must be there.
    ///
    /// # Errors
    /// As [`Self::get`], and when it is missing or empty.
    pub fn required(&self, names: &[&str]) -> Result<String, ProfileError> {
        self.get(names)?
            .ok_or_else(|| ProfileError::missing(names.first().copied().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_entries_and_comments() {
        let ini = Ini::parse("# c\n[default]\r\nkey = a=b\nempty =\n; c\n\n[ other ]\nkey: c\n")
            .map_err(|flaw| flaw.to_string());
        let ini = ini.unwrap();
        let default = ini.section("default").unwrap();
        assert_eq!(default.get(&["none", "empty", "key"]).unwrap().as_deref(), Some("a=b"));
        assert_eq!(
            default.required(&["empty"]).unwrap_err(),
            ProfileError::missing("empty")
        );
        assert_eq!(ini.section("other").unwrap().required(&["key"]).unwrap(), "c");
        assert!(ini.section("none").is_none());
    }

    #[test]
    fn comments_behind_and_quotes_around_are_not_part_of_a_value() {
        let text = "[default]   # the default\nkey = a#b;c\t; why\nnone = # nothing\nquoted = \"a b\"\nsingle='c'\n\
                    half = \"d\n";
        let ini = Ini::parse(text).map_err(|flaw| flaw.to_string()).unwrap();
        let section = ini.section("default").unwrap();
        for (name, value) in [
            ("key", Some("a#b;c")),
            ("none", None),
            ("quoted", Some("a b")),
            ("single", Some("c")),
            ("half", Some("\"d")),
        ] {
            assert_eq!(section.get(&[name]).unwrap().as_deref(), value, "{name}");
        }
        assert!(section.has("none") && !section.has("other"));
    }

    #[test]
    fn what_is_broken_is_named_by_line_and_not_shown() {
        for (text, line) in [
            ("s3cret", 1),
            ("key = s3cret", 1),
            ("[a\nk = s3cret", 1),
            ("[a]\ns3cret", 2),
            ("[a]\nk = s3cret\nk = s3cret", 3),
            ("[a]\n[a]", 2),
        ] {
            let flaw = Ini::parse(text).err().unwrap().to_string();
            assert!(
                flaw.contains(&format!("line {line}:")) && !flaw.contains("s3cret"),
                "{flaw}"
            );
        }
    }
}
