//! The tables, and their version: made and brought up to date under a lock.

use cloud_import::{Error, ErrorKind, Result};
use tokio_postgres::Client;

/// What each version adds to the one before it. Their number is that of the version.
const VERSIONS: &[&str] = &[
    "
    create table cloud_import.record (
        name text collate \"C\" primary key,
        body text not null,
        changed_at timestamptz not null default now()
    );",
    // What all workers of a fleet are told: orders that are to be cancelled, and clouds that are not to be asked for a while.
    "
    create table cloud_import.cancel (
        name text collate \"C\" primary key,
        asked_at timestamptz not null default now()
    );
    create table cloud_import.pause (
        place text collate \"C\" primary key,
        until timestamptz not null,
        times int not null
    );",
];

/// Held while versions are looked at: no name of a record has it.
const LOCK: &str = "schema";

/// Makes the tables what this program knows, whoever else does so at the same time.
///
/// # Errors
/// The database refuses, or was brought to a version that this program does not know.
pub(crate) async fn up_to_date(client: &Client) -> Result<()> {
    let failed = |error: tokio_postgres::Error| {
        let message = format!(
            "the tables of cloud-import cannot be made: {}",
            crate::session::told(&error)
        );
        Error::new(ErrorKind::Local, message)
            .with_remedy("Give the user the right to make a schema: grant create on database NAME to USER.")
            .with_source(error)
    };
    // In one transaction: a program that is killed leaves the tables as they were.
    client.batch_execute("begin").await.map_err(failed)?;
    match in_transaction(client).await.map_err(failed) {
        Ok(Some(later)) => {
            let _ = client.batch_execute("rollback").await;
            let known = VERSIONS.len();
            let message = format!("the database has records of version {later}, and this program knows {known}");
            Err(Error::new(ErrorKind::Local, message)
                .with_remedy("Use the version of cloud-import that the other machines have, or a later one."))
        }
        Ok(None) => client.batch_execute("commit").await.map_err(failed),
        Err(error) => {
            let _ = client.batch_execute("rollback").await;
            Err(error)
        }
    }
}

/// Its version, where it is a later one.
async fn in_transaction(client: &Client) -> Result<Option<usize>, tokio_postgres::Error> {
    client
        .execute(
            "select pg_advisory_xact_lock(cast(hashtextextended($1, 0) as bigint))",
            &[&LOCK],
        )
        .await?;
    let sql = "select to_regclass('cloud_import.version') is not null";
    let is_there: bool = client.query_one(sql, &[]).await?.get(0);
    if !is_there {
        let sql = "create schema if not exists cloud_import; create table cloud_import.version (version int not null);
            insert into cloud_import.version values (0)";
        client.batch_execute(sql).await?;
    }
    let version: i32 = client
        .query_one("select version from cloud_import.version", &[])
        .await?
        .get(0);
    let version = usize::try_from(version).unwrap_or_default();
    if version > VERSIONS.len() {
        return Ok(Some(version));
    }
    for (at, sql) in VERSIONS.iter().enumerate().skip(version) {
        client.batch_execute(sql).await?;
        let next = i32::try_from(at + 1).unwrap_or_default();
        client
            .execute("update cloud_import.version set version = $1", &[&next])
            .await?;
    }
    Ok(None)
}
