//! The same demands on the real binary: it serves what is left, and finds nothing wrong with it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::record::{CONFIGURATION, data_in};

/// Serves the log in `root`, kills the server, and lets `fsck` look.
pub(crate) fn check(root: &Path, told: u64) -> Result<(), String> {
    let data = data_in(root);
    let command = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_indelible"));
        command
            .args(args)
            .arg("--data")
            .arg(&data)
            .env_clear()
            .envs(CONFIGURATION);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    };
    let mut server = command(&["serve", "--open", "--listen", "127.0.0.1:0"])
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut said = Vec::new();
    let mut size = None;
    for line in BufReader::new(server.stderr.take().expect("piped"))
        .lines()
        .map_while(Result::ok)
    {
        size = line
            .split_once("(size ")
            .and_then(|(_, rest)| rest.split_once(')'))
            .and_then(|(size, _)| size.parse().ok());
        said.push(line);
        if size.is_some() {
            break;
        }
    }
    let _ = server.kill();
    let _ = server.wait();
    match size {
        Some(size) if size >= told => {}
        Some::<u64>(size) => return Err(format!("serve: {size} entries")),
        None => return Err(format!("serve refused: {said:#?}")),
    }
    let fsck = command(&["fsck"]).output().map_err(|error| error.to_string())?;
    match fsck.status.success() {
        true => Ok(()),
        false => Err(format!("fsck: {}", String::from_utf8_lossy(&fsck.stderr))),
    }
}
