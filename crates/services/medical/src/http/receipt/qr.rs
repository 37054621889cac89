//! The QR code of a receipt: alphanumeric mode, error correction M, a quiet zone of four modules.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// Modules of white around the code; the standard asks for four.
const QUIET: usize = 4;

/// Where a code is dark, as runs of modules: column, row and length, the quiet zone counted. Empty when the text is too long for any
/// QR code, which no token is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modules {
    /// Modules to a side, the quiet zone included.
    pub side: usize,
    pub runs: Vec<(usize, usize, usize)>,
}

pub fn modules(text: &str) -> Modules {
    let Ok(code) = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M) else { return Modules::default() };
    let width = code.width();
    let mut runs = Vec::new();
    for (row, colors) in code.to_colors().chunks(width).enumerate() {
        let mut column = 0;
        while column < width {
            let length = colors[column..].iter().take_while(|color| **color == Color::Dark).count();
            if length > 0 {
                runs.push((column + QUIET, row + QUIET, length));
            }
            column += length.max(1);
        }
    }
    Modules { side: width + 2 * QUIET, runs }
}

pub fn svg(text: &str) -> String {
    let Modules { side, runs } = modules(text);
    let mut path = String::new();
    for (x, y, length) in runs {
        let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\" role=\"img\" \
         aria-label=\"QR\"><rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\"/></svg>\n"
    )
}
