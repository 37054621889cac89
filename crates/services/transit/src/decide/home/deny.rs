//! The own deny list (黑名单): causes, and the deltas that publish them.
//!
//! An entry is on the list while any cause for it stands. A home lists accounts, issuers and certificates of its own issuers;
//! a platform belongs to no home, so only the keeper of the key set, who admits platforms, lists one (Huitong rule). A token of
//! model P is of the visited city's issuer: the home gives notice, and the visited node lists the token.

use huitong_kernel::division::Division;
use huitong_kernel::time::{DurationMs, Instant};
use huitong_service_kit::service::Answer;
use huitong_service_kit::{Context, Decision, Stop, StoreError, View};

use super::own_account;
use crate::Transit;
use crate::command::Reply;
use crate::decide::publish::keeper;
use crate::decide::{Decided, finalise::merge, node_of, send, send_all};
use crate::event::{DenyCaused, DenyChange, Event};
use crate::model::deny::{CHANGES_MAX, DeltaText, DenyAdd, DenyClass, DenyEntry};
use crate::model::message::Message;
use crate::model::rider::AccountToken;
use crate::query::{accounts, dated, deny, grants};
use crate::refusal;

/// How long a change waits for others, so that a burst of them makes one delta. The specification allows 15 minutes until the
/// entry is in a delta; a lost phone should not have them.
pub const PUBLISH_AFTER: DurationMs = DurationMs::seconds(15);
/// A delta without changes keeps `as_of` young.
pub const HEARTBEAT: DurationMs = DurationMs::minutes(60);
/// A closed account stays listed until its last authorisation is dead.
const CLOSED_KEPT: DurationMs = DurationMs::days(8);
const CLOSED_MAX: usize = 500;

/// Causes that this service sets and lifts by itself.
pub const DEBT: &str = "debt";
pub const CLOSED: &str = "closed";
/// A notice of the home behind a token of model P.
pub const NOTICE: &str = "notice";
const OWN_CAUSES: [&str; 3] = [DEBT, CLOSED, NOTICE];
/// Characters of a cause at most.
const CAUSE_MAX: usize = 32;

pub fn add(view: View<'_>, entry: DenyEntry, cause: String, context: &mut Context<'_>) -> Decided {
    by_operator(view, &entry, &cause, true, context)
}

pub fn lift(view: View<'_>, entry: DenyEntry, cause: String, context: &mut Context<'_>) -> Decided {
    by_operator(view, &entry, &cause, false, context)
}

fn by_operator(view: View<'_>, entry: &DenyEntry, cause: &str, is_add: bool, context: &mut Context<'_>) -> Decided {
    let is_name = cause.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if cause.is_empty() || cause.len() > CAUSE_MAX || !is_name || OWN_CAUSES.contains(&cause) {
        return Err(refusal::invalid("cause").into());
    }
    if entry.to_bytes().is_none() || entry.key.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(refusal::invalid("key").into());
    }
    if let Some(account) = entry.key.parse().ok().filter(|_| entry.kind == DenyClass::Account) {
        own_account(view, &account, context)?;
    }
    check_own(view, entry, context.home.jurisdiction, context, "key")?;
    let mut decision = match entry.key.parse() {
        Ok(account) if entry.kind == DenyClass::Account => self::account(view, &account, cause, is_add, context)?,
        _ => Decision { events: caused(view, entry, cause, is_add, context)?, ..Decision::nothing() },
    };
    let will_change = |event: &Event| match event {
        Event::DenyCaused(caused) if caused.entry == *entry => match caused.change {
            DenyChange::None => None,
            change => Some(change != DenyChange::Forget),
        },
        _ => None,
    };
    let changed = decision.events.iter().find_map(will_change);
    let standing = deny::standing(view, context.home.jurisdiction, entry)?;
    let pending = changed.unwrap_or(standing.pending_add.is_some());
    decision.answer = Answer::Now(Reply::Denied { pending });
    Ok(decision)
}

/// Whether a node may list an entry. An issuer that no key set names yet cannot be another's, and opens no gate.
pub fn check_own(
    view: View<'_>,
    entry: &DenyEntry,
    node: Division,
    context: &Context<'_>,
    field: &str,
) -> Result<(), Stop> {
    let Some(issuer) = entry.issuer() else {
        let keeper = keeper(context);
        let by_keeper = node == keeper;
        return if by_keeper { Ok(()) } else { Err(refusal::NOT_THE_KEEPER.with("keeper", keeper).into()) };
    };
    match dated::city_of_issuer(view, issuer)? {
        Some(city) if node_of(context, city) != Some(node) => {
            Err(refusal::NOT_OF_THIS_NODE.with("division", city).at_field(field).into())
        }
        _ => Ok(()),
    }
}

/// Whether any cause stands against an account.
pub fn is_denied(view: View<'_>, account: &AccountToken) -> Result<bool, StoreError> {
    Ok(!deny::causes(view, &DenyEntry::account(account))?.is_empty())
}

/// Adds a cause to an account and all of its tokens, or takes it from them.
pub fn account(
    view: View<'_>,
    account: &AccountToken,
    cause: &str,
    is_add: bool,
    context: &mut Context<'_>,
) -> Result<Decision<Transit>, Stop> {
    let entry = DenyEntry::account(account);
    let before = deny::causes(view, &entry)?;
    let mut decision = Decision { events: caused(view, &entry, cause, is_add, context)?, ..Decision::nothing() };
    let others = before.iter().any(|(known, _)| known != cause);
    if decision.events.is_empty() || others {
        // What holds for its tokens is as before.
        return Ok(decision);
    }
    for (token, city) in accounts::tokens_of(view, account)? {
        match node_of(context, city) {
            Some(node) if node == context.home.jurisdiction => {
                decision.events.extend(caused(view, &DenyEntry::account(&token), NOTICE, is_add, context)?);
            }
            Some(node) => {
                let now = context.now;
                let notice = if is_add {
                    Message::DebtNotice { account: token, from: now }
                } else {
                    Message::DebtRelease { account: token, released_at: now }
                };
                decision = decision.message(send(context, node, notice));
            }
            None => {}
        }
    }
    Ok(decision)
}

/// The event of a cause that comes or goes; none where nothing changes.
fn caused(
    view: View<'_>,
    entry: &DenyEntry,
    cause: &str,
    is_add: bool,
    context: &Context<'_>,
) -> Result<Vec<Event>, StoreError> {
    let causes = deny::causes(view, entry)?;
    if causes.iter().any(|(known, _)| known == cause) == is_add {
        return Ok(Vec::new());
    }
    let wanted = is_add || causes.len() > 1;
    let standing = deny::standing(view, context.home.jurisdiction, entry)?;
    let change = if standing.pending_add.unwrap_or(standing.is_published) == wanted {
        DenyChange::None
    } else if standing.is_published == wanted {
        DenyChange::Forget
    } else if wanted {
        DenyChange::Add
    } else {
        DenyChange::Remove
    };
    Ok(vec![Event::DenyCaused(DenyCaused {
        entry: entry.clone(),
        cause: cause.to_owned(),
        is_add,
        valid_from: context.now,
        change,
    })])
}

/// At the visited city: the home behind a token of model P says that its rider may not travel, or may again.
pub fn noticed(
    view: View<'_>,
    token: AccountToken,
    from: Option<Instant>,
    home: Division,
    context: &mut Context<'_>,
) -> Decided {
    let grant = grants::of_account(view, &token)?;
    let is_its_own = grant.is_some_and(|grant| grant.role == "visited" && node_of(context, grant.home) == Some(home));
    if !is_its_own {
        return Err(refusal::GRANT.refuse().into());
    }
    let entry = DenyEntry::account(&token);
    Ok(Decision { events: caused(view, &entry, NOTICE, from.is_some(), context)?, ..Decision::nothing() })
}

pub fn due(view: View<'_>, now: Instant) -> Result<bool, StoreError> {
    deny::is_due(view, Instant(now.0 - PUBLISH_AFTER.0), Instant(now.0 - HEARTBEAT.0))
}

/// The next delta of the own list, to all other nodes. Its first is published at the first tick, so that gates have a list.
pub fn publish(view: View<'_>, context: &mut Context<'_>) -> Decided {
    let own = context.home.jurisdiction;
    let head = deny::head(view, own)?;
    let (sequence, previous, at_least) =
        head.map_or((0, Default::default(), Instant(0)), |head| (head.sequence, head.hash, head.as_of));
    // Gates count in whole seconds.
    let as_of = Instant(context.now.0.div_euclid(1_000) * 1_000).max(at_least);
    // What is more waits for the next tick.
    let pending = deny::pending(view, as_of, CHANGES_MAX)?;
    let mut delta = DeltaText {
        home: own,
        sequence: sequence + 1,
        previous,
        as_of,
        adds: Vec::new(),
        removes: Vec::new(),
        snapshot_hash: None,
    };
    for change in pending {
        if change.is_add {
            delta.adds.push(DenyAdd { entry: change.entry, valid_from: change.valid_from });
        } else {
            delta.removes.push(change.entry);
        }
    }
    let (bytes, hash) = delta.to_bytes().zip(delta.hash()).expect("entries were checked when they were listed");
    let mut decision = Decision::nothing();
    decision.messages = send_all(context, &Message::DenyDelta(delta.clone()));
    decision = decision.event(Event::DenyKnown { delta, hash, bytes: hex::encode(bytes), is_own: true });
    merge(&mut decision, forgotten(view, context)?);
    Ok(decision)
}

/// Closed accounts whose authorisations are all dead need not be listed any more: gates' tables are small.
fn forgotten(view: View<'_>, context: &mut Context<'_>) -> Result<Decision<Transit>, Stop> {
    let mut decision = Decision::nothing();
    for closed in deny::closed_until(view, Instant(context.now.0 - CLOSED_KEPT.0), CLOSED_MAX)? {
        if let Ok(token) = closed.entry.key.parse() {
            merge(&mut decision, account(view, &token, CLOSED, false, context)?);
        }
    }
    Ok(decision)
}
