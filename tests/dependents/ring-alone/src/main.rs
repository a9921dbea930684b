//! Has rustls over ring and nothing else, so that rustls needs no word on which cryptography to use.

use rustls::{ClientConfig, RootCertStore};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    ClientConfig::builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    #[cfg(any(feature = "ring", feature = "native-tls"))]
    cloud_import::transport::HttpTransport::new()?;
    #[cfg(feature = "own-transport")]
    own::ask_through_it()?;
    println!("ok");
    Ok(())
}

#[cfg(feature = "own-transport")]
mod own {
    use std::sync::Arc;

    use cloud_import::{
        BoxFuture, Bytes, ClientBuilder, Credentials, Settings,
        http::{Request, Response},
        transport::{Transport, TransportError},
        ucloud::{Client, types::DescribeImageRequest},
    };

    /// Answers each request itself.
    #[derive(Debug)]
    struct Own;

    impl Transport for Own {
        fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
            let answer = Bytes::from_static(br#"{"RetCode":0,"Action":"DescribeImageResponse","ImageSet":[]}"#);
            Box::pin(async { Ok(Response::new(answer)) })
        }
    }

    pub(crate) fn ask_through_it() -> Result<(), Box<dyn std::error::Error>> {
        let settings = Settings::new("cn-bj2").credentials(Credentials::new("public", "private"));
        let without = ClientBuilder::<Client>::from(settings.clone()).build();
        println!("{}", without.err().ok_or("there is a transport, though none was given")?);
        let client = ClientBuilder::<Client>::from(settings.transport(Arc::new(Own))).build()?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(client.describe_image(&DescribeImageRequest::default()))?;
        Ok(())
    }
}
