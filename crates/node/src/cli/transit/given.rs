//! Bytes as people hand them over: hexadecimal, base64, a file of either or of the bytes themselves, or a QR picture.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::picture;

/// A file larger than this is no code, key or table.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Hexadecimal if every character is a hexadecimal digit, else base64. `None` for other text.
pub fn decoded(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_whitespace().collect();
    if text.is_empty() {
        return None;
    }
    hex::decode(&text).ok().or_else(|| STANDARD.decode(&text).ok()).or_else(|| STANDARD_NO_PAD.decode(&text).ok())
}

/// The bytes of a file: of a picture those of the QR code in it, of a text those it stands for, else the file's own.
pub fn file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = raw_file(path)?;
    if picture::is_png(&bytes) {
        return picture::read(bytes).with_context(|| format!("in {}", path.display()));
    }
    let text = std::str::from_utf8(&bytes).ok().and_then(decoded);
    Ok(text.unwrap_or(bytes))
}

/// The bytes of the QR code in a PNG file.
pub fn picture(path: &Path) -> anyhow::Result<Vec<u8>> {
    let png = raw_file(path)?;
    picture::read(png).with_context(|| format!("in {}", path.display()))
}

/// The argument's own bytes, or those of the file that it names.
pub fn argument(argument: &str) -> anyhow::Result<Vec<u8>> {
    let path = Path::new(argument);
    if path.is_file() {
        return file(path);
    }
    decoded(argument).with_context(|| {
        let shown: String = argument.chars().take(40).collect();
        format!("{shown} is neither a file nor hexadecimal nor base64")
    })
}

/// Exactly as many bytes, as the argument gives them.
pub fn exactly<const LENGTH: usize>(name: &str, given: &str) -> anyhow::Result<[u8; LENGTH]> {
    let bytes = argument(given).with_context(|| format!("the {name}"))?;
    let length = bytes.len();
    bytes.try_into().map_err(|_| anyhow::anyhow!("the {name} has {length} bytes, not {LENGTH}"))
}

/// Devices and pipes are refused: they may never end.
fn raw_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let context = || format!("cannot read {}", path.display());
    if !std::fs::metadata(path).with_context(context)?.is_file() {
        bail!("{} is no file", path.display());
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)).with_context(context)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        bail!("{} has more than {FILE_BYTES_MAX} bytes: too large for what is read here", path.display());
    }
    Ok(bytes)
}
