//! Trips (行程): what was travelled, what it costs, and how it stands.

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs, Instant, days_since_epoch};
use huitong_transit_code::signature::sm3;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fare::ride::{Fare, Ride};
use super::network::{LineId, StationId};
use super::rider::Rider;
use super::tap::{Direction, TapKey};

/// The reason of an adjustment that the rider asked for.
pub const RIDER_COMPLETION: &str = "rider_completion";

/// How a trip came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TripKind {
    /// Entry and exit.
    Paired,
    /// 只进
    EntryOnly,
    /// 只出
    ExitOnly,
    /// One tap is the whole trip.
    SingleTap,
}

impl TripKind {
    pub const ALL: [TripKind; 4] = [TripKind::Paired, TripKind::EntryOnly, TripKind::ExitOnly, TripKind::SingleTap];

    pub fn name(self) -> &'static str {
        match self {
            TripKind::Paired => "paired",
            TripKind::EntryOnly => "entry_only",
            TripKind::ExitOnly => "exit_only",
            TripKind::SingleTap => "single_tap",
        }
    }

    pub fn parse(name: &str) -> Option<TripKind> {
        TripKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub fn is_single_sided(self) -> bool {
        matches!(self, TripKind::EntryOnly | TripKind::ExitOnly)
    }
}

/// How a final trip stands between the two sides. `acknowledged` and `cleared` follow from its booking day and period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TripState {
    /// Sent to home, no answer yet.
    Priced,
    /// Home owes it, whether or not the rider could pay.
    Charged,
    /// Home contests it: nothing is booked until it is decided.
    Disputed,
    /// Fare 0, with its reason (service order, merged with another trip).
    Cancelled,
    /// Adjusted to less after it was charged.
    Refunded,
    /// Not recoverable from home (risk rule): the visited city bears it.
    WrittenOff,
}

impl TripState {
    pub const ALL: [TripState; 6] = [
        TripState::Priced,
        TripState::Charged,
        TripState::Disputed,
        TripState::Cancelled,
        TripState::Refunded,
        TripState::WrittenOff,
    ];

    pub fn name(self) -> &'static str {
        match self {
            TripState::Priced => "priced",
            TripState::Charged => "charged",
            TripState::Disputed => "disputed",
            TripState::Cancelled => "cancelled",
            TripState::Refunded => "refunded",
            TripState::WrittenOff => "written_off",
        }
    }

    pub fn parse(name: &str) -> Option<TripState> {
        TripState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A tap in a trip, as home sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapEvidence {
    pub key: TapKey,
    pub hash: Digest,
    pub direction: Direction,
    pub station: StationId,
    pub line: LineId,
    pub at: Instant,
    /// When the phone made the code, Unix seconds.
    pub generated: i64,
    pub replay_key: Digest,
    /// Applied deny list of home at the gate, and its age: the age proof.
    pub deny_sequence: u32,
    pub deny_age_s: u32,
}

/// How the missing side of a trip was found (补登).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    pub how: CompletionKind,
    /// The station that was filled in.
    pub station: StationId,
    /// What it rests on, for the rider and for a contest.
    pub evidence: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CompletionKind {
    /// The gates were open by order.
    FreeExit,
    /// The next entry in the same network shows where the trip ended.
    NextEntry,
    /// At least 3 of the last 10 trips from here ended there.
    Habit,
    /// The rider said so.
    Rider,
    /// A clerk decided.
    Clerk,
    /// The missing tap came late.
    LateTap,
}

/// Which versions priced a trip.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackReference {
    pub pack: String,
    pub version: u32,
    pub network_version: u32,
}

/// A trip as it is claimed from home (`TripFinal`): from here on its id is fixed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TripFinal {
    pub trip_id: Digest,
    pub network: Division,
    /// The city whose account pays.
    pub home: Division,
    pub rider: Rider,
    pub account_type: u8,
    pub limit_fen: Fen,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Uuid>,
    pub kind: TripKind,
    pub taps: Vec<TapEvidence>,
    /// Where it began and ended, completed ones included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<StationId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<StationId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion: Option<Completion>,
    pub pack: PackReference,
    pub fare: Fare,
    /// The fare is an assumption that a completion may replace.
    pub provisional: bool,
    /// `overstay`, `fare_mismatch`, `over_limit`, `deny_stale`, `free_exit`, a service order's id …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    pub travel_day: Date,
    pub booking_day: Date,
}

impl TripFinal {
    /// The city's claim.
    pub fn charge_fen(&self) -> Fen {
        self.fare.charge_fen
    }

    /// What is priced of it, by its own places and times; `None` while a side is missing.
    pub fn ride(&self) -> Option<Ride> {
        let (first, second) = (self.taps.first()?, self.taps.get(1));
        Some(Ride {
            from: self.from?,
            to: self.to?,
            line: (self.kind == TripKind::SingleTap).then_some(first.line),
            entry: first.at,
            exit: second.map_or(first.at, |tap| tap.at),
            account_type: self.account_type,
        })
    }

    /// Whether its days are past or present and its taps of the day of travel. A claim that says otherwise is not computed
    /// with: not every number is a moment of the calendar.
    pub fn is_of_our_days(&self, today: Date) -> bool {
        let days = [self.travel_day, self.booking_day].map(days_since_epoch);
        let (first, last) = (Instant::start_of(self.travel_day), DurationMs::days(2));
        days.iter().all(|day| (0..=days_since_epoch(today) + 1).contains(day))
            && self.taps.iter().all(|tap| tap.at >= first && tap.at <= first + last)
    }

    /// The id that its taps give (J1). Those that came by adjustments do not count: the id was fixed before.
    pub fn id_of_taps(&self) -> Digest {
        let hash = |place: usize| self.taps.get(place).map(|tap| tap.hash);
        match self.kind {
            TripKind::Paired => trip_id(hash(0), hash(1)),
            TripKind::EntryOnly | TripKind::SingleTap => trip_id(hash(0), None),
            TripKind::ExitOnly => trip_id(None, hash(0)),
        }
    }

    /// What decides its place in time: entry, else exit.
    pub fn began(&self) -> Instant {
        self.taps.first().map_or(Instant::default(), |tap| tap.at)
    }
}

/// SM3("huitong.transit.trip.1" ‖ entry tap hash ‖ exit tap hash), 32 zero bytes where there is no tap (§6.2).
pub fn trip_id(entry: Option<Digest>, exit: Option<Digest>) -> Digest {
    let (entry, exit) = (entry.unwrap_or_default(), exit.unwrap_or_default());
    Digest(sm3(&[b"huitong.transit.trip.1", &entry.0, &exit.0]))
}

impl std::str::FromStr for TripKind {
    type Err = ();
    fn from_str(name: &str) -> Result<TripKind, ()> {
        TripKind::parse(name).ok_or(())
    }
}

impl std::str::FromStr for TripState {
    type Err = ();
    fn from_str(name: &str) -> Result<TripState, ()> {
        TripState::parse(name).ok_or(())
    }
}
