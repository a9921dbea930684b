//! The life of an import, common to all clouds: queued, running, done, failed or cancelled, by the clock.
//!
//! Speaks no vendor's words: each cloud names the stages in its own answers.

use std::time::Duration;

use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{guest::GuestFault, publication::Publication};
use crate::{
    clock::Now,
    cloud::Cloud,
    objects::{Content, Disk, host},
    rules::Params,
    wire::link,
};

/// How an import will end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Succeed,
    Fail {
        code: String,
        reason: String,
    },
    /// It never ends.
    Stall,
}

impl Verdict {
    pub(crate) fn fail(code: &str, reason: impl Into<String>) -> Self {
        Verdict::Fail {
            code: code.to_owned(),
            reason: reason.into(),
        }
    }
}

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Queued,
    /// Percent done, 0 to 99.
    Running(u8),
    Succeeded,
    Failed,
    Canceled,
}

impl Stage {
    /// Neither done nor failed nor cancelled.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Stage::Queued | Stage::Running(_))
    }

    /// Percent done; a failed or cancelled import stands at 0.
    pub(crate) fn percent(self) -> u8 {
        match self {
            Stage::Running(percent) => percent,
            Stage::Succeeded => 100,
            Stage::Queued | Stage::Failed | Stage::Canceled => 0,
        }
    }
}

/// Where something stands that was accepted then and takes so long; a tenth of that is spent queued.
pub(super) fn stage_of(accepted: &Now, takes: Duration, verdict: &Verdict, now: &Now) -> Stage {
    let elapsed = now.instant.saturating_duration_since(accepted.instant);
    if elapsed >= takes && *verdict != Verdict::Stall {
        return match verdict {
            Verdict::Fail { .. } => Stage::Failed,
            _ => Stage::Succeeded,
        };
    }
    let queue = takes / 10;
    if elapsed < queue {
        return Stage::Queued;
    }
    let share = (elapsed - queue).as_secs_f64() / (takes - queue).as_secs_f64().max(1e-9);
    // The share is cut to 0..=99 first: the cast neither wraps nor loses more than the fraction.
    Stage::Running((share * 100.0).clamp(0.0, 99.0) as u8)
}

/// Where an image belongs: it is found only from here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    pub(crate) cloud: Cloud,
    pub(crate) region: String,
    /// Empty where a cloud has no projects.
    pub(crate) project: String,
}

impl Scope {
    pub(crate) fn new(cloud: Cloud, region: &str, project: &str) -> Self {
        Scope {
            cloud,
            region: region.to_owned(),
            project: project.to_owned(),
        }
    }

    pub(crate) fn holds(&self, import: &Import) -> bool {
        import.scope == *self
    }
}

/// The image that another is a copy of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) scope: Scope,
    pub(crate) image_id: String,
}

/// An import or a copy that a cloud accepted, and the image that it makes.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    pub(crate) scope: Scope,
    pub(crate) operation: String,
    pub(crate) image_id: String,
    /// Empty where a cloud has no tasks.
    pub(crate) task_id: String,
    pub(crate) name: String,
    pub(crate) tags: Vec<(String, String)>,
    /// The sources, links without their query.
    pub(crate) sources: Vec<String>,
    /// The image that it is a copy of; `None` for an import.
    pub(crate) copied_from: Option<Origin>,
    /// What the first source told, if it is stored here.
    pub(crate) disk: Option<Disk>,
    /// The bytes of the first source, if it is stored here: what an export writes.
    pub(crate) content: Option<Content>,
    /// The fields of the request.
    pub(crate) params: Params,
    pub(crate) verdict: Verdict,
    /// How it ends if a source goes before it has been read.
    pub(crate) unreadable: Verdict,
    /// What is wrong inside the disk.
    pub(crate) guest: Vec<GuestFault>,
    /// How it ends with such a fault, where its cloud looks inside.
    pub(crate) guest_check: fn(GuestFault, &Params) -> Option<Verdict>,
    pub(crate) accepted: Now,
    /// From acceptance to the end; a tenth of it is spent queued.
    pub(crate) takes: Duration,
    /// Queries that would have shown the import and shall not find it yet.
    pub(crate) hidden: u32,
    /// How long after its acceptance it is first found.
    pub(crate) listed_after: Duration,
    pub(crate) canceled: Option<OffsetDateTime>,
    /// The image is gone; the task stays.
    pub(crate) deleted: bool,
    /// Who may use the image, and how it is offered.
    pub(crate) publication: Publication,
}

impl Import {
    /// An import of this moment that will succeed, still without ids, name and sources.
    pub(super) fn new(scope: &Scope, operation: &str, now: &Now, takes: Duration, unreadable: Verdict) -> Self {
        Import {
            scope: scope.clone(),
            operation: operation.to_owned(),
            image_id: String::new(),
            task_id: String::new(),
            name: String::new(),
            tags: Vec::new(),
            sources: Vec::new(),
            copied_from: None,
            disk: None,
            content: None,
            params: Params::default(),
            verdict: Verdict::Succeed,
            unreadable,
            guest: Vec::new(),
            guest_check: |_, _| None,
            accepted: *now,
            takes,
            hidden: 0,
            listed_after: Duration::ZERO,
            canceled: None,
            deleted: false,
            publication: Publication::default(),
        }
    }

    /// The disk has this fault. The first that fails the import decides how it ends.
    pub(super) fn plant(&mut self, fault: GuestFault) {
        self.guest.push(fault);
        if let (Verdict::Succeed, Some(verdict)) = (&self.verdict, (self.guest_check)(fault, &self.params)) {
            self.verdict = verdict;
        }
    }

    /// Where it stands at `now`.
    pub(crate) fn stage(&self, now: &Now) -> Stage {
        if self.canceled.is_some() {
            return Stage::Canceled;
        }
        stage_of(&self.accepted, self.takes, &self.verdict, now)
    }

    /// When it ended, if it has.
    pub(crate) fn ended(&self, now: &Now) -> Option<OffsetDateTime> {
        match self.stage(now) {
            Stage::Canceled => self.canceled,
            Stage::Succeeded | Stage::Failed => Some(self.accepted.utc + self.takes),
            Stage::Queued | Stage::Running(_) => None,
        }
    }

    /// Code and reason of a failure that has come to pass.
    pub(crate) fn failure(&self, stage: Stage) -> Option<(&str, &str)> {
        match (&self.verdict, stage) {
            (Verdict::Fail { code, reason }, Stage::Failed) => Some((code, reason)),
            _ => None,
        }
    }

    /// Whether the image still stands in lists, in whatever state.
    pub(crate) fn has_image(&self) -> bool {
        !self.deleted && self.canceled.is_none()
    }

    /// Virtual size of the first disk in GiB, rounded up; 0 where it is not known.
    pub(crate) fn gib(&self) -> u64 {
        self.disk.map_or(0, |disk| disk.gib())
    }

    /// Whether this object is one of its sources.
    pub(crate) fn reads(&self, cloud: Cloud, region: &str, bucket: &str, key: &str) -> bool {
        let leads = |source: &String| leads_to(source, cloud, region, bucket, key);
        self.scope.cloud == cloud && self.sources.iter().any(leads)
    }

    /// A tag list as `{key_name: …, value_name: …}` objects.
    pub(crate) fn tag_objects(&self, key_name: &str, value_name: &str) -> Vec<Value> {
        let object = |(key, value): &(String, String)| {
            let mut map = Map::new();
            map.insert(key_name.to_owned(), Value::from(key.as_str()));
            map.insert(value_name.to_owned(), Value::from(value.as_str()));
            Value::Object(map)
        };
        self.tags.iter().map(object).collect()
    }
}

/// The region, bucket and key of an import's source in this scope, if it leads to a store.
pub(super) fn place_of(source: &str, scope: &Scope) -> Option<(String, String, String)> {
    if let Some(link) = link::parse(source) {
        let at = host::parse(scope.cloud, &link.host)?;
        return Some((at.region, at.bucket?, link.key));
    }
    let (bucket, key) = source.split_once(':')?;
    Some((scope.region.clone(), bucket.to_owned(), key.to_owned()))
}

/// Whether an import's source, which is a link without its query or `bucket:key`, is this object.
fn leads_to(source: &str, cloud: Cloud, region: &str, bucket: &str, key: &str) -> bool {
    if let Some(link) = link::parse(source) {
        let at = host::parse(cloud, &link.host);
        return at.is_some_and(|at| at.region == region && at.bucket.as_deref() == Some(bucket)) && link.key == key;
    }
    source.split_once(':') == Some((bucket, key))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn import(verdict: Verdict) -> Import {
        Import {
            image_id: "img-1".to_owned(),
            task_id: "1".to_owned(),
            name: "n".to_owned(),
            tags: vec![("k".to_owned(), "v".to_owned())],
            verdict,
            ..Import::new(
                &Scope::new(Cloud::Jdcloud, "r", ""),
                "importImage",
                &Now::read(),
                SECOND,
                Verdict::fail("", ""),
            )
        }
    }

    fn later(import: &Import, millis: u64) -> Now {
        Now {
            instant: import.accepted.instant + Duration::from_millis(millis),
            utc: import.accepted.utc + Duration::from_millis(millis),
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_import_queues_runs_and_ends() {
        let import = import(Verdict::Succeed);
        let at = |millis| import.stage(&later(&import, millis));
        assert_eq!(at(0), Stage::Queued);
        assert_eq!(at(99), Stage::Queued);
        assert_eq!(at(550), Stage::Running(50));
        assert_eq!(at(999), Stage::Running(99));
        assert_eq!(at(1000), Stage::Succeeded);
        assert_eq!(import.ended(&later(&import, 999)), None);
        assert_eq!(import.ended(&later(&import, 5000)), Some(import.accepted.utc + SECOND));
        let instant = Import {
            takes: Duration::ZERO,
            ..import
        };
        assert_eq!(instant.stage(&instant.accepted), Stage::Succeeded);
    }

    #[test]
    fn a_failure_shows_only_at_the_end() {
        let import = import(Verdict::fail("C", "because"));
        let at = |millis| import.failure(import.stage(&later(&import, millis)));
        assert_eq!(at(500), None);
        assert_eq!(at(1000), Some(("C", "because")));
    }

    #[test]
    fn a_stalled_import_never_ends_and_a_cancelled_one_has() {
        let mut import = import(Verdict::Stall);
        let year = later(&import, 1000 * 3600 * 24 * 365);
        assert_eq!(import.stage(&year), Stage::Running(99));
        import.takes = Duration::ZERO;
        assert!(import.stage(&year).is_open());
        import.canceled = Some(year.utc);
        assert_eq!(import.stage(&year), Stage::Canceled);
        assert_eq!(import.ended(&year), Some(year.utc));
        assert!(!import.has_image());
    }

    #[test]
    fn tags_take_the_names_of_the_cloud() {
        let list = import(Verdict::Succeed).tag_objects("TagKey", "TagValue");
        assert_eq!(list, [serde_json::json!({"TagKey": "k", "TagValue": "v"})]);
    }

    #[test]
    fn a_source_leads_to_its_object_alone() {
        let leads = |source, region, key| leads_to(source, Cloud::Ucloud, region, "b", key);
        assert!(leads("http://b.cn-bj.ufileos.com/a%20b", "cn-bj2", "a b"));
        assert!(!leads("http://b.cn-bj.ufileos.com/a%20b", "hk", "a b"));
        assert!(!leads("http://c.cn-bj.ufileos.com/a%20b", "cn-bj2", "a b"));
        assert!(leads("b:dir/k", "any", "dir/k"));
        assert!(!leads("b:dir/k", "any", "k"));
    }
}
