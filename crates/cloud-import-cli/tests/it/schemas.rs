//! What the command writes for programs, held against the schemas that are committed. Stricter than those: a field that none of
//! them knows is an error here, so that none is written which is not documented.

#![expect(clippy::panic, reason = "helpers of tests fail by panicking, too")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;

use super::{IMAGE, out, run, sim::Sim};

/// A schema of `docs/schema`.
struct Schema(Value);

impl Schema {
    fn of(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema");
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let schema: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        Self(schema)
    }

    fn check(&self, value: &Value) -> Result<(), String> {
        self.against(&self.0, value, "$")
    }

    /// Whether a value is as a part of the schema says.
    fn against(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let Some(keywords) = schema.as_object() else {
            assert_eq!(schema, &Value::Bool(true), "{at}");
            return Ok(());
        };
        for (keyword, argument) in keywords {
            self.keyword(keyword, argument, value, at)
                .map_err(|why| format!("{at}: {why}"))?;
        }
        let Some(fields) = value.as_object().filter(|_| schema.get("type").is_some()) else {
            return Ok(());
        };
        for (name, own) in fields {
            let at = format!("{at}.{name}");
            match (schema["properties"].get(name), schema.get("additionalProperties")) {
                (Some(part), _) | (None, Some(part)) => self.against(part, own, &at)?,
                (None, None) => return Err(format!("{at}: no schema knows it")),
            }
        }
        Ok(())
    }

    fn keyword(&self, keyword: &str, argument: &Value, value: &Value, at: &str) -> Result<(), String> {
        let refuse = |is_right: bool| match is_right {
            true => Ok(()),
            false => Err(format!("{value} is against {keyword} {argument}")),
        };
        let all = |parts: &Value| -> Vec<Result<(), String>> {
            let parts = parts.as_array().unwrap().iter();
            parts.map(|part| self.against(part, value, at)).collect()
        };
        match keyword {
            "$schema" | "title" | "description" | "$defs" | "properties" | "additionalProperties" => Ok(()),
            "$ref" => {
                let name = argument.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                self.against(&self.0["$defs"][name], value, at)
            }
            "type" => {
                let is = |word: &Value| match word.as_str().unwrap() {
                    "null" => value.is_null(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_u64() || value.is_i64(),
                    "string" => value.is_string(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    other => panic!("{other}"),
                };
                refuse(
                    argument
                        .as_array()
                        .map_or_else(|| is(argument), |words| words.iter().any(is)),
                )
            }
            "required" => {
                let mut names = argument.as_array().unwrap().iter();
                refuse(!value.is_object() || names.all(|name| value.get(name.as_str().unwrap()).is_some()))
            }
            "items" => {
                let mut items = value.as_array().into_iter().flatten().enumerate();
                items.try_for_each(|(index, item)| self.against(argument, item, &format!("{at}[{index}]")))
            }
            "enum" => refuse(argument.as_array().unwrap().contains(value)),
            "const" => refuse(argument == value),
            "anyOf" | "oneOf" => {
                let found = all(argument);
                let fitting = found.iter().filter(|found| found.is_ok()).count();
                let is_right = if keyword == "oneOf" { fitting == 1 } else { fitting > 0 };
                if is_right { Ok(()) } else { Err(format!("{found:?}")) }
            }
            "minimum" => refuse(value.as_f64().is_none_or(|value| value >= argument.as_f64().unwrap())),
            "maximum" => refuse(value.as_f64().is_none_or(|value| value <= argument.as_f64().unwrap())),
            "format" if argument == "date-time" => refuse(
                value
                    .as_str()
                    .is_none_or(|text| text.len() >= 20 && text.ends_with('Z')),
            ),
            "format" => {
                assert!(
                    argument.as_str().unwrap().starts_with("uint"),
                    "the format {argument} is not understood here"
                );
                Ok(())
            }
            other => panic!("the keyword {other} is not understood here"),
        }
    }
}

#[track_caller]
pub(crate) fn holds(schema: &str, text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{schema}: {error}\n{text}"));
    if let Err(why) = Schema::of(schema).check(&value) {
        panic!("{schema}: {why}\n{value:#}");
    }
    value
}

struct Scene {
    folder: PathBuf,
    sim: Sim,
}

impl Scene {
    fn new(name: &str, more: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("schemas-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let sim = Sim::start(&format!("schemas-{name}"), more);
        Self { folder, sim }
    }

    fn state(&self) -> String {
        self.folder.join("state").to_str().unwrap().to_owned()
    }

    /// With the simulator and the state, and results as JSON.
    fn run(&self, words: &[&str], form: &[&str]) -> Output {
        let (option, state) = (self.sim.option(), self.state());
        run(&[words, form, &["--no-config", "--state", &state, &option]].concat())
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

const JSON: [&str; 2] = ["--output", "json"];

#[test]
fn a_checker_that_lets_all_pass_would_be_none() {
    let errors = Schema::of("error");
    let good = r#"{"schema":1,"results":[],"exit":2,"error":{"kind":"local","message":"m","code":null,"remedy":null,
        "operation":null,"http_status":null,"request_id":null,"attempts":1}}"#;
    let good: Value = serde_json::from_str(good).unwrap();
    assert_eq!(errors.check(&good), Ok(()));
    let with = |change: &dyn Fn(&mut Value)| {
        let mut value = good.clone();
        change(&mut value);
        errors.check(&value)
    };
    for (why, change) in [
        (
            "another version",
            &(|value: &mut Value| value["schema"] = 2.into()) as &dyn Fn(&mut Value),
        ),
        ("no error", &|value| {
            drop(value.as_object_mut().unwrap().remove("error"))
        }),
        ("no kind", &|value| {
            drop(value["error"].as_object_mut().unwrap().remove("kind"))
        }),
        ("another type", &|value| value["error"]["message"] = 1.into()),
        ("a number too large", &|value| value["exit"] = 256.into()),
        ("an unknown field", &|value| value["error"]["more"] = 1.into()),
        ("no instant", &|value| value["error"]["repeat_from"] = "soon".into()),
    ] {
        assert!(with(change).is_err(), "{why} passes");
    }
}

#[test]
fn what_imports_come_to_is_as_the_schemas_say() {
    let scene = Scene::new("imports", &["--import-time", "400ms", "--any-object"]);
    let named = |verb, name, more: &[&'static str]| {
        let words = [verb, "--name", name, "--os", "CentOS 7.9", IMAGE];
        [&words[..], more].concat()
    };
    let order = |verb, more: &[&'static str]| named(verb, "hello-clouds", more);
    let import = |more: &[&'static str], form: &[&str]| out(&scene.run(&order("import", more), form));
    for line in import(&["--to", "all", "--no-wait"], &["--events"]).lines() {
        holds("events", line);
    }
    let waited = out(&scene.run(&["wait"], &["--events"]));
    assert!(waited.lines().count() > 5, "{waited}");
    for line in waited.lines() {
        holds("events", line);
    }
    let again = holds("results", &import(&["--to", "all"], &JSON));
    assert_eq!(again["results"].as_array().unwrap().len(), 5);
    let inspected = ["--to", "aliyun", "--set", "aliyun.DetectionStrategy=Standard"];
    let inspected = out(&scene.run(&named("import", "looked-at", &inspected), &JSON));
    assert!(holds("results", &inspected)["results"][0]["inspection"].is_object());
    for words in [&["status"][..], &["wait"], &["cancel", "hello-clouds"]] {
        holds("results", &out(&scene.run(words, &JSON)));
    }
    let refused = holds("results", &import(&["--to", "jdcloud", "--set", "jdcloud.no=1"], &JSON));
    assert!(refused["results"][0]["error"]["problems"][0].is_object(), "{refused}");
    let state = scene.state();
    let listed = holds("list", &out(&run(&["list", "--output", "json", "--state", &state])));
    let job = listed["jobs"][0]["id"].as_str().unwrap();
    let shown = holds(
        "show",
        &out(&run(&["show", job, "--output", "json", "--state", &state])),
    );
    assert!(shown["targets"][0]["history"].as_array().unwrap().len() > 5, "{shown}");
    let bucket = ["--to", "aliyun/cn-hangzhou", "--bucket", "simulated-images-1250000000"];
    for verb in ["list", "clean"] {
        holds("bucket", &out(&scene.run(&[&[verb][..], &bucket].concat(), &JSON)));
    }
    for words in [
        &["clean"][..],
        &["clean", "--yes"],
        &["clean", "--forget", job, "--yes"],
    ] {
        holds("clean", &out(&scene.run(words, &JSON)));
    }
    let option = scene.sim.option();
    let checked = [&order("check", &["--to", "all"])[..], &JSON, &["--no-config", &option]].concat();
    holds("check", &out(&run(&checked)));
}

#[test]
fn facts_and_errors_are_as_the_schemas_say() {
    holds("inspect", &out(&run(&["inspect", "--output", "json", IMAGE])));
    let clouds = holds("capabilities", &out(&run(&["capabilities", "--output", "json"])));
    assert_eq!(clouds["clouds"].as_array().unwrap().len(), 5);
    for words in [
        &["InvalidImageName.Duplicate"][..],
        &["--all", "huawei"],
        &["--sources", "ucloud"],
        &["exit", "6"],
        &["quota_exceeded"],
        &[],
    ] {
        holds("explain", &out(&run(&[&["explain", "-o", "json"], words].concat())));
    }
    for words in [
        &["inspect", "missing.qcow2"][..],
        &["list", "--nonsense"],
        &["show", "nobody"],
        &["improt"],
    ] {
        holds("error", &out(&run(&[words, &JSON].concat())));
    }
    let early = out(&run(&["import", "--events"]));
    holds("events", &early);
    holds("error", &early);
}
