//! Cutting a base into bands, paying them at their ratios, and stopping exactly at a cap (4.2 step 4, 4.3).

use huitong_kernel::money::Fen;

use super::exact::{ExactFen, FineRatio, divide_half_up, exact, exact_share, round_to_fen};

/// A part of the base with its ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BandPart {
    pub part: Fen,
    pub ratio: FineRatio,
}

/// What a fund pays of a base.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paid {
    pub paid: Fen,
    /// Cost (not fund money) above the cap.
    pub spill: Fen,
}

/// The part of `amount` that falls into the band [from, to) when the bands have been filled up to `start` already.
pub fn part_in((from, to): (Fen, Option<Fen>), ratio: FineRatio, start: Fen, amount: Fen) -> BandPart {
    let end = start + amount;
    let (low, high) = (start.max(from), to.map_or(end, |to| end.min(to)));
    BandPart { part: (high - low).max(Fen::ZERO), ratio }
}

/// The exact sum over the bands.
pub fn exact_sum(parts: &[BandPart]) -> ExactFen {
    parts.iter().map(|band| exact_share(band.part, band.ratio)).sum()
}

/// Pays the parts within `room` (`None`: no cap). One rounding; a crossing pays exactly the room, and the cost beyond the
/// point of crossing spills.
pub fn pay(parts: &[BandPart], room: Option<Fen>) -> Paid {
    let paid = round_to_fen(exact_sum(parts));
    let Some(room) = room.filter(|room| paid > *room) else { return Paid { paid, spill: Fen::ZERO } };
    let mut before: ExactFen = 0;
    let mut used = Fen::ZERO;
    for band in parts {
        let after = before + exact_share(band.part, band.ratio);
        if after > exact(room) {
            let here = divide_half_up(exact(room) - before, i128::from(band.ratio.0));
            used += Fen(here).min(band.part);
            break;
        }
        before = after;
        used += band.part;
    }
    let base: Fen = parts.iter().map(|band| band.part).sum();
    Paid { paid: room, spill: base - used }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(percent: i64) -> FineRatio {
        FineRatio(percent * 1_000_000)
    }

    #[test]
    fn a_base_is_cut_where_the_year_stands() {
        let bands = [((Fen(0), Some(Fen(1_000))), ratio(60)), ((Fen(1_000), None), ratio(80))];
        let parts = bands.map(|(band, ratio)| part_in(band, ratio, Fen(900), Fen(300)));
        assert_eq!(parts[0].part, Fen(100));
        assert_eq!(parts[1].part, Fen(200));
        assert_eq!(pay(&parts, None), Paid { paid: Fen(220), spill: Fen(0) });
    }

    /// 10 000.00 at 60 %, 500.00 left below the cap: 833.33 of cost are used up (500 / 0.6 = 833.333…), the rest spills.
    #[test]
    fn a_crossed_cap_is_paid_to_the_fen_and_the_cost_above_spills() {
        let parts = [BandPart { part: Fen(1_000_000), ratio: ratio(60) }];
        assert_eq!(pay(&parts, Some(Fen(50_000))), Paid { paid: Fen(50_000), spill: Fen(1_000_000 - 83_333) });
        assert_eq!(pay(&parts, Some(Fen(600_000))), Paid { paid: Fen(600_000), spill: Fen::ZERO });
        assert_eq!(pay(&parts, Some(Fen::ZERO)), Paid { paid: Fen::ZERO, spill: Fen(1_000_000) });
    }

    /// First band 1 000.00 at 50 % = 500.00, second 1 000.00 at 80 %; room 660.00: 160.00 / 0.8 = 200.00 of the second.
    #[test]
    fn the_band_of_the_crossing_is_the_first_whose_sum_exceeds_the_room() {
        let parts =
            [BandPart { part: Fen(100_000), ratio: ratio(50) }, BandPart { part: Fen(100_000), ratio: ratio(80) }];
        assert_eq!(pay(&parts, Some(Fen(66_000))), Paid { paid: Fen(66_000), spill: Fen(80_000) });
    }
}
