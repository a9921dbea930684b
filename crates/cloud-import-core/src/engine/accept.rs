//! Reads the names of warnings, and marks those of an order that are accepted: the one place where that is decided.

use std::str::FromStr;

use crate::{
    Check, CheckOutcome, Error, ErrorKind, Field, ImportRequest, Problem, Provider, Result, WarningId,
    model::{capabilities::Limited, warning::GUEST},
    text::suggest,
};

impl WarningId {
    /// The kind of this name, among these of guests, too.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] with what may be meant: there is none of that name.
    pub fn named<'a>(name: &str, guests: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let own = Self::ALL.iter().map(|(id, _)| id.as_str());
        let known: Vec<&str> = own.chain(guests).collect();
        if known.contains(&name) {
            return Ok(Self::known(name.to_owned()));
        }
        let meant = suggest::did_you_mean(name, known);
        let message = format!("no warning is called `{name}`");
        Err(Error::new(ErrorKind::InvalidRequest, message).with_remedy(format!(
            "{meant}Each warning has its name in round brackets, such as ({}).",
            Self::OS_NEAREST
        )))
    }
}

/// Whether a guest's is one that a cloud has a rule for is not known here.
impl FromStr for WarningId {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::named(name, [name].into_iter().filter(|name| name.starts_with(GUEST)))
    }
}

/// What a limit is called on which the sources differ.
pub(super) const fn of_limit(limit: Limited) -> WarningId {
    match limit {
        Limited::Name => WarningId::LIMIT_NAME,
        Limited::Description => WarningId::LIMIT_DESCRIPTION,
        Limited::TagKey | Limited::TagValue | Limited::Tags => WarningId::LIMIT_TAGS,
        Limited::SystemDiskGib | Limited::DataDiskGib => WarningId::LIMIT_SIZE,
        Limited::SourceKey => WarningId::LIMIT_KEY,
        Limited::ExportPrefix => WarningId::LIMIT_PREFIX,
        Limited::Account => WarningId::LIMIT_ACCOUNT,
        Limited::EncryptionKey => WarningId::LIMIT_ENCRYPTION,
        Limited::Family => WarningId::LIMIT_FAMILY,
        // It is made here and fits every cloud.
        Limited::ClientToken => WarningId::LIMIT_OTHER,
    }
}

/// What a word is called that is not in a list which is not settled.
pub(super) const fn of_unlisted(field: &Field) -> WarningId {
    match field {
        Field::Architecture => WarningId::UNLISTED_ARCHITECTURE,
        Field::BootMode => WarningId::UNLISTED_FIRMWARE,
        Field::LicenseType => WarningId::UNLISTED_LICENSE,
        _ => WarningId::UNLISTED_FORMAT,
    }
}

impl ImportRequest {
    /// Marks what is accepted of the problems of this order. To accept an error, or what is no warning, is a problem of its own.
    pub fn acknowledge(&self, provider: Provider, problems: &mut Vec<Problem>) {
        let mut refused = Vec::new();
        for id in &self.accept_warning {
            let mut own = problems.iter_mut().filter(|problem| problem.id.as_ref() == Some(id));
            if let Err(error) = id.as_str().parse::<WarningId>() {
                let rule = format!("names `{id}`, and no warning is called that");
                let remedy = error.remedy().map(ToString::to_string).unwrap_or_default();
                refused.push(Problem::error(provider, Field::AcceptWarning, rule).remedy(remedy));
            } else if own.any(|problem| problem.is_error()) {
                let rule = format!("names `{id}`, which is an error here, and only a warning can be accepted");
                let problem = Problem::error(provider, Field::AcceptWarning, rule);
                refused.push(problem.remedy("Mend what it tells, or leave the target out."));
            }
        }
        for problem in problems.iter_mut().filter(|problem| !problem.is_error()) {
            problem.acknowledged |= self.accepts(problem.id.as_ref());
        }
        refused.retain(|problem| !problems.contains(problem));
        problems.extend(refused);
    }

    /// Marks what is accepted of what was found by asking for this order. What failed stays as it is.
    pub fn acknowledge_checks(&self, checks: &mut [Check]) {
        let is_open = |check: &&mut Check| matches!(check.outcome, CheckOutcome::Warning | CheckOutcome::NotChecked);
        for check in checks.iter_mut().filter(is_open) {
            check.acknowledged |= self.accepts(check.id.as_ref());
        }
    }

    fn accepts(&self, id: Option<&WarningId>) -> bool {
        id.is_some_and(|id| self.accept_warning.contains(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Disk, Subject};

    fn order(ids: &[WarningId]) -> ImportRequest {
        let order = ImportRequest::new("web", Disk::object("b", "k"));
        ids.iter().cloned().fold(order, ImportRequest::accept_warning)
    }

    #[test]
    fn each_name_is_read_again() {
        for (id, _) in WarningId::ALL {
            assert_eq!(id.as_str().parse::<WarningId>().unwrap(), *id);
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_what_may_be_meant() {
        for (typed, meant) in [("os.nearst", "`os.nearest`"), ("guest.lvn", "`guest.lvm`")] {
            let error = WarningId::named(typed, ["guest.lvm"]).unwrap_err();
            let remedy = error.remedy().unwrap().to_string();
            assert!(remedy.contains(meant), "{remedy}");
        }
        assert!("guest.of_another_crate".parse::<WarningId>().unwrap().is_of_guest());
    }

    #[test]
    fn a_warning_is_accepted_and_an_error_is_not() {
        let problems = || {
            let warning = Problem::warning(WarningId::OS_NEAREST, Provider::ALIYUN, Field::Os, "x");
            let other = Problem::warning(WarningId::FILE_DIRTY, Provider::ALIYUN, Field::Os, "y");
            let error = Problem::error(Provider::ALIYUN, Field::Os, "z").id(WarningId::of_guest("guest.lvm"));
            vec![warning, other, error]
        };
        let mut found = problems();
        order(&[WarningId::OS_NEAREST]).acknowledge(Provider::ALIYUN, &mut found);
        let marked: Vec<bool> = found.iter().map(|problem| problem.acknowledged).collect();
        assert_eq!(marked, [true, false, false]);
        let mut found = problems();
        let order = order(&[WarningId::of_guest("guest.lvm")]);
        order.acknowledge(Provider::ALIYUN, &mut found);
        order.acknowledge(Provider::ALIYUN, &mut found);
        assert_eq!(found.len(), 4, "it is told once");
        assert!(!found[2].acknowledged && found[3].field == Field::AcceptWarning && found[3].is_error());
    }

    #[test]
    fn what_is_no_warning_is_an_error_of_the_order() {
        let mut order = order(&[]);
        // As it may stand in a file.
        order.accept_warning = serde_json::from_str(r#"["os.nearst"]"#).unwrap();
        let mut problems = Vec::new();
        order.acknowledge(Provider::ALIYUN, &mut problems);
        assert!(problems[0].is_error() && problems[0].to_string().contains("`os.nearest`"));
    }

    #[test]
    fn of_what_was_asked_a_failure_is_never_accepted() {
        let id = WarningId::NAME_TAKEN;
        let refused = Error::new(ErrorKind::PermissionDenied, "x");
        let mut checks = [
            Check::warning(id.clone(), Subject::Name, "x", ""),
            Check::unanswered(Subject::Quota, &refused),
            Check::failed_by(Subject::Quota, &refused),
            Check::not_checked(Subject::Quota, "never"),
        ];
        order(&[id, WarningId::UNANSWERED_QUOTA]).acknowledge_checks(&mut checks);
        let marked: Vec<bool> = checks.iter().map(|check| check.acknowledged).collect();
        assert_eq!(marked, [true, true, false, false]);
    }
}
