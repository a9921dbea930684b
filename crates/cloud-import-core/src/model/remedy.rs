//! What is wrong and what the user can do about it, as data: words, and the fields that they point at. Each front end renders
//! them once, in its own words, through [`Wording`].

use std::{borrow::Cow, fmt, time::SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Field, text::datetime};

/// How a front end writes what phrases and remedies point at. Everything has a default in the library's words.
pub trait Wording {
    /// A field, as it is named in running text.
    fn field(&self, field: &Field) -> String {
        format!("`{field}`")
    }

    /// "set X to Y", as a clause: lower case, no final stop. `to` holds the values to choose from; empty: any.
    fn set(&self, field: &Field, to: &[String]) -> String {
        let name = self.field(field);
        match to {
            [] => format!("set {name}"),
            [one] => format!("set {name} to `{one}`"),
            many => format!("set {name} to one of: {}", many.join(", ")),
        }
    }

    /// "give another X", as a clause.
    fn another(&self, field: &Field) -> String {
        format!("give another {}", self.field(field))
    }

    /// "leave X out", as a clause.
    fn unset(&self, field: &Field) -> String {
        format!("leave {} out", self.field(field))
    }

    /// "repeat the order", as a clause.
    fn repeat(&self, change: Change) -> String {
        match change {
            Change::Nothing => "repeat the order: it resumes where it stopped".to_owned(),
            Change::Original => "repeat the earlier order as it was".to_owned(),
            Change::Generation => "make another image of it (`again`, or a higher `generation`)".to_owned(),
        }
    }

    /// "grant the permission X", as a clause.
    fn grant(&self, permission: &str) -> String {
        format!("grant the permission {permission}")
    }

    /// "wait for the running import", as a clause.
    fn wait(&self) -> String {
        "wait for the import that runs".to_owned()
    }

    /// "go on with those that are not refused", as a clause.
    fn best_effort(&self) -> String {
        "let the targets go on that are ready (`best_effort`)".to_owned()
    }

    /// "list the recorded jobs", as a clause.
    fn list_jobs(&self) -> String {
        "list the jobs that are recorded".to_owned()
    }

    /// Where a rule was read: title and date of a document.
    fn source(&self, source: &str) -> String {
        source.to_owned()
    }

    /// "forget a job", as a clause.
    fn forget(&self, job: &str) -> String {
        format!("forget the job `{job}`")
    }
}

/// The library's own words: fields by their paths.
#[derive(Debug, Clone, Copy, Default)]
pub struct LibraryWording;

impl Wording for LibraryWording {}

/// Words with fields among them: `excludes ` [`Field`] `, which asks for that check`.
///
/// Made of text, or piece by piece with [`Phrase::field`] and [`Phrase::text`]. Text is shown as it is: nothing in it is
/// ever taken for the name of a field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Phrase(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(Cow<'static, str>),
    Field(Field),
    Source(Cow<'static, str>),
}

impl Phrase {
    /// A phrase of text alone.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self::default().text(text)
    }

    /// Adds text.
    #[must_use]
    pub fn text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.0.push(Piece::Text(text));
        }
        self
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        self.0.push(Piece::Field(field));
        self
    }

    /// Adds where it was read, in brackets.
    #[must_use]
    pub fn source(mut self, source: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Piece::Source(source.into()));
        self
    }

    /// Adds another phrase.
    #[must_use]
    pub fn phrase(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The phrase in a front end's words.
    pub fn render(&self, wording: &dyn Wording) -> String {
        let shown = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Field(field) => wording.field(field).into(),
            Piece::Source(source) => format!(" [{}]", wording.source(source)).into(),
        });
        shown.collect()
    }
}

impl<T: Into<Cow<'static, str>>> From<T> for Phrase {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&LibraryWording))
    }
}

impl Serialize for Phrase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Phrase {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// What the user can do.
///
/// Text in it is a whole sentence where it stands alone, and a clause (lower case, no final stop) among alternatives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Remedy {
    /// Set a field.
    Set {
        /// The field.
        field: Field,
        /// To one of these; to any value where there are none.
        to: Vec<String>,
    },
    /// Give another value to a field.
    Another(Field),
    /// Leave a field out.
    Unset(Field),
    /// Repeat the order.
    Repeat(Change),
    /// Grant a permission, named as the vendor names it.
    Grant(String),
    /// Wait for what runs.
    Wait,
    /// Let those go on that are not refused.
    BestEffort,
    /// Look which jobs are recorded.
    ListJobs,
    /// Forget what is recorded of the job with this id.
    Forget(String),
    /// Look whether it was one of these: documented likely causes of a failure whose reason the API does not tell. They are not the
    /// vendor's verdict.
    LikelyCauses(Vec<String>),
    /// In words.
    Text(Phrase),
    /// Do one of these.
    Any(Vec<Remedy>),
    /// Do these in this order.
    InOrder(Vec<Remedy>),
    /// Do it if something is so: "the console shows no image of that name".
    When(Phrase, Box<Remedy>),
    /// Do it from this instant on: before, it helps nothing.
    From(#[serde(with = "datetime::rfc3339")] SystemTime, Box<Remedy>),
}

/// A remedy in JSON: `remedy` in the library's words, and the same as data in `action` where it is more than words.
pub(crate) mod shown {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Remedy;

    #[derive(Serialize, Deserialize)]
    struct Shown {
        #[serde(default)]
        remedy: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<Remedy>,
    }

    pub(crate) fn serialize<S: Serializer>(remedy: &Option<Remedy>, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = Shown {
            remedy: remedy.as_ref().map(ToString::to_string).unwrap_or_default(),
            action: remedy.clone().filter(|remedy| !matches!(remedy, Remedy::Text(_))),
        };
        shown.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Remedy>, D::Error> {
        let Shown { remedy, action } = Shown::deserialize(deserializer)?;
        Ok(action.or_else(|| (!remedy.is_empty()).then(|| Remedy::text(remedy))))
    }
}

/// What stands before documented likely causes.
pub const LIKELY_CAUSES: &str =
    "The API gives no reason. Likely causes by the vendor's documents (not a verdict on this import)";

/// What is different when an order is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// Nothing: it resumes where it stopped.
    Nothing,
    /// What was changed since the earlier order is put back.
    Original,
    /// Its generation: another image is made on purpose.
    Generation,
}

impl Remedy {
    /// In words: a sentence, or a clause among alternatives.
    pub fn text(words: impl Into<Phrase>) -> Self {
        Self::Text(words.into())
    }

    /// Set a field, to whatever fits.
    pub fn set(field: Field) -> Self {
        Self::Set { field, to: Vec::new() }
    }

    /// Set a field to this value.
    pub fn set_to(field: Field, value: impl Into<String>) -> Self {
        let to = vec![value.into()];
        Self::Set { field, to }
    }

    /// Set a field to one of these values.
    pub fn choose<T: ToString>(field: Field, from: impl IntoIterator<Item = T>) -> Self {
        let to = from.into_iter().map(|value| value.to_string()).collect();
        Self::Set { field, to }
    }

    /// What to do about a name that an older image has.
    pub fn taken_name() -> Self {
        let replace = Self::when("the new image is to take its place", Self::set(Field::Replace));
        replace.or(Self::Another(Field::Name))
    }

    /// One of these.
    pub fn any(of: impl IntoIterator<Item = Self>) -> Self {
        Self::Any(of.into_iter().collect())
    }

    /// This, or else the other.
    #[must_use]
    pub fn or(self, other: impl Into<Self>) -> Self {
        match self {
            Self::Any(mut of) => {
                of.push(other.into());
                Self::Any(of)
            }
            one => Self::Any(vec![one, other.into()]),
        }
    }

    /// This, and then the other.
    #[must_use]
    pub fn then(self, other: impl Into<Self>) -> Self {
        match self {
            Self::InOrder(mut of) => {
                of.push(other.into());
                Self::InOrder(of)
            }
            one => Self::InOrder(vec![one, other.into()]),
        }
    }

    /// If this is so, do that.
    pub fn when(so: impl Into<Phrase>, then: impl Into<Self>) -> Self {
        Self::When(so.into(), Box::new(then.into()))
    }

    /// From this instant on, do that. It is a whole second, the next one where it is not.
    pub fn from(at: SystemTime, then: impl Into<Self>) -> Self {
        Self::From(datetime::next_second(at), Box::new(then.into()))
    }

    /// From when on it helps, where it does not at once.
    pub fn not_before(&self) -> Option<SystemTime> {
        match self {
            Self::From(at, _) => Some(*at),
            Self::Any(of) | Self::InOrder(of) => of.iter().find_map(Self::not_before),
            Self::When(_, then) => then.not_before(),
            _ => None,
        }
    }

    /// Whether to repeat the order with this change is a part of it.
    pub fn repeats(&self, change: Change) -> bool {
        match self {
            Self::Repeat(own) => *own == change,
            Self::Any(of) | Self::InOrder(of) => of.iter().any(|remedy| remedy.repeats(change)),
            Self::When(_, then) | Self::From(_, then) => then.repeats(change),
            _ => false,
        }
    }

    /// A whole sentence, or several, in a front end's words.
    pub fn render(&self, wording: &dyn Wording) -> String {
        sentence(self.clause(wording))
    }

    fn clause(&self, wording: &dyn Wording) -> String {
        match self {
            Self::Set { field, to } => wording.set(field, to),
            Self::Another(field) => wording.another(field),
            Self::Unset(field) => wording.unset(field),
            Self::Repeat(change) => wording.repeat(*change),
            Self::Grant(permission) => wording.grant(permission),
            Self::Wait => wording.wait(),
            Self::BestEffort => wording.best_effort(),
            Self::ListJobs => wording.list_jobs(),
            Self::Forget(job) => wording.forget(job),
            Self::LikelyCauses(causes) => format!("{LIKELY_CAUSES}: {}", causes.join("; ")),
            Self::Text(words) => words.render(wording),
            Self::When(so, then) => format!("if {}, {}", so.render(wording), then.clause(wording)),
            Self::From(at, then) => format!("from {} on, {}", datetime::extended(*at), then.clause(wording)),
            Self::Any(of) => {
                let clauses: Vec<String> = of.iter().map(|remedy| remedy.clause(wording)).collect();
                match clauses.split_last() {
                    Some((last, rest)) if !rest.is_empty() => format!("{}, or {last}", rest.join(", ")),
                    Some((last, _)) => last.clone(),
                    None => String::new(),
                }
            }
            Self::InOrder(of) => {
                let clauses = of.iter().map(|remedy| remedy.clause(wording)).enumerate();
                let steps = clauses.map(|(index, clause)| match index {
                    0 => sentence(clause),
                    _ if clause.starts_with("if ") || clause.starts_with(char::is_uppercase) => sentence(clause),
                    _ => sentence(format!("then {clause}")),
                });
                steps.collect::<Vec<_>>().join(" ")
            }
        }
    }
}

/// A clause as a sentence: with a capital and a final stop.
fn sentence(clause: String) -> String {
    let mut rest = clause.chars();
    let Some(first) = rest.next() else { return clause };
    let mut text: String = first.to_uppercase().chain(rest).collect();
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&LibraryWording))
    }
}

impl<T: Into<Phrase>> From<T> for Remedy {
    fn from(words: T) -> Self {
        Self::Text(words.into())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    struct Flags;

    impl Wording for Flags {
        fn field(&self, field: &Field) -> String {
            format!("--{}", field.to_string().replace('_', "-"))
        }

        fn repeat(&self, _: Change) -> String {
            "repeat the command".to_owned()
        }
    }

    #[test]
    fn each_front_end_has_its_words_and_text_stays_as_it_is() {
        let file = "the file boot_mode.raw stands against ";
        let phrase = Phrase::new(file).field(Field::BootMode);
        assert_eq!(phrase.to_string(), format!("{file}`boot_mode`"));
        assert_eq!(phrase.render(&Flags), format!("{file}--boot-mode"));
    }

    #[test]
    fn what_is_advised_can_be_asked_for() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(5);
        let later = Remedy::from(at, Remedy::Repeat(Change::Nothing));
        let advice = later.then(Remedy::when("it is gone", Remedy::Repeat(Change::Generation)));
        assert_eq!(advice.not_before(), Some(at));
        assert!(advice.repeats(Change::Nothing) && advice.repeats(Change::Generation));
        assert!(!advice.repeats(Change::Original) && !Remedy::Wait.repeats(Change::Nothing));
        assert_eq!(Remedy::Wait.not_before(), None);
    }

    #[test]
    fn remedies_are_sentences() {
        let unset = Remedy::Unset(Field::LicenseType);
        let several = Remedy::choose(Field::BootMode, ["bios", "uefi"]).or("convert the disk");
        let cases = [
            (unset.clone(), "Leave --license-type out."),
            (several, "Set --boot-mode to one of: bios, uefi, or convert the disk."),
            (Remedy::any([unset.clone()]), "Leave --license-type out."),
            (
                Remedy::text("Release it.").then(Remedy::Repeat(Change::Nothing)),
                "Release it. Then repeat the command.",
            ),
            (
                Remedy::text("Release it.").then("Repeat the command."),
                "Release it. Repeat the command.",
            ),
            (
                Remedy::when("it is gone", unset.clone()),
                "If it is gone, leave --license-type out.",
            ),
            (
                Remedy::from(
                    SystemTime::UNIX_EPOCH + Duration::from_millis(5_001),
                    Remedy::Repeat(Change::Nothing),
                ),
                "From 1970-01-01T00:00:06Z on, repeat the command.",
            ),
            (Remedy::text("Look there."), "Look there."),
            (Remedy::any([]), ""),
        ];
        for (remedy, expected) in cases {
            assert_eq!(remedy.render(&Flags), expected);
            let text = serde_json::to_string(&remedy).unwrap();
            assert_eq!(serde_json::from_str::<Remedy>(&text).unwrap(), remedy, "{text}");
        }
    }
}
