//! What can be wrong with a file: a code that never changes, a sentence in English and Chinese, the path to the element.
//!
//! `BNK-1…` the file, `BNK-2…` its structure, `BNK-3…` what it says.

use std::fmt;

use crate::limits::REPEATED_CHARACTERS_MAX;

/// A kind of fault. The texts may hold the place `{value}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultKind {
    /// Never reused, never renamed.
    pub code: &'static str,
    pub english: &'static str,
    pub chinese: &'static str,
}

/// A fault of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    /// For instance `Document/BkToCstmrStmt/Stmt[1]/Ntry[3]/Amt`, counted from one; empty: the file as a whole.
    pub path: String,
    /// What the texts tell besides: a name, a limit, a sum. Never names or accounts of persons.
    pub value: String,
}

impl FaultKind {
    pub(crate) fn at(self, path: impl Into<String>) -> Fault {
        Fault { kind: self, path: path.into(), value: String::new() }
    }
}

impl Fault {
    /// Foreign text is cut to [`REPEATED_CHARACTERS_MAX`] and rid of what does not print.
    pub(crate) fn with(mut self, value: impl fmt::Display) -> Fault {
        let printable = |character: &char| !character.is_control();
        self.value = value.to_string().chars().filter(printable).take(REPEATED_CHARACTERS_MAX).collect();
        self
    }

    pub fn code(&self) -> &'static str {
        self.kind.code
    }

    pub fn english(&self) -> String {
        self.kind.english.replace("{value}", &self.value)
    }

    pub fn chinese(&self) -> String {
        self.kind.chinese.replace("{value}", &self.value)
    }
}

impl std::error::Error for Fault {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the file" } else { &self.path };
        write!(f, "{} {path}: {}", self.kind.code, self.english())
    }
}

macro_rules! kinds {
    ($($name:ident $code:literal $english:literal $chinese:literal;)*) => {
        $(pub const $name: FaultKind = FaultKind { code: $code, english: $english, chinese: $chinese };)*
        /// All kinds, for who shows them.
        pub const ALL: &[FaultKind] = &[$($name),*];
    };
}

kinds! {
    FILE_TOO_LARGE "BNK-1001" "the file is larger than {value} bytes" "文件超过 {value} 字节";
    NOT_UTF8 "BNK-1002" "the file is not UTF-8" "文件不是 UTF-8 编码";
    ENCODING "BNK-1003" "the file says it is {value}; only UTF-8 is taken" "文件声明编码为 {value}，仅接受 UTF-8";
    FORBIDDEN_CHARACTER "BNK-1004" "the character {value} must not be in XML" "含有 XML 不允许的字符 {value}";
    NOT_WELL_FORMED "BNK-1005" "the XML is not well formed" "XML 格式不正确";
    TRUNCATED "BNK-1006" "the file ends before its elements do" "文件不完整，元素未结束";
    DOCUMENT_TYPE "BNK-1007" "document type declarations (DTD) are refused" "不接受文档类型声明（DTD）";
    ENTITY "BNK-1008" "the entity {value} is refused" "不接受实体 {value}";
    TOO_DEEP "BNK-1009" "elements lie more than {value} deep" "元素嵌套超过 {value} 层";
    NAMESPACE "BNK-1010" "the namespace {value} is not that of a message version taken here"
        "命名空间 {value} 不是本系统接受的报文版本";

    NOT_IN_STANDARD "BNK-2001" "the standard knows no element {value} here" "标准在此处没有元素 {value}";
    OUT_OF_ORDER "BNK-2002" "the element {value} stands after one that must follow it" "元素 {value} 的顺序不正确";
    MISSING "BNK-2003" "the element {value} is missing" "缺少元素 {value}";
    TOO_MANY "BNK-2004" "the element {value} stands here too often" "元素 {value} 出现次数过多";
    CHOICE "BNK-2005" "beside {value} another one was already chosen" "{value} 与已选的元素只能取其一";
    STRAY_TEXT "BNK-2006" "text stands between elements" "元素之间有多余的文字";
    ATTRIBUTE "BNK-2007" "the standard knows no attribute {value} here" "标准在此处没有属性 {value}";
    MISSING_ATTRIBUTE "BNK-2008" "the attribute {value} is missing" "缺少属性 {value}";
    LENGTH "BNK-2101" "the text must have 1 to {value} characters" "文字长度须为 1 至 {value} 个字符";
    CODE "BNK-2102" "must be one of {value}" "须为 {value} 之一";
    DIGITS "BNK-2103" "must be 1 to {value} digits" "须为 1 至 {value} 位数字";
    AMOUNT "BNK-2104" "must be a decimal without sign, at most 18 digits, 5 of them after the point"
        "须为不带符号的十进制数，总位数不超过 18 位，小数不超过 5 位";
    DECIMAL "BNK-2105" "must be a decimal of at most 18 digits" "须为不超过 18 位的十进制数";
    DATE "BNK-2106" "must be a date such as 2026-11-24" "须为日期，例如 2026-11-24";
    DATE_TIME "BNK-2107" "must be a time such as 2026-11-24T10:00:00+08:00" "须为日期时间，例如 2026-11-24T10:00:00+08:00";
    FLAG "BNK-2108" "must be true or false" "须为 true 或 false";
    BIC "BNK-2109" "must be a BIC of 8 or 11 characters" "须为 8 位或 11 位的 BIC";
    IBAN "BNK-2110" "must be an IBAN" "须为 IBAN";
    IBAN_CHECK "BNK-2111" "the check digits of the IBAN are wrong" "IBAN 校验位不正确";
    CURRENCY_CODE "BNK-2112" "must be a currency code of three letters" "须为三位字母的货币代码";

    CURRENCY "BNK-3001" "the currency is {value}; only CNY is taken" "货币为 {value}，仅接受人民币（CNY）";
    MORE_THAN_FEN "BNK-3002" "the amount is finer than a fen" "金额小数超过两位（分）";
    AMOUNT_LIMIT "BNK-3003" "the amount has more than 16 digits of fen" "金额超过 16 位（以分计）";
    AMOUNT_ZERO "BNK-3004" "a transfer must be of more than nothing" "付款金额须大于零";
    TOO_MANY_ENTRIES "BNK-3005" "the file has more than {value} entries" "文件的记账条目超过 {value} 条";
    TOO_MANY_TRANSFERS "BNK-3006" "the file has more than {value} transfers" "文件的付款超过 {value} 笔";
    DUPLICATE "BNK-3007" "the same identification already stands before" "标识重复";
    BALANCES "BNK-3008" "the opening balance and the entries make {value}, not this closing balance"
        "期初余额与记账条目合计为 {value}，与期末余额不符";
    DETAILS "BNK-3009" "the transactions of the entry make {value}, not its amount" "条目下各笔交易合计为 {value}，与条目金额不符";
    STATUS "BNK-3010" "the status {value} is not known" "状态 {value} 无法识别";
    NUMBER_OF_TRANSFERS "BNK-3011" "there are {value} transfers, not this number" "实际付款为 {value} 笔，与笔数不符";
    CONTROL_SUM "BNK-3012" "the transfers make {value}, not this sum" "付款合计为 {value}，与控制总额不符";
    NOT_TAKEN "BNK-3013" "the standard allows {value}, it is not taken here" "标准允许 {value}，但本系统不接受";
    CNAPS "BNK-3014" "a bank's CNAPS number has 12 digits" "联行号（CNAPS）须为 12 位数字";
    NOT_KEPT "BNK-3015" "what was written does not read back as it was given" "写出的文件读回后与原内容不一致";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_both_languages_tell_the_same_value() {
        let mut codes: Vec<&str> = ALL.iter().map(|kind| kind.code).collect();
        codes.dedup();
        assert_eq!(codes.len(), ALL.len());
        assert!(codes.is_sorted());
        for kind in ALL {
            assert_eq!(kind.english.contains("{value}"), kind.chinese.contains("{value}"), "{}", kind.code);
        }
    }

    #[test]
    fn foreign_text_is_cut_before_a_fault_repeats_it() {
        let fault = NAMESPACE.at("").with(format!("a\nb{}", "x".repeat(5_000)));
        assert_eq!(fault.value.chars().count(), REPEATED_CHARACTERS_MAX);
        assert!(fault.value.starts_with("abx"));
    }
}
