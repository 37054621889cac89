//! Steps 1 to 6 of the checks: format, key set, certificate, authorisation, user signature, time window. At the gate and,
//! with the gate's recorded time and versions, again at the node.

use crate::cache::Cache;
use crate::certificate::SignedRange;
use crate::code::{Account, Code};
use crate::custom;
use crate::key_set::{IssuerRules, KeySet};
use crate::profile::Profile;
use crate::reason::Reason;
use crate::signature::{Key, Signatures, sm3};
use crate::uic;

/// Limits of time, seconds. Huitong rules; a city may set its own within the bounds named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRules {
    /// Between phone and gate, at most 120.
    pub skew_s: i64,
    /// The longest validity a code may claim.
    pub validity_max_s: u16,
    /// The age at which a key set is no longer used.
    pub key_set_age_max_s: i64,
}

impl Default for TimeRules {
    fn default() -> TimeRules {
        TimeRules { skew_s: 30, validity_max_s: 120, key_set_age_max_s: 7 * 86_400 }
    }
}

/// A code that is what it claims to be, at the time of the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    pub profile: Profile,
    pub account: Account,
    pub platform: [u8; 4],
    pub account_type: u8,
    /// Whom the certificate names, or whose the key is under the profile `uic-918-9`; the account's issuer where the key set
    /// says that both must agree.
    pub certificate_issuer: [u8; 4],
    /// Of the issuer's certificate; under the profile `uic-918-9` the number of the issuer's key.
    pub serial: [u8; 3],
    /// The jurisdiction that pays, six digits as a number.
    pub home: u32,
    pub limit_fen: u32,
    pub ticket_number: [u8; 8],
    /// Unix seconds, by the platform's clock rule.
    pub generation_time: i64,
    /// `now − generation_time`.
    pub age_s: i64,
    pub replay_key: [u8; 32],
}

/// Why a code was refused, with its age where the time was the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    pub reason: Reason,
    pub age_s: i64,
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Failure {
        Failure { reason, age_s: 0 }
    }
}

/// The time of a check.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub now: i64,
    /// Whether times are checked. Not while nobody knows the time: then signatures only are.
    pub counts: bool,
}

impl Moment {
    /// Whether something that holds until then is over.
    pub fn is_after(self, last: i64) -> bool {
        self.counts && self.now > last
    }
}

/// What a check works with.
pub struct Checker<'a, S, C> {
    pub signatures: &'a S,
    pub cache: &'a mut C,
    pub rules: TimeRules,
}

impl<S: Signatures, C: Cache> Checker<'_, S, C> {
    /// Checks the received bytes at `now`, Unix seconds. The first check that fails decides. The first bytes tell the layout,
    /// and the platform's profile must be of it: a code is never tried under one profile after another.
    pub fn check(&mut self, bytes: &[u8], key_set: Option<&KeySet<'_>>, now: i64) -> Result<Checked, Failure> {
        self.check_at(bytes, key_set, Moment { now, counts: true })
    }

    /// Checks all that does not depend on the time: whatever the clock says, a code that fails here would fail. `now` is used
    /// to tell the age only.
    pub fn check_without_times(
        &mut self,
        bytes: &[u8],
        key_set: Option<&KeySet<'_>>,
        now: i64,
    ) -> Result<Checked, Failure> {
        self.check_at(bytes, key_set, Moment { now, counts: false })
    }

    fn check_at(&mut self, bytes: &[u8], key_set: Option<&KeySet<'_>>, at: Moment) -> Result<Checked, Failure> {
        if uic::is_uic(bytes) { self.check_uic(bytes, key_set, at) } else { self.check_jtt1179(bytes, key_set, at) }
    }

    /// The key set, if it is in force and young enough.
    pub(crate) fn current<'s, 'k>(
        &self,
        key_set: Option<&'s KeySet<'k>>,
        at: Moment,
    ) -> Result<&'s KeySet<'k>, Reason> {
        let is_current = |set: &&KeySet<'_>| !at.counts || set.is_current(at.now, self.rules.key_set_age_max_s);
        key_set.filter(is_current).ok_or(Reason::KeySet)
    }

    fn check_jtt1179(&mut self, bytes: &[u8], key_set: Option<&KeySet<'_>>, at: Moment) -> Result<Checked, Failure> {
        let code = Code::parse(bytes)?;
        let set = self.current(key_set, at)?;
        // A profile without verification opens no gate.
        let (profile, offset_s) = set.platform(code.platform()).ok_or(Reason::Format)?;
        let range = profile.signed_range().ok_or(Reason::Format)?;
        let issuer_rules = set.issuer(code.account().issuer);
        let issuer_key = self.certificate(&code, set, (profile, range), issuer_rules, at)?;
        let issuer_rules = self.authorisation(&code, set, &issuer_key, issuer_rules, at)?;
        self.user(&code)?;
        let generation_time = i64::from(code.generation_time()).saturating_add(offset_s);
        let age_s = at.now.saturating_sub(generation_time);
        self.window(at, age_s, code.validity_s()).map_err(|reason| Failure { reason, age_s })?;
        Ok(Checked {
            profile,
            account: code.account(),
            platform: code.platform(),
            account_type: code.account_type(),
            certificate_issuer: code.certificate().issuer(),
            serial: code.certificate().serial(),
            home: issuer_rules.home,
            limit_fen: code.limit_fen(),
            ticket_number: custom::ticket_number(code.custom()),
            generation_time,
            age_s,
            replay_key: code.replay_key(),
        })
    }

    /// Steps 2 and 3: the root, and the certificate under it.
    fn certificate(
        &mut self,
        code: &Code<'_>,
        set: &KeySet<'_>,
        (profile, range): (Profile, SignedRange),
        issuer_rules: Option<IssuerRules>,
        at: Moment,
    ) -> Result<Key, Reason> {
        let certificate = code.certificate();
        let root = set.root(certificate.service(), certificate.ca_index()).ok_or(Reason::RootMissing)?;
        if at.counts && root.is_expired(at.now) {
            return Err(Reason::RootMissing);
        }
        if !certificate.is_well_formed() {
            return Err(Reason::CertificateSignature);
        }
        if set.is_revoked(certificate.issuer(), certificate.serial()) {
            return Err(Reason::CertificateRevoked);
        }
        if at.counts && certificate.is_expired(at.now) {
            return Err(Reason::CertificateExpired);
        }
        // What is good under one profile says nothing under another.
        let digest = sm3(&[certificate.0, &[profile as u8]]);
        let key = match self.cache.certificate(&digest, set.version()) {
            Some(key) => key,
            None => {
                let root_key = root.key().ok_or(Reason::RootMissing)?;
                let hash = root_key.signed_hash(certificate.signed_bytes(range, &mut [0; 47]));
                if !self.signatures.verifies(&root_key, &hash, &certificate.signature()) {
                    return Err(Reason::CertificateSignature);
                }
                let key = certificate.key().ok_or(Reason::CertificateSignature)?;
                self.cache.keep_certificate(&digest, set.version(), key);
                key
            }
        };
        let must_agree = issuer_rules.is_none_or(|rules| rules.same_issuer);
        if must_agree && certificate.issuer() != code.account().issuer {
            return Err(Reason::IssuerMismatch);
        }
        Ok(key)
    }

    /// Step 4: the issuer's signature, the account type, the expiry, the claimed validity.
    fn authorisation(
        &mut self,
        code: &Code<'_>,
        set: &KeySet<'_>,
        issuer_key: &Key,
        issuer_rules: Option<IssuerRules>,
        at: Moment,
    ) -> Result<IssuerRules, Reason> {
        let signature = code.authorisation_signature().ok_or(Reason::AuthorisationSignature)?;
        let digest = sm3(&[code.authorisation()]);
        if !self.cache.has_authorisation(&digest, set.version()) {
            let hash = issuer_key.signed_hash(code.authorised_bytes());
            if !self.signatures.verifies(issuer_key, &hash, &signature) {
                return Err(Reason::AuthorisationSignature);
            }
            self.cache.keep_authorisation(&digest, set.version());
        }
        // An issuer that the key set does not name has no account type that is allowed.
        let rules = issuer_rules.filter(|rules| rules.allows(code.account_type())).ok_or(Reason::AccountType)?;
        if at.is_after(code.authorisation_expiry()) {
            return Err(Reason::AuthorisationExpired);
        }
        if !(1..=self.rules.validity_max_s).contains(&code.validity_s()) {
            return Err(Reason::Validity);
        }
        Ok(rules)
    }

    /// Step 5.
    fn user(&self, code: &Code<'_>) -> Result<(), Reason> {
        let key = Key::from_compressed(&code.user_key()).ok_or(Reason::UserKey)?;
        let signature = code.user_signature().ok_or(Reason::UserSignature)?;
        let verifies = self.signatures.verifies(&key, &key.signed_hash(code.user_bytes()), &signature);
        if verifies { Ok(()) } else { Err(Reason::UserSignature) }
    }

    /// Step 6: −skew ≤ age ≤ validity + skew, ends included.
    pub(crate) fn window(&self, at: Moment, age_s: i64, validity_s: u16) -> Result<(), Reason> {
        if !at.counts {
            Ok(())
        } else if age_s < -self.rules.skew_s {
            Err(Reason::CodeFuture)
        } else if age_s > i64::from(validity_s) + self.rules.skew_s {
            Err(Reason::CodeExpired)
        } else {
            Ok(())
        }
    }
}
