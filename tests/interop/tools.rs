//! The tools that others wrote, installed once for the tests that run at the same time.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, Weak};

use tempfile::TempDir;

use crate::support::{ended, stderr, stdout};
use crate::venv::virtual_environment;

/// A Python environment with the tools.
pub(crate) struct Tools {
    _folder: TempDir,
    bin: PathBuf,
}

impl Tools {
    /// `None` if this machine cannot install them.
    pub(crate) fn installed() -> Option<Arc<Tools>> {
        let mut shared = SHARED.lock().unwrap();
        if let Some(tools) = shared.upgrade() {
            return Some(tools);
        }
        let folder = tempfile::tempdir().unwrap();
        let python = virtual_environment(&folder.path().join("venv"), &PACKAGES)?;
        let bin = python.parent().unwrap().to_owned();
        let tools = Arc::new(Tools { _folder: folder, bin });
        *shared = Arc::downgrade(&tools);
        Some(tools)
    }

    /// The interpreter that has their packages.
    pub(crate) fn python(&self) -> PathBuf {
        self.bin.join("python")
    }

    fn run(&self, tool: &str, args: &[&str]) -> Output {
        let mut command = Command::new(self.bin.join(tool));
        command.args(args);
        ended(command)
    }

    /// What the tool prints when it accepts, which it must.
    pub(crate) fn accepts(&self, tool: &str, args: &[&str]) -> String {
        let output = self.run(tool, args);
        let words = format!("{tool} {args:?}: {}{}", stdout(&output), stderr(&output));
        assert!(output.status.success(), "{words}");
        stdout(&output)
    }

    /// The tool must not accept, and must give this reason.
    pub(crate) fn refuses(&self, tool: &str, args: &[&str], reason: &str) {
        let output = self.run(tool, args);
        let words = format!("{}{}", stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(1), "{tool} {args:?}: {words}");
        assert!(words.contains(reason), "{tool} {args:?}: {reason:?} is not in {words}");
    }
}

/// What it takes to run these tests.
pub(crate) const NEEDS: &str = "python3 with venv, and aics-tlog and tlog-scales from its package index";

const PACKAGES: [&str; 2] = ["aics-tlog==0.2.1", "tlog-scales==0.0.3"];

static SHARED: Mutex<Weak<Tools>> = Mutex::new(Weak::new());
