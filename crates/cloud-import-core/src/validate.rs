//! Checks an order against what a cloud can do: every problem at once, before any I/O.
//!
//! An error only where the sources agree; where they contradict each other or nothing settles it, a warning.

use std::fmt;

use serde::Serialize;

use crate::{
    Capabilities, DiskSource, ImageKind, ImportRequest, OsMatch, PartitionTable, Provider,
    capabilities::{Alphabet, Fact, Field, First, Limit, Rule},
};

/// Something in an order that a cloud will or may refuse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Whether the order is refused for it.
    pub severity: Severity,
    /// The cloud.
    pub provider: Provider,
    /// The field of the order.
    pub field: String,
    /// What is wrong with it, naming the rule.
    pub message: String,
    /// Where the rule was read; empty for rules of this crate.
    pub source: String,
    /// What the user does.
    pub remedy: String,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// The order is refused.
    Error,
    /// The order is sent; the cloud may refuse it.
    Warning,
}

impl Problem {
    /// An error.
    pub fn error(provider: Provider, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            provider,
            field: field.into(),
            message: message.into(),
            source: String::new(),
            remedy: String::new(),
        }
    }

    /// A warning.
    pub fn warning(provider: Provider, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(provider, field, message)
        }
    }

    /// Names where the rule was read.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    /// Says what the user does.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// Whether the order is refused for it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.provider.name(), self.field, self.message)?;
        // The first source is enough to look the rule up; all of them are in the field.
        if let Some(first) = self.source.split("; ").next().filter(|first| !first.is_empty()) {
            write!(f, " [{first}]")?;
        }
        if !self.remedy.is_empty() {
            write!(f, ". {}", self.remedy)?;
        }
        Ok(())
    }
}

/// Every problem that an order has with a cloud's capabilities and limits.
pub fn check(request: &ImportRequest, cloud: &Capabilities) -> Vec<Problem> {
    let mut found = Findings {
        cloud,
        problems: Vec::new(),
    };
    found.disks(request);
    found.system(request);
    found.options(request);
    found.limits(request);
    found.problems
}

/// A warning when the system disk's size is not known and the cloud must be told one: the smallest is asked for.
pub fn size_is_guessed(request: &ImportRequest, cloud: &Capabilities) -> Option<Problem> {
    let disk = request.first_disk()?;
    if disk.wanted_gib().is_some() {
        return None;
    }
    let size = cloud.system_disk_gib(disk)?;
    Some(
        Problem::warning(
            cloud.provider,
            "disks[0].size_gib",
            format!("is not given and the disk's virtual size is not known: {size} GiB are asked for, and the import fails if the disk is larger"),
        )
        .remedy("Give the size."),
    )
}

/// A warning when the first disk has a GUID partition table, for a cloud whose `guide` to imports asks for MBR.
pub fn gpt_problem(request: &ImportRequest, provider: Provider, guide: &str, remedy: &str) -> Option<Problem> {
    let table = request.first_disk()?.partition_table?;
    (table == PartitionTable::Gpt).then(|| {
        let message = "is GPT, and the vendor's guide asks for MBR: the import may fail, or its guest not boot";
        Problem::warning(provider, "disks[0].partition_table", message)
            .source(guide)
            .remedy(remedy)
    })
}

/// A warning or an error about an operating system that is not exactly what the cloud has.
pub fn os_problem<T>(provider: Provider, asked: &str, found: &OsMatch<T>) -> Option<Problem> {
    match found {
        OsMatch::Exact(_) => None,
        OsMatch::Nearest { changed, .. } => Some(
            Problem::warning(provider, "os", format!("`{asked}`: {changed}"))
                .remedy("To send another text, give this cloud's own."),
        ),
        OsMatch::Unknown { available } => Some(
            Problem::error(provider, "os", format!("`{asked}` is not one that this cloud lists")).remedy(format!(
                "Use one of: {}; or give this cloud's own text.",
                available.join(", ")
            )),
        ),
    }
}

struct Findings<'a> {
    cloud: &'a Capabilities,
    problems: Vec<Problem>,
}

impl Findings<'_> {
    fn error(&mut self, field: &str, message: String, source: &str, remedy: String) {
        self.problems.push(
            Problem::error(self.cloud.provider, field, message)
                .source(source)
                .remedy(remedy),
        );
    }

    /// A value that must be in a list; a warning where the list is not settled.
    fn listed<T: Copy + PartialEq + fmt::Display>(&mut self, field: &str, value: T, list: &Fact<&'static [T]>) {
        if list.value.contains(&value) {
            return;
        }
        let names: Vec<String> = list.value.iter().map(ToString::to_string).collect();
        let message = format!("`{value}` is not one that this cloud takes");
        let remedy = if names.is_empty() {
            "Leave it out for this cloud.".to_owned()
        } else {
            format!("Use one of: {}.", names.join(", "))
        };
        let problem = if list.verified {
            Problem::error(self.cloud.provider, field, message)
        } else {
            Problem::warning(self.cloud.provider, field, message)
        };
        self.problems.push(problem.source(list.source).remedy(remedy));
    }

    fn disks(&mut self, request: &ImportRequest) {
        if request.disks.is_empty() {
            self.error("disks", "are missing".into(), "", "Name at least one disk.".into());
        }
        for (index, disk) in request.disks.iter().enumerate() {
            let field = |part: &str| format!("disks[{index}].{part}");
            let forms = self.cloud.sources;
            if !forms.value.contains(&disk.source.form()) {
                let (has, wants) = match disk.source {
                    DiskSource::Url(_) => (
                        "a link",
                        "Name the object as BUCKET:KEY in this cloud's object storage.",
                    ),
                    DiskSource::Object { .. } => (
                        "bucket and key",
                        "Give a link that this cloud can open (signed for at least a day if the bucket is private).",
                    ),
                };
                self.error(
                    &field("source"),
                    format!("is {has}, which this cloud's import does not take"),
                    forms.source,
                    wants.into(),
                );
            }
            if let DiskSource::Url(link) = &disk.source
                && !["http://", "https://"]
                    .iter()
                    .any(|scheme| link.expose().starts_with(scheme))
            {
                self.error(
                    &field("source"),
                    "is no http or https link".into(),
                    "",
                    "Give the whole link.".into(),
                );
            }
            if let DiskSource::Object { bucket, key } = &disk.source
                && (bucket.is_empty() || key.is_empty())
            {
                self.error(
                    &field("source"),
                    "has an empty bucket or key".into(),
                    "",
                    "Write BUCKET:KEY.".into(),
                );
            }
            if let Some(format) = disk.format {
                let formats = self.cloud.formats;
                self.listed(&field("format"), format, &formats);
            }
            if let (Some(size), Some(bytes)) = (disk.size_gib, disk.virtual_size_bytes)
                && u64::from(size) << 30 < bytes
            {
                self.error(
                    &field("size_gib"),
                    format!(
                        "is {size}, but the disk in the file has {} GiB",
                        bytes.div_ceil(1 << 30)
                    ),
                    "",
                    format!("Ask for at least {} GiB.", bytes.div_ceil(1 << 30)),
                );
            }
        }
        let (most, data_disks) = (self.cloud.max_data_disks, request.data_disks().len());
        if data_disks > usize::try_from(most.value).unwrap_or(usize::MAX) {
            let message = format!("has {data_disks} data disks, this cloud takes {}", most.value);
            let remedy = "Import the data disks as images of their own, or leave them out.";
            if most.verified || most.value == 0 {
                self.error("disks", message, most.source, remedy.into());
            } else {
                self.problems.push(
                    Problem::warning(self.cloud.provider, "disks", message)
                        .source(most.source)
                        .remedy(remedy),
                );
            }
        }
        if request.kind == ImageKind::Data {
            if !self.cloud.data_image.value {
                let source = self.cloud.data_image.source;
                self.error(
                    "kind",
                    "is a data image, which this cloud cannot import".into(),
                    source,
                    "Import the disk beside a system disk.".into(),
                );
            } else if data_disks > 0 {
                self.error(
                    "disks",
                    "has more than the one disk of a data image".into(),
                    "",
                    "Import each data disk by itself.".into(),
                );
            }
        }
    }

    fn system(&mut self, request: &ImportRequest) {
        if request.kind == ImageKind::System && request.os.is_none() {
            self.error(
                "os",
                "is missing".into(),
                "",
                "Name the guest's system, such as \"CentOS 7.9\".".into(),
            );
        }
        let cloud = *self.cloud;
        self.listed("architecture", request.architecture, &cloud.architectures);
        if let Some(boot_mode) = request.boot_mode {
            self.listed("boot_mode", boot_mode, &cloud.boot_modes);
        }
        if let Some(license_type) = request.license_type {
            self.listed("license_type", license_type, &cloud.license_types);
        }
    }

    fn options(&mut self, request: &ImportRequest) {
        let cloud = *self.cloud;
        let asked = [
            (
                "tags",
                !request.tags.is_empty(),
                cloud.tags,
                "Leave tags out for this cloud and set them on the image afterwards.",
            ),
            (
                "description",
                request.description.is_some(),
                cloud.description,
                "Leave the description out for this cloud.",
            ),
            (
                "dry_run",
                request.dry_run,
                cloud.dry_run,
                "Leave it out: the order is checked against what this cloud documents in any case.",
            ),
            (
                "skip_guest_check",
                request.skip_guest_check,
                cloud.skip_guest_check,
                "Leave it out: this cloud has no such switch.",
            ),
            (
                "nvme",
                request.nvme,
                cloud.nvme,
                "Leave it out for this cloud: its images do not say so.",
            ),
            (
                "imds_v2",
                request.imds_v2,
                cloud.imds_v2,
                "Leave it out for this cloud, and set it when instances are made of the image, where that is possible.",
            ),
        ];
        for (field, asked, can, remedy) in asked {
            if asked && !can.value {
                self.error(
                    field,
                    "cannot be set with this cloud's import".into(),
                    can.source,
                    remedy.into(),
                );
            }
        }
        if request.project.is_some() && cloud.project.value.is_empty() {
            self.error(
                "project",
                "cannot be set with this cloud's import".into(),
                cloud.project.source,
                "Leave it out for this cloud.".into(),
            );
        }
    }

    fn limits(&mut self, request: &ImportRequest) {
        let limits = self.cloud.limits;
        for limit in limits {
            match limit.field {
                Field::Name => self.text("name", &request.name, limit),
                Field::Description => {
                    if let Some(description) = &request.description {
                        self.text("description", description, limit);
                    }
                }
                Field::TagKey => request
                    .tags
                    .keys()
                    .for_each(|key| self.text(&format!("tags[{key}]"), key, limit)),
                Field::TagValue => request
                    .tags
                    .iter()
                    .for_each(|(key, value)| self.text(&format!("tags[{key}]"), value, limit)),
                Field::Tags => self.number("tags", u64::try_from(request.tags.len()).unwrap_or(u64::MAX), limit),
                Field::SystemDiskGib if request.kind == ImageKind::System => {
                    // What is checked is what would be asked for; a size that nobody knows is not.
                    let disk = request.first_disk().filter(|disk| disk.wanted_gib().is_some());
                    if let Some(size) = disk.and_then(|disk| self.cloud.system_disk_gib(disk)) {
                        self.number("disks[0].size_gib", size.into(), limit);
                    }
                }
                Field::DataDiskGib => {
                    let skipped = usize::from(request.kind == ImageKind::System);
                    for (index, disk) in request.disks.iter().enumerate().skip(skipped) {
                        if let Some(size) = disk.wanted_gib() {
                            self.number(&format!("disks[{index}].size_gib"), size.into(), limit);
                        }
                    }
                }
                Field::SourceKey => {
                    for (index, disk) in request.disks.iter().enumerate() {
                        if let DiskSource::Object { key, .. } = &disk.source {
                            self.text(&format!("disks[{index}].source"), key, limit);
                        }
                    }
                }
                // The token is made here and fits every cloud; a size of a data image is a data disk's.
                Field::ClientToken | Field::SystemDiskGib => {}
            }
        }
    }

    fn text(&mut self, field: &str, text: &str, limit: &Limit) {
        match limit.rule {
            Rule::Chars { min, max } => {
                let chars = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
                if chars < min || chars > max {
                    self.broken(
                        field,
                        format!("has {chars} characters, allowed are {min} to {max}"),
                        limit,
                    );
                }
            }
            Rule::Alphabet(alphabet) => {
                if let Some(message) = alphabet.refuses(text) {
                    self.broken(field, message, limit);
                }
            }
            Rule::Range { .. } | Rule::Count { .. } => {}
        }
    }

    fn number(&mut self, field: &str, number: u64, limit: &Limit) {
        match limit.rule {
            Rule::Range { min, max, multiple_of } => {
                if number < min.into() || number > max.into() {
                    self.broken(field, format!("is {number}, allowed are {min} to {max}"), limit);
                } else if multiple_of > 1 && !number.is_multiple_of(u64::from(multiple_of)) {
                    self.broken(
                        field,
                        format!("is {number}, which is no multiple of {multiple_of}"),
                        limit,
                    );
                }
            }
            Rule::Count { max } if number > max.into() => {
                self.broken(field, format!("has {number} entries, allowed are {max}"), limit);
            }
            Rule::Count { .. } | Rule::Chars { .. } | Rule::Alphabet(_) => {}
        }
    }

    fn broken(&mut self, field: &str, message: String, limit: &Limit) {
        let severity = if limit.agreed {
            Severity::Error
        } else {
            Severity::Warning
        };
        let remedy = match (limit.field, limit.rule) {
            (Field::SystemDiskGib | Field::DataDiskGib, Rule::Range { min, max, .. }) => {
                format!("Ask for {min} to {max} GiB; a larger disk must be shrunk in the file first")
            }
            _ => format!("Change the {}", limit.field.as_str()),
        };
        let remedy = if limit.note.is_empty() {
            format!("{remedy}.")
        } else {
            format!("{remedy} ({}).", limit.note)
        };
        self.problems.push(Problem {
            severity,
            ..Problem::error(self.cloud.provider, field, message)
                .source(limit.source)
                .remedy(remedy)
        });
    }
}

impl Alphabet {
    /// Why a text is refused, if it is.
    fn refuses(&self, text: &str) -> Option<String> {
        let allowed = |c: char| {
            (self.letters && c.is_ascii_alphabetic())
                || (self.digits && c.is_ascii_digit())
                || (self.han && is_han(c))
                || self.also.contains(c)
        };
        if self.letters
            && let Some(bad) = text.chars().find(|c| !allowed(*c))
        {
            return Some(format!("has the character {bad:?}, allowed are {self}"));
        }
        let ends = |is_bad: fn(char) -> bool| text.chars().next().is_some_and(is_bad);
        let first_is_bad = match self.first {
            First::Any => false,
            First::Letter => ends(|c| !c.is_ascii_alphabetic()),
            First::LetterOrHan => ends(|c| !c.is_ascii_alphabetic() && !is_han(c)),
            First::NotSpace => text.trim() != text,
        };
        if first_is_bad {
            return Some(match self.first {
                First::NotSpace => "begins or ends with a blank".to_owned(),
                First::Letter => "does not begin with a letter".to_owned(),
                First::Any | First::LetterOrHan => "does not begin with a letter or a Chinese character".to_owned(),
            });
        }
        let lower = text.to_lowercase();
        if let Some(prefix) = self.not_prefix.iter().find(|prefix| lower.starts_with(**prefix)) {
            return Some(format!("begins with `{prefix}`"));
        }
        let part = self.not_containing.iter().find(|part| lower.contains(**part))?;
        Some(format!("contains `{}`", part.escape_debug()))
    }
}

impl fmt::Display for Alphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.letters.then(|| "letters".to_owned()),
            self.digits.then(|| "digits".to_owned()),
            self.han.then(|| "Chinese characters".to_owned()),
            (!self.also.is_empty()).then(|| format!("`{}`", self.also)),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

fn is_han(c: char) -> bool {
    matches!(u32::from(c), 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x323af)
}
