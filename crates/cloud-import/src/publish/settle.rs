//! Finds out what became of an order that may have been sent: by its token, by the cloud's list, and by what complete listings over
//! a stated time do not show. Only what they prove is sent again.

use std::time::{Duration, SystemTime};

use cloud_import_core::{
    Error, ErrorKind, ImageImporter, ImportTask, Remedy, Result, Sighting, provider::datetime, remedy::Change,
};

use super::{
    event::Event,
    outcome::Ended,
    plan::{Conflict, Rules, Standing, standing, takes_token},
    run::Run,
    stage::sign_links,
    store::{Record, Step, Unsettled},
    target::{Target, look_again, no_task, now},
};

impl Run {
    /// Finds out what became of an order that an earlier process may have sent, under this name where it was not its own; sends
    /// it anew where it was not started.
    pub(super) async fn settle(&mut self, name: Option<String>) -> Result<()> {
        self.target.tell(&Event::Settling);
        let own_name = self.ordered.request.name.clone();
        if let Some(name) = name {
            self.ordered.request.name = name;
        }
        let (step, task) = self.target.with_record(|record| (record.step, record.task.clone()));
        let task = task.ok_or_else(no_task)?;
        let mut lost = None;
        // Without a token, a process that called it unknown had looked for as long as it may take to be listed.
        if step == Step::Starting || task.token.is_some() {
            match self.resume(&task).await {
                Err(error) if error.kind() == ErrorKind::OutcomeUnknown => lost = Some(error),
                // Of this attempt alone: the record still says that the order may have been sent.
                Err(error) if says_nothing_of_the_order(&error) => return Err(error),
                sent => return self.sent(sent, task, false).await,
            }
        }
        if let Some(error) = &lost {
            self.target.is_lost(task.clone(), error).await?;
        }
        let Some(listings) = self.look(&task, lost).await? else {
            return Ok(());
        };
        self.target.tell(&Event::NotStarted {
            not_listed_at: listings,
        });
        self.target.change(Record::is_unsent).await?;
        self.ordered.request.name = own_name;
        self.start().await
    }

    /// Goes on with an order of a record: by its token, else it is looked for.
    async fn resume(&mut self, task: &ImportTask) -> Result<ImportTask> {
        let Self { target, ordered } = self;
        if let Some(signed_at) = target.with_record(|record| record.link_signed_at) {
            sign_links(target, ordered, signed_at).await?;
        }
        target.importer.resume(&ordered.request, task.clone()).await
    }

    /// The answer to an order was lost, and looking for it for a while settled nothing.
    pub(super) async fn lost(&self, task: ImportTask, error: Error) -> Result<()> {
        self.target.is_lost(task.clone(), &error).await?;
        self.look(&task, Some(error)).await.map(drop)
    }

    /// Looks into the cloud's list once. Where it shows the import, that is taken over (`None`); the two listings, where it was not
    /// started. `lost`: what it is not known by, where that is of this run.
    ///
    /// # Errors
    /// It is still not known, with what there is to do about it.
    async fn look(&self, task: &ImportTask, lost: Option<Error>) -> Result<Option<[SystemTime; 2]>> {
        let importer = &*self.target.importer;
        let (at, rules) = (now(importer), rules(importer, task.is_copy()));
        let read = match importer.sight(task).await {
            Ok(Sighting::Listed(found)) => {
                let taken_over = self.target.change(move |record| {
                    record.task = Some(*found);
                    record.step = Step::Started;
                    record.unsettled = None;
                });
                return taken_over.await.map(|()| None);
            }
            Ok(Sighting::NotListed) => {
                self.target.change(move |record| note(record, at, &rules)).await?;
                Ok(())
            }
            Ok(_) => Err("the list that was read may not be complete".to_owned()),
            Err(error) => Err(format!("the list could not be read: {}", error.message())),
        };
        self.target.with_record(|record| match stands(record, &rules) {
            Some(Standing::NotStarted(listings)) if read.is_ok() => Ok(Some(listings)),
            standing => Err(unknown(record, standing, at, lost, read.err())),
        })
    }
}

impl Target {
    /// The record says that the order may have been sent, until now.
    async fn is_lost(&self, task: ImportTask, error: &Error) -> Result<()> {
        let (by, error) = (now(&*self.importer), error.clone());
        self.change(move |record| record.is_lost(task, &error, by)).await
    }

    /// Before another image is made although it is not known whether the one of before was started: how it ends where the cloud
    /// lists that one, or cannot be asked.
    pub(super) async fn listed_by_now(&self) -> Option<Ended> {
        let task = self.with_record(|record| record.task.clone())?;
        match self.importer.sight(&task).await {
            Ok(Sighting::Listed(_)) => {
                let error = self.with_record(|record| Conflict::ListedByNow.error(record, &record.options));
                Some(Ended::NotStarted { error })
            }
            // Keys that may not look do not keep it from being sent: it is asked for.
            Err(error) if !matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported) => {
                let error = error.context("looking whether the earlier one is listed");
                Some(Ended::Unknown {
                    task: Some(task),
                    error,
                })
            }
            _ => None,
        }
    }

    /// The error of a target of which it is not known whether its order was sent, for those who do not have the order: by what is
    /// on record. It is settled by the order alone.
    pub(super) fn unsettled(&self) -> Error {
        let is_copy = self.with_record(|record| record.task.as_ref().is_some_and(ImportTask::is_copy));
        let (now, rules) = (now(&*self.importer), rules(&*self.importer, is_copy));
        let repeat = Remedy::Repeat(Change::Original);
        self.with_record(|record| {
            let error = recorded(record).with_provider(record.provider);
            match (stands(record, &rules), &record.unsettled) {
                (Some(Standing::Open(from)), _) if from > now => error.with_remedy(Remedy::from(from, repeat)),
                (Some(Standing::NotListed(listings)), Some(unsettled)) => error
                    .map_message(|_| not_listed(record, unsettled, listings))
                    .with_remedy(repeat),
                _ => error.with_remedy(repeat),
            }
        })
    }
}

/// A complete listing of this instant does not show the order.
fn note(record: &mut Record, at: SystemTime, rules: &Rules) {
    let account = record.account.clone();
    if let Some(unsettled) = &mut record.unsettled
        && unsettled.account == account
        && at >= rules.count_from(unsettled)
    {
        unsettled.not_listed(at);
    }
}

fn stands(record: &Record, rules: &Rules) -> Option<Standing> {
    let unsettled = record.unsettled.as_ref()?;
    Some(standing(unsettled, record.account.as_deref(), rules))
}

/// Nobody knows whether an order was sent: what is known, and what there is to do. `lost`: what it is not known by, where that is of
/// this run; `unread`: why the last listing does not count.
fn unknown(
    record: &Record,
    standing: Option<Standing>,
    now: SystemTime,
    lost: Option<Error>,
    unread: Option<String>,
) -> Error {
    let error = lost.unwrap_or_else(|| recorded(record));
    let (message, remedy) = match (standing, &record.unsettled) {
        (Some(Standing::NotListed(listings)), Some(unsettled)) => {
            let absent = format!(
                "{}'s console shows no image of that name either",
                record.provider.name()
            );
            let again = Remedy::when(absent, Remedy::Repeat(Change::Generation));
            (not_listed(record, unsettled, listings), again)
        }
        (Some(Standing::Open(from)), _) if from > now => {
            let again = Remedy::from(from, Remedy::Repeat(Change::Nothing));
            (error.message().to_owned(), again)
        }
        (Some(Standing::NotStarted(_)), _) => (error.message().to_owned(), Remedy::Repeat(Change::Nothing)),
        (Some(Standing::OtherKeys), _) => {
            let why = "it was sent with other keys, and what these list may be another account's";
            (format!("{}: {why}", error.message()), look_again())
        }
        _ => (error.message().to_owned(), look_again()),
    };
    let message = match unread {
        Some(why) => format!("{message}; {why}"),
        None => message,
    };
    error
        .map_message(|_| message)
        .with_provider(record.provider)
        .with_remedy(remedy)
}

/// The order is not known, by the record: with what the answer told by which it became so.
fn recorded(record: &Record) -> Error {
    let (name, region) = (&record.name, &record.region);
    let message = format!("whether the import of `{name}` in {region} was started is not known");
    let error = Error::new(ErrorKind::OutcomeUnknown, message);
    let Some(unsettled) = &record.unsettled else {
        return error;
    };
    let error = error.with_request_id(unsettled.request_id.clone());
    let error = match unsettled.http_status {
        Some(status) => error.with_http_status(status),
        None => error,
    };
    match &unsettled.code {
        Some(code) => error.with_code(code),
        None => error,
    }
}

/// Two complete listings do not show it, and that is all that can be told.
fn not_listed(record: &Record, unsettled: &Unsettled, listings: [SystemTime; 2]) -> String {
    let (name, region) = (&record.name, &record.region);
    let since = datetime::extended(unsettled.first_sent_at);
    let [first, last] = listings.map(datetime::extended);
    format!(
        "the import of `{name}` in {region} is not listed since {since}, when it was sent: it is in neither of two complete \
         listings, at {first} and {last}"
    )
}

/// What tells what an order may be taken for at a cloud. How soon an import is listed says nothing of a copy.
fn rules(importer: &dyn ImageImporter, is_copy: bool) -> Rules {
    let (facts, grace) = (importer.capabilities(), importer.grace());
    let minutes = |minutes: u32| Duration::from_secs(60 * u64::from(minutes));
    let of_import = || grace.listed_within.or(facts.listed_within_minutes.value.map(minutes));
    Rules {
        token: takes_token(facts, is_copy),
        listed_within: if is_copy { None } else { of_import() },
        apart: grace.listings_apart,
    }
}

/// Whether an error tells only that this machine was not heard, not what became of an order that was sent before.
fn says_nothing_of_the_order(error: &Error) -> bool {
    let unheard = matches!(
        error.kind(),
        ErrorKind::Credentials | ErrorKind::ClockSkew | ErrorKind::PermissionDenied | ErrorKind::Local
    );
    unheard || error.is_retryable()
}

#[cfg(test)]
mod tests {
    use cloud_import_core::{Credentials, Provider, Settings};

    use super::*;

    #[test]
    fn what_is_known_of_imports_counts_for_no_copy() {
        let mut differ = 0;
        for provider in Provider::all() {
            let settings = Settings::new("r").credentials(Credentials::new("AK", "SK"));
            let Ok(importer) = crate::connect(provider, settings) else {
                continue;
            };
            let facts = importer.capabilities();
            let (import, copy) = (rules(&*importer, false), rules(&*importer, true));
            assert_eq!(
                (import.token, copy.token),
                (facts.client_token.value, facts.after.copy_token.value)
            );
            let minutes = facts.listed_within_minutes.value;
            assert_eq!(
                (import.listed_within.is_some(), copy.listed_within),
                (minutes.is_some(), None)
            );
            differ += usize::from(import.token != copy.token || minutes.is_some());
        }
        assert!(differ > 0, "else it would not matter");
    }
}
