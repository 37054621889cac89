//! `huitong medical days`: the days with other jurisdictions, and what the two nodes do not hold alike

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::FAILED;
use crate::demo::client::ApiClient;

#[derive(Args)]
pub struct DaysArguments {
    /// Base address of the node's API
    #[arg(long)]
    node: String,
    /// API key of a pool's clerk
    #[arg(long, env = "HUITONG_KEY")]
    key: String,
    /// Ask home again about every day on which something is still on its way
    #[arg(long)]
    apply: bool,
}

/// Exit code 0 only if no day differs.
pub async fn days(arguments: DaysArguments) -> anyhow::Result<i32> {
    let client = ApiClient::new(&arguments.node, &arguments.key);
    let days = client.all("/v1/medical/reconciliation-days").await?;
    for day in &days {
        print!("{}", sheet(day));
        if arguments.apply && can_be_asked_again(day) {
            let (home, on) = (day["home"].as_str().unwrap_or("-"), day["day"].as_str().unwrap_or("-"));
            let path = format!("/v1/medical/reconciliation-days/{home}/{on}/comparison");
            client.send::<_, Value>(Method::POST, &path, None, &json!({})).await?;
            println!("  asked again 已再次核对");
        }
    }
    Ok(if days.iter().any(|day| day["state"] == "differs") { FAILED } else { 0 })
}

fn differences(day: &Value) -> impl Iterator<Item = &Value> {
    day["differing"].as_array().into_iter().flatten()
}

/// The answer about a day can be lost with a node that was restored; what the two sides must look at themselves is not asked for again.
fn can_be_asked_again(day: &Value) -> bool {
    day["state"] == "told" || differences(day).any(|of| of["proposal"] == "ask_again")
}

fn sheet(day: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let mut lines = format!("{} {}: {}\n", text(&day["day"]), text(&day["home"]), text(&day["state"]));
    for of in differences(day) {
        let [settlement, class, cause, proposal] =
            ["settlement", "class", "cause", "proposal"].map(|name| text(&of[name]));
        let code = of["code"].as_str().map(|code| format!(" ({code})")).unwrap_or_default();
        let side = |name: &str| of[name]["total_fee"].as_str().unwrap_or("-").to_owned();
        let (visited, home) = (side("visited"), side("home"));
        lines += &format!(
            "  {class} {settlement}: visited 就医地 {visited}, home 参保地 {home}: {cause}{code} → {proposal}\n"
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_says_of_each_document_why_it_differs_and_what_to_do() {
        let difference = json!({ "settlement": "A1", "class": "home_more", "cause": "answer_refused", "proposal": "show_proof",
            "home": { "total_fee": "-249.00" }, "code": "MED-8001" });
        let mut day = json!({ "home": "330000", "day": "2026-11-24", "state": "differs", "differing": [difference] });
        let told = "2026-11-24 330000: differs\n  home_more A1: visited 就医地 -, home 参保地 -249.00: answer_refused (MED-8001) → show_proof\n";
        assert_eq!(sheet(&day), told);
        assert!(!can_be_asked_again(&day));
        day["differing"][0]["proposal"] = json!("ask_again");
        assert!(can_be_asked_again(&day));
    }
}
