//! With scripts in the place of `qemu-img`, which fail, hang and fill the disk; they are not confined here. The targets `it` and
//! `qemu-img` have the whole command, and the last one the real `qemu-img`.

#![cfg(unix)]

#[path = "../../../../tests/images/unpack.rs"]
mod images;

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cloud_import::env::{Env as _, SystemEnv};
use disk::inspect;

use super::*;

/// A folder for one test, with an empty one for results in it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("convert-{}", SystemEnv.nonce().unwrap()));
        fs::create_dir_all(folder.join("out")).unwrap();
        Self(folder)
    }

    fn out(&self) -> PathBuf {
        self.0.join("out")
    }

    fn left(&self) -> usize {
        fs::read_dir(self.out()).unwrap().count()
    }

    /// One of the committed images, in a file of its name.
    fn put(&self, name: &str) -> (PathBuf, DiskInfo) {
        let path = self.0.join(name);
        fs::write(&path, images::image(name)).unwrap();
        let info = read(&path);
        (path, info)
    }

    /// A `qemu-img` that measures as `need` and converts as `script` says, with the output's path in `$out` and this folder
    /// in `$here`.
    fn fake(&self, need: u64, script: &str) -> PathBuf {
        let path = self.0.join("qemu-img");
        let text = format!(
            "#!/bin/sh\nhere=${{0%/*}}\necho \"$@\" >> \"$here/told\"\n\
             if [ \"$1\" = measure ]; then echo '{{\"required\": {need}}}'; exit; fi\n\
             for out; do :; done\n{script}\n"
        );
        let draft = self.0.join("draft");
        fs::write(&draft, text).unwrap();
        // Another process writes the program: were it this one, a child that another test starts at that moment would hold
        // it open for writing, and the system runs no file that is.
        let mut install = std::process::Command::new("install");
        assert!(
            install
                .args(["-m", "700"])
                .args([&draft, &path])
                .status()
                .unwrap()
                .success()
        );
        path
    }

    /// A `qemu-img` whose every conversion ends with this committed image.
    fn fake_with(&self, result: &str) -> PathBuf {
        self.put(result);
        let said = "printf '    (0.00/100%%)\\r    (50.00/100%%)\\r    (100.00/100%%)\\r\\n'";
        self.fake(1, &format!("{said}\ncat \"$here/{result}\" > \"$out\""))
    }

    /// What `qemu-img` was told since this was asked last, a line a run, with `IN` and `OUT` for its files.
    fn told(&self) -> Vec<String> {
        let path = self.0.join("told");
        let told = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        let named = |line: &str| {
            let (line, out) = line.rsplit_once(" /dev/fd/").unwrap_or((line, ""));
            let (before, rest) = line.split_once("/dev/fd/")?;
            let line = format!("{before}IN{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()));
            Some(if out.is_empty() { line } else { line + " OUT" })
        };
        told.lines()
            .map(|line| named(line).unwrap_or_else(|| line.to_owned()))
            .collect()
    }

    /// Converts with this program as it is.
    async fn converted(
        &self,
        program: &Path,
        file: &Path,
        info: &DiskInfo,
        to: DiskFormat,
        progress: impl Fn(f32) + Send,
    ) -> Result<Converted> {
        let conversion = Conversion {
            file,
            info,
            to,
            is_trusted: true,
        };
        let source = Source::open(file, info)?;
        let mut tool = Tool::find(program.as_os_str(), true)?;
        tool.is_direct = true;
        conversion.run_with(&tool, source, &self.out(), progress).await
    }

    async fn with_fake(&self, fake: &Path, to: DiskFormat) -> Error {
        let (disk, info) = self.put("raw");
        let outcome = self.converted(fake, &disk, &info, to, |_| {}).await;
        let error = outcome.unwrap_err();
        assert_eq!(self.left(), 0, "nothing stays");
        assert_eq!(error.kind(), ErrorKind::Local);
        assert!(error.remedy().is_some(), "{error}");
        error
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn read(path: &Path) -> DiskInfo {
    inspect(File::open(path).unwrap()).unwrap()
}

#[tokio::test]
async fn every_target_is_asked_for_by_its_options_and_looked_at_when_it_is_there() {
    let folder = Folder::new();
    let (disk, info) = folder.put("raw");
    for (to, options, result, subtype) in [
        (DiskFormat::Qcow2, "-O qcow2", "qcow2-compat-1-1", Some("v3")),
        (DiskFormat::Raw, "-O raw", "raw", None),
        (
            DiskFormat::Vhd,
            "-O vpc -o subformat=dynamic,force_size=on",
            "vpc-subformat-dynamic-force_size-on",
            Some("dynamic"),
        ),
        (
            DiskFormat::Vmdk,
            "-O vmdk -o subformat=streamOptimized",
            "vmdk-subformat-streamOptimized",
            Some("streamOptimized"),
        ),
    ] {
        let fake = folder.fake_with(result);
        let parts = Mutex::new(Vec::new());
        let heard = |part| parts.lock().unwrap_or_else(PoisonError::into_inner).push(part);
        let new = folder.converted(&fake, &disk, &info, to, heard).await.unwrap();
        assert_eq!(folder.told(), told("raw", options));
        let facts = read(new.path());
        assert_eq!(facts.format.name(), to.as_str());
        assert_eq!(facts.subtype.as_deref(), subtype, "{to}");
        assert!(new.path().starts_with(folder.out()));
        assert_eq!(fs::metadata(new.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(parts.into_inner().unwrap().last(), Some(&1.0), "{to}");
        drop(new);
        assert_eq!(folder.left(), 0, "{to}");
    }
}

#[tokio::test]
async fn every_source_that_is_read_is_converted_by_our_own_word_for_it() {
    let folder = Folder::new();
    let fake = folder.fake_with("raw");
    for (source, word) in [
        ("raw", "raw"),
        ("qcow2-compat-1-1", "qcow2"),
        ("packed", "qcow2"),
        ("qcow", "qcow"),
        ("vpc-subformat-fixed-force_size-on", "vpc"),
        ("vpc-subformat-dynamic-force_size-on", "vpc"),
        ("vhdx-subformat-dynamic", "vhdx"),
        ("vmdk-subformat-monolithicSparse", "vmdk"),
        ("vmdk-subformat-streamOptimized", "vmdk"),
        ("vdi-static-off", "vdi"),
        ("qed-cluster_size-65536", "qed"),
        ("parallels", "parallels"),
    ] {
        let (image, info) = folder.put(source);
        let new = folder
            .converted(&fake, &image, &info, DiskFormat::Raw, |_| {})
            .await
            .unwrap_or_else(|error| panic!("{source}: {error}"));
        assert_eq!(folder.told(), told(word, "-O raw"));
        drop(new);
    }
    // A raw result that others would take for qcow2 is none.
    let (disk, info) = folder.put("raw");
    let fake = folder.fake(1, "printf 'QFI\\373\\0\\0\\0\\003' > \"$out\"");
    let error = folder
        .converted(&fake, &disk, &info, DiskFormat::Raw, |_| {})
        .await
        .unwrap_err();
    assert!(error.message().contains("cannot be read"), "{error}");
}

/// The two runs of a conversion.
fn told(format: &str, options: &str) -> [String; 2] {
    let image = format!(r#"json:{{"backing":null,"driver":"{format}","file":{{"driver":"file","filename":"IN"}}}}"#);
    [
        format!("measure --output=json -O qcow2 {image}"),
        format!("convert -p {options} {image} OUT"),
    ]
}

#[tokio::test]
async fn a_file_that_is_not_what_was_looked_at_is_not_opened() {
    let folder = Folder::new();
    let never = folder.fake(0, "");
    let (disk, info) = folder.put("raw");
    fs::write(&disk, images::image("qcow2-compat-1-1")).unwrap();
    let error = folder
        .converted(&never, &disk, &info, DiskFormat::Raw, |_| {})
        .await
        .unwrap_err();
    assert!(error.message().contains("changed"), "{error}");
    assert_eq!(folder.told(), [""; 0]);
}

#[tokio::test]
async fn its_path_does_not_count_once_it_is_open() {
    let folder = Folder::new();
    let (disk, info) = folder.put("raw");
    // The first run swaps the file for a link to another; the second copies what it was handed.
    let fake = folder.fake(
        1,
        "cat \"$(echo \"$*\" | sed 's/.*filename\":\"\\([^\"]*\\).*/\\1/')\" > \"$out\"",
    );
    let program = fs::read_to_string(&fake).unwrap();
    let swapped = program.replace("; exit; fi", "; ln -sf /etc/hostname \"$here/raw\"; exit; fi");
    assert_ne!(program, swapped);
    fs::write(&fake, swapped).unwrap();
    let new = folder
        .converted(&fake, &disk, &info, DiskFormat::Raw, |_| {})
        .await
        .unwrap();
    assert!(fs::read(new.path()).unwrap() == images::image("raw"));
    assert!(fs::symlink_metadata(&disk).unwrap().is_symlink());
}

#[tokio::test]
async fn what_leads_elsewhere_or_is_no_disk_is_refused_before_anything_runs() {
    let folder = Folder::new();
    let never = folder.fake(0, "");
    let archive = folder.0.join("archive");
    fs::write(&archive, [0x1F, 0x8B, 8, 0, 0]).unwrap();
    for (file, to, word) in [
        (folder.put("overlay").0, DiskFormat::Raw, "`good.qcow2`"),
        (folder.put("external").0, DiskFormat::Raw, "`data.bin`"),
        (folder.put("vmdk-subformat-monolithicFlat").0, DiskFormat::Raw, "-flat"),
        (folder.put("encrypted").0, DiskFormat::Raw, "encrypted"),
        (folder.put("luks").0, DiskFormat::Raw, "LUKS"),
        (archive, DiskFormat::Raw, "gzip"),
        (folder.put("raw").0, DiskFormat::Zvhd2, "zvhd2"),
    ] {
        let outcome = folder.converted(&never, &file, &read(&file), to, |_| {}).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains(word) && error.remedy().is_some(), "{error}");
    }
    assert_eq!(folder.told(), [""; 0]);
}

#[tokio::test]
async fn without_qemu_img_the_packages_are_named() {
    let folder = Folder::new();
    let error = folder.with_fake(Path::new("no-such-qemu-img"), DiskFormat::Qcow2).await;
    assert!(error.message().contains("not installed"), "{error}");
    assert!(error.remedy().unwrap().to_string().contains("qemu-utils"));
}

#[tokio::test]
async fn space_is_looked_at_first() {
    let folder = Folder::new();
    let fake = folder.fake(1 << 60, "");
    let error = folder.with_fake(&fake, DiskFormat::Qcow2).await;
    assert!(error.message().contains("MiB free"), "{error}");
    assert!(error.remedy().unwrap().to_string().contains("TMPDIR"));
    assert_eq!(folder.told().len(), 1, "it is measured only");
}

#[tokio::test]
async fn a_disk_that_fills_meanwhile_leaves_nothing() {
    let folder = Folder::new();
    let fake = folder.fake(
        1,
        "head -c 100000 /dev/zero > \"$out\"\n\
         echo 'qemu-img: error while writing at byte 0: No space left on device' >&2\nexit 1",
    );
    let error = folder.with_fake(&fake, DiskFormat::Qcow2).await;
    assert!(error.message().contains("writing at byte 0"), "{error}");
    assert!(error.remedy().unwrap().to_string().contains("Free some space"));
}

#[tokio::test]
async fn its_words_are_shown_within_bounds_and_without_control_characters() {
    let folder = Folder::new();
    let fake = folder.fake(
        1,
        "printf 'qemu-img: broken \\033[31m' >&2\nhead -c 3000000 /dev/zero | tr '\\0' 'x' >&2\nexit 3",
    );
    let error = folder.with_fake(&fake, DiskFormat::Qcow2).await;
    assert!(error.message().contains("broken \\u{1b}[31mxxx"), "{error}");
    assert!(error.message().len() < 1200);
    let fake = folder.fake(1, "kill -9 $$");
    let error = folder.with_fake(&fake, DiskFormat::Qcow2).await;
    assert!(error.message().contains("signal: 9"), "{error}");
}

#[tokio::test]
async fn success_that_is_none_is_seen() {
    let folder = Folder::new();
    let mut small = images::image("qcow2-compat-1-1");
    small[24..32].copy_from_slice(&(1_u64 << 20).to_be_bytes());
    fs::write(folder.0.join("small"), small).unwrap();
    folder.put("qcow2-compat-1-1");
    for (script, word) in [
        ("exit 0", "empty"),
        ("head -c 4096 /dev/zero > \"$out\"", "not qcow2"),
        ("cat \"$here/small\" > \"$out\"", "1048576 bytes"),
        (
            "cat \"$here/qcow2-compat-1-1\" > \"$out\"; echo >> \"$here/raw\"",
            "changed",
        ),
    ] {
        let fake = folder.fake(1, script);
        let error = folder.with_fake(&fake, DiskFormat::Qcow2).await;
        assert!(error.message().contains(word), "{script}: {error}");
    }
}

#[tokio::test]
async fn who_gives_up_leaves_neither_process_nor_file() {
    let folder = Arc::new(Folder::new());
    let (disk, info) = folder.put("raw");
    let fake = folder.fake(
        1,
        "echo $$ > \"$0.pid\"; echo x > \"$out\"; printf '(7.00/100%%)'; exec sleep 600",
    );
    let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let task = tokio::spawn({
        let folder = Arc::clone(&folder);
        async move {
            let told = move |part| told.send(part).unwrap();
            folder.converted(&fake, &disk, &info, DiskFormat::Raw, told).await
        }
    });
    assert_eq!(hears.recv().await, Some(0.07));
    assert_eq!(folder.left(), 2, "the new file and its lock");
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(folder.left(), 0);
    let pid = fs::read_to_string(folder.0.join("qemu-img.pid")).unwrap();
    let process = Path::new("/proc").join(pid.trim()).join("stat");
    for _ in 0..200 {
        // Gone, or dead and not yet buried.
        match fs::read_to_string(&process) {
            Ok(stat) if !stat.contains(") Z ") => {}
            _ => return,
        }
        tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(10)))
            .await
            .unwrap();
    }
    panic!("qemu-img still runs");
}
