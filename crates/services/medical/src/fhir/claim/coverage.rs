//! Who is insured where: the patient and the coverage of a Claim.

use huitong_service_kit::Refusal;

use super::Information;
use crate::command::VisitWish;
use crate::fhir::place::Place;
use crate::fhir::terms::{CARE_TYPE, CERTIFICATE_TYPE, DIVISION, SCHEME};
use crate::model::message::Certificate;
use crate::model::person::{CareType, Scheme};

/// The visit of a whole bill.
pub(super) fn visit(root: &Place<'_>, information: &Information<'_>) -> Result<VisitWish, Refusal> {
    let coverage = coverage(root)?;
    let care_type = root.get("subType");
    let code = care_type.code(CARE_TYPE)?.ok_or_else(|| care_type.missing())?;
    Ok(VisitWish {
        home_area: home_area(&coverage)?,
        certificate: certificate(root)?,
        scheme: scheme(&coverage)?,
        care_type: CareType::ALL.into_iter().find(|kind| kind.code() == code).ok_or_else(|| care_type.unknown(code))?,
        began_on: None,
        emergency: information.emergency,
        disease: information.chronic_disease.map(str::to_owned),
        details: None,
    })
}

/// What a reference to a contained resource means; for another reference, the reference itself.
fn resolved<'n>(root: &Place<'n>, reference: &Place<'n>) -> Result<Place<'n>, Refusal> {
    let address = reference.get("reference");
    let Some(id) = address.text()?.and_then(|address| address.strip_prefix('#')) else { return Ok(reference.clone()) };
    for contained in root.list("contained")? {
        if contained.get("id").text()? == Some(id) {
            return Ok(contained);
        }
    }
    Err(address.missing())
}

/// The focal insurance's coverage, which the Claim contains.
pub(super) fn coverage<'n>(root: &Place<'n>) -> Result<Place<'n>, Refusal> {
    let insurances = root.list("insurance")?;
    let mut focal = insurances.first();
    for insurance in &insurances {
        if insurance.get("focal").boolean()? == Some(true) {
            focal = Some(insurance);
            break;
        }
    }
    let focal = focal.ok_or_else(|| root.get("insurance").missing())?;
    resolved(root, &focal.get("coverage"))
}

/// The pool in which the person is insured: the payor, by its division.
pub(super) fn home_area(coverage: &Place<'_>) -> Result<huitong_kernel::division::Division, Refusal> {
    for payor in coverage.list("payor")? {
        let identifier = payor.get("identifier");
        if identifier.get("system").text()? == Some(DIVISION) {
            let value = identifier.get("value");
            let text = value.text()?.ok_or_else(|| value.missing())?;
            return text.parse().map_err(|_| value.unknown(text));
        }
    }
    Err(coverage.get("payor").missing())
}

fn scheme(coverage: &Place<'_>) -> Result<Scheme, Refusal> {
    let kind = coverage.get("type");
    match kind.code(SCHEME)?.ok_or_else(|| kind.missing())? {
        "310" => Ok(Scheme::Employee),
        "390" => Ok(Scheme::Resident),
        other => Err(kind.unknown(other)),
    }
}

/// Of the patient that the Claim contains, or named by identifier alone. Its kind is a code of [`CERTIFICATE_TYPE`].
pub(super) fn certificate(root: &Place<'_>) -> Result<Certificate, Refusal> {
    let patient = resolved(root, &root.get("patient"))?;
    let identifiers = match patient.get("resourceType").is_there() {
        true => patient.list("identifier")?,
        false => vec![patient.get("identifier")],
    };
    for identifier in &identifiers {
        let kind = identifier.get("type");
        let Some(code) = kind.code(CERTIFICATE_TYPE)? else { continue };
        if !matches!(code, "01" | "02" | "03") {
            return Err(kind.unknown(code));
        }
        let number = identifier.get("value");
        let text = number.text_up_to(50)?.ok_or_else(|| number.missing())?;
        return Ok(Certificate { kind: code.to_owned(), number: text.to_owned() });
    }
    Err(patient.get("identifier").missing())
}
