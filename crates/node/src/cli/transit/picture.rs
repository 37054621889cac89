//! Ride codes as QR pictures: binary payload in one byte-mode segment, error correction M, quiet zone of four modules.
//!
//! Nothing converts characters on the way: a code is bytes, and a scanner that takes them for text spoils them (transit
//! specification §4.1).

mod finders;

use std::fmt::Write as _;
use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

/// Modules of white around the code; the standard asks for four.
const QUIET: usize = 4;
/// Pixels a module has in a PNG.
const SCALE: usize = 6;
/// Pixels of a picture that is read: more than a phone's screen has.
const PIXELS_MAX: usize = 4 << 20;
/// How long the search for a code may take. It needs some hundredths of a second; its time grows with the third power of the
/// finder patterns, and a picture can be drawn to make it slow in other ways too.
const PATIENCE: Duration = Duration::from_secs(5);
/// Finder patterns of a picture that is searched: a code has three, and other things look like one now and then.
const FINDERS_MAX: usize = 16;
/// Searches that run at once, those that were given up among them.
const SEARCHES_MAX: usize = 8;
const PNG_MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

pub struct Picture {
    dark: Vec<bool>,
    width: usize,
}

impl Picture {
    /// The smallest version that holds the bytes. One byte-mode segment: split segments would put parts of the code into
    /// modes that readers turn into text.
    pub fn of(bytes: &[u8]) -> anyhow::Result<Picture> {
        for version in (1..=40).map(Version::Normal) {
            let mut bits = Bits::new(version);
            if bits.push_byte_data(bytes).and_then(|()| bits.push_terminator(EcLevel::M)).is_ok() {
                let code = QrCode::with_bits(bits, EcLevel::M).map_err(|error| anyhow!("no QR code: {error}"))?;
                let dark = code.to_colors().into_iter().map(|color| color == Color::Dark).collect();
                return Ok(Picture { width: code.width(), dark });
            }
        }
        bail!("{} bytes are too many for a QR code", bytes.len())
    }

    /// Modules to a side, the quiet zone included.
    fn side(&self) -> usize {
        self.width + 2 * QUIET
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.width);
        matches!((inside(x), inside(y)), (Some(x), Some(y)) if self.dark[y * self.width + x])
    }

    pub fn png(&self) -> anyhow::Result<Vec<u8>> {
        let side = self.side() * SCALE;
        let pixel = |at: usize| if self.is_dark(at % side / SCALE, at / side / SCALE) { 0 } else { u8::MAX };
        let pixels: Vec<u8> = (0..side * side).map(pixel).collect();
        let mut bytes = Vec::new();
        let size = u32::try_from(side)?;
        let mut encoder = png::Encoder::new(&mut bytes, size, size);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&pixels)?;
        writer.finish()?;
        Ok(bytes)
    }

    pub fn svg(&self) -> String {
        let side = self.side();
        let mut path = String::new();
        for (x, y) in (0..side * side).map(|at| (at % side, at / side)).filter(|(x, y)| self.is_dark(*x, *y)) {
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\"/></svg>\n"
        )
    }

    /// For a terminal: two rows of modules in a line, dark on white whatever the terminal's colours are.
    pub fn terminal(&self) -> String {
        let side = self.side();
        let mut text = String::new();
        for y in (0..side).step_by(2) {
            text.push_str("\x1b[30;107m");
            for x in 0..side {
                text.push(match (self.is_dark(x, y), self.is_dark(x, y + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push_str("\x1b[0m\n");
        }
        text
    }
}

pub fn is_png(bytes: &[u8]) -> bool {
    bytes.starts_with(PNG_MAGIC)
}

/// The bytes of the one QR code in a PNG. Whatever the file is, an answer comes in time.
pub fn read(png: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    static RUNNING: AtomicUsize = AtomicUsize::new(0);
    /// One search; dropped also when it panics.
    struct Running;
    impl Drop for Running {
        fn drop(&mut self) {
            RUNNING.fetch_sub(1, Ordering::Relaxed);
        }
    }
    let before = RUNNING.fetch_add(1, Ordering::Relaxed);
    let running = Running;
    if before >= SEARCHES_MAX {
        bail!("{before} earlier pictures are still being searched");
    }
    let (send, found) = sync_channel(1);
    // A thread of its own can be left alone, and its panic ends nobody else: the search is a foreign crate's.
    std::thread::Builder::new().name("picture".to_owned()).spawn(move || {
        let _ = send.send(search(&png));
        drop(running);
    })?;
    match found.recv_timeout(PATIENCE) {
        Ok(found) => found,
        Err(RecvTimeoutError::Timeout) => bail!("the search for a QR code takes too long"),
        Err(RecvTimeoutError::Disconnected) => bail!("the search for a QR code failed"),
    }
}

fn search(png: &[u8]) -> anyhow::Result<Vec<u8>> {
    let (width, height, grey) = grey(png).context("the PNG cannot be read")?;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| grey[y * width + x]);
    let is_dark = |x: usize, y: usize| image.get_pixel_at(x, y) == 1_u8;
    if finders::count(width, height, is_dark, FINDERS_MAX + 1) > FINDERS_MAX {
        bail!("the picture shows too many finder patterns; show one QR code");
    }
    let mut found = Vec::new();
    let mut fault = None;
    for grid in image.detect_grids() {
        let mut bytes = Vec::new();
        match grid.decode_to(&mut bytes) {
            Ok(_) => found.push(bytes),
            Err(error) => fault = Some(error),
        }
    }
    match (found.pop(), found.is_empty(), fault) {
        (Some(bytes), true, _) => Ok(bytes),
        (Some(_), false, _) => bail!("the picture shows several QR codes; show one"),
        (None, _, Some(error)) => bail!("the QR code in the picture cannot be read: {error}"),
        (None, _, None) => bail!("the picture shows no QR code"),
    }
}

/// Width, height and brightness of a PNG; what is transparent is white.
fn grey(bytes: &[u8]) -> anyhow::Result<(usize, usize, Vec<u8>)> {
    let limits = png::Limits { bytes: PIXELS_MAX * 4 };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info()?;
    let pixels = u64::from(reader.info().width) * u64::from(reader.info().height);
    if pixels > PIXELS_MAX as u64 {
        bail!("it has {pixels} pixels, more than {PIXELS_MAX}");
    }
    let size = reader.output_buffer_size().filter(|size| *size <= PIXELS_MAX * 4).context("it is too large")?;
    let mut buffer = vec![0; size];
    let frame = reader.next_frame(&mut buffer)?;
    let samples = frame.color_type.samples();
    let on_white = |value: u8, alpha: u8| 255 - u32::from(255 - value) * u32::from(alpha) / 255;
    let brightness = |pixel: &[u8]| match *pixel {
        [grey] => u32::from(grey),
        [grey, alpha] => on_white(grey, alpha),
        [red, green, blue] => (u32::from(red) + u32::from(green) + u32::from(blue)) / 3,
        [red, green, blue, alpha] => (on_white(red, alpha) + on_white(green, alpha) + on_white(blue, alpha)) / 3,
        _ => 255,
    };
    let pixels = buffer[..frame.buffer_size()].chunks_exact(samples);
    let grey = pixels.map(|pixel| u8::try_from(brightness(pixel)).unwrap_or(u8::MAX)).collect();
    Ok((usize::try_from(frame.width)?, usize::try_from(frame.height)?, grey))
}

#[cfg(test)]
mod tests {
    use huitong_transit_code::record::SCAN_LENGTH_MAX;

    use super::*;

    #[test]
    fn every_byte_survives_the_picture() {
        // 360 bytes, all values, with runs that a text reader or a segment splitter would treat in its own way.
        let mut bytes: Vec<u8> = (0..=255).collect();
        bytes.extend(
            b"0123456789012345678901234567890123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ\x93\x5f\xe4\xaa\x00\x00\xff\xfe",
        );
        bytes.resize(360, 0x81);
        let picture = Picture::of(&bytes).expect("360 bytes fit");
        assert_eq!(picture.width, 73, "version 14");
        assert_eq!(read(picture.png().expect("a PNG")).expect("readable"), bytes);
        // The longest code that a tap record holds, and the shortest scan.
        for length in [SCAN_LENGTH_MAX - 1, 1] {
            bytes.resize(length, 0xc3);
            let png = Picture::of(&bytes).and_then(|picture| picture.png()).expect("a PNG");
            assert_eq!(read(png).expect("readable"), bytes);
        }
    }

    fn fault(png: Vec<u8>) -> String {
        format!("{:#}", read(png).expect_err("nothing to read"))
    }

    #[test]
    fn a_picture_without_a_code_says_so() {
        let empty = Picture { dark: vec![false; 21 * 21], width: 21 };
        assert!(fault(empty.png().expect("a PNG")).contains("no QR code"));
        assert!(read(b"\x89PNG\r\n\x1a\n and then nothing".to_vec()).is_err());
    }

    #[test]
    fn a_picture_full_of_finder_patterns_is_refused_and_does_not_stop_the_reader() {
        // Rings of seven modules around stones of three, a module of white between them.
        let side = 40 * 8;
        let ring = |at: usize| at % 8;
        let dark = |x: usize, y: usize| {
            let (x, y) = (ring(x), ring(y));
            let is_in = |from: usize, to: usize| (from..=to).contains(&x) && (from..=to).contains(&y);
            is_in(0, 6) && (!is_in(1, 5) || is_in(2, 4))
        };
        for side in [side, 50] {
            let dark = (0..side * side).map(|at| dark(at % side, at / side)).collect();
            let fault = fault(Picture { dark, width: side }.png().expect("a PNG"));
            assert!(fault.contains("too many finder patterns"), "{side}: {fault}");
        }
    }

    #[test]
    fn a_picture_of_too_many_pixels_is_refused_by_its_size() {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 4_000, 4_000);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(&vec![0; 4_000 * 500]).expect("two million bytes");
        writer.finish().expect("an end");
        let fault = fault(bytes);
        assert!(fault.contains("16000000 pixels"), "{fault}");
    }
}
