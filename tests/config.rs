//! The configuration, from text to values, and the two documents that are printed from it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use indelible::config::{ClientCa, Config, LogFormat, TlsFiles, WithoutQuorum, default_file, reference};

const FILE: &str = "/data/indelible.toml";

/// What becomes of a file with this text, the default configuration's changes or the error's message.
fn check(text: &str) -> Result<Config, String> {
    layered(text, &[], &[])
}

fn layered(text: &str, variables: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Result<Config, String> {
    let environment: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    let overrides: Vec<(&'static str, String)> =
        flags.iter().map(|(field, value)| (*field, value.to_string())).collect();
    Config::parse(text, Path::new(FILE), &environment, &overrides).map_err(|error| error.to_string())
}

#[test]
fn nothing_set_is_the_default() {
    assert_eq!(check(""), Ok(Config::default()));
    assert_eq!(check("# only a comment\n"), Ok(Config::default()));
}

#[test]
fn every_field_can_be_set() {
    let text = r#"
        listen = "[::]:443"
        hosts = ["audit.example.com", "10.0.0.1:8443"]
        tls_cert = "cert.pem"
        tls_key = "/etc/tls/key.pem"
        client_ca = "clients.pem"
        client_cert_required = true
        client_crl = "/etc/tls/clients.crl"
        log_key = "../keys/log.key"
        checkpoint_file = "/mnt/other/log.checkpoint"
        memories = ["http://10.0.0.2:7425", "https://mirror.example.com"]
        memories_required = true
        witness_policy = "witnesses.policy"
        witness_required_at_start = true
        without_quorum = "signed"
        witness_timeout_seconds = 14
        witness_interval_ms = 15
        witness_refresh_seconds = 16
        witness_patience_seconds = 17
        witness_wait_seconds = 18
        open = true
        leaf_index = false
        segment_mib = 8
        commit_kib = 64
        queue_mib = 9
        backlog_mib = 17
        cache_mib = 10
        raw_kept_kib = 19
        shutdown_seconds = 11
        connections_max = 12
        streams_per_connection_max = 13
        request_timeout_seconds = 3_600
        connections_per_client_max = 20
        header_timeout_seconds = 21
        body_bytes_per_second_min = 22
        idle_timeout_seconds = 23
        log_format = "json"
        log_filter = "warn,indelible::requests=debug"
        otlp_endpoint = "http://127.0.0.1:4318"
    "#;
    let expected = Config {
        listen: "[::]:443".parse().unwrap(),
        hosts: vec!["audit.example.com".parse().unwrap(), "10.0.0.1:8443".parse().unwrap()],
        tls: Some(TlsFiles {
            cert: "/data/cert.pem".into(),
            key: "/etc/tls/key.pem".into(),
            clients: Some(ClientCa {
                ca: "/data/clients.pem".into(),
                crl: Some("/etc/tls/clients.crl".into()),
                required: true,
            }),
        }),
        log_key: Some("/data/../keys/log.key".into()),
        checkpoint_file: Some("/mnt/other/log.checkpoint".into()),
        memories: vec!["http://10.0.0.2:7425".into(), "https://mirror.example.com".into()],
        memories_required: true,
        witness_policy: Some("/data/witnesses.policy".into()),
        witness_required_at_start: true,
        without_quorum: WithoutQuorum::Signed,
        witness_timeout_seconds: 14,
        witness_interval_ms: 15,
        witness_refresh_seconds: 16,
        witness_patience_seconds: 17,
        witness_wait_seconds: 18,
        open: true,
        leaf_index: false,
        segment_mib: 8,
        commit_kib: 64,
        queue_mib: 9,
        backlog_mib: 17,
        cache_mib: 10,
        raw_kept_kib: 19,
        shutdown_seconds: 11,
        connections_max: 12,
        streams_per_connection_max: 13,
        request_timeout_seconds: 3600,
        connections_per_client_max: 20,
        header_timeout_seconds: 21,
        body_bytes_per_second_min: 22,
        idle_timeout_seconds: 23,
        log_format: LogFormat::Json,
        log_filter: "warn,indelible::requests=debug".into(),
        otlp_endpoint: Some("http://127.0.0.1:4318".into()),
    };
    assert_eq!(check(text), Ok(expected));
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let file = "queue_mib = 10\ncache_mib = 10\nsegment_mib = 10\nhosts = ['from.file']\n";
    let variables = [
        ("INDELIBLE_QUEUE_MIB", "20"),
        ("INDELIBLE_CACHE_MIB", "20"),
        ("INDELIBLE_HOSTS", "a.b, c.d:1,"),
    ];
    let config = layered(file, &variables, &[("queue_mib", "30"), ("queue_mib", "31")]).unwrap();
    assert_eq!((config.queue_mib, config.cache_mib, config.segment_mib), (31, 20, 10));
    assert_eq!(config.hosts, vec!["a.b".parse().unwrap(), "c.d:1".parse().unwrap()]);
}

#[test]
fn paths_outside_the_file_are_taken_as_they_are() {
    let config = layered("log_key = 'a'", &[("INDELIBLE_LOG_KEY", "b/c")], &[]).unwrap();
    assert_eq!(config.log_key, Some(PathBuf::from("b/c")));
    let config = layered("log_key = 'a'", &[], &[("log_key", "")]).unwrap();
    assert_eq!(config.log_key, None, "an empty path is none");
}

#[test]
fn other_variables_are_left_alone() {
    let variables = [
        ("INDELIBLE_SERVICE_HOST", "10.0.0.1"),
        ("INDELIBLE_QUEUE", "x"),
        ("QUEUE_MIB", "1"),
    ];
    assert_eq!(layered("", &variables, &[]), Ok(Config::default()));
}

#[test]
fn a_wrong_file_is_refused_by_line_field_and_limit() {
    for (text, expected) in [
        (
            "\n\nlistn = 1",
            "/data/indelible.toml:3: unknown key `listn`; did you mean `listen`?",
        ),
        (
            "host = []",
            "/data/indelible.toml:1: unknown key `host`; did you mean `hosts`?",
        ),
        (
            "queue_mb = 1",
            "/data/indelible.toml:1: unknown key `queue_mb`; did you mean `queue_mib`?",
        ),
        (
            "tls-cert = ''",
            "/data/indelible.toml:1: unknown key `tls-cert`; did you mean `tls_cert`?",
        ),
        ("timeout = 3", "/data/indelible.toml:1: unknown key `timeout`"),
        ("colour = 3", "/data/indelible.toml:1: unknown key `colour`"),
        ("port = 3", "/data/indelible.toml:1: unknown key `port`"),
        (
            "[log]\nkey = 1",
            "/data/indelible.toml:1: unknown key `log`; did you mean `log_key`?",
        ),
        ("zzz = 1\nqueue_mib = 0", "/data/indelible.toml:1: unknown key `zzz`"),
        (
            "queue_mib = 0\naaa = 1",
            "/data/indelible.toml:1: `queue_mib` must be from 8 to 4096, not 0",
        ),
        (
            "\nqueue_mib = 4097",
            "/data/indelible.toml:2: `queue_mib` must be from 8 to 4096, not 4097",
        ),
        (
            "commit_kib = 4097",
            "/data/indelible.toml:1: `commit_kib` must be from 64 to 4096, not 4097",
        ),
        (
            "cache_mib = -1",
            "/data/indelible.toml:1: `cache_mib` must be from 8 to 65536, not -1",
        ),
        (
            "cache_mib = 99999999999999999999999",
            "/data/indelible.toml:1: `cache_mib` must be from 8 to 65536, not 99999999999999999999999",
        ),
        (
            "cache_mib = 1.5",
            "/data/indelible.toml:1: `cache_mib` must be an integer, not a number with a fraction",
        ),
        (
            "cache_mib = 0x40",
            "/data/indelible.toml:1: `cache_mib` must be an integer, not an integer that is not decimal",
        ),
        (
            "cache_mib = '64'",
            "/data/indelible.toml:1: `cache_mib` must be an integer, not \"64\"",
        ),
        (
            "open = 1",
            "/data/indelible.toml:1: `open` must be true or false, not 1",
        ),
        (
            "open = 2026-01-01",
            "/data/indelible.toml:1: `open` must be true or false, not a date",
        ),
        (
            "log_key = true",
            "/data/indelible.toml:1: `log_key` must be a path, not true",
        ),
        (
            "[log_key]",
            "/data/indelible.toml:1: `log_key` must be a path, not a table",
        ),
        (
            "listen = 'localhost:7425'",
            "/data/indelible.toml:1: `listen` must be an IP address and a port, as \"127.0.0.1:7425\" or \"[::1]:7425\", not \
             \"localhost:7425\"",
        ),
        (
            "hosts = 'a'",
            "/data/indelible.toml:1: `hosts` must be a list of host names or addresses, each with or without a port, not \"a\"",
        ),
        (
            "hosts = ['a', 'https://b']",
            "/data/indelible.toml:1: `hosts` must be a list of host names or addresses, each with or without a port, not \
             \"https://b\"",
        ),
        (
            "hosts = [1]",
            "/data/indelible.toml:1: `hosts` must be a list of host names or addresses, each with or without a port, not a list \
             of other than strings",
        ),
        (
            "memories = ['http://a', 'b:7425']",
            "/data/indelible.toml:1: `memories` must be a list of URLs, each http:// or https:// and a host, not \"b:7425\"",
        ),
        (
            "without_quorum = 'none'",
            "/data/indelible.toml:1: `without_quorum` must be \"witnessed\" or \"signed\", not \"none\"",
        ),
        (
            "without_quorum = true",
            "/data/indelible.toml:1: `without_quorum` must be \"witnessed\" or \"signed\", not true",
        ),
        (
            "log_format = 'xml'",
            "/data/indelible.toml:1: `log_format` must be \"text\" or \"json\", not \"xml\"",
        ),
        (
            "otlp_endpoint = 'me:secret@collector:4317'",
            "/data/indelible.toml:1: `otlp_endpoint` must be a URL, http:// or https:// and a host, not another text",
        ),
        (
            "\ntls_cert = 'c'",
            "/data/indelible.toml:2: `tls_cert` is set without `tls_key`",
        ),
        (
            "tls_key = 'k'",
            "/data/indelible.toml:1: `tls_key` is set without `tls_cert`",
        ),
    ] {
        assert_eq!(check(text), Err(expected.to_string()), "{text}");
    }
}

#[test]
fn what_is_not_toml_is_refused_by_line() {
    for (text, line) in [
        ("open = true\nopen = false", 2),
        ("a = \n", 1),
        ("\n\n=", 3),
        ("\"", 1),
        ("\u{0}", 1),
    ] {
        let message = check(text).unwrap_err();
        assert!(
            message.starts_with(&format!("{FILE}:{line}: ")),
            "{text:?} gives {message}"
        );
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn a_wrong_variable_or_flag_is_refused_by_name() {
    for (variable, value, expected) in [
        (
            "INDELIBLE_OPEN",
            "1",
            "INDELIBLE_OPEN: `open` must be true or false, not \"1\"",
        ),
        (
            "INDELIBLE_QUEUE_MIB",
            "64 MiB",
            "INDELIBLE_QUEUE_MIB: `queue_mib` must be an integer, not \"64 MiB\"",
        ),
        (
            "INDELIBLE_QUEUE_MIB",
            "",
            "INDELIBLE_QUEUE_MIB: `queue_mib` must be an integer, not \"\"",
        ),
        (
            "INDELIBLE_QUEUE_MIB",
            "1",
            "INDELIBLE_QUEUE_MIB: `queue_mib` must be from 8 to 4096, not 1",
        ),
        (
            "INDELIBLE_TLS_KEY",
            "k",
            "INDELIBLE_TLS_KEY: `tls_key` is set without `tls_cert`",
        ),
    ] {
        assert_eq!(layered("", &[(variable, value)], &[]), Err(expected.to_string()));
    }
    let refused = layered("", &[], &[("queue_mib", "1")]);
    assert_eq!(
        refused,
        Err("--queue-mib: `queue_mib` must be from 8 to 4096, not 1".to_string())
    );
}

#[test]
fn the_default_file_is_the_default_commented_and_not() {
    let file = default_file();
    assert_eq!(check(&file), Ok(Config::default()));
    let mut fields = 0;
    let mut set = String::new();
    for line in file.lines() {
        match line.strip_prefix('#') {
            Some(field) if !field.starts_with(' ') => {
                fields += 1;
                set.push_str(field);
            }
            _ => set.push_str(line),
        }
        set.push('\n');
        assert!(line.chars().count() <= 100, "{line}");
    }
    assert_eq!(check(&set), Ok(Config::default()));
    // Tls is one field of the structure and five of the file.
    let debug = format!("{:#?}", Config::default());
    let of_structure = debug
        .lines()
        .filter(|line| line.starts_with("    ") && !line.starts_with("     "))
        .count();
    assert_eq!(fields, of_structure + 4, "{debug}");
}

#[test]
fn the_page_in_the_docs_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    if std::env::var_os("INDELIBLE_WRITE_DOCS").is_some() {
        std::fs::write(&path, reference()).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(
        page == reference(),
        "docs/configuration.md is out of date: INDELIBLE_WRITE_DOCS=1 cargo test --test config"
    );
}
