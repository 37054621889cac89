//! Batches (清算批次): the confirmed statements that are paid together, and what that makes each pay. Whoever holds the claims
//! computes the same positions and payments.

use huitong_kernel::clearing::{Payment, Period};
use huitong_kernel::division::Division;
use huitong_kernel::hash::{Digest, HashFunction};
use huitong_kernel::money::Fen;
use huitong_ledger::positions::{self, Gross};
use serde::{Deserialize, Serialize};

/// What a jurisdiction says of a confirmed statement towards another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Claim {
    /// As text, so that claims sort.
    pub period: String,
    pub peer: Division,
    pub payable_fen: Fen,
    pub receivable_fen: Fen,
}

/// All that a jurisdiction has confirmed and not paid, told to all others for a netting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    pub service: String,
    pub period: Period,
    pub author: Division,
    pub claims: Vec<Claim>,
}

impl Declaration {
    /// SHA-256 over service, period, author and claims, each part behind its length.
    pub fn digest(&self) -> Digest {
        let mut parts = vec![self.service.clone(), self.period.to_string(), self.author.to_string()];
        for claim in &self.claims {
            parts.push(claim.period.clone());
            parts.push(claim.peer.to_string());
            parts.push(format!("{} {}", claim.payable_fen.0, claim.receivable_fen.0));
        }
        digest_of("huitong.clearing.declaration.1", &parts)
    }
}

fn digest_of(purpose: &str, parts: &[String]) -> Digest {
    let mut bytes = Vec::new();
    for part in std::iter::once(purpose).chain(parts.iter().map(String::as_str)) {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    HashFunction::Sha256.hash(&[&bytes])
}

/// A statement in a batch, as both of its sides claim it; `one` has the lower code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Settled {
    pub period: String,
    #[schema(value_type = String)]
    pub one: Division,
    #[schema(value_type = String)]
    pub other: Division,
    #[schema(value_type = i64)]
    pub one_owes_fen: Fen,
    #[schema(value_type = i64)]
    pub other_owes_fen: Fen,
}

impl Settled {
    /// The same of a claim and its author.
    pub fn of(author: Division, claim: &Claim) -> Settled {
        let (one, other) = (author.min(claim.peer), author.max(claim.peer));
        let (own, theirs) = (claim.payable_fen, claim.receivable_fen);
        let (one_owes_fen, other_owes_fen) = if one == author { (own, theirs) } else { (theirs, own) };
        Settled { period: claim.period.clone(), one, other, one_owes_fen, other_owes_fen }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Member {
    #[schema(value_type = String)]
    pub division: Division,
    /// Of its declaration; of pairs, of nothing.
    #[schema(value_type = String)]
    pub declaration: Digest,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Pay {
    #[schema(value_type = String)]
    pub payer: Division,
    #[schema(value_type = String)]
    pub payee: Division,
    #[schema(value_type = i64)]
    pub amount_fen: Fen,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    pub service: String,
    pub period: Period,
    /// `region`, or the two codes of a pair joined by a hyphen.
    pub scope: String,
    pub attempt: u32,
    pub payment: Payment,
    pub members: Vec<Member>,
    pub settled: Vec<Settled>,
    /// What each receives (positive) or pays; they sum to zero.
    pub positions: Vec<(Division, Fen)>,
    pub payments: Vec<Pay>,
}

/// What one statement can make a jurisdiction owe another, in fen, as far as it is believed: a hundred billion yuan.
pub const AMOUNT_MAX: Fen = Fen(10_000_000_000_000);
/// Claims of a declaration at most: so that no sum over all of a region's leaves 64 bits, and a declaration fits a message.
pub const CLAIMS_MAX: usize = 5_000;

/// Statements of a batch, and attempts, at most.
pub const SETTLED_MAX: usize = 160_000;
pub const ATTEMPTS_MAX: u32 = 1_000;

pub const REGION: &str = "region";

/// The scope of a pair.
pub fn pair(one: Division, other: Division) -> String {
    format!("{}-{}", one.min(other), one.max(other))
}

impl Batch {
    /// Positions and payments follow from what is settled.
    pub fn compose(
        (service, period, scope, attempt): (String, Period, String, u32),
        payment: Payment,
        members: Vec<Member>,
        mut settled: Vec<Settled>,
    ) -> Batch {
        settled.sort();
        let gross = gross(&settled);
        let net = positions::net_positions(&gross);
        let payments = match payment {
            Payment::Gross => gross_payments(&gross),
            Payment::Bilateral => gross_payments(&bilateral(&gross)),
            Payment::Multilateral => {
                let pay =
                    |paid: positions::Payment| Pay { payer: paid.payer, payee: paid.payee, amount_fen: paid.amount };
                positions::payments_by_code(&net).into_iter().map(pay).collect()
            }
        };
        let positions = net.into_iter().collect();
        Batch { service, period, scope, attempt, payment, members, settled, positions, payments }
    }

    /// SHA-256 over everything in it: what members accept.
    pub fn digest(&self) -> Digest {
        let mut parts = vec![self.service.clone(), self.period.to_string(), self.scope.clone()];
        parts.push(format!("{} {:?}", self.attempt, self.payment));
        parts.extend(self.members.iter().map(|member| format!("{} {}", member.division, member.declaration)));
        let settled = |of: &Settled| {
            format!("{} {} {} {} {}", of.period, of.one, of.other, of.one_owes_fen.0, of.other_owes_fen.0)
        };
        parts.extend(self.settled.iter().map(settled));
        parts.extend(self.positions.iter().map(|(division, amount)| format!("{division} {}", amount.0)));
        parts.extend(self.payments.iter().map(|pay| format!("{} {} {}", pay.payer, pay.payee, pay.amount_fen.0)));
        digest_of("huitong.clearing.batch.1", &parts)
    }

    /// Whether its amounts can be added up at all: nothing foreign is summed before.
    pub fn is_small(&self) -> bool {
        let is_small = |amount: Fen| amount.0.unsigned_abs() <= AMOUNT_MAX.0.unsigned_abs();
        let are_small = self.settled.iter().all(|of| is_small(of.one_owes_fen) && is_small(of.other_owes_fen));
        are_small && self.settled.len() <= SETTLED_MAX && self.attempt <= ATTEMPTS_MAX
    }

    /// Whether positions and payments are what follows from what is settled, and leave everybody with the same as gross.
    pub fn is_sound(&self) -> bool {
        if !self.is_small() {
            return false;
        }
        let key = (self.service.clone(), self.period, self.scope.clone(), self.attempt);
        let again = Batch::compose(key, self.payment, self.members.clone(), self.settled.clone());
        if again != *self {
            return false;
        }
        let mut left: std::collections::BTreeMap<Division, Fen> = self.positions.iter().copied().collect();
        for pay in &self.payments {
            *left.entry(pay.payer).or_default() += pay.amount_fen;
            *left.entry(pay.payee).or_default() -= pay.amount_fen;
        }
        left.values().all(|amount| *amount == Fen::ZERO)
    }

    /// Whether it says anything of a jurisdiction.
    pub fn names(&self, division: Division) -> bool {
        let is_settled = self.settled.iter().any(|of| of.one == division || of.other == division);
        let is_paid = self.payments.iter().any(|pay| pay.payer == division || pay.payee == division);
        is_settled || is_paid || self.members.iter().any(|member| member.division == division)
    }

    /// What would be paid gross.
    pub fn gross_fen(&self) -> Fen {
        gross(&self.settled).values().copied().sum()
    }

    pub fn gross_payments(&self) -> usize {
        gross(&self.settled).values().filter(|amount| **amount != Fen::ZERO).count()
    }

    /// What is paid.
    pub fn paid_fen(&self) -> Fen {
        self.payments.iter().map(|pay| pay.amount_fen).sum()
    }

    /// What `debtor` owes `creditor` in this batch, gross.
    pub fn matrix(&self) -> Gross {
        gross(&self.settled)
    }
}

/// (who owes, whom) → how much. What more was given back than came new is owed the other way.
fn gross(settled: &[Settled]) -> Gross {
    let mut gross = Gross::new();
    for of in settled {
        for (debtor, creditor, amount) in [(of.one, of.other, of.one_owes_fen), (of.other, of.one, of.other_owes_fen)] {
            let (key, amount) =
                if amount.is_negative() { ((creditor, debtor), -amount) } else { ((debtor, creditor), amount) };
            if amount != Fen::ZERO {
                *gross.entry(key).or_default() += amount;
            }
        }
    }
    gross
}

/// Of each pair the difference.
fn bilateral(gross: &Gross) -> Gross {
    let mut net = Gross::new();
    for ((debtor, creditor), amount) in gross {
        let back = gross.get(&(*creditor, *debtor)).copied().unwrap_or_default();
        if *amount > back {
            net.insert((*debtor, *creditor), *amount - back);
        }
    }
    net
}

fn gross_payments(gross: &Gross) -> Vec<Pay> {
    let pay = |((payer, payee), amount): (&(Division, Division), &Fen)| Pay {
        payer: *payer,
        payee: *payee,
        amount_fen: *amount,
    };
    gross.iter().filter(|(_, amount)| **amount != Fen::ZERO).map(pay).collect()
}
