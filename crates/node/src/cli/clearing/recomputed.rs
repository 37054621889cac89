//! A statement recomputed from nothing but the documents in a node's views, beside what was stated.

use huitong_clearing::model::statement::{LaneSum, Root};
use huitong_clearing::query::statements::StatementRow;
use huitong_clearing::query::{items, lanes};
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_service_kit::{StoreError, View};

/// Documents read at once.
const PAGE: usize = 1_000;

/// One lane of a statement.
pub struct Lane {
    pub feed: String,
    pub stated: LaneSum,
    pub found: LaneSum,
}

impl Lane {
    pub fn agrees(&self) -> bool {
        self.stated == self.found
    }
}

/// Adds up every document again, one by one.
pub fn lanes_of(
    view: View<'_>,
    row: &StatementRow,
    mut each: impl FnMut(&items::Item),
) -> Result<Vec<Lane>, StoreError> {
    let mut recomputed = Vec::new();
    for stated in &row.own.lanes {
        let receiver = if stated.sender == row.own.author { row.peer } else { row.own.author };
        let feed = format!("{}/{service}>{receiver}/{service}", stated.sender, service = row.service);
        let found = match lanes::lane(view, &row.service, stated.sender, receiver)? {
            Some(lane) => added(view, lane.lane, stated, &mut each)?,
            None => LaneSum { documents: 0, ..stated.clone() },
        };
        recomputed.push(Lane { feed, stated: stated.clone(), found });
    }
    Ok(recomputed)
}

fn added(
    view: View<'_>,
    lane: i64,
    stated: &LaneSum,
    each: &mut impl FnMut(&items::Item),
) -> Result<LaneSum, StoreError> {
    let mut root = Root::default();
    let (mut documents, mut sender_owes, mut receiver_owes) = (0, Fen::ZERO, Fen::ZERO);
    let mut after = (stated.after, i64::MAX);
    loop {
        let page = items::page(view, lane, after, stated.up_to, PAGE)?;
        for item in &page {
            let (creditor, debtor): (Division, Division) = (item.creditor, item.debtor);
            root.add(item.number, item.line, &item.id.0, item.amount_fen, creditor.as_str(), debtor.as_str());
            documents += 1;
            let owes = if item.sender_owes { &mut sender_owes } else { &mut receiver_owes };
            *owes += item.amount_fen;
            each(item);
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = (last.number, i64::from(last.line)),
            _ => break,
        }
    }
    Ok(LaneSum {
        documents,
        sender_owes_fen: sender_owes,
        receiver_owes_fen: receiver_owes,
        root: root.digest(),
        ..stated.clone()
    })
}
