//! `indelible disclose`

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use indelible_event::member::Member;
use indelible_event::{CheckedLine, CheckedTombstone, EvidenceLine, EvidenceVerifier, MemberSet};

use super::evidence::{Checked, EvidenceFile, EvidenceTrustArgs, EvidenceWriter, header};
use super::runtime::block_on;
use super::service::ServiceArgs;
use super::{CommandResult, Failure, Verdict};

/// Write evidence that proves chosen members of events, and reveals no others.
///
/// Takes the events from a running log, or from an evidence file, checks them, and writes an evidence file in which only the chosen
/// members are disclosed. The others cannot be guessed from it. `verify` says of each that it was withheld, or by which tombstone it
/// was erased; of tombstones only what they erased is told, not who asked for it, nor on what basis.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible disclose 7 9 --members action,targets,outcome -o for-the-auditor.indelible
  indelible disclose 7 --members action,raw -o raw.indelible   (with the raw bytes, where the source has them)
  indelible disclose --from answer.indelible --members occurred,action -o less.indelible")]
pub struct Args {
    /// The events' indexes. With --from none means all of them.
    #[arg(value_name = "INDEX", required_unless_present = "from")]
    indexes: Vec<u64>,
    /// The members to disclose, with commas between them: action, actor, changes, correlation, delivery, occurred, origin, outcome, raw,
    /// submitter, targets.
    #[arg(long, value_name = "NAMES", required = true, value_delimiter = ',', value_parser = parse_member)]
    members: Vec<Member>,
    /// Write the evidence to FILE.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Take the events from an evidence file instead of a running log; - reads it from stdin.
    #[arg(long, value_name = "EVIDENCE")]
    from: Option<PathBuf>,
    #[command(flatten)]
    service: ServiceArgs,
    #[command(flatten)]
    trust: EvidenceTrustArgs,
}

/// Checks, and writes.
pub fn run(args: &Args) -> CommandResult {
    let chosen = Chosen {
        indexes: args.indexes.iter().copied().collect(),
        members: args.members.iter().copied().collect(),
    };
    let written = match &args.from {
        Some(from) => from_file(from, &chosen, args)?,
        None => block_on(from_service(&chosen, args))??,
    };
    let (output, members) = (args.output.display(), chosen.members);
    if written.events == 0 {
        return Ok(Verdict::CouldNotTell(
            "none of these events is there; nothing was written".to_owned(),
        ));
    }
    eprintln!(
        "wrote {output}: {members} of {} events, and {} tombstones, each checked",
        written.events, written.tombstones
    );
    if written.lacking > 0 {
        eprintln!(
            "of {} events not all of the chosen members could be disclosed: they were withheld before, or erased",
            written.lacking
        );
    }
    Ok(Verdict::Holds)
}

/// What is to be shown of which events.
#[derive(Debug)]
struct Chosen {
    /// None means all.
    indexes: BTreeSet<u64>,
    members: MemberSet,
}

impl Chosen {
    fn has(&self, index: u64) -> bool {
        self.indexes.is_empty() || self.indexes.contains(&index)
    }

    /// Whether a tombstone speaks of one of them.
    fn is_erased_by(&self, tombstone: &CheckedTombstone) -> bool {
        let Some(erasure) = tombstone.erasure() else {
            return false;
        };
        let mut ranges = erasure.ranges().as_slice().iter();
        self.indexes.is_empty() || ranges.any(|range| self.indexes.range(range.first..=range.last).next().is_some())
    }
}

/// What was written.
#[derive(Debug, Default)]
struct Written {
    events: u64,
    tombstones: u64,
    /// Events that lack some of the chosen members.
    lacking: u64,
}

impl Written {
    fn add(
        &mut self,
        writer: &mut EvidenceWriter,
        line: &EvidenceLine,
        checked: &Checked,
        chosen: &Chosen,
    ) -> io::Result<()> {
        match &checked.line {
            CheckedLine::Event(event) => {
                self.events += 1;
                let shown: MemberSet = event.shown().iter().map(|shown| shown.member()).collect();
                if shown.intersection(chosen.members) != chosen.members {
                    self.lacking += 1;
                }
                writer.write(&line.clone().with_only(chosen.members))
            }
            CheckedLine::Tombstone(_) => {
                self.tombstones += 1;
                writer.write(&anonymous(line.clone()))
            }
        }
    }
}

/// A tombstone without who asked, and on what basis: that is somebody's data as well.
pub(in crate::cmd) fn anonymous(mut line: EvidenceLine) -> EvidenceLine {
    if let EvidenceLine::Tombstone { disclosures, .. } = &mut line {
        disclosures.clear();
    }
    line
}

async fn from_service(chosen: &Chosen, args: &Args) -> Result<Written, Failure> {
    let trust = args.trust.read()?;
    let mut writer = EvidenceWriter::create(&args.output, &header(&trust)?)?;
    let gatherer = args.service.gatherer(trust).await?;
    let mut gatherer = gatherer.with_raw(chosen.members.contains(Member::Raw));
    let mut written = Written::default();
    gatherer
        .entries(chosen.indexes.iter().copied(), |line, checked| {
            written.add(&mut writer, line, &checked, chosen)
        })
        .await?;
    gatherer
        .tombstones(|line, checked| written.add(&mut writer, line, &checked, chosen))
        .await?;
    if written.events > 0 {
        writer.finish()?;
    }
    Ok(written)
}

fn from_file(from: &Path, chosen: &Chosen, args: &Args) -> Result<Written, Failure> {
    let trust = args.trust.read()?;
    let mut file = EvidenceFile::open(from)?;
    let mut writer = EvidenceWriter::create(&args.output, &header(&trust)?)?;
    let mut verifier = EvidenceVerifier::new(trust);
    let mut written = Written::default();
    file.lines(|number, line| {
        let line = line.map_err(|error| format!("line {number}: {error}"))?;
        // All of the file must hold, not only what is taken over: it is one answer.
        let checked = Checked::new(line.clone(), &mut verifier)?;
        let wanted = match &checked.line {
            CheckedLine::Event(event) => chosen.has(event.index()),
            CheckedLine::Tombstone(tombstone) => chosen.is_erased_by(tombstone),
        };
        if wanted {
            written.add(&mut writer, &line, &checked, chosen)?;
        }
        Ok(())
    })?;
    if written.events > 0 {
        writer.finish()?;
    }
    Ok(written)
}

fn parse_member(name: &str) -> Result<Member, String> {
    Member::from_name(name.trim()).ok_or_else(|| {
        let all: MemberSet = MemberSet::ALL;
        format!("{name:?} is none of {all}")
    })
}
