//! `bucket`: makes the bucket that files are put into, and removes it. What an interruption leaves half done is known by a small record.

mod begun;

use cloud_import::{
    Error, ErrorKind, Provider, Result, Target,
    publish::staging::{MARK_OBJECT, MARK_TAG, MadeBucket, Mark, PlannedRequest, Removal, Setting, Standing, Store},
};
use serde::Serialize;

use self::begun::Begun;
use crate::{
    args::{self, BucketAction, OutputFormat, Place},
    bucket::check_name,
    connect::{self, Clouds},
    exit::Exit,
    line,
    output::{self, SCHEMA},
    region::{self, Unknown},
    simulate::Simulated,
    state::Remembered,
    targets::Wanted,
};

/// What was done with a bucket.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Made<'a> {
    schema: u32,
    #[cfg_attr(test, schemars(with = "String"))]
    target: &'a Target,
    bucket: &'a str,
    outcome: Outcome,
    /// Of a bucket that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    is: Option<Is>,
    /// What would be sent, of a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<Vec<Planned>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum Outcome {
    Created,
    /// It was there already, and is this tool's.
    There,
    Removed,
    /// There was none.
    NotThere,
    /// Nothing was sent.
    Planned,
}

impl Outcome {
    fn words(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::There => "is there already",
            Self::Removed => "removed",
            Self::NotThere => "is not there",
            Self::Planned => "would be sent",
        }
    }
}

/// How a bucket is set up.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Is {
    /// How it is known again: `tag` or `object`.
    mark: &'static str,
    /// Whether the store shows the mark.
    mark_shown: bool,
    encryption: Set,
    unfinished_uploads: Set,
}

/// Whether something is set, and how or why not.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Set {
    set: bool,
    told: String,
}

impl From<Setting> for Set {
    fn from(setting: Setting) -> Self {
        let (set, told) = match setting {
            Setting::Set(how) => (true, how),
            Setting::NotSet(why) => (false, why),
            _ => (false, String::new()),
        };
        Self { set, told }
    }
}

impl From<MadeBucket> for Is {
    fn from(made: MadeBucket) -> Self {
        Self {
            mark: match made.mark {
                Mark::Tag => "tag",
                _ => "object",
            },
            mark_shown: made.mark_shown,
            encryption: made.encryption.into(),
            unfinished_uploads: made.unfinished_uploads.into(),
        }
    }
}

/// A request that would be sent.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Planned {
    operation: &'static str,
    method: String,
    url: String,
    /// `name: value`.
    headers: Vec<String>,
    body: String,
}

impl From<PlannedRequest> for Planned {
    fn from(planned: PlannedRequest) -> Self {
        let headers = planned.headers.iter().map(|(name, value)| format!("{name}: {value}"));
        Self {
            operation: planned.operation,
            method: planned.method,
            url: planned.url,
            headers: headers.collect(),
            body: planned.body,
        }
    }
}

pub(crate) async fn run(options: args::Bucket) -> Result<Exit> {
    let reach = &options.reach;
    let target = target(&options)?;
    check_name(target.provider, &options.bucket)?;
    if let Some(unknown) = Unknown::of(&target) {
        let meant = unknown.meant.map(|meant| format!(". {meant}")).unwrap_or_default();
        output::warning(&format!("{}{meant}", unknown.message));
    }
    let simulated = Simulated::without_buckets(reach).await?;
    let clouds = Clouds::new(reach, simulated.as_ref())?;
    let importer = clouds.importer(&Wanted::of(target.clone()))?;
    let store = clouds.store(&*importer, &options.bucket)?;
    let mut made = Made {
        schema: SCHEMA,
        target: &target,
        bucket: &options.bucket,
        outcome: Outcome::Planned,
        is: None,
        requests: None,
    };
    if options.dry_run {
        let plan = match options.action {
            BucketAction::Create => store.creation_plan(),
            BucketAction::Remove => store.removal_plan(),
        };
        made.requests = Some(plan?.into_iter().map(Planned::from).collect());
    } else {
        let state = Remembered::of(&options.state, simulated.is_some()).await?;
        let begun = Begun::of(state.folder(), &target, &options.bucket);
        match options.action {
            BucketAction::Create => {
                let done = create(&store, &begun).await?;
                made.outcome = match done.created {
                    true => Outcome::Created,
                    false => Outcome::There,
                };
                made.is = Some(done.into());
            }
            BucketAction::Remove => made.outcome = remove(&store, &begun, &options, &target).await?,
        }
    }
    show(&made, reach.output)?;
    Ok(Exit::Done)
}

/// Where the bucket is to be.
fn target(options: &args::Bucket) -> Result<Target> {
    match &options.place {
        Place::Target(target) => Ok(target.clone()),
        Place::Cloud(provider) => {
            let account = connect::account(*provider, &options.reach);
            region::of(*provider, account, &options.reach)
        }
    }
}

/// Makes the bucket. That it was begun is on record before the order leaves, until the store shows the mark.
async fn create(store: &Store, begun: &Begun) -> Result<MadeBucket> {
    let mut is_begun = begun.is_on_record()?;
    if !is_begun && store.bucket_standing().await? == Standing::Absent {
        begun.record()?;
        is_begun = true;
    }
    let done = store.create_bucket(is_begun).await;
    match &done {
        Ok(made) if made.mark_shown => begun.forget()?,
        // Another account has it: nothing of it was begun.
        Err(error) if error.kind() == ErrorKind::Conflict => begun.forget()?,
        // Refused: who makes one of that name later does not make it for this command.
        Err(error) if !error.may_have_executed() && matches!(store.bucket_standing().await, Ok(Standing::Absent)) => {
            begun.forget()?;
        }
        _ => {}
    }
    done
}

/// Removes the bucket. That it was begun is on record before the mark goes.
async fn remove(store: &Store, begun: &Begun, options: &args::Bucket, target: &Target) -> Result<Outcome> {
    let mut is_begun = begun.is_on_record()?;
    if !is_begun && store.bucket_standing().await? == Standing::Ours {
        begun.record()?;
        is_begun = true;
    }
    let removal = store.remove_bucket(is_begun).await?;
    begun.forget()?;
    match removal {
        Removal::Removed => Ok(Outcome::Removed),
        Removal::NotThere => Ok(Outcome::NotThere),
        Removal::NotEmpty { objects, uploads } => Err(not_empty(options, target, objects, uploads)),
        _ => Err(Error::new(ErrorKind::Service, "what became of the bucket is not known")),
    }
}

/// What is in a bucket that was to be removed, and the line that deletes what is this tool's of it.
fn not_empty(options: &args::Bucket, target: &Target, objects: usize, uploads: Option<usize>) -> Error {
    let counted = |many: usize, what: &str| match many {
        1 => format!("1 {what}"),
        many => format!("{many} {what}s"),
    };
    let uploads = uploads.filter(|many| *many > 0);
    let held: Vec<String> = [
        (objects > 0).then(|| counted(objects, "object")),
        uploads.map(|many| counted(many, "unfinished upload")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let place = target.to_string();
    let words = [
        "cloud-import",
        "clean",
        "--to",
        &place,
        "--bucket",
        &options.bucket,
        "--older-than",
        "0s",
        "--yes",
    ];
    let clean = line::of(&words) + &line::with_places("", &options.state, &options.reach, &options.reach.endpoint);
    let message = format!(
        "the bucket `{}` holds {}, and nothing was removed",
        options.bucket,
        held.join(" and ")
    );
    Error::new(ErrorKind::Conflict, message)
        .with_provider(target.provider)
        .with_operation("DeleteBucket")
        .with_remedy(format!(
            "Delete what this tool left in it, if no import reads it any more: {clean}. The rest is deleted in the vendor's console."
        ))
}

fn show(made: &Made<'_>, form: OutputFormat) -> Result<()> {
    if form == OutputFormat::Json {
        return output::json(made);
    }
    let (target, bucket) = (made.target, made.bucket);
    if let Some(requests) = &made.requests {
        for one in requests {
            output::result(&format!("{} {}", one.method, one.url));
            let body = Some(one.body.trim().to_owned()).filter(|body| !body.is_empty());
            for text in one.headers.iter().chain(&body) {
                output::result(&format!("  {text}"));
            }
        }
        output::note("nothing was sent; each request is signed as it leaves");
        return Ok(());
    }
    output::result(&format!("{target} {bucket} {}", made.outcome.words()));
    if let Some(is) = &made.is {
        tell(is, target.provider);
    }
    Ok(())
}

/// How it is set up, a line each; what is not set is told even where little is said.
fn tell(is: &Is, provider: Provider) {
    output::note("private: only this account reads it");
    output::note(&match is.mark {
        "tag" => format!("known by its tag {}", MARK_TAG.join("=")),
        _ => format!("known by the object {MARK_OBJECT} in it"),
    });
    if !is.mark_shown {
        let name = provider.name();
        output::say(&format!(
            "{name} does not show the mark yet: until it does, only this state directory knows that it is ours"
        ));
    }
    match is.unfinished_uploads.set {
        true => output::note(&format!("unfinished uploads expire {}", is.unfinished_uploads.told)),
        false => output::say(&format!(
            "no rule for unfinished uploads: {}",
            is.unfinished_uploads.told
        )),
    }
    match is.encryption.set {
        true => output::note(&format!("encrypted: {}", is.encryption.told)),
        false => output::say(&format!("not encrypted: {}", is.encryption.told)),
    }
}
