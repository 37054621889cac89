//! A stream split by key range: every key has its part, the split is in the journal, messages find the neighbour's part.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;

use huitong_kernel::division::Division;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::HashFunction;
use huitong_kernel::random::RandomSource;
use huitong_kernel::split::Split;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::stream::split::recorded;
use huitong_service_kit::stream::{ApiCall, Delivery, ServiceLogic, SplitStream, StreamPort, StreamSettings};
use huitong_service_kit::{Directory, Principal, Service};
use huitong_store::{StoreError, journal, replay};

use super::counter::{Add, Counter, count};

const HERE: &str = "310000";
const THERE: &str = "330000";

/// Shanghai runs four parts, Zhejiang two.
pub struct Neighbours;

impl Directory for Neighbours {
    fn jurisdiction_of(&self, division: Division) -> Option<Division> {
        Some(division)
    }

    fn jurisdictions(&self) -> Vec<Division> {
        vec![division(HERE), division(THERE)]
    }

    fn parts(&self, jurisdiction: Division, _: &str) -> u8 {
        if jurisdiction == division(HERE) { 4 } else { 2 }
    }
}

fn division(code: &str) -> Division {
    code.parse().expect("a code")
}

fn open(folder: &Path, code: &str, of: u8) -> Result<SplitStream<Counter>, StoreError> {
    SplitStream::start(&Arc::new(Counter), of, Instant(1), |split| {
        let home = split.address(&Address::new(division(code), Counter::NAME));
        Ok(StreamSettings {
            path: folder.join(format!("{code}-{}.db", split.part)),
            home,
            function: HashFunction::Sha256,
            random: RandomSource::from_number(u64::from(split.part)),
            directory: Arc::new(Neighbours),
            on_sent: Box::new(|_| {}),
            shared: None,
            eligible: Box::new(|| true),
            uptime: Arc::new(|| DurationMs(0)),
        })
    })
}

fn add(stream: &SplitStream<Counter>, key: &str, neighbour: Option<&str>) -> u64 {
    let (sender, receiver) = channel();
    let call = ApiCall {
        command: Add { key: key.to_owned(), neighbour: neighbour.map(division) },
        principal: Principal::node(),
        request_id: "story".to_owned(),
        idempotency: None,
        now: Instant(1),
    };
    let told = stream.part(key).call(call, move |result| drop(sender.send(result)));
    told.expect("taken");
    receiver.recv().expect("told").expect("counted")
}

#[test]
fn every_key_is_counted_in_its_part_and_found_there_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let stream = open(folder.path(), HERE, 4).expect("opened");
    for round in 1..=3 {
        for number in 0..40 {
            assert_eq!(add(&stream, &format!("card-{number}"), None), round);
        }
    }
    let held: Vec<u64> = stream
        .parts()
        .iter()
        .map(|part| part.readers().view(|view| view.one("SELECT COUNT(*) FROM count", [], |row| row.get(0))))
        .map(|count: Result<Option<u64>, StoreError>| count.expect("readable").expect("a number"))
        .collect();
    assert_eq!(held.iter().sum::<u64>(), 40, "no key is in two parts");
    assert!(held.iter().all(|count| *count > 3), "every part has its share: {held:?}");
    stream.parts().iter().for_each(|part| part.close());
}

#[test]
fn the_split_is_in_the_journal_and_another_one_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let stream = open(folder.path(), HERE, 2).expect("opened");
    add(&stream, "card-1", None);
    stream.parts().iter().for_each(|part| part.close());
    let path = folder.path().join(format!("{HERE}-1.db"));
    let connection = journal::open_reader(&path).expect("a journal");
    let first = journal::entry(&connection, 1).expect("readable").expect("the first entry");
    assert!(String::from_utf8_lossy(&first.bytes).contains(r#"{"split":{"part":1,"of":2}}"#), "readable by an auditor");
    let home = Split { part: 1, of: 2 }.address(&Address::new(division(HERE), Counter::NAME));
    let mut logic = ServiceLogic::<Counter>::for_replay(home, HashFunction::Sha256);
    assert_eq!(replay::compare_in_memory(&connection, HashFunction::Sha256, &mut logic).expect("replayed"), []);
    let again = open(folder.path(), HERE, 2).expect("the same split");
    let found = again.parts()[1].readers().view(recorded).expect("readable");
    assert_eq!(found, Some(Split { part: 1, of: 2 }));
    again.parts().iter().for_each(|part| part.close());
    let other = open(folder.path(), HERE, 4).err().expect("refused").to_string();
    assert!(other.contains("part 0 of 2") && other.contains("part 0 of 4"), "{other}");
}

#[test]
fn a_message_goes_to_the_part_of_the_neighbour_that_holds_its_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let (here, there) = (open(folder.path(), HERE, 4).expect("opened"), open(folder.path(), THERE, 2).expect("opened"));
    for number in 0..20 {
        add(&here, &format!("card-{number}"), Some(THERE));
    }
    let mut carried = 0;
    for from in here.parts() {
        for feed in from.feeds().expect("readable").into_iter().filter(|feed| feed.from == *from.home()) {
            let messages = from.messages_after(&feed, 0, 100).expect("readable");
            carried += messages.len();
            let entries = messages.into_iter().map(|message| message.bytes).collect();
            let to = there.parts().iter().find(|part| *part.home() == feed.to).expect("the part that was addressed");
            let (sender, receiver) = channel();
            let feed = Feed::clone(&feed);
            let delivery = Delivery { feed, first: 1, entries, evidence: None, now: Instant(1) };
            to.deliver(delivery, Box::new(move |end| drop(sender.send(end)))).expect("taken");
            receiver.recv().expect("told").expect("delivered");
        }
    }
    assert_eq!(carried, 20);
    for number in 0..20 {
        let key = format!("card-{number}");
        let counted = there.part(&key).readers().view(|view| count(view, &key)).expect("readable");
        assert_eq!(counted, 1, "{key} is counted where it belongs");
    }
    here.parts().iter().chain(there.parts()).for_each(|part| part.close());
}
