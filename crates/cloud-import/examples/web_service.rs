//! A web service with a database: orders come over HTTP, each import is a row of JSON, and when the service comes back after a
//! crash, it goes on with the open ones.
//!
//! `cargo run --example web_service`, against a simulated cloud on this machine. It is its own visitor.

#![allow(clippy::print_stdout, reason = "an example shows what happens")]

use std::{env, error::Error, fs, net::SocketAddr, process, sync::Arc, time::Duration};

use axum::{Json, Router, extract::State, http::StatusCode, routing::post};
use cloud_import::{
    Bytes, Credentials, Error as ImportError, ErrorKind, ImportRequest, ImportTask, Provider, Settings, WaitOptions,
    connect, connect_to,
    http::Request,
    transport::{HttpTransport, Transport as _},
    wait,
};
use cloud_import_sim::{Cloud, Config, Simulator};
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use tokio::{net::TcpListener, runtime::Runtime, task::block_in_place};

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Order, task, and how far it is, by the image's name. No secret is in it: a link's query, which may be signed, is not stored.
type Row = (ImportRequest, ImportTask, String);
const ROWS: TableDefinition<'_, &str, &str> = TableDefinition::new("imports");

const ORDER: &str = r#"{"name": "web", "os": {"distribution": "CentOS", "version": "7.9"}, "disks": [
    {"source": {"object": {"bucket": "images", "key": "web.qcow2"}}, "format": "qcow2", "size_gib": 40}]}"#;

#[derive(Clone)]
struct Service(Arc<Database>, Settings);

impl Service {
    fn put(&self, row: &Row) -> Outcome {
        block_in_place(|| {
            let write = self.0.begin_write()?;
            write
                .open_table(ROWS)?
                .insert(&*row.0.name, &*serde_json::to_string(row)?)?;
            Ok(write.commit()?)
        })
    }

    fn all(&self) -> Outcome<Vec<Row>> {
        let table = self.0.begin_read()?.open_table(ROWS)?;
        table
            .iter()?
            .map(|row| Ok(serde_json::from_str(row?.1.value())?))
            .collect()
    }

    /// Takes an order: it is refused with every problem, or written down, and only then it may leave.
    fn take(&self, order: ImportRequest) -> Outcome {
        let importer = connect(Provider::ALIYUN, self.1.clone())?;
        let problems = importer.validate(&order);
        if problems.iter().any(|problem| problem.is_error()) {
            return Err(ImportError::invalid(importer.provider(), problems).into());
        }
        let task = importer.prepare(&order)?.into_task();
        let row = (order, task, "starting".to_owned());
        self.put(&row)?;
        tokio::spawn(self.clone().follow(row));
        Ok(())
    }

    /// Brings an import to its verdict, from wherever this life of the service or an earlier one left it. An error leaves the
    /// row as it is, for the next life. `resume` also sends what never left, as this cloud takes a token.
    async fn follow(self, (order, mut task, mut step): Row) -> Outcome {
        let importer = connect_to(&task, self.1.clone())?;
        if step == "starting" {
            task = importer.resume(&order, task).await?;
            self.put(&(order.clone(), task.clone(), "started".to_owned()))?;
        }
        let options = WaitOptions::default().intervals(Duration::from_millis(50), Duration::from_millis(200));
        step = match wait(&*importer, &mut task, &options).await {
            Ok(image) => format!("made {image}"),
            Err(error) if error.kind() == ErrorKind::TaskFailed => error.to_string(),
            Err(error) => return Err(error.into()),
        };
        self.put(&(order, task, step))
    }

    async fn listen(self) -> Outcome<SocketAddr> {
        let create = async |State(service): State<Self>, Json(order): Json<ImportRequest>| match service.take(order) {
            Ok(()) => (StatusCode::ACCEPTED, String::new()),
            Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        };
        let router = Router::new().route("/imports", post(create)).with_state(self);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async { axum::serve(listener, router).await });
        Ok(address)
    }
}

async fn visit(address: SocketAddr, order: &str) -> Outcome<u16> {
    let request = Request::post(format!("http://{address}/imports")).header("content-type", "application/json");
    let request = request.body(Bytes::copy_from_slice(order.as_bytes()))?;
    let answer = HttpTransport::builder().no_proxy().build()?.send(request).await?;
    println!("{} {}", answer.status(), String::from_utf8_lossy(answer.body()));
    Ok(answer.status().as_u16())
}

fn main() -> Outcome {
    let config = Config::new("an-id", "a-secret").any_object(true);
    let outside = Runtime::new()?; // the cloud outlives the service
    let simulator = outside.block_on(Simulator::start(config))?;
    let cloud = HttpTransport::builder()
        .dial(simulator.address(Cloud::Aliyun))
        .build()?;
    let settings = Settings::new("cn-hangzhou")
        .credentials(Credentials::new("an-id", "a-secret"))
        .transport(Arc::new(cloud));
    let file = env::temp_dir().join(format!("cloud-import-{}.redb", process::id()));

    let first_life = Runtime::new()?;
    first_life.block_on(async {
        let service = Service(Arc::new(Database::create(&file)?), settings.clone());
        let address = service.listen().await?;
        assert_eq!(visit(address, ORDER).await?, 202);
        assert_eq!(visit(address, &ORDER.replace(r#""qcow2""#, r#""vdi""#)).await?, 422);
        Outcome::Ok(())
    })?;
    drop(first_life); // it dies in the middle, at whatever step

    let rows = Runtime::new()?.block_on(async {
        let service = Service(Arc::new(Database::create(&file)?), settings);
        for row in service.all()? {
            println!("{} was left at: {}", row.0.name, row.2);
            service.clone().follow(row).await?;
        }
        service.all()
    })?;
    assert!(rows.len() == 1 && rows[0].2.starts_with("made "), "{rows:?}");
    assert_eq!(simulator.counters().imports_of(Cloud::Aliyun, "web"), 1);
    fs::remove_file(file)?;
    outside.block_on(simulator.stop());
    Ok(())
}
