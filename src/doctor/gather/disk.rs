//! The file system of the data directory.

use std::fs;

use procfs::process::Process;
use rustix::fs::statvfs;

use super::super::facts::Disk;
use crate::data::DataDir;

pub(super) fn of(data: &DataDir) -> Result<Disk, String> {
    let said = |error: &dyn std::fmt::Display| format!("{}: {error}", data.path().display());
    let path = fs::canonicalize(data.path()).map_err(|error| said(&error))?;
    let found = statvfs(&path).map_err(|error| said(&error))?;
    let mounts = Process::myself().and_then(|process| process.mountinfo());
    let mounts = mounts.map_err(|error| format!("/proc/self/mountinfo: {error}"))?;
    // Of several on one path the last is on top.
    let mount = mounts
        .0
        .into_iter()
        .filter(|mount| path.starts_with(&mount.mount_point));
    let mount = mount.max_by_key(|mount| mount.mount_point.as_os_str().len());
    let mount = mount.ok_or_else(|| said(&"no mount of it is known"))?;
    let options = mount.mount_options.into_iter().chain(mount.super_options);
    Ok(Disk {
        kind: mount.fs_type,
        options: options
            .map(|(name, value)| value.map_or_else(|| name.clone(), |value| format!("{name}={value}")))
            .collect(),
        free: found.f_bavail * found.f_frsize,
        total: found.f_blocks * found.f_frsize,
        files_free: (found.f_files > 0).then_some(found.f_favail),
    })
}
