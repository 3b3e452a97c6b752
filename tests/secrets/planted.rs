//! The secrets, made at run time from pieces, so that nothing that looks for secrets in repositories finds them here.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// One secret.
pub(crate) struct Planted {
    /// What it is.
    pub(crate) kind: &'static str,
    /// How it stands in a text.
    pub(crate) text: String,
    /// The name under which it stands in JSON; one that has a form of its own stands under any.
    pub(crate) name: &'static str,
    /// What stands there.
    pub(crate) value: String,
    /// What nobody may learn.
    pub(crate) secret: String,
}

/// One of each kind.
pub(crate) fn planted() -> Vec<Planted> {
    let mut all = Vec::new();
    by_form(&mut all);
    keys_and_tickets(&mut all);
    by_place(&mut all);
    by_name(&mut all);
    all
}

/// Tokens that begin as no other text does.
fn by_form(all: &mut Vec<Planted>) {
    let forms: [(&str, &[&str], usize, &str); 37] = [
        ("GitHub personal", &["gh", "p_"], 36, ALNUM),
        ("GitHub OAuth", &["gh", "o_"], 36, ALNUM),
        ("GitHub installation", &["gh", "s_"], 36, ALNUM),
        ("GitHub user to server", &["gh", "u_"], 36, ALNUM),
        ("GitHub refresh", &["gh", "r_"], 76, ALNUM),
        ("GitHub fine-grained", &["github", "_pat_"], 82, ALNUM),
        ("GitLab personal", &["gl", "pat-"], 20, ALNUM),
        ("GitLab runner", &["gl", "rt-"], 20, ALNUM),
        ("GitLab deploy", &["gl", "dt-"], 20, ALNUM),
        ("GitLab trigger", &["gl", "ptt-"], 40, HEX),
        ("GitLab CI job", &["gl", "cbt-64_"], 20, ALNUM),
        ("CircleCI personal", &["CCI", "PAT_Fw7Tb2_"], 40, HEX),
        ("CircleCI project", &["CCI", "PRJ_Fw7Tb2_"], 40, HEX),
        ("Buildkite user", &["bk", "ua_"], 40, HEX),
        ("Buildkite agent", &["bk", "at_"], 40, HEX),
        ("AWS access key", &["AK", "IA"], 16, UPPER),
        ("Google API key", &["AI", "za"], 35, ALNUM),
        ("Google OAuth", &["GOC", "SPX-"], 28, ALNUM),
        ("npm", &["np", "m_"], 36, ALNUM),
        ("PyPI", &["py", "pi-AgEIcHlwaS5vcmc"], 70, ALNUM),
        ("Docker Hub", &["dck", "r_pat_"], 27, ALNUM),
        ("Slack bot", &["xo", "xb-1234567890-"], 24, ALNUM),
        ("Slack app", &["xa", "pp-1-A012345-"], 40, ALNUM),
        ("Stripe", &["sk_", "live_"], 24, ALNUM),
        ("Stripe webhook", &["wh", "sec_"], 32, ALNUM),
        ("Twilio", &["S", "K"], 32, HEX),
        ("Vault", &["hv", "s."], 95, ALNUM),
        ("Vault batch", &["hv", "b."], 100, ALNUM),
        ("Heroku", &["HR", "KU-"], 36, ALNUM),
        ("DigitalOcean", &["do", "p_v1_"], 64, HEX),
        ("RubyGems", &["ruby", "gems_"], 48, HEX),
        ("Cargo registry", &["ci", "o"], 32, ALNUM),
        ("Pulumi", &["pu", "l-"], 40, HEX),
        ("Grafana", &["gl", "sa_"], 32, ALNUM),
        ("SonarQube", &["sq", "p_"], 40, HEX),
        ("Tailscale", &["tsk", "ey-auth-kFw7Tb2CNTRL-"], 32, ALNUM),
        ("age", &["AGE-SECRET-", "KEY-1"], 58, UPPER),
    ];
    for (kind, beginning, length, alphabet) in forms {
        let secret = random(length, alphabet);
        anywhere(all, kind, &format!("{}{secret}", beginning.concat()), secret);
    }
    let parts = (random(22, ALNUM), random(43, ALNUM));
    anywhere(
        all,
        "SendGrid",
        &format!("{}.{}.{}", ["S", "G"].concat(), parts.0, parts.1),
        parts.1,
    );
    let parts = (random(14, ALNUM), random(67, ALNUM));
    anywhere(
        all,
        "Terraform",
        &format!("{}.{}.{}", parts.0, ["atlas", "v1"].concat(), parts.1),
        parts.1,
    );
}

/// Keys in armour, and what is signed.
fn keys_and_tickets(all: &mut Vec<Planted>) {
    for kind in ["RSA ", "EC ", "OPENSSH ", "", "ENCRYPTED "] {
        let secret = random(256, ALNUM);
        let lines: Vec<&str> = (0..4).map(|line| &secret[64 * line..64 * (line + 1)]).collect();
        let (name, dashes) = (["PRIV", "ATE KEY"].concat(), "-----");
        let pem = format!(
            "{dashes}BEGIN {kind}{name}{dashes}\n{}\n{dashes}END {kind}{name}{dashes}\n",
            lines.join("\n")
        );
        let kind = match kind {
            "RSA " => "RSA key",
            "EC " => "EC key",
            "OPENSSH " => "OpenSSH key",
            "" => "PKCS 8 key",
            _ => "encrypted key",
        };
        anywhere(all, kind, &pem, secret);
    }
    for (kind, claims) in [
        ("JWT", "{\"sub\":\"1234567890\"}"),
        ("Kubernetes service account", "{\"iss\":\"kubernetes/serviceaccount\"}"),
    ] {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let secret = random(86, ALNUM);
        let token = format!(
            "{}.{}.{secret}",
            part("{\"alg\":\"RS256\",\"kid\":\"a\"}"),
            part(claims)
        );
        anywhere(all, kind, &token, secret);
    }
}

/// What is known by what stands around it in a text.
fn by_place(all: &mut Vec<Planted>) {
    let secret = random(24, ALNUM);
    let text = format!("https://deploy:{secret}@git.example/web.git");
    anywhere(all, "password in a URL", &text, secret);
    let secret = random(34, HEX);
    anywhere(
        all,
        "Jenkins token in a URL",
        &format!("http://ada:{secret}@jenkins.example/job/web"),
        secret,
    );
    let secret = random(40, ALNUM);
    anywhere(
        all,
        "token in a URL",
        &format!("https://{secret}@git.example/web.git"),
        secret,
    );
    let secret = random(32, ALNUM);
    anywhere(all, "bearer header", &format!("Authorization: Bearer {secret}"), secret);
    let secret = STANDARD.encode(format!("ada:{}", random(24, ALNUM)));
    anywhere(all, "basic header", &format!("authorization: Basic {secret}"), secret);
    let secret = STANDARD.encode(random(64, ALNUM));
    let text = format!(
        "DefaultEndpointsProtocol=https;AccountName=acme;{}={secret};EndpointSuffix=x",
        ["Account", "Key"].concat()
    );
    anywhere(all, "Azure storage key", &text, secret);
    let secret = format!("{}%3D", random(43, ALNUM));
    let text = format!(
        "https://acme.blob.core.example/c?sv=2024-11-04&sp=rl&{}={secret}",
        ["si", "g"].concat()
    );
    anywhere(all, "Azure shared access signature", &text, secret);
    let secret = random(24, ALNUM);
    let text = format!("https://hooks.{}/services/T01234567/B01234567/{secret}", "slack.com");
    anywhere(all, "Slack webhook", &text, secret);
    let secret = random(36, ALNUM);
    anywhere(
        all,
        "npmrc",
        &format!("//registry.example/:_auth{}={secret}", "Token"),
        secret,
    );
    let secret = random(20, ALNUM);
    anywhere(
        all,
        "flag",
        &format!("mysql --user ada --pass{} {secret} < dump.sql", "word"),
        secret,
    );
    let secret = random(20, ALNUM);
    anywhere(
        all,
        "netrc",
        &format!("machine git.example login ada pass{} {secret}", "word"),
        secret,
    );
    let secret = STANDARD.encode(format!("ada:{}", random(24, ALNUM)));
    let text = format!("{{\"auths\":{{\"registry.example\":{{\"auth\":\"{secret}\"}}}}}}");
    anywhere(all, "Docker configuration", &text, secret);
    let key = format!(
        "{}BEGIN RSA {}{}\n{}",
        "-----",
        ["PRIV", "ATE KEY"].concat(),
        "-----",
        random(64, ALNUM)
    );
    let secret = STANDARD.encode(key);
    anywhere(
        all,
        "kubeconfig",
        &format!("users:\n- name: ada\n  user:\n    client-key-data: {secret}\n"),
        secret,
    );
}

/// What has no form and is known by its name alone.
fn by_name(all: &mut Vec<Planted>) {
    let names = [
        ("AWS secret", "aws_secret_access_key", 40, ALNUM),
        ("AWS session", "AWS_SESSION_TOKEN", 200, ALNUM),
        ("Jenkins token", "JENKINS_API_TOKEN", 34, HEX),
        ("CircleCI", "CIRCLE_TOKEN", 40, HEX),
        ("Twilio auth", "twilio_auth_token", 32, HEX),
        ("Azure client", "azure_client_secret", 34, ALNUM),
        ("database", "DB_PASSWORD", 20, ALNUM),
        ("webhook", "webhookSecret", 32, ALNUM),
        ("Datadog", "dd_api_key", 32, HEX),
        ("session", "Cookie", 32, ALNUM),
        ("key of a GCP service account", "private_key", 120, ALNUM),
    ];
    for (kind, name, length, alphabet) in names {
        let secret = random(length, alphabet);
        all.push(Planted {
            kind,
            text: match kind {
                "session" => format!("Cookie: session={secret}; secure"),
                _ => format!("export {name}={secret} && make"),
            },
            name,
            value: secret.clone(),
            secret,
        });
    }
}

fn anywhere(all: &mut Vec<Planted>, kind: &'static str, text: &str, secret: String) {
    all.push(Planted {
        kind,
        text: text.to_owned(),
        name: "note",
        value: text.to_owned(),
        secret,
    });
}

/// With a digit and a letter in it, as almost all that is random has.
fn random(length: usize, alphabet: &str) -> String {
    loop {
        let mut bytes = vec![0; length];
        getrandom::fill(&mut bytes).unwrap();
        let letters = alphabet.as_bytes();
        let text: String = bytes
            .iter()
            .map(|byte| letters[usize::from(*byte) % letters.len()] as char)
            .collect();
        let mixed = text.contains(|c: char| c.is_ascii_digit()) && text.contains(|c: char| c.is_ascii_alphabetic());
        if mixed {
            return text;
        }
    }
}

const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &str = "0123456789abcdef";
