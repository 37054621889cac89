//! Sample bills and persons of the profile, and the random morning made from them.

use anyhow::Context;
use huitong_kernel::decimal::{Price, Quantity};
use huitong_kernel::money::Fen;
use huitong_kernel::random::RandomSource;
use huitong_medical::model::exact::price_times_quantity;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::region::profile::RegionProfile;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleBill {
    pub name: String,
    pub account_wanted: bool,
    #[serde(default)]
    pub emergency: bool,
    /// Item code without the province's digits, quantity, price in yuan.
    pub items: Vec<[String; 3]>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BillFile {
    bills: Vec<SampleBill>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleInstitution {
    pub code: String,
    pub division: String,
    pub level: String,
    pub name_zh: String,
    pub name_en: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InstitutionFile {
    institutions: Vec<SampleInstitution>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonTemplate {
    pub scheme: String,
    pub birth_date: String,
    pub retired: bool,
    pub student: bool,
    pub family_doctor: bool,
    #[serde(default)]
    pub filing: Option<String>,
    #[serde(default)]
    pub account: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonFile {
    pub pools: Vec<String>,
    pub copies: usize,
    pub templates: Vec<PersonTemplate>,
}

/// An invented person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SamplePerson {
    pub person: String,
    pub pool: String,
    pub scheme: String,
    pub certificate: String,
    pub filing: Option<String>,
}

/// Everything the morning draws from.
pub struct Samples {
    pub bills: Vec<SampleBill>,
    pub institutions: Vec<SampleInstitution>,
    pub persons: PersonFile,
}

impl Samples {
    pub fn read(profile: &RegionProfile) -> anyhow::Result<Samples> {
        let read = |name: &str| -> anyhow::Result<String> {
            let path = profile.folder.join("demonstration").join(name);
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        Ok(Samples {
            bills: toml::from_str::<BillFile>(&read("bills.toml")?)?.bills,
            institutions: toml::from_str::<InstitutionFile>(&read("institutions.toml")?)?.institutions,
            persons: toml::from_str(&read("persons.toml")?)?,
        })
    }
}

/// The persons that the templates give, each with its template.
pub fn persons(file: &PersonFile) -> Vec<(SamplePerson, PersonTemplate)> {
    let mut persons = Vec::new();
    for pool in &file.pools {
        for (index, template) in file.templates.iter().enumerate() {
            for copy in 0..file.copies {
                let serial = index * file.copies + copy + 1;
                let person = SamplePerson {
                    person: format!("P{pool}{serial:08}"),
                    pool: pool.clone(),
                    scheme: template.scheme.clone(),
                    certificate: citizen_number(pool, &template.birth_date, serial),
                    filing: template.filing.clone(),
                };
                persons.push((person, template.clone()));
            }
        }
    }
    persons
}

/// An invented citizen number with a right check character (GB 11643).
fn citizen_number(pool: &str, birth_date: &str, serial: usize) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let body = format!("{pool}{}{:03}", birth_date.replace('-', ""), serial % 1_000);
    let sum: u32 = body.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{body}{}", char::from(b"10X98765432"[(sum % 11) as usize]))
}

/// One bill of the morning.
#[derive(Clone, Debug)]
pub struct Play {
    pub institution: String,
    /// The visited jurisdiction.
    pub visited: String,
    pub home_area: String,
    pub body: Value,
    /// Every twentieth bill is settled step by step: visit, lines, quote, settlement.
    pub stepwise: bool,
}

/// Draws a bill: somebody insured in one province at a hospital of another.
pub fn draw(
    samples: &Samples,
    persons: &[SamplePerson],
    number: usize,
    random: &mut RandomSource,
) -> anyhow::Result<Play> {
    let institution = random.pick(&samples.institutions).clone();
    let province = &institution.division[..2];
    let person = loop {
        let person = random.pick(persons);
        if person.pool[..2] != *province {
            break person;
        }
    };
    let bill = random.pick(&samples.bills);
    let mut total = Fen::ZERO;
    let mut lines = Vec::new();
    for (index, [item, quantity, price]) in bill.items.iter().enumerate() {
        // A quantity of one stays one; a larger one varies a little from bill to bill.
        let quantity: Quantity = quantity.parse()?;
        let more = if quantity > Quantity::ONE { random.below(3) as i64 } else { 0 };
        let quantity = Quantity::from_units(quantity.units() + more * Quantity::ONE.units());
        let price: Price = price.parse()?;
        let amount = price_times_quantity(price, quantity);
        total += amount;
        lines.push(json!({
            "number": format!("{}", index + 1),
            "item_code": format!("{item}{province}"),
            "quantity": quantity.to_string(),
            "price": price.to_string(),
            "amount": amount.yuan(),
        }));
    }
    let emergency = bill.emergency || person.filing.is_none();
    let body = json!({
        "visit": {
            "home_area": person.pool,
            "certificate": { "type": "02", "number": person.certificate },
            "scheme": person.scheme,
            "care_type": "11",
            "emergency": emergency,
        },
        "batch": "1",
        "account_wanted": bill.account_wanted && person.scheme == "employee",
        "total_fee": total.yuan(),
        "lines": lines,
    });
    Ok(Play {
        visited: format!("{province}0000"),
        institution: institution.code,
        home_area: person.pool.clone(),
        body,
        stepwise: number % 20 == 19,
    })
}
