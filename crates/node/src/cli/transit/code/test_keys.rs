//! The published test keys (transit specification §16, V5): everybody has them, so nothing real may trust them.

use std::io::Write;

use anyhow::Context;
use huitong_transit_code::make::{SigningKey, uic};

const NOTICE: &str = "\
测试密钥 TEST KEYS: these private keys are published in the transit specification. Whoever reads it can sign with them.
Never put their root into a real key set. 切勿用于生产环境。";

/// Says on the screen, beside and not inside the output, that test keys were used.
pub fn announce() {
    let _ = writeln!(std::io::stderr(), "{NOTICE}");
}

/// `root`, `issuer`, `user` or `operator`.
pub fn test_key(name: &str) -> anyhow::Result<SigningKey> {
    SigningKey::of_test(&format!("huitong transit test {name}")).context("SM3 of the text is a private key")
}

/// The same over P-256: `uic issuer` or `uic user`.
pub fn uic_test_key(name: &str) -> anyhow::Result<uic::SigningKey> {
    uic::SigningKey::of_test(&format!("huitong transit test {name}")).context("SM3 of the text is a private key")
}
