//! Asks a service over plain HTTP, by a reqwest without TLS of its own. It never calls `cloud-import`.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

#[cfg(feature = "default-features")]
use cloud_import as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/", listener.local_addr()?);
    let service = thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let _ = stream.read(&mut [0; 1024])?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
    });
    let client = reqwest::Client::builder().no_proxy().build()?;
    drop(reqwest::Client::new());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(async { client.get(url).send().await?.text().await })?;
    service.join().map_err(|_| "the service panicked")??;
    println!("{answer}");
    Ok(())
}
