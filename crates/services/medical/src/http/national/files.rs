//! 9001, 9002 sign in and out, 9101, 9102 files

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use huitong_kernel::hash::HashFunction;
use huitong_kernel::time::DurationMs;
use huitong_service_kit::http::Problem;
use serde_json::Value;

use super::call::{Call, missing, object, text};
use crate::command::Command;
use crate::event::KeptFile;
use crate::national::archive::{self, FileForm};
use crate::national::envelope::{Output, local_time};
use crate::query::reconciliation;
use crate::refusal;

/// How long a file is kept.
const KEPT: DurationMs = DurationMs::days(30);

/// The API key has said who calls; the number is given because the interface has one.
pub fn sign_in(call: &Call<'_>) -> Result<Output, Problem> {
    call.node("signIn")?;
    let out = object([
        ("sign_time", local_time(call.edge.clock.now()).into()),
        ("sign_no", call.request.message_id().into()),
    ]);
    Ok([("signinoutb".to_owned(), Value::Object(out))].into_iter().collect())
}

pub fn sign_out(call: &Call<'_>) -> Result<Output, Problem> {
    call.node("signOut")?;
    let out = object([("sign_time", local_time(call.edge.clock.now()).into())]);
    Ok([("signoutoutb".to_owned(), Value::Object(out))].into_iter().collect())
}

/// `in`: Base64, or a list of the bytes, as signed numbers too.
fn content(sent: &str) -> Option<Vec<u8>> {
    if !sent.starts_with('[') {
        return STANDARD.decode(sent).ok();
    }
    let numbers: Vec<i16> = serde_json::from_str(sent).ok()?;
    let byte = |number: i16| u8::try_from(number).ok().or_else(|| i8::try_from(number).ok().map(i8::cast_unsigned));
    numbers.into_iter().map(byte).collect()
}

pub async fn upload(call: &Call<'_>) -> Result<Output, Problem> {
    let data = call.node("fsUploadIn")?;
    let sent = data.get("in").ok_or_else(|| missing("fsUploadIn.in"))?;
    let bytes = content(sent).ok_or_else(|| call.refuse(&archive::unreadable("not Base64")))?;
    let (form, content) = archive::unpack(bytes).map_err(|why| call.refuse(&why))?;
    keep(call, "", (form, text(data, "filename")), content).await
}

/// Keeps a file; gives its `file_qury_no`.
pub async fn keep(
    call: &Call<'_>,
    step: &str,
    (form, name): (FileForm, String),
    content: String,
) -> Result<Output, Problem> {
    let institution = call.caller.principal.participant.clone();
    let parts = [institution.as_bytes(), call.request.message_id().as_bytes(), step.as_bytes()];
    let file = HashFunction::Sha256.hash(&parts).to_string()[..30].to_owned();
    let until = call.edge.clock.now() + KEPT;
    let kept = KeptFile {
        file: file.clone(),
        institution: institution.clone(),
        name: name.clone(),
        form,
        text: content,
        until,
    };
    call.told(step, Command::KeepFile(kept)).await?;
    let out = object([
        ("file_qury_no", file.into()),
        ("filename", name.into()),
        ("fixmedins_code", institution.into()),
        ("dld_endtime", local_time(until).into()),
    ]);
    Ok([("data".to_owned(), Value::Object(out))].into_iter().collect())
}

/// A file of the caller's institution.
pub async fn kept(call: &Call<'_>, file: String) -> Result<KeptFile, Problem> {
    let (institution, now) = (call.caller.principal.participant.clone(), call.edge.clock.now().0);
    let found = call.edge.read(move |view| Ok(reconciliation::file(view, &institution, &file, now)?)).await?;
    found.ok_or_else(|| call.refuse(&refusal::FILE_UNKNOWN.refuse().at_field("file_qury_no")))
}

pub async fn download(call: &Call<'_>) -> Result<Output, Problem> {
    let file = kept(call, text(call.node("fsDownloadIn")?, "file_qury_no")).await?;
    let bytes = archive::pack(file.form, &file.file, &file.text);
    let out = object([
        ("file_qury_no", file.file.into()),
        ("filename", file.name.into()),
        ("in", STANDARD.encode(bytes).into()),
    ]);
    Ok([("data".to_owned(), Value::Object(out))].into_iter().collect())
}
