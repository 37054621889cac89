//! POST /v1/medical/fhir/Claim

use axum::extract::State;
use axum::http::StatusCode;
use huitong_service_kit::http::{Asked, Caller, Problem, kit_refusals};

use super::{Document, Resource, offer, settled};
use crate::command::{BillWish, Command, Reply};
use crate::fhir::claim::{self, Bill, Wish};
use crate::fhir::export::{claim_response, filed, queued};
use crate::http::MedicalEdge;
use crate::http::filing_effect::NotFiledProblem;
use crate::http::wire::{message_id, problem};
use crate::model::filing::FilingWish;
use crate::refusal;

/// Takes a Claim: `use` = preauthorization files, `use` = predetermination asks for an offer, `use` = claim settles
/// (`Idempotency-Key` is the message id), `status` = cancelled takes a settlement back. A Claim that does not add up has no effect (MED-7001).
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
        Wish::SettleBatch { batch: of, quote, total } => {
            let message_id = key(&caller, claim.message_id.as_deref())?;
            let (visit, batch) = request.batch_to_settle(of, &message_id).await?;
            let command = Command::Settle { visit, batch, quote, message_id: message_id.clone(), total, sums: None };
            request.settle(command, message_id).await
        }
        Wish::File(wish) => {
            permitted(&caller, "medical.filing.write")?;
            request.file(wish).await
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

    async fn file(&self, wish: FilingWish) -> Result<Resource, Problem> {
        let home_area = wish.home_area;
        match self.edge.ask(Command::File(wish), self.caller, self.digest).await? {
            Asked::Replied(Reply::Filed(filing)) => {
                Ok(Resource(StatusCode::OK, filed(&filing, home_area, self.edge.clock.now())))
            }
            Asked::Replied(other) => unreachable!("a filing was wished for: {other:?}"),
            Asked::Waiting => Err(problem(&refusal::STILL_PENDING.refuse())),
        }
    }

    async fn take_back(&self, command: Command) -> Result<Resource, Problem> {
        match self.edge.ask(command, self.caller, self.digest).await? {
            Asked::Replied(Reply::Cancelled(contra)) => {
                let told = settled::told(self.edge, self.caller, contra.settlement, claim_response);
                Ok(Resource(StatusCode::OK, told.await?))
            }
            Asked::Replied(other) => unreachable!("a cancel was asked for: {other:?}"),
            Asked::Waiting => Err(problem(&refusal::STILL_PENDING.refuse())),
        }
    }
}
