//! What others published about GitHub's webhooks, fetched when a test needs it.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write as _},
    path::Path,
    process::Command,
    sync::LazyLock,
};

use serde_json::Value;

/// Payloads that people contributed (MIT): 329 of github.com, and those of GitHub Enterprise Server.
pub(crate) struct Examples {
    pub(crate) github: Vec<Example>,
    pub(crate) server: Vec<Example>,
}

/// A payload, and the name of its event.
pub(crate) struct Example {
    pub(crate) event: String,
    pub(crate) payload: Value,
}

impl Examples {
    /// Everybody of whom they speak.
    pub(crate) fn accounts(&self) -> BTreeSet<String> {
        let paths = [
            "/organization/login",
            "/installation/account/login",
            "/repository/owner/login",
        ];
        let lists = ["/repositories", "/repositories_added", "/repositories_removed"];
        let mut accounts = BTreeSet::new();
        for Example { payload, .. } in self.github.iter().chain(&self.server) {
            accounts.extend(
                paths
                    .iter()
                    .filter_map(|path| payload.pointer(path)?.as_str())
                    .map(str::to_owned),
            );
            let lists = lists
                .iter()
                .filter_map(|path| payload.pointer(path)?.as_array())
                .flatten();
            let names = lists.filter_map(|one| one["full_name"].as_str()?.split('/').next());
            accounts.extend(names.map(str::to_owned));
            if payload["repository"].is_null() && payload["organization"].is_null() {
                let enterprise = payload["enterprise"]["slug"].as_str();
                accounts.extend(enterprise.map(|slug| format!("enterprise:{slug}")));
            }
        }
        accounts
    }
}

/// The examples, or `None` if this machine cannot fetch them.
pub(crate) fn examples() -> Option<&'static Examples> {
    static EXAMPLES: LazyLock<Option<Examples>> = LazyLock::new(|| {
        let folder = unpacked("@octokit/webhooks-examples@7.6.1")?;
        let read = |name: &str| read_examples(&folder.path().join("package").join(name).join("index.json"));
        let servers = ["ghes-31", "ghes-32", "ghes-33", "ghes-34", "ghes-35"];
        Some(Examples {
            github: read("api.github.com"),
            server: servers.into_iter().flat_map(read).collect(),
        })
    });
    EXAMPLES.as_ref()
}

fn read_examples(file: &Path) -> Vec<Example> {
    let events: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let events = events.as_array().unwrap().iter();
    let examples = events.flat_map(|event| {
        let name = event["name"].as_str().unwrap();
        let payloads = event["examples"].as_array().unwrap().iter();
        payloads.map(|payload| Example {
            event: name.to_owned(),
            payload: payload.clone(),
        })
    });
    examples.collect()
}

/// GitHub's own description of its webhooks (MIT), as OpenAPI.
pub(crate) fn schemas() -> Option<&'static Value> {
    static SCHEMAS: LazyLock<Option<Value>> = LazyLock::new(|| {
        let folder = unpacked("@octokit/openapi-webhooks@12.1.0")?;
        let file = folder.path().join("package/generated/api.github.com.json");
        Some(serde_json::from_slice(&fs::read(file).unwrap()).unwrap())
    });
    SCHEMAS.as_ref()
}

/// A package of the npm registry, unpacked. Nothing of it is run.
fn unpacked(package: &str) -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let packed = Command::new("npm")
        .args(["pack", "--silent", "--ignore-scripts", package])
        .current_dir(&folder)
        .output()
        .ok()?;
    let file = String::from_utf8(packed.stdout).ok()?;
    let unpacked = Command::new("tar")
        .arg("-xzf")
        .arg(file.trim())
        .current_dir(&folder)
        .output()
        .ok()?;
    (packed.status.success() && unpacked.status.success()).then_some(folder)
}

/// Says that a test did not run. Where everything is to be installed, that is a failure.
pub(crate) fn skipped() {
    const NEEDS: &str =
        "npm, and the packages @octokit/webhooks-examples and @octokit/openapi-webhooks from its registry";
    assert!(std::env::var_os("INDELIBLE_CI").is_none(), "SKIPPED: needs {NEEDS}");
    let _ = writeln!(io::stderr(), "SKIPPED: needs {NEEDS}");
}
