//! Authorisations (fields 1 to 15 of a code), model U.

use base64::Engine as _;
use huitong_kernel::money::Fen;
use huitong_kernel::time::Instant;
use huitong_service_kit::{Context, Decision, View};
use huitong_transit_code::make::{self, AuthorisationFields};
use huitong_transit_code::signature::sm3;

use super::{limits, own_account};
use crate::Transit;
use crate::command::{AuthoriseWish, Reply};
use crate::decide::Decided;
use crate::event::{Authorised, Event};
use crate::keys::Issuer;
use crate::model::rider::AccountToken;
use crate::query::dated;
use crate::refusal;

/// The ticket type of the metro's custom field: stored value.
const STORED_VALUE: u8 = 92;

pub fn decide(transit: &Transit, view: View<'_>, wish: &AuthoriseWish, context: &mut Context<'_>) -> Decided {
    let account = own_account(view, &wish.account, context)?;
    limits::user_key(&wish.user_key)?;
    let expiry = limits::expiry(wish.expiry, context.now)?;
    if !(1..=limits::VALIDITY_MAX_S).contains(&wish.validity_s) {
        return Err(refusal::invalid("validity_s").into());
    }
    let platform = hex::encode(wish.platform);
    let set = dated::key_set(view)?;
    let profile = set.and_then(|set| set.platforms.into_iter().find(|known| known.platform == platform));
    if profile.is_some_and(|known| known.profile != "jtt1179" || known.gen_offset_s != 0) {
        // Gates read this platform's codes in another way than they are made here.
        return Err(refusal::invalid("platform").into());
    }
    let issuer = transit.keys.of(account.city).filter(|issuer| issuer.issuer == account.account.issuer());
    let issuer = issuer.ok_or_else(|| refusal::NO_ISSUER_KEY.refuse())?;
    limits::check(view, &account, &account.networks, expiry, context)?;
    let made = Made {
        account: account.account,
        platform: wish.platform,
        account_type: account.account_type,
        limit_fen: account.trip_limit_fen,
        user_key: wish.user_key,
        expiry,
        validity_s: wish.validity_s,
        ticket: wish.ticket,
    };
    let id = context.new_uuid();
    let event = Authorised {
        id,
        account: account.account,
        user_key: hex::encode(wish.user_key),
        expiry,
        limit_fen: account.trip_limit_fen,
        platform,
        certificate: hex::encode(certificate_of(&issuer.certificate)),
        account_type: Some(account.account_type),
    };
    let reply = Reply::Authorised { id, authorisation: made.signed(issuer), expiry, limit_fen: account.trip_limit_fen };
    Ok(Decision::reply(reply).event(Event::Authorised(event)))
}

/// Issuer and serial number of a certificate: what a deny list names it by.
pub fn certificate_of(certificate: &[u8; 117]) -> [u8; 7] {
    let mut name = [0; 7];
    name[..4].copy_from_slice(&certificate[7..11]);
    name[4..].copy_from_slice(&certificate[13..16]);
    name
}

/// What an issuer signs for a phone.
pub struct Made {
    pub account: AccountToken,
    pub platform: [u8; 4],
    pub account_type: u8,
    pub limit_fen: Fen,
    pub user_key: [u8; 33],
    pub expiry: Instant,
    pub validity_s: u16,
    pub ticket: [u8; 8],
}

impl Made {
    /// Fields 1 to 15 in base64. Signed deterministically (RFC 6979): the same wish gives the same bytes.
    pub fn signed(&self, issuer: &Issuer) -> String {
        // Fields 4 and 20 to 27 of field 14 tell phones and pay accounts apart and say nothing of the person behind them.
        let pay_account = hex::encode(&sm3(&[b"huitong.transit.pay.1", &self.account.0])[..8]);
        let mut custom = vec![0; 28];
        custom[0] = STORED_VALUE;
        custom[1..9].copy_from_slice(&self.ticket);
        custom[20..].copy_from_slice(&sm3(&[b"huitong.transit.phone.1", &self.user_key])[..8]);
        let mut fields = AuthorisationFields {
            certificate: issuer.certificate,
            pay_account: [0; 16],
            account: self.account.account(),
            platform: self.platform,
            account_type: self.account_type,
            limit_fen: u32::try_from(self.limit_fen.0).expect("a limit of an account is checked when it is set"),
            user_key: self.user_key,
            expiry: u32::try_from(self.expiry.0 / 1_000).expect("an expiry lies at most days ahead"),
            validity_s: self.validity_s,
            custom,
        };
        fields.pay_account.copy_from_slice(pay_account.as_bytes());
        base64::engine::general_purpose::STANDARD.encode(make::authorisation(&fields, &issuer.key))
    }
}
