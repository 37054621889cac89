//! Every refusal of the service: stable code, HTTP status, English and Chinese text
//! (specification of medical, section 14; MED-1013 to 1017, 2009 to 2014, 3009 to 3013, 4013 to 4019, 5008 to 5015, 6008 to 6011 and 8003 to 8008 are additions).

use huitong_service_kit::{Refusal, RefusalKind, ShapeProblem};

const fn kind(code: &'static str, status: u16, chinese: &'static str, english: &'static str) -> RefusalKind {
    RefusalKind { code, status, english, chinese }
}

pub const NOT_JSON: RefusalKind = kind("MED-1001", 400, "报文不是有效的JSON", "message is not valid JSON");
pub const FIELD_MISSING: RefusalKind =
    kind("MED-1002", 400, "必填字段缺失：{field}", "required field missing: {field}");
pub const FIELD_TOO_LONG: RefusalKind =
    kind("MED-1003", 400, "字段超长：{field}，最长{limit}", "field too long: {field}, at most {limit}");
pub const NUMBER_MALFORMED: RefusalKind =
    kind("MED-1004", 400, "数值格式或小数位不符：{field}", "number malformed or too many decimals: {field}");
pub const TIME_MALFORMED: RefusalKind =
    kind("MED-1005", 400, "日期时间格式不符：{field}", "date or time malformed: {field}");
pub const MESSAGE_ID_MALFORMED: RefusalKind = kind(
    "MED-1006",
    400,
    "报文ID格式不符（机构12+时间14+序号4）",
    "msgid malformed (institution 12 + time 14 + sequence 4)",
);
pub const MESSAGE_ID_REUSED: RefusalKind =
    kind("MED-1007", 409, "报文ID已用于内容不同的请求", "msgid already used with different content");
pub const SIGNATURE_INVALID: RefusalKind =
    kind("MED-1008", 401, "签名无效或未签到", "signature invalid or not signed in");
pub const NOT_SUPPORTED: RefusalKind =
    kind("MED-1009", 501, "不支持的交易：{infno}", "transaction not supported: {infno}");
pub const INSTITUTION_NOT_ALLOWED: RefusalKind =
    kind("MED-1010", 403, "机构无权办理该业务", "institution not allowed to do this");
pub const TOO_MANY_LINES: RefusalKind =
    kind("MED-1011", 413, "明细超过单次上限（{limit}条）", "too many lines in one call (at most {limit})");
pub const CODE_UNKNOWN: RefusalKind =
    kind("MED-1012", 400, "字典代码无效：{field}={value}", "dictionary code unknown: {field}={value}");
pub const FIELD_UNKNOWN: RefusalKind = kind("MED-1013", 400, "未知字段：{field}", "unknown field: {field}");
pub const BODY_TOO_LARGE: RefusalKind = kind("MED-1014", 413, "请求体过大", "request body too large");
pub const IDEMPOTENCY_KEY_MISSING: RefusalKind = kind(
    "MED-1015",
    400,
    "缺少 Idempotency-Key（即发送方报文ID）",
    "Idempotency-Key is missing (it plays the part of the sender's message id)",
);
pub const ENCRYPTION_UNSUPPORTED: RefusalKind = kind(
    "MED-1016",
    501,
    "不支持加密报文（enc_type={value}），请发送明文，由TLS加密",
    "encrypted messages (enc_type={value}) are not read: send plain text, TLS encrypts it",
);
pub const FILE_UNREADABLE: RefusalKind = kind(
    "MED-1017",
    422,
    "文件须为UTF-8文本，或仅含一个TXT的ZIP，不超过{limit}字节（{found}）",
    "the file must be UTF-8 text, or a ZIP of exactly one TXT, of at most {limit} bytes ({found})",
);
pub const PERSON_NOT_FOUND: RefusalKind = kind("MED-2001", 404, "未找到参保人", "insured person not found");
pub const INSURANCE_NOT_IN_FORCE: RefusalKind =
    kind("MED-2002", 422, "参保状态异常，不能直接结算：{reason}", "insurance not in force: {reason}");
pub const HOME_AREA_NOT_SERVED: RefusalKind =
    kind("MED-2003", 404, "参保地不在服务区域内", "home area is not served by this region");
pub const CERTIFICATE_MISMATCH: RefusalKind =
    kind("MED-2004", 422, "凭证与人员不符", "certificate does not match the person");
pub const NOT_FILED: RefusalKind =
    kind("MED-2005", 422, "未备案，参保地规定不能直接结算", "not filed; home rules forbid direct settlement");
pub const FILING_INVALID: RefusalKind = kind("MED-2006", 422, "备案期限或类型无效", "filing dates or kind invalid");
pub const FILING_TOO_LATE: RefusalKind =
    kind("MED-2007", 409, "已出院结算，不能补办备案", "discharged and settled; filing can no longer be back-dated");
pub const INSURANCE_CHANGED: RefusalKind = kind(
    "MED-2008",
    422,
    "住院期间参保关系变更，不能合并结算",
    "insurance changed during the stay; joint settlement refused",
);
pub const HOME_IS_HERE: RefusalKind = kind(
    "MED-2009",
    422,
    "参保地与就医地属同一节点，请走本地结算",
    "insured at this node itself; use the local settlement",
);
pub const NO_POLICY: RefusalKind =
    kind("MED-2010", 422, "参保地当日无有效政策包：{area}", "no policy pack of {area} is in force on that day");
pub const NO_CATALOGUE: RefusalKind =
    kind("MED-2011", 422, "就医地当日无有效医保目录", "no catalogue of the visited area is in force on that day");
pub const DISEASE_NOT_COVERED: RefusalKind = kind(
    "MED-2012",
    422,
    "病种不在参保地门诊慢特病范围：{disease}",
    "the disease is not covered as chronic outpatient care by home: {disease}",
);
pub const DISEASE_NOT_REGISTERED: RefusalKind = kind(
    "MED-2013",
    422,
    "未办理门诊慢特病备案：{disease}",
    "the person is not registered for this chronic disease: {disease}",
);
pub const FILING_UNKNOWN: RefusalKind =
    kind("MED-2014", 404, "备案不存在或非本机构办理", "filing unknown or not made by this institution");
pub const VISIT_UNKNOWN: RefusalKind = kind("MED-3001", 404, "就诊不存在或已结束", "visit unknown or closed");
pub const ALREADY_ADMITTED: RefusalKind = kind("MED-3002", 409, "已在院，不能重复入院", "already admitted");
pub const LINE_REPEATED: RefusalKind =
    kind("MED-3003", 409, "明细流水号重复：{number}", "line number repeated: {number}");
pub const LINE_AMOUNT_WRONG: RefusalKind = kind(
    "MED-3004",
    422,
    "明细金额不等于单价乘数量：应为{expected}",
    "line amount is not price × quantity: expected {expected}",
);
pub const RETURN_INVALID: RefusalKind = kind(
    "MED-3005",
    422,
    "数量为负但未指明原明细，或退量超过原数量",
    "negative quantity without original, or more than the original",
);
pub const FEE_TIME_OUTSIDE_VISIT: RefusalKind =
    kind("MED-3006", 422, "费用时间不在就诊期间", "fee time outside the visit");
pub const LINES_SETTLED: RefusalKind = kind("MED-3007", 409, "明细已结算，不能修改", "lines already settled");
pub const DISEASE_CODE_DIFFERS: RefusalKind =
    kind("MED-3008", 422, "同一批次病种编码不一致", "disease code differs within one batch");
pub const STAY_CROSSES_YEAR: RefusalKind = kind(
    "MED-3009",
    422,
    "住院跨医保年度，{day}以前的费用须先办理中途结算",
    "the stay crosses the insurance year: fees before {day} are settled first, as interim",
);
pub const VISIT_HAS_SETTLEMENT: RefusalKind = kind(
    "MED-3010",
    409,
    "该就诊有有效结算或正在结算，不能撤销",
    "the visit has a settlement, or one is under way; it cannot be taken back",
);
pub const VISIT_STATE: RefusalKind =
    kind("MED-3011", 409, "就诊状态（{state}）不能办理该业务", "not possible for a visit that is {state}");
pub const LINE_UNKNOWN: RefusalKind =
    kind("MED-3012", 404, "该就诊无此明细：{number}", "no such line of this visit: {number}");
pub const LINE_RETURNED: RefusalKind = kind(
    "MED-3013",
    409,
    "该明细已有退费明细，须一并撤销：{number}",
    "something of the line was returned: revoke the return with it: {number}",
);
pub const SUM_DIFFERS: RefusalKind = kind(
    "MED-4001",
    422,
    "合计不符：{field}应为{expected}，报文为{sent}",
    "sum differs: {field} expected {expected}, sent {sent}",
);
pub const QUOTE_EXPIRED: RefusalKind =
    kind("MED-4002", 409, "报价已过期，已重新报价", "quote expired; new quote given");
pub const QUOTE_STALE: RefusalKind = kind(
    "MED-4003",
    409,
    "政策、目录或累计已变化，已重新报价",
    "policy, catalogue or accumulators changed; new quote given",
);
pub const BATCH_SETTLED: RefusalKind =
    kind("MED-4004", 409, "该批次已结算：{settlement}", "batch already settled: {settlement}");
pub const CALL_REVERSED: RefusalKind =
    kind("MED-4005", 409, "原交易已冲正，不再受理", "original was reversed; refused for good");
pub const ALREADY_CLEARED: RefusalKind =
    kind("MED-4006", 409, "已清算，不能撤销，请办理退费", "already cleared; use a refund");
pub const SETTLEMENT_UNKNOWN: RefusalKind =
    kind("MED-4007", 404, "结算不存在或不属于该人员", "settlement unknown or not of this person");
pub const ALREADY_CANCELLED: RefusalKind = kind("MED-4008", 409, "已撤销或已退费", "already cancelled or refunded");
pub const STILL_PENDING: RefusalKind = kind("MED-4009", 202, "处理中，请勿收费", "still pending: do not collect");
pub const ACCOUNT_INSUFFICIENT: RefusalKind = kind("MED-4010", 422, "个人账户余额不足", "account balance insufficient");
pub const HOME_SILENT: RefusalKind = kind(
    "MED-4011",
    503,
    "参保地无应答，可自费并封存记录",
    "home does not answer; self-pay with sealed record is possible",
);
pub const NOT_DISCHARGED: RefusalKind =
    kind("MED-4012", 422, "出院未办理或仍有未传明细", "not discharged, or lines still missing");
pub const QUOTE_UNKNOWN: RefusalKind =
    kind("MED-4013", 404, "预结算不存在或不属于该批次", "quote unknown or not of this batch");
pub const BATCH_PENDING: RefusalKind =
    kind("MED-4014", 409, "该批次正在结算，请等待结果", "this batch is being settled; wait for its result");
pub const CALL_UNKNOWN: RefusalKind = kind("MED-4015", 404, "无此报文ID的交易", "no call with this message id");
pub const LATER_SETTLEMENT: RefusalKind = kind(
    "MED-4016",
    409,
    "须先撤销该次住院其后的结算：{settlement}",
    "a later settlement of the stay must be taken back first: {settlement}",
);
pub const FILE_ROW_MALFORMED: RefusalKind =
    kind("MED-5001", 422, "对账文件第{row}行格式不符", "reconciliation file, row {row}: malformed");
pub const FILE_TOTALS_DIFFER: RefusalKind =
    kind("MED-5002", 422, "对账文件合计与总账不符", "file totals differ from the stated totals");
pub const RECONCILIATION_UNKNOWN: RefusalKind =
    kind("MED-5009", 404, "对账结果不存在，或差异已处理", "no such reconciliation, or the difference is resolved");
pub const FILE_UNKNOWN: RefusalKind =
    kind("MED-5010", 404, "文件不存在或已过期", "no such file, or it is kept no longer");
pub const QUOTA_FIXED: RefusalKind = kind(
    "MED-5011",
    409,
    "{year}年度预付额度已核定或不可核定，请走紧急调增",
    "the prepayment quota of {year} is fixed already, or cannot be fixed now: raise it",
);
pub const NO_QUOTA: RefusalKind =
    kind("MED-5012", 404, "{year}年度未核定预付额度", "no prepayment quota is fixed for {year}");
pub const RAISE_UNKNOWN: RefusalKind =
    kind("MED-5013", 404, "调增申请不存在或已办结", "no such raise, or it is answered");
pub const REFERENCE_USED: RefusalKind =
    kind("MED-5014", 409, "凭证号已使用", "something is posted under this reference");
pub const BOOKS_MOVED: RefusalKind = kind(
    "MED-5015",
    409,
    "对账之后账务已变化，请重新对账",
    "the books have moved on since the comparison: compare again",
);
pub const RECEIPT_PENDING: RefusalKind = kind(
    "MED-4017",
    409,
    "凭证尚未就绪：参保地的签名检查点还未覆盖该结算，请稍后再试",
    "the receipt is not ready: no signed checkpoint of home covers the settlement yet; try again in a moment",
);
pub const NO_RECEIPT: RefusalKind = kind(
    "MED-4018",
    404,
    "参保地未为该结算出具可验证凭证",
    "home has issued no verifiable receipt for this settlement",
);
pub const POOL_REFUSED: RefusalKind = kind(
    "MED-4019",
    422,
    "参保地统筹区核心系统拒绝：{reason_zh}",
    "the core system of the insured person's pool refuses: {reason_en}",
);
pub const ONLY_WHOLE_GIVEN_BACK: RefusalKind = kind(
    "MED-5008",
    422,
    "争议退回只能整单撤销：不能退部分金额，也不能退冲正单据",
    "a contest gives back a whole settlement: neither a part of it nor a contra",
);
pub const PACK_DATES_INVALID: RefusalKind =
    kind("MED-6001", 422, "政策版本日期重叠或有空档：{where}", "policy versions overlap or leave a gap: {where}");
pub const BANDS_INVALID: RefusalKind =
    kind("MED-6002", 422, "分段有重叠、空档或倒置：{where}", "bands overlap, leave a gap or are inverted: {where}");
pub const CELL_MISSING: RefusalKind =
    kind("MED-6003", 422, "待遇表缺项：{class}/{level}/{care}", "table cell missing: {class}/{level}/{care}");
pub const ADJUSTMENT_UNIT_MISSING: RefusalKind =
    kind("MED-6004", 422, "备案调整未注明“百分点”或“系数”", "filing adjustment lacks its unit (points or factor)");
pub const EXAMPLE_FAILS: RefusalKind =
    kind("MED-6005", 422, "政策示例计算不符：{example}", "pack example does not compute: {example}");
pub const PUBLISHED_UNCHANGEABLE: RefusalKind =
    kind("MED-6006", 409, "已发布版本不可修改", "published version cannot be changed");
pub const CATALOGUE_ITEM_INVALID: RefusalKind =
    kind("MED-6007", 422, "目录条目无效：{code}", "catalogue entry invalid: {code}");
pub const WARNING_NOT_ACKNOWLEDGED: RefusalKind = kind(
    "MED-6008",
    422,
    "政策包有未确认的警告：{warning}",
    "the pack has a warning that is not acknowledged: {warning}",
);
pub const PACK_USED: RefusalKind = kind(
    "MED-6009",
    409,
    "该政策版本已用于预结算或结算，不能撤回：{version}",
    "the version was used for a quote or settlement and cannot be withdrawn: {version}",
);
pub const PACK_UNKNOWN: RefusalKind =
    kind("MED-6010", 404, "无此政策版本：{version}", "no such policy version: {version}");
pub const PACK_REPEATS: RefusalKind =
    kind("MED-6011", 422, "政策包中重复定义：{where}", "the pack says this more than once: {where}");
pub const IMPORT_SUMS_WRONG: RefusalKind =
    kind("MED-7001", 422, "导入单据合计不符（规则{F}）", "imported document does not add up (rule {F})");
pub const IMPORT_UNSUPPORTED: RefusalKind =
    kind("MED-7002", 422, "导入单据类型或版本不支持", "document type or version not supported");
pub const CYCLE_CLOSED: RefusalKind = kind("MED-8001", 409, "对方业务周期已关闭", "peer's business cycle is closed");
pub const DOCUMENTS_DIFFER: RefusalKind = kind(
    "MED-8002",
    409,
    "双方单据哈希不一致，已停止处理",
    "both sides' documents (settlement or statement) differ in hash; stopped",
);

pub const NOT_OWN_CLEARING: RefusalKind = kind(
    "MED-8003",
    403,
    "清算报文只接受本节点清算服务；跨节点只接受对方医保服务的账期标记",
    "about clearing only the own node's clearing is heard; from other nodes only the period markers of their medical service",
);
pub const CLEARED_NOT_OURS: RefusalKind = kind(
    "MED-8004",
    422,
    "清算份额有误：不属于本方与对方，缺少基金，或重复",
    "a cleared share is wrong: not between this side and the other, without its fund, or named twice",
);

pub const POOL_SILENT: RefusalKind =
    kind("MED-8005", 503, "参保地统筹区核心系统无应答：{pool}", "the core system of the pool {pool} does not answer");
pub const POOL_BUSY: RefusalKind = kind(
    "MED-8006",
    503,
    "参保地统筹区核心系统待办过多，请稍后再试：{pool}",
    "too many questions wait for the core system of the pool {pool}; try again later",
);
pub const POOL_ANSWER_WRONG: RefusalKind = kind(
    "MED-8007",
    502,
    "参保地统筹区核心系统的应答有误，未入账：{pool}",
    "the answer of the core system of the pool {pool} is wrong; nothing was booked",
);
pub const POOL_NOT_OURS: RefusalKind =
    kind("MED-8008", 422, "统筹区不归本节点：{pool}", "the pool is not one of this node: {pool}");

pub const ALL: &[RefusalKind] = &[
    NOT_JSON,
    FIELD_MISSING,
    FIELD_TOO_LONG,
    NUMBER_MALFORMED,
    TIME_MALFORMED,
    MESSAGE_ID_MALFORMED,
    MESSAGE_ID_REUSED,
    SIGNATURE_INVALID,
    NOT_SUPPORTED,
    INSTITUTION_NOT_ALLOWED,
    TOO_MANY_LINES,
    CODE_UNKNOWN,
    FIELD_UNKNOWN,
    BODY_TOO_LARGE,
    IDEMPOTENCY_KEY_MISSING,
    ENCRYPTION_UNSUPPORTED,
    FILE_UNREADABLE,
    PERSON_NOT_FOUND,
    INSURANCE_NOT_IN_FORCE,
    HOME_AREA_NOT_SERVED,
    CERTIFICATE_MISMATCH,
    NOT_FILED,
    FILING_INVALID,
    FILING_TOO_LATE,
    INSURANCE_CHANGED,
    HOME_IS_HERE,
    NO_POLICY,
    NO_CATALOGUE,
    DISEASE_NOT_COVERED,
    DISEASE_NOT_REGISTERED,
    FILING_UNKNOWN,
    VISIT_UNKNOWN,
    ALREADY_ADMITTED,
    LINE_REPEATED,
    LINE_AMOUNT_WRONG,
    RETURN_INVALID,
    FEE_TIME_OUTSIDE_VISIT,
    LINES_SETTLED,
    DISEASE_CODE_DIFFERS,
    STAY_CROSSES_YEAR,
    VISIT_HAS_SETTLEMENT,
    VISIT_STATE,
    LINE_UNKNOWN,
    LINE_RETURNED,
    SUM_DIFFERS,
    QUOTE_EXPIRED,
    QUOTE_STALE,
    BATCH_SETTLED,
    CALL_REVERSED,
    ALREADY_CLEARED,
    SETTLEMENT_UNKNOWN,
    ALREADY_CANCELLED,
    STILL_PENDING,
    ACCOUNT_INSUFFICIENT,
    HOME_SILENT,
    NOT_DISCHARGED,
    QUOTE_UNKNOWN,
    BATCH_PENDING,
    CALL_UNKNOWN,
    LATER_SETTLEMENT,
    FILE_ROW_MALFORMED,
    FILE_TOTALS_DIFFER,
    RECONCILIATION_UNKNOWN,
    FILE_UNKNOWN,
    QUOTA_FIXED,
    NO_QUOTA,
    RAISE_UNKNOWN,
    REFERENCE_USED,
    RECEIPT_PENDING,
    NO_RECEIPT,
    POOL_REFUSED,
    ONLY_WHOLE_GIVEN_BACK,
    PACK_DATES_INVALID,
    BANDS_INVALID,
    CELL_MISSING,
    ADJUSTMENT_UNIT_MISSING,
    EXAMPLE_FAILS,
    PUBLISHED_UNCHANGEABLE,
    CATALOGUE_ITEM_INVALID,
    WARNING_NOT_ACKNOWLEDGED,
    PACK_USED,
    PACK_UNKNOWN,
    PACK_REPEATS,
    IMPORT_SUMS_WRONG,
    IMPORT_UNSUPPORTED,
    CYCLE_CLOSED,
    DOCUMENTS_DIFFER,
    NOT_OWN_CLEARING,
    CLEARED_NOT_OURS,
    POOL_SILENT,
    POOL_BUSY,
    POOL_ANSWER_WRONG,
    POOL_NOT_OURS,
];

/// The refusal for a request that does not have the right shape.
pub fn shape(problem: ShapeProblem) -> Refusal {
    match problem {
        ShapeProblem::NotJson => NOT_JSON.refuse(),
        ShapeProblem::Missing { field } => FIELD_MISSING.with("field", &field).at_field(field),
        ShapeProblem::Unknown { field } => FIELD_UNKNOWN.with("field", &field).at_field(field),
        ShapeProblem::WrongType { field } => CODE_UNKNOWN.with("field", &field).with("value", "?").at_field(field),
        ShapeProblem::Time { field } => TIME_MALFORMED.with("field", &field).at_field(field),
        ShapeProblem::Number { field } => NUMBER_MALFORMED.with("field", &field).at_field(field),
        ShapeProblem::TooLong { field, limit } => {
            FIELD_TOO_LONG.with("field", &field).with("limit", limit).at_field(field)
        }
        ShapeProblem::TooLarge { .. } => BODY_TOO_LARGE.refuse(),
    }
}

/// The registered kind of a code.
pub fn by_code(code: &str) -> Option<&'static RefusalKind> {
    ALL.iter().find(|kind| kind.code == code)
}
