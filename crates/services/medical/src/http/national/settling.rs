//! 2206 to 2208, 2303 to 2305, 2601: quote, settlement, cancel, reversal

use huitong_service_kit::http::{Asked, Problem};
use serde_json::Value;
use uuid::Uuid;

use super::amounts::{details, other_filings, quoted, settled};
use super::call::{Call, amount, missing, text};
use super::fees::open_batch;
use crate::command::{Command, Reply, SentSums};
use crate::event::CallState;
use crate::model::amounts::LineSums;
use crate::model::document::SettledDocument;
use crate::model::message::{CallReference, Quote};
use crate::national::envelope::{Output, Record, is_message_id};
use crate::query::settlements::{self, Role};
use crate::query::visits::{self, VisitedVisit};
use crate::query::{calls, documents};
use crate::refusal;

/// What is to be quoted or settled.
struct Part {
    visit: VisitedVisit,
    batch: String,
    interim: bool,
    account_wanted: bool,
}

async fn part(call: &Call<'_>, data: &Record) -> Result<Part, Problem> {
    let visit = call.visit(data).await?;
    let is_inpatient = call.request.infno().starts_with("23");
    if visit.is_stay() != is_inpatient {
        return Err(call.refuse(&refusal::VISIT_STATE.with("state", visit.facts.care_type.code())));
    }
    let batch = match data.get("chrg_bchno") {
        _ if is_inpatient => open_batch(call, visit.facts.visit).await?,
        Some(batch) => batch.clone(),
        None => return Err(missing("data.chrg_bchno")),
    };
    let flag = |name: &str| data.get(name).is_some_and(|flag| flag == "1");
    Ok(Part { visit, batch, interim: flag("mid_setl_flag"), account_wanted: flag("acct_used_flag") })
}

async fn ask_quote(call: &Call<'_>, part: &Part, data: &Record, interim: bool) -> Result<Quote, Problem> {
    let command = Command::AskQuote {
        visit: part.visit.facts.visit,
        batch: part.batch.clone(),
        interim,
        account_wanted: part.account_wanted,
        total: amount(data, "medfee_sumamt"),
    };
    match call.told("quote", command).await? {
        Reply::Quoted(quote) => Ok(*quote),
        other => unreachable!("a quote was asked for: {other:?}"),
    }
}

fn output(info: Output, detail: Value) -> Output {
    [("setlinfo".to_owned(), Value::Object(info)), ("setldetail".to_owned(), detail)].into_iter().collect()
}

fn sums(data: &Record) -> SentSums {
    SentSums {
        own: amount(data, "fulamt_ownpay_amt"),
        over: amount(data, "overlmt_selfpay"),
        pre: amount(data, "preselfpay_amt"),
        eligible: amount(data, "inscp_scp_amt"),
    }
}

/// Each sum that is sent with the question must be the split's too (MED-4001).
fn check_sums(call: &Call<'_>, split: &LineSums, sent: SentSums) -> Result<(), Problem> {
    let pairs = [
        ("data.fulamt_ownpay_amt", split.own_fen, sent.own),
        ("data.overlmt_selfpay", split.over_fen, sent.over),
        ("data.preselfpay_amt", split.pre_fen, sent.pre),
        ("data.inscp_scp_amt", split.eligible_fen, sent.eligible),
    ];
    let wrong = pairs
        .into_iter()
        .find_map(|(field, expected, sent)| Some((field, expected, sent?)).filter(|_| sent != Some(expected)));
    let Some((field, expected, sent)) = wrong else { return Ok(()) };
    let why = refusal::SUM_DIFFERS.with("field", field).with("expected", expected).with("sent", sent);
    Err(call.refuse(&why.at_field(field)))
}

pub async fn quote(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("data")?;
    let part = part(call, data).await?;
    // Before the discharge it is a quote of the stay so far.
    let interim = part.visit.is_stay() && (part.interim || part.visit.state == "open");
    let quote = ask_quote(call, &part, data, interim).await?;
    check_sums(call, &quote.computation.amounts.lines, sums(data))?;
    let info = quoted(&quote, &part.visit, call.request.message_id(), call.edge.clock.now());
    let mut output = output(info, details(&quote.computation.amounts.funds, &quote.computation.steps));
    output.extend(other_filings(&quote).map(|others| ("dclainfo".to_owned(), others)));
    Ok(output)
}

/// The quote that stands for the batch, or a new one.
async fn standing(call: &Call<'_>, part: &Part, data: &Record) -> Result<Quote, Problem> {
    let (visit, batch, now) = (part.visit.facts.visit, part.batch.clone(), call.edge.clock.now());
    let known = call.edge.read(move |view| Ok(visits::visited_batch(view, visit, &batch)?)).await?;
    let quote = known.and_then(|batch| batch.quote).filter(|quote| {
        quote.expires_at > now && quote.interim == part.interim && quote.account_wanted == part.account_wanted
    });
    match quote {
        Some(quote) => Ok(quote),
        None => ask_quote(call, part, data, part.interim).await,
    }
}

/// Of a message that was sent already: what it came to is in the journal under its id, whatever is asked now.
const SENT_BEFORE: (Uuid, String, Uuid) = (Uuid::nil(), String::new(), Uuid::nil());

/// How the call under this message's id stands.
async fn sent(call: &Call<'_>) -> Result<Option<CallState>, Problem> {
    let institution = call.caller.principal.participant.clone();
    let reference = CallReference { institution, message_id: call.request.message_id().to_owned() };
    call.edge.read(move |view| Ok(calls::state(view, &reference)?)).await
}

/// Visit, batch and quote of a message that comes for the first time.
async fn offered(call: &Call<'_>, data: &Record) -> Result<(Uuid, String, Uuid), Problem> {
    let part = part(call, data).await?;
    let quote = standing(call, &part, data).await?;
    Ok((part.visit.facts.visit, part.batch, quote.quote))
}

pub async fn settle(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("data")?;
    let message_id = call.request.message_id().to_owned();
    let (visit, batch, quote) = match sent(call).await? {
        // The reversal came first: there is nothing in the journal that would say so.
        Some(CallState::Tombstone) => return Err(call.refuse(&refusal::CALL_REVERSED.refuse())),
        Some(_) => SENT_BEFORE,
        None => match offered(call, data).await {
            // The same message went ahead at the same moment, and changed what this one would be refused for.
            Err(_) if sent(call).await?.is_some() => SENT_BEFORE,
            offered => offered?,
        },
    };
    let sums = Some(sums(data));
    let total = amount(data, "medfee_sumamt").ok_or_else(|| missing("data.medfee_sumamt"))?;
    let command = Command::Settle { visit, batch, quote, message_id, total, sums };
    match call.ask("", command).await? {
        Asked::Replied(Reply::Settled(settled)) => document(call, settled.settlement).await,
        Asked::Replied(other) => unreachable!("a settlement was asked for: {other:?}"),
        Asked::Waiting => Err(call.refuse(&refusal::STILL_PENDING.refuse())),
    }
}

/// A settlement of the caller's institution, with its document and visit.
pub async fn found(call: &Call<'_>, settlement: String) -> Result<(SettledDocument, Option<VisitedVisit>), Problem> {
    let institution = call.caller.principal.participant.clone();
    call.edge
        .read(move |view| {
            let known = settlements::settlement(view, Role::Visited, &settlement)?;
            let known = known.filter(|known| known.call.institution == institution);
            let known = known.ok_or_else(|| refusal::SETTLEMENT_UNKNOWN.refuse())?;
            let visit = visits::visited_number(view, &known.visit)?;
            Ok((documents::document(view, &known)?, visit))
        })
        .await
}

async fn document(call: &Call<'_>, settlement: String) -> Result<Output, Problem> {
    let (document, visit) = found(call, settlement).await?;
    Ok(output(settled(&document, visit.as_ref()), details(&document.amounts.funds, &document.steps)))
}

/// 2208, 2305: a settlement whose period is cut already is refunded.
pub async fn cancel(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("data")?;
    let settlement = text(data, "setl_id");
    let (original, _) = found(call, settlement.clone()).await?;
    if original.person != text(data, "psn_no") || original.visit != text(data, "mdtrt_id") {
        return Err(call.refuse(&refusal::SETTLEMENT_UNKNOWN.refuse().at_field("data.setl_id")));
    }
    let reply = match call.told("", Command::Cancel { settlement: settlement.clone() }).await {
        Err(problem) if problem.code == refusal::ALREADY_CLEARED.code => {
            call.told("refund", Command::Refund { settlement }).await?
        }
        other => other?,
    };
    match reply {
        Reply::Cancelled(contra) => document(call, contra.settlement).await,
        other => unreachable!("a cancel was asked for: {other:?}"),
    }
}

/// 2601: the original, where it is known, must be of this person and of this kind.
pub async fn reverse(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("data")?;
    let (message_id, person, kind) = (text(data, "omsgid"), text(data, "psn_no"), text(data, "oinfno"));
    let institution = call.caller.principal.participant.clone();
    if !is_message_id(&message_id, &institution) {
        return Err(call.refuse(&refusal::MESSAGE_ID_MALFORMED.refuse().at_field("data.omsgid")));
    }
    let original = CallReference { institution, message_id: message_id.clone() };
    let visit = call.edge.read(move |view| {
        let known = calls::visited_call(view, &original)?.and_then(|known| known.visit);
        let visit = known.and_then(|visit| visit.parse().ok());
        Ok(visit.map(|visit| visits::visited_visit(view, visit)).transpose()?.flatten())
    });
    if let Some(visit) = visit.await? {
        let is_of_kind = (kind == "2304") == visit.is_stay();
        if visit.person.as_deref() != Some(&person) || !is_of_kind {
            return Err(call.refuse(&refusal::SETTLEMENT_UNKNOWN.refuse().at_field("data.omsgid")));
        }
    }
    call.told("", Command::Reverse { message_id }).await?;
    Ok(Output::new())
}
