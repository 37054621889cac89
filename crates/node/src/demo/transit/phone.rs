//! A rider's phone: its key, the authorisation of its home city, and the codes it shows.

use std::time::Duration;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use huitong_kernel::random::RandomSource;
use huitong_kernel::time::Instant;
use huitong_transit_code::make::{self, Sign, SigningKey};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::demo::client::ApiClient;

/// How long a visited city may take to answer with its code.
const PATIENCE: Duration = Duration::from_secs(60);
const ASK_AGAIN: Duration = Duration::from_millis(200);

pub struct Phone {
    pub city: String,
    /// 28 digits.
    pub account: String,
    /// The city whose own code it shows (model P); none shows the code of its home city (model U).
    pub pulled: Option<String>,
    key: SigningKey,
    /// Fields 1 to 15.
    authorisation: Vec<u8>,
}

impl Phone {
    /// Opens an account and asks its city for an authorisation, as the city's app does.
    pub async fn open(
        client: &ApiClient,
        city: &str,
        account: &str,
        balance_yuan: Option<&str>,
        networks: &[String],
        random: &mut RandomSource,
    ) -> anyhow::Result<Phone> {
        let opened = json!({
            "city": city, "account_type": 1, "trip_limit": "30.00", "day_limit": "300.00",
            "unpaid_limit": "100.00", "networks": networks,
        });
        client
            .send::<_, Value>(Method::PUT, &format!("/v1/transit/accounts/{account}"), None, &opened)
            .await
            .context("an account")?;
        if let Some(amount) = balance_yuan {
            let path = format!("/v1/transit/accounts/{account}/payments");
            let payment = json!({ "amount": amount, "reference": format!("top-up {account}") });
            let key = format!("top-up-{account}");
            client.send::<_, Value>(Method::POST, &path, Some(&key), &payment).await.context("a payment")?;
        }
        let key = new_key(random)?;
        let ask = json!({
            "account": account, "user_key": hex::encode(key.key().compressed()), "ticket": "0000000000000001",
            "platform": "00000001", "validity_s": 60,
        });
        let (_, given) = client
            .send::<_, Value>(Method::POST, "/v1/transit/authorisations", None, &ask)
            .await
            .context("an authorisation")?;
        let authorisation = decoded(&given)?;
        Ok(Phone { city: city.to_owned(), account: account.to_owned(), pulled: None, key, authorisation })
    }

    /// Asks, through its home city, for the code of another city (拉取码).
    pub async fn pull(&mut self, client: &ApiClient, network: &str) -> anyhow::Result<()> {
        let user_key = hex::encode(self.key.key().compressed());
        let ask = json!({ "account": self.account, "network": network, "user_key": user_key });
        let idempotency_key = format!("grant-{}-{network}", self.account);
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let asked = client.send::<_, Value>(Method::POST, "/v1/transit/grants", Some(&idempotency_key), &ask).await;
            let (status, given) = asked.with_context(|| format!("a code of {network}"))?;
            if status == StatusCode::CREATED {
                self.authorisation = decoded(&given)?;
                self.pulled = Some(network.to_owned());
                return Ok(());
            }
            anyhow::ensure!(tokio::time::Instant::now() < deadline, "{network} does not answer for its code");
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// The code that the screen shows at a moment.
    pub fn code(&self, at: Instant) -> Vec<u8> {
        let seconds = u32::try_from(at.0.div_euclid(1_000)).unwrap_or(u32::MAX);
        make::code(&self.authorisation, seconds, &self.key)
    }

    /// A code whose limit the rider has raised by hand, signed again by the own phone.
    pub fn forged(&self, at: Instant) -> Vec<u8> {
        let mut body = self.authorisation.clone();
        body[155] ^= 0x0f;
        let seconds = u32::try_from(at.0.div_euclid(1_000)).unwrap_or(u32::MAX);
        make::code(&body, seconds, &self.key)
    }
}

fn decoded(given: &Value) -> anyhow::Result<Vec<u8>> {
    Ok(STANDARD.decode(given["authorisation"].as_str().context("the authorisation is base64")?)?)
}

fn new_key(random: &mut RandomSource) -> anyhow::Result<SigningKey> {
    let drawn = (0..16).find_map(|_| {
        let mut scalar = [0; 32];
        random.fill(&mut scalar);
        SigningKey::from_bytes(&scalar)
    });
    drawn.context("one of sixteen scalars is a key")
}
