//! Every refusal of the service: stable code, HTTP status, English and Chinese text (transit specification §15; those with
//! a number are additions for shapes and for objects that the specification does not name).

use huitong_service_kit::{Refusal, RefusalKind, ShapeProblem};

const fn kind(code: &'static str, status: u16, chinese: &'static str, english: &'static str) -> RefusalKind {
    RefusalKind { code, status, english, chinese }
}

pub const NOT_JSON: RefusalKind = kind("TRN-1001", 400, "报文不是有效的JSON", "message is not valid JSON");
pub const FIELD_MISSING: RefusalKind =
    kind("TRN-1002", 400, "必填字段缺失：{field}", "required field missing: {field}");
pub const FIELD_INVALID: RefusalKind = kind("TRN-1003", 400, "字段无效：{field}", "field invalid: {field}");
pub const FIELD_UNKNOWN: RefusalKind = kind("TRN-1004", 400, "未知字段：{field}", "unknown field: {field}");
pub const BODY_TOO_LARGE: RefusalKind = kind("TRN-1005", 413, "请求体过大", "request body too large");
pub const NOT_OF_THIS_NODE: RefusalKind =
    kind("TRN-1006", 422, "{division}不属于本节点", "{division} is not of this node");
pub const NOT_THE_OPERATOR: RefusalKind =
    kind("TRN-1007", 403, "该线网或设备属于其他运营方", "this network or gate belongs to another operator");
pub const NOT_THE_KEEPER: RefusalKind =
    kind("TRN-1008", 403, "密钥集由{keeper}发布", "the key set is published by {keeper}");
pub const PUBLISHED_UNCHANGEABLE: RefusalKind =
    kind("TRN-1009", 409, "已发布版本不可修改", "published version cannot be changed");
pub const VERSION_NOT_NEXT: RefusalKind =
    kind("TRN-1010", 409, "版本号不连续，应为{expected}", "version does not follow: {expected} is next");
pub const TOO_MANY: RefusalKind =
    kind("TRN-1011", 413, "超过单次上限（{limit}）", "too many in one call (at most {limit})");
pub const NETWORK_UNKNOWN: RefusalKind = kind("TRN-1012", 404, "线网未发布", "network not published");
pub const STATION_UNKNOWN: RefusalKind = kind("TRN-1013", 404, "车站不存在：{station}", "station unknown: {station}");
pub const NO_ISSUER_KEY: RefusalKind =
    kind("TRN-1014", 422, "本节点没有该城市的发码密钥", "this node holds no issuer key of that city");
pub const ORDER_SPAN: RefusalKind = kind("TRN-1015", 422, "指令时段无效", "the order's span of time is invalid");

pub const VERSION_UNKNOWN: RefusalKind = kind("TRN-1016", 404, "该版本未发布", "this version is not published");
pub const IDEMPOTENCY_KEY_MISSING: RefusalKind =
    kind("TRN-1017", 400, "缺少请求头 Idempotency-Key", "header Idempotency-Key is missing");
pub const PROFILE_NOT_VERIFIED: RefusalKind = kind(
    "TRN-1018",
    422,
    "{profile}格式的乘车码没有闸机可以验证，密钥集不予发布",
    "no gate verifies codes of the profile {profile}; the key set is not published",
);

pub const ORDER_UNKNOWN: RefusalKind = kind("TRN-1019", 404, "指令不存在", "order unknown");
pub const ORDER_WITHDRAWN: RefusalKind = kind("TRN-1020", 409, "指令已撤销", "the order was withdrawn");

pub const ACCOUNT_UNKNOWN: RefusalKind = kind("TRN-2001", 404, "账户不存在", "account unknown");
pub const ACCOUNT_EXISTS: RefusalKind =
    kind("TRN-2002", 409, "账户已存在且内容不同", "account exists with other content");
pub const ACCOUNT_CLOSED: RefusalKind = kind("TRN-2003", 409, "账户已关闭", "account is closed");
pub const ACCOUNT_LIMIT: RefusalKind = kind(
    "TRN-2004",
    422,
    "已达账户限额，暂不签发新授权：{which}",
    "account limit reached, no new authorisation is issued: {which}",
);
pub const LIMIT_TOO_LOW: RefusalKind = kind(
    "TRN-2005",
    422,
    "单次限额低于{network}最高单程票价{fare}",
    "single-spend limit is below the highest fare of {network}: {fare}",
);
pub const PAYMENT_KNOWN: RefusalKind =
    kind("TRN-2006", 409, "该账户已有相同流水号的缴费", "the account has a payment with this reference");
pub const MONTH_OPEN: RefusalKind =
    kind("TRN-2007", 409, "该月尚未结束，不能开票", "the month is not over; it cannot be invoiced");
pub const INVOICE_UNPAID: RefusalKind =
    kind("TRN-2008", 409, "账户有欠费，缴清后方可开票", "the account has debts; what is not paid is not invoiced");
pub const NOTHING_TO_INVOICE: RefusalKind =
    kind("TRN-2009", 409, "该月没有可开票的行程", "no ride of the month is left to be invoiced");
pub const TRIP_UNKNOWN: RefusalKind = kind("TRN-3001", 404, "行程不存在", "trip unknown");
pub const TRIP_COMPLETE: RefusalKind = kind("TRN-3002", 409, "行程已完整，无需补登", "the trip has both sides");
pub const TRIP_NOT_CHARGED: RefusalKind =
    kind("TRN-3003", 409, "行程尚未结算，请稍后再试", "the trip is not charged yet; try again later");
pub const TAP_UNKNOWN: RefusalKind = kind("TRN-3005", 404, "过闸记录不存在", "record unknown");
pub const TAP_NOT_QUARANTINED: RefusalKind =
    kind("TRN-3006", 409, "该记录不在隔离中", "the record is not in quarantine");
pub const TAP_NOT_RELEASABLE: RefusalKind =
    kind("TRN-3007", 422, "该记录不可解除隔离（{reason}）", "the record cannot be released from quarantine: {reason}");
pub const TRIP_CANCELLED: RefusalKind =
    kind("TRN-3008", 409, "行程已取消，不再变更", "the trip is cancelled and changes no more");
pub const TAP_ERASED: RefusalKind = kind("TRN-3009", 410, "过闸记录原文已删除", "the record's bytes were erased");
pub const COMPLETION_PENDING: RefusalKind =
    kind("TRN-3004", 409, "补登处理中，请稍后查看", "a completion of this trip is under way; look again later");
pub const CONTEST_UNKNOWN: RefusalKind = kind("TRN-4001", 404, "争议不存在", "contest unknown");
pub const CONTEST_ENDED: RefusalKind = kind("TRN-4002", 409, "争议已结束", "contest has ended");
pub const DOCUMENT_UNKNOWN: RefusalKind = kind("TRN-4003", 404, "单据不存在", "document unknown");
pub const NOT_YOUR_TURN: RefusalKind =
    kind("TRN-4006", 409, "应由对方先处理该争议", "the other side of the contest is the next to move");

pub const CHAIN: RefusalKind = kind("TRN-CHAIN", 409, "数据序号或哈希链错误", "sequence or hash chain broken");
pub const BATCH_SIGNATURE: RefusalKind = kind("TRN-BATCH-SIG", 401, "批次签名错误", "batch signature wrong");
pub const TAP_CONFLICT: RefusalKind =
    kind("TRN-TAP-CONFLICT", 409, "同一序号内容不一致", "same sequence, other content");
pub const GATE_UNKNOWN: RefusalKind = kind("TRN-GATE-UNKNOWN", 404, "未登记的设备", "gate not registered");
pub const TAP_IMPOSSIBLE: RefusalKind =
    kind("TRN-TAP-IMPOSSIBLE", 422, "过闸记录不可信，已隔离", "tap not believable, quarantined");
pub const FARE_NONE: RefusalKind = kind("TRN-FARE-NONE", 422, "票价表无此区间", "no fare for this pair");
pub const PACK_INVALID: RefusalKind = kind(
    "TRN-PACK-INVALID",
    422,
    "票价表有重叠、缺口或错误：{field}",
    "fare pack overlaps, has gaps or errors: {field}",
);
pub const PACK_GRADE: RefusalKind =
    kind("TRN-PACK-GRADE", 422, "票价未经确认，不可计费", "fare pack unconfirmed, may not charge");
pub const TRIP_KNOWN: RefusalKind =
    kind("TRN-TRIP-KNOWN", 409, "行程已存在且内容不同", "trip id known with other content");
pub const GRANT: RefusalKind = kind("TRN-GRANT", 404, "授权不存在或已失效", "grant missing or expired");
pub const COMPLETE_LIMIT: RefusalKind =
    kind("TRN-COMPLETE-LIMIT", 422, "本月补登次数已满或已超期", "completion limit reached or too late");
pub const SPLIT: RefusalKind = kind("TRN-SPLIT", 422, "分摊规则缺失或合计不符", "split rule missing or sum differs");
pub const DAY_COMPARED: RefusalKind = kind(
    "TRN-PERIOD-CLOSED",
    409,
    "该入账日已对账，不再变更",
    "the totals of that booking day were compared; it is closed",
);
pub const CONTEST_LATE: RefusalKind = kind("TRN-CONTEST-LATE", 422, "争议已超期", "contest too late");
pub const STATS_SMALL: RefusalKind = kind("TRN-STATS-SMALL", 422, "数量过小，不予公布", "count too small to publish");

/// A gate's reason that an API caller can meet too.
pub const DENIED: RefusalKind = kind("TRN-DENIED", 422, "账户已停用，请在APP查看", "account is denied, see the app");

pub const ALL: &[RefusalKind] = &[
    NOT_JSON,
    FIELD_MISSING,
    FIELD_INVALID,
    FIELD_UNKNOWN,
    BODY_TOO_LARGE,
    NOT_OF_THIS_NODE,
    NOT_THE_OPERATOR,
    NOT_THE_KEEPER,
    PUBLISHED_UNCHANGEABLE,
    VERSION_NOT_NEXT,
    TOO_MANY,
    NETWORK_UNKNOWN,
    STATION_UNKNOWN,
    NO_ISSUER_KEY,
    ORDER_SPAN,
    VERSION_UNKNOWN,
    IDEMPOTENCY_KEY_MISSING,
    PROFILE_NOT_VERIFIED,
    ORDER_UNKNOWN,
    ORDER_WITHDRAWN,
    ACCOUNT_UNKNOWN,
    ACCOUNT_EXISTS,
    ACCOUNT_CLOSED,
    ACCOUNT_LIMIT,
    LIMIT_TOO_LOW,
    PAYMENT_KNOWN,
    MONTH_OPEN,
    INVOICE_UNPAID,
    NOTHING_TO_INVOICE,
    TRIP_UNKNOWN,
    TRIP_COMPLETE,
    TRIP_NOT_CHARGED,
    COMPLETION_PENDING,
    TAP_UNKNOWN,
    TAP_NOT_QUARANTINED,
    TAP_NOT_RELEASABLE,
    TRIP_CANCELLED,
    TAP_ERASED,
    CONTEST_UNKNOWN,
    CONTEST_ENDED,
    DOCUMENT_UNKNOWN,
    NOT_YOUR_TURN,
    CHAIN,
    BATCH_SIGNATURE,
    TAP_CONFLICT,
    GATE_UNKNOWN,
    TAP_IMPOSSIBLE,
    FARE_NONE,
    PACK_INVALID,
    PACK_GRADE,
    TRIP_KNOWN,
    GRANT,
    COMPLETE_LIMIT,
    SPLIT,
    DAY_COMPARED,
    CONTEST_LATE,
    STATS_SMALL,
    DENIED,
];

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

/// A field that is not as it must be.
pub fn invalid(field: &str) -> Refusal {
    FIELD_INVALID.with("field", field).at_field(field)
}
