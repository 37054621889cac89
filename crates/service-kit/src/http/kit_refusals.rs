//! Refusals of the edge itself, the same for every service.

use crate::refusal::RefusalKind;

pub const NOT_AUTHENTICATED: RefusalKind = RefusalKind {
    code: "API-1001",
    status: 401,
    english: "no valid credentials; send `Authorization: Bearer ht_…`",
    chinese: "未提供有效凭据；请发送 Authorization: Bearer ht_…",
};
pub const NOT_PERMITTED: RefusalKind = RefusalKind {
    code: "API-1002",
    status: 403,
    english: "the caller lacks the permission {permission}",
    chinese: "调用方没有权限 {permission}",
};
pub const IDEMPOTENCY_KEY_REUSED: RefusalKind = RefusalKind {
    code: "API-1003",
    status: 409,
    english: "this Idempotency-Key was used for a different request",
    chinese: "该 Idempotency-Key 已用于内容不同的请求",
};
pub const IDEMPOTENCY_KEY_MALFORMED: RefusalKind = RefusalKind {
    code: "API-1004",
    status: 400,
    english: "Idempotency-Key must be 8 to 64 visible ASCII characters",
    chinese: "Idempotency-Key 须为 8 至 64 个可见 ASCII 字符",
};
pub const OVERLOADED: RefusalKind = RefusalKind {
    code: "API-1005",
    status: 503,
    english: "the node is overloaded; nothing was booked; repeat with the same key after Retry-After",
    chinese: "节点繁忙，未办理任何业务；请在 Retry-After 之后用同一键重试",
};
pub const STORAGE_FAILED: RefusalKind = RefusalKind {
    code: "API-1006",
    status: 503,
    english: "the node cannot write; nothing was booked; the operator was alarmed",
    chinese: "节点无法写入，未办理任何业务；已通知运维",
};
pub const NOT_FOUND: RefusalKind =
    RefusalKind { code: "API-1007", status: 404, english: "not found", chinese: "未找到" };
pub const PAGE_MALFORMED: RefusalKind = RefusalKind {
    code: "API-1008",
    status: 400,
    english: "page parameters malformed: {field}",
    chinese: "分页参数格式不符：{field}",
};
pub const STILL_WAITING: RefusalKind = RefusalKind {
    code: "API-1009",
    status: 202,
    english: "the other jurisdiction has not answered yet; repeat with the same Idempotency-Key",
    chinese: "对方尚未应答；请用同一 Idempotency-Key 重试",
};
pub const MESSAGE_UNREADABLE: RefusalKind = RefusalKind {
    code: "API-1010",
    status: 422,
    english: "a peer's message cannot be read",
    chinese: "对方报文无法解析",
};
pub const TOO_LARGE: RefusalKind = RefusalKind {
    code: "API-1011",
    status: 413,
    english: "the request body is larger than {limit} bytes",
    chinese: "请求体超过 {limit} 字节",
};
pub const TOO_MANY_REQUESTS: RefusalKind = RefusalKind {
    code: "API-1012",
    status: 429,
    english: "too many requests with this key; slow down",
    chinese: "该密钥请求过多，请降低频率",
};
pub const METHOD_NOT_ALLOWED: RefusalKind = RefusalKind {
    code: "API-1013",
    status: 405,
    english: "this path does not take that method",
    chinese: "该路径不支持此方法",
};
pub const TIMED_OUT: RefusalKind = RefusalKind {
    code: "API-1014",
    status: 408,
    english: "the request did not arrive in time",
    chinese: "请求未能及时到达",
};
pub const PATH_MALFORMED: RefusalKind = RefusalKind {
    code: "API-1015",
    status: 400,
    english: "the path or query is malformed",
    chinese: "路径或查询参数格式不符",
};
pub const OUTCOME_UNKNOWN: RefusalKind = RefusalKind {
    code: "API-1016",
    status: 503,
    english: "whether it was booked is not known yet; repeat with the same Idempotency-Key, never with a new one",
    chinese: "尚不能确认是否已办理；请用同一 Idempotency-Key 重试，切勿换键重发",
};
pub const NOT_LEADING: RefusalKind = RefusalKind {
    code: "API-1017",
    status: 503,
    english: "this member of the node only answers reads now; nothing was booked; repeat with the same key",
    chinese: "节点的该成员目前仅供查询，未办理任何业务；请用同一键重试",
};
pub const ON_HOLD: RefusalKind = RefusalKind {
    code: "API-1018",
    status: 503,
    english: "the node was restored and its peers have not confirmed its journal; nothing was booked",
    chinese: "节点由备份恢复，对方节点尚未确认其日志，未办理任何业务",
};
pub const ALL: &[RefusalKind] = &[
    NOT_AUTHENTICATED,
    NOT_PERMITTED,
    IDEMPOTENCY_KEY_REUSED,
    IDEMPOTENCY_KEY_MALFORMED,
    OVERLOADED,
    STORAGE_FAILED,
    NOT_FOUND,
    PAGE_MALFORMED,
    STILL_WAITING,
    MESSAGE_UNREADABLE,
    TOO_LARGE,
    TOO_MANY_REQUESTS,
    METHOD_NOT_ALLOWED,
    TIMED_OUT,
    PATH_MALFORMED,
    OUTCOME_UNKNOWN,
    NOT_LEADING,
    ON_HOLD,
];
