//! The home operator's desk and the riders' apps: what stories of the home side ask of a node.

use base64::Engine as _;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::money::Fen;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::harness::Called;
use huitong_service_kit::{Envelope, Service};
use huitong_transit::Transit;
use huitong_transit::command::{AuthoriseWish, Command, GrantWish, Reply};
use huitong_transit::model::deny::DenyEntry;
use huitong_transit::model::message::Message;
use huitong_transit::model::rider::AccountToken;
use huitong_transit::model::tap::Direction::{In, Out};
use huitong_transit::query::accounts::{self, Account, Debt};
use huitong_transit::query::home_trips::{self, HomeAdjust, HomeTrip};
use huitong_transit::query::{dated, deny, trips::TripRow};
use huitong_transit_code::make::Sign;

use super::stage::{Gate, HOME, Note, Phone, Stage, division, key, node_of};

const RIDE: DurationMs = DurationMs::minutes(40);
/// A little more than taps at one station belong together.
const AGAIN: DurationMs = DurationMs::minutes(3);

/// An entry at People's Square and an exit at Hongqiao.
pub struct Shanghai {
    pub entry: Gate,
    pub exit: Gate,
}

impl Shanghai {
    pub fn new(stage: &mut Stage) -> Shanghai {
        let entry = stage.gate("SH-PEOPLE-1", "310100", 207, 2);
        let exit = stage.gate("SH-HONGQIAO-1", "310100", 201, 2);
        Shanghai { entry, exit }
    }

    /// A ride of 5 yuan that ends now, uploaded and charged at once.
    pub fn ride(&mut self, stage: &mut Stage, phone: &Phone) -> TripRow {
        self.ride_with(stage, phone, Note::default())
    }

    pub fn ride_with(&mut self, stage: &mut Stage, phone: &Phone, note: Note) -> TripRow {
        let last = stage.trips("310100", phone).pop().map(|trip| trip.began);
        if last.is_some_and(|last| stage.now() - last <= DurationMs(RIDE.0 + AGAIN.0)) {
            // Sooner at the same gates it would be the same ride: a rider who came back to the gate.
            stage.pass(AGAIN.0 / 60_000);
        }
        let (began, ended) = (Instant(stage.now().0 - RIDE.0), stage.now());
        let first = self.entry.note(&phone.code(began), In, began, note);
        let last = self.exit.note(&phone.code(ended), Out, ended, note);
        stage.upload_part(&self.entry, first, first);
        stage.upload_part(&self.exit, last, last);
        stage.pass(1);
        stage.trips("310100", phone).pop().expect("a trip")
    }

    /// Only the entry, now; it is final when the limits have passed.
    pub fn enter(&mut self, stage: &mut Stage, phone: &Phone) {
        let number = self.entry.tap(phone, In, stage.now());
        stage.upload_part(&self.entry, number, number);
    }
}

impl Stage {
    /// A map as it was published.
    pub fn map_text(&self, network: &str, version: u32) -> String {
        let view = self.region.view(&node_of(network));
        dated::map_text(view, division(network), version).expect("readable").expect("published")
    }

    /// A pack as it was published.
    pub fn pack_text(&self, network: &str, pack: &str, version: u32) -> String {
        let view = self.region.view(&node_of(network));
        let packs = dated::packs_of(view, division(network)).expect("readable");
        let found = packs.iter().find(|known| known.pack == pack && known.version == version);
        serde_json::to_string(found.expect("published")).expect("JSON")
    }

    pub fn home(&mut self, city: &str, command: Command) -> Called<Reply> {
        self.region.call(&node_of(city), HOME, None, command)
    }

    pub fn pay(&mut self, phone: &Phone, amount: i64, reference: &str) -> Called<Reply> {
        let (account, reference) = (phone.account, reference.to_owned());
        self.home(phone.city, Command::Pay { account, amount: Fen(amount), reference })
    }

    pub fn account_of(&self, phone: &Phone) -> Account {
        accounts::account(self.region.view(&node_of(phone.city)), &phone.account)
            .expect("readable")
            .expect("an account")
    }

    pub fn debts_of(&self, phone: &Phone) -> Vec<Debt> {
        accounts::debts(self.region.view(&node_of(phone.city)), &phone.account).expect("readable")
    }

    pub fn home_trip(&self, phone: &Phone, trip: &TripRow) -> HomeTrip {
        home_trips::trip(self.region.view(&node_of(phone.city)), trip.trip).expect("readable").expect("a trip at home")
    }

    pub fn home_adjusts(&self, phone: &Phone, trip: &TripRow) -> Vec<HomeAdjust> {
        home_trips::adjusts_of(self.region.view(&node_of(phone.city)), trip.trip).expect("readable")
    }

    /// Why an account is denied at its home.
    pub fn causes(&self, phone: &Phone) -> Vec<String> {
        let entry = DenyEntry::account(&phone.account);
        let causes = deny::causes(self.region.view(&node_of(phone.city)), &entry).expect("readable");
        causes.into_iter().map(|(cause, _)| cause).collect()
    }

    /// Whether the list of `home`, as `node` knows it, denies the account now.
    pub fn is_denied(&self, node: &str, home: &str, account: &AccountToken) -> bool {
        let since = deny::denied_since(self.region.view(node), division(home), account, self.now());
        since.expect("readable").is_some()
    }

    pub fn deny(&mut self, phone: &Phone, cause: &str) -> Called<Reply> {
        let (entry, cause) = (DenyEntry::account(&phone.account), cause.to_owned());
        self.home(phone.city, Command::Deny { entry, cause })
    }

    pub fn lift(&mut self, phone: &Phone, cause: &str) -> Called<Reply> {
        let (entry, cause) = (DenyEntry::account(&phone.account), cause.to_owned());
        self.home(phone.city, Command::Lift { entry, cause })
    }

    /// A message that a node's feed brings although the node's service never decided it: somebody has taken the node over.
    pub fn forge(&mut self, from: &str, to: &str, message: Message) {
        let address = |code: &str| Address::new(division(code), Transit::NAME);
        let feed = Feed::new(address(from), address(to));
        let held = huitong_store::feeds::next_number(self.region.view(to), &feed).expect("readable");
        let id = uuid::Uuid::from_u128(7);
        let envelope = Envelope { id, cycle: id, episode: id, at: self.now(), message };
        self.region.deliver(&feed, held, vec![serde_json::to_vec(&envelope).expect("JSON")]);
    }

    /// What `from` has for `to` is lost on its way: noise comes under its numbers.
    pub fn lose(&mut self, from: &str, to: &str) {
        let address = |code: &str| Address::new(division(code), Transit::NAME);
        let feed = Feed::new(address(from), address(to));
        let next = |node: &str| huitong_store::feeds::next_number(self.region.view(node), &feed).expect("readable");
        let (held, sent) = (next(to), next(from));
        self.region.deliver(&feed, held, (held..sent).map(|_| b"noise".to_vec()).collect());
    }

    /// How many messages a node has sent to another.
    pub fn sent(&self, from: &str, to: &str) -> u64 {
        let address = |code: &str| Address::new(division(code), Transit::NAME);
        let feed = Feed::new(address(from), address(to));
        huitong_store::feeds::next_number(self.region.view(from), &feed).expect("readable") - 1
    }

    /// Codes of the messages that a node refused.
    pub fn unread(&self, node: &str) -> Vec<String> {
        let view = self.region.view(node);
        view.all("SELECT code FROM unread_message ORDER BY sequence", [], |row| row.get(0)).expect("readable")
    }

    pub fn authorise(&mut self, phone: &Phone, name: &str) -> Called<Reply> {
        let wish = authorise_wish(phone, name);
        self.home(phone.city, Command::Authorise(wish))
    }

    pub fn pull(&mut self, phone: &Phone, network: &str, name: &str) -> Called<Reply> {
        let wish = GrantWish {
            account: phone.account,
            network: division(network),
            user_key: key(name).key().compressed(),
            expiry: None,
        };
        self.region.ask(&node_of(phone.city), HOME, None, Command::AskGrant(wish))
    }
}

pub fn authorise_wish(phone: &Phone, name: &str) -> AuthoriseWish {
    AuthoriseWish {
        account: phone.account,
        user_key: key(name).key().compressed(),
        ticket: [0, 0, 0, 0, 0, 0, 0, 1],
        platform: [0, 0, 0, 1],
        expiry: None,
        validity_s: 30,
    }
}

/// A phone that shows what it was given: fields 5 and 6 name the account.
pub fn phone_of(city: &'static str, name: &str, authorisation: &str) -> Phone {
    let bytes = base64::engine::general_purpose::STANDARD.decode(authorisation).expect("base64");
    let mut account = [0; 14];
    account[..4].copy_from_slice(&bytes[146..150]);
    account[4..].copy_from_slice(&bytes[136..146]);
    Phone::of_authorisation(city, AccountToken(account), key(name), bytes)
}
