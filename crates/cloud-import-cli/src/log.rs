//! The log: of what, in which form, and where to. Nothing is logged unless it is asked for; a log never holds a secret.

use std::{
    fs::{File, OpenOptions},
    io,
    sync::Mutex,
};

use cloud_import::{Error, ErrorKind, Result, env};
use tracing_subscriber::{
    EnvFilter, Layer as _,
    fmt::{self, MakeWriter, format::FmtSpan},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::{
    args::{LogFormat, Logs},
    metrics, otel, output,
};

/// Where a filter is looked for that no option gives, in this order.
const VARIABLES: [&str; 2] = ["CLOUD_IMPORT_LOG", "RUST_LOG"];

/// Begins to log.
///
/// # Errors
/// The filter is none, or the file cannot be written.
pub(crate) fn begin(options: &Logs) -> Result<()> {
    let filter = filter(options)?;
    let file = options.log_file.as_ref().map(|path| {
        let mut file = OpenOptions::new();
        file.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
        file.open(path).map_err(|error| {
            Error::new(
                ErrorKind::Local,
                format!("cannot write the log to `{}`: {error}", path.display()),
            )
            .with_remedy("Name a file in a directory that can be written.")
            .with_source(error)
        })
    });
    let file = file.transpose()?.map(Mutex::new);
    let has_colours = file.is_none() && options.log_format == LogFormat::Text && output::has_colours(&io::stderr());
    let log = fmt::layer().with_writer(To(file)).with_ansi(has_colours);
    let log = match options.log_format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json => log.json().with_span_events(FmtSpan::CLOSE).boxed(),
    };
    tracing_subscriber::registry()
        .with(log.with_filter(filter))
        .with(metrics::layer())
        .with(otel::layer())
        .init();
    Ok(())
}

/// What is logged: what an option says, else a variable, else `-v`.
fn filter(options: &Logs) -> Result<EnvFilter> {
    let option = options.log_level.clone().map(|text| ("--log-level", text));
    let variable = || VARIABLES.iter().find_map(|name| Some((*name, env::variable(name)?)));
    if let Some((source, text)) = option.or_else(variable) {
        return EnvFilter::try_new(&text).map_err(|error| {
            let message = format!("{source} is no filter for logs: {error}");
            Error::new(ErrorKind::InvalidRequest, message).with_remedy(
                "Write a level (error, warn, info, debug, trace), or MODULE=LEVEL, several parted by commas.",
            )
        });
    }
    Ok(EnvFilter::new(match options.verbose {
        0 => "off",
        1 => "info,cloud_import_core=debug",
        _ => "trace",
    }))
}

/// The file, or standard error above the bars.
struct To(Option<Mutex<File>>);

impl<'a> MakeWriter<'a> for To {
    type Writer = Writer<'a>;

    fn make_writer(&'a self) -> Writer<'a> {
        Writer(self.0.as_ref())
    }
}

struct Writer<'a>(Option<&'a Mutex<File>>);

impl io::Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0 {
            Some(file) => file
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .write(bytes),
            None => output::log(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
