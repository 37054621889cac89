//! The stage of the stories: Shanghai and Zhejiang with a hospital, a person, packs and catalogues.

use huitong_kernel::decimal::Quantity;
use huitong_kernel::division::Division;
use huitong_kernel::feed::{Address, Feed};
use huitong_kernel::money::Fen;
use huitong_medical::Medical;
use huitong_medical::command::{BillWish, Command, Reply, SettledReply, VisitWish};
use huitong_medical::model::filing::{FilingKind, FilingWish};
use huitong_medical::model::lines::{Approval, Line};
use huitong_medical::model::message::{Certificate, Message};
use huitong_medical::model::person::{CareType, HospitalLevel, Scheme};
use huitong_medical::model::published::{InstitutionPublished, InsuredPublished};
use huitong_medical::query::settlements::Role;
use huitong_medical::query::totals::{PairTotals, pairs};
use huitong_service_kit::Envelope;
use huitong_service_kit::harness::{Called, Region};
use huitong_service_kit::toml_data::json_text;

use super::calculation::{employee, fen};

pub const HOSPITAL: &str = "H31010100001";
pub const PERSON: &str = "P33010000000001";
pub const CARD: &str = "330102198503011234";

pub struct Country {
    pub region: Region<Medical>,
    published: u64,
    /// Where the files of the nodes are.
    pub folder: tempfile::TempDir,
}

pub fn certificate() -> Certificate {
    Certificate { kind: "02".to_owned(), number: CARD.to_owned() }
}

pub fn division(code: &str) -> Division {
    code.parse().expect("a code of the story")
}

pub fn line(number: &str, code: &str, quantity: &str, price: &str, amount: &str) -> Line {
    Line {
        number: number.to_owned(),
        day: "2026-11-24".parse().expect("a date"),
        code: Some(code.to_owned()),
        local_code: None,
        quantity: quantity.parse::<Quantity>().expect("a quantity"),
        price: price.parse().expect("a price"),
        amount: fen(amount),
        approval: Approval::NotStated,
        original: None,
    }
}

/// Consultation 20.00 (甲), CT 200.00 (乙), vitamins 29.00 (丙).
pub fn lines() -> Vec<Line> {
    vec![
        line("1", "F002431", "1", "20.00", "20.00"),
        line("2", "F003331", "1", "200.00", "200.00"),
        line("3", "X001631", "1", "29.00", "29.00"),
    ]
}

pub fn visit() -> VisitWish {
    VisitWish {
        home_area: division("330100"),
        certificate: certificate(),
        scheme: Scheme::Employee,
        care_type: CareType::Outpatient,
        began_on: None,
        emergency: false,
        disease: None,
        details: None,
    }
}

pub fn bill(message_id: &str) -> BillWish {
    BillWish {
        message_id: message_id.to_owned(),
        visit: visit(),
        batch: "1".to_owned(),
        account_wanted: false,
        total: fen("249.00"),
        lines: lines(),
    }
}

impl Country {
    /// Everything known and published; the person has filed long stay in Shanghai.
    pub fn new() -> Country {
        let mut country = Country::unfiled();
        country.file(FilingKind::LongStay);
        country
    }

    pub fn unfiled() -> Country {
        Country::with_pack(include_str!("../../../../../regions/yangtze/policies/330100-employee-2025.toml"))
    }

    /// Nothing filed; Hangzhou's employees have this pack.
    pub fn with_pack(pack: &str) -> Country {
        // A story loses no power: where there is memory to write to, it need not wait for a disk.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder for the story");
        let region = Region::new(folder.path().to_owned(), &["310000", "330000"], Medical::default);
        let mut country = Country { region, published: 0, folder };
        for node in ["310000", "330000"] {
            country.publish(node, "310000", institution(HOSPITAL));
        }
        country.publish("330000", "330000", Message::Insured(insured()));
        let catalogue = include_str!("../../../../../regions/yangtze/catalogues/310000-2026.toml");
        let text = json_text(pack).expect("TOML");
        country.region.call("330000", "office", None, Command::PublishPolicy { text }).reply();
        let text = json_text(catalogue).expect("TOML");
        country.region.call("310000", "office", None, Command::PublishCatalogue { text }).reply();
        country
    }

    /// What registry of `from` would publish to medical of `to`.
    pub fn publish(&mut self, to: &str, from: &str, message: Message) {
        let feed = Feed::new(Address::new(division(from), "registry"), Address::new(division(to), "medical"));
        let id = uuid::Uuid::from_u128(u128::from(self.published));
        let envelope = Envelope { id, cycle: id, episode: id, at: self.region.now, message };
        let number = huitong_store::feeds::next_number(self.region.view(to), &feed).expect("readable");
        self.published += 1;
        self.region.deliver(&feed, number, vec![serde_json::to_vec(&envelope).expect("plain data")]);
    }

    pub fn file(&mut self, kind: FilingKind) {
        self.try_file(kind).reply();
    }

    /// Since the beginning of the year.
    pub fn try_file(&mut self, kind: FilingKind) -> Called<Reply> {
        self.try_file_until(kind, None)
    }

    pub fn file_until(&mut self, kind: FilingKind, last: &str) {
        self.try_file_until(kind, Some(last)).reply();
    }

    fn try_file_until(&mut self, kind: FilingKind, last: Option<&str>) -> Called<Reply> {
        let wish = FilingWish {
            home_area: division("330100"),
            certificate: certificate(),
            kind,
            areas: vec![division("310000")],
            valid_from: "2026-01-01".parse().expect("a date"),
            valid_to: last.map(|day| day.parse().expect("a date")),
            referral: None,
        };
        self.region.call("330000", "pool", None, Command::File(wish))
    }

    pub fn settle(&mut self, message_id: &str) -> Called<Reply> {
        let command = Command::SettleBill(Box::new(bill(message_id)));
        self.region.ask("310000", HOSPITAL, Some(message_id), command)
    }

    pub fn settled(&mut self, message_id: &str) -> SettledReply {
        match self.settle(message_id).reply() {
            Reply::Settled(settled) => *settled,
            other => panic!("settled, not {other:?}"),
        }
    }

    fn pair(&self, node: &str, role: Role) -> PairTotals {
        pairs(self.region.view(node), role).expect("readable").into_iter().next().unwrap_or_default()
    }

    /// Both sides hold the same settlements and owe each other the same.
    #[track_caller]
    pub fn check_books(&self, settlements: u64, contras: u64) -> PairTotals {
        let (visited, home) = (self.pair("310000", Role::Visited), self.pair("330000", Role::Home));
        assert_eq!(visited, home, "both sides' books are equal");
        assert_eq!((visited.settlements, visited.contras), (settlements, contras));
        for node in ["310000", "330000"] {
            assert!(huitong_ledger::report::adds_up(self.region.view(node)).expect("readable"), "{node}");
        }
        assert_eq!(self.region.replay_differences(), [], "views equal replay");
        visited
    }
}

pub fn institution(code: &str) -> Message {
    Message::Institution(InstitutionPublished {
        code: code.to_owned(),
        name_zh: "测试医院".to_owned(),
        name_en: "Test Hospital".to_owned(),
        division: division("310101"),
        level: Some(HospitalLevel::Three),
        active: true,
        version: 1,
    })
}

pub fn insured() -> InsuredPublished {
    InsuredPublished {
        person: PERSON.to_owned(),
        pool: division("330100"),
        scheme: Scheme::Employee,
        certificate_type: "02".to_owned(),
        certificate_number: CARD.to_owned(),
        name: "测试甲".to_owned(),
        facts: employee(),
        suspended_from: None,
        version: 1,
    }
}

/// Owed by home after a story, over all funds and the account.
pub fn owed(totals: &PairTotals) -> Fen {
    totals.ledger_fen.values().copied().sum()
}
