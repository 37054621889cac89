//! The page of conformance says what the table says by which messages are checked.

use std::fmt::Write;

use huitong_medical::national::envelope;
use huitong_medical::national::field::Field;
use huitong_medical::national::transactions::{ALL, NOT_SERVED};

const BEGIN: &str = "<!-- The tables below are made from the code: HUITONG_WRITE_PAGES=1 cargo nextest run -p huitong-medical conformance -->\n";

fn names(fields: &[Field], is_required: impl Fn(&Field) -> bool, is_ignored: bool) -> String {
    let of = fields.iter().filter(|field| field.ignored == is_ignored);
    of.map(|field| format!("`{}`{}", field.name, if is_required(field) { "!" } else { "" }))
        .collect::<Vec<_>>()
        .join(", ")
}

fn tables() -> String {
    let mut page = BEGIN.to_owned();
    let _ = writeln!(
        page,
        "\nEnvelope: {}. Kept without effect: {}.",
        names(envelope::FIELDS, |field| field.required, false),
        names(envelope::FIELDS, |field| field.required, true)
    );
    for transaction in ALL {
        let _ = writeln!(page, "\n### {} {} ({})\n", transaction.infno, transaction.name_zh, transaction.name_en);
        if !transaction.note.is_empty() {
            let _ = writeln!(page, "{}\n", transaction.note);
        }
        for node in transaction.nodes {
            let _ = writeln!(
                page,
                "* `{}`{}{}: {}",
                node.name,
                if node.required { "" } else { " (optional)" },
                if node.records_max > 1 { format!(", up to {}", node.records_max) } else { String::new() },
                names(node.fields, |field| node.is_required(field), false)
            );
            let ignored = names(node.fields, |field| node.is_required(field), true);
            if !ignored.is_empty() {
                let _ = writeln!(page, "  * without effect: {ignored}");
            }
        }
        let output: Vec<String> = transaction.output.iter().map(|node| format!("`{node}`")).collect();
        let told = if output.is_empty() { "no output node".to_owned() } else { output.join(", ") };
        let _ = writeln!(page, "* answer: {told}");
    }
    let _ = writeln!(page, "\n### Not served\n\n{}: MED-1009.", NOT_SERVED.join(", "));
    page
}

#[test]
fn the_page_of_conformance_is_what_the_code_checks() {
    let path = format!("{}/../../../docs/services/medical-national.md", env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(&path).expect("the page is part of the project");
    let begin = page.find(BEGIN).expect("the page has its tables");
    if std::env::var_os("HUITONG_WRITE_PAGES").is_some() {
        std::fs::write(&path, format!("{}{}", &page[..begin], tables())).expect("writable");
        return;
    }
    assert_eq!(&page[begin..], tables(), "HUITONG_WRITE_PAGES=1 writes it anew");
}
