//! The network between nodes: loss, delay, duplication, reordering, partitions in one direction or both.

use std::collections::BTreeMap;

use huitong_kernel::random::RandomSource;
use huitong_kernel::time::{DurationMs, Instant};

#[derive(Clone, Copy, Debug, Default)]
struct Line {
    cut_until: Instant,
    lossy_until: Instant,
    slow_until: Instant,
    doubling_until: Instant,
}

/// How often each kind of trouble hit a parcel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trouble {
    pub cut: u64,
    pub lost: u64,
    pub delayed: u64,
    pub doubled: u64,
}

#[derive(Default)]
pub struct Network {
    lines: BTreeMap<(usize, usize), Line>,
    pub trouble: Trouble,
}

impl Network {
    fn line(&mut self, from: usize, to: usize) -> &mut Line {
        self.lines.entry((from, to)).or_default()
    }

    pub fn cut(&mut self, from: usize, to: usize, until: Instant) {
        self.line(from, to).cut_until = until;
    }

    pub fn lose(&mut self, from: usize, to: usize, until: Instant) {
        self.line(from, to).lossy_until = until;
    }

    pub fn slow(&mut self, from: usize, to: usize, until: Instant) {
        self.line(from, to).slow_until = until;
    }

    pub fn double(&mut self, from: usize, to: usize, until: Instant) {
        self.line(from, to).doubling_until = until;
    }

    /// All lines are good again.
    pub fn heal(&mut self) {
        self.lines.clear();
    }

    /// When what is sent now arrives: never, once or twice.
    pub fn carry(&mut self, from: usize, to: usize, now: Instant, random: &mut RandomSource) -> Vec<Instant> {
        let line = *self.line(from, to);
        let trouble = &mut self.trouble;
        if now < line.cut_until {
            trouble.cut += 1;
            return Vec::new();
        }
        if now < line.lossy_until && random.below(2) == 0 {
            trouble.lost += 1;
            return Vec::new();
        }
        let mut delay = 1 + random.below(20) as i64;
        if now < line.slow_until {
            trouble.delayed += 1;
            delay += random.below(14_000) as i64;
        }
        let mut arrivals = vec![now + DurationMs(delay)];
        if now < line.doubling_until && random.below(2) == 0 {
            trouble.doubled += 1;
            // The second one may come long after others.
            arrivals.push(now + DurationMs(delay + random.below(20_000) as i64));
        }
        arrivals
    }
}
