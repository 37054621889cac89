//! The bytes of a file (9101, 9102): UTF-8 text, or a ZIP of exactly one TXT of it, told apart by their first bytes.

use std::io::{Cursor, Read, Write};

use huitong_service_kit::{Refusal, named};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::refusal;

/// Bytes of the text at most, unpacked: more than the rows that a comparison takes come to.
pub const TEXT_MAX: u64 = 4 << 20;

/// A ZIP begins with a member, or with its end where it has none.
const MAGIC: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];

named! {
    /// How a file came, and goes.
    #[derive(Default)]
    FileForm {
        #[default]
        Text = "text",
        Zip = "zip",
    }
}

impl FileForm {
    /// What the name of such a file ends with.
    pub fn ending(self) -> &'static str {
        match self {
            FileForm::Text => "txt",
            FileForm::Zip => "zip",
        }
    }
}

/// MED-1017; `found` says what is wrong in words of both languages, as file formats do.
pub fn unreadable(found: impl std::fmt::Display) -> Refusal {
    refusal::FILE_UNREADABLE.with("limit", TEXT_MAX).with("found", found).at_field("fsUploadIn.in")
}

/// # Errors
/// MED-1017: not UTF-8, too much of it, or an archive that is not one TXT.
pub fn unpack(bytes: Vec<u8>) -> Result<(FileForm, String), Refusal> {
    let is_archive = MAGIC.iter().any(|magic| bytes.starts_with(magic));
    let (form, bytes) = if is_archive { (FileForm::Zip, only_member(&bytes)?) } else { (FileForm::Text, bytes) };
    if bytes.len() as u64 > TEXT_MAX {
        return Err(unreadable("too large"));
    }
    let text = String::from_utf8(bytes).map_err(|_| unreadable("not UTF-8"))?;
    Ok((form, text))
}

/// The one member, read no further than the limit, whatever size it states.
fn only_member(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let damaged = |_| unreadable("damaged ZIP");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if archive.len() != 1 {
        return Err(unreadable(format!("{} members", archive.len())));
    }
    // Opening fails where it is encrypted, or packed otherwise than by deflate.
    let member = archive.by_index(0).map_err(|_| unreadable("encrypted, or not deflated"))?;
    let is_text = member.name().is_ok_and(|name| name.to_ascii_lowercase().ends_with(".txt"));
    if !member.is_file() || !is_text {
        return Err(unreadable("not a TXT"));
    }
    let mut content = Vec::new();
    // One byte more tells that it is too large; its end tells that the checksum is right.
    member.take(TEXT_MAX + 1).read_to_end(&mut content).map_err(|_| unreadable("damaged ZIP"))?;
    Ok(content)
}

/// The bytes of a file in its form; `name` is its name without an ending. The same text gives the same bytes.
pub fn pack(form: FileForm, name: &str, text: &str) -> Vec<u8> {
    match form {
        FileForm::Text => text.as_bytes().to_vec(),
        FileForm::Zip => zipped(name, text).expect("a short name and a text go into memory"),
    }
}

fn zipped(name: &str, text: &str) -> Result<Vec<u8>, zip::result::ZipError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    writer.start_file(format!("{name}.txt"), options)?;
    writer.write_all(text.as_bytes())?;
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "A1\tS1\tP1\t100.00\t60.00\t0.00\t0\t\n";

    fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in members {
            writer.start_file(*name, SimpleFileOptions::default()).expect("a member");
            writer.write_all(content).expect("its content");
        }
        writer.finish().expect("an archive").into_inner()
    }

    #[track_caller]
    fn refused(bytes: Vec<u8>, found: &str) {
        let why = unpack(bytes).expect_err("refused");
        let told = why.arguments.iter().find(|(name, _)| name == "found").map(|(_, told)| told.as_str());
        assert_eq!((why.code.as_str(), told), ("MED-1017", Some(found)));
    }

    #[test]
    fn a_file_is_text_or_a_zip_of_one_txt_and_goes_as_it_came() {
        assert_eq!(unpack(ROWS.into()), Ok((FileForm::Text, ROWS.to_owned())));
        let packed = archive(&[("日对账.TXT", ROWS.as_bytes())]);
        assert_eq!(unpack(packed), Ok((FileForm::Zip, ROWS.to_owned())));
        for form in [FileForm::Text, FileForm::Zip] {
            let bytes = pack(form, "result", ROWS);
            assert_eq!(bytes, pack(form, "result", ROWS), "the same bytes");
            assert_eq!(unpack(bytes), Ok((form, ROWS.to_owned())));
        }
    }

    #[test]
    fn an_archive_that_is_not_one_txt_is_refused_by_what_is_wrong_with_it() {
        let good = archive(&[("day.txt", ROWS.as_bytes())]);
        refused(archive(&[]), "0 members");
        refused(archive(&[("a.txt", b"1"), ("b.txt", b"2")]), "2 members");
        refused(archive(&[("day.csv", ROWS.as_bytes())]), "not a TXT");
        refused(archive(&[("day.txt", b"\xb2\xce\xb1\xa3")]), "not UTF-8");
        refused(b"\xb2\xce\xb1\xa3".to_vec(), "not UTF-8");
        refused(good[..good.len() - 10].to_vec(), "damaged ZIP");
        refused(b"PK\x03\x04".to_vec(), "damaged ZIP");
        let mut changed = good;
        // Behind 30 bytes of header and the name.
        changed[40] ^= 0xff;
        refused(changed, "damaged ZIP");
    }

    #[test]
    fn a_small_archive_of_very_much_text_is_read_no_further_than_the_limit() {
        let bomb = archive(&[("day.txt", &vec![b'0'; TEXT_MAX as usize + 1])]);
        assert!(bomb.len() < 32 << 10, "packed it is small: {}", bomb.len());
        refused(bomb, "too large");
        let most = archive(&[("day.txt", &vec![b'0'; TEXT_MAX as usize])]);
        assert!(unpack(most).is_ok());
    }

    #[test]
    fn an_encrypted_member_is_refused() {
        let mut locked = archive(&[("day.txt", ROWS.as_bytes())]);
        // The flag of encryption, in the member's header and in the directory.
        let directory = locked.windows(4).position(|bytes| bytes == b"PK\x01\x02").expect("a directory");
        locked[6] |= 1;
        locked[directory + 8] |= 1;
        refused(locked, "encrypted, or not deflated");
    }
}
