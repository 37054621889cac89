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
    let mut packs = dated::packs_of(view, pack.area, pack.scheme)?;
    let version = DataVersion { area: pack.area, version: pack.version.clone(), hash: hash(&text) };
    if let Some(known) = packs.iter().find(|known| known.version == pack.version) {
        // The same version again changes nothing; another content under its name is refused.
        return if *known == pack {
            Ok(Decision::reply(Reply::Published(version)))
        } else {
            Err(refusal::PUBLISHED_UNCHANGEABLE.refuse().into())
        };
    }
    let (scheme, valid_from, valid_to) = (pack.scheme, pack.valid_from, pack.valid_to);
    packs.push(pack);
    validate::check_sequence(&packs)?;
    let event = Event::PolicyPublished { version: version.clone(), scheme, valid_from, valid_to, text };
    Ok(Decision::reply(Reply::Published(version)).event(event))
}

pub fn catalogue(view: View<'_>, text: String, context: &Context<'_>) -> Decided {
    let catalogue: Catalogue = serde_json::from_str(&text).map_err(|_| refusal::NOT_JSON.refuse())?;
    if catalogue.area != context.home.jurisdiction {
        return Err(refusal::INSTITUTION_NOT_ALLOWED.refuse().at_field("area").into());
    }
    catalogue::validate(&catalogue)?;
    let version = DataVersion { area: catalogue.area, version: catalogue.version, hash: hash(&text) };
    for known in dated::catalogue_list(view, None, 10_000)? {
        if known.area != version.area.as_str() {
            continue;
        }
        if known.version == version.version {
            return if known.hash == version.hash.to_string() {
                Ok(Decision::reply(Reply::Published(version)))
            } else {
                Err(refusal::PUBLISHED_UNCHANGEABLE.refuse().into())
            };
        }
        let from = catalogue.valid_from.to_string();
        let before = catalogue.valid_to.is_some_and(|end| end.to_string() <= known.valid_from);
        let after = known.valid_to.is_some_and(|end| end <= from);
        if !before && !after {
            return Err(refusal::PACK_DATES_INVALID.refuse().into());
        }
    }
    let event = Event::CataloguePublished {
        version: version.clone(),
        valid_from: catalogue.valid_from,
        valid_to: catalogue.valid_to,
        text,
    };
    Ok(Decision::reply(Reply::Published(version)).event(event))
}

fn hash(text: &str) -> huitong_kernel::hash::Digest {
    HashFunction::Sha256.hash(&[text.as_bytes()])
}
