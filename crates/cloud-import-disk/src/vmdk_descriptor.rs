//! The text that describes a VMware disk: settings and the list of extents. Lines that are not understood are skipped, as
//! VMware's own tools do.

/// The most bytes of a descriptor that are read: some two thousand extents.
pub(crate) const MAX_LEN: usize = 160 * 1024;

/// What the text says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Descriptor {
    pub(crate) create_type: Option<String>,
    pub(crate) parent: Option<String>,
    pub(crate) encrypted: bool,
    pub(crate) extents: Vec<Extent>,
}

/// One line of the list of extents.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) sectors: u64,
    pub(crate) kind: String,
    /// Absent for an extent of zeros.
    pub(crate) file: Option<String>,
}

pub(crate) fn parse(bytes: &[u8]) -> Descriptor {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let text = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut out = Descriptor::default();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(extent) = extent(line) {
            out.extents.push(extent);
        } else if let Some((key, value)) = line.split_once('=') {
            let value = value.trim().trim_matches('"');
            match key.trim().to_ascii_lowercase().as_str() {
                "createtype" => out.create_type = Some(value.to_owned()),
                "parentfilenamehint" if !value.is_empty() => out.parent = Some(value.to_owned()),
                key if key.starts_with("encryption.") => out.encrypted = true,
                _ => {}
            }
        }
    }
    out
}

/// `RW 4192256 SPARSE "disk-s001.vmdk"`, with an offset behind the name for flat files.
fn extent(line: &str) -> Option<Extent> {
    let (access, rest) = line.split_once(char::is_whitespace)?;
    if !matches!(access, "RW" | "RDONLY" | "NOACCESS") {
        return None;
    }
    let (sectors, rest) = rest.trim_start().split_once(char::is_whitespace)?;
    let rest = rest.trim();
    let (kind, name) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let file = name
        .trim_start()
        .strip_prefix('"')
        .and_then(|name| name.split_once('"'))
        .map(|(name, _)| name.to_owned());
    Some(Extent {
        sectors: sectors.parse().ok()?,
        kind: kind.to_owned(),
        file,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_of_all_shapes() {
        let text = b"# Disk DescriptorFile\nversion=1\nCID=1\ncreateType = \"custom\"\n\
            RW 100 FLAT \"a b.vmdk\" 0\nRDONLY 7 SPARSE \"c.vmdk\"\nRW 3 ZERO\nRW x FLAT \"no\"\nparentFileNameHint=\"p\"\n\0junk";
        let found = parse(text);
        assert_eq!(found.create_type.as_deref(), Some("custom"));
        assert_eq!(found.parent.as_deref(), Some("p"));
        let seen: Vec<_> = found
            .extents
            .iter()
            .map(|e| (e.sectors, e.kind.as_str(), e.file.as_deref()))
            .collect();
        assert_eq!(
            seen,
            [
                (100, "FLAT", Some("a b.vmdk")),
                (7, "SPARSE", Some("c.vmdk")),
                (3, "ZERO", None)
            ]
        );
    }
}
