//! The explanation of every yuan (15.1): ordered steps travel with the settlement; texts are made when they are shown.

use std::borrow::Cow;
use std::fmt;

use huitong_kernel::money::Fen;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::filing::FilingKind;

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
    #[serde(default, skip_serializing_if = "is_empty")]
    pub path: Cow<'static, str>,
    /// Named inputs in fen (names ending in `_e8`: in 10⁻⁸).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<(InputName, i64)>,
    /// For steps that choose instead of compute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<Cow<'static, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_fen: Option<Fen>,
}

fn is_empty(path: &str) -> bool {
    path.is_empty()
}

/// What an input of a step is called. The names are few, so neither a calculation nor a reader stores the letters again for every
/// step; one that a later version adds is kept as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputName(Cow<'static, str>);

const INPUT_NAMES: [&str; 18] = [
    "total",
    "own",
    "over",
    "pre",
    "balance",
    "amount",
    "taken_before",
    "left",
    "cost",
    "admission",
    "part",
    "ratio_e8",
    "room",
    "funds",
    "payable",
    "current",
    "history",
    "person_total",
];

impl<'de> Deserialize<'de> for InputName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<InputName, D::Error> {
        struct Named;
        impl Visitor<'_> for Named {
            type Value = InputName;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of an input")
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<InputName, E> {
                let known = INPUT_NAMES.iter().find(|known| **known == name);
                Ok(InputName(known.map_or_else(|| Cow::Owned(name.to_owned()), |known| Cow::Borrowed(*known))))
            }
        }
        deserializer.deserialize_str(Named)
    }
}

/// The steps of a computation as it goes on; none are kept of an estimate, of which only the outcome is told.
pub struct Steps {
    kept: Vec<Step>,
    explains: bool,
}

/// Room that most computations do not outgrow.
const STEPS_MOSTLY: usize = 10;

impl Steps {
    pub fn explained() -> Steps {
        Steps { kept: Vec::with_capacity(STEPS_MOSTLY), explains: true }
    }

    pub fn unexplained() -> Steps {
        Steps { kept: Vec::new(), explains: false }
    }

    pub fn add(&mut self, rule: Rule, path: Path<'_>, inputs: &[(&'static str, i64)], result: Fen) {
        if self.explains {
            let inputs = inputs.iter().map(|(name, value)| (InputName(Cow::Borrowed(name)), *value)).collect();
            self.kept.push(Step { rule, path: path.written(), inputs, choice: None, result_fen: Some(result) });
        }
    }

    pub fn add_choice(&mut self, rule: Rule, path: Path<'_>, choice: impl FnOnce() -> Cow<'static, str>) {
        if self.explains {
            let (inputs, choice) = (Vec::new(), Some(choice()));
            self.kept.push(Step { rule, path: path.written(), inputs, choice, result_fen: None });
        }
    }

    pub fn into_vec(self) -> Vec<Step> {
        self.kept
    }
}

/// From where in the pack a step is taken; written out only when the step is kept.
#[derive(Clone, Copy)]
pub enum Path<'a> {
    /// A place that every pack has; empty: the rule is national.
    Of(&'static str),
    /// An entry of a list, by its id.
    In(&'static str, &'a str),
    /// A band of a fund.
    Band(&'a str, usize),
}

impl Path<'_> {
    fn written(self) -> Cow<'static, str> {
        match self {
            Path::Of(place) => Cow::Borrowed(place),
            Path::In(list, id) => Cow::Owned([list, ".", id].concat()),
            Path::Band(fund, 0) => Cow::Owned(["funds.", fund, ".bands[0]"].concat()),
            Path::Band(fund, index) => Cow::Owned(format!("funds.{fund}.bands[{index}]")),
        }
    }
}

impl Step {
    fn input(&self, name: &str) -> Fen {
        Fen(self.inputs.iter().find(|(known, _)| known.0 == name).map_or(0, |(_, value)| *value))
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
    FilingKind::parse(kind).unwrap_or(FilingKind::None).chinese()
}
