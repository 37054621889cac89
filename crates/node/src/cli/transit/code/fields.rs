//! The fields of a code by name. Names, never numbers: field programs disagree on the numbers 13 to 15.

use huitong_transit_code::Reason;
use huitong_transit_code::code::Code;
use huitong_transit_code::custom::MetroField;
use huitong_transit_code::decode;
use huitong_transit_code::profile::Profile;
use huitong_transit_code::uic;
use huitong_transit_code::uic::per::Span;
use huitong_transit_code::uic::ride::RideCode;
use serde::Serialize;

use crate::gate::moment::told;

#[derive(Serialize)]
pub struct Field {
    pub name: &'static str,
    pub chinese: &'static str,
    pub value: String,
}

#[derive(Default)]
struct Fields(Vec<Field>);

impl Fields {
    fn add(&mut self, name: &'static str, chinese: &'static str, value: impl ToString) {
        self.0.push(Field { name, chinese, value: value.to_string() });
    }

    fn bytes(&mut self, name: &'static str, chinese: &'static str, bytes: &[u8]) {
        self.add(name, chinese, hex::encode(bytes));
    }
}

/// The fields of a code of this profile, as the profile lays them out; nothing is verified.
pub fn fields(profile: Profile, bytes: &[u8]) -> Result<Vec<Field>, Reason> {
    match profile {
        Profile::Jtt1179 | Profile::Jtt1179CertificateB | Profile::RawSm2 => Code::parse(bytes).map(|code| jtt(&code)),
        Profile::Metro2018 => metro_2018(bytes),
        Profile::AlipayOffline => alipay_offline(bytes),
        Profile::Uic9189 => uic_918_9(bytes),
        _ => Err(Reason::Format),
    }
}

fn jtt(code: &Code<'_>) -> Vec<Field> {
    let mut fields = Fields::default();
    let bytes = code.bytes();
    fields.add("version", "版本", format!("0x{:02x}", bytes[0]));
    fields.add("length", "长度", bytes.len() - 3);
    certificate(code, &mut fields);
    let payment: Vec<u8> = bytes[120..136].iter().copied().skip_while(|byte| *byte == 0).collect();
    fields.add("pay_account", "支付账户号", payment.escape_ascii());
    fields.bytes("account", "卡账户号", &code.account().number);
    fields.bytes("issuer", "发卡机构", &code.account().issuer);
    fields.bytes("platform", "发码平台", &code.platform());
    fields.add("account_type", "卡账户类型", format!("0x{:02x}", code.account_type()));
    fields.add("limit_fen", "单次消费金额上限", code.limit_fen());
    fields.bytes("user_key", "用户公钥", &code.user_key());
    fields.add("auth_expiry", "授权过期时间", told(code.authorisation_expiry()));
    fields.add("validity_s", "二维码有效时间", code.validity_s());
    fields.add("custom_length", "自定义域长度", code.custom().len());
    custom(code.custom(), &mut fields);
    let authorisation_end = 198 + code.custom().len() + 65;
    fields.bytes("auth_sig", "发卡机构授权签名", &bytes[authorisation_end - 65..authorisation_end]);
    fields.add("gen_time", "二维码生成时间", told(i64::from(code.generation_time())));
    fields.bytes("user_sig", "用户私钥签名", &bytes[bytes.len() - 65..]);
    fields.bytes("replay_key", "防重放键", &code.replay_key());
    fields.0
}

fn certificate(code: &Code<'_>, fields: &mut Fields) {
    let certificate = code.certificate();
    let bytes = certificate.0;
    fields.bytes("issuer_cert.service", "证书.服务标识", &certificate.service());
    fields.add("issuer_cert.ca_index", "证书.中心CA公钥索引", format!("{:02x}", certificate.ca_index()));
    fields.bytes("issuer_cert.issuer", "证书.发卡机构", &certificate.issuer());
    let [month, year] = [bytes[11], bytes[12]];
    fields.add("issuer_cert.expiry", "证书.失效年月", format!("20{year:02x}-{month:02x}"));
    fields.bytes("issuer_cert.serial", "证书.序列号", &certificate.serial());
    fields.add("issuer_cert.parameter", "证书.参数标识", format!("0x{:02x}", bytes[18]));
    fields.bytes("issuer_cert.key", "证书.发卡机构公钥", &bytes[20..53]);
    fields.bytes("issuer_cert.signature", "证书.根签名", &certificate.signature());
    let form = if certificate.is_well_formed() { "good 正确" } else { "wrong 有误" };
    fields.add("issuer_cert.form", "证书.格式", form);
}

/// The entry data are a hint: some phones rewrite them (transit specification §4.6).
fn custom(bytes: &[u8], fields: &mut Fields) {
    let Some(metro) = MetroField::parse(bytes) else {
        fields.bytes("custom", "发卡机构自定义域", bytes);
        return;
    };
    let kind = match metro.ticket_type {
        92 => "92 stored value 储值票".to_owned(),
        95 => "95 single ticket 单程票".to_owned(),
        other => other.to_string(),
    };
    fields.add("custom.ticket_type", "自定义域.票种", kind);
    fields.bytes("custom.ticket_number", "自定义域.票号", &metro.ticket_number);
    fields.add("custom.price_fen", "自定义域.票价", metro.price_fen);
    fields.add("custom.entry_state", "自定义域.进站状态 (hint)", metro.entry_state);
    fields.add("custom.entry_station", "自定义域.进站车站 (hint)", format!("{:08x}", metro.entry_station));
    fields.add("custom.entry_time", "自定义域.进站时间 (hint)", metro.entry_time);
    fields.bytes("custom.phone", "自定义域.手机标识", &metro.phone);
}

fn metro_2018(bytes: &[u8]) -> Result<Vec<Field>, Reason> {
    let code = decode::metro_2018(bytes)?;
    let mut fields = Fields::default();
    fields.add("version", "版本", format!("0x{:02x}", bytes[0]));
    fields.bytes("account", "卡账户号", &code.account);
    fields.bytes("issuer", "发卡机构", &code.issuer);
    fields.bytes("platform", "发码平台", &code.platform);
    fields.add("limit_fen", "单次消费金额上限", code.limit_fen);
    fields.bytes("user_key", "用户公钥", &code.user_key);
    fields.add("auth_expiry", "授权过期时间", told(code.authorisation_expiry));
    fields.add("validity_s", "二维码有效时间", code.validity_s);
    custom(&code.custom, &mut fields);
    fields.add("gen_time", "二维码生成时间", told(code.generation_time));
    Ok(fields.0)
}

fn alipay_offline(bytes: &[u8]) -> Result<Vec<Field>, Reason> {
    let code = decode::alipay_offline(bytes)?;
    let mut fields = Fields::default();
    fields.add("version", "版本", code.version);
    fields.add("algorithm", "算法", if code.algorithm == 1 { "secp256k1" } else { "SM2" });
    fields.add("key_index", "密钥索引", code.key_index);
    fields.add("user", "用户号", code.user.escape_ascii());
    fields.add("auth_expiry", "授权过期时间", told(i64::from(code.expiry)));
    fields.add("validity_s", "二维码有效时间", code.validity_s);
    fields.add("limit_fen", "单次消费金额上限", code.limit_fen);
    fields.add("card_number", "卡号", code.card_number.escape_ascii());
    fields.bytes("card_data", "卡数据", code.card_data);
    fields.bytes("auth_sig", "发卡机构授权签名", code.body_signature);
    fields.add("gen_time", "二维码生成时间", told(i64::from(code.time)));
    fields.bytes("user_sig", "用户私钥签名", code.code_signature);
    Ok(fields.0)
}

/// Level 1 is the issuer's, level 2 the phone's (transit specification §4.9). The phone's time stamp has no year.
fn uic_918_9(bytes: &[u8]) -> Result<Vec<Field>, Reason> {
    let code = RideCode::parse(bytes)?;
    let (header, level1, token) = (&code.header, &code.header.level1, &code.token);
    let cut = |span: Span| header.cut(span, &mut [0; uic::CODE_LENGTH_MAX]).map(hex::encode);
    let optional = |span: Option<Span>| span.map_or_else(|| Ok("- 无".to_owned()), cut);
    let mut fields = Fields::default();
    let number = |number: Option<u32>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    fields.add("level1.provider", "一级.签发方", number(level1.provider.map(u32::from)));
    fields.add("level1.key_id", "一级.密钥编号", number(level1.key_id));
    fields.bytes("account", "卡账户号", &token.account.number);
    fields.bytes("issuer", "发卡机构", &token.account.issuer);
    fields.bytes("platform", "发码平台", &token.platform);
    fields.add("account_type", "卡账户类型", format!("0x{:02x}", token.account_type));
    fields.add("limit_fen", "单次消费金额上限", token.limit_fen);
    fields.bytes("ticket_number", "票号", &token.ticket_number);
    fields.add("level1.key_oid", "一级.密钥算法", optional(level1.level1_key_oid)?);
    fields.add("level1.signing_oid", "一级.签名算法", optional(level1.level1_signing_oid)?);
    fields.add("level2.key_oid", "二级.密钥算法", optional(level1.level2_key_oid)?);
    fields.add("level2.signing_oid", "二级.签名算法", optional(level1.level2_signing_oid)?);
    fields.add("user_key", "用户公钥", optional(level1.level2_key)?);
    fields.add("auth_expiry", "授权过期时间", told(code.authorisation_expiry));
    fields.add("validity_s", "二维码有效时间", code.validity_s);
    fields.add("auth_sig", "发卡机构授权签名", optional(header.level1_signature)?);
    let made = code.generated.map(|stamp| {
        let (hours, minutes, seconds) = (stamp.second / 3_600, stamp.second / 60 % 60, stamp.second % 60);
        format!("day {} of the year, {hours:02}:{minutes:02}:{seconds:02} UTC", stamp.day)
    });
    fields.add("gen_time", "二维码生成时间", made.unwrap_or_else(|| "- 无".to_owned()));
    fields.add("user_sig", "用户私钥签名", optional(header.level2_signature)?);
    Ok(fields.0)
}
