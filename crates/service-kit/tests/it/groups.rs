//! What works leave behind: one that is taken back nothing, a message without effect only itself.

use std::sync::Arc;

use huitong_kernel::entry::{Entry, EntryKind};
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::HashFunction;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::Instant;
use huitong_service_kit::harness::Region;
use huitong_service_kit::stream::{ApiCall, Delivery, ServiceLogic, Work};
use huitong_service_kit::{Envelope, Principal};
use huitong_store::group::{Done, GroupCommitter, Logic, Scope};
use huitong_store::{StoreError, Tx, feeds, journal};
use uuid::Uuid;

use super::counter::{Add, Added, Counter, count};
use super::split::Neighbours;

/// Writes what it is given, and then ends as the word says.
struct Scribe;

enum Word {
    Kept(&'static str),
    Undone(&'static str),
    Failed(&'static str),
    RefusedAtOnce,
}

impl Logic for Scribe {
    type Work = Word;
    type Outcome = &'static str;

    fn schema(&self) -> Vec<&'static str> {
        vec!["CREATE TABLE IF NOT EXISTS word (word TEXT PRIMARY KEY) STRICT"]
    }

    fn process(&mut self, scope: &mut Scope<'_>, work: &Word) -> Result<Done<&'static str>, StoreError> {
        let (Word::Kept(word) | Word::Undone(word) | Word::Failed(word)) = work else {
            return Ok(Done::Undo("refused"));
        };
        scope.append(EntryKind::Decision, word.as_bytes().to_vec())?;
        scope.tx().execute_one("INSERT INTO word (word) VALUES (?1)", [word])?;
        match work {
            Word::Kept(_) => Ok(Done::Keep("kept")),
            Word::Undone(_) => Ok(Done::Undo("undone")),
            _ => Err(serde_json::from_str::<u8>("no number").expect_err("no number").into()),
        }
    }

    fn replay(&mut self, _: Tx<'_>, _: &Entry) -> Result<(), StoreError> {
        Ok(())
    }

    fn forget(&mut self) {}
}

fn outcomes(scribe: &mut GroupCommitter<Scribe>, works: Vec<Word>) -> Vec<&'static str> {
    let (outcomes, committed) = scribe.run(works);
    assert!(committed.is_some(), "the group is committed");
    outcomes.into_iter().map(|outcome| outcome.unwrap_or("failed")).collect()
}

#[test]
fn what_is_taken_back_after_it_has_written_leaves_nothing_and_takes_nothing_along() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("words.db");
    let mut scribe = GroupCommitter::open(&path, HashFunction::Sha256, Scribe).expect("a new file opens");
    let works = vec![Word::Kept("a"), Word::RefusedAtOnce, Word::Kept("b")];
    assert_eq!(outcomes(&mut scribe, works), ["kept", "refused", "kept"]);
    let works = vec![Word::Kept("c"), Word::Failed("x"), Word::Kept("d"), Word::Undone("y"), Word::Kept("e")];
    assert_eq!(outcomes(&mut scribe, works), ["kept", "failed", "kept", "undone", "kept"]);
    assert_eq!(outcomes(&mut scribe, vec![Word::Kept("f")]), ["kept"]);

    let words = scribe.view().all("SELECT word FROM word ORDER BY word", [], |row| row.get::<_, String>(0));
    assert_eq!(words.expect("readable"), ["a", "b", "c", "d", "e", "f"]);
    let head = journal::verify_chain(scribe.connection(), HashFunction::Sha256).expect("the chain holds");
    assert_eq!((head.0, Ok(head)), (6, scribe.head().map_err(|error| error.to_string())));
}

#[test]
fn a_message_without_effect_is_in_the_journal_without_a_decision() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut region: Region<Counter> = Region::new(folder.path().to_owned(), &["310000", "330000"], || Counter);
    for key in ["nothing", "something"] {
        let neighbour = Some("330000".parse().expect("a code"));
        region.call("310000", "somebody", None, Add { key: key.to_owned(), neighbour }).reply();
    }
    region.carry_all();
    let mut kinds = Vec::new();
    let each = journal::each_from(region.journal("330000"), 1, |entry| {
        kinds.push(entry.kind.to_string());
        Ok(())
    });
    each.expect("readable");
    let feed = "310000/counter>330000/counter";
    assert_eq!(kinds, [format!("received {feed} 1"), format!("received {feed} 2"), "decision".to_owned()]);
    assert!(region.replay_differences().is_empty());
}

fn call(key: &str) -> Work<Add> {
    Work::Call(ApiCall {
        command: Add { key: key.to_owned(), neighbour: Some("330000".parse().expect("a code")) },
        principal: Principal::node(),
        request_id: "story".to_owned(),
        idempotency: None,
        now: Instant(1),
    })
}

fn deliver(feed: &Feed, first: u64, keys: &[&str]) -> Work<Add> {
    let envelope = |key: &&str| {
        let message = Added { key: (*key).to_owned() };
        Envelope { id: Uuid::nil(), cycle: Uuid::nil(), episode: Uuid::nil(), at: Instant(1), message }
    };
    let entries = keys.iter().map(|key| serde_json::to_vec(&envelope(key)).expect("JSON")).collect();
    Work::Deliver(Delivery { feed: feed.clone(), first, entries, evidence: None, now: Instant(1) })
}

#[test]
fn a_delivery_that_fails_half_way_leaves_the_feeds_as_the_works_around_it_need_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = Address::new("310000".parse().expect("a code"), "counter");
    let incoming = Feed::new(Address::new("330000".parse().expect("a code"), "counter"), home.clone());
    let random = RandomSource::from_number(1);
    let logic = ServiceLogic::new(Arc::new(Counter), home.clone(), HashFunction::Sha256, random, Arc::new(Neighbours));
    let path = folder.path().join("counter.db");
    let mut stream = GroupCommitter::open(&path, HashFunction::Sha256, logic).expect("a new file opens");
    let works = vec![
        call("card"),
        deliver(&incoming, 1, &["one"]),
        deliver(&incoming, 2, &["two", "broken"]),
        call("card"),
        deliver(&incoming, 2, &["two", "three"]),
    ];
    let (outcomes, committed) = stream.run(works);
    assert!(committed.is_some());
    assert_eq!(outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false, true, true]);
    for (key, expected) in [("card", 2), ("one", 1), ("two", 1), ("three", 1), ("broken", 0)] {
        assert_eq!(count(stream.view(), key).expect("readable"), expected, "{key}");
    }
    let known = feeds::all(stream.connection()).expect("readable");
    let outgoing = known.iter().find(|feed| feed.from == home).expect("the neighbour was told");
    assert_eq!(feeds::size(stream.connection(), outgoing).expect("readable"), 2);
    assert_eq!(feeds::size(stream.connection(), &incoming).expect("readable"), 3);
    journal::verify_chain(stream.connection(), HashFunction::Sha256).expect("the chain holds");
}
