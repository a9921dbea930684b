//! Everything that the simulator remembers, and what all clouds do with it alike. Speaks no vendor's words.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::{
    config::Config,
    counters::{Activity, Counters},
    export::Export,
    faults::{FaultKind, FaultSet, When},
    import::{self, Import, Scope, Stage, Verdict},
};
use crate::{
    clock::Now,
    cloud::Cloud,
    objects::{Lookup, Store},
    rules::Params,
    text::hex,
};

/// What a client token says about a request.
#[derive(Debug, PartialEq)]
pub(crate) enum Replay {
    /// The token is new.
    First,
    /// The same request was answered with this before.
    Same(Value),
    /// The token came with other parameters before, which were answered with this.
    Different(Value),
}

#[derive(Debug)]
struct Answered {
    params: Params,
    result: Value,
}

/// How long nonces are kept; longer than any window in which a request's time is good.
const NONCE_LIFE: Duration = Duration::from_secs(40 * 60);

/// The simulator's memory.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) imports: Vec<Import>,
    pub(crate) exports: Vec<Export>,
    pub(crate) faults: FaultSet,
    pub(crate) counters: Counters,
    tokens: HashMap<(Scope, String), Answered>,
    nonces: HashMap<String, Instant>,
    serial: u64,
    going_on: HashMap<(Cloud, Activity), u64>,
    /// How much longer than by the clock everything has been under way.
    passed: Duration,
}

impl World {
    pub(crate) fn new(config: Config) -> Self {
        World {
            config,
            store: Store::default(),
            imports: Vec::new(),
            exports: Vec::new(),
            faults: FaultSet::default(),
            counters: Counters::default(),
            tokens: HashMap::new(),
            nonces: HashMap::new(),
            serial: 0,
            going_on: HashMap::new(),
            passed: Duration::ZERO,
        }
    }

    /// The time by which imports and what else is under way goes on: the clock's, and what was let pass.
    pub(crate) fn now(&self) -> Now {
        let now = Now::read();
        // What no clock can tell is not let pass.
        let instant = now.instant.checked_add(self.passed).unwrap_or(now.instant);
        Now { instant, ..now }
    }

    /// Lets so much time pass for all that is under way, at once. Dates stay those of the clock.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.passed = self.passed.saturating_add(time);
    }

    /// A request has come. Says by how many seconds a fault sets the server's clock ahead for it.
    pub(crate) fn arrived(&mut self, cloud: Cloud, operation: &str) -> i64 {
        self.counters.count_request(cloud, operation);
        self.deliver();
        match self.faults.hit(When::Clock, cloud, operation)[..] {
            [FaultKind::SkewedDate(seconds), ..] => seconds,
            _ => 0,
        }
    }

    pub(crate) fn enter(&mut self, cloud: Cloud, activity: Activity) {
        let now = self.going_on.entry((cloud, activity)).or_default();
        *now += 1;
        self.counters.note_peak(cloud, activity, *now);
    }

    pub(crate) fn leave(&mut self, cloud: Cloud, activity: Activity) {
        if let Some(now) = self.going_on.get_mut(&(cloud, activity)) {
            *now -= 1;
        }
    }

    /// The next number, never the same twice.
    pub(crate) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// New lower-case hexadecimal digits, at most 64.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        let serial = self.next_serial();
        let mut text = hex(&Sha256::digest(format!("cloud-import-sim {serial}")));
        text.truncate(digits);
        text
    }

    /// A new UUID in lower case.
    pub(crate) fn uuid(&mut self) -> String {
        let hex = self.hex(32);
        format!(
            "{}-{}-4{}-8{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[13..16],
            &hex[17..20],
            &hex[20..]
        )
    }

    /// Looks for an import's source.
    pub(crate) fn find_object(&self, cloud: Cloud, region: &str, bucket: &str, key: &str) -> Lookup {
        match self.store.find(cloud, region, bucket, key) {
            Lookup::Here(disk) => Lookup::Here(disk),
            _ if self.config.any_object => Lookup::Assumed,
            other => other,
        }
    }

    /// An object was deleted. An import that has not read it to the end fails.
    pub(crate) fn object_gone(&mut self, cloud: Cloud, region: &str, bucket: &str, key: &str) {
        let now = self.now();
        for import in &mut self.imports {
            let open = import.stage(&now).is_open();
            if open && import.verdict == Verdict::Succeed && import.reads(cloud, region, bucket, key) {
                import.verdict = import.unreadable.clone();
            }
        }
    }

    /// When an import that is accepted now begins to read its source: at the end of its time in the queue.
    pub(crate) fn reading_time(&self, now: &Now) -> OffsetDateTime {
        now.utc + self.config.import_time / 10
    }

    /// Whether the scope has as many images as it may have. Failed and deleted ones do not count.
    pub(crate) fn quota_used_up(&self, scope: &Scope, now: &Now) -> bool {
        self.images_used(scope, now) >= self.config.quota_of(scope.cloud) as usize
    }

    /// How many images count against the quota.
    pub(crate) fn images_used(&self, scope: &Scope, now: &Now) -> usize {
        self.holding(scope)
            .filter(|import| import.stage(now) != Stage::Failed)
            .count()
    }

    /// Whether an image of the scope holds this name, listed or not.
    pub(crate) fn name_taken(&self, scope: &Scope, name: &str, now: &Now) -> bool {
        self.holding(scope).any(|import| {
            import.name == name && (self.config.failed_images_keep_name || import.stage(now) != Stage::Failed)
        })
    }

    fn holding(&self, scope: &Scope) -> impl Iterator<Item = &Import> {
        let held = |import: &&Import| scope.holds(import) && import.has_image();
        self.imports.iter().filter(held)
    }

    /// An import of this moment that will succeed, still without ids, name and sources.
    pub(crate) fn new_import(&self, scope: &Scope, operation: &str, now: &Now, unreadable: Verdict) -> Import {
        Import::new(scope, operation, now, self.config.import_time, unreadable)
    }

    /// Takes an import or a copy over, with the faults that wait for one.
    pub(crate) fn accept(&mut self, mut import: Import) {
        if import.content.is_none() {
            let place = import.sources.first();
            let place = place.and_then(|source| import::place_of(source, &import.scope));
            import.content = place.and_then(|(region, bucket, key)| {
                let content = self.store.content(import.scope.cloud, &region, &bucket, &key);
                content.cloned()
            });
        }
        import.hidden = self.config.visible_after_polls;
        import.listed_after = self.config.listed_after;
        let faults = self.faults.hit(When::Import, import.scope.cloud, &import.operation);
        for fault in faults {
            match fault {
                FaultKind::FailImport { code, reason } => {
                    import.verdict = Verdict::Fail { code, reason };
                }
                FaultKind::Guest(fault) => import.plant(fault),
                FaultKind::Hide(polls) => import.hidden = polls,
                FaultKind::HideFor(millis) => import.listed_after = Duration::from_millis(millis),
                FaultKind::Stall => import.verdict = Verdict::Stall,
                _ => {}
            }
        }
        match import.copied_from {
            Some(_) => self.counters.count_copy(import.scope.cloud, &import.name),
            None => self.counters.count_import(import.scope.cloud, &import.name),
        }
        self.imports.push(import);
    }

    /// The imports of a scope that a query shows now. One that is listed later is not among them; one that is still hidden
    /// comes one query nearer instead.
    pub(crate) fn shown(&mut self, now: &Now, scope: &Scope, mut wanted: impl FnMut(&Import) -> bool) -> Vec<Import> {
        let mut shown = Vec::new();
        for import in &mut self.imports {
            let age = now.instant.saturating_duration_since(import.accepted.instant);
            if age < import.listed_after || !scope.holds(import) || !wanted(import) {
                continue;
            }
            if import.hidden > 0 {
                import.hidden -= 1;
            } else {
                shown.push(import.clone());
            }
        }
        shown
    }

    /// The image with this id, for a change.
    pub(crate) fn image_mut(&mut self, scope: &Scope, image_id: &str) -> Option<&mut Import> {
        self.imports
            .iter_mut()
            .find(|import| scope.holds(import) && import.image_id == image_id && import.has_image())
    }

    /// The text that queries of this operation show as a state, if a fault says so.
    pub(crate) fn forced_state(&mut self, cloud: Cloud, operation: &str) -> Option<String> {
        let faults = self.faults.hit(When::Query, cloud, operation);
        faults.into_iter().find_map(|fault| match fault {
            FaultKind::UnknownState(text) => Some(text),
            _ => None,
        })
    }

    /// What is known of a client token.
    pub(crate) fn replay(&mut self, scope: &Scope, token: &str, params: &Params) -> Replay {
        let Some(answered) = self.tokens.get(&(scope.clone(), token.to_owned())) else {
            return Replay::First;
        };
        if answered.params != *params {
            return Replay::Different(answered.result.clone());
        }
        let result = answered.result.clone();
        self.counters.count_replay(scope.cloud);
        Replay::Same(result)
    }

    /// Remembers the answer that belongs to a client token.
    pub(crate) fn remember(&mut self, scope: Scope, token: &str, params: Params, result: Value) {
        let answered = Answered { params, result };
        self.tokens.insert((scope, token.to_owned()), answered);
    }

    /// Notes a nonce; `false` when it was used before.
    pub(crate) fn fresh_nonce(&mut self, nonce: &str, now: &Now) -> bool {
        self.nonces
            .retain(|_, used| now.instant.saturating_duration_since(*used) < NONCE_LIFE);
        self.nonces.insert(nonce.to_owned(), now.instant).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{faults::Fault, import::tests::import};

    fn world() -> World {
        World::new(Config::new("ak", "sk").quota(Cloud::Jdcloud, 2))
    }

    fn scope() -> Scope {
        Scope::new(Cloud::Jdcloud, "r", "")
    }

    #[test]
    fn identifiers_never_repeat() {
        let mut world = world();
        let (a, b) = (world.uuid(), world.uuid());
        assert_ne!(a, b);
        assert_eq!(a.len(), 36);
        assert_eq!(world.hex(10).len(), 10);
    }

    #[test]
    fn a_hidden_import_is_found_after_so_many_queries_that_would_have_shown_it() {
        let mut world = world();
        world.faults.add(Fault::new(FaultKind::Hide(2)));
        world.accept(import(Verdict::Succeed));
        let now = Now::read();
        assert!(world.shown(&now, &scope(), |_| false).is_empty());
        assert!(world.shown(&now, &scope(), |_| true).is_empty());
        assert!(world.shown(&now, &scope(), |_| true).is_empty());
        assert_eq!(world.shown(&now, &scope(), |_| true).len(), 1);
    }

    #[test]
    fn an_import_is_listed_from_its_time_on_and_polls_count_from_then() {
        let mut world = world();
        world.config.listed_after = Duration::from_secs(60);
        world.faults.add(Fault::new(FaultKind::Hide(1)));
        world.accept(import(Verdict::Succeed));
        let at = |world: &World, seconds| Now {
            instant: world.imports[0].accepted.instant + Duration::from_secs(seconds),
            ..world.imports[0].accepted
        };
        for seconds in [0, 30, 59] {
            let now = at(&world, seconds);
            assert!(world.shown(&now, &scope(), |_| true).is_empty(), "{seconds}");
        }
        let now = at(&world, 60);
        assert!(world.shown(&now, &scope(), |_| true).is_empty());
        assert_eq!(world.shown(&now, &scope(), |_| true).len(), 1);
        world.faults.add(Fault::new(FaultKind::HideFor(90_000)));
        world.accept(import(Verdict::Succeed));
        for (seconds, shown) in [(80, 1), (100, 2)] {
            let now = at(&world, seconds);
            assert_eq!(world.shown(&now, &scope(), |_| true).len(), shown, "{seconds}");
        }
    }

    #[test]
    fn faults_change_the_next_import_only() {
        let mut world = world();
        world.faults.add(Fault::new(FaultKind::FailImport {
            code: "C".to_owned(),
            reason: "r".to_owned(),
        }));
        world.accept(import(Verdict::Succeed));
        world.accept(import(Verdict::Succeed));
        assert_eq!(world.imports[0].verdict, Verdict::fail("C", "r"));
        assert_eq!(world.imports[1].verdict, Verdict::Succeed);
        assert_eq!(world.counters.imports_of(Cloud::Jdcloud, "n"), 2);
    }

    #[test]
    fn names_and_quota_count_what_still_holds_an_image() {
        let mut world = world();
        let now = Now::read();
        assert!(!world.name_taken(&scope(), "n", &now));
        world.accept(import(Verdict::Succeed));
        world.accept(import(Verdict::fail("C", "r")));
        assert!(world.name_taken(&scope(), "n", &now));
        assert!(world.quota_used_up(&scope(), &now));
        let later = Now {
            instant: now.instant + Duration::from_secs(5),
            ..now
        };
        assert!(!world.quota_used_up(&scope(), &later));
        world.imports.remove(0);
        assert!(!world.name_taken(&scope(), "n", &later));
        world.config.failed_images_keep_name = true;
        assert!(world.name_taken(&scope(), "n", &later));
        assert!(!world.name_taken(&Scope::new(Cloud::Jdcloud, "other", ""), "n", &later));
    }

    #[test]
    fn a_token_is_known_with_its_parameters() {
        let mut world = world();
        let params = Params::default();
        assert_eq!(world.replay(&scope(), "t", &params), Replay::First);
        world.remember(scope(), "t", params.clone(), Value::from("first"));
        assert_eq!(world.replay(&scope(), "t", &params), Replay::Same(Value::from("first")));
        let mut other = params;
        other.0.insert("a".to_owned(), Value::from(1));
        assert_eq!(
            world.replay(&scope(), "t", &other),
            Replay::Different(Value::from("first"))
        );
        assert_eq!(world.counters.tokens_replayed[&Cloud::Jdcloud], 1);
    }

    #[test]
    fn a_nonce_is_fresh_once_until_it_is_forgotten() {
        let mut world = world();
        let now = Now::read();
        assert!(world.fresh_nonce("n", &now));
        assert!(!world.fresh_nonce("n", &now));
        let later = Now {
            instant: now.instant + NONCE_LIFE,
            ..now
        };
        assert!(world.fresh_nonce("n", &later));
    }
}
