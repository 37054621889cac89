//! Why a tap was refused: a stable reason, the code of the field's programs, and texts in both languages.

/// Reasons of a gate, in the order of its checks. The numbers stand in tap records and in the C header: never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Reason {
    Ok = 0,
    Format = 1,
    Version = 2,
    KeySet = 3,
    RootMissing = 4,
    CertificateSignature = 5,
    CertificateExpired = 6,
    CertificateRevoked = 7,
    IssuerMismatch = 8,
    AuthorisationSignature = 9,
    AccountType = 10,
    AuthorisationExpired = 11,
    Validity = 12,
    UserKey = 13,
    UserSignature = 14,
    CodeExpired = 15,
    CodeFuture = 16,
    Denied = 17,
    DenyStale = 18,
    Limit = 19,
    Replay = 20,
    ReplayFull = 21,
    Passback = 22,
    Closed = 23,
    Clock = 24,
    /// Of tables and records, never of a code: sequence or hash chain broken.
    Chain = 25,
}

/// What is known of each reason: stable name, field code (−1 … −107 as the field's programs, −201 … −207 Huitong's own),
/// Chinese, English. `{s}` stands for seconds.
const TABLE: [(Reason, &str, i32, &str, &str); 26] = [
    (Reason::Ok, "OK", 0, "通过", "pass"),
    (Reason::Format, "TRN-FORMAT", -1, "二维码格式错误", "code format is wrong"),
    (Reason::Version, "TRN-VERSION", -1, "二维码版本不支持", "code version not supported"),
    (Reason::KeySet, "TRN-KEYSET", -107, "公钥更新失败", "key set missing or too old"),
    (Reason::RootMissing, "TRN-ROOT-MISSING", -101, "CA证书不存在", "root certificate missing or expired"),
    (Reason::CertificateSignature, "TRN-CERT-SIG", -102, "发卡机构公钥证书无效", "issuer certificate invalid"),
    (Reason::CertificateExpired, "TRN-CERT-EXPIRED", -102, "发卡机构证书已过期", "issuer certificate expired"),
    (Reason::CertificateRevoked, "TRN-CERT-REVOKED", -102, "发卡机构证书已吊销", "issuer certificate revoked"),
    (Reason::IssuerMismatch, "TRN-ISSUER-MISMATCH", -102, "发卡机构与证书不符", "issuer differs from certificate"),
    (
        Reason::AuthorisationSignature,
        "TRN-AUTH-SIG",
        -103,
        "发卡机构授权数据签名错误",
        "issuer authorisation signature wrong",
    ),
    (Reason::AccountType, "TRN-ACCOUNT-TYPE", -103, "账户类型不允许", "account type not allowed"),
    (
        Reason::AuthorisationExpired,
        "TRN-AUTH-EXPIRED",
        -105,
        "授权已过期，请联网刷新",
        "authorisation expired, go online and refresh",
    ),
    (Reason::Validity, "TRN-VALIDITY", -105, "二维码有效时间超出范围", "code validity out of range"),
    (Reason::UserKey, "TRN-USER-KEY", -104, "用户公钥无效", "user public key invalid"),
    (Reason::UserSignature, "TRN-USER-SIG", -104, "用户签名错误", "user signature wrong"),
    (
        Reason::CodeExpired,
        "TRN-CODE-EXPIRED",
        -105,
        "二维码过期（已生成{s}秒），请刷新；若反复出现，手机时间偏慢",
        "code is {s} s old, refresh; if this repeats the phone clock is slow",
    ),
    (Reason::CodeFuture, "TRN-CODE-FUTURE", -105, "手机时间快{s}秒", "phone clock is fast by {s} s"),
    (Reason::Denied, "TRN-DENIED", -201, "账户已停用，请在APP查看", "account is denied, see the app"),
    (Reason::DenyStale, "TRN-DENY-STALE", -202, "黑名单过旧", "deny list too old"),
    (Reason::Limit, "TRN-LIMIT", -106, "金额超限", "amount over limit"),
    (Reason::Replay, "TRN-REPLAY", -203, "二维码重复使用", "code already used"),
    (Reason::ReplayFull, "TRN-REPLAY-FULL", -204, "设备繁忙，请稍候", "gate table full, try again"),
    (Reason::Passback, "TRN-PASSBACK", -205, "请勿重复进站", "already entered"),
    (Reason::Closed, "TRN-CLOSED", -206, "车站停止服务", "station closed"),
    (Reason::Clock, "TRN-CLOCK", -207, "设备时钟不可信", "gate clock not trusted"),
    (Reason::Chain, "TRN-CHAIN", -107, "数据序号或哈希链错误", "sequence or hash chain broken"),
];

impl Reason {
    pub fn all() -> impl Iterator<Item = Reason> {
        TABLE.iter().map(|row| row.0)
    }

    pub fn from_number(number: u8) -> Option<Reason> {
        TABLE.get(usize::from(number)).map(|row| row.0)
    }

    /// The stable name, for instance `TRN-AUTH-SIG`.
    pub fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    pub fn from_name(name: &str) -> Option<Reason> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// The code that the field's programs use.
    pub fn field_code(self) -> i32 {
        TABLE[self as usize].2
    }

    pub fn chinese(self) -> &'static str {
        TABLE[self as usize].3
    }

    pub fn english(self) -> &'static str {
        TABLE[self as usize].4
    }
}

/// The name of a reason by its number, for tables made when compiling.
///
/// # Panics
/// When compiling, for a number without reason.
pub const fn name_of(number: usize) -> &'static str {
    TABLE[number].1
}

/// The codes of another family of reader programs (腾讯乘车码), for importing its records only.
pub fn from_tencent(code: i32) -> Option<Reason> {
    Some(match code {
        0 => Reason::Ok,
        -10000 | -10010 | -10012 | -10015 => Reason::Format,
        -10001 | -10003 => Reason::UserKey,
        -10002 => Reason::CertificateSignature,
        -10004 => Reason::UserSignature,
        -10005 => Reason::AuthorisationExpired,
        -10006 => Reason::CodeExpired,
        -10007 | -10008 => Reason::Limit,
        -10013 | -10014 => Reason::KeySet,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_stands_at_its_number_and_is_found_by_its_name() {
        for (number, reason) in Reason::all().enumerate() {
            assert_eq!(usize::from(reason as u8), number);
            assert_eq!(Reason::from_name(reason.name()), Some(reason));
            assert!(!reason.chinese().is_empty() && reason.english().is_ascii());
        }
    }
}
