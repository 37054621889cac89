//! The house rules, kept by a test. Every failure names the remedy.

use std::path::{Path, PathBuf};

/// Layers from the bottom; a crate may import crates of lower layers only.
const LAYERS: &[(&str, u8)] = &[
    ("kernel", 0),
    ("transit-code", 0),
    ("transit-code-c", 1),
    ("bank-files", 1),
    ("store", 1),
    ("ledger", 2),
    ("exchange", 2),
    ("service-kit", 3),
    ("services/registry", 4),
    ("services/medical", 4),
    ("services/transit", 4),
    ("services/clearing", 4),
    ("node", 5),
    ("simulator", 6),
    ("bench", 6),
];
const BANNED_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "misc", "manager", "base"];
const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 75;
/// Functions that may be longer, each with its reason.
const LONG_FUNCTIONS: &[(&str, &str)] =
    &[("settlement_booked", "one statement with all columns of a settlement"), ("apply", "one arm per event")];
/// What below `node` would make a run impossible to repeat.
const CLOCK_AND_CHANCE: &[&str] =
    &["SystemTime", "std::time::Instant", "getrandom", "thread_rng", "std::fs::", "std::net::", "std::env::"];
/// Where files must be touched below `node`: the journal, and the scratch files of stories.
const FILE_ACCESS: &[&str] = &["store/src/journal.rs", "store/src/replay.rs", "service-kit/src/harness.rs"];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("readable");
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

/// The source without its unit tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

fn check(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn imports_go_downwards_only() {
    let mut faults = Vec::new();
    for (name, layer) in LAYERS {
        let manifest = std::fs::read_to_string(crates().join(name).join("Cargo.toml")).expect("a crate's manifest");
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap_or_default();
        for (other, other_layer) in LAYERS.iter().filter(|(other, _)| other != name) {
            let package = format!("huitong-{}", other.rsplit('/').next().expect("a name"));
            if dependencies.contains(&format!("{package}.workspace")) && other_layer >= layer {
                faults.push(format!("{name} imports {other}: move what it needs down a layer"));
            }
        }
    }
    check(&faults);
}

#[test]
fn nothing_below_the_node_asks_for_time_chance_or_files() {
    let mut faults = Vec::new();
    for (name, _) in LAYERS.iter().filter(|(_, layer)| *layer < 5) {
        for (path, text) in sources(&crates().join(name).join("src")) {
            let allowed = FILE_ACCESS.iter().any(|file| path.ends_with(file));
            for word in CLOCK_AND_CHANCE.iter().filter(|word| !allowed && without_tests(&text).contains(*word)) {
                faults.push(format!("{}: {word}: take it as an argument, ask for it in crates/node", path.display()));
            }
        }
    }
    check(&faults);
}

#[test]
fn money_never_floats() {
    let mut faults = Vec::new();
    for (name, _) in LAYERS.iter().filter(|(_, layer)| *layer < 5) {
        for (path, text) in sources(&crates().join(name).join("src")) {
            for word in ["f64", "f32"].iter().filter(|word| without_tests(&text).contains(*word)) {
                faults.push(format!("{}: {word}: use Fen, Decimal or i128", path.display()));
            }
        }
    }
    check(&faults);
}

#[test]
fn names_say_what_is_in_a_file() {
    let mut faults = Vec::new();
    for (path, _) in sources(&crates()) {
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        if BANNED_NAMES.contains(&stem.as_str()) || BANNED_NAMES.contains(&folder.as_str()) {
            faults.push(format!("{}: name it after its noun or verb", path.display()));
        }
    }
    check(&faults);
}

#[test]
fn files_and_functions_stay_small() {
    let mut faults = Vec::new();
    for (path, text) in sources(&crates()) {
        let lines = without_tests(&text).lines().count();
        if lines > FILE_LINES_MAX {
            faults.push(format!("{}: {lines} lines: what would a newcomer call its two halves?", path.display()));
        }
        for (name, lines) in long_functions(&text) {
            if !LONG_FUNCTIONS.iter().any(|(known, _)| *known == name) {
                faults.push(format!("{}: fn {name} has {lines} lines: give a part of it a name", path.display()));
            }
        }
    }
    check(&faults);
}

/// Functions over the limit: from the line with `fn` to the closing brace of the same indentation.
fn long_functions(text: &str) -> Vec<(String, usize)> {
    let mut long = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let is_function = ["fn ", "pub fn ", "async fn ", "pub async fn ", "pub(crate) fn "]
            .iter()
            .any(|mark| code.starts_with(mark));
        if !is_function {
            continue;
        }
        let end_mark = format!("{}}}", &line[..line.len() - code.len()]);
        let length = lines[start..].iter().position(|line| *line == end_mark).unwrap_or(0);
        if length > FUNCTION_LINES_MAX {
            let name = code.split("fn ").nth(1).unwrap_or_default();
            long.push((name.split(['(', '<']).next().unwrap_or_default().to_owned(), length));
        }
    }
    long
}

#[test]
fn documents_point_to_what_exists() {
    let root = crates().join("..");
    let mut faults = Vec::new();
    for document in ["README.md", "README.zh-CN.md", "ARCHITECTURE.md", "docs/README.md"] {
        let text = std::fs::read_to_string(root.join(document)).expect("the document exists");
        let folder = root.join(document).parent().expect("a folder").to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !link.starts_with("http") && !folder.join(link).exists() {
                faults.push(format!("{document} points to {link}: mend the link"));
            }
        }
    }
    check(&faults);
}
