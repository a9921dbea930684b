//! `accept`: the answer of who an image is shared with.

use super::{again::Scene, err, expect_code, out, run, schemas::holds};

#[test]
fn an_image_that_is_shared_is_accepted_or_rejected() {
    let receiver = "fedcba9876543210fedcba9876543210";
    let scene = Scene::new("after accept", |config| config);
    let to = ["--to", "huawei/cn-north-4"];
    let made = scene.import(&to);
    expect_code(&made, 0);
    let line = out(&made);
    let (_, id) = line.trim().split_once(' ').unwrap();
    let share = ["share", id, "--with", receiver];
    let shared = scene.run(&[&share[..], &to].concat());
    expect_code(&shared, 0);
    let not_accepted = format!("  not accepted by: {receiver}\n");
    assert!(out(&shared).contains(&not_accepted), "{}", out(&shared));
    let accept = |more: &[&str]| {
        let simulate = format!("--simulate={}", scene.path("sim.json"));
        let words = [&["accept", id, "--project", receiver, &simulate][..], &to, more].concat();
        run(&words)
    };
    let accepted = accept(&[]);
    expect_code(&accepted, 0);
    assert_eq!(out(&accepted), format!("huawei/cn-north-4 {id} accepted\n"));
    let seen = scene.run(&[&share[..], &to].concat());
    assert!(!out(&seen).contains("not accepted"), "{}", out(&seen));
    let rejected = accept(&["--reject", "--output", "json"]);
    expect_code(&rejected, 0);
    assert_eq!(holds("image", &out(&rejected))["results"][0]["status"], "rejected");
    let seen = scene.run(&[&share[..], &to].concat());
    assert!(out(&seen).contains(&not_accepted), "{}", out(&seen));
    // Its owner has nothing to accept, and the other clouds ask nobody.
    let simulate = format!("--simulate={}", scene.path("sim.json"));
    let own = run(&[&["accept", id, &simulate][..], &to].concat());
    expect_code(&own, 4);
    assert!(err(&own).contains("Only the receiver"), "{}", err(&own));
    let elsewhere = run(&["accept", "m-1", "--to", "aliyun/cn-hangzhou", &simulate]);
    expect_code(&elsewhere, 2);
    assert!(err(&elsewhere).contains("asks no receiver"), "{}", err(&elsewhere));
    let unnamed = run(&["accept", "web image", "--to", "huawei/cn-north-4", &simulate]);
    expect_code(&unnamed, 2);
}
