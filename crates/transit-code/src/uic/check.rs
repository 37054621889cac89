//! The checks of such a code, in the order and with the reasons of the other layout (steps 1 to 6).

use crate::cache::Cache;
use crate::chain::{Checked, Checker, Failure, Moment};
use crate::key_set::{IssuerRules, KeySet, UicKey};
use crate::profile::Profile;
use crate::reason::Reason;
use crate::signature::{RawSignature, Signatures, sm3};
use crate::uic::CODE_LENGTH_MAX;
use crate::uic::ecdsa::{DER_LENGTH_MAX, P256Key, raw_signature, sha256};
use crate::uic::layout::Header;
use crate::uic::per::Span;
use crate::uic::ride::{END_AHEAD_MAX_S, RideCode};

impl<S: Signatures, C: Cache> Checker<'_, S, C> {
    pub(crate) fn check_uic(
        &mut self,
        bytes: &[u8],
        key_set: Option<&KeySet<'_>>,
        at: Moment,
    ) -> Result<Checked, Failure> {
        let code = RideCode::parse(bytes)?;
        let set = self.current(key_set, at)?;
        let (profile, offset_s) = set.platform(code.token.platform).ok_or(Reason::Format)?;
        if profile != Profile::Uic9189 {
            return Err(Reason::Format.into());
        }
        let record = level1_key(&code, set)?;
        let issuer_rules = self.level1(&code, set, &record, at)?;
        let replay_key = self.level2(&code.header, &record)?;
        // The phone's signature is good, so level 2 is there; what it says may still be nothing.
        let stamp = code.generated.ok_or(Reason::UserSignature)?;
        let by_phone = crate::uic::clock::nearest(stamp.day, stamp.second, at.now.saturating_sub(offset_s));
        let generation_time = by_phone.saturating_add(offset_s);
        let age_s = at.now.saturating_sub(generation_time);
        self.window(at, age_s, code.validity_s).map_err(|reason| Failure { reason, age_s })?;
        Ok(Checked {
            profile,
            account: code.token.account,
            platform: code.token.platform,
            account_type: code.token.account_type,
            certificate_issuer: record.issuer,
            serial: record.serial(),
            home: issuer_rules.home,
            limit_fen: code.token.limit_fen,
            ticket_number: code.token.ticket_number,
            generation_time,
            age_s,
            replay_key,
        })
    }

    /// Step 4: the issuer's signature over the received bits of level 1, the account type, the expiry, the claimed validity.
    fn level1(
        &mut self,
        code: &RideCode<'_>,
        set: &KeySet<'_>,
        record: &UicKey,
        at: Moment,
    ) -> Result<IssuerRules, Reason> {
        let (header, level1) = (&code.header, &code.header.level1);
        // The algorithm is the key record's; what the code says can only contradict it, never choose.
        let key_oid_agrees =
            level1.level1_key_oid.is_none() || header.holds(level1.level1_key_oid, record.algorithm.key_oid());
        if !key_oid_agrees || !header.holds(level1.level1_signing_oid, record.algorithm.signing_oid()) {
            return Err(Reason::AuthorisationSignature);
        }
        let signature = signature(header, header.level1_signature).ok_or(Reason::AuthorisationSignature)?;
        let mut buffer = [0; CODE_LENGTH_MAX];
        let signed = header.cut(header.level1_span, &mut buffer)?;
        // Beside the hashes of the other layout's authorisations, so marked; the key is named inside the signed bits.
        let digest = sm3(&[b"uic level 1", signed, &signature]);
        if !self.cache.has_authorisation(&digest, set.version()) {
            let key = P256Key::from_point(&record.key).ok_or(Reason::RootMissing)?;
            if !self.signatures.verifies_p256(&key, &sha256(signed), &signature) {
                return Err(Reason::AuthorisationSignature);
            }
            self.cache.keep_authorisation(&digest, set.version());
        }
        let rules = set.issuer(code.token.account.issuer).filter(|rules| rules.allows(code.token.account_type));
        let rules = rules.ok_or(Reason::AccountType)?;
        if at.is_after(code.authorisation_expiry) {
            return Err(Reason::AuthorisationExpired);
        }
        let ends_in_time = !at.counts || code.authorisation_expiry <= at.now.saturating_add(END_AHEAD_MAX_S);
        if !ends_in_time || !(1..=self.rules.validity_max_s).contains(&code.validity_s) {
            return Err(Reason::Validity);
        }
        Ok(rules)
    }

    /// Step 5: the phone's signature over the received bits of level 2. Gives the replay key: SM3 of the same bits, so that
    /// signing the same content again gives the same key.
    ///
    /// A level-2 key without a level-2 signature is a code whose signature was taken off, not an unsigned code; and a code
    /// without a level-2 key is one that a screenshot copies, so it opens nothing either.
    fn level2(&self, header: &Header<'_>, record: &UicKey) -> Result<[u8; 32], Reason> {
        let level1 = &header.level1;
        let mut buffer = [0; CODE_LENGTH_MAX];
        let point = header.cut(level1.level2_key.ok_or(Reason::UserKey)?, &mut buffer)?;
        let key = P256Key::from_point(point).ok_or(Reason::UserKey)?;
        if !header.holds(level1.level2_key_oid, record.algorithm.key_oid()) {
            return Err(Reason::UserKey);
        }
        if !header.holds(level1.level2_signing_oid, record.algorithm.signing_oid()) {
            return Err(Reason::UserSignature);
        }
        let signature = signature(header, header.level2_signature).ok_or(Reason::UserSignature)?;
        let signed = header.cut(header.level2_span, &mut buffer)?;
        let verifies = self.signatures.verifies_p256(&key, &sha256(signed), &signature);
        if verifies { header.replay_key() } else { Err(Reason::UserSignature) }
    }
}

/// Steps 2 and 3: the issuer's key. It stands in the key set itself, as a root does, so an unknown one is a missing root; its
/// number can be revoked as a certificate's serial number; and it signs for its own issuer only.
fn level1_key(code: &RideCode<'_>, set: &KeySet<'_>) -> Result<UicKey, Reason> {
    let level1 = &code.header.level1;
    // Two names of the provider could contradict each other; only the numbers are in key sets.
    let (Some(provider), Some(key_id), None) = (level1.provider, level1.key_id, level1.provider_text) else {
        return Err(Reason::RootMissing);
    };
    let record = set.uic_key(provider, key_id).ok_or(Reason::RootMissing)?;
    if set.is_revoked(record.issuer, record.serial()) {
        return Err(Reason::CertificateRevoked);
    }
    if record.issuer != code.token.account.issuer {
        return Err(Reason::IssuerMismatch);
    }
    Ok(record)
}

/// A signature as `r ‖ s`; `None` if it is missing or malformed.
fn signature(header: &Header<'_>, span: Option<Span>) -> Option<RawSignature> {
    let span = span.filter(|span| span.to - span.from <= DER_LENGTH_MAX * 8)?;
    raw_signature(header.cut(span, &mut [0; CODE_LENGTH_MAX]).ok()?)
}
