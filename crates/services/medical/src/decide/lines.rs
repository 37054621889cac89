//! Fee lines of a visit: split under the own catalogues; resent and revoked until settled. Of a stay they come day by day.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use huitong_kernel::time::Date;
use huitong_service_kit::{Context, Decision, Stop, View};
use uuid::Uuid;

use super::{Decided, parts, stay};
use crate::command::Reply;
use crate::event::{Event, LinesSplit};
use crate::model::amounts::LineSums;
use crate::model::catalogue::IndexedCatalogue;
use crate::model::document::DataVersion;
use crate::model::lines::{BATCH_LINES_MAX, Catalogues, Line, Split, SplitLine, split_lines};
use crate::query::dated;
use crate::query::visits::{self, VisitedVisit};
use crate::{Medical, refusal};

/// In 2205 and 2302: all that is not settled.
const ALL: &str = "0000";

/// A batch and lines are named so that they can be asked for one by one.
fn check_names(batch: &str, lines: &[Line]) -> Result<(), Stop> {
    let is_wrong = |name: &str| name == ALL || name.chars().any(char::is_control);
    let wrong = |field: String, name: &str| {
        let shown: String = name.chars().filter(|letter| !letter.is_control()).collect();
        Stop::from(refusal::CODE_UNKNOWN.with("field", &field).with("value", shown).at_field(field))
    };
    if is_wrong(batch) {
        return Err(wrong("batch".to_owned(), batch));
    }
    let found = lines.iter().enumerate().find(|(_, line)| is_wrong(&line.number));
    found.map_or(Ok(()), |(index, line)| Err(wrong(format!("lines[{index}].number"), &line.number)))
}

/// A fee belongs to a day of the visit, up to today or the day of discharge.
fn check_days(lines: &[Line], known: &VisitedVisit, today: Date) -> Result<(), Stop> {
    let last = known.ended_on.unwrap_or(today);
    for (index, line) in lines.iter().enumerate() {
        if line.day < known.facts.began_on || line.day > last {
            let refusal = refusal::FEE_TIME_OUTSIDE_VISIT.refuse().at_field(format!("lines[{index}].fee_date"));
            return Err(refusal.into());
        }
    }
    Ok(())
}

pub fn add(
    medical: &Medical,
    view: View<'_>,
    (visit, batch, replaces): (Uuid, String, bool),
    lines: &[Line],
    context: &mut Context<'_>,
) -> Decided {
    let (known, reopened) = parts::taking_lines(view, visit, context)?;
    let existing = visits::visited_batch(view, visit, &batch)?;
    if existing.as_ref().is_some_and(|existing| existing.state != "open") {
        return Err(refusal::LINES_SETTLED.refuse().into());
    }
    check_names(&batch, lines)?;
    check_days(lines, &known, context.now.business_date())?;
    if !replaces && visits::count_lines(view, visit, &batch)? + lines.len() > BATCH_LINES_MAX {
        return Err(refusal::TOO_MANY_LINES.with("limit", BATCH_LINES_MAX).at_field("lines").into());
    }
    let held = held(view, (visit, &batch, replaces), lines)?;
    let catalogues = ByDay::read(medical, view, lines, context)?;
    let split = split_lines(&catalogues, &known.facts.institution, known.facts.level, lines, &held)?;
    let mut versions = catalogues.versions();
    let earlier = existing.filter(|_| !replaces).map(|existing| existing.catalogues).unwrap_or_default();
    versions.extend(earlier.into_iter().filter(|version| !versions.contains(version)).collect::<Vec<_>>());
    versions.sort_by(|one, other| one.version.cmp(&other.version));
    let Split { lines, changed, returns } = split;
    let told: Vec<SplitLine> = lines.iter().chain(&changed).cloned().collect();
    let mut all = if replaces { Vec::new() } else { visits::lines(view, visit, &batch)? };
    for line in &changed {
        all.iter_mut().filter(|known| known.number == line.number).for_each(|known| *known = line.clone());
    }
    all.extend(lines.iter().cloned());
    let sums = LineSums::of(&all);
    let event = Event::LinesSplit(LinesSplit { visit, batch, replaces, catalogues: versions, lines, changed, returns });
    let mut decision = Decision::reply(Reply::Lines { sums, lines: told });
    if let Some((moved, message)) = reopened {
        decision = decision.event(moved).message(message);
    }
    Ok(decision.event(event))
}

/// Lines of earlier calls whose numbers the call uses. A number is unique in the visit, over all its batches (MED-3003); what is
/// settled takes nothing back (MED-3007).
fn held(
    view: View<'_>,
    (visit, batch, replaces): (Uuid, &str, bool),
    lines: &[Line],
) -> Result<BTreeMap<String, SplitLine>, Stop> {
    let mut held = BTreeMap::new();
    for (index, line) in lines.iter().enumerate() {
        let at = |field: &str| format!("lines[{index}].{field}");
        if let Some((of, _)) = visits::line(view, visit, &line.number)?
            && !(replaces && of == batch)
        {
            return Err(refusal::LINE_REPEATED.with("number", &line.number).at_field(at("number")).into());
        }
        let Some(original) = &line.original else { continue };
        let Some((of, Some(split))) = visits::line(view, visit, original)? else { continue };
        match (of == batch, replaces) {
            (true, false) => drop(held.insert(original.clone(), split)),
            // Its line is replaced with the others.
            (true, true) => {}
            (false, _) => {
                let state = visits::visited_batch(view, visit, &of)?.map(|batch| batch.state);
                let is_open = state.is_some_and(|state| state == "open");
                let refused = if is_open { refusal::RETURN_INVALID } else { refusal::LINES_SETTLED };
                return Err(refused.refuse().at_field(at("original")).into());
            }
        }
    }
    Ok(held)
}

/// The own catalogues in force on the days of some lines.
pub struct ByDay(BTreeMap<Date, (DataVersion, Arc<IndexedCatalogue>)>);

impl ByDay {
    /// # Errors
    /// MED-1002 where there is no line, MED-2011 where a day has no catalogue.
    pub fn read(medical: &Medical, view: View<'_>, lines: &[Line], context: &Context<'_>) -> Result<ByDay, Stop> {
        if lines.is_empty() {
            return Err(refusal::FIELD_MISSING.with("field", "lines").at_field("lines").into());
        }
        let mut days = BTreeMap::new();
        for line in lines {
            if let Entry::Vacant(day) = days.entry(line.day) {
                let found = dated::catalogue(medical, view, context.home.jurisdiction, line.day)?;
                day.insert(found.ok_or_else(|| refusal::NO_CATALOGUE.refuse())?);
            }
        }
        Ok(ByDay(days))
    }

    pub fn versions(&self) -> Vec<DataVersion> {
        let mut versions: Vec<DataVersion> = Vec::new();
        for (version, _) in self.0.values() {
            if !versions.contains(version) {
                versions.push(version.clone());
            }
        }
        versions
    }
}

impl Catalogues for ByDay {
    fn of(&self, day: Date) -> &IndexedCatalogue {
        &self.0[&day].1
    }
}

/// A visit of the caller's institution that is not over: a stay may be discharged, and not settled.
pub fn own_open_visit(view: View<'_>, visit: Uuid, context: &Context<'_>) -> Result<VisitedVisit, Stop> {
    let known = stay::own_visit(view, visit, context)?;
    match known.state.as_str() {
        "open" | "discharged" => Ok(known),
        _ => Err(refusal::VISIT_UNKNOWN.refuse().into()),
    }
}
