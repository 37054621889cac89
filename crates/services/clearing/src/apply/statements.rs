//! Statements, differences, confirmations.

use huitong_kernel::clearing::Period;
use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_ledger::book;
use huitong_service_kit::{Applied, StoreError, Tx, params};

use super::json;
use crate::event::{Confirmed, Stated};
use crate::model::message::LaneOf;
use crate::model::statement::{Difference, Place, State, Statement};

pub fn stated(tx: Tx<'_>, stated: &Stated) -> Result<(), StoreError> {
    let statement = &stated.statement;
    tx.execute_one(
        "INSERT INTO statement (service, period, peer, state, rule, own, shares, stated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            statement.service,
            statement.period.to_string(),
            stated.peer.as_str(),
            State::Stated.name(),
            json(&stated.rule)?,
            json(statement)?,
            json(&stated.shares)?,
            statement.stated_at.0,
        ],
    )
}

pub fn theirs(tx: Tx<'_>, peer: Division, statement: &Statement) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO their_statement (service, period, peer, text) VALUES (?1, ?2, ?3, ?4)",
        params![statement.service, statement.period.to_string(), peer.as_str(), json(statement)?],
    )
}

pub fn compared(tx: Tx<'_>, service: &str, period: Period, peer: Division, state: State) -> Result<(), StoreError> {
    set_state(tx, service, &period.to_string(), peer, state)
}

pub fn set_state(tx: Tx<'_>, service: &str, period: &str, peer: Division, state: State) -> Result<(), StoreError> {
    tx.execute_one(
        "UPDATE statement SET state = ?4 WHERE service = ?1 AND period = ?2 AND peer = ?3",
        params![service, period, peer.as_str(), state.name()],
    )
}

pub fn span_opened(tx: Tx<'_>, lane: &LaneOf, peer: Division, span: (u64, u64)) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO open_span (service, period, peer, sender, after, up_to) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![lane.service, lane.period, peer.as_str(), lane.sender.as_str(), span.0, span.1],
    )
}

pub fn span_closed(
    tx: Tx<'_>,
    lane: &LaneOf,
    peer: Division,
    span: (u64, u64),
    differences: &[Difference],
) -> Result<(), StoreError> {
    tx.execute_one(
        "DELETE FROM open_span WHERE service = ?1 AND period = ?2 AND peer = ?3 AND sender = ?4 AND after = ?5 AND up_to = ?6",
        params![lane.service, lane.period, peer.as_str(), lane.sender.as_str(), span.0, span.1],
    )?;
    differences.iter().try_for_each(|difference| {
        tx.execute_one(
            "INSERT INTO difference (service, period, peer, sender, number, line, class, sender_fen, receiver_fen)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                lane.service,
                lane.period,
                peer.as_str(),
                lane.sender.as_str(),
                difference.number,
                difference.line,
                difference.class.name(),
                difference.sender_fen.map(|amount| amount.0),
                difference.receiver_fen.map(|amount| amount.0),
            ],
        )
    })
}

pub fn confirmed(tx: Tx<'_>, confirmed: &Confirmed, applied: &Applied) -> Result<(), StoreError> {
    let Confirmed { peer, confirmation, is_own, held, is_complete, shares, transfers } = confirmed;
    let (service, period) = (&confirmation.service, confirmation.period.to_string());
    let (text, shares) = (json(confirmation)?, json(shares)?);
    let sql = if *is_own {
        "UPDATE statement SET own_confirmation = ?4, payable_fen = ?5, payable_shares = ?6
         WHERE service = ?1 AND period = ?2 AND peer = ?3"
    } else {
        "UPDATE statement SET their_confirmation = ?4, receivable_fen = ?5, receivable_shares = ?6
         WHERE service = ?1 AND period = ?2 AND peer = ?3"
    };
    tx.execute_one(sql, params![service, period, peer.as_str(), text, confirmation.payable_fen.0, shares])?;
    if *is_complete {
        set_state(tx, service, &period, *peer, State::Confirmed)?;
    }
    for (place, amount) in confirmation.held.iter().zip(held) {
        hold(tx, (service, &period, *peer), *is_own, place, *amount)?;
    }
    for Place(sender, number, line) in &confirmation.released {
        tx.execute_one(
            "UPDATE held SET released = ?7 WHERE service = ?1 AND peer = ?2 AND sender = ?3 AND number = ?4 AND line = ?5
             AND own_debt = ?6 AND released IS NULL",
            params![service, peer.as_str(), sender.as_str(), number, line, is_own, period],
        )?;
    }
    book::apply(tx, applied.at, &format!("confirmed:{service}:{period}:{peer}"), transfers)
}

fn hold(
    tx: Tx<'_>,
    (service, period, peer): (&str, &str, Division),
    own_debt: bool,
    Place(sender, number, line): &Place,
    amount: Fen,
) -> Result<(), StoreError> {
    tx.execute_one(
        "INSERT INTO held (service, peer, sender, number, line, own_debt, amount_fen, period)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![service, peer.as_str(), sender.as_str(), number, line, own_debt, amount.0, period],
    )
}
