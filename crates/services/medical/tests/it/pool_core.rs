//! The reference implementation of a pool's core system: what docs/services/medical-pool-endpoint.md asks of it, as a function from a
//! request to a signed answer. It computes as the node would; what it has booked it keeps by the call that named it.

use std::collections::BTreeMap;

use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::money::Fen;
use huitong_kernel::suite::{Signer, SoftwareKey, Suite};
use huitong_medical::model::accumulators::Accumulators;
use huitong_medical::model::amounts::LineSums;
use huitong_medical::model::filing::FilingKind;
use huitong_medical::model::filing_effect::alternatives;
use huitong_medical::model::policy::Pack;
use huitong_medical::model::settle::{Case, compute, fund_total_at_home};
use huitong_medical::pool::answer::{Answer, Benefit, Computed, Outcome, PoolRefusal, SettledByPool};
use huitong_medical::pool::request::{Bill, Commit, EligibilityQuestion, Original, Question, Request, Reverse};
use huitong_service_kit::Refusal;
use uuid::Uuid;

/// How a call stands in the core's books.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    Settled(Box<SettledByPool>),
    Refused(PoolRefusal),
    /// Reversed, or never booked and never to be.
    Tombstone,
}

pub struct Core {
    key: SoftwareKey,
    pack: Pack,
    hash: Digest,
    calls: BTreeMap<(String, String, String), Standing>,
    /// The answer to an ask that may book is given again, byte for byte.
    kept: BTreeMap<(Uuid, Digest), String>,
    /// Settlements booked so far, and contras.
    pub booked: u64,
    pub contras: u64,
}

/// What the node is sent: the bytes and their signature.
pub type Signed = (String, String);

fn name(original: &Original) -> (String, String, String) {
    (original.visited.to_string(), original.institution.clone(), original.message_id.clone())
}

impl Core {
    /// `pack` is the pool's policy as JSON text.
    pub fn new(pack: &str) -> Core {
        Core {
            key: SoftwareKey::from_seed(Suite::Ed25519Sha256, [7; 32]).expect("a seed"),
            pack: serde_json::from_str(pack).expect("a pack"),
            hash: HashFunction::Sha256.hash(&[pack.as_bytes()]),
            calls: BTreeMap::new(),
            kept: BTreeMap::new(),
            booked: 0,
            contras: 0,
        }
    }

    pub fn public_key(&self) -> String {
        self.key.public_key().to_string()
    }

    pub fn standing(&self, original: &Original) -> Option<&Standing> {
        self.calls.get(&name(original))
    }

    /// One call of the endpoint.
    pub fn answer(&mut self, body: &str) -> Signed {
        let request: Request = serde_json::from_str(body).expect("the node keeps to the contract");
        let key = (request.ask, HashFunction::Sha256.hash(&[body.as_bytes()]));
        if let Some(kept) = self.kept.get(&key) {
            return self.sign(kept.clone());
        }
        let keeps = matches!(request.question, Question::Commit(_) | Question::Reverse(_));
        let outcome = self.decide(request.question);
        let text = Answer::text(request.ask, body, outcome);
        if keeps {
            self.kept.insert(key, text.clone());
        }
        self.sign(text)
    }

    pub fn sign(&self, text: String) -> Signed {
        let signature = self.key.sign(text.as_bytes()).expect("software signs");
        (text, String::from(signature))
    }

    fn decide(&mut self, question: Question) -> Outcome {
        match question {
            Question::Eligibility(question) => self.eligibility(&question),
            Question::Quote(bill) => match self.price(&bill) {
                Ok(computed) => Outcome::Quoted(Box::new(computed)),
                Err(refused) => Outcome::Refused(refused),
            },
            Question::Commit(commit) => self.commit(&commit),
            Question::Query(original) => match self.standing(&original) {
                None => Outcome::NotFound,
                Some(Standing::Settled(settled)) => Outcome::Settled(settled.clone()),
                Some(Standing::Refused(refused)) => Outcome::Refused(refused.clone()),
                Some(Standing::Tombstone) => Outcome::Tombstone,
            },
            Question::Reverse(reverse) => self.reverse(&reverse),
        }
    }

    fn eligibility(&self, question: &EligibilityQuestion) -> Outcome {
        let is_exempt = self.pack.is_exempt(question.visited_area, question.care_date);
        let filing = if is_exempt { FilingKind::ExemptArea } else { question.filing };
        let in_force = question.suspended_from.is_none_or(|day| question.care_date < day);
        let allowed = self.pack.filings.get(&filing).is_some_and(|rule| rule.direct);
        let (direct, suspended_from) = (in_force && allowed, question.suspended_from);
        Outcome::Eligible(Box::new(Benefit { in_force, direct, filing, suspended_from, accumulators: None }))
    }

    fn commit(&mut self, commit: &Commit) -> Outcome {
        match self.standing(&commit.original) {
            Some(Standing::Settled(settled)) => return Outcome::Settled(settled.clone()),
            Some(Standing::Refused(refused)) => return Outcome::Refused(refused.clone()),
            Some(Standing::Tombstone) => return Outcome::Tombstone,
            None => {}
        }
        let computed = match self.price(&commit.bill) {
            Ok(computed) => computed,
            Err(refused) => {
                self.calls.insert(name(&commit.original), Standing::Refused(refused.clone()));
                return Outcome::Refused(refused);
            }
        };
        if commit.quoted.as_ref().is_some_and(|quoted| *quoted != computed.computation.amounts) {
            return Outcome::Stale(Box::new(computed));
        }
        self.booked += 1;
        let settled = SettledByPool { reference: format!("POOL-{:06}", self.booked), computed };
        self.calls.insert(name(&commit.original), Standing::Settled(Box::new(settled.clone())));
        Outcome::Settled(Box::new(settled))
    }

    /// Whatever comes afterwards under that call is refused for ever.
    fn reverse(&mut self, reverse: &Reverse) -> Outcome {
        match self.calls.insert(name(&reverse.original), Standing::Tombstone) {
            Some(Standing::Settled(settled)) => {
                self.contras += 1;
                Outcome::Reversed { reference: format!("{}-R", settled.reference) }
            }
            Some(Standing::Tombstone) if reverse.settled.is_some() => {
                Outcome::Reversed { reference: "reversed before".to_owned() }
            }
            _ => Outcome::NothingBooked,
        }
    }

    fn price(&self, bill: &Bill) -> Result<Computed, PoolRefusal> {
        let LineSums { total_fen, own_fen, over_fen, pre_fen, eligible_fen } = bill.sums;
        if total_fen != own_fen + over_fen + pre_fen + eligible_fen {
            let (reason_zh, reason_en) = ("费用合计不符".to_owned(), "the sums do not add up".to_owned());
            let (alternatives, at_home_fen) = (Vec::new(), None);
            return Err(PoolRefusal {
                code: None,
                arguments: Vec::new(),
                reason_zh,
                reason_en,
                alternatives,
                at_home_fen,
            });
        }
        let case = self.case(bill);
        let computation = compute(&self.pack, &case).map_err(|refusal| self.refused(&refusal, &case))?;
        let now_fen = computation.amounts.fund_total_fen;
        Ok(Computed {
            version: self.pack.version.clone(),
            hash: self.hash,
            grade: self.pack.grade,
            alternatives: alternatives(&self.pack, &case, computation.filing, now_fen),
            at_home_fen: fund_total_at_home(&self.pack, &case),
            computation,
        })
    }

    /// Without a filing: what there would be with one.
    fn refused(&self, refusal: &Refusal, case: &Case) -> PoolRefusal {
        let refused = PoolRefusal::of(refusal);
        if refusal.code != "MED-2005" {
            return refused;
        }
        let alternatives = alternatives(&self.pack, case, case.filing, Fen::ZERO);
        PoolRefusal { alternatives, at_home_fen: fund_total_at_home(&self.pack, case), ..refused }
    }

    fn case(&self, bill: &Bill) -> Case {
        let year = self.pack.insurance_year(bill.care_date);
        let used = bill.accumulators.iter().find(|(of, _)| *of == year);
        Case {
            facts: bill.facts,
            care_type: bill.care_type,
            level: bill.level,
            care_date: bill.care_date,
            visited_area: bill.visited_area,
            filing: bill.filing,
            sums: LineSums { ..bill.sums },
            accounts: bill.accounts,
            account_wanted: bill.account_wanted,
            accumulators: used.map_or_else(Accumulators::default, |(_, used)| used.clone()),
            disease: bill.disease.clone(),
            stay: bill.stay,
        }
    }
}
