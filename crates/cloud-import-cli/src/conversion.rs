//! A file in the form that was chosen for it.

use cloud_import::{DiskFormat, ErrorKind, Result, publish::LocalImage};

use crate::{
    chosen::{Chosen, Why},
    convert, destination, output,
    progress::One,
    ready::Targets,
    render,
};

/// The file in another form, and what was written of it, which goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) image: LocalImage,
    _written: Option<convert::Converted>,
}

/// Makes it; `None` where it is sent as it is after all.
///
/// # Errors
/// The file changed, cannot be read, or cannot be converted.
pub(crate) async fn made(file: &LocalImage, chosen: Chosen, targets: &Targets<'_>) -> Result<Option<Made>> {
    let new = match on_its_way(file, chosen, targets).await {
        Ok(Some(new)) => Made {
            image: new,
            _written: None,
        },
        // Nobody asked for this form: a disk that cannot be read here is for the cloud to judge, not for `qemu-img`.
        Err(error) if chosen.why != Why::Said && error.kind() == ErrorKind::Unsupported => {
            output::note(&format!("sent as it is: {}", error.message()));
            return Ok(None);
        }
        Err(error) => return Err(error),
        Ok(None) => {
            let written = written(file, chosen.format, targets).await?;
            file.unchanged()?;
            Made {
                image: destination::opened(written.path(), Some(chosen.format)).await?,
                _written: Some(written),
            }
        }
    };
    let (own, other) = (file.info().file_size_bytes, new.image.info().file_size_bytes);
    let (format, own_size, other_size) = (chosen.format, render::size(own), render::size(other));
    match chosen.why {
        Why::Said => {}
        Why::Taken => output::note(&format!("sent as {format}, which more clouds take: {other_size}")),
        Why::Smaller if other < own => output::note(&format!("sent as {format}: {other_size} instead of {own_size}")),
        Why::Smaller => {
            output::note(&format!(
                "sent as it is: as {format} it would be no smaller than {own_size}"
            ));
            return Ok(None);
        }
    }
    Ok(Some(new))
}

/// The file as one of another format that is made where it is read; `None` where that takes `qemu-img`.
async fn on_its_way(file: &LocalImage, chosen: Chosen, targets: &Targets<'_>) -> Result<Option<LocalImage>> {
    let Chosen { format, why } = chosen;
    if !file.can_be(format) {
        return Ok(None);
    }
    let progress = One::new(format!("converting to {format}"));
    let progress = move |done: u64, all: u64| progress.at(done as f32 / all.max(1) as f32);
    let (state, rehash) = (targets.state, targets.options.rehash);
    match file.converted(format, state, rehash, progress, targets.stop).await {
        Ok(new) => Ok(Some(new)),
        // What cannot be read here may be readable there.
        Err(error)
            if why == Why::Said && error.kind() == ErrorKind::Unsupported && convert::can_write(format).is_ok() =>
        {
            output::note(&format!("{}; qemu-img is tried", error.message()));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn written(file: &LocalImage, format: DiskFormat, targets: &Targets<'_>) -> Result<convert::Converted> {
    let conversion = convert::Conversion {
        file: file.path(),
        info: file.info(),
        to: format,
        is_trusted: targets.options.staging.trust_image,
    };
    let progress = One::new(format!("converting to {format}"));
    conversion.run(targets.stop, |done| progress.at(done)).await
}
