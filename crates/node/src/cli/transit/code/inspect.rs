//! `huitong transit code inspect`: what is in a code, and whether its signatures are good.

use anyhow::{Context, anyhow, bail};
use clap::Args;
use huitong_transit_code::Reason;
use huitong_transit_code::cache::NoCache;
use huitong_transit_code::chain::{Checker, TimeRules};
use huitong_transit_code::key_set::KeySet;
use huitong_transit_code::profile::Profile;
use huitong_transit_code::signature::{Key, RustCrypto};
use huitong_transit_code::table::{SIGNATURE_LENGTH, signed_body};
use huitong_transit_code::uic::is_uic;
use serde_json::json;

use super::super::gate::reason_text;
use super::super::{given, output};
use super::fields::{Field, fields};
use crate::gate::moment::Moment;

#[derive(Args)]
pub struct InspectArguments {
    /// The code: hexadecimal, base64, a file of either or of its bytes, or a PNG of the QR code
    code: String,
    /// jtt1179, jtt1179-cert-b, metro-2018, alipay-offline, uic-918-9. When absent jtt1179, or uic-918-9 by the first three
    /// bytes, which no code of the other has; nothing else is guessed
    #[arg(long, value_parser = profile)]
    profile: Option<Profile>,
    /// Verify against this key set: hexadecimal, base64 or a file
    #[arg(long)]
    key_set: Option<String>,
    /// Whose signature the key set must carry, 66 hexadecimal digits; not checked when absent
    #[arg(long, requires = "key_set")]
    operator_key: Option<String>,
    /// The gate's time for the verification; now when absent
    #[arg(long, requires = "key_set")]
    at: Option<Moment>,
    #[arg(long)]
    json: bool,
}

fn profile(name: &str) -> Result<Profile, String> {
    Profile::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Profile::ALL.iter().map(|profile| profile.name()).collect();
        format!("known profiles: {}", known.join(", "))
    })
}

/// What the checks of steps 1 to 6 said.
struct Verdict {
    reason: Reason,
    age_s: i64,
}

pub fn run(arguments: &InspectArguments) -> anyhow::Result<i32> {
    let code = given::argument(&arguments.code)?;
    let by_layout = if is_uic(&code) { Profile::Uic9189 } else { Profile::Jtt1179 };
    let profile = arguments.profile.unwrap_or(by_layout);
    let fields = fields(profile, &code);
    let verdict = arguments.key_set.as_ref().map(|set| verify(arguments, set, &code)).transpose()?;
    let is_good = fields.is_ok() && verdict.as_ref().is_none_or(|verdict| verdict.reason == Reason::Ok);
    if arguments.json {
        print_json(profile, &code, &fields, verdict.as_ref())?;
    } else {
        print_text(profile, &code, &fields, verdict.as_ref())?;
    }
    Ok(if is_good { 0 } else { crate::cli::FAILED })
}

/// Steps 1 to 6 of a gate, without its lists: the key set's profile for the platform decides how.
fn verify(arguments: &InspectArguments, set: &str, code: &[u8]) -> anyhow::Result<Verdict> {
    let table = given::argument(set).context("the key set")?;
    let body = match &arguments.operator_key {
        Some(key) => {
            let key = Key::from_compressed(&given::exactly("operator's key", key)?);
            let key = key.context("the operator's key is not on the curve")?;
            signed_body(&table, &key, &RustCrypto).map_err(|_| anyhow!("the key set is not signed by this operator"))?
        }
        None => &table[..table.len().checked_sub(SIGNATURE_LENGTH).context("the key set is too short")?],
    };
    let Ok(set) = KeySet::parse(body) else { bail!("this is no key set") };
    let at = arguments.at.unwrap_or_else(Moment::now).seconds();
    let mut checker = Checker { signatures: &RustCrypto, cache: &mut NoCache, rules: TimeRules::default() };
    Ok(match checker.check(code, Some(&set), at) {
        Ok(checked) => Verdict { reason: Reason::Ok, age_s: checked.age_s },
        Err(failure) => Verdict { reason: failure.reason, age_s: failure.age_s },
    })
}

const CHINESE_COLUMNS: usize = 26;

/// Columns on a terminal: a Chinese character takes two.
fn columns(text: &str) -> usize {
    text.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum()
}

fn print_text(
    profile: Profile,
    code: &[u8],
    fields: &Result<Vec<Field>, Reason>,
    verdict: Option<&Verdict>,
) -> std::io::Result<()> {
    output::line(format_args!("{} bytes, profile {}", code.len(), profile.name()))?;
    match fields {
        Ok(fields) => fields.iter().try_for_each(|field| {
            let pad = " ".repeat(CHINESE_COLUMNS.saturating_sub(columns(field.chinese)));
            output::line(format_args!("  {:<22} {}{pad} {}", field.name, field.chinese, field.value))
        })?,
        Err(reason) => {
            let (code, chinese, english) = (reason.field_code(), reason.chinese(), reason.english());
            output::line(format_args!("  {code} {chinese} {english}"))?;
        }
    }
    match verdict {
        None => output::line("Nothing was verified 未验签; give --key-set."),
        Some(Verdict { reason, age_s }) => {
            let (chinese, english) = reason_text(*reason, *age_s);
            let (code, name) = (reason.field_code(), reason.name());
            output::line(format_args!("Verification 验签: {code} {name} {chinese} · {english}"))
        }
    }
}

fn print_json(
    profile: Profile,
    code: &[u8],
    fields: &Result<Vec<Field>, Reason>,
    verdict: Option<&Verdict>,
) -> anyhow::Result<()> {
    let told = |reason: Reason, age_s: i64| {
        let (chinese, english) = reason_text(reason, age_s);
        json!({ "code": reason.field_code(), "reason": reason.name(), "zh": chinese, "en": english, "age_s": age_s })
    };
    let document = json!({
        "length": code.len(),
        "profile": profile.name(),
        "fields": fields.as_ref().ok(),
        "fault": fields.as_ref().err().map(|reason| told(*reason, 0)),
        "verification": verdict.map(|verdict| told(verdict.reason, verdict.age_s)),
    });
    output::line(serde_json::to_string_pretty(&document)?)?;
    Ok(())
}
