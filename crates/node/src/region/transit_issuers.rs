//! Keys of transit for a region on one machine: a root, and an issuer certificate for every city of the profile.

use std::path::Path;

use anyhow::Context;
use huitong_kernel::division::Division;
use huitong_transit_code::make::{self, CertificateFields, RootFields, Sign};
use serde::Deserialize;

use super::profile::RegionProfile;
use crate::keys::{write_private, write_public};
use crate::transit_keys::read_or_generate;

/// The root's index in key sets: one of those for tests.
const CA_INDEX: u8 = 0xf1;
/// To the end of 2099, BCD.
const EXPIRY: [u8; 2] = [0x12, 0x99];

/// A city whose metro takes the codes of the others.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct City {
    pub city: Division,
    /// 8 digits.
    pub issuer: String,
    pub name_zh: String,
    pub name_en: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CityFile {
    cities: Vec<City>,
}

/// The cities of the profile; none where it says nothing of transit.
pub fn cities(profile: &RegionProfile) -> anyhow::Result<Vec<City>> {
    let path = profile.folder.join("transit/cities.toml");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(toml::from_str::<CityFile>(&text).with_context(|| format!("{} has no list of cities", path.display()))?.cities)
}

/// Makes the root and the issuers; each issuer's file goes to the folders of the node that answers for its city.
pub fn make(
    profile: &RegionProfile,
    data: &Path,
    folders_of: impl Fn(Division) -> Vec<std::path::PathBuf>,
) -> anyhow::Result<()> {
    let cities = cities(profile)?;
    if cities.is_empty() {
        return Ok(());
    }
    let region = data.join("transit");
    std::fs::create_dir_all(&region)?;
    let root_key = read_or_generate(&data.join("transit/root.key"))?;
    let root = make::root(RootFields { ca_index: CA_INDEX, expiry: EXPIRY }, &root_key);
    write_public(&region.join("root.hex"), format!("{}\n", hex::encode(root)).as_bytes())?;
    for (serial, city) in (1_u8..).zip(&cities) {
        let mut issuer = [0; 4];
        hex::decode_to_slice(&city.issuer, &mut issuer).with_context(|| format!("{} is no issuer", city.issuer))?;
        let folders = folders_of(city.city);
        let first = folders.first().with_context(|| format!("no node answers for {}", city.city))?;
        let scratch = first.join(format!("transit-issuers/{}.key", city.city));
        let key = read_or_generate(&scratch)?;
        let fields = CertificateFields {
            service: [0x01, 0x01, 0x00, 0x00],
            ca_index: CA_INDEX,
            issuer,
            expiry: EXPIRY,
            serial: [0, 0, serial],
        };
        let certificate = hex::encode(make::certificate(fields, &key.key(), &root_key));
        let scalar = std::fs::read_to_string(&scratch)?;
        let text = format!("issuer = {:?}\ncertificate = {certificate:?}\nkey = {:?}\n", city.issuer, scalar.trim());
        for folder in &folders {
            write_private(&folder.join(format!("transit-issuers/{}.toml", city.city)), text.as_bytes())?;
        }
        std::fs::remove_file(&scratch)?;
    }
    Ok(())
}
