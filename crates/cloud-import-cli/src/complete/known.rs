//! What is known on this machine that a word may become, by what is typed beside it.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

use cloud_import::{Provider, Target};

use crate::{args::StateDir, config, jobs::Remembered as Job, state::Remembered, targets};

/// A word, and what it is.
pub(super) type Word = (String, String);

/// The options on which depends what is known: where jobs are, and which targets have names.
const OPTIONS: [&str; 5] = ["--state", "--targets", "--config", "--defaults", "--from"];

/// What is typed of these options, and what the variables and the file of defaults say beside it.
#[derive(Debug, Default)]
pub(super) struct Known {
    words: Vec<OsString>,
}

impl Known {
    /// By this process's own words: the shell hands over the line behind `--`.
    pub(super) fn now() -> Self {
        let line = std::env::args_os().skip_while(|word| word != "--").skip(1);
        Self::of(line.collect())
    }

    fn of(line: Vec<OsString>) -> Self {
        let typed = typed(&line);
        // Not of the command that is typed: it is not whole, and nothing could be read of it. `images` has all of these options.
        let mut asked: Vec<OsString> = ["cloud-import", "images", "--quiet"].map(OsString::from).to_vec();
        asked.extend(typed.iter().filter(|word| !is(word, "--from")).cloned());
        let mut words = config::completed_in_silence(asked).unwrap_or_default();
        words.extend(typed);
        Self { words }
    }

    /// The last value of an option.
    fn value(&self, option: &str) -> Option<&OsStr> {
        let word = self.words.iter().rev().find(|word| is(word, option))?;
        word.to_str()?.split_once('=').map(|(_, value)| OsStr::new(value))
    }

    fn is_simulated(&self) -> bool {
        self.words.iter().any(|word| is(word, "--simulate"))
    }

    /// Where they are named, the groups and targets of a file; the clouds, and their regions.
    pub(super) fn targets(&self) -> Vec<Word> {
        let file = self.value("--targets").map(Path::new);
        let named = file.and_then(|file| targets::names(file).ok()).unwrap_or_default();
        let named = named.into_iter().map(|name| (name, String::new()));
        let all = ("all".to_owned(), "each cloud, in the region beside its keys".to_owned());
        let places = Provider::all().flat_map(|cloud| {
            let regions = regions_of(cloud).into_iter();
            regions.map(move |(region, name)| (format!("{cloud}/{region}"), name))
        });
        named.chain([all]).chain(clouds()).chain(places).collect()
    }

    /// Those of the cloud that an image is taken from, where that is typed; else all.
    pub(super) fn regions(&self) -> Vec<Word> {
        let from = self.value("--from").and_then(OsStr::to_str);
        let cloud = from.and_then(|from| from.split('/').next()?.parse::<Provider>().ok());
        let clouds = Provider::all().filter(|one| cloud.is_none_or(|cloud| cloud == *one));
        let mut all: Vec<Word> = clouds.flat_map(regions_of).collect();
        all.sort();
        all.dedup_by(|one, other| one.0 == other.0);
        all
    }

    /// Jobs on record.
    pub(super) fn jobs(&self) -> Vec<Word> {
        let jobs = self.recorded().into_iter();
        jobs.map(|job| (job.facts.id, job.facts.source)).collect()
    }

    /// The images of jobs on record, as JOB/TARGET.
    pub(super) fn images(&self) -> Vec<Word> {
        let of = |job: Job| {
            let (id, made) = (job.facts.id, job.targets.into_iter());
            made.filter_map(move |made| Some((format!("{id}/{}", made.target), made.image?.id)))
        };
        self.recorded().into_iter().flat_map(of).collect()
    }

    fn recorded(&self) -> Vec<Job> {
        let named = StateDir {
            folder: self.value("--state").map(Into::into),
            #[cfg(feature = "fleet")]
            fleet: self.value("--fleet").and_then(OsStr::to_str).map(str::to_owned),
        };
        // Simulated clouds are remembered nowhere unless a directory is named.
        if named.place().is_none() && self.is_simulated() {
            return Vec::new();
        }
        let all = async {
            let state = Remembered::of(&named, false).await?;
            Job::all(&state).await
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let all = runtime.ok().and_then(|runtime| runtime.block_on(all).ok());
        all.map_or_else(Vec::new, |(jobs, _)| jobs)
    }
}

/// The clouds.
pub(super) fn clouds() -> Vec<Word> {
    let clouds = Provider::all().map(|cloud| (cloud.to_string(), cloud.name().to_owned()));
    clouds.collect()
}

fn regions_of(cloud: Provider) -> Vec<Word> {
    let regions = cloud_import::regions(cloud).unwrap_or_default().iter();
    let readable = regions.filter(|(id, _)| format!("{cloud}/{id}").parse::<Target>().is_ok());
    readable
        .map(|(id, name)| ((*id).to_owned(), (*name).to_owned()))
        .collect()
}

/// Of what is typed, those options that count here, each as one word with its value.
fn typed(line: &[OsString]) -> Vec<OsString> {
    let mut found = Vec::new();
    let mut words = line.iter();
    while let Some(word) = words.next() {
        if word == "--no-config" || is(word, "--simulate") {
            found.push(word.clone());
        } else if OPTIONS.iter().any(|option| word == option) {
            // The last word is the one that is being typed.
            let Some(value) = words.next().filter(|_| words.len() > 0) else {
                break;
            };
            let mut whole = word.clone();
            whole.push("=");
            whole.push(value);
            found.push(whole);
        } else if OPTIONS.iter().any(|option| is(word, option)) && words.len() > 0 {
            found.push(word.clone());
        }
    }
    found
}

/// Whether a word is this option, with or without a value in it.
fn is(word: &OsStr, option: &str) -> bool {
    let rest = word.as_encoded_bytes().strip_prefix(option.as_bytes());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn what_counts_of_a_line_is_read_from_it() {
        for (line, counts) in [
            ("cloud-import show --state a ", "--state=a"),
            ("cloud-import show --state=a we", "--state=a"),
            (
                "cloud-import wait --simulate=x --no-config ",
                "--simulate=x --no-config",
            ),
            ("cloud-import copy m --from aliyun/x --to cn", "--from=aliyun/x"),
        ] {
            assert_eq!(typed(&words(line)), words(counts), "{line}");
        }
        // What is being typed counts for nothing yet.
        for line in ["cloud-import show --state ", "cloud-import show --state=a"] {
            assert!(typed(&words(line)).is_empty(), "{line}");
        }
    }

    #[test]
    fn regions_are_those_of_the_cloud_that_is_named() {
        let known = Known {
            words: words("--from=huawei/cn-north-4"),
        };
        let regions = known.regions();
        assert!(regions.iter().any(|(id, _)| id == "cn-north-4"));
        assert!(regions.iter().all(|(id, _)| id != "cn-hangzhou"), "{regions:?}");
        assert!(Known::default().regions().iter().any(|(id, _)| id == "cn-hangzhou"));
    }
}
