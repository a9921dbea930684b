//! What is known of the clouds, as it is shown.

use serde_json::Value;

use super::{expect_code, out, run};

#[test]
fn capabilities_are_shown_for_people_and_programs() {
    let output = run(&["capabilities"]);
    expect_code(&output, 0);
    assert!(out(&output).contains("Alibaba Cloud") && out(&output).contains("Unverified: no source settles it."));
    let output = run(&["capabilities", "huawei"]);
    assert!(
        out(&output).contains("limits") && out(&output).contains("IMS"),
        "{}",
        out(&output)
    );
    let clouds: Value = serde_json::from_str(&out(&run(&["capabilities", "--output", "json"]))).unwrap();
    assert_eq!(clouds["schema"], 1);
    assert_eq!(clouds["clouds"].as_array().unwrap().len(), 5);
}
