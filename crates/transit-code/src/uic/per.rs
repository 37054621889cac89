//! Unaligned PER (ITU-T X.691), as far as the header needs it: fields of any width at any bit, read in place.
//!
//! Only the canonical form is read: a length in two octets that fits one, or a filling bit that is not zero, is refused, so
//! that one content has one form.

use crate::reason::Reason;
use crate::uic::CODE_LENGTH_MAX;

/// Bits `from` to `to` of the received bytes, the end not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: usize,
    pub to: usize,
}

/// Reads from the first bit on. Every failure is [`Reason::Format`].
#[derive(Clone, Copy, Debug)]
pub struct Reader<'c> {
    bytes: &'c [u8],
    at: usize,
}

impl<'c> Reader<'c> {
    pub fn new(bytes: &'c [u8]) -> Reader<'c> {
        Reader { bytes, at: 0 }
    }

    /// The same bytes, from bit `at` on.
    pub fn from_bit(bytes: &'c [u8], at: usize) -> Reader<'c> {
        Reader { bytes, at }
    }

    /// The bit that is read next.
    pub fn at(&self) -> usize {
        self.at
    }

    /// At most 32 bits, the first one highest.
    pub fn bits(&mut self, count: u32) -> Result<u32, Reason> {
        let mut value = 0;
        for _ in 0..count.min(u32::BITS) {
            let byte = *self.bytes.get(self.at / 8).ok_or(Reason::Format)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Ok(value)
    }

    pub fn flag(&mut self) -> Result<bool, Reason> {
        Ok(self.bits(1)? == 1)
    }

    /// A number between two bounds (X.691 §11.5.6): in as few bits as the range needs.
    pub fn number(&mut self, low: u32, high: u32) -> Result<u32, Reason> {
        let range = high.saturating_sub(low);
        let above = self.bits(u32::BITS - range.leading_zeros())?;
        if above > range { Err(Reason::Format) } else { Ok(low + above) }
    }

    /// A length without bounds (X.691 §11.9.3.6 and 7): one octet to 127, two to 16 383. Fragments are refused: they begin
    /// at 16 384, where no code reaches.
    pub fn length(&mut self) -> Result<usize, Reason> {
        if !self.flag()? {
            return Ok(self.bits(7)? as usize);
        }
        match (self.flag()?, self.bits(14)?) {
            (false, length) if length > 127 => Ok(length as usize),
            _ => Err(Reason::Format),
        }
    }

    /// An octet string, or the octets of an object identifier (X.691 §17 and §24): a length, then as many octets.
    pub fn octets(&mut self) -> Result<Span, Reason> {
        self.counted(8)
    }

    /// An IA5 string without bounds (X.691 §30): a length, then seven bits for each character.
    pub fn text(&mut self) -> Result<Span, Reason> {
        self.counted(7)
    }

    fn counted(&mut self, width: usize) -> Result<Span, Reason> {
        let length = self.length()?;
        let span = Span { from: self.at, to: self.at + length * width };
        if span.to > self.bytes.len() * 8 {
            return Err(Reason::Format);
        }
        self.at = span.to;
        Ok(span)
    }

    /// The end: nothing but zero bits to the byte border.
    pub fn finish(mut self) -> Result<(), Reason> {
        let left = self.bytes.len() * 8 - self.at.min(self.bytes.len() * 8);
        if left < 8 && self.bits(left as u32)? == 0 { Ok(()) } else { Err(Reason::Format) }
    }
}

/// The received bits shifted to a byte border, the last byte filled with zeros: what a signature covers, and what an octet
/// string holds. Nothing is encoded again.
pub fn cut<'b>(bytes: &[u8], span: Span, buffer: &'b mut [u8; CODE_LENGTH_MAX]) -> Result<&'b [u8], Reason> {
    let bits = span.to.checked_sub(span.from).filter(|_| span.to <= bytes.len() * 8).ok_or(Reason::Format)?;
    let part = buffer.get_mut(..bits.div_ceil(8)).ok_or(Reason::Format)?;
    let (first, shift) = (span.from / 8, span.from % 8);
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    for (index, place) in part.iter_mut().enumerate() {
        let both = u16::from_be_bytes([byte(first + index), byte(first + index + 1)]);
        *place = (both << shift).to_be_bytes()[0];
    }
    if let (Some(last), 1..) = (part.last_mut(), bits % 8) {
        *last &= 0xff << (8 - bits % 8);
    }
    Ok(part)
}

/// Whether the characters of a text (width 7) or the octets of a string (width 8) are these.
pub fn says(bytes: &[u8], span: Span, width: u32, expected: &[u8]) -> bool {
    let mut reader = Reader::from_bit(bytes, span.from);
    span.to - span.from == expected.len() * width as usize
        && expected.iter().all(|byte| reader.bits(width) == Ok(u32::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_right_at_every_bit_and_length() {
        let bytes = [0x9a, 0x3c, 0xf1, 0x07, 0xbe];
        let bit = |at: usize| bytes[at / 8] >> (7 - at % 8) & 1;
        let mut buffer = [0xff; CODE_LENGTH_MAX];
        for from in 0..=40 {
            for to in from..=40 {
                let part = cut(&bytes, Span { from, to }, &mut buffer).expect("inside");
                assert_eq!(part.len(), (to - from).div_ceil(8));
                for at in 0..part.len() * 8 {
                    let expected = if from + at < to { bit(from + at) } else { 0 };
                    assert_eq!(part[at / 8] >> (7 - at % 8) & 1, expected, "bit {at} of {from}..{to}");
                }
            }
        }
        assert_eq!(cut(&bytes, Span { from: 0, to: 41 }, &mut buffer), Err(Reason::Format));
        assert_eq!(cut(&bytes, Span { from: 9, to: 8 }, &mut buffer), Err(Reason::Format));
    }

    #[test]
    fn lengths_have_one_form_and_numbers_stay_in_their_range() {
        assert_eq!(Reader::new(&[0x7f]).length(), Ok(127));
        assert_eq!(Reader::new(&[0x80, 0x80]).length(), Ok(128));
        assert_eq!(Reader::new(&[0x80, 0x7f]).length(), Err(Reason::Format));
        assert_eq!(Reader::new(&[0xc1, 0x00]).length(), Err(Reason::Format));
        // 1..366 takes nine bits: 365 above 1 is the last day, 366 above it no day.
        assert_eq!(Reader::new(&[0b1011_0110, 0b1000_0000]).number(1, 366), Ok(366));
        assert_eq!(Reader::new(&[0b1011_0111, 0b0000_0000]).number(1, 366), Err(Reason::Format));
    }

    #[test]
    fn object_identifiers_stand_as_in_the_project_uic_barcode() {
        // Its test of three identifiers, one after the other: DSA with SHA-224, with SHA-256, P-256.
        let bytes = [
            0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x01, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
            0x03, 0x02, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
        ];
        let mut reader = Reader::new(&bytes);
        let spans = [reader.octets(), reader.octets(), reader.octets()];
        assert_eq!(reader.finish(), Ok(()));
        let third = spans[2].expect("inside");
        assert!(says(&bytes, third, 8, crate::uic::Algorithm::EcdsaP256Sha256.key_oid()));
        assert!(!says(&bytes, spans[1].expect("inside"), 8, crate::uic::Algorithm::EcdsaP256Sha256.key_oid()));
    }
}
