//! Key files: one private key each, readable by the owner only.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use huitong_kernel::random::RandomSource;
use huitong_kernel::suite::{Signer, SoftwareKey, Suite};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    /// What it may sign.
    purpose: String,
    suite: Suite,
    public: String,
    /// Hexadecimal: the Ed25519 seed, or the SM2 private scalar.
    secret: String,
}

pub fn generate(path: &Path, suite: Suite, purpose: &str, random: &mut RandomSource) -> anyhow::Result<SoftwareKey> {
    let key = SoftwareKey::generate(suite, random);
    let file = KeyFile {
        purpose: purpose.to_owned(),
        suite,
        public: key.public_key().to_string(),
        secret: hex::encode(key.seed()),
    };
    write_private(path, toml::to_string_pretty(&file)?.as_bytes())?;
    Ok(key)
}

pub fn read(path: &Path) -> anyhow::Result<SoftwareKey> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the key {}", path.display()))?;
    let file: KeyFile = toml::from_str(&text).with_context(|| format!("{} is no key file", path.display()))?;
    let seed = hex::decode(&file.secret).ok().and_then(|bytes| bytes.try_into().ok());
    let seed = seed.with_context(|| format!("{} holds no 32-byte secret", path.display()))?;
    Ok(SoftwareKey::from_seed(file.suite, seed)?)
}

/// Writes a file that only the owner may read; whole or not at all.
pub fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_whole(path, bytes, 0o600)
}

pub fn write_public(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_whole(path, bytes, 0o644)
}

fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let folder = path.parent().context("a file lies in a folder")?;
    // A bare file name lies in the folder where the program runs.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    std::fs::create_dir_all(folder)?;
    let draft = path.with_extension("tmp");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&draft, path).with_context(|| format!("cannot write {}", path.display()))?;
    std::fs::File::open(folder)?.sync_all()?;
    Ok(())
}
