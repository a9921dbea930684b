//! What is to be done with an image once it is there, and how far that has come. Plain data.

use cloud_import_core::{Field, ImageChange, ImageImporter, Problem, Remedy};
use serde::{Deserialize, Serialize};

/// What is to be done with an image once it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Release {
    /// How far it has come.
    pub step: ReleaseStep,
    /// What is changed of the image.
    #[serde(default)]
    pub change: ImageChange,
    /// Whether the image that was the newest of the family before is deprecated then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deprecate_previous: bool,
    /// The id of that image, once it was looked for and there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
}

/// How far a release has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReleaseStep {
    /// It waits for the image.
    Planned,
    /// The image is there, and which one was the newest of the family before is known.
    Looked,
    /// The image is what it is to be.
    Changed,
    /// It is done.
    Done,
}

impl ReleaseStep {
    /// The word for it, as in the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Looked => "looked",
            Self::Changed => "changed",
            Self::Done => "done",
        }
    }
}

impl Release {
    /// One of which nothing was done yet.
    pub fn planned(change: ImageChange, deprecate_previous: bool) -> Self {
        Self {
            step: ReleaseStep::Planned,
            change,
            deprecate_previous,
            previous: None,
        }
    }

    /// Whether nothing is left of it.
    pub fn is_done(&self) -> bool {
        self.step == ReleaseStep::Done
    }

    /// In the place of another one of the same image: that one may have put it into the family, of which it is the newest itself then.
    pub(crate) fn following(self, known: &Self) -> Self {
        let retires_the_same = known.deprecate_previous && known.change.family == self.change.family;
        match self.deprecate_previous && retires_the_same && known.step >= ReleaseStep::Looked {
            true => Self {
                step: ReleaseStep::Looked,
                previous: known.previous.clone(),
                ..self
            },
            false => self,
        }
    }

    /// What the cloud cannot do of it.
    pub(crate) fn problems(&self, importer: &dyn ImageImporter) -> Vec<Problem> {
        let mut problems = importer.validate_change(&self.change);
        let (provider, fact) = (importer.provider(), importer.capabilities().after.deprecate);
        if self.deprecate_previous && !fact.value {
            let rule = "cannot be set: this cloud deprecates no images";
            let problem = Problem::error(provider, Field::DeprecatePrevious, rule).source(fact.source);
            problems.push(problem.remedy(Remedy::Unset(Field::DeprecatePrevious)));
        } else if self.deprecate_previous && self.change.family.is_none() {
            let rule = "needs a family: the image of before is the newest of it";
            problems.push(Problem::error(provider, Field::DeprecatePrevious, rule).remedy(Remedy::set(Field::Family)));
        }
        problems
    }

    /// Whether the same is asked for.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (&self.change, self.deprecate_previous) == (&other.change, other.deprecate_previous)
    }
}
