//! `indelible token create`

use std::path::PathBuf;

use indelible_access::token::{RANDOM_BYTES, Token};
use indelible_access::{Act, Grant, NewToken, Role, Scope, ScopeParts, Subject};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::json;

use crate::cmd::admin::AdminArgs;
use crate::cmd::out::line;
use crate::cmd::runtime::block_on;
use crate::cmd::{CommandResult, Verdict};
use crate::data::{DataDir, Lock, record};

/// Make a token, and print it: this once, alone on stdout.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible token create ci-deploy --role submitter --source deploy --expires 90d > token
  indelible token create auditor-2026 --role auditor --expires 2027-01-01T00:00:00Z
  indelible token create acme-reader --role reader --source github/acme --action 'deployment.*'
  indelible token create new-admin --role admin --data ./indelible-data     (of a log at rest, whose admin token is lost)")]
pub(super) struct Args {
    /// What it is for: 1 to 64 of a-z, 0-9, `-`, `_` and `.`. It stands in events, and cannot be changed.
    name: String,
    /// What it may do: see `indelible access table`. May be given several times.
    #[arg(long, value_name = "ROLE", required = true)]
    role: Vec<Role>,
    /// Only for events of this source. May be given several times.
    #[arg(long, value_name = "SOURCE")]
    source: Vec<String>,
    /// Only for events of this action, or of all that begin so, if it ends in `*`. May be given several times.
    #[arg(long, value_name = "ACTION")]
    action: Vec<String>,
    /// Until when it holds: a time, or a number of days (90d) or hours (12h). Without it, until it is revoked.
    #[arg(long, value_name = "TIME", value_parser = expires)]
    expires: Option<Expires>,
    /// The approval of a second principal, where one is needed.
    #[arg(long, value_name = "APPROVAL")]
    approval: Option<String>,
    /// Make it in the directory of a log that rests. Whoever can write there can do so anyhow; it is on the record at the next start.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["url", "approval"])]
    data: Option<PathBuf>,
    #[command(flatten)]
    admin: AdminArgs,
}

#[derive(Clone, Copy, Debug)]
enum Expires {
    At(Timestamp),
    In(SignedDuration),
}

pub(super) fn run(args: &Args) -> CommandResult {
    let list = |names: &[String]| (!names.is_empty()).then(|| names.to_vec());
    let scope = Scope::try_from(ScopeParts {
        sources: list(&args.source),
        actions: list(&args.action),
    })?;
    let grants: Vec<Grant> = args
        .role
        .iter()
        .map(|&role| Grant {
            role,
            scope: scope.clone(),
        })
        .collect();
    let now = Timestamp::now();
    let expires = args.expires.map(|expires| match expires {
        Expires::At(time) => time,
        Expires::In(time) => now + time,
    });
    if let Some(data) = &args.data {
        return at_rest(&DataDir::at(data), &args.name, grants, now, expires);
    }
    let asked = json!({"name": args.name, "grants": grants, "expires": expires, "approval": args.approval});
    let made = block_on(args.admin.ask(Method::POST, "/v1/tokens", Some(&asked)))??;
    eprintln!(
        "made {}; it is shown this once",
        made["subject"].as_str().unwrap_or_default()
    );
    line(made["token"].as_str().ok_or("the log answers without a token")?)?;
    Ok(Verdict::Holds)
}

fn at_rest(data: &DataDir, name: &str, grants: Vec<Grant>, at: Timestamp, expires: Option<Timestamp>) -> CommandResult {
    if !data.journal().exists() {
        return Err(format!("there is no log in {}", data.path().display()).into());
    }
    let _lock = Lock::take(data)?;
    let mut random = [0; RANDOM_BYTES];
    getrandom::fill(&mut random)?;
    let token = Token::new(&random);
    let act = Act::TokenCreated(NewToken {
        hash: token.hash(),
        name: name.to_owned(),
        grants,
        at,
        expires,
        by: Subject {
            subject: "operator-of-the-directory".to_owned(),
            created_by: None,
        },
    });
    record(data, &json!({"time": at.as_second(), "act": act.name(), "access": act}))?;
    eprintln!("made; it holds from the next start on, and is shown this once");
    line(token.expose())?;
    Ok(Verdict::Holds)
}

fn expires(text: &str) -> Result<Expires, String> {
    let number = |digits: &str| digits.parse::<u32>().ok().map(i64::from);
    let read = match (text.strip_suffix('d'), text.strip_suffix('h')) {
        (Some(days), _) => number(days).map(|days| Expires::In(SignedDuration::from_hours(24 * days))),
        (_, Some(hours)) => number(hours).map(|hours| Expires::In(SignedDuration::from_hours(hours))),
        _ => text.parse().ok().map(Expires::At),
    };
    read.ok_or_else(|| format!("{text:?} is neither a time such as 2027-01-01T00:00:00Z nor a span such as 90d or 12h"))
}
