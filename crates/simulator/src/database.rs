//! The database server behind a shared journal: one table, several members, connections that break at the worst moment.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use huitong_kernel::entry::Sequence;
use huitong_kernel::random::RandomSource;
use huitong_store::StoreError;
use huitong_store::shared::{Attached, InsertError, Row, Table};

/// What happens to inserts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    Fair,
    /// The server is down, or this member is cut off.
    Unreachable,
    /// Every second insert loses its answer: it went through, it did not, or it goes through later.
    AnswersLost,
}

/// How lost answers ended, for the coverage report.
#[derive(Clone, Copy, Debug, Default)]
pub struct LostAnswers {
    pub applied: u64,
    pub dropped: u64,
    pub late: u64,
    pub taken: u64,
}

#[derive(Default)]
struct Tables {
    rows: BTreeMap<(String, Sequence), Row>,
    /// Inserts that the server will still carry out.
    late: Vec<(String, Vec<Row>)>,
    weather: BTreeMap<String, Weather>,
    lost: LostAnswers,
}

/// The server; clones are the same server.
#[derive(Clone, Default)]
pub struct Database(Rc<RefCell<Tables>>);

impl Database {
    /// A member's connection.
    pub fn connect(&self, member: &str, random: RandomSource) -> Connection {
        Connection { database: self.clone(), member: member.to_owned(), random }
    }

    pub fn set_weather(&self, member: &str, weather: Weather) {
        self.0.borrow_mut().weather.insert(member.to_owned(), weather);
    }

    pub fn lost_answers(&self) -> LostAnswers {
        self.0.borrow().lost
    }

    /// All rows of a stream.
    pub fn rows(&self, stream: &str) -> Vec<Row> {
        let tables = self.0.borrow();
        tables.rows.range((stream.to_owned(), 0)..=(stream.to_owned(), u64::MAX)).map(|(_, row)| row.clone()).collect()
    }

    /// The place of a stream's last row.
    pub fn last_sequence(&self, stream: &str) -> Sequence {
        let tables = self.0.borrow();
        let mut range = tables.rows.range((stream.to_owned(), 0)..=(stream.to_owned(), u64::MAX));
        range.next_back().map_or(0, |((_, sequence), _)| *sequence)
    }
}

impl Tables {
    /// What the server still had to do may be done by now; a transaction that finds a place taken ends without effect.
    fn settle(&mut self) {
        for (stream, rows) in std::mem::take(&mut self.late) {
            let _ = self.insert(&stream, &rows);
        }
    }

    fn insert(&mut self, stream: &str, rows: &[Row]) -> Result<(), InsertError> {
        let key = |row: &Row| (stream.to_owned(), row.sequence);
        if rows.iter().any(|row| self.rows.contains_key(&key(row))) {
            self.lost.taken += 1;
            return Err(InsertError::Taken);
        }
        self.rows.extend(rows.iter().map(|row| (key(row), row.clone())));
        Ok(())
    }
}

pub struct Connection {
    database: Database,
    member: String,
    random: RandomSource,
}

// SAFETY: the simulator runs on one thread; `Table` asks for `Send` because production moves it to the writer's thread.
unsafe impl Send for Connection {}

impl Connection {
    fn weather(&self) -> Weather {
        self.database.0.borrow().weather.get(&self.member).copied().unwrap_or(Weather::Fair)
    }

    fn reach(&mut self) -> Result<(), StoreError> {
        if self.weather() == Weather::Unreachable {
            return Err(StoreError::Refused("the server cannot be reached".to_owned()));
        }
        // A reader may come before or after what is still under way.
        if self.random.below(2) == 0 {
            self.database.0.borrow_mut().settle();
        }
        Ok(())
    }
}

impl Table for Connection {
    fn insert(&mut self, stream: &str, rows: &[Row]) -> Result<(), InsertError> {
        let lost = || InsertError::Unknown("the answer did not come".to_owned());
        match self.weather() {
            Weather::Unreachable => Err(InsertError::Unknown("the server cannot be reached".to_owned())),
            Weather::AnswersLost if self.random.below(2) == 0 => {
                let fate = self.random.below(3);
                let mut tables = self.database.0.borrow_mut();
                tables.settle();
                match fate {
                    0 => {
                        tables.lost.applied += 1;
                        let _ = tables.insert(stream, rows);
                    }
                    1 => tables.lost.dropped += 1,
                    _ => {
                        tables.lost.late += 1;
                        tables.late.push((stream.to_owned(), rows.to_vec()));
                    }
                }
                Err(lost())
            }
            Weather::Fair | Weather::AnswersLost => {
                let mut tables = self.database.0.borrow_mut();
                tables.settle();
                tables.insert(stream, rows)
            }
        }
    }

    fn select(&mut self, stream: &str, after: Sequence, limit: usize) -> Result<Vec<Row>, StoreError> {
        self.reach()?;
        let tables = self.database.0.borrow();
        let range = (stream.to_owned(), after + 1)..=(stream.to_owned(), u64::MAX);
        Ok(tables.rows.range(range).take(limit).map(|(_, row)| Row { attachment: None, ..row.clone() }).collect())
    }

    fn last(&mut self, stream: &str) -> Result<Option<Row>, StoreError> {
        self.reach()?;
        let tables = self.database.0.borrow();
        let range = (stream.to_owned(), 0)..=(stream.to_owned(), u64::MAX);
        Ok(tables.rows.range(range).next_back().map(|(_, row)| row.clone()))
    }

    fn forget(&mut self, stream: &str, up_to: Sequence) -> Result<(), StoreError> {
        self.reach()?;
        self.database.0.borrow_mut().rows.retain(|(known, sequence), _| known != stream || *sequence > up_to);
        Ok(())
    }

    fn attachments(&mut self, stream: &str, after: Sequence, up_to: Sequence) -> Result<Vec<Attached>, StoreError> {
        self.reach()?;
        let tables = self.database.0.borrow();
        let range = (stream.to_owned(), after + 1)..=(stream.to_owned(), up_to);
        let held = tables.rows.range(range);
        Ok(held.filter_map(|((_, sequence), row)| Some((*sequence, row.attachment.clone()?))).collect())
    }

    fn erase(&mut self, stream: &str, up_to: Sequence) -> Result<(), StoreError> {
        self.reach()?;
        let mut tables = self.database.0.borrow_mut();
        let range = (stream.to_owned(), 0)..=(stream.to_owned(), up_to);
        tables.rows.range_mut(range).for_each(|(_, row)| row.attachment = None);
        Ok(())
    }
}
