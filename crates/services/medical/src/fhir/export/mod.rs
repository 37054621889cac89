//! What is answered: ClaimResponse, ExplanationOfBenefit, PaymentReconciliation, all of which keep F1 to F9; OperationOutcome where it is
//! refused; and the CapabilityStatement.

mod amounts;
mod capabilities;
mod claim_response;
mod explanation;
mod filing;
mod lines;
mod outcome;
mod reconciliation;

pub use capabilities::capability_statement;
pub use claim_response::{by_fund, claim_response, queued};
pub use explanation::explanation_of_benefit;
pub use filing::filed;
pub use lines::sequences;
pub use outcome::{Refused, operation_outcome};
pub use reconciliation::{DETAILS_MAX, Payment, payment_reconciliation};

use huitong_kernel::division::Division;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;

use super::node::Node;
use super::terms::{self, CLAIM_TYPE, INSTITUTION};
use crate::model::amounts::Amounts;
use crate::model::document::SettledDocument;
use crate::model::explain::Step;
use crate::model::filing_effect::Alternative;
use crate::model::lines::SplitLine;
use crate::model::message::{Quote, VisitFacts};
use crate::model::person::CareType;

/// What home found of a bill: an offer, a settlement, or the contra of one.
pub struct Adjudicated<'a> {
    /// `setl_id`, or the id of the quote.
    pub id: String,
    /// `mdtrt_id`
    pub visit: &'a str,
    pub batch: &'a str,
    /// `psn_no`
    pub person: &'a str,
    pub institution: &'a str,
    pub home_area: Division,
    pub care_type: CareType,
    pub created: Instant,
    pub amounts: &'a Amounts,
    /// Of a contra: those of its original.
    pub lines: &'a [SplitLine],
    pub steps: &'a [Step],
    /// What other filings would change of an offer, in both languages.
    pub other_filings: Vec<String>,
    pub stage: Stage<'a>,
}

/// How far the matter is.
pub enum Stage<'a> {
    Quoted {
        expires_at: Instant,
    },
    Settled {
        message_id: &'a str,
    },
    /// Negative amounts that mirror an original.
    Contra {
        message_id: &'a str,
        of: &'a str,
    },
}

impl Adjudicated<'_> {
    /// What every answer begins with.
    fn head(&self, kind: &str) -> [(&'static str, Option<Node>); 10] {
        [
            ("resourceType", Some(Node::text(kind))),
            ("id", Some(Node::text(self.id.as_str()))),
            ("identifier", Some(self.identifiers())),
            ("status", Some(Node::text(self.status()))),
            ("type", Some(self.claim_type())),
            ("subType", Some(terms::concept(terms::CARE_TYPE, self.care_type.code()))),
            ("use", Some(Node::text(self.usage()))),
            ("patient", Some(self.patient())),
            ("created", Some(Node::text(self.created.to_string()))),
            ("insurer", Some(self.insurer())),
        ]
    }
}

impl<'a> Adjudicated<'a> {
    /// Of a settled document; the lines are those that visited sent, also for a contra.
    pub fn settled(document: &'a SettledDocument, lines: &'a [SplitLine]) -> Adjudicated<'a> {
        let message_id = document.message_id.as_str();
        Adjudicated {
            id: document.settlement.clone(),
            visit: &document.visit,
            batch: &document.batch,
            person: &document.person,
            institution: &document.institution,
            home_area: document.home_area,
            care_type: document.care_type,
            created: document.settled_at,
            amounts: &document.amounts,
            lines,
            steps: &document.steps,
            other_filings: Vec::new(),
            stage: match &document.contra_of {
                Some(of) => Stage::Contra { message_id, of },
                None => Stage::Settled { message_id },
            },
        }
    }

    /// Of an offer.
    pub fn quoted(
        quote: &'a Quote,
        facts: &'a VisitFacts,
        person: &'a str,
        lines: &'a [SplitLine],
        created: Instant,
    ) -> Adjudicated<'a> {
        Adjudicated {
            id: quote.quote.to_string(),
            visit: &quote.number,
            batch: &quote.batch,
            person,
            institution: &facts.institution,
            home_area: facts.home_area,
            care_type: facts.care_type,
            created,
            amounts: &quote.computation.amounts,
            lines,
            steps: &quote.computation.steps,
            other_filings: other_filings(quote),
            stage: Stage::Quoted { expires_at: quote.expires_at },
        }
    }

    fn is_contra(&self) -> bool {
        matches!(self.stage, Stage::Contra { .. })
    }

    fn usage(&self) -> &'static str {
        if matches!(self.stage, Stage::Quoted { .. }) { "predetermination" } else { "claim" }
    }

    /// A contra is a record of its own that says: cancelled.
    fn status(&self) -> &'static str {
        if self.is_contra() { "cancelled" } else { "active" }
    }

    fn claim_type(&self) -> Node {
        terms::concept(
            CLAIM_TYPE,
            match self.care_type {
                CareType::Inpatient => "institutional",
                CareType::Pharmacy => "pharmacy",
                CareType::Outpatient | CareType::Emergency | CareType::ChronicOutpatient => "professional",
            },
        )
    }

    fn identifiers(&self) -> Node {
        let own = match self.stage {
            Stage::Quoted { .. } => terms::QUOTE,
            Stage::Settled { .. } | Stage::Contra { .. } => terms::SETTLEMENT,
        };
        Node::Array(vec![
            terms::identifier(own, &self.id),
            terms::identifier(terms::VISIT, self.visit),
            terms::identifier(terms::BATCH, self.batch),
        ])
    }

    /// The Claim that was settled, by its message id.
    fn claim(&self) -> Option<Node> {
        match self.stage {
            Stage::Quoted { .. } => None,
            Stage::Settled { message_id } | Stage::Contra { message_id, .. } => {
                Some(terms::reference("Claim", terms::MESSAGE, message_id))
            }
        }
    }

    fn patient(&self) -> Node {
        terms::reference("Patient", terms::PERSON_NUMBER, self.person)
    }

    fn insurer(&self) -> Node {
        terms::reference("Organization", terms::DIVISION, self.home_area.as_str())
    }

    fn provider(&self) -> Node {
        terms::reference("Organization", INSTITUTION, self.institution)
    }

    /// The steps of the calculation, in both languages, and what other filings would change.
    fn notes(&self) -> Option<Node> {
        let steps = self.steps.iter().map(|step| format!("{} / {}", step.chinese(), step.english()));
        let note = |(index, text): (usize, String)| {
            Node::object([("number", Some(Node::whole(index as u64 + 1))), ("text", Some(Node::text(text)))])
        };
        let notes: Vec<Node> = steps.chain(self.other_filings.iter().cloned()).enumerate().map(note).collect();
        (!notes.is_empty()).then_some(Node::Array(notes))
    }
}

/// One sentence for each filing that can still be made, one about when and how, one about the same bill at home.
fn other_filings(quote: &Quote) -> Vec<String> {
    let amounts = &quote.computation.amounts;
    let shares = |fund: Fen| {
        let person = amounts.lines.total_fen - fund;
        (format!("基金支付{fund}元，个人负担{person}元"), format!("funds {fund}, person {person} yuan"))
    };
    let alternative = |other: &Alternative| {
        let (chinese, english) = shares(other.fund_total_fen);
        let (kind, gain) = (other.filing, other.gain_fen);
        format!(
            "若备案为{}：{chinese}（基金增减{gain}元） / if filed as {}: {english} (funds {gain} more)",
            kind.chinese(),
            kind.name()
        )
    };
    let term = quote.filing_term.map(|term| format!("{} / {}", term.chinese(), term.english()));
    let at_home = quote.at_home_fen.map(|fund| {
        let (chinese, english) = shares(fund);
        format!("在参保地就医估算：{chinese} / estimate of the same bill at home: {english}")
    });
    quote.alternatives.iter().map(alternative).chain(term).chain(at_home).collect()
}
