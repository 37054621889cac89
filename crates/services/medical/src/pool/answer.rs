//! What the core system of a pool says. Its signature over the bytes is what counts; the bytes are kept.

use huitong_kernel::hash::Digest;
use huitong_kernel::money::Fen;
use huitong_kernel::suite::{PublicKey, Signature};
use huitong_kernel::time::Date;
use huitong_service_kit::{Refusal, RefusalKind};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ask::OfferedFor;
use super::{ANSWER_BYTES_MAX, CONTRACT, request};
use crate::model::filing::FilingKind;
use crate::model::filing_effect::{Alternative, FilingEffect};
use crate::model::policy::Grade;
use crate::model::settle::Computation;
use crate::refusal;

/// Characters of a reason, of a reference and of a version.
pub const TEXT_CHARACTERS_MAX: usize = 200;
/// Values that a refusal names.
const ARGUMENTS_MAX: usize = 8;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    pub contract: String,
    pub ask: Uuid,
    /// SHA-256 of the request that is answered, over the bytes received.
    pub request: Digest,
    pub result: Outcome,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "body", rename_all = "snake_case")]
pub enum Outcome {
    Eligible(Box<Benefit>),
    Quoted(Box<Computed>),
    Settled(Box<SettledByPool>),
    /// To a commit: nothing was booked; here is the offer as it would be now.
    Stale(Box<Computed>),
    Refused(PoolRefusal),
    /// To a query: no such commit came here.
    NotFound,
    /// To a commit or a query: it was reversed, and is refused for ever.
    Tombstone,
    /// To a reverse: it had been booked, and is taken back.
    Reversed {
        reference: String,
    },
    /// To a reverse: nothing was booked, and never will be.
    NothingBooked,
}

/// The benefit check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Benefit {
    pub in_force: bool,
    /// Whether direct settlement is possible now, and with which filing.
    pub direct: bool,
    pub filing: FilingKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_from: Option<Date>,
    /// Insurance year, and what is used of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accumulators: Option<(i16, Vec<(String, Fen)>)>,
}

/// A price, by which rules, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Computed {
    /// Version of the pool's rules, and the SHA-256 of their text.
    pub version: String,
    pub hash: Digest,
    pub grade: Grade,
    pub computation: Computation,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_home_fen: Option<Fen>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledByPool {
    /// The pool's own number of the settlement.
    pub reference: String,
    pub computed: Computed,
}

/// Why not. Never personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolRefusal {
    /// A code of the service that says it, if one does; with the values for the places of its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<(String, String)>,
    pub reason_zh: String,
    pub reason_en: String,
    /// Of MED-2005: what would be payable under each filing that the person can still make, and of the same bill at home.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_home_fen: Option<Fen>,
}

/// Why an answer does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    #[error("is too large")]
    TooLarge,
    #[error("is not signed by its key")]
    Signature,
    #[error("does not answer what was asked")]
    OtherQuestion,
    #[error("cannot be read")]
    Unreadable,
}

/// Checks the signature over the bytes, then that they answer `request`; only what passes is looked at.
pub fn read(key: &PublicKey, ask: Uuid, request: &str, bytes: &str, signature: &str) -> Result<Outcome, Untrusted> {
    if bytes.len() > ANSWER_BYTES_MAX {
        return Err(Untrusted::TooLarge);
    }
    let signature: Signature = signature.parse().map_err(|_| Untrusted::Signature)?;
    key.verify(bytes.as_bytes(), &signature).map_err(|_| Untrusted::Signature)?;
    let answer: Answer = serde_json::from_str(bytes).map_err(|_| Untrusted::Unreadable)?;
    let answers_it = answer.contract == CONTRACT && answer.ask == ask && answer.request == request::hash(request);
    if answers_it { Ok(answer.result) } else { Err(Untrusted::OtherQuestion) }
}

/// Of the service's own codes a pool may use those that speak of the person, the filing, the policy and the account; the others say
/// how a call stands, which the node knows better.
fn may_say(code: &str) -> bool {
    let of_policy = [&refusal::STAY_CROSSES_YEAR, &refusal::ACCOUNT_INSUFFICIENT, &refusal::CELL_MISSING];
    refusal::by_code(code).is_some() && (code.starts_with("MED-2") || of_policy.iter().any(|kind| kind.code == code))
}

fn cut(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(TEXT_CHARACTERS_MAX).collect()
}

impl PoolRefusal {
    /// As the visited node is told, of a bill that was to be offered or settled.
    pub fn refusal_of(&self, offered: &OfferedFor) -> Refusal {
        let refusal = self.refusal();
        if refusal.code != refusal::NOT_FILED.code {
            return refusal;
        }
        let effect = FilingEffect {
            total_fen: offered.sums.total_fen,
            alternatives: self.alternatives.clone(),
            at_home_fen: self.at_home_fen,
            term: offered.filing_term(),
        };
        // What does not add up is left out, and the refusal stands.
        let told = effect.refused(refusal.clone());
        if FilingEffect::carried(&told).is_some() { told } else { refusal }
    }

    /// As the visited node is told.
    pub fn refusal(&self) -> Refusal {
        match self.code.as_deref().filter(|code| may_say(code)) {
            Some(code) => {
                let arguments = self.arguments.iter().take(ARGUMENTS_MAX);
                let arguments = arguments.map(|(place, value)| (cut(place), cut(value))).collect();
                Refusal { code: code.to_owned(), arguments, field: None, extension: None }
            }
            None => {
                refusal::POOL_REFUSED.with("reason_zh", cut(&self.reason_zh)).with("reason_en", cut(&self.reason_en))
            }
        }
    }

    /// As a pool says what the node's own calculation would say.
    pub fn of(refusal: &Refusal) -> PoolRefusal {
        let text = |template: fn(&RefusalKind) -> &'static str| {
            refusal::by_code(&refusal.code).map_or_else(|| refusal.code.clone(), |kind| refusal.text(template(kind)))
        };
        PoolRefusal {
            code: Some(refusal.code.clone()),
            arguments: refusal.arguments.clone(),
            reason_zh: text(|kind| kind.chinese),
            reason_en: text(|kind| kind.english),
            alternatives: Vec::new(),
            at_home_fen: None,
        }
    }
}

impl Answer {
    pub fn text(ask: Uuid, request: &str, result: Outcome) -> String {
        let answer = Answer { contract: CONTRACT.to_owned(), ask, request: request::hash(request), result };
        serde_json::to_string(&answer).expect("an answer holds nothing that JSON cannot express")
    }
}
