//! The table on any engine that speaks the PostgreSQL wire protocol.

use std::time::Duration;

use huitong_kernel::entry::Sequence;
use rustls::ClientConfig;
use tokio::runtime::Runtime;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Error, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Attached, InsertError, Row, Table};
use crate::error::StoreError;

/// The one table. Plain types and a primary key: nothing that an engine could lack.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS huitong_journal (
    stream   VARCHAR(80)  NOT NULL,
    sequence BIGINT       NOT NULL,
    kind     VARCHAR(160) NOT NULL,
    bytes    BYTEA        NOT NULL,
    chain    BYTEA        NOT NULL,
    PRIMARY KEY (stream, sequence)
)";
/// Rows in one statement at most; a larger group takes several in one transaction.
const ROWS_PER_STATEMENT: usize = 200;
/// A connection that does not come about in this time is given up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A statement that does not end in this time is given up, and its connection with it.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);

/// How the connection is protected, when the URL asks for it.
#[derive(Clone)]
pub struct TableTls(pub ClientConfig);

/// A table behind one connection that is made again whenever it broke.
pub struct PostgresTable {
    config: Config,
    tls: Option<TableTls>,
    runtime: Runtime,
    connected: Option<Connected>,
}

struct Connected {
    client: Client,
    /// `inserts[n]` inserts n + 1 rows.
    inserts: Vec<Option<Statement>>,
}

/// A statement's own error, or that no answer came.
enum Fault {
    Database(Error),
    TimedOut,
}

impl PostgresTable {
    /// Reads the URL; the connection is made when it is first needed. Several hosts may be named, and
    /// `target_session_attrs=read-write` finds the one that leads after a failover.
    pub fn new(url: &str, tls: Option<TableTls>) -> Result<PostgresTable, StoreError> {
        let refused = |error: &dyn std::fmt::Display| StoreError::Refused(error.to_string());
        let mut config: Config = url.parse().map_err(|error: Error| refused(&error))?;
        config.connect_timeout(CONNECT_TIMEOUT).application_name("huitong").keepalives_idle(Duration::from_secs(5));
        if tls.is_some() {
            // Not "preferred": a server that says it has no TLS is not spoken to.
            config.ssl_mode(SslMode::Require);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(PostgresTable { config, tls, runtime, connected: None })
    }

    fn connect(&mut self) -> Result<&mut Connected, Fault> {
        if self.connected.as_ref().is_none_or(|connected| connected.client.is_closed()) {
            let (config, tls) = (&self.config, &self.tls);
            let client = self.runtime.block_on(async {
                let connecting = async {
                    let client = match tls {
                        Some(TableTls(tls)) => {
                            let (client, connection) = config.connect(MakeRustlsConnect::new(tls.clone())).await?;
                            tokio::spawn(async move { drop(connection.await) });
                            client
                        }
                        None => {
                            let (client, connection) = config.connect(NoTls).await?;
                            tokio::spawn(async move { drop(connection.await) });
                            client
                        }
                    };
                    // Asked first, because making it may need a right that this user does not have.
                    match client.batch_execute("SELECT 1 FROM huitong_journal LIMIT 0").await {
                        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => {
                            client.batch_execute(SCHEMA).await?;
                        }
                        other => other?,
                    }
                    Ok(client)
                };
                in_time(connecting).await
            })?;
            let inserts = (0..ROWS_PER_STATEMENT).map(|_| None).collect();
            self.connected = Some(Connected { client, inserts });
        }
        self.connected.as_mut().ok_or(Fault::TimedOut)
    }

    /// Runs `work` on the connection; a connection with an unknown state is not used again.
    fn run<T>(&mut self, work: impl AsyncFnOnce(&mut Connected) -> Result<T, Error>) -> Result<T, Fault> {
        self.connect()?;
        let Some(connected) = &mut self.connected else { return Err(Fault::TimedOut) };
        let result = self.runtime.block_on(in_time(work(connected)));
        // After an answer of the server the connection is good; after silence its state is not known.
        let answered = match &result {
            Ok(_) => true,
            Err(Fault::Database(error)) => error.as_db_error().is_some(),
            Err(Fault::TimedOut) => false,
        };
        if !answered {
            self.connected = None;
        }
        result
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Fault> {
    match tokio::time::timeout(STATEMENT_TIMEOUT, work).await {
        Ok(result) => result.map_err(Fault::Database),
        Err(_) => Err(Fault::TimedOut),
    }
}

impl Fault {
    fn text(&self) -> String {
        match self {
            Fault::Database(error) => {
                error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())
            }
            Fault::TimedOut => "the server did not answer in time".to_owned(),
        }
    }

    /// Whether the server itself said that nothing was written. What it says while it shuts down (class 57), and what a
    /// broken connection leaves open, is not known.
    fn insert_error(&self) -> InsertError {
        let Fault::Database(error) = self else { return InsertError::Unknown(self.text()) };
        match error.code() {
            Some(code) if *code == SqlState::UNIQUE_VIOLATION => InsertError::Taken,
            Some(code) if ["22", "23", "25", "42", "53", "54"].contains(&&code.code()[..2]) => {
                InsertError::Refused(self.text())
            }
            _ => InsertError::Unknown(self.text()),
        }
    }

    fn read_error(&self) -> StoreError {
        StoreError::Refused(self.text())
    }
}

impl Connected {
    /// A row's attachment is a row of its own, in another stream and under the same number.
    async fn insert(&mut self, stream: &str, rows: &[Row]) -> Result<(), Error> {
        let beside = attachments_of(stream);
        let mut values: Vec<Value<'_>> = Vec::with_capacity(rows.len());
        for row in rows {
            let sequence = row.sequence as i64;
            values.push(Value { stream, sequence, kind: &row.kind, bytes: &row.bytes, chain: &row.chain });
            if let Some(bytes) = &row.attachment {
                values.push(Value { stream: &beside, sequence, kind: "attachment", bytes, chain: &[0; 32] });
            }
        }
        if values.len() <= ROWS_PER_STATEMENT {
            // One statement is one transaction: one round trip.
            return self.insert_some(&values).await;
        }
        self.client.batch_execute("BEGIN").await?;
        for part in values.chunks(ROWS_PER_STATEMENT) {
            if let Err(error) = self.insert_some(part).await {
                self.client.batch_execute("ROLLBACK").await?;
                return Err(error);
            }
        }
        self.client.batch_execute("COMMIT").await
    }

    async fn insert_some(&mut self, values: &[Value<'_>]) -> Result<(), Error> {
        let place = &mut self.inserts[values.len() - 1];
        let statement = match place {
            Some(statement) => statement.clone(),
            None => place.insert(self.client.prepare(&insert_text(values.len())).await?).clone(),
        };
        let mut parameters: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(values.len() * COLUMNS);
        for value in values {
            parameters.extend([
                &value.stream as &(dyn ToSql + Sync),
                &value.sequence,
                &value.kind,
                &value.bytes,
                &value.chain,
            ]);
        }
        self.client.execute(&statement, &parameters).await?;
        Ok(())
    }
}

/// What is inserted as one row of the table.
struct Value<'v> {
    stream: &'v str,
    sequence: i64,
    kind: &'v str,
    bytes: &'v [u8],
    chain: &'v [u8],
}

const COLUMNS: usize = 5;

fn insert_text(rows: usize) -> String {
    let values: Vec<String> = (0..rows)
        .map(|row| {
            let first = row * COLUMNS + 1;
            format!("(${}, ${}, ${}, ${}, ${})", first, first + 1, first + 2, first + 3, first + 4)
        })
        .collect();
    format!("INSERT INTO huitong_journal (stream, sequence, kind, bytes, chain) VALUES {}", values.join(", "))
}

/// Where the attachments of a stream's entries lie: under the same numbers, in the same table, as nothing else is asked of it.
fn attachments_of(stream: &str) -> String {
    format!("attachment:{stream}")
}

impl PostgresTable {
    fn rows(&mut self, stream: &str, after: Sequence, up_to: Sequence, limit: usize) -> Result<Vec<Row>, StoreError> {
        let text = "SELECT sequence, kind, bytes, chain FROM huitong_journal
                    WHERE stream = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence LIMIT $4";
        let (after, up_to) = (after as i64, i64::try_from(up_to).unwrap_or(i64::MAX));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = self.run(async |connected| connected.client.query(text, &[&stream, &after, &up_to, &limit]).await);
        found.map_err(|fault| fault.read_error())?.iter().map(read).collect()
    }

    fn delete(&mut self, stream: &str, up_to: Sequence) -> Result<(), StoreError> {
        let text = "DELETE FROM huitong_journal WHERE stream = $1 AND sequence <= $2";
        let done = self.run(async |connected| connected.client.execute(text, &[&stream, &(up_to as i64)]).await);
        done.map(|_| ()).map_err(|fault| fault.read_error())
    }
}

impl Table for PostgresTable {
    fn insert(&mut self, stream: &str, rows: &[Row]) -> Result<(), InsertError> {
        self.run(async |connected| connected.insert(stream, rows).await).map_err(|fault| fault.insert_error())
    }

    fn select(&mut self, stream: &str, after: Sequence, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.rows(stream, after, Sequence::MAX, limit)
    }

    fn attachments(&mut self, stream: &str, after: Sequence, up_to: Sequence) -> Result<Vec<Attached>, StoreError> {
        let rows = self.rows(&attachments_of(stream), after, up_to, usize::MAX)?;
        Ok(rows.into_iter().map(|row| (row.sequence, row.bytes)).collect())
    }

    fn last(&mut self, stream: &str) -> Result<Option<Row>, StoreError> {
        let text = "SELECT sequence, kind, bytes, chain FROM huitong_journal
                    WHERE stream = $1 ORDER BY sequence DESC LIMIT 1";
        let found = self.run(async |connected| connected.client.query_opt(text, &[&stream]).await);
        found.map_err(|fault| fault.read_error())?.as_ref().map(read).transpose()
    }

    fn forget(&mut self, stream: &str, up_to: Sequence) -> Result<(), StoreError> {
        assert!(stream.starts_with("lease:"), "entries are never forgotten");
        self.delete(stream, up_to)
    }

    fn erase(&mut self, stream: &str, up_to: Sequence) -> Result<(), StoreError> {
        self.delete(&attachments_of(stream), up_to)
    }
}

fn read(row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let sequence: i64 = column(row, 0)?;
    let chain: Vec<u8> = column(row, 3)?;
    let damaged = || StoreError::Damaged(format!("row {sequence} of the shared journal is not one of Huitong"));
    Ok(Row {
        sequence: Sequence::try_from(sequence).map_err(|_| damaged())?,
        kind: column(row, 1)?,
        bytes: column(row, 2)?,
        chain: chain.try_into().map_err(|_| damaged())?,
        attachment: None,
    })
}

fn column<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a tokio_postgres::Row,
    index: usize,
) -> Result<T, StoreError> {
    row.try_get(index).map_err(|error| StoreError::Damaged(error.to_string()))
}
