//! The journal of a stream and the views built from it: in one SQLite file, or the journal in a table that several members
//! share and the views in a file of each. One group-committing writer.
//!
//! * [`journal`]: the append-only table of entries. * [`feeds`]: which entries belong to which feed.
//! * [`attachment`]: bytes beside an entry that can be erased.
//! * [`view`]: what services see of the tables. * [`group`]: many works, one commit. * [`writer`]: the thread around it.
//! * [`shared`]: the journal in a PostgreSQL-wire table, its lease and fence. * [`member`]: who leads, who follows.
//! * [`mod@copy`]: journals as such, copied and proved equal.
//! * [`readers`]: read-only connections. * [`replay`]: the views built anew from the journal, and compared.

pub mod attachment;
pub mod copy;
pub mod error;
pub mod feeds;
pub mod group;
pub mod journal;
pub mod log_check;
pub mod member;
pub mod readers;
pub mod replay;
pub mod sabotage;
pub mod shared;
pub mod view;
pub mod writer;

pub use error::StoreError;
pub use rusqlite::params;
pub use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
pub use rusqlite::{Error as SqlError, Params, Row};
pub use view::{Tx, View};
