//! What registry published becomes known; versions that are not newer are passed over.

use huitong_service_kit::{Context, Decision, StoreError, View, params};

use super::{Decided, Peer};
use crate::event::Event;
use crate::model::published::{InstitutionPublished, InsuredPublished};
use crate::refusal;

pub fn institution(view: View<'_>, institution: InstitutionPublished, from: &Peer) -> Decided {
    // A jurisdiction speaks for its own institutions only.
    if from.service != "registry" || !from.jurisdiction.contains(institution.division) {
        return Err(refusal::INSTITUTION_NOT_ALLOWED.refuse().into());
    }
    let known = version(view, "SELECT version FROM institution WHERE code = ?1", &institution.code)?;
    Ok(if known >= institution.version {
        Decision::nothing()
    } else {
        Decision::nothing().event(Event::InstitutionKnown(institution))
    })
}

pub fn insured(view: View<'_>, insured: InsuredPublished, from: &Peer, context: &Context<'_>) -> Decided {
    if from.service != "registry" || from.jurisdiction != context.home.jurisdiction {
        return Err(refusal::INSTITUTION_NOT_ALLOWED.refuse().into());
    }
    let known = version(view, "SELECT version FROM insured WHERE person = ?1", &insured.person)?;
    Ok(if known >= insured.version {
        Decision::nothing()
    } else {
        Decision::nothing().event(Event::InsuredKnown(insured))
    })
}

fn version(view: View<'_>, sql: &str, key: &str) -> Result<u64, StoreError> {
    Ok(view.one(sql, params![key], |row| row.get(0))?.unwrap_or(0))
}
