//! What the sandbox tells when it serves: where, with which key, for whom, and how to ask for faults.

use std::collections::BTreeSet;

use super::faults::FaultKind;
use super::proxy::Sandbox;
use crate::demo::bills::{SamplePerson, Samples};
use crate::demo::load::sample_persons;

const PERSONS_SHOWN: usize = 8;
const ITEMS_SHOWN: usize = 4;

/// Insured elsewhere, one of each area with a filing and one without.
fn shown(samples: &Samples, province: &str) -> Vec<SamplePerson> {
    let mut seen = BTreeSet::new();
    let persons = sample_persons(samples).into_iter().filter(|person| !person.pool.starts_with(province));
    let persons = persons.filter(|person| seen.insert((person.pool.clone(), person.filing.is_some())));
    persons.take(PERSONS_SHOWN).collect()
}

fn scheme(person: &SamplePerson) -> &'static str {
    if person.scheme == "employee" { "310" } else { "390" }
}

pub fn print(sandbox: &Sandbox, samples: &Samples, port: u16, key: &str) {
    let province = sandbox.hospital.get(1..3).unwrap_or_default();
    println!("\nSANDBOX: invented persons, nothing here is real 沙箱：人员与数据均为虚构");
    println!("  address 地址      http://127.0.0.1:{port}");
    println!("  interface 接口    POST http://127.0.0.1:{port}/v1/medical/national   (native 原生接口: /v1/medical/…)");
    println!("  hospital 机构     {}", sandbox.hospital);
    println!("  key 密钥          Authorization: Bearer {key}");
    println!("  region 区域       {}", sandbox.region.data.display());
    println!("\n  persons 人员      mdtrt_cert_no (type 类型 02)  insuplc_admdvs  insutype  filing 备案");
    for person in shown(samples, province) {
        let filing = person.filing.as_deref().unwrap_or("-");
        println!(
            "                    {:<28}  {:<14}  {:<8}  {filing}",
            person.certificate,
            person.pool,
            scheme(&person)
        );
    }
    println!("\n  items 项目        med_list_codg and a usual price 及常用单价");
    for [item, _, price] in samples.bills.iter().flat_map(|bill| &bill.items).take(ITEMS_SHOWN) {
        println!("                    {item}{province}  {price}");
    }
    println!(
        "\n  faults 故障       for the next message of a transaction, or of all (*) 作用于某交易（*为全部）的下一报文"
    );
    for kind in FaultKind::ALL {
        println!("                    {:<22}{}", kind.name(), kind.text());
    }
    let wish = r#"{"infno":"2207","fault":"timeout_after_commit"}"#;
    println!("                    curl -d '{wish}' http://127.0.0.1:{port}/sandbox/faults");
    println!("  report 报告       curl -H 'accept: text/plain' http://127.0.0.1:{port}/sandbox/report");
    println!("\nCtrl-C ends it and prints the report 按Ctrl-C结束并打印报告.");
}
