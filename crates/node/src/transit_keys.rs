//! SM2 keys of transit in files readable by the owner only: of gates and phones for testing, of the node's tables, of issuers.

use std::path::Path;

use anyhow::{Context, bail};
use huitong_kernel::division::Division;
use huitong_transit::keys::{Issuer, IssuerKeys};
use huitong_transit_code::certificate::Certificate;
use huitong_transit_code::make::{Sign, SigningKey};
use serde::Deserialize;

use crate::{entropy, keys};

/// A new key in a new file: one scalar, 64 hexadecimal digits.
pub fn generate(path: &Path) -> anyhow::Result<SigningKey> {
    if path.exists() {
        bail!("{} exists already; a key is not overwritten", path.display());
    }
    let mut random = entropy::random_source()?;
    // One draw in 2³² misses 1 to n−2.
    let drawn = (0..16).find_map(|_| {
        let mut scalar = [0; 32];
        random.fill(&mut scalar);
        SigningKey::from_bytes(&scalar).map(|key| (scalar, key))
    });
    let (scalar, key) = drawn.context("the system's randomness gives no key")?;
    keys::write_private(path, format!("{}\n", hex::encode(scalar)).as_bytes())?;
    Ok(key)
}

pub fn read(path: &Path) -> anyhow::Result<SigningKey> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the key {}", path.display()))?;
    let key = scalar(text.trim());
    key.with_context(|| format!("{} is no SM2 key: 64 hexadecimal digits, from 1 to n-2", path.display()))
}

/// The key of a file; a new one when there is none.
pub fn read_or_generate(path: &Path) -> anyhow::Result<SigningKey> {
    if path.exists() { read(path) } else { generate(path) }
}

fn scalar(text: &str) -> Option<SigningKey> {
    let scalar: [u8; 32] = hex::decode(text).ok()?.try_into().ok()?;
    SigningKey::from_bytes(&scalar)
}

/// A file of an issuer; all bytes are hexadecimal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerFile {
    /// 8 digits.
    issuer: String,
    /// 117 bytes.
    certificate: String,
    /// Private scalar.
    key: String,
}

/// The issuers whose keys lie in a folder, one file per city; none without a folder.
pub fn issuers(folder: &Path) -> anyhow::Result<IssuerKeys> {
    let mut issuers = IssuerKeys::default();
    if !folder.exists() {
        return Ok(issuers);
    }
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let city: Option<Division> = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
            let city = city.with_context(|| format!("{} is not named after a city's code", path.display()))?;
            issuers.0.insert(city, issuer(&path)?);
        }
    }
    Ok(issuers)
}

fn issuer(path: &Path) -> anyhow::Result<Issuer> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let fault = |what: &str| format!("{}: {what}", path.display());
    let file: IssuerFile = toml::from_str(&text).with_context(|| fault("not as an issuer's file must be"))?;
    let issuer: Option<[u8; 4]> = hex::decode(&file.issuer).ok().and_then(|bytes| bytes.try_into().ok());
    let certificate: Option<[u8; 117]> = hex::decode(&file.certificate).ok().and_then(|bytes| bytes.try_into().ok());
    let issuer = issuer.with_context(|| fault("issuer has 8 digits"))?;
    let certificate = certificate.with_context(|| fault("certificate has 117 bytes"))?;
    // The secret itself is in no message.
    let key = scalar(file.key.trim()).with_context(|| fault("key is no SM2 key"))?;
    let certified = Certificate(&certificate).key().map(|certified| certified.compressed());
    if certified != Some(key.key().compressed()) {
        bail!(fault("the certificate is not that of the key"));
    }
    Ok(Issuer { issuer, certificate, key })
}
