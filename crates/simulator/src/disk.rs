//! A disk that may lose what was not synced, tear what was being written, rot, and fail at a chosen moment.
//!
//! Each file has two contents: what a reader sees now, and what is certain to survive a power cut. Between them stand the
//! writes since the last sync. A crash keeps, drops or tears each of them.

use std::collections::BTreeMap;

use huitong_kernel::random::RandomSource;

/// Writes are torn at this boundary or within it.
const SECTOR: usize = 512;

#[derive(Clone, Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate(usize),
}

#[derive(Clone, Debug, Default)]
struct File {
    now: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

/// When the power fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerCut {
    /// As the n-th sync from now begins: what it was to make durable may be lost or torn.
    BeforeSync(u32),
    /// As the n-th sync from now has ended: all is durable, but nobody was told.
    AfterSync(u32),
}

/// Every access after the power failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dead;

#[derive(Clone, Debug, Default)]
pub struct Disk {
    files: BTreeMap<String, File>,
    cut: Option<PowerCut>,
    dead: bool,
}

impl Disk {
    pub fn arm(&mut self, cut: PowerCut) {
        self.cut = Some(cut);
    }

    /// Takes a planned power cut back.
    pub fn disarm(&mut self) {
        self.cut = None;
    }

    /// The power fails now.
    pub fn kill(&mut self) {
        self.dead = true;
    }

    /// Whether the power has failed.
    pub fn is_dead(&self) -> bool {
        self.dead
    }

    fn alive(&self) -> Result<(), Dead> {
        if self.dead { Err(Dead) } else { Ok(()) }
    }

    pub fn exists(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    pub fn create(&mut self, name: &str) -> Result<(), Dead> {
        self.alive()?;
        self.files.entry(name.to_owned()).or_default();
        Ok(())
    }

    pub fn delete(&mut self, name: &str) -> Result<(), Dead> {
        self.alive()?;
        self.files.remove(name);
        Ok(())
    }

    pub fn size(&self, name: &str) -> usize {
        self.files.get(name).map_or(0, |file| file.now.len())
    }

    /// Fills `into` from `offset`; gives the number of bytes that there were.
    pub fn read(&self, name: &str, offset: usize, into: &mut [u8]) -> Result<usize, Dead> {
        self.alive()?;
        let Some(file) = self.files.get(name) else { return Ok(0) };
        let available = file.now.get(offset..).unwrap_or_default();
        let count = available.len().min(into.len());
        into[..count].copy_from_slice(&available[..count]);
        Ok(count)
    }

    pub fn write(&mut self, name: &str, offset: usize, bytes: &[u8]) -> Result<(), Dead> {
        self.alive()?;
        let file = self.files.entry(name.to_owned()).or_default();
        put(&mut file.now, offset, bytes);
        file.unsynced.push(Change::Write { offset, bytes: bytes.to_vec() });
        Ok(())
    }

    pub fn truncate(&mut self, name: &str, size: usize) -> Result<(), Dead> {
        self.alive()?;
        let file = self.files.entry(name.to_owned()).or_default();
        file.now.resize(size, 0);
        file.unsynced.push(Change::Truncate(size));
        Ok(())
    }

    pub fn sync(&mut self, name: &str) -> Result<(), Dead> {
        self.alive()?;
        match &mut self.cut {
            Some(PowerCut::BeforeSync(left)) if *left <= 1 => {
                self.dead = true;
                return Err(Dead);
            }
            Some(PowerCut::BeforeSync(left) | PowerCut::AfterSync(left)) if *left > 1 => *left -= 1,
            _ => {}
        }
        if let Some(file) = self.files.get_mut(name) {
            for change in std::mem::take(&mut file.unsynced) {
                apply(&mut file.durable, &change);
            }
        }
        if self.cut == Some(PowerCut::AfterSync(1)) {
            self.dead = true;
            return Err(Dead);
        }
        Ok(())
    }

    /// The power is back: what was not synced is there, or not, or in part. Gives how many writes were lost and torn.
    pub fn restart(&mut self, random: &mut RandomSource) -> (u64, u64) {
        (self.dead, self.cut) = (false, None);
        let (mut lost, mut torn) = (0, 0);
        for file in self.files.values_mut() {
            // 0: the system had written everything; 1: nothing; 2: some of it, in any order.
            let fate = random.below(3);
            for change in std::mem::take(&mut file.unsynced) {
                match (fate, random.below(4)) {
                    (0, _) | (2, 0 | 1) => apply(&mut file.durable, &change),
                    (2, 2) => {
                        torn += 1;
                        apply(&mut file.durable, &tear(&change, random));
                    }
                    _ => lost += 1,
                }
            }
            file.now.clone_from(&file.durable);
        }
        (lost, torn)
    }

    /// The process ended but the machine did not: everything written is still there.
    pub fn settle(&mut self) {
        (self.dead, self.cut) = (false, None);
        for file in self.files.values_mut() {
            file.unsynced.clear();
            file.durable.clone_from(&file.now);
        }
    }

    /// Flips one bit of a file that is not empty; gives the file and the place.
    pub fn rot(&mut self, random: &mut RandomSource) -> Option<(String, usize)> {
        let names: Vec<String> =
            self.files.iter().filter(|(_, file)| !file.now.is_empty()).map(|(name, _)| name.clone()).collect();
        if names.is_empty() {
            return None;
        }
        let name = random.pick(&names).clone();
        let file = self.files.get_mut(&name)?;
        let place = random.below(file.now.len() as u64) as usize;
        file.now[place] ^= 1 << random.below(8);
        file.durable.clone_from(&file.now);
        file.unsynced.clear();
        Some((name, place))
    }

    /// The bytes of a file, for looking at them from outside.
    pub fn content(&self, name: &str) -> &[u8] {
        self.files.get(name).map_or(&[], |file| &file.now)
    }
}

fn put(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    // A gap is rare; bytes behind the end are appended as they are, not over zeros.
    if content.len() < offset {
        content.resize(offset, 0);
    }
    let (over, behind) = bytes.split_at(bytes.len().min(content.len() - offset));
    content[offset..offset + over.len()].copy_from_slice(over);
    content.extend_from_slice(behind);
}

fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { offset, bytes } => put(content, *offset, bytes),
        Change::Truncate(size) => content.resize(*size, 0),
    }
}

/// The first sectors arrived, or some bytes of one.
fn tear(change: &Change, random: &mut RandomSource) -> Change {
    match change {
        Change::Write { offset, bytes } => {
            let length = random.below(bytes.len() as u64 + 1) as usize;
            let length = if random.below(2) == 0 { length / SECTOR * SECTOR } else { length };
            Change::Write { offset: *offset, bytes: bytes[..length].to_vec() }
        }
        Change::Truncate(size) => Change::Truncate(*size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_synced_survives_and_what_was_not_may_not() {
        let (mut kept, mut lost) = (0, 0);
        for seed in 0..100 {
            let mut disk = Disk::default();
            disk.write("a", 0, b"synced").expect("alive");
            disk.sync("a").expect("alive");
            disk.write("a", 6, b" and not").expect("alive");
            disk.restart(&mut RandomSource::from_number(seed));
            assert!(disk.content("a").starts_with(b"synced"));
            if disk.content("a") == b"synced and not" { kept += 1 } else { lost += 1 }
        }
        assert!(kept > 10 && lost > 10, "both happen: {kept} {lost}");
    }

    #[test]
    fn a_power_cut_before_the_sync_loses_and_after_it_keeps() {
        for (cut, survives) in [(PowerCut::BeforeSync(1), false), (PowerCut::AfterSync(1), true)] {
            let mut disk = Disk::default();
            disk.arm(cut);
            disk.write("a", 0, b"x").expect("alive");
            assert_eq!(disk.sync("a"), Err(Dead), "the caller is not told in either case");
            assert_eq!(disk.write("a", 1, b"y"), Err(Dead));
            let survived = (0..20).all(|seed| {
                let mut disk = disk.clone();
                disk.restart(&mut RandomSource::from_number(seed));
                disk.content("a") == b"x"
            });
            assert_eq!(survived, survives);
        }
    }
}
