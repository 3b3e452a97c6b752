//! The disk: whether there is room, whether a sync is one, and whether what is overwritten is gone.

use super::super::check::Check;
use super::super::facts::{Disk, Facts};

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let disk = match &facts.disk {
        Ok(disk) => disk,
        Err(error) => {
            return vec![Check::warn(
                "disk",
                error,
                "ask on the machine where the data directory is",
            )];
        }
    };
    let segment = facts.config.as_ref().map_or(256, |config| config.segment_mib);
    vec![room(disk, u64::from(segment) << 20), syncs(disk), overwrites(disk)]
}

fn room(disk: &Disk, segment: u64) -> Check {
    let free = disk.free >> 20;
    let todo = "make room, or move the directory to a larger disk while the log rests";
    if disk.free < SEGMENTS_BAD * segment {
        return Check::bad(
            "disk",
            format!("{free} MiB are free; a journal segment takes {} MiB", segment >> 20),
            todo,
        );
    }
    if disk.files_free.is_some_and(|files| files < FILES_MIN) {
        return Check::bad(
            "disk",
            "the file system has hardly an inode left",
            "remove files, or make it anew with more",
        );
    }
    let share = disk.free.saturating_mul(100) / disk.total.max(1);
    match share < PERCENT_WARN || disk.free < SEGMENTS_WARN * segment {
        true => Check::warn("disk", format!("{free} MiB are free, {share} % of it"), todo),
        false => Check::ok("disk", format!("{free} MiB are free, {share} % of it")),
    }
}

fn syncs(disk: &Disk) -> Check {
    let kind = disk.kind.as_str();
    let option = |name: &str| disk.options.iter().any(|option| option == name);
    if MEMORY.contains(&kind) {
        return Check::bad(
            "sync",
            format!("{kind} lies in memory: a reboot takes the log with it"),
            "use a disk",
        );
    }
    if option("nobarrier") || option("barrier=0") || option("sync=disabled") {
        return Check::bad(
            "sync",
            format!("{kind} is mounted so that a sync does not reach the disk"),
            "mount it without nobarrier, barrier=0 and sync=disabled: after a power loss acknowledged entries would be gone",
        );
    }
    if REMOTE.contains(&kind) || kind.starts_with("fuse") {
        return Check::warn(
            "sync",
            format!("{kind} is a network's or a program's file system: whether a sync reaches a disk, only that knows"),
            "put the data directory on a local disk; locks of a directory on NFS do not hold either",
        );
    }
    match KNOWN.contains(&kind) {
        true => Check::ok("sync", format!("{kind} syncs, as far as its options tell")),
        false => Check::warn(
            "sync",
            format!("nothing is known here about what a sync does on {kind}"),
            "ext4, xfs and btrfs are known to keep what they have synced, if the disk does",
        ),
    }
}

fn overwrites(disk: &Disk) -> Check {
    match COPYING.contains(&disk.kind.as_str()) {
        true => Check::warn(
            "erasure",
            format!(
                "{} writes elsewhere what is overwritten: what was erased stays on the disk until its block is used again",
                disk.kind
            ),
            "use ext4 or xfs if erasures must reach the disk; snapshots keep what was erased in any case (docs/erasure.md)",
        ),
        false => Check::ok(
            "erasure",
            "what is erased is overwritten in place, as far as the file system goes",
        ),
    }
}

/// A commit may need the next segment at once.
const SEGMENTS_BAD: u64 = 2;
/// Of these a busy log fills several an hour.
const SEGMENTS_WARN: u64 = 20;
const PERCENT_WARN: u64 = 10;
const FILES_MIN: u64 = 100;

const MEMORY: [&str; 3] = ["tmpfs", "ramfs", "rootfs"];
const REMOTE: [&str; 10] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "9p",
    "virtiofs",
    "ceph",
    "glusterfs",
    "lustre",
    "afs",
];
const KNOWN: [&str; 9] = [
    "ext4", "ext3", "xfs", "btrfs", "zfs", "bcachefs", "f2fs", "jfs", "overlay",
];
/// What overlay does depends on what is under it; it does not copy what is in its upper layer already.
const COPYING: [&str; 4] = ["btrfs", "zfs", "bcachefs", "f2fs"];

#[cfg(test)]
mod tests {
    use super::super::super::check::Health;
    use super::super::sound::check;
    use super::Facts;

    #[test]
    fn what_is_wrong_with_the_disk() {
        let kind = |kind: &'static str| move |facts: &mut Facts| facts.disk.as_mut().unwrap().kind = kind.to_owned();
        let free = |mib: u64| move |facts: &mut Facts| facts.disk.as_mut().unwrap().free = mib << 20;
        let option = |option: &str| {
            let option = option.to_owned();
            move |facts: &mut Facts| facts.disk.as_mut().unwrap().options.push(option)
        };
        check(free(511), "disk", Health::Bad, "511 MiB");
        check(free(5_119), "disk", Health::Warn, "5119 MiB");
        check(free(90 << 10), "disk", Health::Warn, "9 %");
        check(
            |facts| facts.disk.as_mut().unwrap().files_free = Some(7),
            "disk",
            Health::Bad,
            "inode",
        );
        check(kind("tmpfs"), "sync", Health::Bad, "memory");
        check(kind("nfs4"), "sync", Health::Warn, "nfs4");
        check(kind("fuse.sshfs"), "sync", Health::Warn, "fuse.sshfs is a network's");
        check(kind("newfs"), "sync", Health::Warn, "newfs");
        check(option("nobarrier"), "sync", Health::Bad, "nobarrier");
        check(option("barrier=0"), "sync", Health::Bad, "power loss");
        check(option("sync=disabled"), "sync", Health::Bad, "power loss");
        check(kind("btrfs"), "erasure", Health::Warn, "elsewhere");
        check(kind("zfs"), "erasure", Health::Warn, "elsewhere");
        check(
            |facts| facts.disk = Err("no such file".to_owned()),
            "disk",
            Health::Warn,
            "no such file",
        );
    }
}
