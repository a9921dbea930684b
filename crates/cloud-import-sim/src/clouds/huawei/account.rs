//! What the account has beside images: the jobs over members, which do what they are to do at their end, and which receivers are
//! accounts.

use serde_json::json;

use super::owners::ORGANIZATION;
use crate::{
    clock::Now,
    clouds::vendor::{Failure, Reply},
    world::{Import, Scope, Verdict, World},
};

/// One image and one receiver of a job.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) owner: Scope,
    pub(super) image_id: String,
    pub(super) member: String,
    pub(super) change: Change,
    /// Why nothing is done about it.
    pub(super) refusal: Option<Failure>,
}

/// What a job does to a share.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// With the first word of the receiver: a project is asked, others are not.
    Add(&'static str),
    Remove,
    /// The receiver's word.
    Answer(String),
}

/// What the account has beside images.
#[derive(Debug, Default)]
pub(crate) struct Account {
    jobs: Vec<MemberJob>,
    /// Ids of accounts that something is shared with: they look like those of projects.
    domains: Vec<String>,
}

/// A job over members.
#[derive(Debug)]
pub(super) struct MemberJob {
    pub(super) job_type: &'static str,
    /// An import that makes no image: it only tells how far the job is.
    pub(super) run: Import,
    pub(super) parts: Vec<Part>,
    is_done: bool,
}

impl Account {
    /// Notes that these are accounts and no projects.
    pub(super) fn note_domains(&mut self, ids: &[&str]) {
        self.domains.extend(ids.iter().map(|id| (*id).to_owned()));
    }

    pub(super) fn is_domain(&self, id: &str) -> bool {
        self.domains.iter().any(|domain| domain == id)
    }

    /// Whether it is an account or an organization.
    pub(super) fn is_no_project(&self, member: &str) -> bool {
        self.is_domain(member) || member.starts_with(ORGANIZATION)
    }

    /// Takes a job over members over, and answers its id. It fails when all of its parts do.
    pub(super) fn accept(
        &mut self,
        world: &mut World,
        now: &Now,
        scope: &Scope,
        job_type: &'static str,
        parts: Vec<Part>,
    ) -> Reply {
        let refusals: Vec<&Failure> = parts.iter().filter_map(|part| part.refusal.as_ref()).collect();
        let verdict = match refusals.first() {
            Some(first) if refusals.len() == parts.len() => Verdict::fail(&first.code, first.message.clone()),
            _ => Verdict::Succeed,
        };
        let job_id = world.hex(32);
        let mut run = world.new_import(scope, job_type, now, Verdict::Succeed);
        run.task_id.clone_from(&job_id);
        run.verdict = verdict;
        self.jobs.push(MemberJob {
            job_type,
            run,
            parts,
            is_done: false,
        });
        Reply::ok(json!({"job_id": job_id}))
    }

    /// The job of this id, if the scope ordered it.
    pub(super) fn job(&self, scope: &Scope, job_id: &str) -> Option<&MemberJob> {
        let mut jobs = self.jobs.iter();
        jobs.find(|job| job.run.task_id == job_id && scope.holds(&job.run))
    }

    /// Does what the jobs do that have ended since the last request.
    pub(super) fn settle(&mut self, world: &mut World, now: &Now) {
        let ended = |job: &&mut MemberJob| !job.is_done && !job.run.stage(now).is_open();
        for job in self.jobs.iter_mut().filter(ended) {
            job.is_done = true;
            for part in job.parts.iter().filter(|part| part.refusal.is_none()) {
                apply(world, part, now);
            }
        }
    }
}

/// Does a part that is not refused, if its image is still there.
fn apply(world: &mut World, part: &Part, now: &Now) {
    let Some(image) = world.image_mut(&part.owner, &part.image_id) else {
        return;
    };
    match &part.change {
        Change::Add(word) => {
            image.share(&part.member, word, now.utc);
        }
        Change::Remove => {
            image.unshare(&part.member);
        }
        Change::Answer(said) => {
            let mut members = image.publication.members.iter_mut();
            if let Some(member) = members.find(|member| member.id == part.member) {
                member.status.clone_from(said);
            }
        }
    }
}
