//! What works leave behind: one that is taken back nothing, a message without effect only itself.

use huitong_kernel::entry::{Entry, EntryKind};
use huitong_kernel::hash::HashFunction;
use huitong_service_kit::harness::Region;
use huitong_store::group::{Done, GroupCommitter, Logic, Scope};
use huitong_store::{StoreError, Tx, journal};

use super::counter::{Add, Counter};

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
