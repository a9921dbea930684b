//! Uses reqwest and rustls as they come, and leaves the cryptography to their defaults.

use rustls::{ClientConfig, RootCertStore, ServerConfig, server::ResolvesServerCertUsingSni};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    drop(reqwest::Client::new());
    ClientConfig::builder()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    ServerConfig::builder()
        .with_no_client_auth()
        .with_cert_resolver(std::sync::Arc::new(ResolvesServerCertUsingSni::new()));
    #[cfg(feature = "default-features")]
    ours::is_as_it_was()?;
    println!("ok");
    Ok(())
}

/// The other way round: what the program turns on in reqwest changes no request of ours.
#[cfg(feature = "default-features")]
mod ours {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        thread,
    };

    use cloud_import::{
        Bytes,
        http::Request,
        transport::{HttpTransport, Transport as _},
    };

    pub(crate) fn is_as_it_was() -> Result<(), Box<dyn std::error::Error>> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let request = Request::get(format!("http://{}/", listener.local_addr()?)).body(Bytes::new())?;
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept()?;
            let mut head = [0; 1024];
            let read = stream.read(&mut head)?;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
            std::io::Result::Ok(String::from_utf8_lossy(&head[..read]).to_lowercase())
        });
        let transport = HttpTransport::builder().no_proxy().build()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(transport.send(request))?;
        let head = server.join().map_err(|_| "the server panicked")??;
        match head.contains("accept-encoding") {
            true => Err(head.into()),
            false => Ok(()),
        }
    }
}
