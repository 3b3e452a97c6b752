//! The forms of secrets.
//!
//! A rule has *anchors*, letters without which it cannot match. One pass finds the anchors of all rules; only rules whose anchor is in
//! the text are tried, each in time linear in the text.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use regex::Regex;

use super::{names, text};

/// One form of secret.
struct Rule {
    kind: &'static str,
    anchors: &'static [&'static str],
    form: &'static str,
    /// Which part of a match is the secret; `None` if it is none after all.
    part: fn(&str) -> Option<Range<usize>>,
}

/// All rules, compiled.
pub(super) struct Rules {
    anchors: AhoCorasick,
    /// The rule of each anchor.
    owners: Vec<usize>,
    forms: Vec<Regex>,
}

/// The rules, compiled at the first call (about 10 ms).
pub(super) fn rules() -> &'static Rules {
    static RULES: LazyLock<Rules> = LazyLock::new(Rules::compile);
    &RULES
}

impl Rules {
    fn compile() -> Self {
        let pairs = RULES.iter().enumerate();
        let pairs = pairs.flat_map(|(place, rule)| rule.anchors.iter().map(move |anchor| (*anchor, place)));
        let (anchors, owners): (Vec<&str>, Vec<usize>) = pairs.unzip();
        Self {
            anchors: AhoCorasick::builder()
                .ascii_case_insensitive(true)
                // One step a byte, for half a megabyte of tables.
                .kind(Some(AhoCorasickKind::DFA))
                .build(anchors)
                .expect("a hundred short words are no large automaton"),
            owners,
            forms: RULES
                .iter()
                .map(|rule| Regex::new(rule.form).expect("the forms are tested"))
                .collect(),
        }
    }

    /// Calls `found` for every secret, rule by rule.
    pub(super) fn each_match(&self, text: &str, mut found: impl FnMut(Range<usize>, &'static str)) {
        let mut possible = 0_u128;
        for hit in self.anchors.find_overlapping_iter(text) {
            possible |= 1 << self.owners[hit.pattern().as_usize()];
        }
        while possible != 0 {
            let place = possible.trailing_zeros() as usize;
            possible &= possible - 1;
            let rule = &RULES[place];
            if rule.anchors == URL && !text.contains('@') {
                continue;
            }
            for hit in self.forms[place].find_iter(text) {
                if let Some(part) = (rule.part)(hit.as_str()) {
                    found(hit.start() + part.start..hit.start() + part.end, rule.kind);
                }
            }
        }
    }
}

fn whole(hit: &str) -> Option<Range<usize>> {
    Some(0..hit.len())
}

/// The whole, if it looks random: with a digit, and with a letter.
fn mixed(hit: &str) -> Option<Range<usize>> {
    let digit = hit.bytes().any(|byte| byte.is_ascii_digit());
    let letter = hit.bytes().any(|byte| byte.is_ascii_alphabetic());
    (digit && letter).then_some(0..hit.len())
}

/// What follows the last blank, if it looks random or is long: the token of `Bearer …`.
fn last_word(hit: &str) -> Option<Range<usize>> {
    let start = hit.rfind([' ', '\t'])? + 1;
    let word = &hit[start..];
    (mixed(word).is_some() || word.len() >= 32).then_some(start..hit.len())
}

/// What follows the last blank, if it is the base64 of a name and a password.
fn basic(hit: &str) -> Option<Range<usize>> {
    let start = hit.rfind([' ', '\t'])? + 1;
    name_and_password(&hit[start..]).then_some(start..hit.len())
}

/// What follows `auth=` or `"auth":`, if it is the base64 of a name and a password: the configuration of Docker and npm.
fn behind_auth(hit: &str) -> Option<Range<usize>> {
    let behind = &hit[hit.find([':', '='])? + 1..];
    let start = hit.len() - behind.trim_start_matches([' ', '\t', '"', '\'', '\\']).len();
    name_and_password(&hit[start..]).then_some(start..hit.len())
}

/// Whether it is the base64 of a name and a password with a colon between them.
pub(super) fn name_and_password(encoded: &str) -> bool {
    let decoded = STANDARD_NO_PAD.decode(encoded.trim_end_matches('='));
    let text = decoded.ok().and_then(|decoded| String::from_utf8(decoded).ok());
    text.is_some_and(|text| text.contains(':') && !text.contains(char::is_control))
}

/// The whole, if it is the base64 of a private key in armour, and not of a certificate.
fn encoded_key(hit: &str) -> Option<Range<usize>> {
    // What says which it is stands in the first 40 bytes.
    let beginning = hit.get(..56)?;
    let decoded = STANDARD_NO_PAD.decode(beginning).ok()?;
    let is_key = decoded.windows(ARMOUR.len()).any(|window| window == ARMOUR);
    is_key.then_some(0..hit.len())
}

/// The value of the first cookie, and all that follows it.
fn cookie(hit: &str) -> Option<Range<usize>> {
    let start = hit.find('=')? + 1;
    (!hit[start..].starts_with("[redacted")).then_some(start..hit.len())
}

/// What follows the last blank.
fn behind_blank(hit: &str) -> Option<Range<usize>> {
    let start = hit.rfind(char::is_whitespace)? + 1;
    (!hit[start..].starts_with("[redacted") && text::is_secret(&hit[start..])).then_some(start..hit.len())
}

/// The password of `scheme://name:password@`.
fn url_password(hit: &str) -> Option<Range<usize>> {
    let authority = hit.find("://")? + 3;
    let start = authority + hit[authority..].find(':')? + 1;
    let end = hit.len() - 1;
    text::is_secret(&hit[start..end]).then_some(start..end)
}

/// The name of `scheme://name@`, if it looks like a token: long and random.
fn url_name(hit: &str) -> Option<Range<usize>> {
    let start = hit.find("://")? + 3;
    let end = hit.len() - 1;
    mixed(&hit[start..end]).map(|_| start..end)
}

/// What follows the first equals sign.
fn behind_equals(hit: &str) -> Option<Range<usize>> {
    Some(hit.find('=')? + 1..hit.len())
}

/// The value of `name=value`, `"name": "value"` or `--name value`, if the name is that of a secret.
fn assigned(hit: &str) -> Option<Range<usize>> {
    let name_end = hit.find(|c: char| !(c.is_ascii_alphanumeric() || "_.-".contains(c)))?;
    let flag = hit.starts_with("--");
    let behind = &hit[name_end..];
    names::secret(hit[..name_end].trim_start_matches('-'))?;
    let trimmed = behind.trim_start_matches(['"', '\'', '\\', ' ', '\t']);
    let separated = trimmed.starts_with(['=', ':']);
    let argument = flag && behind.starts_with([' ', '\t']);
    if !separated && !argument {
        return None;
    }
    let rest = hit.len() - trimmed.len() + usize::from(separated);
    let start = rest + hit[rest..].find(|c: char| !" \t\"'\\".contains(c))?;
    let end = start + hit[start..].trim_end_matches(['"', '\'', '\\']).len();
    let value = &hit[start..end];
    // Words in prose, such as `token: expired`: only what is assigned in a program or looks random counts.
    let strict = flag || behind.starts_with(['=', '"', '\'', '\\']);
    let long = value.len() >= if strict { 4 } else { 8 };
    let plausible = strict || mixed(value).is_some();
    (long && plausible && text::is_secret(value) && !value.starts_with("[redacted")).then_some(start..end)
}

/// What only the armour of a private key says.
const ARMOUR: &[u8] = b"PRIVATE KEY";

/// URLs are in every event; those with a name or a password in them have an `@`, too.
const URL: &[&str] = &["://"];

#[rustfmt::skip]
static RULES: [Rule; 65] = [
    Rule { kind: "github token", anchors: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        form: r"(?-u:\b)(?:gh[pousr]_[A-Za-z0-9_.-]{16,}|github_pat_[A-Za-z0-9_]{20,})", part: whole },
    Rule { kind: "gitlab token", anchors: &["glpat-", "gldt-", "glrt-", "glrtr-", "glcbt-", "glptt-", "glft-", "glsoat-", "glimt-", "glagent-", "gloas-", "glffct-", "GR1348941"],
        form: r"(?-u:\b)(?:gl(?:pat|dt|rt|rtr|cbt|ptt|ft|soat|imt|agent|oas|ffct)-[A-Za-z0-9_.-]{16,}|GR1348941[A-Za-z0-9_-]{16,})", part: whole },
    Rule { kind: "circleci token", anchors: &["CCIPAT_", "CCIPRJ_"],
        form: r"(?-u:\b)CCI(?:PAT|PRJ)_[A-Za-z0-9_]{16,}", part: whole },
    Rule { kind: "slack token", anchors: &["xox", "xapp-"],
        form: r"(?-u:\b)(?:xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{10,})", part: whole },
    Rule { kind: "webhook url", anchors: &["hooks.slack.com/", "/api/webhooks/", ".webhook.office.com/"],
        form: r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{20,}|discord(?:app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]{20,}|[a-z0-9-]+\.webhook\.office\.com/webhookb2/[A-Za-z0-9@/_-]{20,}", part: whole },
    Rule { kind: "aws access key", anchors: &["AKIA", "ASIA", "ABIA", "ACCA"],
        form: r"(?-u:\b)(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?-u:\b)", part: whole },
    Rule { kind: "google api key", anchors: &["AIza"],
        form: r"(?-u:\b)AIza[A-Za-z0-9_-]{35}", part: whole },
    Rule { kind: "google oauth secret", anchors: &["GOCSPX-", "ya29."],
        form: r"(?-u:\b)(?:GOCSPX-[A-Za-z0-9_-]{20,}|ya29\.[A-Za-z0-9_-]{20,})", part: whole },
    Rule { kind: "azure key", anchors: &["AccountKey=", "SharedAccessKey=", "SharedSecret="],
        form: r"(?i)(?:AccountKey|SharedAccessKey|SharedSecret)=[A-Za-z0-9+/=%]{16,}", part: behind_equals },
    Rule { kind: "azure signature", anchors: &["sig="],
        form: r"(?-u:\b)sig=[A-Za-z0-9+/=%]{30,}", part: behind_equals },
    Rule { kind: "azure client secret", anchors: &["Q~"],
        form: r"(?-u:\b)[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{30,}", part: whole },
    Rule { kind: "npm token", anchors: &["npm_"],
        form: r"(?-u:\b)npm_[A-Za-z0-9]{30,}", part: whole },
    Rule { kind: "pypi token", anchors: &["pypi-"],
        form: r"(?-u:\b)pypi-(?:AgE[A-Za-z0-9_-]{16,}|[A-Za-z0-9_-]{50,})", part: mixed },
    Rule { kind: "docker token", anchors: &["dckr_"],
        form: r"(?-u:\b)dckr_(?:pat|oat)_[A-Za-z0-9_-]{16,}", part: whole },
    Rule { kind: "stripe key", anchors: &["sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"],
        form: r"(?-u:\b)(?:[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{20,})", part: whole },
    Rule { kind: "twilio key", anchors: &["SK"],
        form: r"(?-u:\b)SK[0-9a-f]{32}(?-u:\b)", part: whole },
    Rule { kind: "sendgrid key", anchors: &["SG."],
        form: r"(?-u:\b)SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}", part: whole },
    Rule { kind: "mailgun key", anchors: &["key-"],
        form: r"(?-u:\b)key-[0-9a-f]{32}(?-u:\b)", part: whole },
    Rule { kind: "private key", anchors: &["PRIVATE KEY"],
        form: r"(?s)-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\z)", part: whole },
    Rule { kind: "putty key", anchors: &["PuTTY-User-Key-File-"],
        form: r"(?s)PuTTY-User-Key-File-[0-9]: .*\z", part: whole },
    Rule { kind: "age key", anchors: &["AGE-SECRET-KEY-"],
        form: r"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Za-z]{20,}", part: whole },
    Rule { kind: "log key", anchors: &["PRIVATE+KEY+"],
        form: r"PRIVATE\+KEY\+[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+", part: whole },
    Rule { kind: "log token", anchors: &["idl_"],
        form: r"(?-u:\b)idl_[a-z2-7]{40,}", part: whole },
    Rule { kind: "jwt", anchors: &["eyJ"],
        form: r"(?-u:\b)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_.-]*", part: whole },
    Rule { kind: "bearer token", anchors: &["bearer"],
        form: r"(?i)(?-u:\b)bearer[ \t]+[A-Za-z0-9._~+/=:-]{8,}", part: last_word },
    Rule { kind: "basic credentials", anchors: &["basic"],
        form: r"(?i)(?-u:\b)basic[ \t]+[A-Za-z0-9+/]{4,}={0,2}", part: basic },
    Rule { kind: "basic credentials", anchors: &["auth"],
        form: r#"(?i)auth(?:\\?["'])?[ \t]{0,3}[:=][ \t]{0,3}(?:\\?["'])?[A-Za-z0-9+/]{8,}={0,2}"#, part: behind_auth },
    Rule { kind: "private key", anchors: &["LS0tLS1CRUdJTi"],
        form: r"LS0tLS1CRUdJTi[A-Za-z0-9+/]{42,}={0,2}", part: encoded_key },
    Rule { kind: "password", anchors: &["password"],
        form: r"(?i)(?-u:\b)login\s{1,20}\S{1,100}\s{1,20}password\s{1,20}\S{4,}", part: behind_blank },
    Rule { kind: "cookie", anchors: &["cookie:"],
        form: r#"(?i)(?-u:\b)(?:set-)?cookie:[ \t]*[^\s=;,"']{1,100}=[^\s;"']{4,}(?:;[ \t]*[^\s=;,"']{1,100}=[^\s;"']+)*"#, part: cookie },
    Rule { kind: "token", anchors: &["splunk ", "token ", "apikey "],
        form: r"(?i)(?-u:\b)authorization\W{1,6}(?:splunk|token|apikey)[ \t]+[A-Za-z0-9._~+/=-]{8,}", part: last_word },
    Rule { kind: "url password", anchors: URL,
        form: r#"(?i)[a-z][a-z0-9+.-]{0,30}://[^\s/?#:@"'<>]*:[^\s/?#"'<>]+@"#, part: url_password },
    Rule { kind: "url token", anchors: URL,
        form: r"(?i)[a-z][a-z0-9+.-]{0,30}://[a-z0-9_-]{20,}@", part: url_name },
    Rule { kind: "vault token", anchors: &["hvs.", "hvb.", "hvr."],
        form: r"(?-u:\b)hv[sbr]\.[A-Za-z0-9_-]{16,}", part: whole },
    Rule { kind: "terraform token", anchors: &[".atlasv1."],
        form: r"[A-Za-z0-9]{8,}\.atlasv1\.[A-Za-z0-9_=-]{20,}", part: whole },
    Rule { kind: "heroku key", anchors: &["HRKU-"],
        form: r"(?-u:\b)HRKU-[A-Za-z0-9_-]{20,}", part: whole },
    Rule { kind: "digitalocean token", anchors: &["_v1_"],
        form: r"(?-u:\b)do[opr]_v1_[a-f0-9]{32,}", part: whole },
    Rule { kind: "shopify token", anchors: &["shpat_", "shpca_", "shppa_", "shpss_"],
        form: r"(?-u:\b)shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}", part: whole },
    Rule { kind: "hugging face token", anchors: &["hf_"],
        form: r"(?-u:\b)hf_[A-Za-z0-9]{30,}", part: whole },
    Rule { kind: "openai key", anchors: &["sk-"],
        form: r"(?-u:\b)sk-(?:proj-|svcacct-|admin-|ant-[a-z0-9]+-)?[A-Za-z0-9_-]{32,}", part: mixed },
    Rule { kind: "atlassian token", anchors: &["ATATT3", "ATCTT3", "ATBB"],
        form: r"(?-u:\b)(?:AT[AC]TT3[A-Za-z0-9_=-]{20,}|ATBB[A-Za-z0-9]{24,})", part: whole },
    Rule { kind: "linear key", anchors: &["lin_api_"],
        form: r"(?-u:\b)lin_api_[A-Za-z0-9]{20,}", part: whole },
    Rule { kind: "grafana token", anchors: &["glsa_", "glc_"],
        form: r"(?-u:\b)(?:glsa|glc)_[A-Za-z0-9+/=_]{20,}", part: whole },
    Rule { kind: "sentry token", anchors: &["sntrys_", "sntryu_"],
        form: r"(?-u:\b)sntry[su]_[A-Za-z0-9+/=_-]{20,}", part: whole },
    Rule { kind: "telegram token", anchors: &[":AA"],
        form: r"(?-u:\b)[0-9]{8,10}:AA[A-Za-z0-9_-]{32,}", part: whole },
    Rule { kind: "nuget key", anchors: &["oy2"],
        form: r"(?-u:\b)oy2[a-z0-9]{43}(?-u:\b)", part: whole },
    Rule { kind: "rubygems key", anchors: &["rubygems_"],
        form: r"(?-u:\b)rubygems_[a-f0-9]{40,}", part: whole },
    Rule { kind: "Cargo registry token", anchors: &["cio"],
        form: r"(?-u:\b)cio[A-Za-z0-9]{32}(?-u:\b)", part: mixed },
    Rule { kind: "artifactory token", anchors: &["AKCp", "cmVmdGtu"],
        form: r"(?-u:\b)(?:AKCp[A-Za-z0-9]{50,}|cmVmdGtu[A-Za-z0-9]{40,})", part: whole },
    Rule { kind: "sonarqube token", anchors: &["sqp_", "squ_", "sqa_"],
        form: r"(?-u:\b)sq[pua]_[a-f0-9]{40}", part: whole },
    Rule { kind: "pulumi token", anchors: &["pul-"],
        form: r"(?-u:\b)pul-[a-f0-9]{40}", part: whole },
    Rule { kind: "databricks token", anchors: &["dapi"],
        form: r"(?-u:\b)dapi[a-f0-9]{32}", part: whole },
    Rule { kind: "doppler token", anchors: &["dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit."],
        form: r"(?-u:\b)dp\.(?:pt|ct|sa|scim|audit|st)\.(?:[a-z0-9_-]+\.)?[A-Za-z0-9]{30,}", part: whole },
    Rule { kind: "buildkite token", anchors: &["bkua_", "bkaj_", "bkat_"],
        form: r"(?-u:\b)bk(?:ua|aj|at)_[A-Za-z0-9]{20,}", part: whole },
    Rule { kind: "new relic key", anchors: &["NRAK-", "NRJS-", "NRII-"],
        form: r"(?-u:\b)NR(?:AK|JS|II)-[A-Za-z0-9_-]{19,}", part: whole },
    Rule { kind: "planetscale token", anchors: &["pscale_"],
        form: r"(?-u:\b)pscale_(?:tkn|oauth|pw)_[A-Za-z0-9_.=-]{20,}", part: whole },
    Rule { kind: "postman key", anchors: &["PMAK-"],
        form: r"(?-u:\b)PMAK-[A-Fa-f0-9-]{20,}", part: whole },
    Rule { kind: "tailscale key", anchors: &["tskey-"],
        form: r"(?-u:\b)tskey-[a-z]+-[A-Za-z0-9-]{16,}", part: whole },
    Rule { kind: "figma token", anchors: &["figd_"],
        form: r"(?-u:\b)figd_[A-Za-z0-9_-]{20,}", part: whole },
    Rule { kind: "notion token", anchors: &["ntn_", "secret_"],
        form: r"(?-u:\b)(?:ntn_[A-Za-z0-9]{30,}|secret_[A-Za-z0-9]{40,})", part: mixed },
    Rule { kind: "dynatrace token", anchors: &["dt0c01."],
        form: r"(?-u:\b)dt0c01\.[A-Z0-9]{16,}\.[A-Z0-9]{32,}", part: whole },
    Rule { kind: "datadog key", anchors: &["DDOG", "ddp_", "dd-api-key"],
        form: r"(?i)dd-api(?:plication)?-key\W{1,6}[a-f0-9]{32,40}", part: |hit| Some(hit.rfind(|c: char| !c.is_ascii_hexdigit())? + 1..hit.len()) },
    Rule { kind: "kubernetes token", anchors: &["K10"],
        form: r"(?-u:\b)K10[a-f0-9]{40,}::[a-z:]+[a-f0-9]{16,}", part: whole },
    Rule { kind: "easypost key", anchors: &["EZAK", "EZTK"],
        form: r"(?-u:\b)EZ[AT]K[A-Za-z0-9]{50,}", part: whole },
    Rule { kind: "assigned secret", anchors: &["pass", "pwd", "secret", "token", "key", "authorization", "cookie"],
        form: r#"(?i)(?:--)?[a-z0-9_.-]*(?:password|passwd|passphrase|pwd|pass|secret|token|apikey|key|authorization)(?:\\?["'])?(?:[ \t]{0,3}[:=][ \t]{0,3}|[ \t])(?:\\?"[^"\\\r\n]{3,}\\?"|'[^'\r\n]{3,}'|[^\s"'&;,\\)\]}>]{4,})"#, part: assigned },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_rules_as_bits() {
        assert!(RULES.len() <= 128);
        assert_eq!(rules().forms.len(), RULES.len());
    }
}
