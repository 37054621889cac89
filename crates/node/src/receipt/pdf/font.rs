//! The font of a receipt: read from the system, measured, and asked whether it has the characters.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use krilla::text::Font;
use ttf_parser::Face;

/// A font file larger than this is none.
const FONT_BYTES_MAX: u64 = 64 << 20;

/// Where distributions put fonts with Chinese characters, and which font of a collection is the one for Simplified Chinese.
const KNOWN: &[(&str, u32)] = &[
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc", 2),
    ("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", 0),
];

pub struct ReceiptFont {
    bytes: Vec<u8>,
    index: u32,
    font: Font,
}

impl ReceiptFont {
    pub fn open(font: Option<&Path>, index: u32) -> anyhow::Result<ReceiptFont> {
        let (path, index) = match font {
            Some(path) => (path.to_owned(), index),
            None => known()?,
        };
        let fault = || format!("{} cannot be used as a font 无法用作字体", path.display());
        let size = std::fs::metadata(&path).with_context(fault)?.len();
        if size > FONT_BYTES_MAX {
            bail!("{}: more than {FONT_BYTES_MAX} bytes 文件过大", fault());
        }
        let bytes = std::fs::read(&path).with_context(fault)?;
        let face = Face::parse(&bytes, index).map_err(|error| anyhow!("{}: {error}", fault()))?;
        if face.glyph_index('结').is_none() {
            bail!("{}: it has no Chinese characters 该字体没有汉字", fault());
        }
        let font = Font::new(bytes.clone().into(), index).with_context(fault)?;
        Ok(ReceiptFont { bytes, index, font })
    }

    pub fn font(&self) -> Font {
        self.font.clone()
    }

    pub fn measure(&self) -> anyhow::Result<Measure<'_>> {
        let face = Face::parse(&self.bytes, self.index).context("the font was read before 字体")?;
        Ok(Measure { face })
    }
}

fn known() -> anyhow::Result<(PathBuf, u32)> {
    let found = KNOWN.iter().find(|(path, _)| Path::new(path).is_file());
    let (path, index) = found.context(
        "no font with Chinese characters was found: install one (Debian: apt-get install fonts-wqy-microhei) or name one with \
         --font FILE. 未找到中文字体：请安装（例如 fonts-wqy-microhei），或用 --font 指定字体文件。",
    )?;
    Ok((PathBuf::from(path), *index))
}

/// How wide texts are.
pub struct Measure<'a> {
    face: Face<'a>,
}

impl Measure<'_> {
    /// In points, at a size in points.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        let advance = |letter| self.face.glyph_index(letter).and_then(|glyph| self.face.glyph_hor_advance(glyph));
        let units: u32 = text.chars().map(|letter| u32::from(advance(letter).unwrap_or(0))).sum();
        units as f32 * size / f32::from(self.face.units_per_em())
    }

    /// The text in characters that the font has: signs may be replaced, others are named in an error.
    pub fn drawable(&self, text: &str) -> anyhow::Result<String> {
        let has = |letter| self.face.glyph_index(letter).is_some();
        text.chars()
            .map(|letter| match letter {
                _ if has(letter) => Ok(letter),
                '−' | '–' => Ok('-'),
                '×' => Ok('x'),
                _ => Err(anyhow!("the font lacks the character {letter:?} 字体缺少该字符；use another with --font")),
            })
            .collect()
    }

    /// The lines that a text takes; broken between Chinese characters and at spaces, and within a word only where it must be.
    pub fn wrapped(&self, text: &str, size: f32, width_max: f32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for letter in text.chars() {
            line.push(letter);
            if self.width(&line, size) <= width_max || line.chars().count() == 1 {
                continue;
            }
            let break_at = last_break(&line).unwrap_or(line.len() - letter.len_utf8());
            let rest = line.split_off(break_at).trim_start().to_owned();
            lines.push(std::mem::replace(&mut line, rest));
        }
        lines.push(line);
        lines
    }
}

/// After the last space, or between two characters of which one is not ASCII; never at the end.
fn last_break(line: &str) -> Option<usize> {
    let places: Vec<(usize, char)> = line.char_indices().collect();
    let pairs = places.windows(2).rev();
    let breakable = |before: char, after: char| {
        before == ' ' || ((!before.is_ascii() || !after.is_ascii()) && !"，。；：、）".contains(after))
    };
    pairs.filter_map(|pair| breakable(pair[0].1, pair[1].1).then_some(pair[1].0)).next()
}
