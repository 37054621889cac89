//! SM2 private keys in files: one scalar, 64 hexadecimal digits, readable by the owner only.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use huitong_transit_code::make::{Sign, SigningKey};

use crate::{entropy, keys};

#[derive(Args)]
pub struct KeyArguments {
    /// Where the private key is written; an existing file is not touched
    #[arg(long)]
    out: PathBuf,
}

pub fn run(arguments: &KeyArguments) -> anyhow::Result<i32> {
    let key = generate(&arguments.out)?;
    let (x, y) = key.key().coordinates();
    println!("Private key 私钥: {} (mode 600; keep it 请妥善保管)", arguments.out.display());
    println!("public key 公钥, 33 bytes: {}", hex::encode(key.key().compressed()));
    println!("public key 公钥, 65 bytes: 04{}{}", hex::encode(x), hex::encode(y));
    Ok(0)
}

/// A new key in a new file.
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
    let scalar: Option<[u8; 32]> = hex::decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
    let key = scalar.as_ref().and_then(SigningKey::from_bytes);
    key.with_context(|| format!("{} is no SM2 key: 64 hexadecimal digits, from 1 to n-2", path.display()))
}
