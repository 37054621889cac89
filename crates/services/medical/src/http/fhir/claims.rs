//! POST /v1/medical/fhir/Claim

use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Asked, Caller, Problem, kit_refusals};
use uuid::Uuid;

use super::{Document, Resource, offer, settled};
use crate::command::{BillWish, Command, Reply};
use crate::fhir::claim::{self, Bill, VisitName, Wish};
use crate::fhir::export::{claim_response, queued};
use crate::http::MedicalEdge;
use crate::http::filing_effect::NotFiledProblem;
use crate::http::wire::{message_id, problem};
use crate::model::lines::{Line, SplitLine};
use crate::query::visits;
use crate::refusal;

/// Takes a Claim: `use` = predetermination asks for an offer, `use` = claim settles (`Idempotency-Key` is the message id),
/// `status` = cancelled takes a settlement back. A Claim that does not add up has no effect (MED-7001).
#[utoipa::path(post, path = "/v1/medical/fhir/Claim", tag = "medical", request_body = Object,
    params(("Idempotency-Key" = Option<String>, Header, description = "mandatory to settle: the sender's message id")),
    responses((status = 200, description = "a ClaimResponse, outcome complete", body = Object),
        (status = 202, description = "a ClaimResponse, outcome queued: do not collect yet", body = Object),
        (status = 422, description = "the same; MED-2005 carries `if_filed`", body = NotFiledProblem),
        (status = "4XX", description = "nothing was booked", body = Problem)))]
pub async fn submit_claim(
    State(edge): State<MedicalEdge>,
    caller: Caller,
    document: Document,
) -> Result<Resource, Problem> {
    let today = edge.clock.now().business_date();
    let claim = claim::read(&document.node, today).map_err(|refusal| problem(&refusal))?;
    let request = Request { edge: &edge, caller: &caller, digest: document.request };
    let answer = match claim.wish {
        Wish::Quote { of, interim, account_wanted, total } => {
            permitted(&caller, "medical.quote")?;
            offer::make(&request, of, offer::Terms { interim, account_wanted, total }).await
        }
        Wish::SettleBill { bill, account_wanted, total } => {
            let message_id = key(&caller, claim.message_id.as_deref())?;
            let Bill { visit, batch, lines } = *bill;
            let wish = BillWish { message_id: message_id.clone(), visit, batch, account_wanted, total, lines };
            request.settle(Command::SettleBill(Box::new(wish)), message_id).await
        }
        Wish::SettleBatch { visit, batch, quote, total, lines } => {
            let message_id = key(&caller, claim.message_id.as_deref())?;
            let (visit, held) = request.batch(visit, batch.clone()).await?;
            compare(&lines, &held)?;
            let command = Command::Settle { visit, batch, quote, message_id: message_id.clone(), total, sums: None };
            request.settle(command, message_id).await
        }
        Wish::TakeBack { settlement, refund } => {
            permitted(&caller, "medical.settlement.cancel")?;
            let command = if refund { Command::Refund { settlement } } else { Command::Cancel { settlement } };
            request.take_back(command).await
        }
    };
    answer.map_err(in_claims_words)
}

/// The endpoint asks for the permission to settle; what else a Claim may wish needs its own.
fn permitted(caller: &Caller, permission: &str) -> Result<(), Problem> {
    if caller.principal.may(permission) {
        return Ok(());
    }
    let kind = kit_refusals::NOT_PERMITTED;
    Err(Problem::of(&kind, &kind.with("permission", permission)))
}

/// The message id: the `Idempotency-Key`. One that the Claim itself carries must be the same.
fn key(caller: &Caller, carried: Option<&str>) -> Result<String, Problem> {
    let key = message_id(caller)?;
    match carried {
        Some(carried) if carried != key => {
            let refusal = refusal::CODE_UNKNOWN.with("field", "identifier").with("value", carried);
            Err(problem(&refusal.at_field("identifier")))
        }
        _ => Ok(key),
    }
}

/// The lines of a Claim about a batch must be those that were sent for it; a Claim need not repeat them.
fn compare(lines: &[Line], held: &[SplitLine]) -> Result<(), Problem> {
    if lines.is_empty() {
        return Ok(());
    }
    let differs = |field: String, expected: String, sent: String| {
        let refusal = refusal::SUM_DIFFERS.with("field", &field).with("expected", expected).with("sent", sent);
        Err(problem(&refusal.at_field(field)))
    };
    if lines.len() != held.len() {
        return differs("item".to_owned(), held.len().to_string(), lines.len().to_string());
    }
    for (index, line) in lines.iter().enumerate() {
        let same = held.iter().find(|held| held.number == line.number);
        let is_same = same.is_some_and(|held| (held.quantity, held.price) == (line.quantity, line.price));
        if !is_same {
            let expected = same.map_or_else(|| "-".to_owned(), |held| held.total_fen.yuan());
            return differs(format!("item[{index}].net"), expected, line.amount.yuan());
        }
    }
    Ok(())
}

/// Refusals name the fields of commands; here they are those of a Claim.
fn in_claims_words(mut problem: Problem) -> Problem {
    let words = [
        ("lines[", "item["),
        ("].amount", "].net"),
        ("].price", "].unitPrice"),
        ("].fee_date", "].servicedDate"),
        ("].number", "].sequence"),
        ("total_fee", "total"),
        ("care_type", "subType"),
        ("disease", "supportingInfo"),
        ("began_on", "subType"),
    ];
    if let Some(field) = &mut problem.field {
        for (ours, theirs) in words {
            *field = field.replace(ours, theirs);
        }
    }
    problem
}

/// A Claim on its way: whose it is, and what its key stands for.
pub(super) struct Request<'r> {
    pub edge: &'r MedicalEdge,
    pub caller: &'r Caller,
    pub digest: huitong_kernel::hash::Digest,
}

impl Request<'_> {
    /// A visit of the caller's institution, and the lines of a batch of it as they are now.
    pub async fn batch(&self, name: VisitName, batch: String) -> Result<(Uuid, Vec<SplitLine>), Problem> {
        let institution = self.caller.principal.participant.clone();
        let read = self.edge.read(move |view| {
            let known = match &name {
                VisitName::Id(visit) => visits::visited_visit(view, *visit)?,
                VisitName::Number(number) => visits::visited_number(view, number)?,
            };
            let known = known.filter(|known| known.institution == institution);
            let visit = known.ok_or_else(|| refusal::VISIT_UNKNOWN.refuse().at_field("identifier"))?.facts.visit;
            Ok((visit, visits::lines(view, visit, &batch)?))
        });
        read.await
    }

    async fn settle(&self, command: Command, message_id: String) -> Result<Resource, Problem> {
        match self.edge.ask(command, self.caller, self.digest).await {
            Ok(Asked::Replied(Reply::Settled(reply))) => {
                let told = settled::told(self.edge, self.caller, reply.settlement, claim_response);
                Ok(Resource(StatusCode::OK, told.await.map_err(|problem| problem.answering("wait"))?))
            }
            Ok(Asked::Replied(other)) => unreachable!("a settlement was asked for: {other:?}"),
            Ok(Asked::Waiting) => {
                let institution = &self.caller.principal.participant;
                Ok(Resource(StatusCode::ACCEPTED, queued(&message_id, institution, self.edge.clock.now())))
            }
            // 5xx leaves the outcome open: the same key, sent again, tells it.
            Err(problem) if problem.status >= 500 => Err(problem.answering("wait")),
            Err(problem) => Err(problem.answering("do_not_collect")),
        }
    }

    async fn take_back(&self, command: Command) -> Result<Resource, Problem> {
        match self.edge.ask(command, self.caller, self.digest).await? {
            Asked::Replied(Reply::Cancelled(contra)) => {
                let told = settled::told(self.edge, self.caller, contra.settlement, claim_response);
                Ok(Resource(StatusCode::OK, told.await?))
            }
            Asked::Replied(other) => unreachable!("a cancel was asked for: {other:?}"),
            Asked::Waiting => Err(problem(&refusal::HOME_SILENT.refuse())),
        }
    }
}
