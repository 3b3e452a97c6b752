//! What the system allows the service, or a process that is started here.

use std::fs;
use std::path::{Path, PathBuf};

use procfs::process::{LimitValue, Process};
use procfs::{Current, Meminfo};

use super::super::facts::{Holder, Limits};

pub(super) fn of(holder: &Holder) -> Limits {
    let service = match holder {
        Holder::Process(Some(pid)) => i32::try_from(*pid).ok().and_then(|pid| Process::new(pid).ok()),
        Holder::Process(None) | Holder::Nobody | Holder::Unknown(_) => None,
    };
    let of_service = service.is_some();
    let (files, memory) = match service.map_or_else(Process::myself, Ok) {
        Ok(process) => (files(&process), memory(&process)),
        Err(error) => (Err(format!("/proc: {error}")), Err(format!("/proc: {error}"))),
    };
    Limits {
        of_service,
        files,
        memory,
    }
}

fn files(process: &Process) -> Result<Option<u64>, String> {
    let limits = process.limits();
    let limits = limits.map_err(|error| format!("the limits of process {}: {error}", process.pid()))?;
    Ok(match limits.max_open_files.soft_limit {
        LimitValue::Value(limit) => Some(limit),
        LimitValue::Unlimited => None,
    })
}

/// The least of the control groups that it is in, and what the machine has.
fn memory(process: &Process) -> Result<u64, String> {
    let machine = Meminfo::current()
        .map_err(|error| format!("/proc/meminfo: {error}"))?
        .mem_total;
    let groups = fs::read_to_string(format!("/proc/{}/cgroup", process.pid())).unwrap_or_default();
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"));
    let group = group.map(|group| Path::new("/sys/fs/cgroup").join(group));
    let limits = group.iter().flat_map(|group| group.ancestors().map(limit_of)).flatten();
    Ok(limits.chain([machine]).min().unwrap_or(machine))
}

fn limit_of(group: &Path) -> Option<u64> {
    let file: PathBuf = group.join("memory.max");
    fs::read_to_string(file).ok()?.trim().parse().ok()
}
