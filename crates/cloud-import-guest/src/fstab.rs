//! `/etc/fstab`, and the other ways in which a guest names a device.

/// A line of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) device: Name,
    pub(crate) at: String,
    pub(crate) kind: String,
    options: Vec<String>,
}

/// How a device is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name {
    Uuid(String),
    Label(String),
    PartUuid(String),
    PartLabel(String),
    /// A logical volume, as `VG/LV`.
    Lvm(String),
    /// A name that another machine gives to another disk, or to none.
    Fragile(String),
    /// Any other path, share or word.
    Other(String),
}

impl Name {
    pub(crate) fn of(text: &str) -> Self {
        let text = text.trim_matches(['"', '\'']);
        let word = |start: &str| {
            let rest = text.strip_prefix(start)?;
            Some(rest.trim_matches(['"', '\'']).to_owned())
        };
        let by = [
            ("UUID=", Self::Uuid as fn(String) -> Self),
            ("LABEL=", Self::Label),
            ("PARTUUID=", Self::PartUuid),
            ("PARTLABEL=", Self::PartLabel),
            ("/dev/disk/by-uuid/", Self::Uuid),
            ("/dev/disk/by-label/", Self::Label),
            ("/dev/disk/by-partuuid/", Self::PartUuid),
            ("/dev/disk/by-partlabel/", Self::PartLabel),
        ];
        if let Some(name) = by.into_iter().find_map(|(start, name)| word(start).map(name)) {
            return name;
        }
        if let Some(mapped) = text.strip_prefix("/dev/mapper/") {
            return mapped_name(mapped).map_or_else(|| Self::Other(text.to_owned()), Self::Lvm);
        }
        let fragile = [
            "/dev/sd",
            "/dev/hd",
            "/dev/xvd",
            "/dev/nvme",
            "/dev/mmcblk",
            "/dev/disk/by-id/",
            "/dev/disk/by-path/",
        ];
        if fragile.iter().any(|start| text.starts_with(start)) {
            return Self::Fragile(text.to_owned());
        }
        // What has a folder of its own below /dev is a logical volume, but for a few that are none.
        let inside = text.strip_prefix("/dev/").and_then(|rest| rest.split_once('/'));
        match inside {
            Some((group, volume))
                if !["disk", "md", "block", "loop", "zvol"].contains(&group) && !volume.contains('/') =>
            {
                Self::Lvm(format!("{group}/{volume}"))
            }
            _ => Self::Other(text.to_owned()),
        }
    }
}

/// `VG-LV`, where a dash in a name is written twice.
fn mapped_name(mapped: &str) -> Option<String> {
    let marked = mapped.replace("--", "\0");
    let (group, volume) = marked.split_once('-')?;
    // A volume of LUKS is mapped, too, and has no group.
    (group != "luks" && !group.is_empty() && !volume.is_empty()).then(|| format!("{group}/{volume}").replace('\0', "-"))
}

impl Line {
    pub(crate) fn is_option(&self, option: &str) -> bool {
        self.options.iter().any(|own| own == option)
    }

    /// The value of an option that has one.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        self.options
            .iter()
            .find_map(|own| own.strip_prefix(name)?.strip_prefix('='))
    }

    /// The start of the system waits for it.
    pub(crate) fn is_needed(&self) -> bool {
        !self.is_option("nofail") && !self.is_option("noauto")
    }
}

/// By which names the volumes of the disk can be found.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) uuids: Vec<String>,
    pub(crate) labels: Vec<String>,
    /// With the names of their partitions.
    pub(crate) partuuids: Vec<(String, String)>,
    pub(crate) volumes: Vec<String>,
    /// Some volume was not read, so that its names are not known.
    pub(crate) is_partial: bool,
}

impl Known {
    /// The partition that is named by its id.
    pub(crate) fn partition(&self, name: &Name) -> Option<&str> {
        let Name::PartUuid(name) = name else { return None };
        let found = self.partuuids.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, partition)| partition.as_str())
    }

    /// Whether the disk has what is named; `None` where that cannot be told.
    pub(crate) fn has(&self, name: &Name) -> Option<bool> {
        if let Name::PartUuid(_) = name {
            return self
                .partition(name)
                .map(|_| true)
                .or((!self.is_partial).then_some(false));
        }
        let (names, name) = match name {
            Name::Uuid(name) => (&self.uuids, name),
            Name::Label(name) => (&self.labels, name),
            Name::Lvm(name) => (&self.volumes, name),
            Name::PartUuid(_) | Name::PartLabel(_) | Name::Fragile(_) | Name::Other(_) => return None,
        };
        match names.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            true => Some(true),
            false => (!self.is_partial).then_some(false),
        }
    }
}

/// The lines that are in force.
pub(crate) fn parse(text: &str) -> Vec<Line> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let lines = lines.filter_map(|line| {
        let mut words = line.split_whitespace();
        Some(Line {
            device: Name::of(words.next()?),
            // A blank in a path is written as its number.
            at: words.next()?.replace("\\040", " "),
            kind: words.next()?.to_owned(),
            options: words.next().unwrap_or_default().split(',').map(str::to_owned).collect(),
        })
    });
    lines.take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_devices_are_told_apart() {
        let own = str::to_owned;
        for (text, name) in [
            ("UUID=\"a-b\"", Name::Uuid(own("a-b"))),
            ("/dev/disk/by-uuid/a", Name::Uuid(own("a"))),
            ("LABEL=root", Name::Label(own("root"))),
            ("PARTUUID=1-01", Name::PartUuid(own("1-01"))),
            ("/dev/mapper/vg--a-lv--b", Name::Lvm(own("vg-a/lv-b"))),
            ("/dev/centos/root", Name::Lvm(own("centos/root"))),
            ("/dev/mapper/luks-1-2", Name::Other(own("/dev/mapper/luks-1-2"))),
            ("/dev/sda1", Name::Fragile(own("/dev/sda1"))),
            ("/dev/disk/by-id/scsi-1", Name::Fragile(own("/dev/disk/by-id/scsi-1"))),
            ("/dev/vda1", Name::Other(own("/dev/vda1"))),
            ("server:/home", Name::Other(own("server:/home"))),
        ] {
            assert_eq!(Name::of(text), name, "{text}");
        }
    }

    #[test]
    fn lines_are_read_without_comments() {
        let lines = parse(
            "# /dev/sda1 / ext4\n\nUUID=a\t/\text4 defaults,nofail 0 1\nUUID=b /a\\040b btrfs subvol=/@home\nbroken\n",
        );
        assert_eq!(lines.len(), 2);
        assert!(!lines[0].is_needed() && lines[1].is_needed());
        assert_eq!(
            (lines[1].at.as_str(), lines[1].option("subvol")),
            ("/a b", Some("/@home"))
        );
    }
}
