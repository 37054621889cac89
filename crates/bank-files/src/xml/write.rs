//! Writes elements, two blanks a level.

use std::fmt::Write as _;

use huitong_kernel::money::Fen;

pub struct Writer {
    text: String,
    open: Vec<&'static str>,
}

impl Writer {
    /// Begins `Document` in its namespace.
    pub fn document(namespace: &str) -> Writer {
        let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"{namespace}\">\n");
        Writer { text, open: vec!["Document"] }
    }

    /// An element with elements in it.
    pub fn inside(&mut self, name: &'static str, fill: impl FnOnce(&mut Writer)) {
        self.indent();
        let _ = writeln!(self.text, "<{name}>");
        self.open.push(name);
        fill(self);
        self.close();
    }

    /// Elements inside one another, the innermost with text: for instance `Id/Othr/Id`.
    pub fn text(&mut self, way: &[&'static str], value: &str) {
        match way {
            [name] => {
                self.indent();
                let _ = writeln!(self.text, "<{name}>{}</{name}>", escaped(value));
            }
            [name, rest @ ..] => self.inside(name, |writer| writer.text(rest, value)),
            [] => unreachable!("a way has a last name"),
        }
    }

    pub fn optional(&mut self, way: &[&'static str], value: Option<&str>) {
        if let Some(value) = value {
            self.text(way, value);
        }
    }

    /// Yuan to the fen.
    pub fn amount(&mut self, name: &'static str, amount: Fen) {
        self.indent();
        let _ = writeln!(self.text, "<{name} Ccy=\"CNY\">{}</{name}>", amount.yuan());
    }

    /// Ends `Document`.
    pub fn finish(mut self) -> String {
        self.close();
        assert!(self.open.is_empty(), "every element ends where it began");
        self.text
    }

    fn close(&mut self) {
        let name = self.open.pop().expect("an element is open");
        self.indent();
        let _ = writeln!(self.text, "</{name}>");
    }

    fn indent(&mut self) {
        let _ = write!(self.text, "{:1$}", "", self.open.len() * 2);
    }
}

/// Line ends and tabulators by number: a reader would otherwise take them for the layout of the file.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '\r' => text.push_str("&#13;"),
            '\n' => text.push_str("&#10;"),
            '\t' => text.push_str("&#9;"),
            _ => text.push(character),
        }
    }
    text
}
