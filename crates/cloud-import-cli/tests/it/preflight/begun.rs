//! What was begun before goes on, whatever stands against a new order; and names that are those of other content.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::Stdio,
    time::Duration,
};

use cloud_import_sim::Config;

use super::{
    super::{IMAGE, command, err, expect_code, import, out, run},
    scene::{BUCKET, NAME, PLACES, World},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_goes_on_though_the_name_is_taken_and_the_quota_full() {
    let full = |config: Config| {
        let config = config.import_time(Duration::from_secs(2));
        PLACES.iter().fold(config, |config, (cloud, _)| config.quota(*cloud, 1))
    };
    let world = World::new("repeat", full).await;
    let started = world.import(&["--to", "all", "--no-wait"]);
    expect_code(&started, 0);
    // What was sent is not asked about again.
    let asked = || -> u64 {
        let operations = world.simulator.counters().requests.into_values().flatten();
        let of_accounts = operations.filter(|(name, _)| name.contains("Quota") || name.contains("Region"));
        of_accounts.map(|(_, many)| many).sum()
    };
    let before = asked();
    let finished = world.import(&["--to", "all"]);
    expect_code(&finished, 0);
    let repeated = world.import(&["--to", "all"]);
    expect_code(&repeated, 0);
    assert_eq!(out(&repeated), out(&finished));
    assert!(before > 0 && asked() == before, "{before}, {}", asked());
    // Nothing is remembered any more: the images are found by what they say of themselves.
    fs::remove_dir_all(world.folder.join("jobs")).unwrap();
    let found = world.import(&["--to", "tencent", "--to", "huawei", "--to", "aliyun"]);
    expect_code(&found, 0);
    for line in out(&found).lines() {
        assert!(out(&finished).contains(line), "{line}");
    }
    for (cloud, _) in PLACES {
        assert_eq!(world.simulator.counters().imports_of(cloud, NAME), 1, "{cloud}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_order_goes_on_though_the_name_is_taken_and_the_quota_full() {
    let full = |config: Config| {
        let config = config.import_time(Duration::from_secs(3));
        PLACES.iter().fold(config, |config, (cloud, _)| config.quota(*cloud, 1))
    };
    let world = World::new("killed", full).await;
    let (simulate, state) = (world.simulate(), world.state());
    let words = import(&simulate, &[&state, "--bucket", BUCKET, "--to", "all", "--events"]);
    let mut process = command(&words)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let started = lines
        .map(Result::unwrap)
        .filter(|line| line.contains(r#""event":"started""#));
    assert_eq!(started.take(5).count(), 5);
    process.kill().unwrap();
    process.wait().unwrap();
    let repeated = world.import(&["--to", "all"]);
    expect_code(&repeated, 0);
    assert_eq!(out(&repeated).lines().count(), 5);
    for (cloud, _) in PLACES {
        assert_eq!(world.simulator.counters().imports_of(cloud, NAME), 1, "{cloud}");
    }
}

/// A new build under an old name: whose image has the name is on record, and what it was made of has another size.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_another_content_is_refused_before_the_file_is_read() {
    let world = World::new("build", |config| config).await;
    for to in ["tencent", "huawei", "aliyun"] {
        expect_code(&world.import(&["--to", to]), 0);
    }
    let hashes = || fs::read_dir(world.folder.join("jobs/hashes")).unwrap().count();
    let (known, before) = (hashes(), world.changes());
    for to in ["tencent", "huawei", "aliyun"] {
        let output = world.of_large(&["--bucket", BUCKET, "--to", to]);
        expect_code(&output, 4);
        assert!(
            err(&output).contains("there is an image named"),
            "{to}: {}",
            err(&output)
        );
    }
    assert_eq!(hashes(), known, "the file was read");
    assert_eq!(world.changes(), before);
}

/// The same where the size tells nothing: it is known when the file was read, and before it is uploaded.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_another_content_of_the_same_size_is_refused_before_the_upload() {
    let world = World::new("same-size", |config| config).await;
    expect_code(&world.import(&["--to", "tencent", "--to", "ucloud"]), 0);
    let other = world.folder.join("other.qcow2");
    let mut bytes = fs::read(IMAGE).unwrap();
    // Behind the header, in what the guest has.
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&other, bytes).unwrap();
    let received = || world.simulator.counters().bytes_received;
    let (before, simulate, state) = (received(), world.simulate(), world.state());
    let words = [
        "import", &simulate, &state, "--bucket", BUCKET, "--to", "tencent", "--to", "ucloud", "--name", NAME,
    ];
    let refused = run(&[&words[..], &["--os", "CentOS 7.9", other.to_str().unwrap()]].concat());
    expect_code(&refused, 4);
    let told = err(&refused);
    assert!(
        told.contains("tencent/ap-guangzhou: ") && told.contains("there is an image named"),
        "{told}"
    );
    assert!(
        told.contains("ucloud/cn-bj2: not started, because the import would fail at `tencent/"),
        "{told}"
    );
    assert_eq!(received(), before);
    let jobs = fs::read_dir(world.folder.join("jobs/jobs")).unwrap().count();
    assert_eq!(jobs, 1, "the second is not recorded");
}
