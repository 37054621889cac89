//! Every refusal of the service: stable code, HTTP status, English and Chinese text.

use huitong_service_kit::{Refusal, RefusalKind, ShapeProblem};

const fn kind(code: &'static str, status: u16, chinese: &'static str, english: &'static str) -> RefusalKind {
    RefusalKind { code, status, english, chinese }
}

pub const NOT_JSON: RefusalKind = kind("CLR-1001", 400, "报文不是有效的JSON", "message is not valid JSON");
pub const FIELD_MISSING: RefusalKind =
    kind("CLR-1002", 400, "必填字段缺失：{field}", "required field missing: {field}");
pub const FIELD_INVALID: RefusalKind = kind("CLR-1003", 400, "字段无效：{field}", "field invalid: {field}");
pub const FIELD_UNKNOWN: RefusalKind = kind("CLR-1004", 400, "未知字段：{field}", "unknown field: {field}");
pub const BODY_TOO_LARGE: RefusalKind = kind("CLR-1005", 413, "请求体过大", "request body too large");
pub const NOT_OF_THIS_NODE: RefusalKind =
    kind("CLR-1006", 422, "{division}不属于本节点", "{division} is not of this node");
pub const NOT_EXPECTED: RefusalKind =
    kind("CLR-1007", 422, "不接受来自{from}的该类报文", "such a message is not taken from {from}");
pub const PEER_UNKNOWN: RefusalKind =
    kind("CLR-1008", 404, "区域内没有行政区划{division}的节点", "no other node of the region answers for {division}");

pub const NO_RULE: RefusalKind = kind(
    "CLR-2001",
    422,
    "区域清单中没有业务{service}的清算规则",
    "the region's manifest has no clearing rule for {service}",
);
pub const PERIOD_CLOSED: RefusalKind = kind("CLR-2002", 409, "账期{period}已切账", "period {period} is cut already");
pub const PERIOD_OPEN: RefusalKind = kind(
    "CLR-2003",
    409,
    "账期{period}尚未结束；确需提前切账请注明",
    "period {period} is not over; say so if it is to be cut early",
);
pub const PERIOD_NOT_NEXT: RefusalKind = kind("CLR-2004", 409, "应先切账期{period}", "period {period} is cut first");
pub const PERIOD_NOT_BEGUN: RefusalKind =
    kind("CLR-2007", 409, "账期{period}尚未开始", "period {period} has not begun");
pub const CUT_STRANGE: RefusalKind = kind(
    "CLR-2008",
    422,
    "对方所切账期{period}与本节点的时钟或规则不符",
    "the period {period} that another jurisdiction has cut is not one by this node's clock and rules",
);
pub const OUT_OF_ORDER: RefusalKind = kind(
    "CLR-2005",
    422,
    "单据或切账标记未按报文次序到达",
    "documents or markers do not come in the order of the feed",
);
pub const DOCUMENT_FOREIGN: RefusalKind = kind(
    "CLR-2006",
    422,
    "单据的债权方或债务方不属于该通道的两个节点",
    "creditor or debtor is of neither node of the lane",
);

pub const STATEMENT_UNKNOWN: RefusalKind = kind("CLR-3001", 404, "清算表不存在", "statement unknown");
pub const STATEMENT_CHANGED: RefusalKind =
    kind("CLR-3002", 409, "清算表内容与已收到的不同", "the statement differs from the one that was taken");
pub const NOT_MATCHED: RefusalKind =
    kind("CLR-3003", 409, "清算表尚未核对一致，不能确认", "the statement is not matched yet; it cannot be confirmed");
pub const CONFIRMED_ALREADY: RefusalKind =
    kind("CLR-3004", 409, "本方已确认，确认后不可更改", "confirmed already; a confirmation is not changed");
pub const CONFIRMATION_WRONG: RefusalKind = kind(
    "CLR-3005",
    422,
    "确认金额与双方持有的单据不符",
    "the confirmation does not follow from the documents that both sides hold",
);
pub const TOO_MANY_HELD: RefusalKind =
    kind("CLR-3006", 422, "暂缓支付的单据超过{limit}笔", "more than {limit} documents are held back");

pub const DOCUMENT_UNKNOWN: RefusalKind = kind("CLR-4001", 404, "单据不存在", "document unknown");
pub const NOT_STATED: RefusalKind = kind(
    "CLR-4002",
    409,
    "单据所属账期尚未核对，出表后方可提出争议",
    "the document's period is not matched yet; it can be contested after that",
);
pub const CONTEST_LATE: RefusalKind =
    kind("CLR-4003", 409, "已过提出争议的期限", "the time for contesting the document is over");
pub const CONTEST_UNKNOWN: RefusalKind = kind("CLR-4004", 404, "争议不存在", "contest unknown");
pub const CONTEST_EXISTS: RefusalKind = kind("CLR-4005", 409, "该单据已有争议", "the document has been contested");
pub const NOT_YOUR_TURN: RefusalKind = kind("CLR-4006", 409, "当前应由对方处理", "it is the other side's turn");
pub const CONTEST_ENDED: RefusalKind = kind("CLR-4007", 409, "争议已终结", "the contest has ended");
pub const NOT_THE_DEBTOR: RefusalKind =
    kind("CLR-4008", 422, "只有债务方可以对单据提出争议", "only the debtor contests a document");
pub const TRIBUNAL_MISSING: RefusalKind =
    kind("CLR-4009", 422, "争议已提交仲裁，须注明裁决文号", "the contest is before the tribunal; name its decision");
pub const NOTHING_TO_CONTEST: RefusalKind =
    kind("CLR-4010", 422, "退款单据不能提出争议", "a document that gives money back cannot be contested");

pub const BATCH_UNSOUND: RefusalKind = kind(
    "CLR-5001",
    422,
    "批次与本方申报不符，不予接受：{why}",
    "the batch does not follow from what was declared: {why}",
);
pub const BATCH_UNKNOWN: RefusalKind = kind("CLR-5002", 404, "批次不存在", "batch unknown");
pub const DECLARATION_CHANGED: RefusalKind =
    kind("CLR-5003", 409, "同一账期的申报内容前后不同", "the declaration differs from the one that was taken");

pub const PAYMENT_UNKNOWN: RefusalKind = kind("CLR-6001", 404, "付款不存在", "payment unknown");
pub const PAYMENT_NOT_OPEN: RefusalKind = kind("CLR-6002", 409, "该付款已不可变更", "the payment is not open any more");
pub const PREPAYMENT_INSUFFICIENT: RefusalKind =
    kind("CLR-6003", 422, "预付金余额不足（{balance}元）", "the prepayment does not hold enough ({balance} yuan)");
pub const ACCOUNT_MISSING: RefusalKind =
    kind("CLR-6004", 422, "{division}的清算账户未登记", "the clearing account of {division} is not known");
pub const REPORT_KNOWN: RefusalKind = kind(
    "CLR-6005",
    409,
    "银行报文{report}的内容与已接收的不同",
    "entries of bank report {report} differ from those taken before",
);
pub const FILE_UNKNOWN: RefusalKind = kind("CLR-6006", 404, "付款文件不存在", "payment file unknown");
pub const REPORT_INVALID: RefusalKind =
    kind("CLR-6007", 422, "银行报文无法接收：{code} {why_zh}", "the bank's file cannot be taken: {code} {why}");
pub const REPORT_OF_ANOTHER: RefusalKind =
    kind("CLR-6008", 422, "银行报文不是本方清算账户的", "the bank's report is not of this node's clearing account");

pub const ALL: &[RefusalKind] = &[
    NOT_JSON,
    FIELD_MISSING,
    FIELD_INVALID,
    FIELD_UNKNOWN,
    BODY_TOO_LARGE,
    NOT_OF_THIS_NODE,
    NOT_EXPECTED,
    PEER_UNKNOWN,
    NO_RULE,
    PERIOD_CLOSED,
    PERIOD_OPEN,
    PERIOD_NOT_NEXT,
    PERIOD_NOT_BEGUN,
    CUT_STRANGE,
    OUT_OF_ORDER,
    DOCUMENT_FOREIGN,
    STATEMENT_UNKNOWN,
    STATEMENT_CHANGED,
    NOT_MATCHED,
    CONFIRMED_ALREADY,
    CONFIRMATION_WRONG,
    TOO_MANY_HELD,
    DOCUMENT_UNKNOWN,
    NOT_STATED,
    CONTEST_LATE,
    CONTEST_UNKNOWN,
    CONTEST_EXISTS,
    NOT_YOUR_TURN,
    CONTEST_ENDED,
    NOT_THE_DEBTOR,
    TRIBUNAL_MISSING,
    NOTHING_TO_CONTEST,
    BATCH_UNSOUND,
    BATCH_UNKNOWN,
    DECLARATION_CHANGED,
    PAYMENT_UNKNOWN,
    PAYMENT_NOT_OPEN,
    PREPAYMENT_INSUFFICIENT,
    ACCOUNT_MISSING,
    REPORT_KNOWN,
    FILE_UNKNOWN,
    REPORT_INVALID,
    REPORT_OF_ANOTHER,
];

pub fn invalid(field: &str) -> Refusal {
    FIELD_INVALID.with("field", field).at_field(field)
}

/// The refusal for a request that does not have the right shape.
pub fn shape(problem: ShapeProblem) -> Refusal {
    match problem {
        ShapeProblem::NotJson => NOT_JSON.refuse(),
        ShapeProblem::Missing { field } => FIELD_MISSING.with("field", &field).at_field(field),
        ShapeProblem::Unknown { field } => FIELD_UNKNOWN.with("field", &field).at_field(field),
        ShapeProblem::WrongType { field }
        | ShapeProblem::Number { field }
        | ShapeProblem::Time { field }
        | ShapeProblem::TooLong { field, .. } => FIELD_INVALID.with("field", &field).at_field(field),
        ShapeProblem::TooLarge { .. } => BODY_TOO_LARGE.refuse(),
    }
}
