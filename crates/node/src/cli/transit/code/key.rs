//! `huitong transit code key`: an SM2 private key in a file.

use std::path::PathBuf;

use clap::Args;
use huitong_transit_code::make::Sign;

use crate::transit_keys::generate;

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
