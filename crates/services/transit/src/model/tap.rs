//! Taps (过闸记录) as the node keeps them: what a gate recorded, and what the node made of it.

use std::fmt;
use std::str::FromStr;

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::network::{LineId, StationId};
use super::rider::Rider;

/// A gate's name: 1 to 16 printable ASCII characters without a slash.
pub type GateName = String;

/// What a tap is known by: written `SH-0101-A07/1/120` (gate, epoch, sequence).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TapKey {
    pub gate: GateName,
    pub epoch: u32,
    pub sequence: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tap is written GATE/EPOCH/SEQUENCE")]
pub struct TapKeyError;

impl FromStr for TapKey {
    type Err = TapKeyError;
    fn from_str(text: &str) -> Result<TapKey, TapKeyError> {
        let mut parts = text.split('/');
        let (gate, epoch, sequence) = (parts.next(), parts.next(), parts.next());
        match (gate, epoch.and_then(|part| part.parse().ok()), sequence.and_then(|part| part.parse().ok())) {
            (Some(gate), Some(epoch), Some(sequence)) if !gate.is_empty() && parts.next().is_none() => {
                Ok(TapKey { gate: gate.to_owned(), epoch, sequence })
            }
            _ => Err(TapKeyError),
        }
    }
}

impl TryFrom<String> for TapKey {
    type Error = TapKeyError;
    fn try_from(text: String) -> Result<TapKey, TapKeyError> {
        text.parse()
    }
}

impl From<TapKey> for String {
    fn from(key: TapKey) -> String {
        key.to_string()
    }
}

impl fmt::Display for TapKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.gate, self.epoch, self.sequence)
    }
}

/// Which way a tap goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    In,
    Out,
    /// One tap is the whole trip.
    Boarding,
}

impl Direction {
    pub fn number(self) -> u8 {
        huitong_transit_code::gate::Direction::from(self) as u8
    }

    pub fn from_number(number: u8) -> Option<Direction> {
        huitong_transit_code::gate::Direction::from_number(number).map(Direction::from)
    }
}

impl From<huitong_transit_code::gate::Direction> for Direction {
    fn from(direction: huitong_transit_code::gate::Direction) -> Direction {
        match direction {
            huitong_transit_code::gate::Direction::In => Direction::In,
            huitong_transit_code::gate::Direction::Out => Direction::Out,
            huitong_transit_code::gate::Direction::Boarding => Direction::Boarding,
        }
    }
}

impl From<Direction> for huitong_transit_code::gate::Direction {
    fn from(direction: Direction) -> huitong_transit_code::gate::Direction {
        match direction {
            Direction::In => huitong_transit_code::gate::Direction::In,
            Direction::Out => huitong_transit_code::gate::Direction::Out,
            Direction::Boarding => huitong_transit_code::gate::Direction::Boarding,
        }
    }
}

/// An accepted tap: what matching and pricing look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tap {
    pub key: TapKey,
    /// SM3 of the gate's record.
    pub hash: Digest,
    pub direction: Direction,
    pub station: StationId,
    pub line: LineId,
    /// Effective time: gate time − drift estimate.
    pub at: Instant,
    /// How far `at` may be off.
    pub uncertainty: DurationMs,
    /// When the phone made the code, Unix seconds.
    pub generated: i64,
    /// Field 8 of the code.
    pub account_type: u8,
    /// Field 9 of the code.
    pub limit_fen: Fen,
    /// What the gate showed or took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_fen: Option<Fen>,
    /// `FLAG_*` of the gate.
    pub flags: u8,
    /// SM3 of the code without the user's signature: used once per direction (J8).
    pub replay_key: Digest,
    /// The gate's deny list of home: its sequence and age (the age proof).
    pub deny_sequence: u32,
    pub deny_age_s: u32,
    /// Model P: the grant whose account this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Uuid>,
    /// When the node took it.
    pub arrived: Instant,
}

/// What the node made of a record (过闸记录状态). The numbers stand in the views.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TapState {
    /// In a trip, or waiting for one.
    Accepted,
    /// Accepted, of a business day before the one on which it came.
    Late,
    /// The gate refused the rider.
    Refused,
    /// Not believable: quarantined with its reason.
    Impossible,
    /// The code had passed in this direction before: kept, never charged (J8).
    Passback,
}

impl TapState {
    pub const ALL: [TapState; 5] =
        [TapState::Accepted, TapState::Late, TapState::Refused, TapState::Impossible, TapState::Passback];

    pub fn number(self) -> u8 {
        self as u8
    }

    pub fn from_number(number: u8) -> Option<TapState> {
        TapState::ALL.into_iter().find(|state| state.number() == number)
    }

    pub fn name(self) -> &'static str {
        match self {
            TapState::Accepted => "accepted",
            TapState::Late => "late",
            TapState::Refused => "refused",
            TapState::Impossible => "impossible",
            TapState::Passback => "passback",
        }
    }

    /// Whether the rider passed and the tap counts.
    pub fn counts(self) -> bool {
        matches!(self, TapState::Accepted | TapState::Late)
    }
}

/// A record of a batch as the journal has it; its bytes are beside the entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenTap {
    pub sequence: u64,
    pub hash: Digest,
    /// The hash that it names as that of the record before.
    pub previous: Digest,
    pub state: TapState,
    /// Where, which way and when: as the node takes it, or as the gate said where it does not count.
    pub station: StationId,
    pub direction: Direction,
    pub at: Instant,
    /// Why it was refused or quarantined: a stable code such as `TRN-AUTH-SIG`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of accepted taps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ride: Option<Box<TakenRide>>,
}

/// What an accepted tap says beyond its record's place and time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenRide {
    pub rider: Rider,
    /// The city that pays.
    pub home: huitong_kernel::division::Division,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_risk: bool,
    pub line: LineId,
    pub uncertainty: DurationMs,
    pub generated: i64,
    pub account_type: u8,
    pub limit_fen: Fen,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_fen: Option<Fen>,
    #[serde(default, skip_serializing_if = "is_none_set")]
    pub flags: u8,
    pub replay_key: Digest,
    pub deny_sequence: u32,
    pub deny_age_s: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Uuid>,
}

fn is_none_set(flags: &u8) -> bool {
    *flags == 0
}

impl From<Ride> for TakenRide {
    fn from(Ride { rider, home, own_risk, tap }: Ride) -> TakenRide {
        TakenRide {
            rider,
            home,
            own_risk,
            line: tap.line,
            uncertainty: tap.uncertainty,
            generated: tap.generated,
            account_type: tap.account_type,
            limit_fen: tap.limit_fen,
            shown_fen: tap.shown_fen,
            flags: tap.flags,
            replay_key: tap.replay_key,
            deny_sequence: tap.deny_sequence,
            deny_age_s: tap.deny_age_s,
            grant: tap.grant,
        }
    }
}

/// An accepted tap with its rider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ride {
    pub rider: Rider,
    /// The city that pays.
    pub home: huitong_kernel::division::Division,
    /// The visited side carries the risk (risk rule b): nothing is claimed from home.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_risk: bool,
    pub tap: Tap,
}
