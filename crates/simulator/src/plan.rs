//! What will happen in a run, drawn from its seed before it starts: when who does what, and what goes wrong. Each item has a
//! seed of its own, so that leaving one out changes nothing about the others; that is what makes a failing plan shrink.

use huitong_kernel::random::RandomSource;
use huitong_kernel::time::DurationMs;

/// Everything that can go wrong. A new fault is added here and to [`crate::faults`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The process ends between two commits; the machine's power fails with it.
    Crash,
    /// The power fails as a commit's fsync begins.
    CrashBeforeSync,
    /// The power fails when a commit is durable and nobody was told.
    CrashAfterSync,
    /// A bit of a file flips.
    BitRot,
    /// The disk is lost; the node comes back from the backup, which is complete.
    RestoreFromBackup,
    /// The disk is lost; the operator takes too old a backup.
    RestoreFromOldBackup,
    /// The process stands still, its clock too, and goes on as if nothing had been.
    Freeze,
    Loss,
    Delay,
    Duplication,
    Partition,
    /// Only one direction is cut.
    OneWayPartition,
    ClockSkew,
    KeyRotation,
    DatabaseUnreachable,
    DatabaseAnswersLost,
    /// A peer rewrites what it sent before, and signs it.
    ForkedFeed,
    /// A peer sends an old batch again.
    Replay,
    /// A message is altered on the way.
    AlteredMessage,
    /// A receipt that the receiver did not give.
    ForgedReceipt,
    /// A batch signed by a key that speaks for nobody.
    StrangersKey,
    /// A batch in the name of another node.
    Impersonation,
    /// A peer says it holds more than it was ever sent.
    FalseClaim,
    /// Bytes that are no parcel, or a batch that contradicts itself.
    Garbage,
}

impl Fault {
    pub const ALL: &[Fault] = &[
        Fault::Crash,
        Fault::CrashBeforeSync,
        Fault::CrashAfterSync,
        Fault::BitRot,
        Fault::RestoreFromBackup,
        Fault::RestoreFromOldBackup,
        Fault::Freeze,
        Fault::Loss,
        Fault::Delay,
        Fault::Duplication,
        Fault::Partition,
        Fault::OneWayPartition,
        Fault::ClockSkew,
        Fault::KeyRotation,
        Fault::DatabaseUnreachable,
        Fault::DatabaseAnswersLost,
        Fault::ForkedFeed,
        Fault::Replay,
        Fault::AlteredMessage,
        Fault::ForgedReceipt,
        Fault::StrangersKey,
        Fault::Impersonation,
        Fault::FalseClaim,
        Fault::Garbage,
    ];

    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

/// Time that passes at once, on every clock: what waits for hours or for a date becomes due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// Longer than a trip and its records may take.
    Hours,
    /// To the beginning of the next business day.
    Day,
    /// To the beginning of the next month's first business day.
    Month,
}

impl Passage {
    const ALL: [Passage; 3] = [Passage::Hours, Passage::Day, Passage::Month];

    pub fn name(self) -> &'static str {
        match self {
            Passage::Hours => "hours passed",
            Passage::Day => "the business day ended",
            Passage::Month => "the month ended",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A client of the workload with this number does something.
    Action(usize),
    Fault(Fault),
    Passage(Passage),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// After the region was set up.
    pub at: DurationMs,
    pub seed: u64,
    pub what: What,
}

#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub items: Vec<Item>,
}

/// How long clients act and faults happen, in the simulated time.
const DURATION: DurationMs = DurationMs::seconds(90);
/// Of each workload: a new service does not thin out what the others are tried with.
const ACTIONS: u64 = 20;
const FAULTS: u64 = 14;
/// In one of so many runs time passes.
const PASSAGES: u64 = 2;

impl Plan {
    /// The plan of a seed, for so many workloads.
    pub fn draw(seed: u64, workloads: usize) -> Plan {
        let mut random = RandomSource::from_number(seed);
        let mut items = Vec::new();
        let at = |random: &mut RandomSource| DurationMs(random.below(DURATION.0 as u64) as i64);
        let actions = ACTIONS * workloads as u64;
        for _ in 0..actions / 2 + random.below(actions) {
            let what = What::Action(random.below(workloads as u64) as usize);
            items.push(Item { at: at(&mut random), seed: random.next_u64(), what });
        }
        for _ in 0..FAULTS / 2 + random.below(FAULTS) {
            let what = What::Fault(*random.pick(Fault::ALL));
            items.push(Item { at: at(&mut random), seed: random.next_u64(), what });
        }
        if seed.is_multiple_of(PASSAGES) {
            // One after the other, with work between them.
            let part = DURATION.0 as u64 / (Passage::ALL.len() as u64 + 1);
            for (number, passage) in (1..).zip(Passage::ALL) {
                let at = DurationMs((number * part + random.below(part / 2)) as i64);
                items.push(Item { at, seed: random.next_u64(), what: What::Passage(passage) });
            }
        }
        items.sort_by_key(|item| item.at);
        Plan { seed, items }
    }

    /// The same plan with only the items at these places: what is left of it after shrinking.
    pub fn keep(mut self, places: &[usize]) -> Plan {
        self.items = places.iter().filter_map(|place| self.items.get(*place).copied()).collect();
        self
    }

    /// The places of another plan's items in this one.
    pub fn places_of(&self, smaller: &Plan) -> Vec<usize> {
        (0..self.items.len()).filter(|place| smaller.items.contains(&self.items[*place])).collect()
    }
}
