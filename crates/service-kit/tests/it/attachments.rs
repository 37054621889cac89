//! Bytes beside an entry: held, copied, checked, and erased without a trace in the file, while the journal stays whole.

use std::path::Path;

use huitong_kernel::hash::HashFunction;
use huitong_service_kit::attachment;
use huitong_service_kit::harness::Region;
use huitong_store::copy::{self, Journal};
use huitong_store::journal;

use super::counter::{Add, Counter, count};

const HERE: &str = "310000";
const PHOTO: &str = "a face, as the camera saw it";

fn region(folder: &Path) -> Region<Counter> {
    Region::new(folder.to_owned(), &[HERE], || Counter)
}

fn add(region: &mut Region<Counter>, key: &str) {
    region.call(HERE, "somebody", None, Add { key: key.to_owned(), neighbour: None }).reply();
}

fn back_up(from: &Path, to: &Path) {
    let mut from = Journal::read_file(from).expect("a journal");
    let mut to = Journal::backup_file(to).expect("a backup");
    copy::copy(&mut from, &mut to, HashFunction::Sha256, None).expect("copied");
}

/// What of the entries 1 and 2 lies beside them.
fn held(file: &Path) -> Vec<Option<Vec<u8>>> {
    let entries = journal::after(&journal::open_reader(file).expect("a journal"), 0, 2).expect("readable");
    entries.into_iter().map(|entry| entry.attachment).collect()
}

fn contains(file: &Path, text: &str) -> bool {
    let bytes = std::fs::read(file).expect("a file");
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn an_attachment_is_held_copied_and_erased_everywhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let (live, backup) = (folder.path().join(format!("{HERE}.db")), folder.path().join("backup.db"));
    let mut region = region(folder.path());
    add(&mut region, &format!("attach:{PHOTO}"));
    add(&mut region, "a");
    assert_eq!(attachment::of(region.view(HERE), 1).expect("readable"), Some(PHOTO.as_bytes().to_vec()));
    assert_eq!(attachment::of(region.view(HERE), 2).expect("readable"), None);
    back_up(&live, &backup);
    assert_eq!(held(&backup), [Some(PHOTO.as_bytes().to_vec()), None]);

    add(&mut region, "erase:1");
    assert_eq!(attachment::of(region.view(HERE), 1).expect("readable"), None);
    assert_eq!(count(region.view(HERE), "attached").expect("readable"), 1, "what was decided stays");
    assert!(region.replay_differences().is_empty());
    let chain = journal::verify_chain(&journal::open_reader(&live).expect("a journal"), HashFunction::Sha256);
    assert_eq!(chain.expect("whole").0, 3);
    back_up(&live, &backup);
    assert_eq!(held(&backup), [None, None], "a backup that goes on forgets with its source");

    drop(region);
    for file in [&live, &backup] {
        // Opening for writing empties the log.
        drop(Journal::backup_file(file).expect("a journal"));
        assert!(!contains(file, PHOTO), "{} holds the bytes still", file.display());
    }
}

#[test]
fn what_a_source_lost_its_backup_keeps() {
    let folder = tempfile::tempdir().expect("a folder");
    let (live, backup) = (folder.path().join(format!("{HERE}.db")), folder.path().join("backup.db"));
    let mut region = region(folder.path());
    add(&mut region, &format!("attach:{PHOTO}"));
    back_up(&live, &backup);
    let writer = journal::Connection::open(&live).expect("a file");
    assert_eq!(writer.execute("DELETE FROM attachment", []).expect("SQL"), 1, "lost, by whatever cause");
    add(&mut region, "a");
    back_up(&live, &backup);
    assert_eq!(held(&backup), [Some(PHOTO.as_bytes().to_vec()), None]);
    let proved = |first: &Path, second: &Path| {
        let (mut first, mut second) =
            (Journal::read_file(first).expect("one"), Journal::read_file(second).expect("other"));
        copy::prove_equal(&mut first, &mut second, HashFunction::Sha256)
    };
    assert!(proved(&live, &backup).is_err(), "the chains are equal, what lies beside is not");
    assert!(proved(&backup, &backup).is_ok());
}

#[test]
fn a_refused_erasure_erases_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut region = region(folder.path());
    add(&mut region, &format!("attach:{PHOTO}"));
    let refused = region.call(HERE, "somebody", None, Add { key: "refuse".to_owned(), neighbour: None });
    assert_eq!(refused.code(), "CNT-1");
    region.restart(HERE.parse().expect("a code"));
    assert!(attachment::of(region.view(HERE), 1).expect("readable").is_some());
}
