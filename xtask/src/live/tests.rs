//! Answers that were not seen, against the specs as they are.

use serde_json::{Value, json};

use super::{
    answers::Answers,
    judge::{Verdict, judge},
    report::render,
};
use crate::{spec::Spec, spec_store};

fn exchange(step: &str, more: Value) -> Value {
    let mut one = json!({
        "step": step, "at": 0.0, "took": 0.1, "lost": false, "method": "POST", "host": "api", "path": "/", "query": {},
        "action": null, "request": null, "error": null, "status": 200, "headers": {}, "etag_is_md5": null, "answer": null,
    });
    let more = more.as_object().unwrap();
    one.as_object_mut().unwrap().extend(more.clone());
    one
}

fn run(cloud: &str, steps: Value, exchanges: &[Value]) -> Answers {
    let facts = json!({
        "cloud": cloud, "region": "r", "simulated": false, "version": "0", "begun": "2026-11-29T10:00:00Z",
        "format": "qcow2", "bytes": 1, "os": "Debian 12",
    });
    let answers = json!({"schema": 1, "facts": facts, "steps": steps, "exchanges": exchanges});
    serde_json::from_value(answers).unwrap()
}

fn verdicts(cloud: &str, steps: Value, exchanges: &[Value]) -> (Vec<(String, String)>, String) {
    let root = crate::root();
    let spec = Spec::load(&root.join("xtask/specs").join(cloud)).unwrap();
    let (shared, stores) = spec_store::load(&root).unwrap();
    let store = stores.iter().find(|store| store.id == cloud).unwrap();
    let answers = run(cloud, steps, exchanges);
    let judged = judge(&spec, store, &shared, &answers);
    let report = render(&spec, &answers, &judged);
    let told = judged.into_iter().filter_map(|one| match one.verdict {
        Verdict::Settled(why) => Some((one.fact, format!("settled: {why}"))),
        Verdict::Contradicted(why) => Some((one.fact, format!("contradicted: {why}"))),
        Verdict::Open => None,
    });
    (told.collect(), report)
}

fn step(name: &str, told: &str) -> Value {
    json!({"name": name, "at": 0.0, "took": 1.0, "passed": true, "told": told})
}

fn pairs(told: &[(&str, &str)]) -> Vec<(String, String)> {
    told.iter()
        .map(|(fact, why)| ((*fact).to_owned(), (*why).to_owned()))
        .collect()
}

#[test]
fn a_run_that_met_nothing_settles_nothing() {
    for cloud in crate::spec::CLOUDS {
        let (told, report) = verdicts(cloud, json!([]), &[]);
        assert_eq!(told, [], "{cloud}");
        assert!(report.contains("## Still unverified"), "{report}");
    }
}

#[test]
fn systems_names_and_requests_are_settled_by_an_import() {
    let order =
        json!({"Action": "ImportCustomImage", "OsType": "Debian", "OsName": "Debian 12 64位", "ImageName": "live-1"});
    let steps = json!([step("import", ""), step("same name", "accepted: image <id-2>")]);
    let taken = exchange(
        "import",
        json!({"request": order, "answer": {"RetCode": 0, "ImageId": "<id-1>"}}),
    );
    let (told, _) = verdicts("ucloud", steps, &[taken]);
    let expected = [
        (
            "capabilities.unique_names",
            "settled: a second image of the name: accepted: image <id-2>",
        ),
        ("system Debian", "settled: an import took it"),
    ];
    assert_eq!(told, pairs(&expected));
    let refused = exchange(
        "import",
        json!({"request": order, "answer": {"RetCode": 230, "Message": "no"}}),
    );
    let (told, _) = verdicts("ucloud", json!([]), &[refused]);
    assert_eq!(
        told,
        pairs(&[("system Debian", "contradicted: an import with it was refused: 230")])
    );
}

#[test]
fn an_etag_and_codes_are_held_against_what_came() {
    let put = |is_md5: bool| exchange("import", json!({"method": "PUT", "path": "/k", "etag_is_md5": is_md5}));
    let (told, _) = verdicts("jdcloud", json!([]), &[put(true)]);
    assert_eq!(
        told,
        pairs(&[("etag_is_md5", "settled: the ETag of what was put: true")])
    );
    let busy = "<Error><Code>ServerBusy</Code></Error>";
    let busy = |status: u16| {
        exchange(
            "import",
            json!({"method": "PUT", "path": "/k", "status": status, "answer": busy}),
        )
    };
    let (told, _) = verdicts("jdcloud", json!([]), &[put(false), busy(503)]);
    let expected = [
        ("etag_is_md5", "contradicted: the ETag of what was put: false"),
        ("code ServerBusy", "settled: ServerBusy came with HTTP 503"),
    ];
    assert_eq!(told, pairs(&expected));
    let (told, _) = verdicts("jdcloud", json!([]), &[busy(429)]);
    assert_eq!(
        told,
        pairs(&[(
            "code ServerBusy",
            "contradicted: ServerBusy came with HTTP 429 and not 503"
        )])
    );
}

#[test]
fn fields_of_answers_are_settled_where_they_come() {
    let answer = json!({"Response": {"ImageSet": [{"SnapshotSet": [{"DiskSize": 50}]}], "RequestId": "<id-1>"}});
    let listed = exchange("import", json!({"action": "DescribeImages", "answer": answer}));
    let (told, _) = verdicts("tencent", json!([]), &[listed]);
    assert_eq!(
        told,
        pairs(&[("Snapshot.DiskSize", "settled: DescribeImages answered `50`")])
    );
    let answer = json!({"Response": {"Error": {"Code": "InvalidParameterValue.DuplicateTags"}, "RequestId": "<id-1>"}});
    let refused = exchange("import", json!({"action": "ImportImage", "answer": answer}));
    let (told, _) = verdicts("tencent", json!([]), &[refused]);
    let expected = [(
        "code InvalidParameterValue.DuplicateTags",
        "settled: InvalidParameterValue.DuplicateTags came with HTTP 200",
    )];
    assert_eq!(told, pairs(&expected));
}

#[test]
fn what_a_lost_answer_showed_is_told() {
    let path = "/v1/regions/r/images:import";
    let started = |id: &str, at: f64, lost: bool| {
        let (order, answer) = (
            json!({"imageName": "live-2", "clientToken": "<id-9>"}),
            json!({"result": {"taskId": id}}),
        );
        exchange(
            "lost answer",
            json!({"path": path, "at": at, "lost": lost, "request": order, "answer": answer}),
        )
    };
    let listed = exchange(
        "lost answer",
        json!({"method": "GET", "path": "/v1/regions/r/images", "at": 42.5, "answer": {"result": {"images": [{"name": "live-2"}]}}}),
    );
    let run = [started("7", 1.0, true), started("7", 2.0, false), listed.clone()];
    let (_, report) = verdicts("jdcloud", json!([]), &run);
    assert!(
        report.contains("importImage: sent again with its token it gave the same import"),
        "{report}"
    );
    assert!(
        report.contains("importImage: 41.5 s after it was sent a list showed its image"),
        "{report}"
    );
    let run = [started("7", 1.0, true), started("8", 2.0, false), listed];
    let (_, report) = verdicts("jdcloud", json!([]), &run);
    assert!(report.contains("it gave ANOTHER ANSWER"), "{report}");
}

#[test]
fn newer_answers_are_refused() {
    let folder = std::env::temp_dir().join(format!("cloud-import-live-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("answers.json");
    let facts = json!({"cloud": "ucloud", "region": "r", "simulated": true, "version": "9", "begun": "", "format": "raw", "bytes": 1, "os": ""});
    let answers = json!({"schema": 2, "facts": facts, "steps": [], "exchanges": []});
    std::fs::write(&file, answers.to_string()).unwrap();
    let told = Answers::read(&file).err().unwrap();
    assert!(told.contains("with a newer checkout"), "{told}");
    std::fs::remove_dir_all(folder).unwrap();
}
