//! With the real `qemu-img`, and with scripts in its place that fail, hang and fill the disk.

#![cfg(unix)]

use std::{
    os::unix::fs::PermissionsExt as _,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use disk::inspect;

use super::*;

/// A folder for one test, with an empty one for results in it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("convert-{}", System.nonce().unwrap()));
        fs::create_dir_all(folder.join("out")).unwrap();
        Self(folder)
    }

    fn out(&self) -> PathBuf {
        self.0.join("out")
    }

    fn left(&self) -> usize {
        fs::read_dir(self.out()).unwrap().count()
    }

    /// A disk of 64 MiB with some content that does not compress.
    fn disk(&self) -> (PathBuf, DiskInfo) {
        let path = self.0.join("disk.raw");
        let mut state = 1_u64;
        let mut bytes: Vec<u8> = (0..4 << 20)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            })
            .collect();
        bytes[..1024].fill(0);
        fs::write(&path, bytes).unwrap();
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(64 << 20)
            .unwrap();
        let info = read(&path);
        (path, info)
    }

    fn qemu_img(&self, line: &str) {
        let done = std::process::Command::new("qemu-img")
            .args(line.split_whitespace())
            .current_dir(&self.0)
            .output()
            .expect("qemu-img cannot be run; install it (Debian package qemu-utils)");
        assert!(
            done.status.success(),
            "{line}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
    }

    /// A `qemu-img` that measures as `need` and converts as `script` says, with the output's path in `$out`.
    fn fake(&self, need: u64, script: &str) -> PathBuf {
        let path = self.0.join("qemu-img");
        let text = format!(
            "#!/bin/sh\nif [ \"$1\" = measure ]; then echo '{{\"required\": {need}}}'; exit; fi\n\
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

    async fn with_fake(&self, fake: &Path, to: DiskFormat) -> Error {
        let (disk, info) = self.disk();
        let outcome = convert_with(fake.as_os_str(), &disk, &info, to, Some(&self.out()), |_| {}).await;
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
    inspect(fs::File::open(path).unwrap()).unwrap()
}

#[tokio::test]
async fn every_target_holds_the_same_disk() {
    let folder = Folder::new();
    let (disk, info) = folder.disk();
    for (to, subtype) in [
        (DiskFormat::Qcow2, Some("v3")),
        (DiskFormat::Raw, None),
        (DiskFormat::Vhd, Some("dynamic")),
        (DiskFormat::Vmdk, Some("streamOptimized")),
    ] {
        let parts = Mutex::new(Vec::new());
        let told = |part| parts.lock().unwrap_or_else(PoisonError::into_inner).push(part);
        let new = convert(&disk, &info, to, Some(&folder.out()), told).await.unwrap();
        let facts = read(new.path());
        assert_eq!(facts.format.name(), to.as_str());
        assert_eq!(facts.subtype.as_deref(), subtype, "{to}");
        assert_eq!(facts.virtual_size_bytes, Some(64 << 20), "{to}");
        assert!(new.path().starts_with(folder.out()));
        assert_eq!(fs::metadata(new.path()).unwrap().permissions().mode() & 0o777, 0o600);
        let format = if to == DiskFormat::Vhd { "vpc" } else { to.as_str() };
        folder.qemu_img(&format!("compare -f raw -F {format} disk.raw {}", new.path().display()));
        let parts = parts.into_inner().unwrap();
        assert_eq!(parts.last(), Some(&1.0), "{to}");
        // Others are written in steps too large for a file of this size.
        if to == DiskFormat::Vmdk {
            assert!(parts.iter().any(|part| *part > 0.0 && *part < 1.0), "{to}: {parts:?}");
        }
        drop(new);
        assert_eq!(folder.left(), 0, "{to}");
    }
}

#[tokio::test]
async fn every_source_that_is_read_is_converted_by_our_own_word_for_it() {
    let folder = Folder::new();
    folder.disk();
    for options in [
        "qcow2",
        "qcow2 -c",
        "qcow",
        "vpc -o subformat=fixed,force_size=on",
        "vpc -o force_size=on",
        "vhdx",
        "vmdk",
        "vmdk -o subformat=streamOptimized",
        "vdi",
        "qed",
        "parallels",
    ] {
        folder.qemu_img(&format!("convert -f raw disk.raw -O {options} source"));
        let source = folder.0.join("source");
        let new = convert(&source, &read(&source), DiskFormat::Raw, Some(&folder.out()), |_| {})
            .await
            .unwrap_or_else(|error| panic!("{options}: {error}"));
        folder.qemu_img(&format!("compare -f raw -F raw disk.raw {}", new.path().display()));
    }
    // What was read is what `qemu-img` is told, whatever the file begins like by then; but a raw result that others
    // would take for qcow2 is none.
    let (disk, info) = folder.disk();
    let mut bytes = fs::read(&disk).unwrap();
    bytes[..8].copy_from_slice(b"QFI\xfb\0\0\0\x03");
    fs::write(&disk, &bytes).unwrap();
    let error = convert(&disk, &info, DiskFormat::Raw, Some(&folder.out()), |_| {})
        .await
        .unwrap_err();
    assert!(error.message().contains("cannot be read"), "{error}");
    let new = convert(&disk, &info, DiskFormat::Vhd, Some(&folder.out()), |_| {})
        .await
        .unwrap();
    folder.qemu_img(&format!("compare -f raw -F vpc disk.raw {}", new.path().display()));
}

#[tokio::test]
async fn what_leads_elsewhere_or_is_no_disk_is_refused_before_anything_runs() {
    let folder = Folder::new();
    folder.disk();
    let never = folder.fake(0, "echo ran >> \"$0.ran\"");
    for (made, word) in [
        ("create -q -f qcow2 -b disk.raw -F raw image", "`disk.raw`"),
        ("create -q -f qcow2 -o data_file=data.bin image 1M", "`data.bin`"),
        (
            "convert -f raw disk.raw -O vmdk -o subformat=monolithicFlat image",
            "-flat",
        ),
        (
            "create -q --object secret,id=key,data=abcdef -f qcow2 -o \
             encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10 image 1M",
            "encrypted",
        ),
        (
            "create -q --object secret,id=key,data=abcdef -f luks -o key-secret=key,iter-time=10 image 1M",
            "LUKS",
        ),
    ] {
        folder.qemu_img(made);
        let image = folder.0.join("image");
        let info = read(&image);
        let error = convert_with(never.as_os_str(), &image, &info, DiskFormat::Raw, None, |_| {})
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains(word) && error.remedy().is_some(), "{error}");
    }
    let archive = folder.0.join("archive");
    fs::write(&archive, [0x1F, 0x8B, 8, 0, 0]).unwrap();
    for (file, to, word) in [
        (&archive, DiskFormat::Raw, "gzip"),
        (&folder.disk().0, DiskFormat::Zvhd2, "zvhd2"),
    ] {
        let outcome = convert_with(never.as_os_str(), file, &read(file), to, None, |_| {}).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains(word), "{error}");
    }
    assert!(!folder.0.join("qemu-img.ran").exists());
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
    let fake = folder.fake(1 << 60, "echo ran > \"$0.ran\"");
    let error = folder.with_fake(&fake, DiskFormat::Qcow2).await;
    assert!(error.message().contains("MiB free"), "{error}");
    assert!(error.remedy().unwrap().to_string().contains("TMPDIR"));
    assert!(!folder.0.join("qemu-img.ran").exists());
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
    assert!(error.remedy().unwrap().to_string().contains("Make room"));
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
    for (script, word) in [
        ("exit 0", "empty"),
        ("head -c 4096 /dev/zero > \"$out\"", "not qcow2"),
        ("command qemu-img create -q -f qcow2 \"$out\" 1M", "1048576 bytes"),
        (
            "cd \"${0%/*}\"; command qemu-img convert -O qcow2 disk.raw \"$out\"; echo >> disk.raw",
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
    let folder = Folder::new();
    let (disk, info) = folder.disk();
    let fake = folder.fake(
        1,
        "echo $$ > \"$0.pid\"; echo x > \"$out\"; printf '(7.00/100%%)'; exec sleep 600",
    );
    let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let task = tokio::spawn({
        let out = folder.out();
        async move {
            let told = move |part| told.send(part).unwrap();
            convert_with(fake.as_os_str(), &disk, &info, DiskFormat::Raw, Some(&out), told).await
        }
    });
    assert_eq!(hears.recv().await, Some(0.07));
    assert_eq!(folder.left(), 1);
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
