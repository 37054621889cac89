//! `records.bin`: the gate's tap records, appended and never changed. Each is its length, two bytes big-endian, and its
//! bytes; each names the hash of the one before (transit specification §10.2).
//!
//! A record is on disk before the gate answers. What a crash leaves half written was therefore never answered, and is cut.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use huitong_transit_code::record::{GateId, RECORD_LENGTH_MAX, TapRecord};

use super::clock::corrected_s;

const LENGTH_BYTES: usize = 2;
/// Records of a store; then a new folder is due. A busy gate makes ten million in some three years.
const RECORDS_MAX: usize = 10_000_000;

/// Where a record stands, and its place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    pub epoch: u32,
    pub sequence: u64,
    /// Corrected gate time, Unix seconds.
    pub time_s: i64,
    offset: u64,
    length: u16,
}

pub struct RecordStore {
    path: PathBuf,
    file: File,
    kept: Vec<Kept>,
    end: u64,
    last_hash: [u8; 32],
    /// Bytes of a torn record that were cut when the file was opened.
    pub cut_bytes: u64,
}

impl RecordStore {
    /// Opens the file, checks every record, cuts a torn one. Damage before the end is an error: those records were answered.
    pub fn open(path: &Path, gate: &GateId) -> anyhow::Result<RecordStore> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        file.try_lock().with_context(|| format!("{}: another gate program works here", path.display()))?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        let mut store =
            RecordStore { path: path.to_owned(), file, kept: Vec::new(), end: 0, last_hash: [0; 32], cut_bytes: 0 };
        store.read_all(gate)?;
        Ok(store)
    }

    fn read_all(&mut self, gate: &GateId) -> anyhow::Result<()> {
        let size = self.file.metadata()?.len();
        let mut buffer = [0; RECORD_LENGTH_MAX];
        while self.end < size {
            match self.read_next(size, gate, &mut buffer)? {
                Some((kept, hash)) => self.take(kept, hash)?,
                None => {
                    self.cut_bytes = size - self.end;
                    self.file.set_len(self.end)?;
                    self.file.sync_all()?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// The record at the end of what was read so far; `None` if a crash tore it.
    fn read_next(
        &self,
        size: u64,
        gate: &GateId,
        buffer: &mut [u8; RECORD_LENGTH_MAX],
    ) -> anyhow::Result<Option<(Kept, [u8; 32])>> {
        let left = size - self.end;
        if left < LENGTH_BYTES as u64 {
            return Ok(None);
        }
        let mut length = [0; LENGTH_BYTES];
        self.file.read_exact_at(&mut length, self.end)?;
        let length = u16::from_be_bytes(length);
        let reaches_the_end = u64::from(length) + LENGTH_BYTES as u64 >= left;
        let record = match buffer.get_mut(..usize::from(length)) {
            Some(bytes) if u64::from(length) + LENGTH_BYTES as u64 <= left => {
                self.file.read_exact_at(bytes, self.end + LENGTH_BYTES as u64)?;
                self.fits(bytes, gate)
            }
            _ => None,
        };
        match record {
            Some(record) => Ok(Some(record)),
            None if reaches_the_end || self.is_zero_from(self.end, size)? => Ok(None),
            None => bail!(
                "{} is damaged at byte {}: the record after {} does not follow. Move the file away; the gate then begins a \
                 new epoch, and the node will miss what was not uploaded",
                self.path.display(),
                self.end,
                self.last()
                    .map_or_else(|| "the beginning".to_owned(), |kept| format!("{}:{}", kept.epoch, kept.sequence))
            ),
        }
    }

    /// The record if it follows the last one, with its hash.
    fn fits(&self, bytes: &[u8], gate: &GateId) -> Option<(Kept, [u8; 32])> {
        let record = TapRecord::parse(bytes).ok()?;
        let kept = Kept {
            epoch: record.epoch,
            sequence: record.sequence,
            time_s: corrected_s(record.gate_time_ms, record.drift_ms),
            offset: self.end + LENGTH_BYTES as u64,
            length: u16::try_from(bytes.len()).ok()?,
        };
        let (sequence, previous) = self.next(record.epoch)?;
        let follows = record.gate == *gate && record.sequence == sequence && record.previous == previous;
        follows.then(|| (kept, TapRecord::hash(bytes)))
    }

    /// The sequence and previous hash of the next record in this epoch; `None` for an epoch that is past.
    pub fn next(&self, epoch: u32) -> Option<(u64, [u8; 32])> {
        match self.last() {
            Some(last) if last.epoch == epoch => Some((last.sequence + 1, self.last_hash)),
            Some(last) if last.epoch > epoch => None,
            _ => Some((1, [0; 32])),
        }
    }

    /// What a file system may leave behind the last write after a power failure.
    fn is_zero_from(&self, from: u64, size: u64) -> anyhow::Result<bool> {
        let mut buffer = [0; 4096];
        let mut at = from;
        while at < size {
            let count = usize::try_from(size - at).unwrap_or(buffer.len()).min(buffer.len());
            self.file.read_exact_at(&mut buffer[..count], at)?;
            if buffer[..count].iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            at += count as u64;
        }
        Ok(true)
    }

    fn take(&mut self, kept: Kept, hash: [u8; 32]) -> anyhow::Result<()> {
        ensure!(self.kept.len() < RECORDS_MAX, "{} is full: {RECORDS_MAX} records", self.path.display());
        self.end = kept.offset + u64::from(kept.length);
        self.last_hash = hash;
        self.kept.push(kept);
        Ok(())
    }

    /// Writes the next record; it is on disk when this returns.
    pub fn append(&mut self, record: &TapRecord<'_>) -> anyhow::Result<Kept> {
        let mut buffer = [0; RECORD_LENGTH_MAX];
        let length = record.write(&mut buffer).context("a record holds its code")?;
        let bytes = &buffer[..length];
        let (kept, hash) = self.fits(bytes, &record.gate).context("a record follows the one before")?;
        ensure!(self.kept.len() < RECORDS_MAX, "{} is full: {RECORDS_MAX} records", self.path.display());
        let frame = [&kept.length.to_be_bytes(), bytes].concat();
        let written = self.file.write_all_at(&frame, self.end).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Half a record must not stay before a later one.
            self.file.set_len(self.end).and_then(|()| self.file.sync_data())?;
            return Err(error).with_context(|| format!("cannot write {}; the gate stays shut", self.path.display()));
        }
        self.take(kept, hash)?;
        Ok(kept)
    }

    pub fn kept(&self) -> &[Kept] {
        &self.kept
    }

    pub fn last(&self) -> Option<&Kept> {
        self.kept.last()
    }

    /// The record's bytes.
    pub fn read(&self, kept: &Kept) -> anyhow::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::from(kept.length)];
        self.file.read_exact_at(&mut bytes, kept.offset)?;
        Ok(bytes)
    }
}
