//! Profiles: how the codes of a platform are laid out and signed. One is configured per platform; none is tried in turn.

use crate::certificate::SignedRange;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Profile {
    /// The default.
    Jtt1179 = 1,
    /// Another range under the root's signature, "fields 1 and 3 to 10" (unconfirmed). Decode only: read so, the range leaves
    /// the issuer's key out.
    Jtt1179CertificateB = 2,
    /// Another order of the last fields; what its signatures cover is not known.
    Metro2018 = 3,
    /// Said to sign without the SM3 step; no document seen.
    RawSm2 = 4,
    /// A field set of its own, lengths unknown.
    Hefei = 5,
    /// An ECDSA code of another family.
    AlipayOffline = 6,
    /// The second layout, [`crate::uic`].
    Uic9189 = 7,
}

impl Profile {
    pub const ALL: [Profile; 7] = [
        Profile::Jtt1179,
        Profile::Jtt1179CertificateB,
        Profile::Metro2018,
        Profile::RawSm2,
        Profile::Hefei,
        Profile::AlipayOffline,
        Profile::Uic9189,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Profile::Jtt1179 => "jtt1179",
            Profile::Jtt1179CertificateB => "jtt1179-cert-b",
            Profile::Metro2018 => "metro-2018",
            Profile::RawSm2 => "raw-sm2",
            Profile::Hefei => "hefei",
            Profile::AlipayOffline => "alipay-offline",
            Profile::Uic9189 => "uic-918-9",
        }
    }

    pub fn from_name(name: &str) -> Option<Profile> {
        Profile::ALL.into_iter().find(|profile| profile.name() == name)
    }

    pub fn from_number(number: u8) -> Option<Profile> {
        Profile::ALL.into_iter().find(|profile| *profile as u8 == number)
    }

    /// The bytes of a certificate under the root's signature. `None`: codes in the layout `jtt1179` are not verified under
    /// this profile, so no gate opens to one. (Those of `uic-918-9` have no certificate, and checks of their own.)
    pub fn signed_range(self) -> Option<SignedRange> {
        match self {
            Profile::Jtt1179 => Some(SignedRange::Fields4To12),
            Profile::Jtt1179CertificateB
            | Profile::Metro2018
            | Profile::RawSm2
            | Profile::Hefei
            | Profile::AlipayOffline
            | Profile::Uic9189 => None,
        }
    }

    /// Whether any code of a platform with this profile can open a gate.
    pub fn is_verified(self) -> bool {
        self.signed_range().is_some() || self == Profile::Uic9189
    }
}
