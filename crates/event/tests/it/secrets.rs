//! Planted secrets: one of each kind, made up, in every place where one can be.

/// A random-looking text of letters and digits.
fn letters(length: usize) -> String {
    "q7Zt4VbK9mXw2RfLp8Hs3JdN6cYgTa5E"
        .chars()
        .cycle()
        .take(length)
        .collect()
}

fn hex(length: usize) -> String {
    "9f3b27c1e84d05a6".chars().cycle().take(length).collect()
}

/// A secret by its form: what it is, a text that has it, the part that must be gone.
pub(crate) struct Planted {
    pub(crate) kind: &'static str,
    pub(crate) text: String,
    pub(crate) secret: String,
}

/// Secrets that are known by their form, wherever they stand.
pub(crate) fn by_form() -> Vec<Planted> {
    let mut planted = Vec::new();
    let mut plant = |kind, text: String, secret: String| {
        assert!(text.contains(&secret), "{text}");
        planted.push(Planted { kind, text, secret });
    };
    let mut whole = |kind, secret: String| plant(kind, secret.clone(), secret);
    for prefix in ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"] {
        whole("github token", format!("{prefix}{}", letters(36)));
    }
    whole("github token", format!("github_pat_{}_{}", letters(22), letters(59)));
    for prefix in [
        "glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glimt-", "glagent-",
    ] {
        whole("gitlab token", format!("{prefix}{}", letters(20)));
    }
    whole("circleci token", format!("CCIPAT_{}_{}", letters(22), hex(40)));
    whole("circleci token", format!("CCIPRJ_{}_{}", letters(22), hex(40)));
    whole(
        "slack token",
        format!("xoxb-123456789012-1234567890123-{}", letters(24)),
    );
    whole("slack token", format!("xoxp-123456789012-{}", letters(24)));
    whole("slack token", format!("xapp-1-A0123-{}", letters(24)));
    whole(
        "webhook url",
        format!("hooks.slack.com/services/T01234567/B01234567/{}", letters(24)),
    );
    whole(
        "webhook url",
        format!("discord.com/api/webhooks/123456789/{}", letters(60)),
    );
    whole("aws access key", "AKIAIOSFODNN7EXAMPLE".into());
    whole("aws access key", "ASIAIOSFODNN7EXAMPLE".into());
    whole("google api key", format!("AIza{}", letters(35)));
    whole("google oauth secret", format!("GOCSPX-{}", letters(28)));
    whole("google oauth secret", format!("ya29.{}", letters(60)));
    whole("azure client secret", format!("abc8Q~{}", letters(34)));
    whole("npm token", format!("npm_{}", letters(36)));
    whole("pypi token", format!("pypi-AgEIcHlwaS5vcmc{}", letters(100)));
    whole("docker token", format!("dckr_pat_{}", letters(27)));
    whole("stripe key", format!("sk_live_{}", letters(24)));
    whole("stripe key", format!("rk_test_{}", letters(24)));
    whole("twilio key", format!("SK{}", hex(32)));
    whole("sendgrid key", format!("SG.{}.{}", letters(22), letters(43)));
    whole("mailgun key", format!("key-{}", hex(32)));
    whole("age key", format!("AGE-SECRET-KEY-1{}", letters(58).to_uppercase()));
    whole(
        "log key",
        format!("PRIVATE+KEY+ci.example.com/audit+c74f20a3+{}", letters(44)),
    );
    whole("log token", format!("idl_{}", "a2b3c4d5e6f7".repeat(5)));
    whole("jwt", format!("eyJ{}.eyJ{}.{}", letters(30), letters(80), letters(43)));
    whole("vault token", format!("hvs.{}", letters(90)));
    whole("terraform token", format!("{}.atlasv1.{}", letters(14), letters(67)));
    whole("heroku key", format!("HRKU-{}", letters(40)));
    whole("digitalocean token", format!("dop_v1_{}", hex(64)));
    whole("shopify token", format!("shpat_{}", hex(32)));
    whole("hugging face token", format!("hf_{}", letters(34)));
    whole("openai key", format!("sk-proj-{}", letters(48)));
    whole("openai key", format!("sk-ant-api03-{}", letters(95)));
    whole("atlassian token", format!("ATATT3{}", letters(180)));
    whole("linear key", format!("lin_api_{}", letters(40)));
    whole("grafana token", format!("glsa_{}_{}", letters(32), hex(8)));
    whole("sentry token", format!("sntrys_{}", letters(60)));
    whole("telegram token", format!("123456789:AA{}", letters(33)));
    whole("nuget key", format!("oy2{}", letters(43).to_lowercase()));
    whole("rubygems key", format!("rubygems_{}", hex(48)));
    whole("Cargo registry token", format!("cio{}", letters(32)));
    whole("artifactory token", format!("AKCp{}", letters(69)));
    whole("sonarqube token", format!("sqp_{}", hex(40)));
    whole("pulumi token", format!("pul-{}", hex(40)));
    whole("databricks token", format!("dapi{}", hex(32)));
    whole("doppler token", format!("dp.pt.{}", letters(43)));
    whole("buildkite token", format!("bkua_{}", hex(40)));
    whole("new relic key", format!("NRAK-{}", letters(27).to_uppercase()));
    whole("planetscale token", format!("pscale_tkn_{}", letters(43)));
    whole("postman key", format!("PMAK-{}-{}", hex(24), hex(34)));
    whole("tailscale key", format!("tskey-auth-{}-{}", letters(17), letters(32)));
    whole("figma token", format!("figd_{}", letters(40)));
    whole("notion token", format!("ntn_{}", letters(46)));
    whole(
        "dynatrace token",
        format!("dt0c01.{}.{}", letters(24).to_uppercase(), letters(64).to_uppercase()),
    );
    whole("easypost key", format!("EZAK{}", letters(54)));
    whole("kubernetes token", format!("K10{}::server:{}", hex(64), hex(32)));
    for label in ["RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", "", "PGP "] {
        let block = if label == "PGP " { " BLOCK" } else { "" };
        let body = format!("{}\n{}", letters(64), letters(30));
        let key = format!("-----BEGIN {label}PRIVATE KEY{block}-----\n{body}\n-----END {label}PRIVATE KEY{block}-----");
        plant("private key", key, letters(64));
    }
    // Cut off, as in a log line.
    plant(
        "private key",
        format!("-----BEGIN RSA PRIVATE KEY-----\n{}", letters(64)),
        letters(64),
    );
    plant(
        "putty key",
        format!("PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n{}", letters(44)),
        letters(44),
    );
    plant(
        "bearer token",
        format!("Authorization: Bearer {}", letters(24)),
        letters(24),
    );
    plant(
        "bearer token",
        format!("curl -H 'authorization: bearer {}'", letters(24)),
        letters(24),
    );
    plant(
        "basic credentials",
        "Authorization: Basic b2N0b2NhdDpodW50ZXIy".into(),
        "b2N0b2NhdDpodW50ZXIy".into(),
    );
    for config in [
        "{\"auth\": \"b2N0b2NhdDpodW50ZXIy\"}",
        "//registry.example/:_auth=b2N0b2NhdDpodW50ZXIy",
    ] {
        plant("basic credentials", config.into(), "b2N0b2NhdDpodW50ZXIy".into());
    }
    plant(
        "cookie",
        "Set-Cookie: session=abcd1234efgh; Secure".into(),
        "abcd1234efgh".into(),
    );
    plant(
        "password",
        "machine git.example\n  login octocat\n  password hunter22".into(),
        "hunter22".into(),
    );
    let armoured = "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFcEFJQkFBS0NBUUVB";
    plant("private key", format!("client-key-data: {armoured}"), armoured.into());
    plant("token", format!("Authorization: token {}", letters(40)), letters(40));
    plant("token", format!("Authorization: Splunk {}", hex(36)), hex(36));
    plant(
        "url password",
        "postgres://app:hunter22@db.internal:5432/shop".into(),
        "hunter22".into(),
    );
    plant(
        "url password",
        "https://octocat:p@ss:word@github.com/acme".into(),
        "p@ss:word".into(),
    );
    plant("url password", "redis://:hunter22@cache:6379".into(), "hunter22".into());
    plant(
        "url token",
        format!("https://{}@github.com/acme/shop.git", letters(40)),
        letters(40),
    );
    let azure = "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=";
    plant(
        "azure key",
        format!("{azure}{}==;EndpointSuffix=core.windows.net", letters(86)),
        letters(86),
    );
    plant(
        "azure key",
        format!(
            "Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey={}=",
            letters(43)
        ),
        letters(43),
    );
    plant(
        "azure signature",
        format!(
            "https://acme.blob.core.windows.net/c?sv=2024&sig={}%3D&se=1",
            letters(43)
        ),
        letters(43),
    );
    plant("datadog key", format!("DD-API-KEY: {}", hex(32)), hex(32));
    plant(
        "assigned secret",
        "export DB_PASSWORD=hunter22; make".into(),
        "hunter22".into(),
    );
    plant(
        "assigned secret",
        "mysql --password=hunter22 -h db".into(),
        "hunter22".into(),
    );
    plant(
        "assigned secret",
        "login --user ci --token tok3n5678".into(),
        "tok3n5678".into(),
    );
    plant(
        "assigned secret",
        "https://ci.example.com/hook?access_token=abcd1234&x=1".into(),
        "abcd1234".into(),
    );
    plant(
        "assigned secret",
        format!("aws_secret_access_key = {}", letters(40)),
        letters(40),
    );
    plant(
        "assigned secret",
        "it said \"password\": \"hunter22\" there".into(),
        "hunter22".into(),
    );
    plant("assigned secret", "token: abc123def456".into(), "abc123def456".into());
    plant(
        "assigned secret",
        "client_secret='s3cr3t value'".into(),
        "s3cr3t value".into(),
    );
    planted
}

/// Secrets that are known by the name that they stand under: names, and values that have no form.
pub(crate) fn by_name() -> Vec<(&'static str, String)> {
    [
        "password",
        "PASSWORD",
        "db_password",
        "userPassword",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "client_secret",
        "webhookSecret",
        "token",
        "access_token",
        "refreshToken",
        "GITHUB_TOKEN",
        "X-Gitlab-Token",
        "jenkins_api_token",
        "authorization",
        "Proxy-Authorization",
        "cookie",
        "Set-Cookie",
        "api_key",
        "x-api-key",
        "DD_APP_KEY",
        "HEROKU_API_KEY",
        "private_key",
        "privateKey",
        "AWS_SECRET_ACCESS_KEY",
        "secretAccessKey",
        "account_key",
        "signing_key",
        "connectionString",
    ]
    .into_iter()
    .enumerate()
    .map(|(place, name)| (name, format!("swordfish{place}")))
    .collect()
}

/// What looks like a secret to the hasty, and must stay.
pub(crate) const INNOCENT: [&str; 53] = [
    "client-certificate-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUMvakNDQWVhZ0F3SUJBZ0lCQURBTkJn",
    "auth: bGVnYWN5bGVnYWN5",
    "author: b2N0b2NhdA==",
    "Cookie: expired",
    "login with a password that is long",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    "https://github.com/acme/shop/actions/runs/9",
    "https://api.github.com/repos/octo/hello/git{/sha}",
    "https://octocat@github.com/acme/shop.git",
    "https://ci.example.com:8443/job/deploy@tmp/1",
    "git://github.com/acme/shop.git",
    "git@github.com:acme/shop.git",
    "ssh://git@github.com:22/acme/shop.git",
    "http://[::1]:7425/path",
    "10:AA",
    "2026-11-22T10:00:00Z",
    "refs/heads/fix-token-parsing",
    "Fix token handling in the password reset form",
    "bearer authentication is required",
    "Basic authentication failed",
    "token: expired",
    "invalid token: unexpected end of input",
    "The password must have eight letters",
    "secret scanning alert",
    "npm_config_cache",
    "npm run build",
    "pypi-publish",
    "pypi-attestations-verification-service",
    "ghp_short",
    "glpat-",
    "xoxo-kisses",
    "sk-learn pipeline",
    "kubernetes-sigs/task-runner-with-a-rather-long-name",
    "risk-assessment-for-the-second-quarter-of-2026-and-more",
    "AKIA is a prefix",
    "eyJ is how a JWT begins",
    "-----BEGIN PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE-----",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKx3LGm5 octocat",
    "token_id=7",
    "hashed_token=abcdefgh",
    "token_scopes=repo,user",
    "monkey=banana",
    "key=value",
    "${{ secrets.NPM_TOKEN }}",
    "192.0.2.7",
    "ci.example.com/audit+c9d1f0b2+AZtest",
    "secret_name: DB",
    "[redacted: github token]",
    "password=[redacted: password]",
];
