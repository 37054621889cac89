//! The device: gate, clock, record and tables of one folder.

use anyhow::{Context, bail};
use huitong_transit_code::Reason;
use huitong_transit_code::gate::{Answer, Direction, GateRules, Presented};
use huitong_transit_code::make::SigningKey;
use huitong_transit_code::record::{GateId, SCAN_LENGTH_MAX, TapRecord};
use huitong_transit_code::signature::Key;

use super::clock::{Estimate, GateClock, Reading};
use super::folder::{Acknowledged, Folder};
use super::held::{self, Held, RefusedTable, TableKind};
use super::memory::{self, REPLAY_PLACES_MAX, Sizes, TestGate};
use super::record_store::{Kept, RecordStore};

/// What the gate knows of its clock, in its folder.
const CLOCK_FILE: &str = "clock.json";

/// Where the gate stands and what it is.
#[derive(Clone)]
pub struct Place {
    /// As in records and addresses.
    pub name: String,
    pub id: GateId,
    pub station: u32,
    pub line: u32,
    pub network: u32,
    pub vehicle: [u8; 12],
    /// `None`: a gate for both ways.
    pub direction: Option<Direction>,
}

pub struct Device {
    pub place: Place,
    pub folder: Folder,
    pub clock: GateClock,
    pub store: RecordStore,
    pub key: SigningKey,
    pub acknowledged: Acknowledged,
    pub held: Held,
    operator: Key,
    rules: GateRules,
    sizes: Sizes,
    gate: TestGate,
    epoch: u32,
    /// Places that replay tables of this run may still have together: their memory stays taken.
    replay_places_left: u32,
    /// For tests: ends the program when this record is on disk and not yet answered.
    pub fail_after_record: Option<u64>,
}

/// What the device found when it started.
pub struct Started {
    pub cut_bytes: u64,
    pub remembered: usize,
    pub refused_tables: Vec<RefusedTable>,
    /// The store is gone, or lacks records that the node has: a new epoch was begun.
    pub lost_store: bool,
}

impl Device {
    pub fn open(
        folder: Folder,
        place: Place,
        operator: Key,
        rules: GateRules,
        sizes: Sizes,
    ) -> anyhow::Result<(Device, Started)> {
        let was_used = folder.is_used();
        let mut epoch = folder.epoch(&place.name)?;
        let is_gone = was_used && !folder.file("records.bin").exists();
        let store = RecordStore::open(&folder.file("records.bin"), &place.id)?;
        let acknowledged = folder.acknowledged()?;
        let last = store.last().map(|last| Acknowledged { epoch: last.epoch, sequence: last.sequence });
        epoch = epoch.max(last.unwrap_or_default().epoch).max(acknowledged.epoch);
        let lost_store = is_gone || last.unwrap_or_default() < acknowledged;
        if lost_store {
            epoch = epoch.checked_add(1).context("no epoch is left")?;
        }
        folder.set_epoch(&place.name, epoch)?;
        let held = Held::read(&folder)?;
        let mut gate = memory::gate(operator, rules, sizes);
        let refused_tables = held.load(&mut gate, &operator, place.network, place.station);
        let remembered = memory::remember(&mut gate, &store, sizes)?;
        let started = Started { cut_bytes: store.cut_bytes, remembered, refused_tables, lost_store };
        let device = Device {
            key: folder.key()?,
            clock: GateClock::new(folder.read::<Option<Estimate>>(CLOCK_FILE)?.flatten()),
            place,
            folder,
            store,
            acknowledged,
            held,
            operator,
            rules,
            sizes,
            gate,
            epoch,
            replay_places_left: REPLAY_PLACES_MAX,
            fail_after_record: None,
        };
        Ok((device, started))
    }

    /// Which way a tap goes: as the line says, else as the gate stands.
    pub fn direction(&self, said: Option<Direction>) -> Result<Direction, String> {
        match (said, self.place.direction) {
            (Some(said), None) => Ok(said),
            (Some(said), Some(own)) if said == own => Ok(said),
            (None, Some(own)) => Ok(own),
            (None, None) => Err("this gate goes both ways: say in or out".to_owned()),
            (Some(_), Some(_)) => Err("this gate goes the other way only".to_owned()),
        }
    }

    /// Checks a code, writes the record to the disk, and only then answers.
    pub fn tap(
        &mut self,
        scan: &[u8],
        direction: Direction,
        amount_fen: Option<i32>,
    ) -> anyhow::Result<(Answer, Kept)> {
        let time = self.clock.read();
        let presented = Presented { code: scan, now: time.now(), clock_error_s: time.error_s, direction };
        let answer = self.gate.check(presented);
        let kept = self.record(&answer, time, scan, direction, amount_fen)?;
        if self.fail_after_record == Some(kept.sequence) {
            std::process::abort();
        }
        Ok((answer, kept))
    }

    fn record(
        &mut self,
        answer: &Answer,
        time: Reading,
        scan: &[u8],
        direction: Direction,
        amount_fen: Option<i32>,
    ) -> anyhow::Result<Kept> {
        let (sequence, previous) = self.store.next(self.epoch).context("an epoch does not go back")?;
        let deny = answer.checked.and_then(|checked| {
            let (sequence, age_s) = self.gate.deny_age(checked.home, time.now())?;
            Some((checked.home, sequence, u32::try_from(age_s.max(0)).unwrap_or(u32::MAX)))
        });
        let (deny_home, deny_sequence, deny_age_s) = deny.unwrap_or_default();
        let record = TapRecord {
            gate: self.place.id,
            epoch: self.epoch,
            sequence,
            station: self.place.station,
            line: self.place.line,
            direction,
            vehicle: self.place.vehicle,
            gate_time_ms: time.gate_time_ms,
            drift_ms: time.drift_ms,
            uncertainty_ms: time.uncertainty_ms,
            reason: answer.reason,
            flags: answer.flags,
            amount_fen: amount_fen.unwrap_or(-1),
            // The one that the code was checked by; the newest held may be announced for later.
            key_set_version: self.gate.key_set_at(time.now()).map_or(0, |set| set.version()),
            deny_home,
            deny_sequence,
            deny_age_s,
            fare_pack_version: self.gate.state().map_or(0, |state| state.fare_pack_version),
            previous,
            code: scan.get(..SCAN_LENGTH_MAX).unwrap_or(scan),
        };
        self.store.append(&record)
    }

    /// A neighbour gate of the station let a code pass: here it is used up too, whatever this gate would say of it.
    pub fn note_neighbour(&mut self, code: &[u8], direction: Direction) -> Result<(), Reason> {
        let now = self.clock.read().now();
        self.gate.note(code, direction, now)
    }

    /// What the gate believes of its clock from now on; kept over a restart.
    pub fn estimate_clock(&mut self, drift_ms: i32, uncertainty_ms: u32) -> anyhow::Result<()> {
        self.clock.estimate(drift_ms, uncertainty_ms);
        self.keep_clock()
    }

    /// A node said its time; see [`GateClock::hear`].
    pub fn hear_time(&mut self, gate_time_ms: i64, elapsed_ms: i64, node_time_ms: i64) -> anyhow::Result<()> {
        self.clock.hear(gate_time_ms, elapsed_ms, node_time_ms);
        self.keep_clock()
    }

    fn keep_clock(&self) -> anyhow::Result<()> {
        self.folder.write(CLOCK_FILE, &self.clock.last_estimate())
    }

    /// Takes a newer table; gives what it is. It is kept over a restart once [`Device::keep_tables`] was called.
    pub fn take_table(&mut self, kind: TableKind, table: Vec<u8>) -> Result<String, Reason> {
        let taken = match kind {
            TableKind::KeySet => self.gate.load_key_set(&table).map(|version| format!("version {version}")),
            TableKind::Deny => self.gate.apply_deny(&table).map(|()| self.deny_text(held::deny_home(&table))),
            TableKind::State => held::is_of_station(&table, self.place.network, self.place.station)
                .and_then(|()| self.gate.load_state(&table))
                .map(|()| format!("sequence {}", self.state_sequence().unwrap_or(0))),
        };
        if taken.is_ok() {
            self.held.keep(kind, table);
            let in_force = self.gate.key_set_at(self.clock.read().now()).map(|set| set.version());
            self.held.drop_key_sets_but(&[in_force, self.key_set_version()]);
        }
        taken
    }

    pub fn keep_tables(&self) -> anyhow::Result<()> {
        self.held.write(&self.folder)
    }

    fn deny_text(&self, home: Option<u32>) -> String {
        let home = home.unwrap_or(0);
        format!("home {home:06} sequence {}", self.deny_sequence(home).unwrap_or(0))
    }

    /// Whose tables the gate takes.
    pub fn operator_key(&self) -> [u8; 33] {
        self.operator.compressed()
    }

    pub fn key_set_version(&self) -> Option<u32> {
        self.gate.key_set().map(|set| set.version())
    }

    pub fn deny_sequence(&self, home: u32) -> Option<u32> {
        self.gate.deny_age(home, 0).map(|(sequence, _)| sequence)
    }

    pub fn state_sequence(&self) -> Option<u32> {
        self.gate.state().map(|state| state.sequence)
    }

    /// A replay table of another size; what passed lately stays remembered.
    pub fn replay_table(&mut self, places: u32) -> anyhow::Result<usize> {
        if places == 0 {
            bail!("a replay table has at least one place");
        }
        let Some(left) = self.replay_places_left.checked_sub(places) else {
            bail!(
                "the replay tables of one run have {REPLAY_PLACES_MAX} places together, {} are left",
                self.replay_places_left
            );
        };
        self.replay_places_left = left;
        let sizes = self.sizes.with_replay_places(places);
        let mut gate = memory::gate(self.operator, self.rules, sizes);
        self.held.load(&mut gate, &self.operator, self.place.network, self.place.station);
        let remembered = memory::remember(&mut gate, &self.store, sizes)?;
        (self.gate, self.sizes) = (gate, sizes);
        Ok(remembered)
    }

    /// Begins a new epoch, as a gate with a replaced store does.
    pub fn new_epoch(&mut self) -> anyhow::Result<u32> {
        let epoch = self.epoch.checked_add(1).context("no epoch is left")?;
        self.folder.set_epoch(&self.place.name, epoch)?;
        self.epoch = epoch;
        Ok(epoch)
    }

    /// The node holds all records up to this one.
    pub fn acknowledge(&mut self, acknowledged: Acknowledged) -> anyhow::Result<()> {
        self.folder.set_acknowledged(acknowledged)?;
        self.acknowledged = acknowledged;
        Ok(())
    }

    /// The records that the node is not known to hold, oldest first.
    pub fn waiting(&self) -> &[Kept] {
        let known = (self.acknowledged.epoch, self.acknowledged.sequence);
        let from = self.store.kept().partition_point(|kept| (kept.epoch, kept.sequence) <= known);
        self.store.kept().get(from..).unwrap_or_default()
    }
}
