//! Rot in SQLite's write-ahead log, which SQLite itself takes for the end of the log and would silently pass over.
//!
//! A frame whose checksum fails is normal at the very end: a transaction that was never synced. But transactions are synced
//! one after the other, so a failed frame that is followed by a *later* transaction of the same generation was whole once.
//! Format: <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>. What cannot be told from a torn write, and is not
//! found here: rot in the log's header, and in its last transaction.

use crate::error::StoreError;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Looks at a log as it lies on the disk.
pub fn check(log: &[u8]) -> Result<(), StoreError> {
    let Some(header) = Header::read(log) else { return Ok(()) };
    let mut sum = header.sum;
    let mut failed = false;
    let mut committed_after_failure = false;
    for frame in log[HEADER..].chunks_exact(FRAME_HEADER + header.page_size) {
        if frame[8..16] != header.salts {
            // Left over from an earlier generation, or rot in the salt itself: then the next frames tell.
            if !failed {
                failed = true;
            }
            continue;
        }
        if committed_after_failure {
            return Err(StoreError::Damaged(
                "its write-ahead log has a hole: what was durable once cannot be read".to_owned(),
            ));
        }
        if !failed {
            let next = add(header.big_endian, add(header.big_endian, sum, &frame[..8]), &frame[FRAME_HEADER..]);
            if (word(frame, 16), word(frame, 20)) == next {
                sum = next;
                continue;
            }
            failed = true;
        }
        // The number of pages after a commit: not zero in the last frame of a transaction.
        committed_after_failure = word(frame, 4) != 0;
    }
    Ok(())
}

/// Where the last committed transaction of a whole log begins: rot from there on looks like a write that was torn.
pub fn last_transaction(log: &[u8]) -> usize {
    let Some(header) = Header::read(log) else { return 0 };
    let size = FRAME_HEADER + header.page_size;
    let (mut sum, mut begin, mut last) = (header.sum, HEADER, HEADER);
    for (number, frame) in log[HEADER..].chunks_exact(size).enumerate() {
        let next = add(header.big_endian, add(header.big_endian, sum, &frame[..8]), &frame[FRAME_HEADER..]);
        if frame[8..16] != header.salts || (word(frame, 16), word(frame, 20)) != next {
            break;
        }
        sum = next;
        if word(frame, 4) != 0 {
            last = begin;
            begin = HEADER + (number + 1) * size;
        }
    }
    last
}

struct Header {
    page_size: usize,
    big_endian: bool,
    salts: [u8; 8],
    sum: (u32, u32),
}

impl Header {
    fn read(log: &[u8]) -> Option<Header> {
        let header = log.get(..HEADER)?;
        let magic = word(header, 0);
        let big_endian = match magic {
            0x377f_0683 => true,
            0x377f_0682 => false,
            _ => return None,
        };
        let page_size = match word(header, 8) {
            1 => 65_536,
            size @ 512..=32_768 if size.is_power_of_two() => size as usize,
            _ => return None,
        };
        let sum = add(big_endian, (0, 0), &header[..24]);
        (sum == (word(header, 24), word(header, 28))).then(|| Header {
            page_size,
            big_endian,
            salts: header[16..24].try_into().unwrap_or_default(),
            sum,
        })
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// SQLite's checksum over pairs of 32-bit words, in the byte order that the magic number names.
fn add(big_endian: bool, sum: (u32, u32), bytes: &[u8]) -> (u32, u32) {
    let (mut first, mut second) = sum;
    for pair in bytes.chunks_exact(8) {
        let read = |at: usize| {
            let word = [pair[at], pair[at + 1], pair[at + 2], pair[at + 3]];
            if big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
        };
        first = first.wrapping_add(read(0)).wrapping_add(second);
        second = second.wrapping_add(read(4)).wrapping_add(first);
    }
    (first, second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The log of some transactions, as SQLite leaves it when the process is killed.
    fn log() -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("stream.db");
        let connection = rusqlite::Connection::open(&path).expect("a file");
        connection.pragma_update(None, "journal_mode", "WAL").expect("SQLite has it");
        connection.execute_batch("CREATE TABLE t (x TEXT)").expect("a table");
        for number in 0..20 {
            connection.execute("INSERT INTO t VALUES (?1)", [format!("{number}").repeat(300)]).expect("a row");
        }
        std::fs::read(folder.path().join("stream.db-wal")).expect("the log of an open file")
    }

    #[test]
    fn a_whole_log_and_a_torn_end_are_fine_and_a_hole_is_not() {
        let whole = log();
        assert!(check(&whole).is_ok());
        for cut in [whole.len() - 1, whole.len() - 5_000, HEADER, 10, 0] {
            assert!(check(&whole[..cut]).is_ok(), "cut at {cut}");
        }
        let last = last_transaction(&whole);
        assert!(last > HEADER && last < whole.len());
        for place in (HEADER..last).step_by(997) {
            let mut rotten = whole.clone();
            rotten[place] ^= 4;
            assert!(check(&rotten).is_err(), "a bit of a durable transaction, at {place}");
        }
        let mut torn = whole.clone();
        torn[last + 100] ^= 4;
        assert!(check(&torn).is_ok(), "the last transaction looks torn, whatever the reason");
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..2_000), page in 0..4_u32) {
            let _ = check(&bytes);
            let mut log = log();
            let place = bytes.len() % log.len();
            let end = (place + bytes.len()).min(log.len());
            log[place..end].copy_from_slice(&bytes[..end - place]);
            log[8..12].copy_from_slice(&(page * 512).to_be_bytes());
            let _ = check(&log);
            let _ = last_transaction(&log);
        }
    }
}
