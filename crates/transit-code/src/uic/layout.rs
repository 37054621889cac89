//! The header `UicBarcodeHeader`, version 2, as received. Nothing is verified here.
//!
//! In the order of the bits: presence of the level-2 signature · `U2` · level 2 {presence of level-1 signature and level-2
//! data · level 1 {presence of its twelve optional fields · provider · key id · data · algorithms · level-2 key · end of
//! validity · validity} · level-1 signature · level-2 data} · level-2 signature. No part of the header has an extension
//! marker, though a comment in it says so.

use crate::reason::Reason;
use crate::signature::sm3;
use crate::uic::CODE_LENGTH_MAX;
use crate::uic::per::{Reader, Span, cut, says};

/// A code of this layout, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Header<'c> {
    bytes: &'c [u8],
    pub level1: Level1,
    /// The bits under the level-1 signature.
    pub level1_span: Span,
    pub level1_signature: Option<Span>,
    pub level2_data: Option<Block>,
    /// The bits under the level-2 signature.
    pub level2_span: Span,
    pub level2_signature: Option<Span>,
}

/// `Level1DataType`.
#[derive(Clone, Copy, Debug)]
pub struct Level1 {
    /// RICS code, 1 to 32 000.
    pub provider: Option<u16>,
    pub provider_text: Option<Span>,
    /// 0 to 99 999.
    pub key_id: Option<u32>,
    data: Sequence,
    pub level1_key_oid: Option<Span>,
    pub level2_key_oid: Option<Span>,
    pub level1_signing_oid: Option<Span>,
    pub level2_signing_oid: Option<Span>,
    pub level2_key: Option<Span>,
    /// 2016 to 2269.
    pub end_year: Option<u32>,
    /// 1 to 366.
    pub end_day: Option<u32>,
    /// Minutes of the day, 0 to 1439, UTC.
    pub end_minute: Option<u32>,
    /// Seconds, 1 to 3600.
    pub validity_s: Option<u16>,
}

/// `DataType`: the name of a format, and bytes in it.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    pub format: Span,
    pub data: Span,
}

/// Where blocks stand, one after the other.
#[derive(Clone, Copy, Debug)]
struct Sequence {
    at: usize,
    count: usize,
}

impl<'c> Header<'c> {
    /// [`Reason::Format`] unless every bit is as the layout says, and the code at most [`CODE_LENGTH_MAX`] bytes long.
    pub fn parse(bytes: &'c [u8]) -> Result<Header<'c>, Reason> {
        if bytes.len() > CODE_LENGTH_MAX {
            return Err(Reason::Format);
        }
        let mut reader = Reader::new(bytes);
        let has_signature = reader.flag()?;
        let format = reader.text()?;
        if !says(bytes, format, 7, b"U2") {
            return Err(Reason::Format);
        }
        let level2_from = reader.at();
        let [has_level1_signature, has_data] = [reader.flag()?, reader.flag()?];
        let level1_from = reader.at();
        let level1 = Level1::read(&mut reader)?;
        let level1_span = Span { from: level1_from, to: reader.at() };
        let level1_signature = optional(has_level1_signature, &mut reader, Reader::octets)?;
        let level2_data = optional(has_data, &mut reader, Block::read)?;
        let level2_span = Span { from: level2_from, to: reader.at() };
        let level2_signature = optional(has_signature, &mut reader, Reader::octets)?;
        reader.finish()?;
        Ok(Header { bytes, level1, level1_span, level1_signature, level2_data, level2_span, level2_signature })
    }

    /// The block of level 1 in this format. [`Reason::Format`] if there are two: they could contradict each other.
    pub fn block(&self, format: &[u8]) -> Result<Option<Block>, Reason> {
        let Sequence { at, count } = self.level1.data;
        let mut reader = Reader::from_bit(self.bytes, at);
        let mut found = None;
        for _ in 0..count {
            let block = Block::read(&mut reader)?;
            if says(self.bytes, block.format, 7, format) && found.replace(block).is_some() {
                return Err(Reason::Format);
            }
        }
        Ok(found)
    }

    /// Received bits at a byte border; see [`cut`].
    pub fn cut<'b>(&self, span: Span, buffer: &'b mut [u8; CODE_LENGTH_MAX]) -> Result<&'b [u8], Reason> {
        cut(self.bytes, span, buffer)
    }

    /// SM3 of the bits under the phone's signature: signing the same content again gives the same key.
    pub fn replay_key(&self) -> Result<[u8; 32], Reason> {
        Ok(sm3(&[self.cut(self.level2_span, &mut [0; CODE_LENGTH_MAX])?]))
    }

    /// Whether octets are there, and are these.
    pub fn holds(&self, octets: Option<Span>, expected: &[u8]) -> bool {
        octets.is_some_and(|span| says(self.bytes, span, 8, expected))
    }

    /// Whether a block is in this format.
    pub fn is_in_format(&self, block: Block, format: &[u8]) -> bool {
        says(self.bytes, block.format, 7, format)
    }
}

/// A field that is there only if its bit says so.
fn optional<'c, T>(
    is_there: bool,
    reader: &mut Reader<'c>,
    read: impl FnOnce(&mut Reader<'c>) -> Result<T, Reason>,
) -> Result<Option<T>, Reason> {
    if is_there { read(reader).map(Some) } else { Ok(None) }
}

impl Level1 {
    fn read(reader: &mut Reader<'_>) -> Result<Level1, Reason> {
        let mut has = [false; 12];
        for present in &mut has {
            *present = reader.flag()?;
        }
        let number = |low, high| move |reader: &mut Reader<'_>| reader.number(low, high);
        Ok(Level1 {
            provider: optional(has[0], reader, |reader| Ok(reader.number(1, 32_000)? as u16))?,
            provider_text: optional(has[1], reader, Reader::text)?,
            key_id: optional(has[2], reader, number(0, 99_999))?,
            data: Sequence::read(reader)?,
            level1_key_oid: optional(has[3], reader, Reader::octets)?,
            level2_key_oid: optional(has[4], reader, Reader::octets)?,
            level1_signing_oid: optional(has[5], reader, Reader::octets)?,
            level2_signing_oid: optional(has[6], reader, Reader::octets)?,
            level2_key: optional(has[7], reader, Reader::octets)?,
            end_year: optional(has[8], reader, number(2_016, 2_269))?,
            end_day: optional(has[9], reader, number(1, 366))?,
            end_minute: optional(has[10], reader, number(0, 1_439))?,
            validity_s: optional(has[11], reader, |reader| Ok(reader.number(1, 3_600)? as u16))?,
        })
    }
}

impl Block {
    fn read(reader: &mut Reader<'_>) -> Result<Block, Reason> {
        Ok(Block { format: reader.text()?, data: reader.octets()? })
    }
}

impl Sequence {
    /// Steps over the blocks. Each takes two bytes at least, so their number is bounded by the length of the code.
    fn read(reader: &mut Reader<'_>) -> Result<Sequence, Reason> {
        let count = reader.length()?;
        let at = reader.at();
        for _ in 0..count {
            Block::read(reader)?;
        }
        Ok(Sequence { at, count })
    }
}
