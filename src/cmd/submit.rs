//! `indelible submit`

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use indelible_access::signed::JobKey;
use indelible_event::member::{Claims, Member};
use indelible_event::{EvidenceLine, EvidenceVerifier, MemberValue, Sent};
use serde::Deserialize;
use serde_json::{Value, json};

use super::evidence::{Checked, EvidenceTrustArgs, EvidenceWriter, header};
use super::files::read_at_most;
use super::out::line;
use super::runtime::block_on;
use super::service::{Accepted, BadAnswer, Service, ServiceArgs, ServiceError};
use super::{CommandResult, Failure, Verdict};
use crate::data::read_secret;

/// Submit events to a running log, and check that it took exactly what was sent.
///
/// Reads JSON: an object with what is claimed of an event, several of them one after the other (such as one a line), or an array. Prints
/// a line for each event once it is durable and the answer is checked: its index, its leaf hash, and `new`, or `known` if the same came
/// before; with tabs between them. Checked is that the leaf is in a tree which the log has signed, and that it commits to what was
/// sent, but for marks in place of secrets, which stderr tells of.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  echo '{\"action\":{\"name\":\"deploy\",\"verb\":\"execute\"},\"actor\":{\"type\":\"user\",\"name\":\"ada\"}}' |
    indelible submit --source deploy-script --key run-4711
  indelible submit events.ndjson --source jenkins-export -o submitted.indelible
  indelible submit deploy.json --source jenkins --key build-17 --raw build.xml --raw-type application/xml
  indelible submit deploy.json --source deploy --key run-4711-1 --signing-key job.jwk --token-file job.token")]
pub struct Args {
    /// The file with the events; - is stdin.
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// Where they come from.
    #[arg(long, value_name = "NAME")]
    source: String,
    /// The idempotency key of the one event: a repeat of the same source and key is no second event.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// The bytes that the one event came as: they are kept with it, and the event has their hash. At most 2 MiB.
    #[arg(long, value_name = "FILE")]
    raw: Option<PathBuf>,
    /// What these bytes are: a media type.
    #[arg(
        long,
        value_name = "TYPE",
        requires = "raw",
        default_value = "application/octet-stream"
    )]
    raw_type: String,
    /// Sign the one event with the key in FILE (`indelible job-key` makes it), which the identity token that is sent must be bound to.
    /// What was signed is kept as what the event came as, so that it must have no secrets in it.
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "raw")]
    signing_key: Option<PathBuf>,
    /// Write the evidence of what was submitted to FILE, with all members.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    service: ServiceArgs,
    #[command(flatten)]
    trust: EvidenceTrustArgs,
}

/// Submits.
pub fn run(args: &Args) -> CommandResult {
    let events = read_events(&args.file)?;
    for (option, given) in [("--key", args.key.is_some()), ("--raw", args.raw.is_some())] {
        if given && events.len() != 1 {
            return Err(format!("{option} is for one event; here are {}", events.len()).into());
        }
    }
    let raw = args.raw.as_deref().map(read_raw).transpose()?;
    let key = args.signing_key.as_deref().map(read_signing_key).transpose()?;
    block_on(submit(args, &events, raw.as_deref(), key.as_ref()))??;
    Ok(Verdict::Holds)
}

/// An event to be submitted: what is claimed, as it was written and as it was understood.
#[derive(Debug)]
struct New {
    written: Value,
    claims: Claims,
    bytes: usize,
}

async fn submit(args: &Args, events: &[New], raw: Option<&[u8]>, key: Option<&JobKey>) -> Result<(), Failure> {
    let (service, trust) = (args.service.service()?, args.trust.read()?);
    let mut remembered = args.service.remembered(&trust).await?;
    let mut evidence = match &args.output {
        Some(path) => Some(EvidenceWriter::create(path, &header(&trust)?)?),
        None => None,
    };
    let mut verifier = EvidenceVerifier::new(trust);
    let mut rest = events;
    while !rest.is_empty() {
        let (batch, behind) = rest.split_at(batch_length(rest));
        rest = behind;
        let wire: Vec<Value> = batch.iter().map(|event| wire(args, event, raw)).collect();
        // A key is for one event, and what is signed has one.
        let text = key.and_then(|key| Some(key.sign(wire.first()?.to_string().as_bytes())));
        let raw = text.as_deref().map(str::as_bytes).or(raw);
        let accepted = match &text {
            Some(text) => service.submit_signed(text).await,
            None => service.submit(&wire).await,
        };
        let accepted = accepted.map_err(unconfirmed)?;
        for (accepted, event) in accepted.iter().zip(batch) {
            let sent = Sent {
                claims: &event.claims,
                key: args.key.as_deref(),
                raw,
            };
            let entry = entry_of(&service, accepted).await?;
            Checked::new(entry.clone(), &mut verifier)?;
            remembered.check(entry.receipt().checkpoint()).await?;
            compare(args, accepted, &entry, &sent)?;
            if let Some(key) = key {
                says_signed(&entry, key)?;
            }
            if let Some(evidence) = &mut evidence {
                evidence.write(&entry)?;
            }
        }
    }
    if let Some(evidence) = evidence {
        evidence.finish()?;
    }
    Ok(())
}

/// An event as the service takes it.
fn wire(args: &Args, event: &New, raw: Option<&[u8]>) -> Value {
    let mut wire = json!({"source": args.source, "key": args.key, "claims": event.written});
    if let Some(raw) = raw {
        wire["raw"] = json!({"content": STANDARD.encode(raw), "content_type": args.raw_type});
    }
    wire
}

/// The entry with its proof, not checked yet.
async fn entry_of(service: &Service, accepted: &Accepted) -> Result<EvidenceLine, Failure> {
    Ok(match accepted.line() {
        Some(entry) => entry?,
        // It is durable; only its proof was not to be had at once.
        None => service.entry(accepted.index, false).await?.line()?,
    })
}

/// Checks that an entry, which is proved, is what was sent, and says so.
fn compare(args: &Args, accepted: &Accepted, entry: &EvidenceLine, sent: &Sent<'_>) -> Result<(), Failure> {
    let index = accepted.index;
    let EvidenceLine::Event { leaf, disclosures, .. } = entry else {
        return Err(BadAnswer::OtherSource { index }.into());
    };
    let known = match accepted.repeated {
        true => "known",
        false => "new",
    };
    if accepted.repeated && disclosures.len() < Member::ALL.len() {
        eprintln!("event {index} is known by its key; members of it were erased since, so that it cannot be compared");
    } else {
        let committed = leaf
            .check_sent(disclosures.clone(), sent)
            .map_err(|reason| BadAnswer::NotSent { index, reason })?;
        match committed.members()[Member::Delivery.place()].value() {
            Some(MemberValue::Delivery(delivery)) if delivery.source == args.source => {}
            _ => return Err(BadAnswer::OtherSource { index }.into()),
        }
        let redacted = committed.redacted();
        if redacted.iter().next().is_some() {
            eprintln!("event {index}: marks stand in place of what looked like secrets, in {redacted}");
        }
    }
    Ok(line(format_args!("{index}\t{}\t{known}", leaf.hash()))?)
}

/// That the service says by which key an event was signed. Of one that was known, and of which that was erased since, it cannot.
fn says_signed(entry: &EvidenceLine, key: &JobKey) -> Result<(), BadAnswer> {
    let EvidenceLine::Event { disclosures, .. } = entry else {
        return Ok(());
    };
    let submitter = disclosures.iter().find_map(|disclosure| match disclosure.value() {
        Some(MemberValue::Submitter(submitter)) => Some(submitter),
        _ => None,
    });
    let key = key.thumbprint();
    match submitter {
        Some(submitter) if submitter.signed_by() != Some(&key.to_string()) => {
            let index = entry.index();
            Err(BadAnswer::NotSigned { index, key })
        }
        _ => Ok(()),
    }
}

/// How many of the first events one request takes: at least one.
fn batch_length(events: &[New]) -> usize {
    let mut bytes = 0;
    let fits = events.iter().take(BATCH_EVENTS).take_while(|event| {
        bytes += event.bytes + ENVELOPE_BYTES;
        bytes <= BATCH_BYTES
    });
    fits.count().max(1)
}

/// A connection that broke leaves open whether the events are there.
fn unconfirmed(error: ServiceError) -> Failure {
    match error {
        ServiceError::Unreachable { .. } => format!(
            "{error}\n\nthe events that were not printed may or may not be in the log; one that has a --key can be submitted again \
             without fear"
        )
        .into(),
        error => error.into(),
    }
}

fn read_signing_key(path: &Path) -> Result<JobKey, Failure> {
    let text = read_secret(path)?.ok_or_else(|| format!("there is no {}", path.display()))?;
    JobKey::from_jwk(&text).map_err(|bad| format!("{}: {bad}", path.display()).into())
}

fn read_raw(path: &Path) -> Result<Vec<u8>, Failure> {
    let raw = read_at_most(path, RAW_BYTES_MAX + 1)?;
    match raw.len() > RAW_BYTES_MAX {
        true => Err(format!("{} has more than {RAW_BYTES_MAX} bytes", path.display()).into()),
        false => Ok(raw),
    }
}

fn read_events(path: &Path) -> Result<Vec<New>, Failure> {
    let bytes = match path == Path::new("-") {
        true => {
            let mut bytes = Vec::new();
            io::stdin()
                .lock()
                .take(INPUT_BYTES_MAX as u64 + 1)
                .read_to_end(&mut bytes)?;
            bytes
        }
        false => read_at_most(path, INPUT_BYTES_MAX)?,
    };
    if bytes.len() > INPUT_BYTES_MAX {
        return Err(format!("more than {INPUT_BYTES_MAX} bytes of events: give them in parts").into());
    }
    parse_events(&bytes)
}

/// One object, several after each other, or arrays of them.
fn parse_events(bytes: &[u8]) -> Result<Vec<New>, Failure> {
    let mut events = Vec::new();
    for value in serde_json::Deserializer::from_slice(bytes).into_iter::<Value>() {
        let values = match value.map_err(|error| format!("this is no JSON: {error}"))? {
            Value::Array(values) => values,
            value => vec![value],
        };
        for written in values {
            let place = events.len();
            let claims = Claims::deserialize(&written)
                .map_err(|error| format!("event {place} does not claim what events can: {error}"))?;
            let bytes = written.to_string().len();
            events.push(New { written, claims, bytes });
        }
    }
    match events.is_empty() {
        true => Err("there is no event to submit".into()),
        false => Ok(events),
    }
}

/// Read into values, they take some ten times as much.
const INPUT_BYTES_MAX: usize = 64 << 20;
/// In base64 2.7 MiB; with an event of 1 MiB, and its envelope, within the 4 MiB of a request.
const RAW_BYTES_MAX: usize = 2 << 20;
/// As many as the service takes together.
const BATCH_EVENTS: usize = 1_000;
/// The service takes 4 MiB.
const BATCH_BYTES: usize = 3 << 20;
/// Source and key of 512 bytes each, escaped, and the names around them: 6.2 kB.
const ENVELOPE_BYTES: usize = 6_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_one_by_one_in_lines_and_in_arrays() {
        let one = r#"{"action":{"name":"deploy","verb":"execute"}}"#;
        for (text, count) in [
            (one.to_owned(), 1),
            (format!("{one}\n{one}\n"), 2),
            (format!("[{one},{one},{one}]"), 3),
            (format!("[{one}] {one}"), 2),
        ] {
            let events = parse_events(text.as_bytes()).unwrap();
            assert_eq!(events.len(), count, "{text}");
            assert!(events.iter().all(|event| event.claims.action.is_some()));
        }
        for text in ["", "[]", "7", "{", r#"{"submitter":{}}"#, r#"{"action":{"name":"x"}}"#] {
            parse_events(text.as_bytes()).expect_err(text);
        }
    }

    #[test]
    fn a_batch_is_never_more_than_the_service_takes() {
        let event = |bytes| New {
            written: Value::Null,
            claims: Claims::default(),
            bytes,
        };
        let batch = |bytes: &[usize]| batch_length(&bytes.iter().copied().map(event).collect::<Vec<_>>());
        assert_eq!(batch(&[1]), 1);
        assert_eq!(batch(&[1 << 20, 1 << 20, 1 << 20]), 2);
        assert_eq!(batch(&[9 << 20, 1]), 1);
        assert_eq!(batch(&[1; 2_000]), BATCH_BYTES / (ENVELOPE_BYTES + 1));
    }
}
