//! Python, with packages that nobody has to have installed.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes an environment in `folder`, with these packages in it; the interpreter, or `None` if this machine cannot.
pub(crate) fn virtual_environment(folder: &Path, packages: &[&str]) -> Option<PathBuf> {
    let made = Command::new("python3").args(["-m", "venv"]).arg(folder).output().ok()?;
    let python = folder.join("bin/python");
    let installed = made.status.success().then(|| {
        Command::new(&python)
            // Some of them ask for a newer Python than they need.
            .args(["-m", "pip", "install", "--quiet", "--ignore-requires-python"])
            .args(packages)
            .output()
    })?;
    installed.ok()?.status.success().then_some(python)
}
