//! VirtualBox disks. The block map is not followed.

use crate::{
    DiskInfo, Format, InspectError,
    bytes::{array, le32, le64, round_up},
    layout::Layout,
    source::Source,
};

pub(crate) const LAYOUT: Layout = Layout {
    name: "vdi",
    is_disk: true,
    is_it: |source| Ok(le32(source.head(), 64) == 0xBEDA_107F),
    read,
};

fn read(source: &mut Source<'_>) -> Result<DiskInfo, InspectError> {
    let header = source.header(Format::Vdi, "header", 0, 512)?;
    let mut info = DiskInfo::new(Format::Vdi, source.len());
    let version = le32(&header, 68);
    if version >> 16 != 1 {
        return Err(InspectError::damaged(
            Format::Vdi,
            "version",
            format!("{}.{} is not a version 1", version >> 16, version & 0xFFFF),
        ));
    }
    let kind = le32(&header, 76);
    info.subtype = Some(match kind {
        1 => "dynamic".to_owned(),
        2 => "static".to_owned(),
        3 => "undo".to_owned(),
        4 => "differencing".to_owned(),
        other => {
            return Err(InspectError::damaged(
                Format::Vdi,
                "image type",
                format!("{other} is not 1 to 4"),
            ));
        }
    });
    let claimed = le64(&header, 368);
    let Some(size) = round_up(claimed, 512) else {
        return Err(InspectError::damaged(
            Format::Vdi,
            "disk size",
            format!("{claimed} bytes"),
        ));
    };
    info.virtual_size_bytes = Some(size);
    if matches!(kind, 3 | 4) {
        let parent: [u8; 16] = array(&header, 440);
        let id: String = parent.iter().map(|byte| format!("{byte:02x}")).collect();
        info.backing_file = Some(format!("uuid:{id}"));
        info.notes
            .push("The header names the backing disk by its identifier only.".to_owned());
    }
    let (blocks, allocated) = (u64::from(le32(&header, 384)), u64::from(le32(&header, 388)));
    let (block_map, data) = (u64::from(le32(&header, 340)), u64::from(le32(&header, 344)));
    info.must_reach("the block map", Some(block_map + blocks * 4));
    // Numbers of 32 bits: their product and this sum can pass 64 bits only in a lie.
    let stride = u64::from(le32(&header, 376)) + u64::from(le32(&header, 380));
    info.must_reach(
        "the last block",
        allocated.checked_mul(stride).and_then(|bytes| bytes.checked_add(data)),
    );
    Ok(info)
}
