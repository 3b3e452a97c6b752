//! The shim in shim.c, compiled once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::Bed;

/// What a test says that could not run.
pub(crate) const NEEDS: &str = "a C compiler, called cc";

/// The command that serves the log of a bed with the shim in it; `None` without a compiler.
pub(crate) fn serve(bed: &Bed) -> Option<Command> {
    with_shim(bed.serve_command())
}

/// A command with the shim in it.
pub(crate) fn with_shim(mut command: Command) -> Option<Command> {
    static SHIM: OnceLock<Option<PathBuf>> = OnceLock::new();
    command.env("LD_PRELOAD", SHIM.get_or_init(compile).as_ref()?);
    Some(command)
}

fn compile() -> Option<PathBuf> {
    let shim = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shim-{}.so", std::process::id()));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.c");
    let mut compiler = Command::new("cc");
    compiler
        .args(["-shared", "-fPIC", "-Wall", "-Werror", "-o"])
        .arg(&shim)
        .arg(source)
        .arg("-ldl");
    let compiled = compiler.status().ok()?;
    assert!(compiled.success(), "the shim does not compile");
    Some(shim)
}
