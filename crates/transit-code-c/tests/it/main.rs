//! What a gate vendor does: builds the static library without the standard library, links the C example, runs the suite.

use std::collections::BTreeSet;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use huitong_transit_code::attack::{self, LineGate};

/// What the library may ask of a gate's C environment, and what every program has.
const ASKED: &[&str] = &[
    "memcpy",
    "memmove",
    "memset",
    "memcmp",
    "bcmp",
    "__libc_start_main",
    "__cxa_finalize",
    "__gmon_start__",
    "_ITM_deregisterTMCloneTable",
    "_ITM_registerTMCloneTable",
];

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The static library as the guide says to build it.
fn library(target: &Path) -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--package", "huitong-transit-code-c", "--no-default-features", "--profile", "gate"]);
    run(build.arg("--target-dir").arg(target).current_dir(folder()));
    target.join("gate/libhuitong_transit.a")
}

/// The folder of this test run's builds, kept so that a second run is quick.
fn target() -> PathBuf {
    let tests = std::env::current_exe().expect("this test has a path");
    tests
        .ancestors()
        .find(|path| path.ends_with("deps"))
        .and_then(Path::parent)
        .expect("a target folder")
        .join("gate-vendor")
}

#[test]
fn a_gate_in_c_refuses_every_attack_and_the_library_needs_no_heap() {
    let library = library(&target());
    let example = target().join("gate-example");
    let mut compile = Command::new("cc");
    compile.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", "-I"]).arg(folder().join("include"));
    run(compile.arg(folder().join("example/gate.c")).arg(&library).arg("-o").arg(&example));

    let mut gate =
        Command::new(&example).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the gate starts");
    let Child { stdin, stdout, .. } = &mut gate;
    let mut lines =
        LineGate { from: BufReader::new(stdout.take().expect("a pipe")), to: stdin.take().expect("a pipe") };
    let report = attack::run(&mut lines);
    drop(lines);
    assert!(gate.wait().expect("the gate ends").success());
    assert!(report.passed(), "{report}");

    let brought = wanted(&example);
    assert!(brought.contains("printf") || brought.contains("fflush"), "the list of symbols is read: {brought:?}");
    let object = target().join("gate-example.o");
    let mut compile = Command::new("cc");
    compile.args(["-std=c11", "-O2", "-c", "-I"]).arg(folder().join("include"));
    run(compile.arg(folder().join("example/gate.c")).arg("-o").arg(&object));
    let by_example = wanted(&object);
    let by_library: Vec<_> = brought.difference(&by_example).filter(|name| !ASKED.contains(&name.as_str())).collect();
    assert!(by_library.is_empty(), "the library asks its environment for {by_library:?}");
}

/// The symbols that a program or object file asks others for.
fn wanted(file: &Path) -> BTreeSet<String> {
    let symbols = run(Command::new("nm").args(["--format=posix", "--undefined-only"]).arg(file));
    let name = |line: &str| line.split(['@', ' ']).next().unwrap_or_default().to_owned();
    symbols.lines().map(name).collect()
}
