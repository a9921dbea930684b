//! Hives that another program wrote, and some that are put together by hand.

use super::*;
use crate::{
    disks::{disk, mutate, part, part_of},
    fs::{FileSystem, ntfs::Ntfs},
};

/// A hive of the disk `good`, which hivex wrote.
fn written(name: &str) -> Vec<u8> {
    let mut ntfs = Ntfs::open(part(disk("good")[128 * 512..].to_vec())).unwrap();
    ntfs.read(&format!("/Windows/System32/config/{name}"), 0, 1 << 20)
        .unwrap()
}

fn open(bytes: Vec<u8>) -> Result<Hive<'static>, NotRead> {
    Hive::open(Box::new(move |at, len| {
        let rest = bytes.get(usize::try_from(at).unwrap()..).unwrap_or_default();
        Ok(rest[..rest.len().min(len)].to_vec())
    }))
}

/// Makes the sum of the header right.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(header) = bytes.get_mut(..512) {
        let sum = header
            .chunks_exact(4)
            .take(127)
            .fold(0, |sum, word| sum ^ le32(word, 0));
        header[508..].copy_from_slice(&sum.to_le_bytes());
    }
    bytes
}

/// A hive that is put together by hand, as hivex writes neither all kinds of lists nor large values.
struct Made(Vec<u8>);

impl Made {
    fn new() -> Self {
        let mut bytes = vec![0; 4096 + 32];
        bytes[..4].copy_from_slice(b"regf");
        for (at, number) in [(4, 9_u32), (8, 9), (20, 1), (24, 5), (32, 1)] {
            bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        Self(bytes)
    }

    /// Adds a cell; where it is.
    fn cell(&mut self, content: &[u8]) -> u32 {
        let at = self.0.len() - 4096;
        let len = (content.len() + 4).next_multiple_of(8);
        self.0.extend((-(len as i32)).to_le_bytes());
        self.0.extend(content);
        self.0.resize(4096 + at + len, 0);
        at as u32
    }

    fn key(&mut self, name: &[u8], is_latin: bool, list: Option<(u32, u32)>, values: &[u32]) -> u32 {
        let value_list: Vec<u8> = values.iter().flat_map(|at| at.to_le_bytes()).collect();
        let value_list = if values.is_empty() {
            u32::MAX
        } else {
            self.cell(&value_list)
        };
        let mut key = vec![0; 76];
        key[..2].copy_from_slice(b"nk");
        key[2] = if is_latin { 0x20 } else { 0 };
        let (count, list) = list.unwrap_or((0, u32::MAX));
        for (at, number) in [(20, count), (28, list), (36, values.len() as u32), (40, value_list)] {
            key[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        key[72..74].copy_from_slice(&(name.len() as u16).to_le_bytes());
        key.extend(name);
        self.cell(&key)
    }

    fn value(&mut self, name: &str, kind: u32, len: u32, at: [u8; 4]) -> u32 {
        let mut value = b"vk".to_vec();
        value.extend((name.len() as u16).to_le_bytes());
        value.extend(len.to_le_bytes());
        value.extend(at);
        value.extend(kind.to_le_bytes());
        value.extend([1, 0, 0, 0]);
        value.extend(name.bytes());
        self.cell(&value)
    }

    fn list(&mut self, mark: &[u8; 2], entries: &[(u32, &[u8])]) -> u32 {
        let mut list = mark.to_vec();
        list.extend((entries.len() as u16).to_le_bytes());
        for (at, hint) in entries {
            list.extend(at.to_le_bytes());
            list.extend(*hint);
        }
        self.cell(&list)
    }

    fn done(mut self, root: u32) -> Vec<u8> {
        let len = (self.0.len() - 4096) as u32;
        self.0[36..40].copy_from_slice(&root.to_le_bytes());
        self.0[40..44].copy_from_slice(&len.to_le_bytes());
        sealed(self.0)
    }
}

#[test]
fn what_hivex_wrote() {
    let mut hive = open(written("SYSTEM")).unwrap();
    assert!(!hive.is_dirty());
    assert_eq!(hive.number("Select", "Current").unwrap(), Some(2));
    assert_eq!(hive.number("SELECT", "current").unwrap(), Some(2));
    let viostor = r"ControlSet002\Services\viostor";
    assert_eq!(hive.number(viostor, "Start").unwrap(), Some(0));
    assert_eq!(hive.text(viostor, "Start").unwrap(), None);
    let image = hive.text(viostor, "ImagePath").unwrap();
    assert_eq!(image.as_deref(), Some(r"\SystemRoot\System32\drivers\viostor.sys"));
    // Neighbours of the name, and a key of the control set that does not run.
    for path in [
        r"ControlSet002\Services\viosto",
        r"ControlSet002\Services\viostor3",
        r"ControlSet001\Services\viostor",
        "Selec",
    ] {
        assert!(hive.key(path).unwrap().is_none(), "{path}");
    }
    for name in ["viostor2", "vi", "VIOSTOR", "vioscsi", "netkvm", "TermService"] {
        assert!(
            hive.key(&format!(r"ControlSet002\Services\{name}")).unwrap().is_some(),
            "{name}"
        );
    }
    let mut hive = open(written("SOFTWARE")).unwrap();
    let current = r"Microsoft\Windows NT\CurrentVersion";
    let product = hive.text(current, "ProductName").unwrap();
    assert_eq!(product.as_deref(), Some("Windows Server 2019 Datacenter"));
    assert!(hive.key(r"Classes\Kind30").unwrap().is_some() && hive.key(r"Classes\Kind31").unwrap().is_none());
}

#[test]
fn every_kind_of_list() {
    let mut made = Made::new();
    let wide: Vec<u8> = "größe\u{6f22}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let keys = [b"Alpha".as_slice(), b"beta", b"Gamma", b"z"].map(|name| made.key(name, true, None, &[]));
    let other = made.key(&wide, false, None, &[]);
    let first = made.list(b"lf", &[(keys[0], b"Alph")]);
    let second = made.list(b"li", &[(keys[1], b""), (other, b"")]);
    // 37 * (37 * (…) + 'M') + 'A' and so on.
    let sum = b"GAMMA"
        .iter()
        .fold(0_u32, |sum, byte| sum.wrapping_mul(37).wrapping_add(u32::from(*byte)));
    let third = made.list(b"lh", &[(keys[2], &sum.to_le_bytes())]);
    let last = made.list(b"lf", &[(keys[3], b"z\0\0\0")]);
    let all = made.list(b"ri", &[(first, b""), (second, b""), (third, b""), (last, b"")]);
    let root = made.key(b"ROOT", true, Some((5, all)), &[]);
    let mut hive = open(made.done(root)).unwrap();
    for name in ["alpha", "BETA", "gamma", "Z", "GRößE\u{6f22}", ""] {
        assert!(hive.key(name).unwrap().is_some(), "{name}");
    }
    for name in ["alph", "alpha2", "bet", "gammb", "zz", "y", "größe"] {
        assert!(hive.key(name).unwrap().is_none(), "{name}");
    }
}

#[test]
fn every_kind_of_value() {
    let mut made = Made::new();
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let large: Vec<u8> = (0..40_000).map(|at| (at % 251) as u8).collect();
    let segments: Vec<(u32, &[u8])> = large
        .chunks(SEGMENT)
        .map(|piece| (made.cell(piece), &b""[..]))
        .collect();
    let list: Vec<u8> = segments.iter().flat_map(|(at, _)| at.to_le_bytes()).collect();
    let list = made.cell(&list);
    let head = made.cell(&[b"db".as_slice(), &[3, 0], &list.to_le_bytes()].concat());
    let text = made.cell(&utf16("one\0two"));
    let texts = made.cell(&utf16("one\0two\0\0three\0"));
    let number = made.cell(&0x1122_3344_5566_7788_u64.to_le_bytes());
    let begins_so = made.cell(&[b"db".as_slice(), &[7; 20_000]].concat());
    let values = [
        made.value("text", 1, 14, text.to_le_bytes()),
        made.value("Path", 2, 6, text.to_le_bytes()),
        made.value("here", 1, 0x8000_0002, [b'x', 0, 0, 0]),
        made.value("texts", 7, 28, texts.to_le_bytes()),
        made.value("dword", 4, 0x8000_0004, [1, 2, 0, 0]),
        made.value("big", 5, 0x8000_0004, [0, 0, 1, 2]),
        made.value("qword", 11, 8, number.to_le_bytes()),
        made.value("short", 4, 0x8000_0002, [1, 2, 0, 0]),
        made.value("none", 3, 0, [0; 4]),
        made.value("large", 3, 40_000, head.to_le_bytes()),
        made.value("db", 3, 20_002, begins_so.to_le_bytes()),
        made.value("", 1, 0x8000_0002, [b'd', 0, 0, 0]),
        made.value("huge", 3, 65_537, head.to_le_bytes()),
        made.value("long", 3, 4000, text.to_le_bytes()),
    ];
    let root = made.key(b"ROOT", true, None, &values);
    let mut hive = open(made.done(root)).unwrap();
    let root = hive.key("").unwrap().unwrap();
    let text = |text: &str| Value::Text(text.to_owned());
    let wanted = [
        ("TEXT", text("one")),
        ("path", text("one")),
        ("here", text("x")),
        ("", text("d")),
        ("texts", Value::Texts(vec!["one".to_owned(), "two".to_owned()])),
        ("dword", Value::Number(0x201)),
        ("big", Value::Number(0x102)),
        ("qword", Value::Number(0x1122_3344_5566_7788)),
        ("short", Value::Bytes(vec![1, 2])),
        ("none", Value::Bytes(Vec::new())),
        ("large", Value::Bytes(large)),
        ("db", Value::Bytes([b"db".as_slice(), &[7; 20_000]].concat())),
    ];
    for (name, value) in wanted {
        assert_eq!(hive.value(root, name).unwrap(), Some(value), "{name}");
    }
    assert_eq!(hive.value(root, "nothing").unwrap(), None);
    assert!(hive.value(root, "huge").is_err() && hive.value(root, "long").is_err());
}

#[test]
fn what_is_no_hive_or_not_whole_is_said() {
    let whole = written("SYSTEM");
    assert!(open(Vec::new()).is_err());
    assert!(open(vec![0; 8192]).is_err());
    let with = |at: usize, byte: u8| {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        bytes
    };
    assert!(
        open(with(600, 1)).is_ok() && open(with(60, 0xAB)).is_err(),
        "the sum counts"
    );
    assert!(open(sealed(with(28, 1))).is_err() && open(sealed(with(20, 2))).is_err());
    assert!(open(sealed(with(4, 0xFE))).unwrap().is_dirty());
    // The root is outside, in the middle of a cell, or not in use.
    for at in [0xFF, 0x21, 0x28] {
        assert!(open(sealed(with(36, at))).unwrap().key("").is_err(), "{at}");
    }
    assert!(open(with(4096 + 32 + 3, 0)).unwrap().key("").is_err());
}

/// A list of lists can name one list again and again.
#[test]
fn lists_without_an_end_end() {
    let mut made = Made::new();
    let key = made.key(b"k", true, None, &[]);
    let part = made.list(b"li", &vec![(key, b"".as_slice()); 60_000]);
    let all = made.list(b"ri", &vec![(part, b"".as_slice()); 60_000]);
    let root = made.key(b"ROOT", true, Some((5, all)), &[]);
    assert!(open(made.done(root)).unwrap().key("x").is_err());
    let mut made = Made::new();
    let all = made.0.len() as u32 - 4096;
    made.list(b"ri", &[(all, b"")]);
    let root = made.key(b"ROOT", true, Some((5, all)), &[]);
    assert!(open(made.done(root)).unwrap().key("x").is_err());
}

#[test]
fn changed_hives_are_read_or_not() {
    for name in ["SYSTEM", "SOFTWARE"] {
        mutate(&written(name), 300, |disk| {
            let part = part_of(disk);
            // Else nearly no change of the header would go further.
            let head = part.bytes(0, 512).map(sealed).unwrap_or_default();
            let read = move |at, len| match at {
                0 => Ok(head.clone()),
                _ => part.bytes(at, len),
            };
            let Ok(mut hive) = Hive::open(Box::new(read)) else {
                return;
            };
            let _ = hive.number("Select", "Current");
            for path in [
                r"ControlSet002\Services\viostor",
                r"Microsoft\Windows NT\CurrentVersion",
                r"Classes\Kind7",
            ] {
                for value in ["Start", "ImagePath", "ProductName"] {
                    let _ = (hive.text(path, value), hive.number(path, value));
                }
            }
        });
    }
}
