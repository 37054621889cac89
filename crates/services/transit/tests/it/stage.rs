//! The stage of the stories: nodes of Shanghai, Jiangsu and Zhejiang with published maps, fares and keys; phones that make
//! codes; gates that keep their records and upload them when the story says so.

use std::collections::BTreeMap;

use huitong_kernel::division::Division;
use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_ledger::positions::Gross;
use huitong_service_kit::harness::{Called, Region};
use huitong_service_kit::toml_data::json_text;
use huitong_service_kit::{Stop, View};
use huitong_transit::Transit;
use huitong_transit::accounts::Side;
use huitong_transit::command::{AccountWish, AuthoriseWish, Command, GateWish, Reply, TakenReply};
use huitong_transit::keys::{Issuer, IssuerKeys};
use huitong_transit::model::key_set::{IssuerText, KeySetText};
use huitong_transit::model::rider::{AccountToken, Rider};
use huitong_transit::model::tap::{Direction, TapKey};
use huitong_transit::query::pairs;
use huitong_transit::query::trips::{self, TripRow};
use huitong_transit::verify::{self, GateBatch, Verifier};
use huitong_transit_code::Reason;
use huitong_transit_code::code::Account;
use huitong_transit_code::make::{self, AuthorisationFields, CertificateFields, RootFields, Sign, SigningKey};
use huitong_transit_code::record::{RECORD_LENGTH_MAX, TapRecord, batch_message, text_field};

pub const NODES: [&str; 3] = ["310000", "320000", "330000"];
/// Cities with accounts of their own.
pub const CITIES: [&str; 4] = ["310100", "330100", "330200", "320500"];
pub const METRO: &str = "metro";
pub const HOME: &str = "home-operator";

pub fn division(code: &str) -> Division {
    code.parse().expect("a code of the story")
}

pub fn node_of(city: &str) -> String {
    format!("{}0000", &city[..2])
}

pub fn key(name: &str) -> SigningKey {
    SigningKey::of_test(&format!("huitong transit test {name}")).expect("a key")
}

fn issuer_of(city: &str) -> [u8; 4] {
    let mut issuer = [0x99, 0, 0, 0];
    hex::decode_to_slice(city, &mut issuer[1..]).expect("digits");
    issuer
}

fn certificate(city: &str) -> [u8; 117] {
    let fields = CertificateFields {
        service: [0x01, 0x01, 0x00, 0x00],
        ca_index: 0xf1,
        issuer: issuer_of(city),
        expiry: [0x12, 0x99],
        serial: [0, 0, 1],
    };
    make::certificate(fields, &key(city).key(), &key("root"))
}

/// Every node of the story holds the issuer keys of all cities; it uses those of its own.
pub fn transit() -> Transit {
    let issuer = |city: &&str| {
        let issuer = Issuer { issuer: issuer_of(city), certificate: certificate(city), key: key(city) };
        (division(city), issuer)
    };
    Transit::new(IssuerKeys(CITIES.iter().map(issuer).collect()))
}

/// A rider's phone with an authorisation of its city.
pub struct Phone {
    pub city: &'static str,
    pub account: AccountToken,
    pub ticket: [u8; 8],
    key: SigningKey,
    authorisation: Vec<u8>,
}

impl Phone {
    pub fn new(city: &'static str, number: u8) -> Phone {
        Phone::with(city, number, |_| {})
    }

    /// With other fields than usual.
    pub fn with(city: &'static str, number: u8, change: impl FnOnce(&mut AuthorisationFields)) -> Phone {
        let mut account = Account { issuer: issuer_of(city), number: [0; 10] };
        account.number[9] = ((number / 10) << 4) | (number % 10);
        let key = key(&format!("phone {city} {number}"));
        let mut custom = vec![0; 28];
        (custom[0], custom[8]) = (0x5c, 1);
        let mut fields = AuthorisationFields {
            certificate: certificate(city),
            pay_account: *b"\0\0\0\0\0\0\0\0STORY001",
            account,
            platform: [0, 0, 0, 1],
            account_type: 1,
            limit_fen: 2_000,
            user_key: key.key().compressed(),
            expiry: u32::MAX,
            validity_s: 30,
            custom,
        };
        change(&mut fields);
        let mut ticket = [0; 8];
        ticket.copy_from_slice(&fields.custom[1..9]);
        let account = AccountToken::new(&fields.account);
        Phone { city, account, ticket, authorisation: make::authorisation(&fields, &self::key(city)), key }
    }

    /// A phone that shows what somebody else authorised.
    pub fn of_authorisation(city: &'static str, account: AccountToken, key: SigningKey, bytes: Vec<u8>) -> Phone {
        let mut ticket = [0; 8];
        ticket.copy_from_slice(&bytes[199..207]);
        Phone { city, account, ticket, key, authorisation: bytes }
    }

    pub fn code(&self, at: Instant) -> Vec<u8> {
        make::code(&self.authorisation, u32::try_from(at.0 / 1_000).expect("a time of our days"), &self.key)
    }

    pub fn rider(&self) -> Rider {
        Rider::new(self.account, self.ticket)
    }
}

/// A gate with its record, as its vendor would keep it.
pub struct Gate {
    pub name: String,
    pub network: &'static str,
    pub station: u32,
    pub line: u32,
    pub epoch: u32,
    key: SigningKey,
    pub records: Vec<Vec<u8>>,
    previous: [u8; 32],
    pub drift_ms: i32,
    pub uncertainty_ms: u32,
    pub key_set: u32,
}

/// What a gate writes beside the code.
#[derive(Clone, Copy)]
pub struct Note {
    pub reason: Reason,
    pub shown_fen: i32,
    pub flags: u8,
    pub deny_sequence: u32,
    pub deny_age_s: u32,
}

impl Default for Note {
    fn default() -> Note {
        Note { reason: Reason::Ok, shown_fen: -1, flags: 0, deny_sequence: 0, deny_age_s: 0 }
    }
}

impl Gate {
    pub fn new(name: &str, network: &'static str, station: u32, line: u32) -> Gate {
        Gate {
            name: name.to_owned(),
            network,
            station,
            line,
            epoch: 1,
            key: key(&format!("gate {name}")),
            records: Vec::new(),
            previous: [0; 32],
            drift_ms: 0,
            uncertainty_ms: 500,
            key_set: 1,
        }
    }

    /// A rider passes; gives the number of the record.
    pub fn tap(&mut self, phone: &Phone, direction: Direction, at: Instant) -> u64 {
        self.note(&phone.code(at), direction, at, Note::default())
    }

    /// Any scan with what the gate made of it.
    pub fn note(&mut self, code: &[u8], direction: Direction, at: Instant, note: Note) -> u64 {
        let record = TapRecord {
            gate: text_field(&self.name).expect("a short name"),
            epoch: self.epoch,
            sequence: self.records.len() as u64 + 1,
            station: self.station,
            line: self.line,
            direction: direction.into(),
            vehicle: [0; 12],
            gate_time_ms: at.0 + i64::from(self.drift_ms),
            drift_ms: self.drift_ms,
            uncertainty_ms: self.uncertainty_ms,
            reason: note.reason,
            flags: note.flags,
            amount_fen: note.shown_fen,
            key_set_version: self.key_set,
            deny_home: 0,
            deny_sequence: note.deny_sequence,
            deny_age_s: note.deny_age_s,
            fare_pack_version: 1,
            previous: self.previous,
            code,
        };
        let mut buffer = [0; RECORD_LENGTH_MAX];
        let length = record.write(&mut buffer).expect("the record fits");
        self.previous = TapRecord::hash(&buffer[..length]);
        self.records.push(buffer[..length].to_vec());
        self.records.len() as u64
    }

    /// Records `first..=last`, signed.
    pub fn batch(&self, first: u64, last: u64) -> GateBatch {
        let records = self.records[first as usize - 1..last as usize].to_vec();
        self.signed(first, records)
    }

    /// Other records under this gate's name.
    pub fn signed(&self, first: u64, records: Vec<Vec<u8>>) -> GateBatch {
        let last = first + records.len() as u64 - 1;
        let gate = text_field(&self.name).expect("a short name");
        let hash = records.last().map(|record| TapRecord::hash(record)).unwrap_or_default();
        let signature = self.key.sign(&batch_message(&gate, self.epoch, first, last, &hash));
        GateBatch { gate: self.name.clone(), epoch: self.epoch, first, last, records, signature }
    }

    pub fn key_of(&self, sequence: u64) -> TapKey {
        TapKey { gate: self.name.clone(), epoch: self.epoch, sequence }
    }
}

pub struct Stage {
    pub region: Region<Transit>,
    verifier: Verifier,
    folder: tempfile::TempDir,
    /// Phones whose apps ask for a new authorisation before the one they have ends, and when that is.
    apps: Vec<(String, AuthoriseWish, Instant)>,
}

/// So long an authorisation of the stories lasts; an app asks for the next one a day before.
const AUTHORISED: DurationMs = DurationMs::days(6);

impl Stage {
    /// Everything published and known everywhere; trips are final at once after their exit.
    pub fn new() -> Stage {
        Stage::with(|_, _| {})
    }

    /// With other maps: the change gets the network and the map's JSON.
    pub fn with(change: impl Fn(&str, &mut serde_json::Value)) -> Stage {
        Stage::of(transit, change)
    }

    /// With nodes that run this service.
    pub fn of(service: fn() -> Transit, change: impl Fn(&str, &mut serde_json::Value)) -> Stage {
        let folder = tempfile::tempdir().expect("a folder for the story");
        let region = Region::new(folder.path().to_owned(), &NODES, service);
        let mut stage = Stage { region, verifier: Verifier::new(1), folder, apps: Vec::new() };
        let set = stage.key_set(1);
        stage.region.call("310000", "keeper", None, Command::PublishKeySet(set)).reply();
        for (network, map, pack) in super::published::published() {
            let mut map: serde_json::Value = serde_json::from_str(&json_text(map).expect("TOML")).expect("JSON");
            map["parameters"]["final_wait_min"] = 0.into();
            change(network, &mut map);
            let node = node_of(network);
            stage.region.call(&node, METRO, None, Command::PublishMap { text: map.to_string() }).reply();
            let text = json_text(pack).expect("TOML");
            stage.region.call(&node, METRO, None, Command::PublishPack { text }).reply();
        }
        stage.region.carry_all();
        stage
    }

    pub fn key_set(&self, version: u32) -> KeySetText {
        let issuer = |city: &&str| IssuerText {
            issuer: hex::encode(issuer_of(city)),
            city: division(city),
            name_zh: format!("{city}公司"),
            account_types: vec![0, 1, 2],
            same_issuer: true,
        };
        KeySetText {
            version,
            not_before: Instant(self.region.now.0 - 86_400_000),
            not_after: Instant(self.region.now.0 + 365 * 86_400_000),
            roots: vec![hex::encode(make::root(RootFields { ca_index: 0xf1, expiry: [0x12, 0x99] }, &key("root")))],
            issuers: CITIES.iter().map(issuer).collect(),
            revocations: Vec::new(),
            platforms: Vec::new(),
            uic_keys: Vec::new(),
        }
    }

    pub fn now(&self) -> Instant {
        self.region.now
    }

    /// A moment of the story's morning: minutes after its beginning (09:00), whatever the clock says now.
    pub fn at(&self, minutes: i64) -> Instant {
        Instant::start_of(division_day()) + DurationMs::minutes(9 * 60 + minutes)
    }

    pub fn register(&mut self, gate: &Gate) {
        let wish = GateWish {
            gate: gate.name.clone(),
            network: division(gate.network),
            station: gate.station,
            line: gate.line,
            key: hex::encode(gate.key.key().compressed()),
            active: true,
        };
        let command = Command::RegisterGates { gates: vec![wish] };
        self.region.call(&node_of(gate.network), METRO, None, command).reply();
    }

    pub fn gate(&mut self, name: &str, network: &'static str, station: u32, line: u32) -> Gate {
        let gate = Gate::new(name, network, station, line);
        self.register(&gate);
        gate
    }

    /// Opens a phone's account with money on it; its app has an authorisation from now on, while its home gives one.
    pub fn account(&mut self, phone: &Phone, balance: i64) {
        self.open(phone, balance);
        let wish = AuthoriseWish {
            account: phone.account,
            user_key: phone.key.key().compressed(),
            ticket: phone.ticket,
            platform: [0, 0, 0, 1],
            expiry: None,
            validity_s: 30,
        };
        self.apps.push((node_of(phone.city), wish, self.now()));
        self.refresh();
    }

    fn refresh(&mut self) {
        let now = self.now();
        for (node, wish, ends) in &mut self.apps {
            if *ends > now + DurationMs::days(1) {
                continue;
            }
            wish.expiry = Some(now + AUTHORISED);
            if let Called::Replied(_) = self.region.call(node, HOME, None, Command::Authorise(wish.clone())) {
                *ends = now + AUTHORISED;
            }
        }
    }

    /// Opens a phone's account with money on it, and no more.
    pub fn open(&mut self, phone: &Phone, balance: i64) {
        let node = node_of(phone.city);
        self.region.call(&node, HOME, None, Command::OpenAccount(account_wish(phone))).reply();
        if balance > 0 {
            let pay = Command::Pay { account: phone.account, amount: Fen(balance), reference: "top-up-1".to_owned() };
            self.region.call(&node, HOME, None, pay).reply();
        }
    }

    /// Uploads all records of a gate.
    pub fn upload(&mut self, gate: &Gate) -> TakenReply {
        self.upload_part(gate, 1, gate.records.len() as u64)
    }

    pub fn upload_part(&mut self, gate: &Gate, first: u64, last: u64) -> TakenReply {
        match self.try_batch(gate.network, gate.batch(first, last)) {
            Ok(Reply::Taken(taken)) => taken,
            Ok(other) => panic!("a batch was sent: {other:?}"),
            Err(code) => panic!("refused with {code}"),
        }
    }

    /// The reply, or the code of the refusal.
    pub fn try_batch(&mut self, network: &str, batch: GateBatch) -> Result<Reply, String> {
        let node = node_of(network);
        let checked = verify::check(&transit(), &self.verifier, self.region.view(&node), METRO, &batch);
        let checked = match checked {
            Ok(checked) => checked,
            Err(Stop::Refused(refusal)) => return Err(refusal.code),
            Err(Stop::Failed(error)) => panic!("storage works in a story: {error}"),
        };
        match self.region.call(&node, METRO, None, Command::TakeTaps(Box::new(checked))) {
            Called::Replied(reply) => Ok(reply),
            Called::Refused(refusal) => Err(refusal.code),
            Called::Waiting(_) => panic!("a batch waits for nobody"),
        }
    }

    /// Lets time pass and everything that is due happen, messages and answers included.
    pub fn pass(&mut self, minutes: i64) {
        self.region.pass(DurationMs::minutes(minutes));
        for _ in 0..20 {
            self.region.carry_all();
            self.region.pass(DurationMs(0));
        }
        self.refresh();
    }

    /// All trips of a rider at a network, oldest first.
    pub fn trips(&self, network: &str, phone: &Phone) -> Vec<TripRow> {
        let all = (Instant(0), Instant(i64::MAX));
        let view = self.region.view(&node_of(network));
        trips::of_rider(view, division(network), &phone.rider(), all.0, all.1, 100).expect("readable")
    }

    /// Sentences for the duty officer of a node, oldest first.
    pub fn alarms(&self, node: &str) -> Vec<String> {
        let view = self.region.view(node);
        view.all("SELECT sentence FROM alarm ORDER BY sequence, ordinal", [], |row| row.get(0)).expect("readable")
    }

    /// Somebody changes the views of a node behind its back.
    pub fn tamper(&self, node: &str, sql: &str) {
        let path = self.folder.path().join(format!("{node}.db"));
        let writer = huitong_store::journal::Connection::open(path).expect("the file of a node");
        assert!(writer.execute(sql, []).expect("SQL") > 0, "nothing was changed by {sql}");
    }

    /// What somebody sees of a node whose file was changed behind its back; the change is taken back.
    pub fn tampered<T>(
        &self,
        node: &str,
        tamper: impl FnOnce(&huitong_store::journal::Connection),
        look: impl FnOnce(View<'_>) -> T,
    ) -> T {
        let path = self.folder.path().join(format!("{node}.db"));
        let file = huitong_store::journal::Connection::open(path).expect("the file of a node");
        file.execute_batch("BEGIN").expect("a transaction");
        tamper(&file);
        let seen = look(View::new(&file));
        file.execute_batch("ROLLBACK").expect("it is taken back");
        seen
    }

    /// Ledger balances below a class of accounts.
    pub fn balances(&self, node: &str, prefix: &str) -> BTreeMap<String, Fen> {
        huitong_ledger::report::balances_below(self.region.view(node), prefix).expect("readable")
    }

    /// The books hold, and the audit finds nothing.
    pub fn check(&self) {
        self.check_books();
        super::invariants::check_invariants(self);
    }

    /// Books add up, views equal replay, what one city says another owes is what that one says it owes (J5), and clearing was told.
    pub fn check_books(&self) {
        for node in NODES {
            assert!(huitong_ledger::report::adds_up(self.region.view(node)).expect("readable"), "the book of {node}");
        }
        let differences = self.region.replay_differences();
        assert!(differences.is_empty(), "views differ from replay: {differences:?}");
        let (mut due, mut owed) = (Gross::new(), Gross::new());
        for node in NODES {
            pairs::add(self.region.view(node), Side::Receivable, &mut due).expect("readable");
            pairs::add(self.region.view(node), Side::Payable, &mut owed).expect("readable");
        }
        assert_eq!(due, owed, "J5: receivables equal payables");
        self.check_told();
    }
}

/// The account of a phone as stories open it.
pub fn account_wish(phone: &Phone) -> AccountWish {
    AccountWish {
        account: phone.account,
        city: division(phone.city),
        account_type: 1,
        trip_limit_fen: Fen(2_000),
        day_limit_fen: Fen(20_000),
        unpaid_limit_fen: Fen(5_000),
        networks: CITIES.iter().map(|city| division(city)).collect(),
    }
}

fn division_day() -> huitong_kernel::time::Date {
    "2026-11-24".parse().expect("a date")
}

/// A digest of the story, for ids that must be 32 bytes.
pub fn digest(text: &str) -> Digest {
    huitong_kernel::hash::HashFunction::Sha256.hash(&[text.as_bytes()])
}
