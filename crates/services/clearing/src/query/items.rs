//! Documents: the scan that a statement is made of, pages for people, single ones.

use std::borrow::Cow;
use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Date;
use huitong_service_kit::{Row, SqlError, StoreError, Text, View, params};
use serde::Deserialize;

use crate::model::statement::{LaneSum, Listed, Root};

/// What a lane holds of a span, and the shares of it that its sender owes and that its receiver owes.
pub struct Summed {
    pub sum: LaneSum,
    pub sender_owes: BTreeMap<ShareKey, Fen>,
    pub receiver_owes: BTreeMap<ShareKey, Fen>,
}

/// Creditor, debtor, part.
pub type ShareKey = (Division, Division, String);

/// Adds up a span of a lane in one pass by primary key: nothing is held but one sum per pair of divisions and part.
pub fn sum(view: View<'_>, lane: i64, sender: Division, (after, up_to): (u64, u64)) -> Result<Summed, StoreError> {
    let mut root = Root::default();
    let (mut documents, mut sender_owes, mut receiver_owes) = (0, Fen::ZERO, Fen::ZERO);
    let mut pairs = Pairs::default();
    view.each(
        "SELECT number, line, id, creditor, debtor, sender_owes, amount_fen, parts FROM item
         WHERE lane = ?1 AND number > ?2 AND number <= ?3 ORDER BY number, line",
        params![lane, after, up_to],
        |row| {
            let (creditor, debtor, amount) = (text(row, 3)?, text(row, 4)?, Fen(row.get(6)?));
            let id: [u8; 32] = row.get(2)?;
            root.add(row.get(0)?, row.get(1)?, &id, amount, creditor, debtor);
            documents += 1;
            let owes = row.get::<_, bool>(5)?;
            if owes {
                sender_owes += amount;
            } else {
                receiver_owes += amount;
            }
            let pair = pairs.of(creditor, debtor, owes);
            match row.get_ref(7)?.as_str() {
                Ok(parts) => {
                    for Part(part, amount) in serde_json::from_str::<Vec<Part<'_>>>(parts)? {
                        pair.add(&part, amount);
                    }
                }
                Err(_) => pair.add("", amount),
            }
            Ok(())
        },
    )?;
    let sum = LaneSum {
        sender,
        after,
        up_to,
        documents,
        sender_owes_fen: sender_owes,
        receiver_owes_fen: receiver_owes,
        root: root.digest(),
    };
    let (sender_owes, receiver_owes) = (pairs.shares(true)?, pairs.shares(false)?);
    Ok(Summed { sum, sender_owes, receiver_owes })
}

/// A document's part with its name as it lies in the view: names are the same for many documents, so none is copied.
#[derive(Deserialize)]
struct Part<'a>(#[serde(borrow)] Cow<'a, str>, Fen);

/// Sums by pair of divisions. Codes come as text, and are read once a pair; there are few pairs and fewer parts, and neighbours
/// are mostly of one pair.
#[derive(Default)]
struct Pairs {
    pairs: Vec<Pair>,
    latest: usize,
}

struct Pair {
    creditor: String,
    debtor: String,
    /// Whether the debtor is of the lane's sender.
    sender_owes: bool,
    parts: Vec<(String, Fen)>,
}

impl Pairs {
    fn of(&mut self, creditor: &str, debtor: &str, sender_owes: bool) -> &mut Pair {
        let is = |pair: &Pair| pair.sender_owes == sender_owes && pair.creditor == creditor && pair.debtor == debtor;
        if !self.pairs.get(self.latest).is_some_and(is) {
            self.latest = self.pairs.iter().position(is).unwrap_or_else(|| {
                let (creditor, debtor) = (creditor.to_owned(), debtor.to_owned());
                self.pairs.push(Pair { creditor, debtor, sender_owes, parts: Vec::new() });
                self.pairs.len() - 1
            });
        }
        &mut self.pairs[self.latest]
    }

    fn shares(&self, sender_owes: bool) -> Result<BTreeMap<ShareKey, Fen>, StoreError> {
        let mut shares = BTreeMap::new();
        for Pair { creditor, debtor, parts, .. } in self.pairs.iter().filter(|pair| pair.sender_owes == sender_owes) {
            let (creditor, debtor) = (code(creditor)?, code(debtor)?);
            shares.extend(parts.iter().map(|(part, amount)| ((creditor, debtor, part.clone()), *amount)));
        }
        Ok(shares)
    }
}

impl Pair {
    fn add(&mut self, part: &str, amount: Fen) {
        match self.parts.iter_mut().find(|(known, _)| known == part) {
            Some((_, sum)) => *sum += amount,
            None => self.parts.push((part.to_owned(), amount)),
        }
    }
}

/// Count and root of a span.
pub fn root(view: View<'_>, lane: i64, (after, up_to): (u64, u64)) -> Result<(u64, Digest), StoreError> {
    let mut root = Root::default();
    let mut documents = 0;
    view.each(
        "SELECT number, line, id, creditor, debtor, amount_fen FROM item
         WHERE lane = ?1 AND number > ?2 AND number <= ?3 ORDER BY number, line",
        params![lane, after, up_to],
        |row| {
            let id: [u8; 32] = row.get(2)?;
            root.add(row.get(0)?, row.get(1)?, &id, Fen(row.get(5)?), text(row, 3)?, text(row, 4)?);
            documents += 1;
            Ok(())
        },
    )?;
    Ok((documents, root.digest()))
}

/// Documents of a span, at most `limit`.
pub fn listed(view: View<'_>, lane: i64, (after, up_to): (u64, u64), limit: usize) -> Result<Vec<Listed>, StoreError> {
    view.all(
        "SELECT number, line, id, amount_fen, creditor, debtor FROM item
         WHERE lane = ?1 AND number > ?2 AND number <= ?3 ORDER BY number, line LIMIT ?4",
        params![lane, after, up_to, limit as i64],
        |row| {
            Ok(Listed {
                number: row.get(0)?,
                line: row.get(1)?,
                id: Digest(row.get(2)?),
                amount_fen: Fen(row.get(3)?),
                creditor: row.get::<_, Text<Division>>(4)?.0,
                debtor: row.get::<_, Text<Division>>(5)?.0,
            })
        },
    )
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str, StoreError> {
    let value = row.get_ref(column)?;
    value.as_str().map_err(|_| StoreError::Damaged("a document's code is no text".to_owned()))
}

fn code(text: &str) -> Result<Division, StoreError> {
    text.parse().map_err(|_| StoreError::Damaged(format!("a document's code is {text}")))
}

/// A document with where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub lane: i64,
    pub service: String,
    pub sender: Division,
    pub receiver: Division,
    pub number: u64,
    pub line: u32,
    pub id: Digest,
    pub creditor: Division,
    pub debtor: Division,
    pub sender_owes: bool,
    pub amount_fen: Fen,
    pub day: Date,
    pub kind: String,
    pub name: String,
    pub of: Option<Digest>,
    pub parts: Vec<(String, Fen)>,
}

impl Item {
    /// The jurisdiction that owes, and the one that is owed.
    pub fn debtor_node(&self) -> Division {
        if self.sender_owes { self.sender } else { self.receiver }
    }

    pub fn creditor_node(&self) -> Division {
        if self.sender_owes { self.receiver } else { self.sender }
    }

    pub fn shares(&self) -> Vec<(ShareKey, Fen)> {
        if self.parts.is_empty() {
            return vec![((self.creditor, self.debtor, String::new()), self.amount_fen)];
        }
        self.parts.iter().map(|(part, amount)| ((self.creditor, self.debtor, part.clone()), *amount)).collect()
    }
}

const COLUMNS: &str =
    "item.lane, service, sender, receiver, number, line, id, creditor, debtor, sender_owes, amount_fen, day,
    kind, name, of, parts";

fn item(row: &Row<'_>) -> Result<Item, SqlError> {
    let parts = row.get::<_, Option<String>>(15)?;
    let of = row.get::<_, Option<[u8; 32]>>(14)?;
    Ok(Item {
        lane: row.get(0)?,
        service: row.get(1)?,
        sender: row.get::<_, Text<_>>(2)?.0,
        receiver: row.get::<_, Text<_>>(3)?.0,
        number: row.get(4)?,
        line: row.get(5)?,
        id: Digest(row.get(6)?),
        creditor: row.get::<_, Text<_>>(7)?.0,
        debtor: row.get::<_, Text<_>>(8)?.0,
        sender_owes: row.get(9)?,
        amount_fen: Fen(row.get(10)?),
        day: row.get::<_, Text<_>>(11)?.0,
        kind: row.get(12)?,
        name: row.get(13)?,
        of: of.map(Digest),
        parts: parts.and_then(|parts| serde_json::from_str(&parts).ok()).unwrap_or_default(),
    })
}

/// The documents with an id: the one itself in one lane; a service does not give an id twice.
pub fn of_id(view: View<'_>, id: Digest) -> Result<Option<Item>, StoreError> {
    view.one(
        &format!(
            "SELECT {COLUMNS} FROM item JOIN lane ON lane.lane = item.lane WHERE id = ?1 ORDER BY item.lane LIMIT 1"
        ),
        params![id.0],
        item,
    )
}

pub fn at(view: View<'_>, lane: i64, number: u64, line: u32) -> Result<Option<Item>, StoreError> {
    view.one(
        &format!(
            "SELECT {COLUMNS} FROM item JOIN lane ON lane.lane = item.lane
             WHERE item.lane = ?1 AND number = ?2 AND line = ?3"
        ),
        params![lane, number, line],
        item,
    )
}

/// Documents of a span behind a place, at most `limit`.
pub fn page(view: View<'_>, lane: i64, after: (u64, i64), up_to: u64, limit: usize) -> Result<Vec<Item>, StoreError> {
    view.all(
        &format!(
            "SELECT {COLUMNS} FROM item JOIN lane ON lane.lane = item.lane
             WHERE item.lane = ?1 AND (number, line) > (?2, ?3) AND number <= ?4 ORDER BY number, line LIMIT ?5"
        ),
        params![lane, after.0, after.1, up_to, limit as i64],
        item,
    )
}

/// Documents that change this one, with the contra first told first.
pub fn changes(view: View<'_>, lane: i64, of: Digest, from: u64, limit: usize) -> Result<Vec<Item>, StoreError> {
    view.all(
        &format!(
            "SELECT {COLUMNS} FROM item JOIN lane ON lane.lane = item.lane
             WHERE item.lane = ?1 AND number >= ?2 AND of = ?3 ORDER BY number, line LIMIT ?4"
        ),
        params![lane, from, of.0, limit as i64],
        item,
    )
}
