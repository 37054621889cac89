//! Publishing dated data: a policy pack of an own pool, a catalogue of the own area. A published version is never edited.

use huitong_kernel::hash::HashFunction;
use huitong_service_kit::{Context, Decision, View};

use super::Decided;
use crate::command::Reply;
use crate::event::Event;
use crate::model::catalogue::{self, Catalogue};
use crate::model::document::DataVersion;
use crate::model::policy::{Pack, validate};
use crate::query::dated;
use crate::refusal;

pub fn policy(view: View<'_>, text: String, context: &Context<'_>) -> Decided {
    let pack: Pack = serde_json::from_str(&text).map_err(|_| refusal::NOT_JSON.refuse())?;
    if context.directory.jurisdiction_of(pack.area) != Some(context.home.jurisdiction) {
        return Err(refusal::INSTITUTION_NOT_ALLOWED.refuse().at_field("area").into());
    }
    validate::validate(&pack)?;
    let mut versions = dated::validities(view, pack.area, pack.scheme)?;
    let version = DataVersion { area: pack.area, version: pack.version.clone(), hash: hash(&text) };
    if versions.iter().any(|known| known.version == pack.version) {
        // The same version again changes nothing; another content under its name is refused.
        let known = dated::published(view, pack.area, pack.scheme, &pack.version)?;
        return if known.as_ref() == Some(&pack) {
            Ok(Decision::reply(Reply::Published(version)))
        } else {
            Err(refusal::PUBLISHED_UNCHANGEABLE.refuse().into())
        };
    }
    if let Some(superseded) = &pack.supersedes {
        let unknown = || refusal::PACK_DATES_INVALID.with("where", superseded).at_field("supersedes");
        let known = versions.iter_mut().find(|known| known.version == *superseded).ok_or_else(unknown)?;
        known.to = Some(known.to.map_or(pack.valid_from, |to| to.min(pack.valid_from)).max(known.from));
    }
    versions.push(validate::Validity::from(&pack));
    validate::check_sequence(versions)?;
    let Pack { scheme, valid_from, valid_to, supersedes, .. } = pack;
    let event = Event::PolicyPublished { version: version.clone(), scheme, valid_from, valid_to, supersedes, text };
    Ok(Decision::reply(Reply::Published(version)).event(event))
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
