//! Fee lines that are taken back before they are settled (明细撤销): all of a batch, or chosen ones.

use std::collections::{BTreeMap, BTreeSet};

use huitong_kernel::decimal::Quantity;
use huitong_service_kit::{Context, Decision, Stop, View};
use uuid::Uuid;

use super::Decided;
use super::lines::own_open_visit;
use super::parts::Parts;
use crate::command::Reply;
use crate::event::Event;
use crate::model::lines::{LINES_MAX, Returned, SplitLine};
use crate::query::visits;
use crate::refusal;

pub fn all(view: View<'_>, visit: Uuid, batch: String, context: &mut Context<'_>) -> Decided {
    let known = own_open_visit(view, visit, context)?;
    match visits::visited_batch(view, visit, &batch)? {
        None => Err(refusal::VISIT_UNKNOWN.refuse().at_field("batch").into()),
        Some(existing) if existing.state != "open" => Err(refusal::LINES_SETTLED.refuse().into()),
        Some(_) => {
            let left = Parts::of(view, &known, visit)?.without(&batch);
            let decision = Decision::reply(Reply::Revoked).event(Event::LinesRevoked { visit, batch });
            Ok(left.close(decision, &known, visit, context))
        }
    }
}

/// A return that is revoked gives its quantity back to its line; a line goes only together with its returns. With its last line
/// the batch goes.
pub fn chosen(
    view: View<'_>,
    (visit, batch): (Uuid, Option<&str>),
    numbers: &[String],
    context: &mut Context<'_>,
) -> Decided {
    let known = own_open_visit(view, visit, context)?;
    if numbers.is_empty() {
        return Err(refusal::FIELD_MISSING.with("field", "numbers").at_field("numbers").into());
    }
    if numbers.len() > LINES_MAX {
        return Err(refusal::TOO_MANY_LINES.with("limit", LINES_MAX).at_field("numbers").into());
    }
    let mut of_batches: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for number in numbers {
        let found = visits::line(view, visit, number)?.filter(|(of, _)| batch.is_none_or(|batch| batch == of));
        let (of, _) = found.ok_or_else(|| refusal::LINE_UNKNOWN.with("number", number))?;
        if !of_batches.entry(of).or_default().insert(number) {
            return Err(refusal::LINE_REPEATED.with("number", number).into());
        }
    }
    let mut decision = Decision::reply(Reply::Revoked);
    let mut left = Parts::of(view, &known, visit)?;
    for (batch, numbers) in of_batches {
        if visits::visited_batch(view, visit, &batch)?.is_none_or(|existing| existing.state != "open") {
            return Err(refusal::LINES_SETTLED.refuse().into());
        }
        let changed = given_back(view, (visit, &batch), &numbers)?;
        if visits::count_lines(view, visit, &batch)? == numbers.len() {
            left = left.without(&batch);
        }
        let numbers = numbers.into_iter().map(str::to_owned).collect();
        decision = decision.event(Event::ChosenLinesRevoked { visit, batch, numbers, changed });
    }
    Ok(left.close(decision, &known, visit, context))
}

/// The lines that stay and get back what revoked returns had taken.
fn given_back(view: View<'_>, (visit, batch): (Uuid, &str), numbers: &BTreeSet<&str>) -> Result<Vec<SplitLine>, Stop> {
    let mut back: BTreeMap<String, Quantity> = BTreeMap::new();
    for Returned { number, original, quantity } in visits::returns(view, visit, batch)? {
        match (numbers.contains(number.as_str()), numbers.contains(original.as_str())) {
            (true, false) => {
                let sum = back.entry(original).or_default();
                *sum = Quantity::from_units(sum.units() - quantity.units());
            }
            (false, true) => return Err(refusal::LINE_RETURNED.with("number", number).into()),
            (true, true) | (false, false) => {}
        }
    }
    let mut changed = Vec::with_capacity(back.len());
    for (original, quantity) in back {
        let Some((_, Some(line))) = visits::line(view, visit, &original)? else { continue };
        changed.push(line.with_quantity(Quantity::from_units(line.quantity.units() + quantity.units())));
    }
    Ok(changed)
}
