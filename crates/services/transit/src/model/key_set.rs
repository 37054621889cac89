//! Key sets (`KeySetPublish`) as nodes send them: the content readable, the bytes for gates made from it.

use huitong_kernel::division::Division;
use huitong_kernel::time::Instant;
use huitong_transit_code::key_set::{KeySet, UicKey};
use huitong_transit_code::make::{self, IssuerContent, KeySetContent};
use huitong_transit_code::profile::Profile;
use huitong_transit_code::signature::RustCrypto;
use huitong_transit_code::uic::Algorithm;
use serde::{Deserialize, Serialize};

/// A published key set. Bytes are hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeySetText {
    /// 1, 2, 3 …
    pub version: u32,
    #[schema(value_type = i64)]
    pub not_before: Instant,
    #[schema(value_type = i64)]
    pub not_after: Instant,
    /// 144 bytes each.
    pub roots: Vec<String>,
    pub issuers: Vec<IssuerText>,
    #[serde(default)]
    pub revocations: Vec<RevocationText>,
    #[serde(default)]
    pub platforms: Vec<PlatformText>,
    /// Issuers that sign codes after UIC 918.9.
    #[serde(default)]
    pub uic_keys: Vec<UicKeyText>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UicKeyText {
    /// RICS code.
    pub provider: u16,
    pub key_id: u32,
    /// Compressed P-256 key, 66 hexadecimal digits.
    pub key: String,
    pub issuer: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuerText {
    /// 8 decimal digits.
    pub issuer: String,
    /// The city whose accounts it issues.
    #[schema(value_type = String)]
    pub city: Division,
    pub name_zh: String,
    pub account_types: Vec<u8>,
    /// Whether the certificate must name the same issuer.
    #[serde(default = "yes")]
    pub same_issuer: bool,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevocationText {
    pub issuer: String,
    /// 6 hexadecimal digits.
    pub serial: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlatformText {
    /// 8 hexadecimal digits.
    pub platform: String,
    /// For instance `jtt1179`.
    pub profile: String,
    #[serde(default)]
    pub gen_offset_s: i32,
}

/// The field at fault.
pub type KeySetFault = String;

fn bytes<const LENGTH: usize>(text: &str, field: impl FnOnce() -> String) -> Result<[u8; LENGTH], KeySetFault> {
    let mut bytes = [0; LENGTH];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| field())?;
    Ok(bytes)
}

impl KeySetText {
    /// The bytes that gates load; the home of an issuer is the jurisdiction that answers for its city.
    pub fn to_bytes(&self, jurisdiction_of: &dyn Fn(Division) -> Option<Division>) -> Result<Vec<u8>, KeySetFault> {
        let mut content = KeySetContent {
            version: self.version,
            not_before: self.not_before.0.div_euclid(1_000),
            not_after: self.not_after.0.div_euclid(1_000),
            ..KeySetContent::default()
        };
        for (index, root) in self.roots.iter().enumerate() {
            content.roots.push(bytes(root, || format!("roots[{index}]"))?);
        }
        for (index, issuer) in self.issuers.iter().enumerate() {
            let home = jurisdiction_of(issuer.city).ok_or_else(|| format!("issuers[{index}].city"))?;
            content.issuers.push(IssuerContent {
                issuer: bytes(&issuer.issuer, || format!("issuers[{index}].issuer"))?,
                home: number(home),
                same_issuer: issuer.same_issuer,
                account_types: issuer.account_types.clone(),
            });
        }
        for (index, revocation) in self.revocations.iter().enumerate() {
            let field = || format!("revocations[{index}]");
            content.revocations.push((bytes(&revocation.issuer, field)?, bytes(&revocation.serial, field)?));
        }
        for (index, platform) in self.platforms.iter().enumerate() {
            let profile = Profile::from_name(&platform.profile).ok_or_else(|| format!("platforms[{index}].profile"))?;
            let code = bytes(&platform.platform, || format!("platforms[{index}].platform"))?;
            content.platforms.push((code, profile, platform.gen_offset_s));
        }
        for (index, uic) in self.uic_keys.iter().enumerate() {
            content.uic_keys.push(UicKey {
                provider: uic.provider,
                key_id: uic.key_id,
                algorithm: Algorithm::EcdsaP256Sha256,
                key: bytes(&uic.key, || format!("uic_keys[{index}].key"))?,
                issuer: bytes(&uic.issuer, || format!("uic_keys[{index}].issuer"))?,
            });
        }
        let made = make::key_set(&content);
        match KeySet::parse(&made) {
            Ok(set) if set.roots_verify(&RustCrypto) => Ok(made),
            Ok(_) => Err("roots".to_owned()),
            Err(_) => Err("records".to_owned()),
        }
    }

    /// The first platform whose codes no gate verifies, with its profile: under such a set all its riders would be refused.
    pub fn unverified(&self) -> Option<(String, &str)> {
        let is_unverified = |name| Profile::from_name(name).is_some_and(|profile| !profile.is_verified());
        let index = self.platforms.iter().position(|platform| is_unverified(&platform.profile))?;
        Some((format!("platforms[{index}].profile"), &self.platforms[index].profile))
    }

    pub fn issuer(&self, issuer: [u8; 4]) -> Option<&IssuerText> {
        let wanted = hex::encode(issuer);
        self.issuers.iter().find(|known| known.issuer == wanted)
    }
}

/// A division as gates know it: six digits as a number.
pub fn number(division: Division) -> u32 {
    division.as_str().parse().expect("a division is six digits")
}

/// The division of a gate's number.
pub fn division(number: u32) -> Option<Division> {
    format!("{number:06}").parse().ok()
}
