//! Taking a gate's records: each once, in any order, each with its state (transit specification §6.1).

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs, Instant};
use huitong_service_kit::{Context, Decision, Stop, StoreError, View};
use huitong_transit_code::Reason;
use huitong_transit_code::gate::{FLAG_DENY_STALE, FLAG_OVER_LIMIT};

use super::finalise::merge;
use super::{Decided, doubts, node_of};
use crate::command::{Reply, TakenReply};
use crate::event::{Event, TapConflict, TapsTaken};
use crate::model::network::{Network, StationId};
use crate::model::order::{OrderKind, ServiceOrder};
use crate::model::parameters::Parameters;
use crate::model::rider::{AccountToken, Rider};
use crate::model::tap::{Direction, Ride, TakenTap, Tap, TapKey, TapState};
use crate::query::gates::{self, Gate};
use crate::query::taps::HeldTap;
use crate::query::{dated, deny, grants, records, taps};
use crate::verify::{CheckedBatch, CheckedRecord, Outcome, Verified};
use crate::{Transit, refusal};

/// A tap from further ahead than this is not believed.
pub const AHEAD_MAX: DurationMs = DurationMs::minutes(5);
/// Older taps need a clerk's release.
const AGE_MAX: DurationMs = DurationMs::days(90);

pub fn decide(transit: &Transit, view: View<'_>, batch: CheckedBatch, context: &mut Context<'_>) -> Decided {
    let gate = gates::gate(view, &batch.gate)?.filter(|gate| gate.active);
    let gate = gate.ok_or_else(|| refusal::GATE_UNKNOWN.refuse().at_field("gate"))?;
    if gate.operator != context.principal.participant {
        return Err(refusal::NOT_THE_OPERATOR.refuse().at_field("gate").into());
    }
    let (first, last) = (batch.first, batch.first + batch.records.len() as u64 - 1);
    let held = Held {
        taps: taps::held(view, &batch.gate, batch.epoch, first.saturating_sub(1), last + 1)?,
        others: taps::conflicts(view, &batch.gate, batch.epoch, first.saturating_sub(1), last + 1)?,
    };
    if !batch.records.iter().any(|record| held.differs(record)) {
        held.check_edges(&batch, first, last)?;
    }
    let place = Place::read(transit, view, gate, &batch, context)?;
    let mut taking = Taking::new(view, &place);
    let mut reply = TakenReply::default();
    let mut taken = Vec::with_capacity(batch.records.len());
    let mut conflicts = Vec::new();
    for record in &batch.records {
        if held.has(record) {
            reply.duplicate += 1;
        } else if held.differs(record) {
            reply.impossible += 1;
            let (sequence, hash, previous) = (record.sequence, record.hash, record.previous);
            conflicts.push(TapConflict { sequence, hash, previous });
        } else {
            let tap = taking.take(record, context)?;
            count(&mut reply, tap.state);
            taken.push(tap);
        }
        reply.new_epoch_required |= held.differs(record);
    }
    let riders = taking.riders.into_iter().collect();
    let ends = ends(view, &batch, last, &place.parameters, context.now)?;
    reply.held_to = ends.contiguous_to;
    let mut decision = Decision::nothing();
    if !taken.is_empty() || !conflicts.is_empty() {
        decision = decision.event(Event::TapsTaken(Box::new(TapsTaken {
            gate: batch.gate.clone(),
            epoch: batch.epoch,
            first,
            network: batch.network,
            signature: batch.signature.clone(),
            taps: taken,
            conflicts: conflicts.clone(),
            contiguous_to: ends.contiguous_to,
            highest: ends.highest,
            hole_alarm_at: ends.hole_alarm_at,
            riders,
        })));
        decision = decision.attach(records::join(batch.records.iter().map(|record| record.bytes.as_slice())));
    }
    merge(&mut decision, doubts::decide(transit, view, &batch, &held.taps, &conflicts, context)?);
    Ok(Decision { answer: huitong_service_kit::service::Answer::Now(Reply::Taken(reply)), ..decision })
}

/// What is held under the numbers of a batch and around them.
struct Held {
    taps: BTreeMap<u64, HeldTap>,
    /// Records that came under numbers that were held already, with their hashes and those they name.
    others: Vec<TapConflict>,
}

impl Held {
    /// These very bytes are held.
    fn has(&self, record: &CheckedRecord) -> bool {
        let is_it = |sequence: u64, hash: Digest| (sequence, hash) == (record.sequence, record.hash);
        self.taps.get(&record.sequence).is_some_and(|tap| tap.hash == record.hash)
            || self.others.iter().any(|other| is_it(other.sequence, other.hash))
    }

    /// Other bytes were held first under this number.
    fn differs(&self, record: &CheckedRecord) -> bool {
        self.taps.get(&record.sequence).is_some_and(|tap| tap.hash != record.hash)
    }

    /// The batch must continue what is held before it, and be continued by what is held behind it. Where two records are
    /// held under a number either may be the one that is continued: what the gate recorded since is not lost.
    fn check_edges(&self, batch: &CheckedBatch, first: u64, last: u64) -> Result<(), Stop> {
        let at = |sequence: u64| {
            let tap = self.taps.get(&sequence).map(|tap| (tap.hash, tap.previous));
            let others = self.others.iter().filter(move |other| other.sequence == sequence);
            tap.into_iter().chain(others.map(|other| (other.hash, other.previous)))
        };
        let (own_first, own_last) = (batch.records.first(), batch.records.last());
        let before = !self.taps.contains_key(&(first - 1))
            || at(first - 1).any(|(hash, _)| own_first.is_some_and(|own| own.previous == hash));
        let behind = !self.taps.contains_key(&(last + 1))
            || at(last + 1).any(|(_, previous)| own_last.is_some_and(|own| own.hash == previous));
        if before && behind { Ok(()) } else { Err(refusal::CHAIN.refuse().at_field("records").into()) }
    }
}

fn count(reply: &mut TakenReply, state: TapState) {
    let counter = match state {
        TapState::Accepted | TapState::Late => &mut reply.accepted,
        TapState::Refused => &mut reply.refused,
        TapState::Impossible => &mut reply.impossible,
        TapState::Passback => &mut reply.passback,
    };
    *counter += 1;
}

fn ends(
    view: View<'_>,
    batch: &CheckedBatch,
    last: u64,
    parameters: &Parameters,
    now: Instant,
) -> Result<gates::Held, StoreError> {
    let before = gates::held(view, &batch.gate, batch.epoch)?;
    let highest = before.highest.max(last);
    let mut contiguous_to = before.contiguous_to;
    if batch.first <= contiguous_to + 1 {
        contiguous_to = contiguous_to.max(last);
        if contiguous_to < highest {
            contiguous_to = taps::run_end(view, &batch.gate, batch.epoch, contiguous_to)?;
        }
    }
    let grace = DurationMs::minutes(i64::from(parameters.hole_grace_min));
    let is_known = before.contiguous_to == contiguous_to && (before.alarmed || before.hole_alarm_at.is_some());
    let hole_alarm_at = match contiguous_to < highest {
        false => None,
        // A hole is told once.
        true if is_known => before.hole_alarm_at,
        true => Some(now + grace),
    };
    Ok(gates::Held { contiguous_to, highest, hole_alarm_at, alarmed: before.alarmed })
}

/// What is known of the gate's place while its batch is taken.
pub struct Place {
    gate: Gate,
    pub network: Option<Arc<Network>>,
    pub parameters: Parameters,
    closed: Vec<ServiceOrder>,
    epoch: u32,
}

impl Place {
    pub fn read(
        transit: &Transit,
        view: View<'_>,
        gate: Gate,
        batch: &CheckedBatch,
        context: &Context<'_>,
    ) -> Result<Place, StoreError> {
        let network = dated::current_map(transit, view, gate.network)?;
        let parameters = network.as_ref().map(|network| network.map.parameters.clone()).unwrap_or_default();
        let times = || batch.records.iter().map(|record| record.at);
        let (from, to) = (times().min().unwrap_or(context.now), times().max().unwrap_or(context.now));
        let closed = dated::orders(view, gate.network, OrderKind::Closed, from, to)?;
        Ok(Place { gate, network, parameters, closed, epoch: batch.epoch })
    }

    pub fn network_of(&self) -> Division {
        self.gate.network
    }

    /// The record's station if the map knows it, else the gate's own.
    pub fn station(&self, record: &CheckedRecord) -> Option<u32> {
        let network = self.network.as_ref()?;
        [record.station, self.gate.station].into_iter().find(|station| network.station(*station).is_some())
    }
}

pub struct Taking<'t> {
    view: View<'t>,
    place: &'t Place,
    /// Codes that earlier records of this batch have used.
    used: HashSet<(Digest, u8)>,
    /// The highest single fare, by business day.
    max_fares: BTreeMap<Date, Fen>,
    riders: BTreeMap<Rider, Instant>,
}

impl<'t> Taking<'t> {
    pub fn new(view: View<'t>, place: &'t Place) -> Taking<'t> {
        Taking { view, place, used: HashSet::new(), max_fares: BTreeMap::new(), riders: BTreeMap::new() }
    }
}

impl Taking<'_> {
    fn take(&mut self, record: &CheckedRecord, context: &Context<'_>) -> Result<TakenTap, StoreError> {
        let taken = |state, station, reason: Option<&str>, ride| TakenTap {
            sequence: record.sequence,
            hash: record.hash,
            previous: record.previous,
            state,
            station,
            direction: record.direction,
            at: record.at,
            reason: reason.map(str::to_owned),
            ride,
        };
        let plain = |state, reason: &str| taken(state, record.station, Some(reason), None);
        let verified = match &record.outcome {
            Outcome::NotOpened => return Ok(plain(TapState::Refused, record.gate_reason.name())),
            Outcome::NotVerified(reason) => return Ok(plain(TapState::Impossible, reason.name())),
            Outcome::Verified(verified) => verified,
        };
        let mut ride = match self.ride(record, verified, context)? {
            Ok(ride) => ride,
            Err(reason) => return Ok(plain(TapState::Impossible, reason)),
        };
        if self.is_short(&ride.tap)? {
            ride.tap.flags |= FLAG_OVER_LIMIT;
        }
        let (now, parameters) = (context.now, &self.place.parameters);
        let state = if self.has_passed(&ride.tap)? {
            TapState::Passback
        } else if parameters.business_day(ride.tap.at) < parameters.business_day(now) {
            TapState::Late
        } else {
            TapState::Accepted
        };
        if state.counts() {
            let due = due(&ride.tap, parameters, now);
            self.riders.entry(ride.rider).and_modify(|known| *known = due.min(*known)).or_insert(due);
        }
        let reason = (state == TapState::Passback).then(|| Reason::Replay.name());
        Ok(taken(state, ride.tap.station, reason, Some(Box::new(ride.into()))))
    }

    /// The ride, or why the record is not believed.
    fn ride(
        &self,
        record: &CheckedRecord,
        verified: &Verified,
        context: &Context<'_>,
    ) -> Result<Result<Ride, &'static str>, StoreError> {
        let impossible = refusal::TAP_IMPOSSIBLE.code;
        let Some(station) = self.place.station(record) else { return Ok(Err(impossible)) };
        let ahead = AHEAD_MAX.0.max(record.uncertainty.0);
        if (record.at - context.now).0 > ahead || context.now - record.at > AGE_MAX {
            return Ok(Err(impossible));
        }
        let is_closed = record.direction != Direction::Out
            && self
                .place
                .closed
                .iter()
                .any(|order| order.covers(station, record.line, &self.place.gate.gate, record.at));
        if is_closed {
            return Ok(Err(Reason::Closed.name()));
        }
        self.ride_at(record, verified, station, context)
    }

    /// The ride from a record that is believed, or why nobody answers for it.
    pub fn ride_at(
        &self,
        record: &CheckedRecord,
        verified: &Verified,
        station: StationId,
        context: &Context<'_>,
    ) -> Result<Result<Ride, &'static str>, StoreError> {
        let code = &verified.code;
        let account = AccountToken::new(&code.account);
        let (home, grant) = match self.payer(&account, verified, record.at)? {
            Ok(payer) => payer,
            Err(reason) => return Ok(Err(reason)),
        };
        let Some(node) = node_of(context, home) else { return Ok(Err(refusal::TAP_IMPOSSIBLE.code)) };
        let limit_ms = i64::from(self.place.parameters.deny_age_limit_h) * 3_600_000;
        let was_stale = record.flags & FLAG_DENY_STALE != 0 || i64::from(record.deny_age_s) * 1_000 > limit_ms;
        // Risk rule (b): the newest list of that moment had the account, the gate's old one did not.
        // Whose list: the issuer's home, for a pulled code this node.
        let list = if grant.is_some() { context.home.jurisdiction } else { node };
        let own_risk = was_stale && deny::denied_since(self.view, list, &account, record.at)?.is_some();
        let key = TapKey { gate: self.place.gate.gate.clone(), epoch: self.place.epoch, sequence: record.sequence };
        Ok(Ok(Ride {
            rider: Rider::new(account, code.ticket_number),
            home,
            own_risk,
            tap: Tap {
                key,
                hash: record.hash,
                direction: record.direction,
                station,
                line: record.line,
                at: record.at,
                uncertainty: record.uncertainty,
                generated: code.generation_time,
                account_type: code.account_type,
                limit_fen: Fen(i64::from(code.limit_fen)),
                shown_fen: record.shown_fen,
                flags: record.flags,
                replay_key: Digest(code.replay_key),
                deny_sequence: record.deny_sequence,
                deny_age_s: record.deny_age_s,
                grant,
                arrived: context.now,
            },
        }))
    }

    /// The city that pays: the issuer's own, or by the grant the one behind a token of model P.
    fn payer(
        &self,
        account: &AccountToken,
        verified: &Verified,
        at: Instant,
    ) -> Result<Result<(Division, Option<uuid::Uuid>), &'static str>, StoreError> {
        if !account.is_granted() {
            return Ok(Ok((verified.city, None)));
        }
        let grant = grants::valid_at(self.view, account, at)?;
        let valid = grant.filter(|grant| grant.network == self.place.gate.network && grant.role != "home");
        Ok(valid.map(|grant| (grant.home, Some(grant.grant))).ok_or(refusal::GRANT.code))
    }

    /// Whether the code does not cover the provisional fare (J12): the gate should not have let the rider in, and what lies
    /// above the limit is the city's.
    pub fn is_short(&mut self, tap: &Tap) -> Result<bool, StoreError> {
        if tap.direction == Direction::Out {
            return Ok(false);
        }
        let day = self.place.parameters.business_day(tap.at);
        let max_fare = match self.max_fares.get(&day) {
            Some(known) => *known,
            None => {
                let found = dated::in_force(self.view, self.place.gate.network, day)?;
                let max_fare = found.map_or(Fen::ZERO, |pack| pack.max_fare);
                self.max_fares.insert(day, max_fare);
                max_fare
            }
        };
        Ok(tap.limit_fen < max_fare)
    }

    /// Whether the code passed in this direction before, here or in this batch (J8).
    fn has_passed(&mut self, tap: &Tap) -> Result<bool, StoreError> {
        let before = taps::code_use(self.view, tap)?.is_some();
        Ok(before || !self.used.insert((tap.replay_key, tap.direction.number())))
    }
}

/// When the rider must be looked at: soon after an exit, a boarding or a late record; after the limits for an entry.
pub fn due(tap: &Tap, parameters: &Parameters, now: Instant) -> Instant {
    let soon = now + parameters.final_wait();
    match tap.direction {
        Direction::Boarding => now,
        Direction::Out => soon,
        Direction::In if now - tap.at > parameters.final_wait() => soon,
        Direction::In => soon.max(tap.at + parameters.trip_limit() + parameters.upload_wait()),
    }
}
