//! The profiles in which codes are made here, and whether a platform's codes may be of one.

use anyhow::{Context, bail};
use clap::ValueEnum;
use huitong_transit_code::attack::Bench;
use huitong_transit_code::key_set::KeySet;
use huitong_transit_code::make;
use huitong_transit_code::profile::Profile;
use huitong_transit_code::table::SIGNATURE_LENGTH;

use super::super::given;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MadeProfile {
    /// JT/T 1179 family, keys of SM2
    Jtt1179,
    /// After UIC 918.9, keys of P-256
    #[value(name = "uic-918-9")]
    Uic9189,
}

impl MadeProfile {
    pub fn profile(self) -> Profile {
        match self {
            MadeProfile::Jtt1179 => Profile::Jtt1179,
            MadeProfile::Uic9189 => Profile::Uic9189,
        }
    }
}

/// Gates read a platform's codes by the profile that the key set names, and refuse all others as malformed. Asked before the
/// issuer signs. `given`: the gates' key set; the test keys' own when absent.
pub fn check_platform(given: Option<&str>, platform: [u8; 4], wanted: MadeProfile) -> anyhow::Result<()> {
    let body = match given {
        None => make::key_set(&Bench::new().key_set_content()),
        Some(given) => {
            let mut table = given::argument(given).context("the key set")?;
            table.truncate(table.len().checked_sub(SIGNATURE_LENGTH).context("the key set is too short")?);
            table
        }
    };
    let Ok(set) = KeySet::parse(&body) else { bail!("this is no key set") };
    let named = set.platform(platform).map(|(profile, _)| profile);
    let agrees = match wanted {
        MadeProfile::Jtt1179 => matches!(named, Some(Profile::Jtt1179 | Profile::Jtt1179CertificateB)),
        MadeProfile::Uic9189 => named == Some(Profile::Uic9189),
    };
    if !agrees {
        bail!(
            "in the key set platform {} has the profile {}: gates would refuse its codes in {} (-1). Give the platform's \
             --profile, or another --platform",
            hex::encode(platform),
            named.map_or("of a later version", Profile::name),
            wanted.profile().name()
        );
    }
    Ok(())
}
