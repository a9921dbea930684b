//! A whole file encrypted with LUKS, version 1 or 2. Nothing of it is decrypted.

use crate::{
    DiskInfo, Encryption, Format, InspectError,
    bytes::{be16, be32},
    layout::{Image, Layout},
    source::Source,
};

pub(crate) const LAYOUT: Layout = Layout {
    name: "luks",
    is_disk: true,
    is_it: |source| Ok(source.head().starts_with(b"LUKS\xba\xbe")),
    read,
};

fn read(source: &mut Source<'_>) -> Result<Image, InspectError> {
    let header = source.header(Format::Luks, "header", 0, 592)?;
    let mut info = DiskInfo::new(Format::Luks, source.len());
    let version = be16(&header, 6);
    info.subtype = Some(format!("v{version}"));
    info.encryption = Encryption::Luks;
    if version == 1 {
        let payload = u64::from(be32(&header, 104)) * 512;
        info.virtual_size_bytes = source.len().checked_sub(payload);
        info.must_reach("the key area", Some(payload));
    } else {
        info.notes
            .push("The size of the disk inside is not read from this version of LUKS.".to_owned());
    }
    Ok(Image::closed(info, "the content is encrypted"))
}
