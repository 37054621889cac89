//! The explanation of every yuan (15.1): ordered steps travel with the settlement; texts are made when they are shown.

use huitong_kernel::money::Fen;
use serde::{Deserialize, Serialize};

/// The rules that steps apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    Eligible,
    Class,
    Filing,
    Chronic,
    AccountFirst,
    Deductible,
    Band,
    Fund,
    Totals,
    Account,
    MutualAid,
    Cash,
}

/// One step: which rule, from where in the pack, with which inputs, to which result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub rule: Rule,
    /// Path in the policy pack; empty where the rule is national.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Named inputs in fen (names ending in `_e8`: in 10⁻⁸).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<(String, i64)>,
    /// For steps that choose instead of compute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_fen: Option<Fen>,
}

#[derive(Default)]
pub struct Steps(Vec<Step>);

impl Steps {
    pub fn add(&mut self, rule: Rule, path: &str, inputs: &[(&str, i64)], result: Fen) {
        let inputs = inputs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        self.0.push(Step { rule, path: path.to_owned(), inputs, choice: None, result_fen: Some(result) });
    }

    pub fn add_text(&mut self, rule: Rule, path: &str, choice: &str) {
        self.0.push(Step {
            rule,
            path: path.to_owned(),
            inputs: Vec::new(),
            choice: Some(choice.to_owned()),
            result_fen: None,
        });
    }

    pub fn into_vec(self) -> Vec<Step> {
        self.0
    }
}

impl Step {
    fn input(&self, name: &str) -> Fen {
        Fen(self.inputs.iter().find(|(known, _)| known == name).map_or(0, |(_, value)| *value))
    }

    fn result(&self) -> Fen {
        self.result_fen.unwrap_or_default()
    }

    fn percent(&self) -> String {
        let e8 = self.input("ratio_e8").0;
        let text = format!("{}.{:06}", e8 / 1_000_000, e8 % 1_000_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    fn room(&self, unlimited: &str) -> String {
        match self.input("room") {
            Fen(-1) => unlimited.to_owned(),
            room => room.yuan(),
        }
    }

    fn chosen(&self) -> &str {
        self.choice.as_deref().unwrap_or_default()
    }

    /// The step in English.
    pub fn english(&self) -> String {
        let (result, i) = (self.result(), |name| self.input(name));
        match self.rule {
            Rule::Eligible => format!(
                "eligible = total {} − self-paid {} − over limit {} − first self-pay {} = {result}",
                i("total"),
                i("own"),
                i("over"),
                i("pre")
            ),
            Rule::Class => format!("person class at the care date: {}", self.chosen()),
            Rule::Filing => format!("filing in effect: {}", self.chosen()),
            Rule::Chronic => format!("chronic disease: {}", self.chosen()),
            Rule::AccountFirst => {
                format!("current-year account pays first: {result} of its balance {}", i("balance"))
            }
            Rule::Deductible => {
                let admission = match i("admission") {
                    Fen(0) => String::new(),
                    Fen(number) => format!(" (admission {number} of the year)"),
                };
                let (amount, before) = (i("amount"), i("taken_before"));
                format!("deductible {amount}{admission}, taken before {before}: {result} taken now")
            }
            Rule::Band => format!("{} × {} % = {result}", i("part"), self.percent()),
            Rule::Fund => {
                format!("{} pays {result} of {}, room below the cap {}", self.path, i("cost"), self.room("without cap"))
            }
            Rule::Totals => format!("person = total {} − funds {} = {result}", i("total"), i("funds")),
            Rule::Account => format!("personal account pays {result} of at most {}", i("payable")),
            Rule::MutualAid => format!("family mutual-aid account pays {result}"),
            Rule::Cash => format!("cash = the rest = {result}"),
        }
    }

    /// The step in Chinese.
    pub fn chinese(&self) -> String {
        let (result, i) = (self.result(), |name| self.input(name));
        match self.rule {
            Rule::Eligible => format!(
                "符合政策范围金额 = 总额{} − 全自费{} − 超限价{} − 先行自付{} = {result}",
                i("total"),
                i("own"),
                i("over"),
                i("pre")
            ),
            Rule::Class => format!("就医日人员类别：{}", self.chosen()),
            Rule::Filing => format!("适用备案：{}", filing_name(self.chosen())),
            Rule::Chronic => format!("门诊慢特病病种：{}", self.chosen()),
            Rule::AccountFirst => format!("当年账户先付{result}，账户余额{}", i("balance")),
            Rule::Deductible => {
                let admission = match i("admission") {
                    Fen(0) => String::new(),
                    Fen(number) => format!("（本年度第{number}次住院）"),
                };
                format!("起付线{}{admission}，此前已扣{}，本次扣{result}", i("amount"), i("taken_before"))
            }
            Rule::Band => format!("{} × {}% = {result}", i("part"), self.percent()),
            Rule::Fund => {
                format!("基金({})对{}支付{result}，支付前限额余额{}", self.path, i("cost"), self.room("不限"))
            }
            Rule::Totals => format!("个人负担总额 = 总额{} − 基金支付总额{} = {result}", i("total"), i("funds")),
            Rule::Account => format!("个人账户支付{result}，可支付上限{}", i("payable")),
            Rule::MutualAid => format!("共济账户支付{result}"),
            Rule::Cash => format!("现金 = 其余 = {result}"),
        }
    }
}

fn filing_name(kind: &str) -> &str {
    match kind {
        "long_stay" => "长期居住",
        "temp_referred" => "临时·转诊",
        "temp_emergency" => "急诊抢救",
        "temp_self" => "临时·非急诊未转诊",
        "exempt_area" => "免备案区域",
        _ => "未备案",
    }
}
