//! Publishing dated data: a policy pack of an own pool, a catalogue of the own area. A published version is never edited; a pack that
//! nothing was priced with can be withdrawn.

use huitong_kernel::division::Division;
use huitong_kernel::hash::HashFunction;
use huitong_service_kit::{Context, Decision, Refusal, View};

use super::Decided;
use crate::command::Reply;
use crate::event::{Event, Restored};
use crate::model::catalogue::{self, Catalogue};
use crate::model::document::DataVersion;
use crate::model::person::Scheme;
use crate::model::policy::{Pack, validate};
use crate::query::dated::{self, Published};
use crate::refusal;

pub fn policy(view: View<'_>, text: String, context: &Context<'_>) -> Decided {
    let pack = Pack::read(&text)?;
    check_own(pack.area, context)?;
    validate::validate(&pack)?;
    let known = dated::published(view, pack.area, pack.scheme)?;
    let version = DataVersion { area: pack.area, version: pack.version.clone(), hash: hash(&text) };
    if let Some(known) = known.iter().find(|known| known.pack.version == pack.version) {
        // The same version again changes nothing; another content under its name is refused, and so is one that was withdrawn.
        return if known.pack == pack && !known.is_withdrawn {
            Ok(Decision::reply(Reply::Published(version)))
        } else {
            Err(refusal::PUBLISHED_UNCHANGEABLE.refuse().into())
        };
    }
    let mut standing: Vec<&Pack> = standing(&known).collect();
    if let Some(superseded) = &pack.supersedes
        && !standing.iter().any(|known| known.version == *superseded)
    {
        return Err(refusal::PACK_DATES_INVALID.with("where", superseded).at_field("supersedes").into());
    }
    standing.push(&pack);
    validate::check_sequence(validate::validities(&standing))?;
    let Pack { scheme, valid_from, valid_to, supersedes, .. } = pack;
    let event = Event::PolicyPublished { version: version.clone(), scheme, valid_from, valid_to, supersedes, text };
    Ok(Decision::reply(Reply::Published(version)).event(event))
}

/// Only the packs of pools of this jurisdiction.
fn check_own(area: Division, context: &Context<'_>) -> Result<(), Refusal> {
    if context.directory.jurisdiction_of(area) == Some(context.home.jurisdiction) {
        return Ok(());
    }
    Err(refusal::INSTITUTION_NOT_ALLOWED.refuse().at_field("area"))
}

fn standing(known: &[Published]) -> impl Iterator<Item = &Pack> {
    known.iter().filter(|known| !known.is_withdrawn).map(|known| &known.pack)
}

/// 撤回 (7): only while nothing was priced with it, and where the other versions leave no gap and no overlap without it. What it had
/// superseded holds again.
pub fn withdraw(view: View<'_>, area: Division, scheme: Scheme, version: String, context: &Context<'_>) -> Decided {
    check_own(area, context)?;
    let known = dated::published(view, area, scheme)?;
    let withdrawn = known.iter().find(|known| known.pack.version == version);
    let withdrawn = withdrawn.ok_or_else(|| refusal::PACK_UNKNOWN.with("version", &version))?;
    if withdrawn.is_withdrawn {
        return Ok(Decision::reply(Reply::Withdrawn));
    }
    if withdrawn.is_used {
        return Err(refusal::PACK_USED.with("version", version).into());
    }
    let left: Vec<&Pack> = standing(&known).filter(|pack| pack.version != version).collect();
    let left = validate::validities(&left);
    let superseded = withdrawn.pack.supersedes.as_ref();
    let restores = left.iter().find(|known| Some(&known.version) == superseded);
    let restores = restores.map(|known| Restored { version: known.version.clone(), valid_to: known.to });
    validate::check_sequence(left)?;
    Ok(Decision::reply(Reply::Withdrawn).event(Event::PolicyWithdrawn { area, scheme, version, restores }))
}

pub fn catalogue(view: View<'_>, text: String, context: &Context<'_>) -> Decided {
    let catalogue: Catalogue = serde_json::from_str(&text).map_err(|_| refusal::NOT_JSON.refuse())?;
    if catalogue.area != context.home.jurisdiction {
        return Err(refusal::INSTITUTION_NOT_ALLOWED.refuse().at_field("area").into());
    }
    catalogue::validate(&catalogue)?;
    let version = DataVersion { area: catalogue.area, version: catalogue.version.clone(), hash: hash(&text) };
    let known = dated::catalogue_list(view, None, 10_000)?;
    let mut is_known = catalogue.supersedes.is_none();
    for known in known.into_iter().filter(|known| known.area == version.area.as_str()) {
        if known.version == version.version {
            return if known.hash == version.hash.to_string() {
                Ok(Decision::reply(Reply::Published(version)))
            } else {
                Err(refusal::PUBLISHED_UNCHANGEABLE.refuse().into())
            };
        }
        let from = catalogue.valid_from.to_string();
        let is_superseded = catalogue.supersedes.as_ref() == Some(&known.version);
        is_known |= is_superseded;
        let before = catalogue.valid_to.is_some_and(|end| end.to_string() <= known.valid_from);
        let after = is_superseded || known.valid_to.is_some_and(|end| end <= from);
        if !before && !after {
            return Err(refusal::PACK_DATES_INVALID.with("where", known.version).into());
        }
    }
    let Catalogue { valid_from, valid_to, supersedes, .. } = catalogue;
    if !is_known {
        let superseded = supersedes.unwrap_or_default();
        return Err(refusal::PACK_DATES_INVALID.with("where", superseded).at_field("supersedes").into());
    }
    let event = Event::CataloguePublished { version: version.clone(), valid_from, valid_to, supersedes, text };
    Ok(Decision::reply(Reply::Published(version)).event(event))
}

fn hash(text: &str) -> huitong_kernel::hash::Digest {
    HashFunction::Sha256.hash(&[text.as_bytes()])
}
