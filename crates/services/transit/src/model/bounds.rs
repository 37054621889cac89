//! Which numbers of a peer's message are computed with: amounts that can be added, moments and days of the calendar.
//!
//! A message is delivered again after every restart, so that a number which brings the writer down would do so for ever. What
//! lies beyond the bounds no honest node sends; it is refused with the name of its field, before anything else is looked at.

use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, Instant};
use huitong_transit_code::record::RECORD_LENGTH_MAX;

use super::deny::DeltaText;
use super::evidence::{Evidence, ShownRecord};
use super::fare::ride::Fare;
use super::message::{Message, TripAdjust};
use super::publication::PublicationAsk;
use super::settlement::{DayDocuments, DayTotals, SplitNotice};
use super::split::PARTIES_MAX;
use super::trip::{TapEvidence, TripFinal};

/// Field 9 of a code has three bytes: no trip costs more, and no change of one.
pub const TRIP_MAX: Fen = Fen(0xff_ffff);
/// What one city claims of another in a period, and a node of another in a day: a hundred thousand of them can be added.
pub const SUM_MAX: Fen = Fen(10_000_000_000_000);
/// Documents of a day or a period, and pages of them.
const COUNT_MAX: u64 = 1_000_000_000_000;
const PAGES_MAX: u32 = 100_000_000;
/// Taps of a trip, those that came later included.
const TAPS_MAX: usize = 4;
/// A gate's longest record in base64.
const RECORD_TEXT_MAX: usize = RECORD_LENGTH_MAX.div_ceil(3) * 4;
/// Maps, or fare packs, that a peer says it holds: each is compared with each that it may lack.
const HELD_MAX: usize = 10_000;
/// About the year 9000: a span of any length that is counted here ends in the calendar still.
const LAST_MS: i64 = 221_845_392_000_000;
const YEARS: std::ops::RangeInclusive<i16> = 1970..=9999;

fn of_trip(amount: Fen) -> bool {
    (-TRIP_MAX..=TRIP_MAX).contains(&amount)
}

fn is_price(amount: Fen) -> bool {
    (Fen::ZERO..=TRIP_MAX).contains(&amount)
}

fn is_sum(amount: Fen) -> bool {
    (-SUM_MAX..=SUM_MAX).contains(&amount)
}

fn is_count(count: u64) -> bool {
    count <= COUNT_MAX
}

fn is_moment(at: Instant) -> bool {
    (0..=LAST_MS).contains(&at.0)
}

fn is_day(day: Date) -> bool {
    YEARS.contains(&day.year())
}

/// The first field that does not fit.
fn first(checks: &[(&'static str, bool)]) -> Option<&'static str> {
    checks.iter().find(|(_, fits)| !fits).map(|(field, _)| *field)
}

impl Message {
    /// The field that nobody computes with; `None` if there is none.
    pub fn fault(&self) -> Option<&'static str> {
        match self {
            Message::KeySet(set) => {
                first(&[("not_before", is_moment(set.not_before)), ("not_after", is_moment(set.not_after))])
            }
            Message::DenyDelta(delta) => deny_delta(delta),
            // Their own checks bound what is in them.
            Message::FarePack { .. } | Message::StationMap { .. } => None,
            Message::ServiceOrder(order) => first(&[
                ("from", is_moment(order.from)),
                ("to", is_moment(order.to)),
                ("ending.given_to", is_moment(order.given_to())),
            ]),
            Message::CodeAsk(ask) => first(&[("limit_fen", of_trip(ask.limit_fen)), ("expiry", is_moment(ask.expiry))]),
            Message::DebtNotice { from: at, .. } | Message::DebtRelease { released_at: at, .. } => {
                first(&[("at", is_moment(*at))])
            }
            Message::TripFinal(trip) => self::trip(trip),
            Message::ChargeResult(result) => first(&[("booked_at", is_moment(result.booked_at))]),
            Message::TripAdjust(adjust) => self::adjust(adjust),
            Message::SplitNotice(notice) => split(notice),
            Message::DayTotals(totals) => day_totals(totals),
            Message::DayDocuments(page) => documents(page),
            Message::Contest(contest) => first(&[
                ("booking_day", is_day(contest.booking_day)),
                ("amount_fen", of_trip(contest.amount_fen)),
                ("opened_at", is_moment(contest.opened_at)),
                ("answer_by", is_moment(contest.answer_by)),
            ]),
            Message::Evidence(evidence) => self::evidence(evidence),
            Message::SplitAnswer { booking_day, .. } => first(&[("booking_day", is_day(*booking_day))]),
            Message::PublicationAsk(PublicationAsk::Networks { maps, packs }) => {
                first(&[("maps", maps.len() <= HELD_MAX), ("packs", packs.len() <= HELD_MAX)])
            }
            Message::PublicationAsk(_)
            | Message::CodeGrant(_)
            | Message::AdjustResult(_)
            | Message::EvidenceAsk(_)
            | Message::CompletionAsk(_)
            | Message::CompletionRefused { .. }
            | Message::ContestAnswer(_)
            | Message::ContestRefused { .. }
            | Message::ContestReply(_)
            | Message::PeriodMarker { .. } => None,
            // Between services of one node; from a peer they are refused.
            Message::Documents(_)
            | Message::Marker(_)
            | Message::Hold(_)
            | Message::GivenBack(_)
            | Message::Cut(_)
            | Message::GiveBack(_)
            | Message::Cleared(_) => None,
        }
    }
}

fn deny_delta(delta: &DeltaText) -> Option<&'static str> {
    first(&[
        ("as_of", is_moment(delta.as_of)),
        ("adds", delta.adds.iter().all(|add| is_moment(add.valid_from))),
        ("sequence", delta.sequence < u32::MAX),
    ])
}

fn fare(fare: &Fare) -> bool {
    is_price(fare.nominal_fen)
        && is_price(fare.overstay_fen)
        && is_price(fare.charge_fen)
        && fare.discounts.iter().all(|line| is_price(line.minus_fen))
}

/// A tap's time is no matter of bounds: a claim with a time beyond the calendar is contested, and its city is told why.
fn trip(trip: &TripFinal) -> Option<&'static str> {
    first(&[
        ("limit_fen", is_price(trip.limit_fen)),
        ("fare", fare(&trip.fare)),
        ("taps", (1..=TAPS_MAX).contains(&trip.taps.len())),
        ("travel_day", is_day(trip.travel_day)),
        ("booking_day", is_day(trip.booking_day)),
    ])
}

fn adjust(adjust: &TripAdjust) -> Option<&'static str> {
    let taps: Vec<&TapEvidence> = adjust.trip.taps.iter().chain(&adjust.added_taps).collect();
    trip(&adjust.trip).or_else(|| {
        first(&[
            ("added_taps", adjust.added_taps.len() <= TAPS_MAX),
            ("taps", taps.iter().all(|tap| is_moment(tap.at))),
            ("number", adjust.number < u32::MAX),
            ("delta_fen", of_trip(adjust.delta_fen)),
            ("change_fen", of_trip(adjust.change_fen)),
            ("booking_day", is_day(adjust.booking_day)),
        ])
    })
}

fn evidence(evidence: &Evidence) -> Option<&'static str> {
    let is_record = |held: &ShownRecord| held.record.as_ref().is_none_or(|text| text.len() <= RECORD_TEXT_MAX);
    first(&[("records", evidence.records.len() <= TAPS_MAX && evidence.records.iter().all(is_record))])
}

fn split(notice: &SplitNotice) -> Option<&'static str> {
    first(&[
        ("amount_fen", of_trip(notice.amount_fen)),
        ("parts", notice.parts.len() <= PARTIES_MAX && notice.parts.iter().all(|(_, part)| of_trip(*part))),
        ("weights", notice.weights.len() <= PARTIES_MAX),
        ("booking_day", is_day(notice.booking_day)),
        ("travel_day", is_day(notice.travel_day)),
    ])
}

fn day_totals(totals: &DayTotals) -> Option<&'static str> {
    let counts = [totals.trips, totals.adjusts, totals.splits];
    let sums = [totals.trips_fen, totals.adjusts_fen, totals.splits_fen];
    first(&[
        ("trips", counts.into_iter().all(is_count)),
        ("trips_fen", sums.into_iter().all(is_sum)),
        ("booking_day", is_day(totals.booking_day)),
    ])
}

fn documents(page: &DayDocuments) -> Option<&'static str> {
    first(&[
        ("booking_day", is_day(page.booking_day)),
        ("page", page.page <= PAGES_MAX),
        ("documents", page.documents.iter().all(|(_, amount)| of_trip(*amount))),
    ])
}
