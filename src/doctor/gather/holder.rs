//! Who holds the data directory, by the kernel's list of locks: to try the lock would be to take it.

use std::fs;
use std::os::unix::fs::MetadataExt;

use rustix::fs::{major, minor};

use super::super::facts::Holder;
use crate::data::DataDir;

pub(super) fn of(data: &DataDir) -> Holder {
    let path = data.lock();
    let found = match fs::metadata(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Holder::Nobody,
        Err(error) => return Holder::Unknown(format!("{}: {error}", path.display())),
    };
    let locks = match procfs::locks() {
        Ok(locks) => locks,
        Err(error) => return Holder::Unknown(format!("/proc/locks: {error}")),
    };
    let written = fs::read_to_string(&path)
        .ok()
        .and_then(|text| text.trim().parse::<i32>().ok());
    let held = locks.into_iter().find(|lock| {
        // Some file systems name another device there than here; then the process must be the one that the file names.
        let same_device = (lock.devmaj, lock.devmin) == (major(found.dev()), minor(found.dev()));
        lock.inode == found.ino() && (same_device || (lock.pid.is_some() && lock.pid == written))
    });
    match held {
        // A process of another container has no number here.
        Some(lock) => Holder::Process(lock.pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0)),
        None => Holder::Nobody,
    }
}
