//! The table of fields: the one place that knows what each is called, takes and means.

use super::field::{Field, Kind};

/// Every field, in the order in which they are explained.
pub(super) static FIELDS: [Field; 38] = [
    Field {
        name: "listen",
        unit: "",
        about: "The address and port for everything: gRPC, HTTP/1.1, plain or TLS. Port 0 takes a free one. On any address \
                but a loopback one the log has to know who may use it.",
        kind: Kind::Address(|draft| &mut draft.config.listen),
    },
    Field {
        name: "hosts",
        unit: "",
        about: "Host names by which clients and browsers call the service, if it cannot know them: the name that a proxy or \
                load balancer in front of it has. \"audit.example.com\" is good for any port, \"audit.example.com:8443\" for \
                that one. Loopback, the address that a connection arrived on and the names in the TLS certificate are always \
                known. Everything else is refused with 403, which keeps foreign web pages out.",
        kind: Kind::Hosts(|draft| &mut draft.config.hosts),
    },
    Field {
        name: "tls_cert",
        unit: "",
        about: "A PEM file with the certificate chain, the service's own first. Needs `tls_key`; without both the port is \
                plain. Relative paths in this file start from its folder.",
        kind: Kind::Path(|draft| &mut draft.tls_cert),
    },
    Field {
        name: "tls_key",
        unit: "",
        about: "A PEM file with the private key of `tls_cert`.",
        kind: Kind::Path(|draft| &mut draft.tls_key),
    },
    Field {
        name: "client_ca",
        unit: "",
        about: "A PEM file with the certificates of those who may vouch for clients: clients are then asked for a certificate, and one \
                that is shown must hold. Needs `tls_cert`; without this, clients are not asked. Read again when it has changed, as the other \
                files of TLS. docs/credentials.md says how to set it up.",
        kind: Kind::Path(|draft| &mut draft.client_ca),
    },
    Field {
        name: "client_cert_required",
        unit: "",
        about: "Whether a client without a certificate is refused in the handshake, before it has asked for anything: also one that \
                would only read heads, keys or health. Needs `client_ca`.",
        kind: Kind::PlacedSwitch(|draft| &mut draft.client_cert_required),
    },
    Field {
        name: "client_crl",
        unit: "",
        about: "A PEM file with lists of revoked certificates, one for each authority that vouches for clients, intermediate ones \
                included: a certificate of an authority without a list is refused. Needs `client_ca`. A new list is taken up while \
                the service runs, and ends what those have open whom it names; one that is past its next update is used all the same.",
        kind: Kind::Path(|draft| &mut draft.client_crl),
    },
    Field {
        name: "log_key",
        unit: "",
        about: "The log's private key, as `keygen` makes it. Empty means `log.key` in the data directory. A key belongs to one \
                log for ever.",
        kind: Kind::Path(|draft| &mut draft.log_key),
    },
    Field {
        name: "checkpoint_file",
        unit: "",
        about: "Where the newest published head is remembered, outside the data directory, so that an older copy of it is not \
                served unnoticed. Empty means a file beside the data directory, with `.checkpoint` behind its name. Better is \
                another disk.",
        kind: Kind::Path(|draft| &mut draft.checkpoint_file),
    },
    Field {
        name: "memories",
        unit: "",
        about: "Who else remembers a head of this log, by the URL of a gRPC service that answers GetTreeHead of \
                indelible.v1.TransparencyLog with a head under the log's key: a mirror, a monitor, another copy. Each is asked \
                at every start and in `restore`, for at most 5 s; one that knows a later head or another root stops the start. \
                Not this log's own URL, where nobody answers yet when it is asked.",
        kind: Kind::Urls(|draft| &mut draft.config.memories),
    },
    Field {
        name: "memories_required",
        unit: "",
        about: "Whether a memory of `memories` that does not answer stops the start. If not, it is a warning, and health says \
                degraded until the next start.",
        kind: Kind::Switch(|draft| &mut draft.config.memories_required),
    },
    Field {
        name: "witness_policy",
        unit: "",
        about: "A policy file (C2SP tlog-policy) that names the log's witnesses, each with its URL, and how many of them are the \
                quorum. New heads are submitted to all of them, and the head that is served is the newest for which the quorum \
                vouches: docs/witnessing.md. Empty means that the log has no witnesses.",
        kind: Kind::Path(|draft| &mut draft.witness_policy),
    },
    Field {
        name: "witness_required_at_start",
        unit: "",
        about: "Whether a witness that does not answer, or does not know the log, stops the start. If not, it is a warning, and \
                health says degraded. One that knows a later head or another root stops the start in any case.",
        kind: Kind::Switch(|draft| &mut draft.config.witness_required_at_start),
    },
    Field {
        name: "without_quorum",
        unit: "",
        about: "What is served when newer heads have been without a quorum for longer than `witness_patience_seconds`: \"witnessed\" \
                stays at the last head that has one, \"signed\" goes on with newer heads that have the log's own signature alone. \
                Health says degraded in both cases, and appends go on.",
        kind: Kind::WithoutQuorum(|draft| &mut draft.config.without_quorum),
    },
    Field {
        name: "witness_timeout_seconds",
        unit: "s",
        about: "How long a witness may take to answer. If the quorum has not come about for a head by then, a newer one is \
                submitted.",
        kind: Kind::Number {
            min: 1,
            max: 600,
            of: |draft| &mut draft.config.witness_timeout_seconds,
        },
    },
    Field {
        name: "witness_interval_ms",
        unit: "ms",
        about: "The least time between two heads that are submitted. All that the log grew by in between is witnessed at once. A \
                log that is not busy submits a new head without delay.",
        kind: Kind::Number {
            min: 10,
            max: 60_000,
            of: |draft| &mut draft.config.witness_interval_ms,
        },
    },
    Field {
        name: "witness_refresh_seconds",
        unit: "s",
        about: "How old the cosignatures of an idle log become before its head is submitted again. Their times are what shows \
                others that the log lives.",
        kind: Kind::Number {
            min: 1,
            max: 86_400,
            of: |draft| &mut draft.config.witness_refresh_seconds,
        },
    },
    Field {
        name: "witness_patience_seconds",
        unit: "s",
        about: "For how long the newest heads may lack a quorum, or a witness may not answer, before health says degraded. A \
                witness that has refused a head is asked again after that time at the earliest, with a newer one.",
        kind: Kind::Number {
            min: 1,
            max: 86_400,
            of: |draft| &mut draft.config.witness_patience_seconds,
        },
    },
    Field {
        name: "witness_wait_seconds",
        unit: "s",
        about: "How long an append with `wait: WITNESSED` waits for the quorum if its caller sets no `grpc-timeout`. Then it is \
                answered without. `request_timeout_seconds` is the limit for both.",
        kind: Kind::Number {
            min: 1,
            max: 3600,
            of: |draft| &mut draft.config.witness_wait_seconds,
        },
    },
    Field {
        name: "open",
        unit: "",
        about: "Whether everybody who reaches the port may do everything; accepted on a loopback address only. Else whoever asks \
                needs a role (docs/access.md).",
        kind: Kind::Switch(|draft| &mut draft.config.open),
    },
    Field {
        name: "leaf_index",
        unit: "",
        about: "Whether to keep an index from leaf hash to position, for proofs by hash. If it is turned on later, it is \
                filled from the log.",
        kind: Kind::Switch(|draft| &mut draft.config.leaf_index),
    },
    Field {
        name: "segment_mib",
        unit: "MiB",
        about: "Size of a journal segment, which is one file. It counts for segments that are begun from now on.",
        kind: Kind::Number {
            min: 8,
            max: 4096,
            of: |draft| &mut draft.config.segment_mib,
        },
    },
    Field {
        name: "commit_kib",
        unit: "KiB",
        about: "Entry bytes that one commit takes, one batch at least. Larger commits carry more a second, smaller ones let a \
                lone writer, who goes first in the next one, wait less behind large batches.",
        kind: Kind::Number {
            min: 64,
            max: 4096,
            of: |draft| &mut draft.config.commit_kib,
        },
    },
    Field {
        name: "queue_mib",
        unit: "MiB",
        about: "Memory for entries that wait for a commit or are in one. When it is full, streams are slowed down; other appends wait \
                too, and when as much waits as the queue holds, more are refused with RESOURCE_EXHAUSTED.",
        kind: Kind::Number {
            min: 8,
            max: 4096,
            of: |draft| &mut draft.config.queue_mib,
        },
    },
    Field {
        name: "backlog_mib",
        unit: "MiB",
        about: "Journal bytes not yet sealed into the tree's store. They are held in memory and read again at the next start. \
                When it is full, appends wait for the sealer, those of up to 64 KiB only when it is twice full; nothing is lost.",
        kind: Kind::Number {
            min: 16,
            max: 65_536,
            of: |draft| &mut draft.config.backlog_mib,
        },
    },
    Field {
        name: "cache_mib",
        unit: "MiB",
        about: "Memory for tiles that have been read from the tree's store. Proofs of random entries are fastest while it holds all, \
                which are 34 bytes an entry. What else is read takes up to 32 MiB besides, and what is being written up to 128 MiB.",
        kind: Kind::Number {
            min: 8,
            max: 65_536,
            of: |draft| &mut draft.config.cache_mib,
        },
    },
    Field {
        name: "raw_kept_kib",
        unit: "KiB",
        about: "The bytes that an event came as are kept up to this size, in a log of events. Of larger ones hash and size are kept.",
        kind: Kind::Number {
            min: 0,
            max: 32_768,
            of: |draft| &mut draft.config.raw_kept_kib,
        },
    },
    Field {
        name: "shutdown_seconds",
        unit: "s",
        about: "How long running requests may take to end at shutdown. Then their connections are cut.",
        kind: Kind::Number {
            min: 1,
            max: 3600,
            of: |draft| &mut draft.config.shutdown_seconds,
        },
    },
    Field {
        name: "connections_max",
        unit: "",
        about: "Connections at a time. One beyond takes the place of the one that has been quiet for the longest, 2 s at least; if \
                none is, it waits until another one ends. Each takes one file descriptor and at most 40 MiB, nearly all of them a few \
                KiB.",
        kind: Kind::Number {
            min: 1,
            max: 65_536,
            of: |draft| &mut draft.config.connections_max,
        },
    },
    Field {
        name: "streams_per_connection_max",
        unit: "",
        about: "Requests at a time on one HTTP/2 connection; a client waits before it opens more.",
        kind: Kind::Number {
            min: 1,
            max: 4096,
            of: |draft| &mut draft.config.streams_per_connection_max,
        },
    },
    Field {
        name: "request_timeout_seconds",
        unit: "s",
        about: "How long an answer may take to begin, if the client does not ask for less with `grpc-timeout`. Streams that \
                have begun are not cut.",
        kind: Kind::Number {
            min: 1,
            max: 3600,
            of: |draft| &mut draft.config.request_timeout_seconds,
        },
    },
    Field {
        name: "connections_per_client_max",
        unit: "",
        about: "Connections at a time of one client, by its IPv4 address or the first 64 bits of its IPv6 address; those beyond are \
                closed. Behind a proxy all clients have the proxy's address: then it should be as large as `connections_max`.",
        kind: Kind::Number {
            min: 1,
            max: 65_536,
            of: |draft| &mut draft.config.connections_per_client_max,
        },
    },
    Field {
        name: "header_timeout_seconds",
        unit: "s",
        about: "How long an HTTP/1.1 client may take for the head of a request, the pause before it included. Then its connection is \
                closed.",
        kind: Kind::Number {
            min: 1,
            max: 600,
            of: |draft| &mut draft.config.header_timeout_seconds,
        },
    },
    Field {
        name: "body_bytes_per_second_min",
        unit: "B/s",
        about: "How slowly the body of a request may come, on the average of each 5 s in which the service waits for it; a slower one \
                is given up with 408. In a gRPC stream it counts for each message, and not for the time between two. 0 means that any \
                will do.",
        kind: Kind::Number {
            min: 0,
            max: 1_048_576,
            of: |draft| &mut draft.config.body_bytes_per_second_min,
        },
    },
    Field {
        name: "idle_timeout_seconds",
        unit: "s",
        about: "How long an HTTP/2 connection may be open without a request before its client is asked to close it.",
        kind: Kind::Number {
            min: 1,
            max: 86_400,
            of: |draft| &mut draft.config.idle_timeout_seconds,
        },
    },
    Field {
        name: "log_format",
        unit: "",
        about: "How log lines on stderr look: \"text\" is for people, \"json\" is one object a line.",
        kind: Kind::LogFormat(|draft| &mut draft.config.log_format),
    },
    Field {
        name: "log_filter",
        unit: "",
        about: "Which log lines are written: a level (error, warn, info, debug, trace), or levels by target with commas between, as \
                \"info,indelible::requests=debug\", which gives a line a request. Lines of other programs' parts are written up to \
                level info only: below that they tell what clients send.",
        kind: Kind::Text(|draft| &mut draft.config.log_filter),
    },
    Field {
        name: "otlp_endpoint",
        unit: "",
        about: "Where spans of requests are sent, by OTLP over HTTP: the URL of a collector, as \"http://127.0.0.1:4318\", to which \
                /v1/traces is added. Empty means nowhere.",
        kind: Kind::Url(|draft| &mut draft.config.otlp_endpoint),
    },
];
