//! Which documents a file holds: one, those of a Bundle, and those contained in others.

use huitong_service_kit::Refusal;

use super::document::{Document, Kind};
use super::node::Node;
use super::place::Place;

/// Reads every document of a file: a Claim, ClaimResponse, ExplanationOfBenefit or PaymentReconciliation, or a Bundle of them.
/// Other resources of a Bundle (patients, coverages …) are passed over.
///
/// # Errors
/// As [`Document::read`]; MED-7002 for a Bundle without any document, and for one in another.
pub fn documents(node: &Node) -> Result<Vec<Document>, Refusal> {
    let root = Place::root(node, "");
    let mut found = Vec::new();
    if root.get("resourceType").text()? != Some("Bundle") {
        take(&root, None, &mut found)?;
        return Ok(found);
    }
    for entry in root.list("entry")? {
        let resource = entry.get("resource");
        if resource.get("resourceType").text()? == Some("Bundle") {
            return Err(resource.unsupported());
        }
        if is_document(&resource)? {
            take(&resource, entry.get("fullUrl").text()?, &mut found)?;
        }
    }
    if found.is_empty() { Err(root.get("entry").unsupported()) } else { Ok(found) }
}

fn is_document(place: &Place<'_>) -> Result<bool, Refusal> {
    Ok(place.get("resourceType").text()?.and_then(Kind::of).is_some())
}

fn take(place: &Place<'_>, url: Option<&str>, found: &mut Vec<Document>) -> Result<(), Refusal> {
    let mut document = Document::read(place, None)?;
    document.names.addresses.extend(url.map(str::to_owned));
    found.push(document);
    for contained in place.list("contained")? {
        if is_document(&contained)? {
            found.push(Document::read(&contained, Some(&place.path))?);
        }
    }
    Ok(())
}
