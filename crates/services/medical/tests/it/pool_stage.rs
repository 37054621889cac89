//! Shanghai and Zhejiang, where Hangzhou's pool computes in a core system of its own; a story posts by hand what waits for it.

use huitong_kernel::division::Division;
use huitong_medical::command::{Command, Reply, SettledReply};
use huitong_medical::model::message::CallReference;
use huitong_medical::pool::answer::{Answer, Outcome, PoolRefusal};
use huitong_medical::pool::ask::{PoolComputing, SignedAnswer, Step};
use huitong_medical::pool::request::Original;
use huitong_medical::query::pools::{self, DuePost};
use huitong_medical::query::{calls, settlements};
use huitong_service_kit::harness::Called;
use huitong_service_kit::stream::alarms;
use huitong_service_kit::toml_data::json_text;

use super::country::{Country, HOSPITAL, bill, division};
use super::pool_core::{Core, Signed, Standing};
use super::stays::HANGZHOU;

pub const HOME: &str = "330000";
pub const VISITED: &str = "310000";

pub fn pool() -> Division {
    division("330100")
}

pub struct Delegated {
    pub country: Country,
    pub core: Core,
}

impl Delegated {
    pub fn new() -> Delegated {
        Delegated::of(Country::new())
    }

    pub fn of(country: Country) -> Delegated {
        let core = Core::new(&json_text(HANGZHOU).expect("TOML"));
        let mut delegated = Delegated { country, core };
        delegated.set(true);
        delegated
    }

    pub fn set(&mut self, delegated: bool) {
        let public_key = self.core.public_key().parse().expect("a key");
        let set = PoolComputing { pool: pool(), delegated, public_key, has_endpoint: true };
        self.country.region.call(HOME, "node", None, Command::SetPoolComputing(set)).reply();
    }

    /// The operator has removed the pool's line.
    pub fn remove_line(&mut self) {
        let public_key = self.core.public_key().parse().expect("a key");
        let set = PoolComputing { pool: pool(), delegated: false, public_key, has_endpoint: false };
        self.country.region.call(HOME, "node", None, Command::SetPoolComputing(set)).reply();
    }

    /// What waits to be posted.
    pub fn due(&self) -> Vec<DuePost> {
        pools::due(self.country.region.view(HOME), pool(), None, 100).expect("readable")
    }

    /// Gives an answer back to home's node; tells whether it had an effect.
    pub fn give(&mut self, post: &DuePost, (answer, signature): Signed) -> bool {
        let signed = SignedAnswer { ask: post.ask, step: post.step, answer, signature };
        match self.country.region.call(HOME, "node", None, Command::TakePoolAnswer(signed)) {
            Called::Replied(Reply::PoolTaken(taken)) => taken,
            Called::Refused(_) => false,
            other => panic!("taken or not, not {other:?}"),
        }
    }

    /// The post went without an answer.
    pub fn miss(&mut self, post: &DuePost) {
        let command = Command::MissPoolAnswer { ask: post.ask, step: post.step };
        let _ = self.country.region.call(HOME, "node", None, command);
    }

    /// Posts what waits and gives the answers back, until nothing waits.
    pub fn work(&mut self) {
        for _ in 0..20 {
            self.country.region.carry_all();
            let due = self.due();
            if due.is_empty() {
                return;
            }
            for post in due {
                let answer = self.core.answer(&post.body);
                self.give(&post, answer);
            }
        }
        panic!("the questions to the pool have an end");
    }

    pub fn send(&mut self, message_id: &str) -> Called<Reply> {
        let command = Command::SettleBill(Box::new(bill(message_id)));
        let called = self.country.region.call(VISITED, HOSPITAL, Some(message_id), command);
        self.country.region.carry_all();
        called
    }

    /// A call of the hospital that the pool may have to answer.
    pub fn ask(&mut self, key: Option<&str>, command: Command) -> Called<Reply> {
        match self.country.region.call(VISITED, HOSPITAL, key, command) {
            Called::Waiting(correlation) => {
                self.work();
                match self.country.region.told.get(&correlation) {
                    Some(Ok(reply)) => Called::Replied(reply.clone()),
                    Some(Err(refusal)) => Called::Refused(refusal.clone()),
                    None => Called::Waiting(correlation),
                }
            }
            ended => ended,
        }
    }

    pub fn settled(&mut self, message_id: &str) -> SettledReply {
        let command = Command::SettleBill(Box::new(bill(message_id)));
        match self.ask(Some(message_id), command).reply() {
            Reply::Settled(settled) => *settled,
            other => panic!("settled, not {other:?}"),
        }
    }

    /// The pool answers the question that is due: not with a code of the service, but with a reason.
    pub fn refuse_in_words_of_its_own(&mut self) {
        let post = self.due().remove(0);
        let refused = PoolRefusal {
            code: None,
            arguments: Vec::new(),
            reason_zh: "已报销".to_owned(),
            reason_en: "reimbursed otherwise".to_owned(),
            alternatives: Vec::new(),
            at_home_fen: None,
        };
        let answer = self.core.sign(Answer::text(post.ask, &post.body, Outcome::Refused(refused)));
        assert!(self.give(&post, answer));
    }

    pub fn standing(&self, message_id: &str) -> Option<&Standing> {
        let (institution, message_id) = (HOSPITAL.to_owned(), message_id.to_owned());
        self.core.standing(&Original { visited: division(VISITED), institution, message_id })
    }

    pub fn is_tombstoned(&self, message_id: &str) -> bool {
        let call = CallReference { institution: HOSPITAL.to_owned(), message_id: message_id.to_owned() };
        calls::is_tombstoned(self.country.region.view(HOME), division(VISITED), &call).expect("readable")
    }

    pub fn step(&self) -> Vec<Step> {
        self.due().iter().map(|post| post.step).collect()
    }

    pub fn alarms(&self) -> Vec<String> {
        let alarms = alarms::before(self.country.region.view(HOME), alarms::NEWEST, 100).expect("readable");
        alarms.into_iter().map(|alarm| alarm.sentence).collect()
    }

    /// Both nodes and the pool hold the same settlements and contras.
    #[track_caller]
    pub fn check_books(&self, settlements: u64, contras: u64) {
        self.country.check_books(settlements, contras);
        let home = settlements::list(self.country.region.view(HOME), settlements::Role::Home, None, None, 100);
        let by_pool = home.expect("readable").iter().filter(|known| known.contra_of.is_none()).count();
        assert_eq!(by_pool as u64, settlements);
    }
}
