//! What a file is, is known by its content.

use std::fs;

use serde_json::Value;

use super::{IMAGE, err, expect_code, out, run};

#[test]
fn a_files_header_is_read() {
    let output = run(&["inspect", IMAGE]);
    expect_code(&output, 0);
    assert!(
        out(&output).contains("qcow2")
            && out(&output).contains("32.0 MiB (33554432)")
            && out(&output).contains("partition table")
    );
    assert!(out(&output).contains("UCloud: takes it"), "{}", out(&output));

    let output = run(&["inspect", "--output", "json", IMAGE]);
    let facts: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(
        (&facts["format"], &facts["virtual_size_bytes"]),
        (&"qcow2".into(), &33_554_432.into())
    );
    assert_eq!(
        (&facts["encrypted"], &facts["backing_file"]),
        (&false.into(), &Value::Null)
    );
    assert_eq!(facts["clouds"].as_array().unwrap().len(), 5);

    let archive = std::env::temp_dir().join(format!("cloud-import-cli-archive-{}.qcow2", std::process::id()));
    fs::write(&archive, [&b"PK\x03\x04"[..], &[0; 600]].concat()).unwrap();
    let named = archive.to_str().unwrap();
    assert!(
        out(&run(&["inspect", named])).contains("is a zip archive, not a disk image"),
        "by its content, whatever its name"
    );
    let output = run(&[
        "import",
        "--simulate",
        "--to",
        "aliyun",
        "--name",
        "nn",
        "--os",
        "CentOS 7.9",
        named,
    ]);
    expect_code(&output, 2);
    assert!(
        err(&output).contains("is a zip archive, not a disk image"),
        "{}",
        err(&output)
    );
    fs::remove_file(archive).unwrap();

    for bad in ["/nonexistent/disk.qcow2", env!("CARGO_MANIFEST_DIR")] {
        let output = run(&["inspect", bad]);
        expect_code(&output, 2);
        assert!(err(&output).contains(bad), "{}", err(&output));
    }
}
