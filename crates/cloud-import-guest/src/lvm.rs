//! Logical volumes of LVM2 that are one or several straight runs of one physical volume. Striped, mirrored, thin and cached ones are not
//! read, nor are those that reach onto another disk.
//!
//! The metadata is text, in a ring of bytes that the header of the physical volume points to.

use crate::{
    bytes::{has, le32, le64},
    source::{NotRead, Part},
};

/// The longest metadata that is read; LVM's own area is 1 MiB.
const LONGEST: u64 = 4 << 20;
/// The most volumes, and segments of one.
const MOST: usize = 256;

/// A logical volume.
#[derive(Debug)]
pub(crate) struct Logical {
    /// `VG/LV`.
    pub(crate) name: String,
    pub(crate) part: Result<Part, NotRead>,
}

/// The logical volumes in a physical one, in the order of the metadata.
pub(crate) fn volumes(part: &Part) -> Result<Vec<Logical>, NotRead> {
    let text = metadata(part)?;
    let root = Section::parse(&text).ok_or_else(|| NotRead::new("the metadata of LVM cannot be understood"))?;
    let (group_name, group) = root
        .sections
        .first()
        .ok_or_else(|| NotRead::new("the metadata of LVM names no group"))?;
    let extent = group.number("extent_size").unwrap_or(0).saturating_mul(512);
    let physical: Vec<&(String, Section)> = group
        .section("physical_volumes")
        .map_or(Vec::new(), |all| all.sections.iter().collect());
    // The one that is here is known by being the only one: its own id is not compared.
    let here = match physical.as_slice() {
        [(name, one)] => Some((name.as_str(), one.number("pe_start").unwrap_or(0).saturating_mul(512))),
        _ => None,
    };
    let logical = group
        .section("logical_volumes")
        .map(|all| all.sections.as_slice())
        .unwrap_or_default();
    let volumes = logical.iter().take(MOST).map(|(name, volume)| Logical {
        name: format!("{group_name}/{name}"),
        part: match here {
            Some(here) => place(part, volume, extent, here),
            None => Err(NotRead::new("its volume group lies on several disks")),
        },
    });
    Ok(volumes.collect())
}

fn place(part: &Part, volume: &Section, extent: u64, (here, start): (&str, u64)) -> Result<Part, NotRead> {
    let mut segments: Vec<&Section> = volume
        .sections
        .iter()
        .filter(|(name, _)| name.starts_with("segment"))
        .map(|(_, own)| own)
        .collect();
    segments.sort_by_key(|segment| segment.number("start_extent"));
    let (mut runs, mut end) = (Vec::new(), 0);
    for segment in segments.iter().take(MOST) {
        let kind = segment.text("type").unwrap_or_default();
        if kind != "striped" || segment.number("stripe_count") != Some(1) {
            return Err(NotRead::new("only linear logical volumes are read, and it is none"));
        }
        let (count, stripe) = (segment.number("extent_count").unwrap_or(0), segment.list("stripes"));
        let [device, first] = stripe else {
            return Err(NotRead::new("a segment of it is nowhere"));
        };
        if device != here {
            return Err(NotRead::new("it reaches onto another disk"));
        }
        // Segments without a gap, or what is behind one would stand at a wrong place.
        if segment.number("start_extent") != Some(end) {
            return Err(NotRead::new("its segments have a gap"));
        }
        end = end.saturating_add(count);
        let first: u64 = first.parse().unwrap_or(u64::MAX);
        let at = first.checked_mul(extent).and_then(|at| at.checked_add(start));
        let run = at.and_then(|at| part.cut(at, count.checked_mul(extent)?));
        runs.push(run.ok_or_else(|| NotRead::new("it reaches behind its physical volume"))?);
    }
    Part::join(&runs)
        .filter(|part| part.len() > 0)
        .ok_or_else(|| NotRead::new("it has no segments"))
}

/// The text that is in force.
fn metadata(part: &Part) -> Result<String, NotRead> {
    let labels = part.bytes(0, part.len().min(2048) as usize)?;
    let label = [0, 512, 1024, 1536]
        .into_iter()
        .find(|at| has(&labels, *at, b"LABELONE"));
    let label = label.ok_or_else(|| NotRead::new("the label of LVM is not there"))?;
    let header = label + le32(&labels, label + 20).min(4096) as usize;
    // Behind the id and the size: pairs of place and length for the data, an empty one, then those of the metadata.
    let mut at = header + 40;
    let pair = |at: usize| (le64(&labels, at), le64(&labels, at + 8));
    while pair(at).0 != 0 && at + 16 < labels.len() {
        at += 16;
    }
    let (area, size) = pair(at + 16);
    if area == 0 || size < 512 {
        return Err(NotRead::new("the physical volume has no metadata of its own"));
    }
    let head = part.bytes(area, 512)?;
    if !has(&head, 4, b" LVM2 x[5A%r0N*>") {
        return Err(NotRead::new("the metadata of LVM has no mark"));
    }
    let (offset, len) = (le64(&head, 40), le64(&head, 48));
    if offset < 512 || offset >= size || len > LONGEST || len > size {
        return Err(NotRead::new("the metadata of LVM is nowhere"));
    }
    // It goes on at the beginning of the ring, behind the header.
    let straight = len.min(size - offset);
    let at = area
        .checked_add(offset)
        .ok_or_else(|| NotRead::new("the metadata of LVM is nowhere"))?;
    let mut bytes = part.bytes(at, straight as usize)?;
    bytes.extend(part.bytes(area + 512, (len - straight) as usize)?);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A section of the metadata: `name { key = value … name { … } }`.
#[derive(Debug, Default, PartialEq)]
struct Section {
    /// Values as the words that they consist of, texts without their quotes.
    values: Vec<(String, Vec<String>)>,
    sections: Vec<(String, Section)>,
}

impl Section {
    fn parse(text: &str) -> Option<Self> {
        let words = words(text);
        let mut words = words.iter().map(String::as_str).peekable();
        let mut open = vec![(String::new(), Self::default())];
        while let Some(word) = words.next() {
            match (word, words.peek().copied()) {
                ("}", _) => {
                    let closed = open.pop()?;
                    open.last_mut()?.1.sections.push(closed);
                }
                (name, Some("{")) => {
                    words.next();
                    // It is eight deep at most.
                    if open.len() > 16 {
                        return None;
                    }
                    open.push((name.to_owned(), Self::default()));
                }
                (key, Some("=")) => {
                    words.next();
                    let mut value = Vec::new();
                    match words.next()? {
                        "[" => value.extend(
                            words
                                .by_ref()
                                .take_while(|word| *word != "]")
                                .filter(|word| *word != ",")
                                .map(str::to_owned),
                        ),
                        word => value.push(word.to_owned()),
                    }
                    open.last_mut()?.1.values.push((key.to_owned(), value));
                }
                _ => return None,
            }
        }
        let (_, root) = open.pop()?;
        open.is_empty().then_some(root)
    }

    fn section(&self, name: &str) -> Option<&Self> {
        self.sections
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, section)| section)
    }

    fn list(&self, key: &str) -> &[String] {
        self.values
            .iter()
            .find(|(own, _)| own == key)
            .map(|(_, value)| value.as_slice())
            .unwrap_or_default()
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.list(key).first().map(String::as_str)
    }

    fn number(&self, key: &str) -> Option<u64> {
        self.text(key)?.parse().ok()
    }
}

/// The words of the metadata, without comments; quotes are taken off.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\0' => break,
            '#' => drop(chars.by_ref().find(|c| *c == '\n')),
            '"' => {
                let mut word = String::new();
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    word.extend(if c == '\\' { chars.next() } else { Some(c) });
                }
                words.push(word);
            }
            '{' | '}' | '[' | ']' | '=' | ',' => words.push(c.to_string()),
            c if c.is_whitespace() => {}
            c => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !"{}[]=,\"#".contains(*c)) {
                    word.push(c);
                }
                words.push(word);
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read_as_lvm_writes_it() {
        let text = "vg {\nid = \"a-b\"\nextent_size = 8192\t\t# 4 Megabytes\nflags = []\ndescription = \"a \\\"b\\\" { # }\"\nlogical_volumes {\nroot {\nsegment1 {\nstripes = [\n\"pv0\", 25\n]\n}\n}\n}\n}\n# Generated\ncontents = \"Text\"\n\0\0";
        let root = Section::parse(text).unwrap();
        assert_eq!(root.text("contents"), Some("Text"));
        let group = root.section("vg").unwrap();
        assert_eq!(group.number("extent_size"), Some(8192));
        assert_eq!(group.text("description"), Some("a \"b\" { # }"));
        assert!(group.list("flags").is_empty());
        let segment = group
            .section("logical_volumes")
            .and_then(|all| all.section("root")?.section("segment1"));
        assert_eq!(segment.unwrap().list("stripes"), ["pv0", "25"]);
        for broken in ["vg {", "}", "a = ", "a b", &"a {".repeat(100)] {
            assert_eq!(Section::parse(broken), None, "{broken}");
        }
    }
}
