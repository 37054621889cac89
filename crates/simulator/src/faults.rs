//! Faults as they happen, and how each ends.

use huitong_kernel::random::RandomSource;
use huitong_kernel::time::DurationMs;
use huitong_store::log_check;

use crate::database::Weather;
use crate::disk::{Disk, PowerCut};
use crate::inspect;
use crate::plan::{Fault, Item, What};
use crate::region;
use crate::vfs;
use crate::world::{Event, World};

/// Clients that act while a process stands still.
const CALLERS_OF_THE_FROZEN: usize = 8;
/// How long a fault of the network or the database lasts at most.
const TROUBLE: u64 = 25_000;

impl World {
    pub fn inject(&mut self, fault: Fault, seed: u64) {
        let mut random = RandomSource::from_number(seed);
        let place = random.below(self.places.len() as u64) as usize;
        let (from, to) = two_nodes(&mut random);
        let until = self.now + DurationMs(1_000 + random.below(TROUBLE) as i64);
        let happened = match fault {
            Fault::Crash => self.crash(place, &mut random),
            Fault::CrashBeforeSync => self.arm(place, PowerCut::BeforeSync(1 + random.below(6) as u32)),
            Fault::CrashAfterSync => self.arm(place, PowerCut::AfterSync(1 + random.below(6) as u32)),
            Fault::BitRot => self.rot(place, &mut random),
            Fault::RestoreFromBackup => self.restore(place, &mut random),
            Fault::RestoreFromOldBackup => self.restore_old(place, &mut random),
            Fault::Freeze => self.freeze(place, &mut random),
            Fault::Loss => self.on_line(|network| network.lose(from, to, until)),
            Fault::Delay => self.on_line(|network| network.slow(from, to, until)),
            Fault::Duplication => self.on_line(|network| network.double(from, to, until)),
            Fault::OneWayPartition => self.on_line(|network| network.cut(from, to, until)),
            Fault::Partition => self.on_line(|network| {
                network.cut(from, to, until);
                network.cut(to, from, until);
            }),
            Fault::ClockSkew => self.skew(place, &mut random),
            Fault::KeyRotation => self.rotate(from),
            Fault::DatabaseUnreachable | Fault::DatabaseAnswersLost => self.disturb_database(fault, &mut random),
            Fault::ForkedFeed
            | Fault::Replay
            | Fault::AlteredMessage
            | Fault::ForgedReceipt
            | Fault::StrangersKey
            | Fault::Impersonation
            | Fault::FalseClaim
            | Fault::Garbage => {
                // Counted when a parcel comes by that it can be done to.
                self.malice.plan(fault, from, to, seed);
                false
            }
        };
        if happened {
            self.coverage.fault(fault);
        }
    }

    /// What an operator may one day take for the newest backup.
    pub fn make_backups(&mut self) {
        for place in 0..self.places.len() {
            let name = self.disk(place);
            self.places[place].old_backup = Some(vfs::with_disk(&name, |disk| disk.clone()));
        }
    }

    fn on_line(&mut self, change: impl FnOnce(&mut crate::network::Network)) -> bool {
        change(&mut self.network);
        true
    }

    /// The process ends and its machine with it; it starts again after a while.
    fn crash(&mut self, place: usize, random: &mut RandomSource) -> bool {
        if self.places[place].process.is_none() {
            return false;
        }
        self.cut_power(place, random);
        let away = DurationMs(100 + random.below(8_000) as i64);
        self.after(away, Event::Restart { place });
        true
    }

    /// Everything volatile is gone; what was not synced may be.
    fn cut_power(&mut self, place: usize, random: &mut RandomSource) {
        let name = self.disk(place);
        // Dead first: closing SQLite's files must not write anything any more.
        vfs::with_disk(&name, Disk::kill);
        self.places[place].process = None;
        self.calls.retain(|(of, ..), _| *of != place);
        let (lost, torn) = vfs::with_disk(&name, |disk| disk.restart(random));
        self.coverage.effect("unsynced writes lost", lost);
        self.coverage.effect("unsynced writes torn", torn);
        if random.below(3) == 0 {
            self.places[place].old_backup = Some(vfs::with_disk(&name, |disk| disk.clone()));
        }
    }

    /// A power cut that was armed has come.
    pub fn power_failed(&mut self, place: usize) {
        let mut random = RandomSource::from_number(self.random.next_u64());
        self.cut_power(place, &mut random);
        let away = DurationMs(100 + random.below(8_000) as i64);
        self.after(away, Event::Restart { place });
    }

    fn arm(&mut self, place: usize, cut: PowerCut) -> bool {
        if self.places[place].process.is_none() {
            return false;
        }
        vfs::with_disk(&self.disk(place), |disk| disk.arm(cut));
        true
    }

    /// A bit flips while the machine is down: the verifier must find it, or it must not matter. Then the operator puts in
    /// the backup.
    fn rot(&mut self, place: usize, random: &mut RandomSource) -> bool {
        if self.places[place].process.is_none() || region::MEMBERS[self.places[place].node] > 1 {
            return false;
        }
        self.cut_power(place, random);
        let name = self.disk(place);
        let good = vfs::with_disk(&name, |disk| disk.clone());
        let node = self.places[place].node;
        let before = match inspect::inspect(node, &good) {
            Ok(before) => before,
            Err(fault) => {
                self.checker.remember(format!("the disk {name} is damaged without rot: {fault}"));
                return false;
            }
        };
        let mut rotten = good.clone();
        let flipped = rotten.rot(random);
        match inspect::inspect(node, &rotten) {
            Err(_) => self.coverage.effect("bit rot detected", 1),
            Ok(after) if after == before => self.coverage.effect("bit rot without effect", 1),
            Ok(_) if looks_like_a_torn_write(&good, flipped.as_ref()) => {
                self.coverage.effect("bit rot that looks like a torn write", 1);
            }
            Ok(_) => self.checker.remember(format!("bit rot at {flipped:?} of {name} was not detected")),
        }
        self.after(DurationMs(2_000), Event::Restart { place });
        true
    }

    /// The disk is gone; a new one is made from the entries of the complete backup, and waits for the peers' word.
    fn restore(&mut self, place: usize, random: &mut RandomSource) -> bool {
        if self.places[place].process.is_none() || region::MEMBERS[self.places[place].node] > 1 {
            return false;
        }
        self.cut_power(place, random);
        let name = self.disk(place);
        let backup = vfs::with_disk(&name, |disk| disk.clone());
        match inspect::restore(self.places[place].node, &backup) {
            Ok(restored) => vfs::with_disk(&name, |disk| *disk = restored),
            Err(fault) => self.checker.remember(format!("the backup of {name} cannot be restored: {fault}")),
        }
        self.after(DurationMs(3_000), Event::Restart { place });
        true
    }

    /// An operator restores a backup from which messages that were sent are missing. The node must stay on hold until the
    /// right one is found.
    fn restore_old(&mut self, place: usize, random: &mut RandomSource) -> bool {
        let name = self.disk(place);
        // One at a time: two nodes with old journals would take each other's word, and nobody could know better.
        if self.places.iter().any(|other| other.newest_backup.is_some()) {
            return false;
        }
        let at = &mut self.places[place];
        if at.process.is_none() || region::MEMBERS[at.node] > 1 {
            return false;
        }
        let Some(old) = at.old_backup.clone() else { return false };
        let node = at.node;
        let Ok(restored) = inspect::restore(node, &old) else { return false };
        let newest = vfs::with_disk(&name, |disk| disk.clone());
        if !self.has_lost_sent_messages(node, &restored) {
            return false;
        }
        self.cut_power(place, random);
        vfs::with_disk(&name, |disk| *disk = restored);
        self.places[place].newest_backup = Some(newest);
        self.after(DurationMs(500), Event::Restart { place });
        true
    }

    /// The process stands still, its own clock with it.
    fn freeze(&mut self, place: usize, random: &mut RandomSource) -> bool {
        let length = DurationMs(2_000 + random.below(8_000) as i64);
        let now = self.now;
        let at = &mut self.places[place];
        let Some(process) = &mut at.process else { return false };
        if at.frozen_until > now {
            return false;
        }
        at.frozen_until = now + length;
        process.started = process.started + length;
        // Callers who reach it meanwhile wait at its door: they are what it decides first when it wakes up.
        for _ in 0..CALLERS_OF_THE_FROZEN {
            let later = DurationMs(random.below(length.0 as u64) as i64);
            let what = What::Action(random.below(self.workloads.len() as u64) as usize);
            self.after(later, Event::Planned(Item { at: later, seed: random.next_u64(), what }));
        }
        true
    }

    fn skew(&mut self, place: usize, random: &mut RandomSource) -> bool {
        let skew = DurationMs(self.passed().0 + random.below(240_001) as i64 - 120_000);
        self.places[place].skew = skew;
        if let Some(process) = &mut self.places[place].process {
            process.skew = skew;
        }
        true
    }

    /// A new key for a node: its operator installs it and restarts, peers fetch the manifest.
    fn rotate(&mut self, node: usize) -> bool {
        let key = self.office.rotate(node, self.wall(), &mut self.random);
        let newest = self.office.newest().clone();
        let version = newest.content().map_or(0, |manifest| manifest.version);
        for place in 0..self.places.len() {
            if self.places[place].node != node {
                continue;
            }
            self.places[place].key = key.clone();
            let at = &mut self.places[place];
            if let Some(process) = &mut at.process {
                // The office hands out every version in between.
                while process.manifest.version < version {
                    let next = self.office.version(process.manifest.version + 1);
                    if !next.is_some_and(|next| process.accept(next)) {
                        break;
                    }
                }
                process.key = key.clone();
                at.signed = process.signed.clone();
            } else {
                at.signed = newest.clone();
            }
        }
        true
    }

    fn disturb_database(&mut self, fault: Fault, random: &mut RandomSource) -> bool {
        let weather = if fault == Fault::DatabaseUnreachable { Weather::Unreachable } else { Weather::AnswersLost };
        let members: Vec<String> = (0..self.places.len())
            .filter(|place| region::MEMBERS[self.places[*place].node] > 1)
            .map(|place| self.disk(place))
            .collect();
        // The server is down for all, or one member is cut off.
        let one = random.below(3);
        for (index, member) in members.iter().enumerate() {
            if one == 2 || index as u64 == one {
                self.database.set_weather(member, weather);
            }
        }
        true
    }

    /// Nothing goes wrong any more.
    pub fn heal(&mut self) {
        self.network.heal();
        self.malice.end();
        for place in 0..self.places.len() {
            let name = self.disk(place);
            self.database.set_weather(&name, Weather::Fair);
            vfs::with_disk(&name, |disk| disk.disarm());
            self.put_newest_backup(place);
            if self.places[place].process.is_none() {
                self.start_process(place);
            }
        }
    }

    /// The operator has found the newest backup.
    pub fn put_newest_backup(&mut self, place: usize) {
        let Some(newest) = self.places[place].newest_backup.take() else { return };
        let mut random = RandomSource::from_number(self.random.next_u64());
        self.cut_power(place, &mut random);
        let name = self.disk(place);
        vfs::with_disk(&name, |disk| {
            *disk = newest;
            disk.settle();
        });
        self.places[place].old_backup = None;
        self.after(DurationMs(500), Event::Restart { place });
    }
}

/// Rot in the header or the last transaction of SQLite's log: the only rot that nothing on the machine itself can tell.
fn looks_like_a_torn_write(good: &Disk, flipped: Option<&(String, usize)>) -> bool {
    flipped.is_some_and(|(file, place)| {
        file.ends_with("-wal") && (*place < 32 || *place >= log_check::last_transaction(good.content(file)))
    })
}

fn two_nodes(random: &mut RandomSource) -> (usize, usize) {
    let nodes = region::DIVISIONS.len() as u64;
    let from = random.below(nodes) as usize;
    (from, (from + 1 + random.below(nodes - 1) as usize) % nodes as usize)
}
