//! Files that are no disk images, by the marks at their beginning or end, so that they can be named. A file that carries none of
//! these marks is not a disk for that.

use crate::{
    Format, InspectError,
    layout::{Image, Layout},
    raw,
    source::Source,
};

pub(crate) const LAYOUT: Layout = Layout {
    name: "foreign",
    is_disk: false,
    is_it: |source| Ok(surely(source)?.is_some()),
    read,
};

/// A mark at its place in the file.
type Mark = (usize, &'static [u8], &'static str);

/// Marks that no disk begins with.
const MARKS: &[Mark] = &[
    // Archives.
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"PK\x05\x06", "a zip archive"),
    (0, b"PK\x07\x08", "a zip archive"),
    (0, b"PK00PK", "a zip archive"),
    (0, b"7z\xBC\xAF\x27\x1C", "a 7z archive"),
    (0, b"Rar!\x1A\x07", "a rar archive"),
    (0, b"RE~^", "a rar archive"),
    (0, b"MSCF", "a cabinet archive"),
    (0, b"ISc(", "an InstallShield archive"),
    (0, b"xar!", "a xar archive"),
    (0, b"!<arch>\n", "an ar archive"),
    (0, b"!<thin>\n", "an ar archive"),
    (0, b"<bigaf>\n", "an ar archive"),
    (0, b"\xED\xAB\xEE\xDB", "an rpm package"),
    (0, b"070701", "a cpio archive"),
    (0, b"070702", "a cpio archive"),
    (0, b"070707", "a cpio archive"),
    (0, b"VMA\0", "a backup of Proxmox"),
    (0, b"FsArCh_", "an archive of fsarchiver"),
    (0, b"PaRtImAgE-VoLuMe", "an archive of partimage"),
    (0, b"partclone-image", "an archive of partclone"),
    (0, b"\0ntfsclone-image", "an archive of ntfsclone"),
    (0, b"\xB4\x6E\x68\x44", "a backup of Acronis"),
    (0, b"\xCE\x24\xB9\xA2", "a backup of Acronis"),
    (0, b"\xFE\xEF\x01", "an image of Ghost"),
    (0, b"PAR2\0PKT", "a parity archive"),
    (0, b"PAR\0\0\0\0\0", "a parity archive"),
    (0, b"ZOO ", "a zoo archive"),
    (0, b"SIT!", "a StuffIt archive"),
    (0, b"StuffIt", "a StuffIt archive"),
    (0, b"EGGA", "an egg archive"),
    (0, b"ALZ\x01", "an alz archive"),
    (0, b"UHA\x06", "an uha archive"),
    (0, b"KGB_arch", "a kgb archive"),
    (0, b"DAX\0", "a dax archive"),
    (0, b"CISO", "a compressed disc"),
    (0, b"PSAR", "a psarc archive"),
    (0, b"LIF\0", "a lif archive"),
    (0, b"\x89ADF\r\n\x1A\n", "an adf archive"),
    (0, b"**TI8", "an archive of a calculator"),
    (0, b"7kSt", "a zpaq archive"),
    (0, b"zPQ", "a zpaq archive"),
    (0, b"AFF10\r\n", "an AFF image"),
    (0, b"BORG_SEG", "a backup of Borg"),
    (0, b"(This file must be converted with BinHex", "a BinHex archive"),
    (2, b"-lh", "an lha archive"),
    (2, b"-lz", "an lha archive"),
    (2, b"-pm", "an lha archive"),
    (7, b"**ACE**", "an ace archive"),
    (7, b"-sqx-", "an sqx archive"),
    (24, b"\x6C\xEA\0\0", "a dump of a file system"),
    (24, b"\0\0\xEA\x6B", "a dump of a file system"),
    (24, b"\0\0\xEA\x6C", "a dump of a file system"),
    (24, b"\x6B\xEA\0\0", "a dump of a file system"),
    // Compressed streams.
    (0, b"\x1F\x8B", "a gzip stream"),
    (0, b"BZh1", "a bzip2 stream"),
    (0, b"BZh9", "a bzip2 stream"),
    (0, b"BZ3v1", "a bzip3 stream"),
    (0, b"\x04\x22\x4D\x18", "an lz4 stream"),
    (0, b"\x03\x21\x4C\x18", "an lz4 stream"),
    (0, b"\x02\x21\x4C\x18", "an lz4 stream"),
    (0, b"LZIP", "an lzip stream"),
    (0, b"\x89LZO\0\r\n\x1A\n", "an lzop stream"),
    (0, b"LRZI", "an lrzip stream"),
    (0, b"RZIP", "an rzip stream"),
    (0, b"\x5D\0\0", "an lzma stream"),
    (0, b"\xFF\x06\0\0sNaPpY", "a snappy stream"),
    (0, b"\x37\xA4\x30\xEC", "a dictionary of Zstandard"),
    (0, b"\x1E\xB5\x2F\xFD", "a Zstandard stream"),
    (0, b"\x22\xB5\x2F\xFD", "a Zstandard stream"),
    (0, b"bvx", "an lzfse stream"),
    (0, b"pbzx", "a pbzx stream"),
    (0, b"SZDD\x88\xF0\x27\x33", "a compressed file of MS-DOS"),
    (0, b"KWAJ\x88\xF0\x27\xD1", "a compressed file of MS-DOS"),
    (0, b"SZ \x88\xF0\x27\x33", "a compressed file of MS-DOS"),
    // Images of another kind.
    (0, b"MSWIM\0\0\0", "a Windows image (WIM)"),
    (0, b"WLPWM\0\0\0", "a Windows image (WIM)"),
    (0, b"EVF\x09\x0D\x0A\xFF\0", "an EnCase image (E01)"),
    (0, b"EVF2\r\n\x81\0", "an EnCase image (Ex01)"),
    (0, b"LVF\x09\x0D\x0A\xFF\0", "an EnCase image (L01)"),
    (0, b"ADSEGMENTEDFILE", "an image of AccessData (AD1)"),
    (
        0,
        b"#!/bin/sh\n#V2.0 Format\nmodprobe cloop",
        "a compressed loop image (cloop)",
    ),
    (0, b"Bochs Virtual HD Image", "an image of Bochs"),
    (0, b"encrcdsa", "an encrypted Apple disk image"),
    (0, b"sprs\0", "a sparse Apple disk image"),
    (0, b"OOOM", "a difference of User-mode Linux"),
    (0, b"\x3A\xFF\x26\xED", "a sparse image of Android"),
    (0, b"ANDROID!", "a boot image of Android"),
    (
        0,
        b"\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0",
        "a disc with raw sectors",
    ),
    (0, b"hsqs", "a squashfs archive"),
    (0, b"sqsh", "a squashfs archive"),
    (0, b"shsq", "a squashfs archive"),
    (0, b"qshs", "a squashfs archive"),
    (0, b"-rom1fs-", "a romfs archive"),
    (0, b"\x45\x3D\xCD\x28", "a cramfs archive"),
    (0, b"\x28\xCD\x3D\x45", "a cramfs archive"),
    (0, b"UBI#", "an image of UBI"),
    (0, b"\x31\x18\x10\x06", "an image of UBIFS"),
    (1024, b"\xE2\xE1\xF5\xE0", "an erofs archive"),
    (32769, b"BEA01", "a UDF disc"),
    // Programs and parts of systems.
    (0, b"\x7FELF", "a program (ELF)"),
    (0, b"\xCF\xFA\xED\xFE", "a program (Mach-O)"),
    (0, b"\xCE\xFA\xED\xFE", "a program (Mach-O)"),
    (0, b"\xFE\xED\xFA\xCE", "a program (Mach-O)"),
    (0, b"\xFE\xED\xFA\xCF", "a program (Mach-O)"),
    (0, b"\xCA\xFE\xBA\xBE", "a program (Java or Mach-O)"),
    (0, b"\0asm", "a program (WebAssembly)"),
    (0, b"dex\n", "a program (Android)"),
    (0, b"\x27\x05\x19\x56", "an image of U-Boot"),
    (0, b"\xD0\x0D\xFE\xED", "a device tree"),
    (514, b"HdrS", "a Linux kernel"),
    (0, b"regf", "a registry of Windows"),
    (0, b"ElfFile\0", "an event log of Windows"),
    (0, b"\x0A\x0D\x0D\x0A", "a network capture"),
    (0, b"\xD4\xC3\xB2\xA1", "a network capture"),
    (0, b"\xA1\xB2\xC3\xD4", "a network capture"),
    // Documents, data and media.
    (0, b"%PDF-", "a PDF document"),
    (0, b"%!PS", "a PostScript document"),
    (0, b"{\\rtf", "a text document"),
    (
        0,
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        "a document or installer of Microsoft",
    ),
    (0, b"SQLite format 3\0", "a database"),
    (0, b"\x89HDF\r\n\x1A\n", "a data file (HDF5)"),
    (0, b"PAR1", "a data file (Parquet)"),
    (0, b"Obj\x01", "a data file (Avro)"),
    (0, b"PACK\0\0\0", "a pack of Git"),
    (0, b"d8:announce", "a torrent"),
    (0, b"Salted__", "an encrypted file"),
    (0, b"age-encryption.org/", "an encrypted file"),
    (0, b"\x89PNG\r\n\x1A\n", "a picture"),
    (0, b"\xFF\xD8\xFF", "a picture"),
    (0, b"GIF8", "a picture"),
    (0, b"II*\0", "a picture"),
    (0, b"MM\0*", "a picture"),
    (0, b"RIFF", "a media file"),
    (0, b"OggS", "a media file"),
    (0, b"fLaC", "a media file"),
    (0, b"ID3", "a media file"),
    (4, b"ftyp", "a media file"),
    (0, b"\x1A\x45\xDF\xA3", "a media file"),
];

/// Marks of two bytes, which a boot sector might begin with as well.
const SHORT: &[Mark] = &[
    (0, b"\x1F\x9D", "a compress stream (.Z)"),
    (0, b"\x1F\xA0", "a compress stream"),
    (0, b"\x1F\x1E", "a pack stream"),
    (0, b"\x1F\x1F", "a pack stream"),
    (0, b"\x1F\x9E", "a freeze stream"),
    (0, b"\x1F\x9F", "a freeze stream"),
    (0, b"\x60\xEA", "an arj archive"),
    (0, b"\xC7\x71", "a cpio archive"),
    (0, b"\x71\xC7", "a cpio archive"),
    (0, b"\x1A\x08", "an arc archive"),
    (0, b"\x1A\x09", "an arc archive"),
    (0, b"MZ", "a program of Windows or DOS"),
    (0, b"BM", "a picture"),
    (0, b"BZ", "a bzip stream"),
    (0, b"AFF", "an AFF image"),
    (0, b"\x85\x19", "an image of JFFS2"),
    (0, b"\xFF\xFE", "a text"),
    (0, b"\xFE\xFF", "a text"),
];

/// What the last bytes of a file begin with, by how many they are.
const TRAILERS: &[Mark] = &[
    (512, b"koly", "an Apple disk image (dmg)"),
    (8, b"cdsaencr", "an encrypted Apple disk image"),
    (12, b"NER5", "a disc of Nero"),
    (8, b"NERO", "a disc of Nero"),
];

/// How much of a text is looked at.
const TEXT: usize = 1024;

fn read(source: &mut Source<'_>) -> Result<Image, InspectError> {
    let subtype = surely(source)?.map(str::to_owned);
    let mut image = raw::read(source, Format::Foreign)?;
    image.info.subtype = subtype;
    image.info.virtual_size_bytes = None;
    Ok(image)
}

/// What a file surely is.
fn surely(source: &mut Source<'_>) -> Result<Option<&'static str>, InspectError> {
    for (at, mark, name) in MARKS {
        if source.read_some(*at as u64, mark.len())? == *mark {
            return Ok(Some(name));
        }
    }
    for (from_end, mark, name) in TRAILERS {
        if let Some(at) = source.len().checked_sub(*from_end as u64)
            && source.read_some(at, mark.len())? == *mark
        {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// What a file that begins with `head` may be when nothing in it looks like a disk.
pub(crate) fn perhaps(head: &[u8]) -> Option<&'static str> {
    let short = SHORT.iter().find(|(_, mark, _)| head.starts_with(mark));
    short.map(|(_, _, name)| *name).or_else(|| text(head))
}

/// A kind of text, where the beginning has no bytes that text has not.
fn text(head: &[u8]) -> Option<&'static str> {
    let head = head.get(..TEXT).unwrap_or(head);
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last letter may be cut.
        Err(error) if head.len() == TEXT && error.error_len().is_none() => {
            std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{1b}');
    if text.chars().any(is_control) {
        return None;
    }
    let text = text.trim_start_matches('\u{feff}').trim_start();
    Some(if text.starts_with("version https://git-lfs") {
        "a pointer of Git LFS, not the file itself"
    } else if text.starts_with("<?xml") {
        "an XML document"
    } else if text.starts_with('<') {
        "a web page"
    } else if text.starts_with(['{', '[']) {
        "a JSON document"
    } else {
        "a text"
    })
}
