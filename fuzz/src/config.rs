//! The configuration: a file's text, and behind a NUL what the environment says, a field a line.

use std::collections::BTreeMap;
use std::path::Path;

use indelible::config::{Config, default_file};

use super::Verdict;

/// The file that `init` writes, the same with every field set, each field alone, and a file with variables behind it.
pub fn seeds() -> Vec<Vec<u8>> {
    let all_set = default_file()
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(field) if !field.starts_with(' ') => format!("{field}\n"),
            _ => format!("{line}\n"),
        })
        .collect::<String>()
        .replace("tls_cert = \"\"", "tls_cert = \"cert.pem\"")
        .replace("tls_key = \"\"", "tls_key = 'key.pem'");
    let layered = "listen = \"[::1]:1\"\nhosts = ['a.b', \"c.d:1\"]\0INDELIBLE_OPEN=true\nINDELIBLE_HOSTS=a.b,c.d:1\nINDELIBLE_CACHE_MIB=9";
    // A path to a key or a certificate needs the other one.
    let alone = all_set
        .lines()
        .filter(|line| line.contains(" = ") && !line.starts_with(['#', 't']));
    let mut seeds: Vec<String> = alone.map(str::to_owned).collect();
    seeds.extend([default_file(), all_set, layered.to_owned()]);
    seeds.into_iter().map(String::into_bytes).collect()
}

/// The values are within the bounds that docs/configuration.md tells, or the error is one line that names a place.
pub fn check(bytes: &[u8]) -> Verdict {
    let Ok(all) = str::from_utf8(bytes) else {
        return Verdict::Refused;
    };
    let (text, variables) = all.split_once('\0').unwrap_or((all, ""));
    let variable = |line: &str| {
        line.split_once('=')
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let environment: BTreeMap<String, String> = variables.lines().filter_map(variable).collect();
    match Config::parse(text, Path::new("/data/indelible.toml"), &environment, &[]) {
        Ok(config) => {
            assert!((8..=4096).contains(&config.segment_mib) && (64..=4096).contains(&config.commit_kib));
            assert!((8..=4096).contains(&config.queue_mib) && (16..=65_536).contains(&config.backlog_mib));
            assert!((8..=65_536).contains(&config.cache_mib) && (1..=3600).contains(&config.shutdown_seconds));
            assert!(
                (1..=65_536).contains(&config.connections_max) && (1..=3600).contains(&config.request_timeout_seconds)
            );
            assert!((1..=4096).contains(&config.streams_per_connection_max));
            assert!(
                (1..=600).contains(&config.witness_timeout_seconds)
                    && (1..=3600).contains(&config.witness_wait_seconds)
            );
            assert!((10..=60_000).contains(&config.witness_interval_ms));
            assert!((1..=86_400).contains(&config.witness_refresh_seconds));
            assert!((1..=86_400).contains(&config.witness_patience_seconds));
            let again = config
                .hosts
                .iter()
                .map(|host| host.to_string().parse().ok())
                .collect::<Option<Vec<_>>>();
            assert_eq!(again.as_ref(), Some(&config.hosts));
            Verdict::Accepted
        }
        Err(error) => {
            let told = error.to_string();
            let placed = told.starts_with("/data/indelible.toml:") || told.starts_with("INDELIBLE_");
            assert!(placed, "no place in {told:?}");
            Verdict::Refused
        }
    }
}
