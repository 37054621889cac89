//! GET /v1/medical/national/conformance

use axum::Json;
use serde::Serialize;

use crate::national::field::Field;
use crate::national::transactions::{ALL, NOT_SERVED, Node, Transaction};

/// What a transaction takes, which fields it keeps without effect, and what it gives.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TransactionItem {
    pub infno: &'static str,
    pub name_zh: &'static str,
    pub name_en: &'static str,
    /// `node.field`, mandatory ones with `!`.
    pub fields: Vec<String>,
    pub ignored: Vec<String>,
    pub output: Vec<&'static str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub note: &'static str,
}

#[derive(Serialize, utoipa::ToSchema)]
pub struct Conformance {
    pub transactions: Vec<TransactionItem>,
    /// Named by the standard; they answer MED-1009.
    pub not_served: Vec<&'static str>,
}

impl From<&Transaction> for TransactionItem {
    fn from(of: &Transaction) -> TransactionItem {
        let fields = || of.nodes.iter().flat_map(|node| node.fields.iter().map(move |field| (node, field)));
        let named = |(node, field): (&Node, &Field)| {
            format!("{}.{}{}", node.name, field.name, if node.is_required(field) { "!" } else { "" })
        };
        TransactionItem {
            infno: of.infno,
            name_zh: of.name_zh,
            name_en: of.name_en,
            fields: fields().filter(|(_, field)| !field.ignored).map(named).collect(),
            ignored: fields().filter(|(_, field)| field.ignored).map(named).collect(),
            output: of.output.to_vec(),
            note: of.note,
        }
    }
}

/// What of the national interface is served (符合性说明), made from the table by which messages are checked.
#[utoipa::path(get, path = "/v1/medical/national/conformance", tag = "medical",
    responses((status = 200, body = Conformance)))]
pub async fn get_conformance() -> Json<Conformance> {
    let transactions = ALL.iter().map(TransactionItem::from).collect();
    Json(Conformance { transactions, not_served: NOT_SERVED.to_vec() })
}
