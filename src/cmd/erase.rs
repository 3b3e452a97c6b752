//! `indelible erase`

use indelible_event::EvidenceVerifier;
use indelible_event::member::Member;
use serde_json::{Value, json};

use super::admin::AdminArgs;
use super::consent::ConsentArg;
use super::evidence::EvidenceTrustArgs;
use super::out::line;
use super::progress::counter;
use super::remote::HeadsArg;
use super::runtime::block_on;
use super::{CommandResult, Failure, Verdict};

/// Erase what events say of a person, without breaking a proof.
///
/// Shows which members of which events would be erased, and asks. Then a tombstone goes into the log, which says what was erased but
/// not what it was; from then on nobody is given it, and it is overwritten in the log's files. Leaves, receipts and heads stay what they
/// are. What is under a legal hold is not erased. See docs/erasure.md for what backups and disks may still have.
///
/// Prints the index of each tombstone, and checks that it is in the log and erases what was listed. Exit status 0: erased and overwritten,
/// or there was nothing to erase. 1: it is not as the log says. 2: nothing was erased, or what was committed is not overwritten yet (the
/// log goes on with it by itself).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible erase --subject octo@example.com --basis 'GDPR Art. 17' --requester 'ticket 4711'
  indelible erase --index 7 --index 9 --members actor,raw --basis 'GDPR Art. 17' --requester 'ticket 4711'")]
#[group(id = "what", required = true, args = ["index", "subject"])]
pub struct Args {
    /// Erase every member that contains TEXT, and what these events came as. Letters are compared as they are. The text is kept
    /// nowhere, but your shell may keep it.
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
    /// Erase members of the event at this index; may be given several times.
    #[arg(long, value_name = "N", conflicts_with = "subject")]
    index: Vec<u64>,
    /// Which members of these events: action, actor, changes, correlation, delivery, occurred, origin, outcome, raw, submitter,
    /// targets. Default: all.
    #[arg(long, value_name = "MEMBERS", value_delimiter = ',', conflicts_with = "subject")]
    members: Vec<String>,
    /// On what legal basis. The tombstone commits to it; it is disclosed to nobody but by you.
    #[arg(long, value_name = "TEXT")]
    basis: String,
    /// Who asked for it. As the basis.
    #[arg(long, value_name = "TEXT")]
    requester: String,
    #[command(flatten)]
    consent: ConsentArg,
    #[command(flatten)]
    admin: AdminArgs,
    #[command(flatten)]
    heads: HeadsArg,
    #[command(flatten)]
    trust: EvidenceTrustArgs,
}

/// Erases.
pub fn run(args: &Args) -> CommandResult {
    block_on(erase(args))?
}

async fn erase(args: &Args) -> CommandResult {
    // Who could not check what was done should hear of it before it is done.
    let mut gatherer = args.admin.gatherer(&args.heads, args.trust.read()?).await?;
    let wanted = match &args.subject {
        Some(text) => json!({"subject": text}),
        None => json!({"entries": entries(&args.index, &args.members)}),
    };
    let Some(plan) = plan(args, &wanted).await? else {
        return Err("the log's answer has no plan in it".into());
    };
    let none = Vec::new();
    let listed = plan["entries"].as_array().unwrap_or(&none);
    if plan["damaged"] != 0 {
        eprintln!(
            "indelible: {} events are damaged, and nobody can look into them; fsck says which",
            plan["damaged"]
        );
    }
    for said in plan["said"].as_array().unwrap_or(&none) {
        eprintln!(
            "indelible: tombstone {} says it as its {}, which stays",
            said["tombstone"],
            said["member"].as_str().unwrap_or("member")
        );
    }
    if listed.is_empty() {
        eprintln!("there is nothing to erase");
        return Ok(Verdict::Holds);
    }
    eprintln!("to be erased, of {} events:", plan["events"]);
    listed.iter().for_each(|range| eprintln!("  {}", shown(range)));
    args.consent.obtain("What is erased cannot be brought back.")?;

    let confirmed = json!({
        "entries": listed,
        "confirm": plan["token"],
        "basis": args.basis,
        "requester": args.requester,
    });
    let (mut committed, mut done) = (Vec::new(), false);
    args.admin
        .post("/v1/erasures", &confirmed, &mut |said| {
            for tombstone in said["committed"]["tombstones"].as_array().into_iter().flatten() {
                line(tombstone)?;
                committed.extend(tombstone.as_u64());
            }
            done |= said.get("carried_out").is_some();
            Ok(())
        })
        .await?;
    if committed.is_empty() {
        return Err("the log has not said that it is committed".into());
    }
    gatherer.entries(committed, |_, _| Ok(())).await?;
    if let Some(missing) = listed.iter().find(|range| !is_erased(range, gatherer.verifier())) {
        return Ok(Verdict::DoesNotHold(format!(
            "the tombstones that the log speaks of do not erase what was listed: {}",
            shown(missing)
        )));
    }
    match done {
        true => Ok(Verdict::Holds),
        false => Err("it is committed, and given to nobody; the log has not said that it is overwritten".into()),
    }
}

/// Whether the tombstones that were checked erase these members of these entries, each of them.
fn is_erased(range: &Value, verifier: &EvidenceVerifier) -> bool {
    let members: Option<Vec<Member>> = match range["members"].as_array() {
        Some(names) => names.iter().map(|name| Member::from_name(name.as_str()?)).collect(),
        None => Some(Member::ALL.to_vec()),
    };
    let (Some(first), Some(last), Some(members)) = (range["first"].as_u64(), range["last"].as_u64(), members) else {
        return false;
    };
    let erased = |index| {
        members
            .iter()
            .all(|&member| verifier.erasures().tombstone(index, member).is_some())
    };
    (first..=last).all(erased)
}

async fn plan(args: &Args, wanted: &Value) -> Result<Option<Value>, Failure> {
    let bar = counter("looking", None);
    let mut plan = None;
    let mut take = |said: &Value| {
        if let Some(read) = said["progress"]["read"].as_u64() {
            bar.set_position(read);
        }
        if let Some(found) = said.get("plan") {
            plan = Some(found.clone());
        }
        Ok(())
    };
    let asked = args.admin.post("/v1/erasures", wanted, &mut take).await;
    bar.finish_and_clear();
    asked.map(|()| plan)
}

/// Entries as the log is asked for them.
pub(super) fn entries(indexes: &[u64], members: &[String]) -> Vec<Value> {
    let entry = |index: &u64| match members.is_empty() {
        true => json!({"first": index, "last": index}),
        false => json!({"first": index, "last": index, "members": members}),
    };
    indexes.iter().map(entry).collect()
}

fn shown(range: &Value) -> String {
    let members = range["members"].as_array().into_iter().flatten();
    let members: Vec<&str> = members.filter_map(Value::as_str).collect();
    let (first, last) = (&range["first"], &range["last"]);
    match first == last {
        true => format!("{first}\t{}", members.join(",")),
        false => format!("{first}..{last}\t{}", members.join(",")),
    }
}
