//! Which batch of which visit a Claim means, and whether it says the same of it as the lines that were sent.

use std::collections::BTreeMap;

use huitong_kernel::decimal::Quantity;
use huitong_service_kit::http::Problem;
use uuid::Uuid;

use super::claims::Request;
use crate::fhir::claim::{Batch, Period, VisitName};
use crate::fhir::export::sequences;
use crate::fhir::terms::BATCH;
use crate::http::wire::problem;
use crate::model::lines::{Line, SplitLine};
use crate::model::message::CallReference;
use crate::query::{calls, visits};
use crate::refusal;

/// A batch, and its lines as they are now.
struct Found {
    visit: Uuid,
    batch: String,
    held: Vec<SplitLine>,
}

impl Request<'_> {
    /// Lines that the Claim brings take the place of those that are there.
    pub async fn batch_to_offer(&self, of: &Batch) -> Result<(Uuid, String), Problem> {
        let Found { visit, batch, held } = self.batch(of).await?;
        if of.lines.is_empty() {
            check_days(of.period, &held)?;
        }
        Ok((visit, batch))
    }

    /// Lines that the Claim repeats must be those that were sent.
    pub async fn batch_to_settle(&self, of: Batch, message_id: &str) -> Result<(Uuid, String), Problem> {
        let Found { visit, batch, held } = self.batch(&of).await?;
        let institution = self.caller.principal.participant.clone();
        let call = CallReference { institution, message_id: message_id.to_owned() };
        let is_known = self.edge.read(move |view| Ok(calls::state(view, &call)?.is_some())).await?;
        // Sent before: what it came to is in the journal, whatever has become of the lines.
        if !is_known {
            check_days(of.period, &held)?;
            compare(&of.lines, &held)?;
        }
        Ok((visit, batch))
    }

    /// A batch of a visit of the caller's institution.
    async fn batch(&self, of: &Batch) -> Result<Found, Problem> {
        let institution = self.caller.principal.participant.clone();
        let (name, batch) = (of.visit.clone(), of.batch.clone());
        let read = self.edge.read(move |view| {
            let known = match &name {
                VisitName::Id(visit) => visits::visited_visit(view, *visit)?,
                VisitName::Number(number) => visits::visited_number(view, number)?,
            };
            let known = known.filter(|known| known.institution == institution);
            let known = known.ok_or_else(|| refusal::VISIT_UNKNOWN.refuse().at_field("identifier"))?;
            let visit = known.facts.visit;
            let batch = match batch {
                Some(batch) => batch,
                None if known.is_stay() => visits::open_batch(view, visit)?,
                None => {
                    let field = format!("identifier[{BATCH}]");
                    return Err(refusal::FIELD_MISSING.with("field", &field).at_field(field).into());
                }
            };
            let held = visits::lines(view, visit, &batch)?;
            Ok(Found { visit, batch, held })
        });
        read.await
    }
}

/// `billablePeriod`: all lines are of its days.
fn check_days(period: Period, held: &[SplitLine]) -> Result<(), Problem> {
    if held.iter().all(|line| period.holds(line.day)) {
        return Ok(());
    }
    Err(problem(&refusal::FEE_TIME_OUTSIDE_VISIT.refuse().at_field("billablePeriod")))
}

/// A Claim need not repeat the lines of a batch. Where it does, its items bear the sequences that we write.
fn compare(lines: &[Line], held: &[SplitLine]) -> Result<(), Problem> {
    if lines.is_empty() {
        return Ok(());
    }
    // What was returned wholly need not be told.
    let is_there = |line: &SplitLine| line.quantity != Quantity::ZERO;
    let count = held.iter().filter(|line| is_there(line)).count();
    let wrong_count = || differs("item".to_owned(), count.to_string(), lines.len().to_string());
    if lines.len() < count || lines.len() > held.len() {
        return wrong_count();
    }
    let numbers = sequences(held).into_iter().map(|number| number.to_string());
    let mut left: BTreeMap<String, &SplitLine> = numbers.zip(held).collect();
    for (index, line) in lines.iter().enumerate() {
        // An item that comes twice finds nothing the second time.
        let Some(held) = left.remove(&line.number) else {
            return differs(format!("item[{index}].sequence"), "-".to_owned(), line.number.clone());
        };
        if (held.quantity, held.price) != (line.quantity, line.price) {
            return differs(format!("item[{index}].net"), held.total_fen.yuan(), line.amount.yuan());
        }
        let is_named =
            |sent: &Option<String>, held: Option<&str>| sent.as_deref().is_none_or(|sent| held == Some(sent));
        if !is_named(&line.code, Some(&held.code)) || !is_named(&line.local_code, held.local_code.as_deref()) {
            let sent = line.code.clone().or_else(|| line.local_code.clone()).unwrap_or_default();
            return differs(format!("item[{index}].productOrService"), held.code.clone(), sent);
        }
    }
    if left.into_values().any(is_there) { wrong_count() } else { Ok(()) }
}

fn differs(field: String, expected: String, sent: String) -> Result<(), Problem> {
    let refusal = refusal::SUM_DIFFERS.with("field", &field).with("expected", expected).with("sent", sent);
    Err(problem(&refusal.at_field(field)))
}
