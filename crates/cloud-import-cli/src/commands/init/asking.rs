//! Asks for what was not given. An answer that an import would not take is told, and asked for again.

use std::io::stdin;

use cloud_import::{Error, ErrorKind, Os, Provider, Result, Target};

use super::plan::{self, Placed, Plan};
use crate::{args::Init, keys, output, render, targets, template};

/// Somebody who answers.
pub(super) trait Answers {
    /// The answer to a question, without blanks at its ends; `None` when there will be none.
    fn answer(&mut self, question: &str) -> Result<Option<String>>;

    /// Says what is wrong with an answer.
    fn say(&mut self, text: &str);
}

/// Whoever sits at the terminal.
pub(super) struct Terminal;

impl Answers for Terminal {
    fn answer(&mut self, question: &str) -> Result<Option<String>> {
        output::say(question);
        let mut line = String::new();
        let read = stdin().read_line(&mut line).map_err(|error| {
            Error::new(ErrorKind::Local, format!("the answer cannot be read: {error}")).with_source(error)
        })?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    }

    fn say(&mut self, text: &str) {
        output::say(text);
    }
}

/// What the options say and what is answered beside them; `None` when it is not to be written.
///
/// # Errors
/// The answers ended, or an option is wrong.
pub(super) fn plan(options: &Init, who: &mut dyn Answers) -> Result<Option<Plan>> {
    // What is wrong is told before anybody answers anything.
    plan::check_words(options)?;
    let targets = match options.to.as_slice() {
        [] => asked_targets(who)?,
        typed => plan::targets(typed)?,
    };
    plan::check_buckets(options, &targets)?;
    let mut placed = Vec::new();
    for target in targets {
        let bucket = match plan::bucket_of(&options.bucket, &target) {
            Some(bucket) => Some(bucket),
            None => asked_bucket(&target, who)?,
        };
        placed.push(Placed { target, bucket });
    }
    let name = match &options.name {
        Some(name) => Some(name.clone()),
        None => asked_name(who)?,
    };
    let os = match &options.os {
        Some(os) => Some(os.clone()),
        None => asked_os(who)?,
    };
    let named: Vec<String> = placed.iter().map(|placed| placed.target.to_string()).collect();
    let question = format!(
        "Write targets.toml and cloud-import.toml for {}? [Y/n]",
        named.join(", ")
    );
    let is_meant = matches!(again(who, &question)?.to_ascii_lowercase().as_str(), "" | "y" | "yes");
    Ok(is_meant.then_some(Plan {
        targets: placed,
        name,
        os,
    }))
}

fn asked_targets(who: &mut dyn Answers) -> Result<Vec<Target>> {
    let with_keys: Vec<Provider> = Provider::all()
        .filter(|provider| keys::are_there(*provider, None, false).unwrap_or_default())
        .collect();
    let others = Provider::all().filter(|provider| !with_keys.contains(provider));
    let all: Vec<&str> = with_keys.iter().copied().chain(others).map(Provider::id).collect();
    let found: Vec<&str> = with_keys.iter().copied().map(Provider::id).collect();
    let usual = match found.is_empty() {
        true => "no keys are found".to_owned(),
        false => format!("keys are found for those in brackets [{}]", found.join(", ")),
    };
    let question = format!("Clouds, by comma, of {}; {usual}", all.join(", "));
    let clouds = ask(who, &question, |answer| {
        let words = match answer {
            "" => found.join(","),
            answer => answer.to_owned(),
        };
        let words: Vec<&str> = words.split([',', ' ']).filter(|word| !word.is_empty()).collect();
        if words.is_empty() {
            return Err(Error::new(ErrorKind::InvalidRequest, "at least one cloud is needed"));
        }
        words
            .into_iter()
            .map(str::parse::<Provider>)
            .collect::<Result<Vec<_>>>()
    })?;
    let mut targets: Vec<Target> = Vec::new();
    for provider in clouds {
        let usual = plan::usual(provider)?;
        let question = format!("Region of {} [{}]", provider.name(), usual.region);
        let target = ask(who, &question, |answer| match answer {
            "" => Ok(usual.clone()),
            region => format!("{provider}/{region}").parse(),
        })?;
        targets::doubt_region(&targets::Wanted::of(target.clone()));
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    Ok(targets)
}

fn asked_bucket(target: &Target, who: &mut dyn Answers) -> Result<Option<String>> {
    let question = format!("Bucket in {target} that local files are uploaded to; nothing for none []");
    ask(who, &question, |answer| match answer {
        "" => Ok(None),
        bucket => plan::check_bucket(target.provider, bucket).map(|()| Some(bucket.to_owned())),
    })
}

fn asked_name(who: &mut dyn Answers) -> Result<Option<String>> {
    const USUAL: &str = "image-{date}";
    let question = format!("Name of the images; {{date}}, {{region}} and others may stand in it [{USUAL}]");
    ask(who, &question, |answer| match answer {
        "" => Ok(Some(USUAL.to_owned())),
        name => template::check(name).map(|()| Some(name.to_owned())),
    })
}

fn asked_os(who: &mut dyn Answers) -> Result<Option<Os>> {
    let question = "System in the images, such as CentOS 7.9; nothing where the disk tells it []";
    ask(who, question, |answer| match answer {
        "" => Ok(None),
        os => os.parse().map(Some),
    })
}

/// The first answer that can be read.
fn ask<T>(who: &mut dyn Answers, question: &str, read: impl Fn(&str) -> Result<T>) -> Result<T> {
    loop {
        match read(&again(who, question)?) {
            Ok(value) => return Ok(value),
            Err(error) => {
                who.say(&render::error(&error));
                if let Some(remedy) = render::remedy_of(&error) {
                    who.say(&remedy);
                }
            }
        }
    }
}

fn again(who: &mut dyn Answers, question: &str) -> Result<String> {
    who.answer(question)?.ok_or_else(|| {
        Error::new(ErrorKind::InvalidRequest, "the answers ended before the last question")
            .with_remedy("Use --yes with --to TARGET, and --bucket and --name.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::scope::{Scope, Scoped};

    /// Answers in turn.
    struct Script {
        answers: Vec<&'static str>,
        asked: Vec<String>,
        said: Vec<String>,
    }

    impl Answers for Script {
        fn answer(&mut self, question: &str) -> Result<Option<String>> {
            self.asked.push(question.to_owned());
            Ok((!self.answers.is_empty()).then(|| self.answers.remove(0).to_owned()))
        }

        fn say(&mut self, text: &str) {
            self.said.push(text.to_owned());
        }
    }

    fn script(answers: &[&'static str]) -> Script {
        Script {
            answers: answers.to_vec(),
            asked: Vec::new(),
            said: Vec::new(),
        }
    }

    fn nothing_given() -> Init {
        Init {
            to: Vec::new(),
            bucket: Vec::new(),
            name: None,
            os: None,
            yes: false,
            force: false,
        }
    }

    #[test]
    fn each_thing_is_asked_for_and_what_is_wrong_once_more() {
        let mut who = script(&[
            "aliyn, tencent",
            "aliyun, tencent",
            "cn-shanghai",
            "ap-beijing",
            "my-bucket",
            "images",
            "images-1250000000",
            "web-{day}",
            "web-{date}",
            "CentOS 7.9",
            "",
        ]);
        let plan = plan(&nothing_given(), &mut who).unwrap().unwrap();
        let targets: Vec<String> = plan.targets.iter().map(|placed| placed.target.to_string()).collect();
        assert_eq!(targets, ["aliyun/cn-shanghai", "tencent/ap-beijing"]);
        let buckets: Vec<_> = plan.targets.iter().map(|placed| placed.bucket.as_deref()).collect();
        assert_eq!(buckets, [Some("my-bucket"), Some("images-1250000000")]);
        assert_eq!(plan.name.as_deref(), Some("web-{date}"));
        assert_eq!(plan.os.map(|os| os.to_string()).as_deref(), Some("CentOS 7.9"));
        let said = who.said.join("\n");
        for part in ["aliyn", "APPID", "{day}"] {
            assert!(said.contains(part), "`{part}` is not in {said}");
        }
        assert!(who.asked[0].contains("ucloud") && who.asked[2].contains("Alibaba Cloud"));
    }

    #[test]
    fn what_is_given_wrong_is_told_before_the_first_question() {
        let bucket = |scope, value: &str| {
            vec![Scoped {
                scope,
                value: value.to_owned(),
            }]
        };
        let of_tencent = || Scope::Cloud(Provider::TENCENT);
        let in_tencent = || vec!["tencent/ap-guangzhou".to_owned()];
        for (to, bucket, name, part) in [
            (Vec::new(), Vec::new(), Some("web-{day}".to_owned()), "day"),
            (Vec::new(), bucket(of_tencent(), "images"), None, "images"),
            (in_tencent(), bucket(Scope::All, "images"), None, "images"),
            (
                in_tencent(),
                bucket(Scope::Cloud(Provider::ALIYUN), "images"),
                None,
                "none of the targets",
            ),
        ] {
            let given = Init {
                to,
                bucket,
                name,
                ..nothing_given()
            };
            let mut who = script(&[]);
            let error = plan(&given, &mut who).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
            assert!(who.asked.is_empty(), "{:?}", who.asked);
        }
    }

    #[test]
    fn what_is_given_is_not_asked_for() {
        let given = Init {
            to: vec!["ucloud/cn-bj2".to_owned()],
            name: Some("web".to_owned()),
            ..nothing_given()
        };
        let mut who = script(&["", "", "n"]);
        assert_eq!(plan(&given, &mut who).unwrap(), None, "which was not to be written");
        assert_eq!(who.asked.len(), 3, "{:?}", who.asked);
        let mut gone = script(&[""]);
        assert!(plan(&given, &mut gone).is_err(), "the answers end");
    }
}
