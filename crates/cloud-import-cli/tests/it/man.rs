//! Manual pages, as the command writes them.

use std::{fs, path::Path};

use super::{err, expect_code, out, run};

#[test]
fn a_page_goes_to_standard_output_and_all_go_into_a_folder() {
    let page = run(&["man", "import"]);
    expect_code(&page, 0);
    let text = out(&page);
    let head = text.lines().find(|line| line.starts_with(".TH "));
    assert!(
        head.is_some_and(|head| head.starts_with(".TH cloud-import-import 1 ")),
        "{head:?}"
    );
    assert!(out(&page).contains("\\-\\-copy\\-to"), "{}", out(&page));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("man1");
    let _ = fs::remove_dir_all(&folder);
    for _ in 0..2 {
        expect_code(&run(&["man", "--folder", folder.to_str().unwrap()]), 0);
    }
    let written = fs::read_to_string(folder.join("cloud-import-import.1")).unwrap();
    assert_eq!(written, out(&page));
    let main = fs::read_to_string(folder.join("cloud-import.1")).unwrap();
    assert_eq!(main, out(&run(&["man"])));
    assert!(main.contains("\n.TH cloud-import 1 "), "{main}");
}

#[test]
fn a_command_that_there_is_not_has_no_page() {
    let output = run(&["man", "imprt"]);
    expect_code(&output, 2);
    assert!(err(&output).contains("Did you mean `import`?"), "{}", err(&output));
}
