//! `records.bin`: the gate's tap records, appended and never changed. Each stands in a frame: its length, two bytes
//! big-endian, and the same two bytes inverted; the record; its SM3, which the next record names (transit specification
//! §10.2).
//!
//! A record is on disk before the gate answers. What a crash leaves half written was therefore never answered, and is cut:
//! the begin of a frame at the end of the file, with zeros behind it or nothing. Whatever else is not as it was written is
//! damage of records that were answered, and nothing is cut.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use huitong_transit_code::Reason;
use huitong_transit_code::record::{GateId, RECORD_HEADER_LENGTH, RECORD_LENGTH_MAX, TapRecord};

/// The length and its inverse.
const MARK_LENGTH: usize = 4;
const HASH_LENGTH: usize = 32;
const FRAME_LENGTH_MAX: usize = MARK_LENGTH + RECORD_LENGTH_MAX + HASH_LENGTH;
/// So many zeros at the end of a frame say that its last part was never written; a hash ends so once in 2⁶⁴.
const UNWRITTEN_BYTES: usize = 8;
/// Records of a store; then a new folder is due. A busy gate makes ten million in some three years.
const RECORDS_MAX: usize = 10_000_000;

/// Where a record stands, and its place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    pub epoch: u32,
    pub sequence: u64,
    /// The gate opened.
    pub is_pass: bool,
    offset: u64,
    length: u16,
}

fn mark(length: u16) -> [u8; MARK_LENGTH] {
    let ([high, low], [inverse_high, inverse_low]) = (length.to_be_bytes(), (!length).to_be_bytes());
    [high, low, inverse_high, inverse_low]
}

/// What stands at the end of the records read so far.
enum Frame<'b> {
    /// A record as it was written.
    Whole(&'b [u8]),
    /// A record of which a crash has left the begin, if from this byte on the file has zeros or nothing.
    TornIfZeroFrom(usize),
    Damaged,
}

impl<'b> Frame<'b> {
    /// `bytes`: the longest frame, or all that is left.
    fn at_begin_of(bytes: &'b [u8]) -> Frame<'b> {
        let Some((written, rest)) = bytes.split_first_chunk::<MARK_LENGTH>() else {
            return Frame::TornIfZeroFrom(bytes.len());
        };
        let [high, low, ..] = *written;
        let length = u16::from_be_bytes([high, low]);
        if *written != mark(length) {
            return Frame::TornIfZeroFrom(2);
        }
        let length = usize::from(length);
        if !(RECORD_HEADER_LENGTH..=RECORD_LENGTH_MAX).contains(&length) {
            return Frame::Damaged;
        }
        let Some((record, hash)) = rest.get(..length + HASH_LENGTH).and_then(|rest| rest.split_at_checked(length))
        else {
            return Frame::TornIfZeroFrom(bytes.len());
        };
        if TapRecord::hash(record) == *hash {
            Frame::Whole(record)
        } else {
            Frame::TornIfZeroFrom(MARK_LENGTH + length + HASH_LENGTH - UNWRITTEN_BYTES)
        }
    }
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
        let mut buffer = [0; FRAME_LENGTH_MAX];
        while self.end < size {
            let count = usize::try_from(size - self.end).unwrap_or(buffer.len()).min(buffer.len());
            self.file.read_exact_at(&mut buffer[..count], self.end)?;
            match Frame::at_begin_of(&buffer[..count]) {
                Frame::Whole(record) => match self.fits(record, gate) {
                    Some((kept, hash)) => self.take(kept, hash)?,
                    None => return self.damaged(),
                },
                Frame::TornIfZeroFrom(at) if self.is_zero_from(self.end + at as u64, size)? => {
                    self.cut_bytes = size - self.end;
                    self.file.set_len(self.end)?;
                    self.file.sync_all()?;
                    break;
                }
                Frame::TornIfZeroFrom(_) | Frame::Damaged => return self.damaged(),
            }
        }
        Ok(())
    }

    fn damaged(&self) -> anyhow::Result<()> {
        let last = self.last().map(|kept| format!("{}:{}", kept.epoch, kept.sequence));
        bail!(
            "{} is damaged at byte {}: the record after {} is not as it was written, or does not follow. It was answered, so \
             nothing was cut. Move the file away; the gate then begins a new epoch, and the node will miss what was not \
             uploaded",
            self.path.display(),
            self.end,
            last.unwrap_or_else(|| "the beginning".to_owned())
        )
    }

    /// The record if it follows the last one, with its hash.
    fn fits(&self, bytes: &[u8], gate: &GateId) -> Option<(Kept, [u8; 32])> {
        let record = TapRecord::parse(bytes).ok()?;
        let kept = Kept {
            epoch: record.epoch,
            sequence: record.sequence,
            is_pass: record.reason == Reason::Ok,
            offset: self.end + MARK_LENGTH as u64,
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
        self.end = kept.offset + u64::from(kept.length) + HASH_LENGTH as u64;
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
        let frame = [&mark(kept.length)[..], bytes, &hash].concat();
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
