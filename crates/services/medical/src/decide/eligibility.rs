//! Eligibility: visited asks, home answers with the benefit check and its reason.

use huitong_kernel::division::Division;
use huitong_service_kit::{Context, Decision, Refusal, Stop, View};

use super::pool::asking;
use super::{Decided, Peer, home_of, own_institution, reply, send};
use crate::model::filing::FilingKind;
use crate::model::message::{Answered, Certificate, Eligibility, EligibilityAsk, Identity, Message, Wants};
use crate::model::person::{CareType, masked};
use crate::query::persons::Insured;
use crate::query::{dated, persons, pools, visits};
use crate::{Medical, refusal};

pub fn ask(
    view: View<'_>,
    home_area: Division,
    certificate: Certificate,
    (care_type, wants): (CareType, Wants),
    context: &mut Context<'_>,
) -> Decided {
    let institution = own_institution(view, context)?;
    let home = home_of(context, home_area)?;
    let cycle = context.new_uuid();
    let ask = EligibilityAsk {
        correlation: cycle.to_string(),
        institution: institution.code,
        home_area,
        certificate,
        care_type,
        care_date: context.now.business_date(),
        visited_area: institution.division,
        wants,
    };
    let message = send(context, home, cycle, cycle, Message::EligibilityAsk(ask));
    Ok(Decision::wait(cycle).message(message))
}

pub fn answer(
    medical: &Medical,
    view: View<'_>,
    ask: &EligibilityAsk,
    from: &Peer,
    context: &mut Context<'_>,
) -> Decided {
    let result = match insured(view, ask)? {
        Ok(insured) if pools::is_delegated(view, insured.pool)? => {
            // What only the pool can say is filled in when it has.
            let benefit = Benefit {
                direct: false,
                filing: FilingKind::None,
                year: None,
                in_force: insured.suspended_from.is_none(),
            };
            let known = eligibility(view, ask, &insured, benefit)?;
            match asking::eligibility(view, ask, &insured, known, from, context)? {
                Ok(decision) => return Ok(decision),
                Err(refusal) => Err(refusal),
            }
        }
        Ok(insured) => check(medical, view, ask, &insured)?,
        Err(refusal) => Err(refusal),
    };
    let answer = Answered { correlation: ask.correlation.clone(), result };
    let message = reply(context, from, Message::EligibilityAnswer(answer));
    Ok(Decision::nothing().message(message))
}

fn insured(view: View<'_>, ask: &EligibilityAsk) -> Result<Result<Insured, Refusal>, Stop> {
    let Some(insured) = persons::insured(view, &ask.certificate, None)? else {
        return Ok(Err(refusal::PERSON_NOT_FOUND.refuse()));
    };
    if !ask.home_area.contains(insured.pool) && ask.home_area != insured.pool {
        return Ok(Err(refusal::PERSON_NOT_FOUND.refuse()));
    }
    Ok(Ok(insured))
}

/// What the policy of the pool says.
struct Benefit {
    in_force: bool,
    direct: bool,
    filing: FilingKind,
    /// The insurance year, where its accumulators are told.
    year: Option<i16>,
}

fn check(
    medical: &Medical,
    view: View<'_>,
    ask: &EligibilityAsk,
    insured: &Insured,
) -> Result<Result<Eligibility, Refusal>, Stop> {
    let Some((_, pack)) = dated::pack(medical, view, insured.pool, insured.scheme, ask.care_date)? else {
        return Ok(Err(refusal::NO_POLICY.with("area", insured.pool)));
    };
    let filed = persons::filing_in_force(view, &insured.person, ask.visited_area, ask.care_date)?;
    let filing = if pack.is_exempt(ask.visited_area, ask.care_date) { FilingKind::ExemptArea } else { filed };
    let in_force = insured.suspended_from.is_none_or(|day| ask.care_date < day);
    let allowed = pack.filings.get(&filing).is_some_and(|rule| rule.direct);
    let year = ask.wants.accumulators.then(|| pack.insurance_year(ask.care_date));
    Ok(Ok(eligibility(view, ask, insured, Benefit { in_force, direct: in_force && allowed, filing, year })?))
}

fn eligibility(view: View<'_>, ask: &EligibilityAsk, insured: &Insured, benefit: Benefit) -> Result<Eligibility, Stop> {
    let Benefit { in_force, direct, filing, year } = benefit;
    let balances = persons::balances(view, &insured.person)?;
    let stays = visits::stays_of(view, &insured.person)?;
    let used = |year| Ok::<_, Stop>((year, persons::accumulators(view, &insured.person, insured.scheme, year)?));
    let accumulators = year.map(used).transpose()?;
    let chronic = if ask.wants.chronic { persons::chronic(view, &insured.person, None, 1_000)? } else { Vec::new() };
    let identity = ask.wants.identity.then(|| Identity {
        name: insured.name.clone(),
        birth_date: insured.facts.birth_date,
        certificate: insured.certificate.clone(),
    });
    Ok(Eligibility {
        name_masked: masked(&insured.name),
        suspended_from: insured.suspended_from,
        in_hospital: stays.iter().any(|stay| stay.state == "open"),
        retired: insured.facts.retired,
        identity,
        accumulators: accumulators.map(|(year, used)| (year, used.amounts.into_iter().collect())),
        chronic,
        person: insured.person.clone(),
        pool: insured.pool,
        scheme: insured.scheme,
        in_force,
        direct,
        filing,
        account_balance_fen: balances.current_fen + balances.history_fen,
    })
}
