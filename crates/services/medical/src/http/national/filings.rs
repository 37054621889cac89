//! 2501 referral filing, 2503 chronic registration

use huitong_service_kit::http::Problem;
use serde_json::Value;

use super::call::{Call, date, missing, object, scheme, text};
use super::persons::by_number;
use crate::command::{ChronicWish, Command, Reply};
use crate::model::filing::{FilingKind, FilingWish, Referral};
use crate::national::envelope::Output;
use crate::refusal;

pub async fn referral(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("refmedin")?;
    let referred_on = date(data, "refl_date").ok_or_else(|| missing("refmedin.refl_date"))?;
    let area = text(data, "mdtrtarea_admdvs").parse().map_err(|_| {
        let why = refusal::CODE_UNKNOWN.with("field", "refmedin.mdtrtarea_admdvs");
        call.refuse(&why.with("value", text(data, "mdtrtarea_admdvs")).at_field("refmedin.mdtrtarea_admdvs"))
    })?;
    let wish = FilingWish {
        home_area: call.home_area()?,
        certificate: by_number(data),
        kind: FilingKind::TempReferred,
        areas: vec![area],
        valid_from: date(data, "begndate").unwrap_or(referred_on),
        valid_to: date(data, "enddate"),
        referral: Some(Referral {
            institution: text(data, "reflin_medins_no"),
            diagnosis_code: text(data, "diag_code"),
            diagnosis: text(data, "diag_name"),
            reason: text(data, "refl_rea"),
            referred_on,
        }),
    };
    let Reply::Filed(filing) = call.told("", Command::File(wish)).await? else { unreachable!("a filing was made") };
    let result = object([
        ("trt_dcla_detl_sn", filing.filing.to_string().into()),
        ("begndate", filing.valid_from.to_string().into()),
        ("enddate", filing.valid_to.map(|day| day.to_string()).into()),
    ]);
    Ok([("result".to_owned(), Value::Object(result))].into_iter().collect())
}

pub async fn chronic(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("data")?;
    let wish = ChronicWish {
        home_area: call.home_area()?,
        certificate: by_number(data),
        scheme: scheme(&text(data, "insutype")).ok_or_else(|| missing("data.insutype"))?,
        disease: text(data, "opsp_dise_code"),
        valid_from: date(data, "begndate").unwrap_or_else(|| call.edge.clock.now().business_date()),
    };
    let Reply::Registered(state) = call.told("", Command::RegisterChronic(wish)).await? else {
        unreachable!("a registration was made")
    };
    let result = object([("trt_dcla_detl_sn", state.registration.to_string().into())]);
    Ok([("result".to_owned(), Value::Object(result))].into_iter().collect())
}
