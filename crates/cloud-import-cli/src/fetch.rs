//! An image that is fetched from a web server while it is sent into the buckets: no copy of it is made on this machine.

use std::sync::Arc;

use cloud_import::{
    DiskFormat, Error, ErrorKind, Link, Pace, Result,
    publish::{
        WebImage,
        staging::{WebClient, WebFile},
    },
    transport::HttpTransport,
};

use crate::connect::{Clouds, STORE_ANSWER, STORE_IDLE};

/// What is fetched: `fetch+https://HOST/PATH#sha256=HEX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fetched {
    pub(crate) link: Link,
    pub(crate) sha256: String,
}

impl Fetched {
    /// Reads what stands behind `fetch+`.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let (link, fragment) = text.split_once('#').unwrap_or((text, ""));
        let link = Link::new(link);
        match fragment.strip_prefix("sha256=") {
            Some(sha256) => Ok(Self {
                link,
                sha256: sha256.to_owned(),
            }),
            None => Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("`fetch+{link}` names no SHA-256, by which its content is known before it is fetched"),
            )
            .with_remedy("Append #sha256= and the 64 hexadecimal digits that the file's publisher names, in quotes for the shell.")),
        }
    }

    /// Looks at its header. In a simulated run nothing but this machine is asked.
    pub(crate) async fn look(&self, format: Option<DiskFormat>, clouds: &Clouds<'_>, pace: &Pace) -> Result<WebImage> {
        let transport = HttpTransport::builder().idle_timeout(STORE_IDLE).timeout(STORE_ANSWER);
        if clouds.are_simulated() && self.link.expose().starts_with("https:") {
            let message = format!(
                "`fetch+{}` is not of this machine, which a simulated run does not leave",
                self.link
            );
            return Err(Error::new(ErrorKind::InvalidRequest, message)
                .with_remedy("Leave --simulate out, or name a file of this machine."));
        }
        let transport = match clouds.are_simulated() {
            true => transport.no_proxy(),
            false => transport,
        };
        let client = WebClient::new(Arc::new(transport.build()?)).pace(pace.clone());
        let file = WebFile::open(client, &self.link, &self.sha256).await?;
        WebImage::look(file, format).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_stands_behind_the_link_and_is_no_part_of_it() {
        let fetched = Fetched::read("https://images.example/web.qcow2?sig=s3cret#sha256=00ff").unwrap();
        assert_eq!(fetched.link.expose(), "https://images.example/web.qcow2?sig=s3cret");
        assert_eq!(fetched.sha256, "00ff");
        for text in [
            "https://images.example/web.qcow2?sig=s3cret",
            "https://images.example/web.qcow2?sig=s3cret#md5=00",
        ] {
            let error = Fetched::read(text).unwrap_err();
            assert!(
                error.message().contains("fetch+https://images.example/web.qcow2"),
                "{error}"
            );
            assert!(!error.to_string().contains("s3cret"), "{error}");
            assert!(error.remedy().unwrap().to_string().contains("#sha256="), "{error}");
        }
    }
}
