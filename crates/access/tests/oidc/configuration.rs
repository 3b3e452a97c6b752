//! What a configuration may say, as it stands in a file.

use indelible_access::oidc::{Issuers, KeySource};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct File {
    issuer: Issuers<Grant>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Grant {
    role: String,
}

const GOOD: &str = r#"
[[issuer]]
url = "https://token.actions.githubusercontent.com"
name = "github"
preset = "github"
audiences = ["https://log.example/acme"]
skew_seconds = 30
lifetime_seconds_max = 900
single_use = true
keys = { pinned = ["sha256:NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "38826B17"] }

[[issuer.rule]]
name = "deploys"
when = { repository_id = 74, ref = ["refs/heads/main", { glob = "refs/tags/v*" }] }
grant = { role = "submitter" }

[[issuer]]
url = "https://jenkins.example/oidc"
name = "jenkins"
preset = "jenkins"
audiences = ["https://log.example/acme"]
keys = { file = "jenkins.jwks.json" }

[[issuer.rule]]
name = "deploys"
when = { sub = "https://jenkins.example/job/deploy/" }
grant = { role = "submitter" }
"#;

fn read(text: &str) -> Result<File, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn a_file_says_whom_to_believe() {
    let file = read(GOOD).unwrap();
    let names: Vec<_> = file.issuer.iter().map(|issuer| issuer.name()).collect();
    assert_eq!(names, ["github", "jenkins"]);
    let github = file
        .issuer
        .by_url("https://token.actions.githubusercontent.com")
        .unwrap();
    assert_eq!(
        github.rules()[0].grant(),
        &Grant {
            role: "submitter".to_owned()
        }
    );
    assert_eq!(github.keys().pins().len(), 2);
    assert!(github.is_single_use());
    let jenkins = file.issuer.by_url("https://jenkins.example/oidc").unwrap();
    assert!(matches!(jenkins.keys(), KeySource::File { path, .. } if path.as_os_str() == "jenkins.jwks.json"));
    assert!(!jenkins.is_single_use());
}

#[test]
fn what_could_not_have_been_meant_is_refused_with_a_word_on_what_could() {
    let cases = [
        // Keys that nobody reads.
        ("skew_seconds = 30", "skew_second = 30", "did you mean `skew_seconds`?"),
        ("single_use", "singel_use", "did you mean `single_use`?"),
        ("single_use", "qqqq", "unknown key `qqqq`"),
        (
            "when = { repository_id",
            "whenn = { repository_id",
            "did you mean `when`?",
        ),
        ("{ glob =", "{ glop =", "{ glob = \"…\" }"),
        ("{ pinned =", "{ pinnned =", "{ pinned = [\"sha256:…\"] }"),
        (
            "grant = { role = \"submitter\" }\n\n[[issuer]]",
            "grant = { rolle = \"submitter\" }\n\n[[issuer]]",
            "rolle",
        ),
        // Keys that are missing.
        ("name = \"github\"\n", "", "`name` is missing"),
        ("preset = \"github\"\n", "", "`preset` is missing"),
        (
            "url = \"https://token.actions.githubusercontent.com\"\n",
            "",
            "`url` is missing",
        ),
        (
            "audiences = [\"https://log.example/acme\"]\nskew",
            "skew",
            "`audiences` must name",
        ),
        (
            "name = \"deploys\"\nwhen = { repo",
            "when = { repo",
            "every rule needs a `name`",
        ),
        // Values.
        ("preset = \"github\"", "preset = \"githup\"", "githup"),
        (
            "name = \"github\"",
            "name = \"Git:Hub\"",
            "\"Git:Hub\" is not 1 to 32 of a-z",
        ),
        ("skew_seconds = 30", "skew_seconds = 301", "from 0 to 300, not 301"),
        (
            "lifetime_seconds_max = 900",
            "lifetime_seconds_max = 86401",
            "from 1 to 86400",
        ),
        (
            "lifetime_seconds_max = 900",
            "lifetime_seconds_max = 0",
            "from 1 to 86400",
        ),
        (
            "https://token.actions",
            "http://token.actions",
            "must begin with https://",
        ),
        (
            "preset = \"github\"",
            "preset = \"github\"\nalgorithms = [\"none\"]",
            "not signed",
        ),
        (
            "preset = \"github\"",
            "preset = \"github\"\nalgorithms = [\"HS256\"]",
            "verified with a secret",
        ),
        (
            "preset = \"github\"",
            "preset = \"github\"\nalgorithms = [\"RS265\"]",
            "there are RS256",
        ),
        (
            "preset = \"github\"",
            "preset = \"github\"\nalgorithms = []",
            "must say with which",
        ),
        ("preset = \"jenkins\"", "preset = \"generic\"", "must say with which"),
        ("sha256:NzbLsXh8", "sha256:NzbLs", "43 characters"),
        (
            "{ pinned = [\"sha256:NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs\", \"38826B17\"] }",
            "{ pinned = [] }",
            "no key",
        ),
        (
            "{ file = \"jenkins.jwks.json\" }",
            "\"discover\"",
            "is not \"discovery\"",
        ),
        ("{ file = \"jenkins.jwks.json\" }", "{ file = \"\" }", "`file` is empty"),
        // Audiences that are nobody's own.
        (
            "\"https://log.example/acme\"]\nskew",
            "\"https://github.com/acme\"]\nskew",
            "allow_default_audience",
        ),
        ("\"https://log.example/acme\"]\nskew", "\"\"]\nskew", "1 to 512 bytes"),
        // Rules that bind nobody.
        ("repository_id = 74, ", "", "`repository_id` or `repository_owner_id`"),
        (
            "repository_id = 74",
            "repository_id = { glob = \"7*\" }",
            "`repository_id` or `repository_owner_id`",
        ),
        (
            "repository_id = 74",
            "repository_id = [74, { glob = \"7*\" }]",
            "`repository_id` or `repository_owner_id`",
        ),
        (
            "repository_id = 74",
            "repository_id = { contains = \"74\" }",
            "`repository_id` or `repository_owner_id`",
        ),
        (
            "repository_id = 74",
            "repository = \"acme/app\"",
            "`repository_id` or `repository_owner_id`",
        ),
        (
            "repository_id = 74",
            "sub = \"repo:acme/app:ref:refs/heads/main\"",
            "`repository_id` or",
        ),
        ("repository_id = 74", "repository_id = \"\"", "held against nothing"),
        ("repository_id = 74", "repository_id = []", "held against nothing"),
        ("repository_id = 74", "\"/a~x\" = 74", "JSON Pointer"),
        (
            "repository_id = 74",
            "repository_id = 7.4",
            "a text, an integer, true or false",
        ),
        // Two of one.
        (
            "name = \"jenkins\"",
            "name = \"github\"",
            "two issuers are called \"github\"",
        ),
        (
            "https://jenkins.example/oidc",
            "https://token.actions.githubusercontent.com",
            "two issuers have the URL",
        ),
    ];
    read(GOOD).unwrap();
    for (from, to, why) in cases {
        assert!(GOOD.contains(from), "{from}");
        let error = read(&GOOD.replacen(from, to, 1)).map(|_| ()).unwrap_err();
        assert!(error.contains(why), "{to}: {error}");
    }
    let twice = GOOD.replacen("[[issuer]]\nurl = \"https://jenkins", "[[issuer.rule]]\nname = \"deploys\"\nwhen = { repository_id = 1 }\ngrant = { role = \"x\" }\n\n[[issuer]]\nurl = \"https://jenkins", 1);
    assert!(read(&twice).unwrap_err().contains("another one is called so"));
    let (without, _) = GOOD.split_once("[[issuer.rule]]").unwrap();
    assert!(read(without).unwrap_err().contains("`[[issuer.rule]]` is missing"));
}

#[test]
fn a_default_audience_can_be_asked_for() {
    let text = GOOD.replacen(
        "audiences = [\"https://log.example/acme\"]\nskew",
        "audiences = [\"https://github.com/acme\"]\nallow_default_audience = true\nskew",
        1,
    );
    read(&text).unwrap();
}

#[test]
fn an_error_says_which_issuer_and_which_rule() {
    let error = read(&GOOD.replacen("repository_id = 74, ", "", 1)).unwrap_err();
    assert!(
        error.contains("issuer \"github\"") && error.contains("rule \"deploys\""),
        "{error}"
    );
}
