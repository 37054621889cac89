//! Every refusal of the service: stable code, HTTP status, English and Chinese text.

use huitong_service_kit::{Refusal, RefusalKind, ShapeProblem};

const fn kind(code: &'static str, status: u16, chinese: &'static str, english: &'static str) -> RefusalKind {
    RefusalKind { code, status, english, chinese }
}

pub const NOT_JSON: RefusalKind = kind("REG-1001", 400, "报文不是有效的JSON", "message is not valid JSON");
pub const FIELD_MISSING: RefusalKind =
    kind("REG-1002", 400, "必填字段缺失：{field}", "required field missing: {field}");
pub const FIELD_INVALID: RefusalKind = kind("REG-1003", 400, "字段内容无效：{field}", "field content invalid: {field}");
pub const FIELD_UNKNOWN: RefusalKind = kind("REG-1004", 400, "未知字段：{field}", "unknown field: {field}");
pub const BODY_TOO_LARGE: RefusalKind = kind("REG-1005", 413, "请求体过大", "request body too large");
pub const NOT_EXPECTED: RefusalKind = kind("REG-1006", 422, "登记服务不接收报文", "registry takes no messages");
pub const NOT_OF_THIS_NODE: RefusalKind =
    kind("REG-2001", 422, "行政区划不属于本节点：{division}", "the division is not of this node: {division}");
pub const PARTICIPANT_UNKNOWN: RefusalKind =
    kind("REG-2002", 404, "参与方未登记：{code}", "participant not registered: {code}");
pub const PERSON_UNKNOWN: RefusalKind = kind("REG-2003", 404, "未找到参保人", "insured person not found");
pub const TOO_MANY_PERSONS: RefusalKind =
    kind("REG-2004", 413, "单次最多登记{limit}人", "at most {limit} persons in one call");
pub const PRINCIPAL_UNKNOWN: RefusalKind = kind("REG-3001", 404, "主体未登记：{id}", "principal not registered: {id}");
pub const PRINCIPAL_EXISTS: RefusalKind =
    kind("REG-3002", 409, "主体已登记：{id}", "principal already registered: {id}");
pub const KEY_UNKNOWN: RefusalKind = kind("REG-3003", 404, "密钥不存在或已吊销", "key unknown or revoked");

pub const ALL: &[RefusalKind] = &[
    NOT_JSON,
    FIELD_MISSING,
    FIELD_INVALID,
    FIELD_UNKNOWN,
    BODY_TOO_LARGE,
    NOT_EXPECTED,
    NOT_OF_THIS_NODE,
    PARTICIPANT_UNKNOWN,
    PERSON_UNKNOWN,
    TOO_MANY_PERSONS,
    PRINCIPAL_UNKNOWN,
    PRINCIPAL_EXISTS,
    KEY_UNKNOWN,
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
