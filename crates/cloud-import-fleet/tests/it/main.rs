//! Records in a real Postgres, which the suite starts.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, too")]

#[path = "../../../../tests/support/postgres.rs"]
mod postgres;
#[cfg(feature = "queue")]
mod queue;
#[cfg(feature = "queue")]
mod together;

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc};

use cloud_import::publish::{State, StateBackend as _, check_backend};
use cloud_import_fleet::{Database, Records};
use postgres::Postgres;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::task::spawn_blocking;

async fn records(server: &Postgres) -> Records {
    Records::open(Database::parse(&server.url()).unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_a_backend_are_kept() {
    let Some(server) = Postgres::start() else { return };
    let (one, other) = (records(&server).await, records(&server).await);
    let server = Arc::new(server);
    let own = Arc::clone(&server);
    let checked = spawn_blocking(move || {
        let lose = |name: &str| {
            let sql = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
                and (classid::bigint << 32) | objid::bigint = hashtextextended('cloud-import NAME', 0)";
            let ended = own.sql("images", &sql.replace("NAME", name));
            assert_eq!(ended.trim(), "t", "{name}");
        };
        check_backend(&one, &other, &lose)
    });
    checked.await.unwrap().unwrap();
    assert_eq!(
        server.sql("images", "select count(*) from cloud_import.record").trim(),
        "0"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_made_once_and_those_of_a_later_version_are_refused() {
    let Some(server) = Postgres::start() else { return };
    let opening = (0..6).map(|_| {
        let url = server.url();
        tokio::spawn(async move { Records::open(Database::parse(&url).unwrap()).await })
    });
    for opened in opening.collect::<Vec<_>>() {
        opened.await.unwrap().unwrap();
    }
    server.sql("images", "update cloud_import.version set version = 99");
    let error = Records::open(Database::parse(&server.url()).unwrap())
        .await
        .unwrap_err();
    assert!(error.message().contains("version 99"), "{error}");
    assert_eq!(
        server.sql("images", "select version from cloud_import.version").trim(),
        "99"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_away_is_used_again_and_its_locks_are_lost() {
    let Some(mut server) = Postgres::start() else { return };
    let own = records(&server).await;
    let held = {
        let own = own.clone();
        spawn_blocking(move || own.lock("jobs/j/t.lock").unwrap().unwrap())
            .await
            .unwrap()
    };
    let held = Arc::new(held);
    let write = |text: &'static str| {
        let held = Arc::clone(&held);
        spawn_blocking(move || held.write("jobs/j/t.json", text))
    };
    write("1").await.unwrap().unwrap();
    server.kill();
    let state = State::on(Arc::new(own.clone()), std::env::temp_dir());
    let error = state.jobs().await.unwrap_err();
    assert!(error.message().contains("cannot be reached"), "{error}");
    server.go_on();
    let error = write("2").await.unwrap().unwrap_err();
    assert!(error.message().contains("was lost"), "{error}");
    let read = spawn_blocking(move || own.read("jobs/j/t.json").unwrap())
        .await
        .unwrap();
    assert_eq!(read.as_deref(), Some("1"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_without_options() {
    let database = Database::parse("postgres://u@%2Fno%2Fsuch%2Ffolder/d?application_name=x").unwrap();
    let error = Records::open(database).await.unwrap_err();
    let text = format!("{error}");
    assert!(
        text.contains("postgres://u@/no/such/folder/d") && !text.contains("application_name"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_verified_by_the_certificates_that_are_named() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let roots = std::env::temp_dir().join(format!("cloud-import-fleet-roots-{port}.pem"));
    fs::write(&roots, authority.pem()).unwrap();
    let settings = |folder: &Path| {
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(["localhost".to_owned()])
            .unwrap()
            .signed_by(&key, &authority)
            .unwrap();
        let path = |name: &str| folder.join(name).display().to_string();
        fs::write(path("own.pem"), own.pem()).unwrap();
        fs::write(path("own.key"), key.serialize_pem()).unwrap();
        fs::set_permissions(path("own.key"), fs::Permissions::from_mode(0o600)).unwrap();
        let files = format!("ssl_cert_file={} ssl_key_file={}", path("own.pem"), path("own.key"));
        let mut settings: Vec<String> = files.split(' ').map(str::to_owned).collect();
        settings.extend(["ssl=on".to_owned(), "listen_addresses=127.0.0.1".to_owned()]);
        settings
    };
    let Some(_server) = Postgres::start_on(port, settings) else {
        return;
    };
    let open = async |host: &str, options: &str| {
        let url = format!("postgres://images@{host}:{port}/images?sslmode=require{options}");
        Records::open(Database::parse(&url).unwrap()).await
    };
    let named = format!("&sslrootcert={}", roots.display());
    open("localhost", &named).await.unwrap();
    for (host, options) in [("localhost", ""), ("127.0.0.1", &*named)] {
        let error = open(host, options).await.unwrap_err();
        assert!(error.message().contains("certificate"), "{host}: {error}");
    }
    fs::remove_file(roots).unwrap();
}
