//! The keys and the manifest of the stories, and the checkpoints that parcels leave behind.

use huitong_kernel::checkpoint::{Checkpoint, SignedNote};
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::manifest::{Jurisdiction, Manifest, NodeKey, NodeRecord};
use huitong_kernel::merkle;
use huitong_kernel::random::RandomSource;
use huitong_kernel::suite::{Signer, SoftwareKey, Suite};
use huitong_kernel::time::{DurationMs, Instant};
use huitong_medical::model::receipt::token::Token;
use huitong_medical::query::receipts;
use huitong_medical::query::settlements::{Role, settlement};
use huitong_medical::query::trees::FeedTrees;
use huitong_service_kit::Stop;
use huitong_store::feeds;

use super::country::{Country, division};

pub const FUNCTION: HashFunction = HashFunction::Sha256;

pub fn key(number: u64) -> SoftwareKey {
    SoftwareKey::generate(Suite::Ed25519Sha256, &mut RandomSource::from_number(number))
}

pub fn shanghai() -> SoftwareKey {
    key(310_000)
}

pub fn zhejiang() -> SoftwareKey {
    key(330_000)
}

/// Shanghai and Zhejiang, each with one key for a year.
pub fn manifest() -> Manifest {
    let valid_from = Instant::start_of("2026-06-01".parse().expect("a date"));
    let valid_to = valid_from + DurationMs::days(365);
    let members = [("310000", "shanghai", shanghai()), ("330000", "zhejiang", zhejiang())];
    let jurisdictions = members.iter().map(|(code, name, key)| Jurisdiction {
        division: division(code),
        name_zh: (*name).to_owned(),
        name_en: (*name).to_owned(),
        root_key: key.public_key().clone(),
        node: (*name).to_owned(),
    });
    let nodes = members.iter().map(|(_, name, key)| NodeRecord {
        name: (*name).to_owned(),
        api_url: String::new(),
        exchange_address: String::new(),
        tls_certificates: vec![Digest::ZERO],
        services: vec!["medical".to_owned()],
        keys: vec![NodeKey { key: key.public_key().clone(), valid_from, valid_to, revoked_at: None }],
    });
    Manifest {
        region: "test".to_owned(),
        version: 1,
        previous: None,
        suite: Suite::Ed25519Sha256,
        threshold: 1,
        valid_from,
        valid_to,
        jurisdictions: jurisdictions.collect(),
        nodes: nodes.collect(),
        calendars: Vec::new(),
        clearing: Vec::new(),
    }
}

/// Home to visited.
pub fn lane() -> Feed {
    let address = |code| Address::new(division(code), "medical");
    Feed::new(address("330000"), address("310000"))
}

/// What a parcel leaves behind: a checkpoint over all that Shanghai has received, signed by `sender`, receipted by Shanghai.
pub fn receipted(country: &mut Country, sender: &SoftwareKey) {
    let view = country.region.view("310000");
    let size = feeds::next_number(view, &lane()).expect("readable") - 1;
    let leaves = feeds::leaves_of(view, &lane(), 1, size).expect("readable");
    let origin = Checkpoint::origin_of("test", &lane());
    let text = Checkpoint { origin, size, root: merkle::root(FUNCTION, &leaves) }.text();
    let note = SignedNote::sign(text, "zhejiang", sender).and_then(|note| note.countersign("shanghai", &shanghai()));
    country.region.leave_evidence(&lane(), note.expect("software signs").to_string());
}

/// The token of a settlement, as visited makes it.
pub fn token(country: &Country, number: &str) -> Result<Token, Stop> {
    let view = country.region.view("310000");
    let found = settlement(view, Role::Visited, number).expect("readable").expect("booked");
    receipts::token(view, &FeedTrees::default(), FUNCTION, &found)
}
