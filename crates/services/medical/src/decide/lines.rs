//! Fee lines of a visit: split under the own catalogue; resent and revoked until settled.

use huitong_kernel::time::Date;
use huitong_service_kit::{Context, Decision, Stop, View};
use uuid::Uuid;

use super::Decided;
use crate::command::Reply;
use crate::event::Event;
use crate::model::amounts::LineSums;
use crate::model::document::DataVersion;
use crate::model::lines::{Line, SplitLine, split_lines};
use crate::model::person::HospitalLevel;
use crate::query::{dated, visits};
use crate::{Medical, refusal};

/// Hours of tolerance are not needed: a fee belongs to the day of the visit or a later one, up to today.
fn check_days(lines: &[Line], began_on: Date, today: Date) -> Result<(), Stop> {
    for (index, line) in lines.iter().enumerate() {
        if line.day < began_on || line.day > today {
            let refusal = refusal::FEE_TIME_OUTSIDE_VISIT.refuse().at_field(format!("lines[{index}].fee_date"));
            return Err(refusal.into());
        }
    }
    Ok(())
}

pub fn add(
    medical: &Medical,
    view: View<'_>,
    visit: Uuid,
    batch: String,
    lines: &[Line],
    context: &Context<'_>,
) -> Decided {
    let known = own_open_visit(view, visit, context)?;
    if let Some(existing) = visits::visited_batch(view, visit, &batch)?
        && existing.state != "open"
    {
        return Err(refusal::LINES_SETTLED.refuse().into());
    }
    check_days(lines, known.facts.began_on, context.now.business_date())?;
    check_numbers(view, visit, &batch, lines)?;
    let (catalogue, sums, split) =
        split(medical, view, &known.facts.institution, known.facts.level, known.facts.began_on, lines, context)?;
    let event = Event::LinesSplit { visit, batch, catalogue, sums, lines: split.clone() };
    Ok(Decision::reply(Reply::Lines { sums, lines: split }).event(event))
}

/// A line number is unique in the visit, over all its batches (MED-3003).
fn check_numbers(view: View<'_>, visit: Uuid, batch: &str, lines: &[Line]) -> Result<(), Stop> {
    for text in visits::lines_of_other_batches(view, visit, batch)? {
        let others: Vec<SplitLine> = crate::query::json(&text)?;
        for (index, line) in lines.iter().enumerate() {
            if others.iter().any(|other| other.number == line.number) {
                let refusal = refusal::LINE_REPEATED.with("number", &line.number);
                return Err(refusal.at_field(format!("lines[{index}].number")).into());
            }
        }
    }
    Ok(())
}

/// Splits lines under the own catalogue in force.
pub fn split(
    medical: &Medical,
    view: View<'_>,
    institution: &str,
    level: HospitalLevel,
    day: Date,
    lines: &[Line],
    context: &Context<'_>,
) -> Result<(DataVersion, LineSums, Vec<SplitLine>), Stop> {
    if lines.is_empty() {
        return Err(refusal::FIELD_MISSING.with("field", "lines").at_field("lines").into());
    }
    let catalogue = dated::catalogue(medical, view, context.home.jurisdiction, day)?;
    let (version, catalogue) = catalogue.ok_or_else(|| refusal::NO_CATALOGUE.refuse())?;
    let (split, sums) = split_lines(&catalogue, institution, level, lines)?;
    Ok((version, sums, split))
}

pub fn revoke(view: View<'_>, visit: Uuid, batch: String, context: &Context<'_>) -> Decided {
    own_open_visit(view, visit, context)?;
    match visits::visited_batch(view, visit, &batch)? {
        None => Err(refusal::VISIT_UNKNOWN.refuse().at_field("batch").into()),
        Some(existing) if existing.state != "open" => Err(refusal::LINES_SETTLED.refuse().into()),
        Some(_) => Ok(Decision::reply(Reply::Revoked).event(Event::LinesRevoked { visit, batch })),
    }
}

/// A visit of the caller's institution that home has opened. Another hospital's visit is unknown to the caller.
pub fn own_open_visit(view: View<'_>, visit: Uuid, context: &Context<'_>) -> Result<visits::VisitedVisit, Stop> {
    let known = visits::visited_visit(view, visit)?;
    match known {
        Some(known) if known.institution == context.principal.participant && known.state == "open" => Ok(known),
        _ => Err(refusal::VISIT_UNKNOWN.refuse().into()),
    }
}
