//! What the system lets the service have.

use super::super::check::Check;
use super::super::facts::Facts;
use crate::config::Config;

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let fallback = Config::default();
    let config = facts.config.as_ref().unwrap_or(&fallback);
    let whose = match facts.limits.of_service {
        true => "the service",
        false => "a process that is started here",
    };
    let connections = u64::from(config.connections_max);
    let files = match &facts.limits.files {
        Ok(None) => Check::ok("files", format!("{whose} may have any number of descriptors")),
        Ok(Some(limit)) if *limit < connections + FILES_BAD => Check::bad(
            "files",
            format!("{whose} may have {limit} descriptors, and {connections} connections take one each"),
            format!(
                "raise it (LimitNOFILE={} in a systemd unit, ulimit -n), or lower connections_max",
                connections + FILES_WANTED
            ),
        ),
        Ok(Some(limit)) if *limit < connections + FILES_WANTED => Check::warn(
            "files",
            format!("{whose} may have {limit} descriptors, which leaves few beside {connections} connections"),
            format!(
                "raise it to {} (LimitNOFILE in a systemd unit, ulimit -n)",
                connections + FILES_WANTED
            ),
        ),
        Ok(Some(limit)) => Check::ok("files", format!("{whose} may have {limit} descriptors")),
        Err(error) => Check::warn("files", error, "ask on the machine where the service runs"),
    };
    let wanted = memory_wanted_mib(config);
    let memory = match &facts.limits.memory {
        Ok(limit) if limit >> 20 < wanted => Check::bad(
            "memory_limit",
            format!(
                "there are {} MiB of memory, and the configuration may take {wanted} MiB",
                limit >> 20
            ),
            "raise the limit, or lower cache_mib, backlog_mib or queue_mib",
        ),
        Ok(limit) if (limit >> 20) * 4 < wanted * 5 => Check::warn(
            "memory_limit",
            format!(
                "there are {} MiB of memory, hardly more than the {wanted} MiB that may be taken",
                limit >> 20
            ),
            "raise the limit, or lower cache_mib, backlog_mib or queue_mib",
        ),
        Ok(limit) => Check::ok(
            "memory_limit",
            format!("{} MiB, of which {wanted} may be taken", limit >> 20),
        ),
        Err(error) => Check::warn("memory_limit", error, "ask on the machine where the service runs"),
    };
    vec![files, memory]
}

/// The cache and what sled writes with, twice the queue (as much waits outside), twice the backlog (small appends go on), and the
/// bodies of requests, tables and threads.
fn memory_wanted_mib(config: &Config) -> u64 {
    let [cache, queue, backlog] = [config.cache_mib, config.queue_mib, config.backlog_mib].map(u64::from);
    cache + SLED_MIB + 2 * queue + 2 * backlog + REST_MIB
}

/// Besides connections: segments, volumes, tables.
const FILES_BAD: u64 = 64;
const FILES_WANTED: u64 = 300;

/// As `cache_mib` says: 32 MiB for what else is read, 128 MiB for what is written.
const SLED_MIB: u64 = 160;
const REST_MIB: u64 = 200;

#[cfg(test)]
mod tests {
    use super::super::super::check::Health;
    use super::super::sound::check;

    #[test]
    fn what_is_wrong_with_limits() {
        check(
            |facts| facts.limits.files = Ok(Some(1_024)),
            "files",
            Health::Bad,
            "LimitNOFILE=1324",
        );
        check(
            |facts| facts.limits.files = Ok(Some(1_200)),
            "files",
            Health::Warn,
            "1200 descriptors",
        );
        check(
            |facts| facts.limits.memory = Ok(512 << 20),
            "memory_limit",
            Health::Bad,
            "512 MiB",
        );
        check(
            |facts| facts.limits.memory = Ok(1_200 << 20),
            "memory_limit",
            Health::Warn,
            "hardly more",
        );
    }
}
