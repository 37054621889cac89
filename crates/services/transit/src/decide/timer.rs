//! What becomes due: trips, holes in gates' records, deny lists, debts, day totals, contests, records of peers, invoices, figures.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::time::{Date, Instant};
use huitong_service_kit::{Context, Decision, StoreError, View, params};
use uuid::Uuid;

use super::{Decided, clearing, evidence, finalise, flows, home, order_fault, publication_ask};
use crate::Transit;
use crate::event::Event;
use crate::model::publication::PublicationKind;
use crate::query;

/// Trips become final in parts of [`finalise::RIDERS_MAX`] riders; so many parts a tick at most, so that callers get their turn.
const FINAL_PARTS: usize = 8;
/// Orders carried out at once, and parts of each a tick.
const ORDERS_MAX: usize = 4;
const ORDER_PARTS: usize = 4;

pub enum Due {
    /// The riders that are due longest.
    Trips,
    /// A gate-fault order whose trips are not all free yet.
    Order {
        order: Uuid,
    },
    Hole {
        gate: String,
        epoch: u32,
    },
    /// The own deny list's next delta; with it peers are looked at of which nothing is held.
    DenyDelta,
    /// Something of a peer's publications is lacking since it was asked last.
    Publication {
        peer: Division,
        kind: PublicationKind,
    },
    Debt {
        debt: String,
    },
    /// A day that is over, towards another node.
    DayTotals(clearing::day::DueDay),
    Contest {
        contest: String,
    },
    /// Records whose contest term is over.
    Records {
        up_to: u64,
    },
    /// Records that a visited city did not hand over, or that waited for a key set.
    Evidence {
        ask: Uuid,
    },
    /// A ride that was adjusted after it was invoiced.
    Invoice {
        trip: Digest,
    },
    /// The figures of a finished day.
    Flows {
        network: Division,
        day: Date,
    },
}

pub fn due(view: View<'_>, now: Instant, limit: usize) -> Result<Vec<Due>, StoreError> {
    let mut due = Vec::new();
    let riders: Option<i64> = view.one(
        "SELECT COUNT(*) FROM (SELECT 1 FROM open_rider WHERE due_at <= ?1 LIMIT ?2)",
        params![now.0, (finalise::RIDERS_MAX * FINAL_PARTS) as i64],
        |row| row.get(0),
    )?;
    let parts = usize::try_from(riders.unwrap_or(0)).unwrap_or(0).div_ceil(finalise::RIDERS_MAX);
    due.extend((0..parts).map(|_| Due::Trips));
    due.extend(view.all(
        "SELECT gate, epoch FROM gate_epoch WHERE hole_alarm_at <= ?1 ORDER BY hole_alarm_at LIMIT 20",
        params![now.0],
        |row| Ok(Due::Hole { gate: row.get(0)?, epoch: row.get(1)? }),
    )?);
    for order in query::orders::all_pending(view, ORDERS_MAX)? {
        due.extend((0..ORDER_PARTS).map(|_| Due::Order { order }));
    }
    due.extend(home::deny::due(view, now)?.then_some(Due::DenyDelta));
    let lacking = publication_ask::due(view, now)?;
    due.extend(lacking.into_iter().map(|(peer, kind)| Due::Publication { peer, kind }));
    due.extend(home::debt::due(view, now)?.into_iter().map(|debt| Due::Debt { debt }));
    due.extend(clearing::day::due(view, now)?.into_iter().map(Due::DayTotals));
    due.extend(clearing::contest_reply::due(view, now)?.into_iter().map(|contest| Due::Contest { contest }));
    due.extend(query::records::due(view, now)?.map(|up_to| Due::Records { up_to }));
    due.extend(evidence::judge::due(view, now)?.into_iter().map(|ask| Due::Evidence { ask }));
    due.extend(home::invoice::due(view)?.into_iter().map(|trip| Due::Invoice { trip }));
    if parts < FINAL_PARTS {
        // Trips that are due belong to the day: nothing is published while more wait than a tick takes.
        due.extend(query::flows::due(view, now)?.map(|(network, day)| Due::Flows { network, day }));
    }
    due.truncate(limit);
    Ok(due)
}

pub fn decide(transit: &Transit, view: View<'_>, due: Due, context: &mut Context<'_>) -> Decided {
    match due {
        Due::Trips => finalise::decide(transit, view, context),
        Due::Hole { gate, epoch } => {
            let alarm = format!("gate {gate}, epoch {epoch}: a record is missing although later ones arrived");
            Ok(Decision::nothing().event(Event::HoleAlarmed { gate, epoch }).alarm(alarm))
        }
        Due::Order { order } => order_fault::pursue(transit, view, order, context),
        Due::DenyDelta => {
            let mut decision = home::deny::publish(view, context)?;
            finalise::merge(&mut decision, publication_ask::of_strangers(view, context)?);
            Ok(decision)
        }
        Due::Publication { peer, kind } => publication_ask::ask(view, peer, kind, context),
        Due::Debt { debt } => home::debt::retry(view, debt, context),
        Due::DayTotals(day) => clearing::day::send_totals(view, day, context),
        Due::Contest { contest } => clearing::contest_reply::overdue(transit, view, &contest, context),
        Due::Records { up_to } => Ok(Decision::nothing().event(Event::RecordsErased { up_to }).erase(up_to)),
        Due::Evidence { ask } => evidence::judge::pursue(view, ask, context),
        Due::Invoice { trip } => home::invoice::correct(view, trip, context.now),
        Due::Flows { network, day } => flows::publish(transit, view, network, day, context),
    }
}
