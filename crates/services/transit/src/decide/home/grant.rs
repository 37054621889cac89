//! Grants (拉取码), model P: home asks a visited city for its code.
//!
//! The token of a rider at a city keeps its number when its grant is renewed: an entry under the old grant and an exit under
//! the new one are one rider's. Tokens of different cities have nothing in common. A token's number begins with 90 (Huitong
//! rule); the rest is drawn by chance.

use huitong_kernel::division::Division;
use huitong_service_kit::{Context, Decision, Refusal, Stop, View};

use super::authorise::Made;
use super::{deny, limits, own_account};
use crate::Transit;
use crate::command::{GrantWish, Reply};
use crate::decide::{Decided, check_sender, node_of, own_city, send};
use crate::event::Event;
use crate::model::message::{CodeAsk, CodeGrant, Message};
use crate::model::parameters::Parameters;
use crate::model::rider::AccountToken;
use crate::query::accounts::{self, Account};
use crate::query::{dated, grants};
use crate::refusal;

/// The first two digits of a token's number.
const TOKEN_MARK: u8 = 0x90;
/// How often a number is drawn anew when it is taken: of 10^18 numbers none is taken twice in a row.
const DRAWS_MAX: usize = 8;
/// Pulled codes of one city bear one platform and one ticket: there are no companions.
const PLATFORM: [u8; 4] = [0, 0, 0, 1];
const TICKET: [u8; 8] = [0, 0, 0, 0, 0, 0, 0, 1];

pub fn ask(transit: &Transit, view: View<'_>, wish: &GrantWish, context: &mut Context<'_>) -> Decided {
    let account = own_account(view, &wish.account, context)?;
    limits::user_key(&wish.user_key)?;
    let expiry = limits::expiry(wish.expiry, context.now)?;
    if wish.network == account.city || !account.networks.contains(&wish.network) {
        return Err(refusal::invalid("network").into());
    }
    let node = node_of(context, wish.network).ok_or_else(|| refusal::NETWORK_UNKNOWN.refuse().at_field("network"))?;
    limits::check(view, &account, &[wish.network], expiry, context)?;
    let ask = CodeAsk {
        grant: context.new_uuid(),
        network: wish.network,
        home: account.city,
        account: token(view, &account, wish.network, context)?,
        limit_fen: account.trip_limit_fen,
        expiry,
        user_key: hex::encode(wish.user_key),
    };
    let asked = Event::GrantAsked { ask: ask.clone(), parent: account.account };
    if node != context.home.jurisdiction {
        let message = send(context, node, Message::CodeAsk(ask.clone()));
        return Ok(Decision::wait(correlation(&ask.grant)).event(asked).message(message));
    }
    // Both cities are of this node: a refusal is the caller's at once, and nothing was asked.
    let grant = make(transit, view, &ask, node, context)?;
    let reply = granted(&ask, &grant).unwrap_or_else(|| unreachable!("a grant that was made bears an authorisation"));
    Ok(Decision::reply(reply).event(asked).event(Event::GrantMade { ask, grant }))
}

fn correlation(grant: &uuid::Uuid) -> String {
    format!("grant:{grant}")
}

/// The account's token for a city: the one it has, or a new one.
fn token(
    view: View<'_>,
    account: &Account,
    network: Division,
    context: &mut Context<'_>,
) -> Result<AccountToken, Stop> {
    let set = dated::key_set(view)?;
    let issuers = set.iter().flat_map(|set| &set.issuers).filter(|issuer| issuer.city == network);
    let issuer = issuers.map(|issuer| issuer.issuer.clone()).min();
    let issuer = issuer.ok_or_else(|| refusal::NETWORK_UNKNOWN.refuse().at_field("network"))?;
    let mut bytes = [0; 14];
    hex::decode_to_slice(&issuer, &mut bytes[..4]).map_err(|_| refusal::NETWORK_UNKNOWN.refuse())?;
    let known = accounts::tokens_of(view, &account.account)?;
    if let Some((token, _)) = known.iter().find(|(token, city)| *city == network && token.0[..4] == bytes[..4]) {
        return Ok(*token);
    }
    bytes[4] = TOKEN_MARK;
    for _ in 0..DRAWS_MAX {
        for digits in &mut bytes[5..] {
            let number = context.random.below(100) as u8;
            *digits = ((number / 10) << 4) | (number % 10);
        }
        let token = AccountToken(bytes);
        if accounts::account(view, &token)?.is_none() && grants::of_account(view, &token)?.is_none() {
            return Ok(token);
        }
    }
    panic!("{DRAWS_MAX} numbers drawn from 10^18 were all taken: the source of chance is broken")
}

/// At the visited city: its code for the token, or why not. The same ask again gets the same answer.
pub fn answer(transit: &Transit, view: View<'_>, ask: CodeAsk, from: Division, context: &mut Context<'_>) -> Decided {
    if let Some(known) = grants::grant(view, ask.grant)? {
        if known.role != "visited" || known.account != ask.account || node_of(context, known.home) != Some(from) {
            return Err(refusal::GRANT.refuse().into());
        }
        let CodeAsk { grant, network, .. } = ask;
        let again = CodeGrant {
            grant,
            network,
            authorisation: known.authorisation,
            refused: known.code,
            validity_s: known.validity_s,
        };
        return Ok(Decision::nothing().message(send(context, from, Message::CodeGrant(again))));
    }
    let grant = match make(transit, view, &ask, from, context) {
        Ok(grant) => grant,
        Err(Stop::Refused(refusal)) => CodeGrant {
            grant: ask.grant,
            network: ask.network,
            authorisation: None,
            refused: Some(refusal.code),
            validity_s: 0,
        },
        Err(failed) => return Err(failed),
    };
    let message = send(context, from, Message::CodeGrant(grant.clone()));
    Ok(Decision::nothing().event(Event::GrantMade { ask, grant }).message(message))
}

fn make(
    transit: &Transit,
    view: View<'_>,
    ask: &CodeAsk,
    from: Division,
    context: &Context<'_>,
) -> Result<CodeGrant, Stop> {
    own_city(context, ask.network, "network")?;
    check_sender(context, ask.home, from)?;
    let issuer = transit.keys.of(ask.network).filter(|issuer| issuer.issuer == ask.account.issuer());
    let issuer = issuer.ok_or_else(|| refusal::NO_ISSUER_KEY.refuse())?;
    let known = grants::of_account(view, &ask.account)?;
    let is_others = known.is_some_and(|known| known.home != ask.home || known.network != ask.network);
    if is_others || !ask.account.is_granted() || !ask.account.is_decimal() {
        return Err(refusal::GRANT.refuse().into());
    }
    if deny::is_denied(view, &ask.account)? {
        return Err(refusal::DENIED.refuse().into());
    }
    let mut user_key = [0; 33];
    hex::decode_to_slice(&ask.user_key, &mut user_key).map_err(|_| refusal::invalid("user_key"))?;
    limits::user_key(&user_key)?;
    let expiry = limits::expiry(Some(ask.expiry), context.now)?;
    let today = Parameters::default().business_day(context.now);
    let highest = accounts::highest_fare(view, ask.network, today, expiry.business_date())?;
    let highest = highest.ok_or_else(|| refusal::NETWORK_UNKNOWN.refuse())?;
    let field_9 = ask.limit_fen.0 <= 0xff_ffff;
    if ask.limit_fen < highest || !field_9 {
        return Err(refusal::LIMIT_TOO_LOW.with("network", ask.network).with("fare", highest).into());
    }
    let account_type = dated::key_set(view)?
        .and_then(|set| set.issuer(issuer.issuer).and_then(|issuer| issuer.account_types.first().copied()));
    let made = Made {
        account: ask.account,
        platform: PLATFORM,
        account_type: account_type.unwrap_or_default(),
        limit_fen: ask.limit_fen,
        user_key,
        expiry,
        validity_s: limits::VALIDITY_DEFAULT_S,
        ticket: TICKET,
    };
    Ok(CodeGrant {
        grant: ask.grant,
        network: ask.network,
        authorisation: Some(made.signed(issuer)),
        refused: None,
        validity_s: made.validity_s,
    })
}

fn granted(ask: &CodeAsk, grant: &CodeGrant) -> Option<Reply> {
    Some(Reply::Granted {
        grant: ask.grant,
        authorisation: grant.authorisation.clone()?,
        validity_s: grant.validity_s,
        expiry: ask.expiry,
    })
}

/// At home: the answer, held for the caller who waits and for whoever asks later.
pub fn held(view: View<'_>, grant: CodeGrant, from: Division, context: &Context<'_>) -> Decided {
    let known = grants::grant(view, grant.grant)?.filter(|known| known.role == "home");
    let known = known.ok_or_else(|| refusal::GRANT.refuse())?;
    if node_of(context, known.network) != Some(from) {
        return Err(refusal::GRANT.refuse().into());
    }
    if known.state != "asked" {
        return Ok(Decision::nothing());
    }
    let result = match (&grant.authorisation, &grant.refused) {
        (Some(authorisation), _) => Ok(Reply::Granted {
            grant: grant.grant,
            authorisation: authorisation.clone(),
            validity_s: grant.validity_s,
            expiry: known.expiry,
        }),
        (None, code) => Err(refused(code.as_deref())),
    };
    Ok(Decision::nothing().resolve(correlation(&grant.grant), result).event(Event::GrantHeld(grant)))
}

/// The visited city's refusal, in this service's words where it has them.
pub fn refused(code: Option<&str>) -> Refusal {
    let known = refusal::ALL.iter().find(|kind| Some(kind.code) == code);
    known.unwrap_or(&refusal::GRANT).refuse()
}
