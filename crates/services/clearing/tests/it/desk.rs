//! A region of clearings, with services that send documents through lanes as medical and transit do.

use std::collections::BTreeMap;

use huitong_clearing::Clearing;
use huitong_clearing::command::{Command, Reply};
use huitong_clearing::model::message::Message;
use huitong_clearing::model::payment::{BankAccount, BankEntry, PaymentFile};
use huitong_clearing::model::statement::State;
use huitong_clearing::query::statements::StatementRow;
use huitong_clearing::query::{batches, payments, statements};
use huitong_kernel::clearing::{ClearingRule, Confirmation, Payment, Period, PeriodKind};
use huitong_kernel::division::Division;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::money::Fen;
use huitong_kernel::time::{Date, DurationMs};
use huitong_ledger::clearing::{Document, Documents, GiveBack, GivenBack, Marker};
use huitong_service_kit::harness::{Called, Region};
use huitong_service_kit::{Envelope, Service};
use huitong_store::feeds;
use tempfile::TempDir;
use uuid::Uuid;

pub const NODES: [&str; 3] = ["310000", "320000", "330000"];
pub const SH: &str = "310000";
pub const JS: &str = "320000";
pub const ZJ: &str = "330000";

pub fn code(text: &str) -> Division {
    text.parse().expect("a code")
}

pub fn rule(service: &str, period: PeriodKind, payment: Payment, confirmation: Confirmation) -> ClearingRule {
    ClearingRule {
        service: service.to_owned(),
        valid_from: Date::constant(2025, 1, 1),
        period,
        payment,
        confirmation,
        cut_minutes: 0,
        statement_days: 1,
        confirm_days: 2,
        payment_days: 3,
        contest_days: 22,
        answer_days: 11,
        tribunal_days: 65,
        agent: None,
        source: "story".to_owned(),
    }
}

/// A message of a lane, as the services at both ends tell it.
#[derive(Clone)]
pub enum Told {
    Documents(Vec<Document>),
    Marker(Period),
}

#[derive(Default)]
struct Lane {
    messages: Vec<Told>,
    /// How many of them the receiver has taken.
    taken: usize,
}

pub struct Desk {
    pub region: Region<Clearing>,
    lanes: BTreeMap<(String, String, String), Lane>,
    /// Messages told to each node's clearing by each service.
    told: BTreeMap<(String, String), u64>,
    /// Messages of clearing that each service has read.
    read: BTreeMap<(String, String), u64>,
    /// Nodes that are down.
    pub down: Vec<&'static str>,
    /// What services were told of payments: by node and service.
    pub cleared: Vec<(String, String, huitong_ledger::clearing::Cleared)>,
    /// Documents that a service gave back by itself, as contras.
    pub given_back: Vec<GiveBack>,
    /// A service that cannot give back answers with this code.
    pub refuses: Option<String>,
    serial: u64,
    /// Removed with the desk.
    _folder: TempDir,
}

impl Desk {
    pub fn new(rules: Vec<ClearingRule>) -> Desk {
        // A story loses no power: where there is memory to write to, it need not wait for a disk.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| TempDir::new()).expect("a folder");
        let mut region = Region::new(folder.path().to_owned(), &NODES, || Clearing);
        region.set_clearing_rules(rules);
        Desk {
            region,
            lanes: BTreeMap::new(),
            told: BTreeMap::new(),
            read: BTreeMap::new(),
            down: Vec::new(),
            cleared: Vec::new(),
            given_back: Vec::new(),
            refuses: None,
            serial: 0,
            _folder: folder,
        }
    }

    /// Daily, all together, confirmed at once, as transit is by default.
    pub fn daily() -> Desk {
        Desk::new(vec![rule("transit", PeriodKind::Day, Payment::Multilateral, Confirmation::Automatic)])
    }

    /// Monthly and gross, confirmed by clerks, as medical is by national rule.
    pub fn monthly() -> Desk {
        Desk::new(vec![rule("medical", PeriodKind::Month, Payment::Gross, Confirmation::Clerk)])
    }

    pub fn today(&self) -> Date {
        self.region.now.business_date()
    }

    /// A document by which `debtor` owes `creditor`, final by a message from the debtor's node.
    pub fn owe(&mut self, service: &str, debtor: &str, creditor: &str, fen: i64) -> Digest {
        let document = self.document(debtor, creditor, fen);
        let id = document.id;
        self.send(service, debtor, creditor, vec![document]);
        id
    }

    pub fn document(&mut self, debtor: &str, creditor: &str, fen: i64) -> Document {
        self.serial += 1;
        Document {
            id: HashFunction::Sha256.hash(&[&self.serial.to_be_bytes()]),
            number: format!("D{}", self.serial),
            creditor: code(creditor),
            debtor: code(debtor),
            day: self.today(),
            amount_fen: Fen(fen),
            kind: "settlement".to_owned(),
            of: None,
            parts: Vec::new(),
        }
    }

    /// Sends documents through a lane: its sender tells its clearing at once, its receiver when they come.
    pub fn send(&mut self, service: &str, from: &str, to: &str, documents: Vec<Document>) {
        self.push(service, from, to, Told::Documents(documents));
    }

    fn push(&mut self, service: &str, from: &str, to: &str, told: Told) {
        let lane = self.lanes.entry((service.to_owned(), from.to_owned(), to.to_owned())).or_default();
        lane.messages.push(told.clone());
        let number = lane.messages.len() as u64;
        self.tell(service, from, message(from, to, number, told));
    }

    /// A service tells the clearing of its node.
    pub fn tell(&mut self, service: &str, node: &str, message: Message) {
        let feed = Feed::new(Address::new(code(node), service), Address::new(code(node), Clearing::NAME));
        let number = self.told.entry((service.to_owned(), node.to_owned())).or_default();
        *number += 1;
        let envelope =
            Envelope { id: Uuid::nil(), cycle: Uuid::nil(), episode: Uuid::nil(), at: self.region.now, message };
        let bytes = serde_json::to_vec(&envelope).expect("JSON");
        self.region.deliver(&feed, *number, vec![bytes]);
    }

    fn up(&self) -> Vec<&'static str> {
        NODES.into_iter().filter(|node| !self.down.contains(node)).collect()
    }

    /// One step of everything that moves: lanes, services, exchange; how much moved.
    pub fn step(&mut self) -> usize {
        let up = self.up();
        let mut moved = 0;
        let keys: Vec<_> = self.lanes.keys().cloned().collect();
        for key in keys {
            let (service, from, to) = key.clone();
            if !up.contains(&from.as_str()) || !up.contains(&to.as_str()) {
                continue;
            }
            let lane = &self.lanes[&key];
            let fresh: Vec<(u64, Told)> =
                (lane.taken..lane.messages.len()).map(|at| (at as u64 + 1, lane.messages[at].clone())).collect();
            moved += fresh.len();
            for (number, told) in fresh {
                self.tell(&service, &to, message(&from, &to, number, told));
            }
            let lane = self.lanes.get_mut(&key).expect("known");
            lane.taken = lane.messages.len();
        }
        for node in up.clone() {
            for service in ["medical", "transit"] {
                moved += self.serve(node, service);
            }
            for other in up.iter().filter(|other| **other != node) {
                moved += self.region.carry(node, other);
            }
        }
        moved
    }

    /// Until nothing moves.
    pub fn quiet(&mut self) {
        while self.step() > 0 {}
    }

    /// A service reads what its clearing tells it.
    fn serve(&mut self, node: &str, service: &str) -> usize {
        let feed = Feed::new(Address::new(code(node), Clearing::NAME), Address::new(code(node), service));
        let key = (node.to_owned(), service.to_owned());
        let mut count = 0;
        loop {
            let number = self.read.get(&key).copied().unwrap_or(0) + 1;
            let Some(bytes) = feeds::message(self.region.view(node), &feed, number).expect("readable") else { break };
            self.read.insert(key.clone(), number);
            count += 1;
            let envelope: Envelope<Message> = serde_json::from_slice(&bytes).expect("a message");
            match envelope.message {
                Message::Cut(cut) => {
                    for other in NODES.into_iter().filter(|other| *other != node) {
                        self.push(service, node, other, Told::Marker(cut.period));
                    }
                }
                Message::GiveBack(wish) => self.give_back(node, service, wish),
                Message::Cleared(cleared) => self.cleared.push((node.to_owned(), service.to_owned(), cleared)),
                other => panic!("clearing told {service}: {other:?}"),
            }
        }
        count
    }

    /// The creditor's service issues a contra in the lane from the debtor, as medical does.
    fn give_back(&mut self, node: &str, service: &str, wish: GiveBack) {
        self.given_back.push(wish.clone());
        let refused = self.refuses.clone();
        if refused.is_none() {
            let view = self.region.view(node);
            let item = huitong_clearing::query::items::of_id(view, wish.document).expect("readable").expect("known");
            let mut contra =
                self.document(item.debtor.as_str(), item.creditor.as_str(), (wish.amount_fen - item.amount_fen).0);
            contra.of = Some(wish.document);
            contra.kind = "contra".to_owned();
            self.send(service, item.sender.as_str(), item.receiver.as_str(), vec![contra]);
        }
        self.tell(service, node, Message::GivenBack(GivenBack { contest: wish.contest, refused }));
    }

    /// Moves the clock by days, an hour at a time around midnight, and lets everything come to rest.
    pub fn pass_days(&mut self, days: i64) {
        for _ in 0..days {
            self.region.pass(DurationMs::days(1));
            self.quiet();
        }
    }

    pub fn call(&mut self, at: &str, command: Command) -> Called<Reply> {
        self.region.call(at, "clearing-clerk", None, command)
    }

    pub fn statement(&self, at: &str, service: &str, period: &str, peer: &str) -> StatementRow {
        let period = period.parse().expect("a period");
        let row = statements::statement(self.region.view(at), service, period, code(peer)).expect("readable");
        row.unwrap_or_else(|| panic!("{at} has no statement of {period} with {peer}"))
    }

    pub fn state(&self, at: &str, service: &str, period: &str, peer: &str) -> State {
        self.statement(at, service, period, peer).state
    }

    pub fn batch(&self, at: &str, service: &str, period: &str, scope: &str) -> Option<batches::BatchRow> {
        batches::latest(self.region.view(at), service, period.parse().expect("a period"), scope).expect("readable")
    }

    pub fn close(&mut self, at: &str, service: &str, period: &str) -> Called<Reply> {
        let command =
            Command::Close { service: service.to_owned(), period: period.parse().expect("a period"), early: true };
        self.call(at, command)
    }

    pub fn confirm(&mut self, at: &str, service: &str, period: &str, peer: &str) -> Called<Reply> {
        let (service, period) = (service.to_owned(), period.parse().expect("a period"));
        self.call(at, Command::Confirm { service, period, peer: code(peer) })
    }

    /// Every node confirms everything that is matched.
    pub fn confirm_all(&mut self, service: &str, period: &str) {
        for at in NODES {
            for peer in NODES.into_iter().filter(|peer| *peer != at) {
                if self.statement(at, service, period, peer).own_confirmation.is_none() {
                    self.confirm(at, service, period, peer).reply();
                }
            }
        }
        self.quiet();
    }

    pub fn open_accounts(&mut self) {
        for (number, node) in NODES.into_iter().enumerate() {
            let account = BankAccount {
                division: code(node),
                name: format!("Clearing centre {node}"),
                account: format!("621000{number}"),
                bank: format!("10{node}0001"),
            };
            self.call(node, Command::SetBankAccount(account)).reply();
        }
        self.quiet();
    }

    /// Every node has its file made and its bank pay all of it; the banks report to both sides.
    pub fn pay_everything(&mut self) {
        for node in NODES {
            let Some(file) = self.export(node) else { continue };
            let day = self.today();
            for paid in &file.payments {
                self.report(
                    node,
                    vec![entry(&format!("out-{}", paid.end_to_end), false, paid.amount_fen.0, &paid.end_to_end, day)],
                );
                let credit = entry(&format!("in-{}", paid.end_to_end), true, paid.amount_fen.0, &paid.end_to_end, day);
                self.report(paid.creditor.division.as_str(), vec![credit]);
            }
        }
        self.quiet();
    }

    pub fn export(&mut self, node: &str) -> Option<PaymentFile> {
        match self.call(node, Command::ExportPayments).reply() {
            Reply::Exported { file } => file,
            other => panic!("{other:?}"),
        }
    }

    pub fn report(&mut self, node: &str, entries: Vec<BankEntry>) -> Vec<huitong_clearing::command::TakenEntry> {
        self.serial += 1;
        let report = format!("report-{}", self.serial);
        match self.call(node, Command::TakeBankReport { report, entries }).reply() {
            Reply::BankReport { entries } => entries,
            other => panic!("{other:?}"),
        }
    }

    /// What a node owes (negative) or is owed in its book's account.
    pub fn balance(&self, at: &str, account: &[&str]) -> i64 {
        let account = huitong_ledger::AccountCode::new(account);
        let balance = huitong_ledger::book::balance(self.region.view(at), &account).expect("readable");
        (balance.debits_posted - balance.credits_posted).0
    }

    /// What must hold at any time: books balance, views equal replay, nothing was refused.
    pub fn check(&self) {
        assert_eq!(self.region.replay_differences(), vec![]);
        for node in NODES {
            assert!(huitong_ledger::report::adds_up(self.region.view(node)).expect("readable"), "{node}'s book");
            let sql = "SELECT feed || ' ' || number || ' ' || code FROM unread_message LIMIT 10";
            let unread: Vec<String> = self.region.view(node).all(sql, [], |row| row.get(0)).expect("readable");
            assert_eq!(unread, Vec::<String>::new(), "{node} refused what a peer or a service sent");
        }
    }

    /// Sentences for the duty officer at a node, oldest first.
    pub fn alarms(&self, at: &str) -> Vec<String> {
        let sql = "SELECT sentence FROM alarm ORDER BY sequence, ordinal LIMIT 1000";
        self.region.view(at).all(sql, [], |row| row.get(0)).expect("readable")
    }

    /// Lets days pass at the nodes that are up.
    pub fn pass_up(&mut self, days: i64) {
        for _ in 0..days {
            self.region.now = self.region.now + DurationMs::days(1);
            for node in self.up() {
                self.region.tick(node);
            }
            self.quiet();
        }
    }

    /// A message of clearing that a node would not send by itself.
    pub fn forge(&mut self, from: &str, to: &str, message: Message) {
        let address = |node: &str| Address::new(code(node), Clearing::NAME);
        let feed = Feed::new(address(from), address(to));
        let number = feeds::next_number(self.region.view(to), &feed).expect("readable");
        let (id, at) = (Uuid::nil(), self.region.now);
        let envelope = Envelope { id, cycle: id, episode: id, at, message };
        self.region.deliver(&feed, number, vec![serde_json::to_vec(&envelope).expect("JSON")]);
    }

    /// The next message of a lane is behind so many that were told by hand.
    pub fn lane_is_at(&mut self, service: &str, from: &str, to: &str, number: u64) {
        let lane = self.lanes.entry((service.to_owned(), from.to_owned(), to.to_owned())).or_default();
        lane.messages = vec![Told::Documents(Vec::new()); usize::try_from(number).expect("small")];
        lane.taken = lane.messages.len();
    }

    /// What all documents say that one owes another, as the creditor holds them.
    pub fn owed(&self, debtor: &str, creditor: &str) -> i64 {
        let sql = "SELECT COALESCE(SUM(amount_fen), 0) FROM item WHERE debtor = ?1 AND creditor = ?2";
        let sum = self.region.view(creditor).one(sql, [debtor, creditor], |row| row.get(0)).expect("readable");
        sum.expect("a sum")
    }

    /// The end-to-end reference of a payment in the next file.
    pub fn export_only(&mut self, at: &str, payment: &str) -> String {
        let file = self.export(at).expect("something to pay");
        let paid = file.payments.into_iter().find(|paid| paid.payment == payment);
        paid.expect("it is in the file").end_to_end
    }

    pub fn payments_of(&self, at: &str, payment: &str) -> payments::PaymentRow {
        payments::payment(self.region.view(at), payment).expect("readable").expect("known")
    }

    pub fn payments(&self, at: &str) -> Vec<payments::PaymentRow> {
        payments::list(self.region.view(at), "", 1_000).expect("readable")
    }
}

pub fn message(from: &str, to: &str, number: u64, told: Told) -> Message {
    let (from, to) = (code(from), code(to));
    match told {
        Told::Documents(documents) => Message::Documents(Documents { from, to, number, documents }),
        Told::Marker(period) => Message::Marker(Marker { from, to, period, number }),
    }
}

pub fn entry(reference: &str, is_credit: bool, fen: i64, end_to_end: &str, day: Date) -> BankEntry {
    BankEntry {
        reference: reference.to_owned(),
        is_credit,
        amount_fen: Fen(fen),
        booked_on: day,
        end_to_end: end_to_end.to_owned(),
        is_booked: true,
        is_return: false,
        text: String::new(),
    }
}
