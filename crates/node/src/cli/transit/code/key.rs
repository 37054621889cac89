//! `huitong transit code key`: a phone's private key in a file.

use std::path::PathBuf;

use clap::Args;
use huitong_transit_code::make::Sign;
use huitong_transit_code::make::uic::Sign as _;

use super::super::output;
use super::profile::MadeProfile;
use super::uic;
use crate::transit_keys::generate;

#[derive(Args)]
pub struct KeyArguments {
    /// Where the private key is written; an existing file is not touched
    #[arg(long)]
    out: PathBuf,
    /// For codes of this layout
    #[arg(long, value_enum, default_value_t = MadeProfile::Jtt1179)]
    profile: MadeProfile,
}

pub fn run(arguments: &KeyArguments) -> anyhow::Result<i32> {
    let sm2 = generate(&arguments.out)?;
    output::line(format_args!("Private key 私钥: {} (mode 600; keep it 请妥善保管)", arguments.out.display()))?;
    match arguments.profile {
        MadeProfile::Jtt1179 => {
            let (x, y) = sm2.key().coordinates();
            output::line(format_args!("public key 公钥, 33 bytes: {}", hex::encode(sm2.key().compressed())))?;
            output::line(format_args!("public key 公钥, 65 bytes: 04{}{}", hex::encode(x), hex::encode(y)))?;
        }
        MadeProfile::Uic9189 => {
            // Every private scalar of SM2 is one of P-256 too, whose group is larger.
            let key = uic::private_key(&arguments.out)?.key();
            output::line(format_args!("public key 公钥 (P-256), 33 bytes: {}", hex::encode(key.compressed())))?;
        }
    }
    Ok(0)
}
