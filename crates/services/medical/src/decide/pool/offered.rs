//! What a pool has said without booking anything: a benefit check, or an offer.

use huitong_service_kit::{Context, Decision, Stop, View};

use super::super::quote::QUOTE_VALIDITY;
use super::super::{Decided, Peer, reply};
use super::{commit_answer, ended, wrong};
use crate::event::Event;
use crate::model::document::DataVersion;
use crate::model::message::{Answered, CommitOutcome, Eligibility, Message, Quote};
use crate::pool::answer::{Benefit, Computed};
use crate::pool::ask::{OfferedFor, Owed, PoolAsk};
use crate::pool::check;
use crate::query::persons;
use crate::{Medical, refusal};

/// Accumulators that an eligibility names.
const ACCUMULATORS_MAX: usize = 200;

pub fn eligible(
    ask: &PoolAsk,
    correlation: &str,
    known: &Eligibility,
    benefit: Benefit,
    context: &mut Context<'_>,
) -> Decision<Medical> {
    let accumulators = benefit.accumulators.map(|(year, mut used)| {
        used.truncate(ACCUMULATORS_MAX);
        (year, used)
    });
    let eligibility = Eligibility {
        in_force: benefit.in_force,
        direct: benefit.in_force && benefit.direct,
        filing: benefit.filing,
        suspended_from: benefit.suspended_from,
        accumulators,
        ..known.clone()
    };
    let answer = Answered { correlation: correlation.to_owned(), result: Ok(eligibility) };
    Decision::nothing().message(reply(context, &Peer::waiting(&ask.asker), Message::EligibilityAnswer(answer)))
}

/// An offer: to a question for it, or in the place of one that has expired.
pub fn quoted(view: View<'_>, ask: &PoolAsk, computed: Computed, context: &mut Context<'_>) -> Decided {
    let (Owed::Quote { offered, .. } | Owed::Renewal { offered, .. }) = &ask.owed else {
        return wrong(view, ask, "it is of another kind", context);
    };
    if let Err(rule) = check::computed(&offered.asked(None), &computed) {
        return wrong(view, ask, rule, context);
    }
    let quote = quote_of(view, ask, offered, computed, context)?;
    let message = match &ask.owed {
        Owed::Renewal { call, .. } => {
            let reason = refusal::QUOTE_EXPIRED.refuse();
            commit_answer(call, CommitOutcome::Stale { reason, quote: Box::new(quote.clone()) })
        }
        Owed::Quote { correlation, .. } => {
            Message::QuoteAnswer(Answered { correlation: correlation.clone(), result: Ok(quote.clone()) })
        }
        _ => return wrong(view, ask, "it is of another kind", context),
    };
    let event = Event::Quoted { visited: ask.asker.jurisdiction, quote };
    let decision = Decision::nothing().event(event).message(reply(context, &Peer::waiting(&ask.asker), message));
    Ok(ended(decision, ask))
}

/// The pool's price as an offer of home.
pub fn quote_of(
    view: View<'_>,
    ask: &PoolAsk,
    offered: &OfferedFor,
    computed: Computed,
    context: &mut Context<'_>,
) -> Result<Quote, Stop> {
    let year = computed.computation.insurance_year;
    let accumulators = persons::accumulators(view, &offered.person, offered.scheme, year)?;
    Ok(Quote {
        quote: context.new_uuid(),
        number: offered.number.clone(),
        batch: offered.batch.clone(),
        lines_hash: offered.lines_hash,
        care_date: offered.care_date,
        days: offered.days,
        interim: offered.interim,
        account_wanted: offered.account_wanted,
        filing_term: (!computed.alternatives.is_empty()).then(|| offered.filing_term()),
        alternatives: computed.alternatives,
        at_home_fen: computed.at_home_fen,
        pack: DataVersion { area: ask.pool, version: computed.version, hash: computed.hash },
        grade: computed.grade,
        computation: computed.computation,
        catalogues: offered.catalogues.clone(),
        accumulators_version: accumulators.version,
        expires_at: context.now + QUOTE_VALIDITY,
    })
}
