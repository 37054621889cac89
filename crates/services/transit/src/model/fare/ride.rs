//! A ride to be priced, and what it costs and why.

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use serde::{Deserialize, Serialize};

use crate::model::network::{LineId, StationId};

/// A ride to be priced.
#[derive(Clone, Copy, Debug)]
pub struct Ride {
    pub from: StationId,
    /// Where one tap is the whole trip, the stop boarded at.
    pub to: StationId,
    /// The line boarded, where one tap is the whole trip; else the path tells the lines.
    pub line: Option<LineId>,
    pub entry: Instant,
    pub exit: Instant,
    /// Field 8 of the code.
    pub account_type: u8,
}

impl Ride {
    pub fn duration(&self) -> DurationMs {
        self.exit - self.entry
    }
}

/// Another trip of the same rider, for rebates and caps: the fare of a ride depends on no more of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlierTrip {
    pub network: Division,
    pub entry: Instant,
    pub exit: Instant,
    /// [`Fare::fare_fen`]: what was charged without overstay.
    pub fare_fen: Fen,
}

/// What a ride costs, and why: charge = nominal − Σ discounts + overstay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fare {
    pub distance_m: u32,
    pub nominal_fen: Fen,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<DiscountLine>,
    /// The city's charge for a stay over the limit; a line of its own, no part of the fare.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub overstay_fen: Fen,
    pub charge_fen: Fen,
}

fn is_zero(amount: &Fen) -> bool {
    *amount == Fen::ZERO
}

/// Why the fare is less than the nominal one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountLine {
    pub name: String,
    pub minus_fen: Fen,
}

impl Fare {
    /// A fare without discounts.
    pub fn flat(distance_m: u32, fen: Fen) -> Fare {
        Fare { distance_m, nominal_fen: fen, discounts: Vec::new(), overstay_fen: Fen::ZERO, charge_fen: fen }
    }

    /// nominal − Σ discounts, never below zero (J4).
    pub fn fare_fen(&self) -> Fen {
        self.charge_fen - self.overstay_fen
    }

    /// Takes a discount off, at most what is left of the fare.
    pub fn discount(&mut self, name: &str, minus: Fen) {
        let minus = minus.min(self.fare_fen());
        if minus > Fen::ZERO {
            self.discounts.push(DiscountLine { name: name.to_owned(), minus_fen: minus });
            self.charge_fen -= minus;
        }
    }

    /// Adds the charge for an overstay.
    pub fn overstay(&mut self, charge: Fen) {
        self.overstay_fen += charge;
        self.charge_fen += charge;
    }

    /// Whether the lines explain the charge (J4).
    pub fn adds_up(&self) -> bool {
        let discounts: i128 = self.discounts.iter().map(|line| i128::from(line.minus_fen.0)).sum();
        let fare = i128::from(self.nominal_fen.0) - discounts;
        let only_less = self.discounts.iter().all(|line| !line.minus_fen.is_negative());
        only_less
            && fare >= 0
            && !self.overstay_fen.is_negative()
            && i128::from(self.charge_fen.0) == fare + i128::from(self.overstay_fen.0)
    }
}
