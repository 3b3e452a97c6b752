//! The answer to a question, and its evidence.

use indelible_event::{CheckedLine, EvidenceLine};

use super::Args;
use super::print::Printer;
use crate::cmd::disclose::anonymous;
use crate::cmd::evidence::{Checked, EvidenceWriter, header};
use crate::cmd::service::{Gatherer, Page, Question, Turn};
use crate::cmd::{CommandResult, Failure, Verdict};

/// Prints the answer, the newest first, and writes its evidence if that is asked for.
pub(super) async fn run(args: &Args, question: &Question) -> CommandResult {
    let (service, trust) = (args.service.service()?, args.trust.read()?);
    let mut proof = match &args.prove {
        Some(path) => Some(EvidenceWriter::create(path, &header(&trust)?)?),
        None => None,
    };
    let mut gatherer = args.service.gatherer(trust).await?;
    let mut printer = Printer::new(args.json);
    let (mut events, mut tombstones) = (0, 0);
    let mut indexed = 0;
    let mut left = args.limit;
    let mut turn = Turn::Newest;
    while left > 0 {
        let page = service.events(question, turn, page_limit(left)).await?;
        if matches!(turn, Turn::Newest) {
            say_lag(&page);
            indexed = page.indexed_size;
        }
        let indexes: Vec<u64> = page.events.iter().map(|hit| hit.index).take(page_limit(left)).collect();
        left -= indexes.len() as u64;
        events += indexes.len();
        let lines = gather(&mut gatherer, indexes).await?;
        printer.print(lines.events.iter().map(|(_, checked)| checked), gatherer.verifier())?;
        tombstones += lines.tombstones.len();
        if let Some(proof) = &mut proof {
            let lines = lines.events.into_iter().chain(lines.tombstones);
            lines
                .map(|(line, _)| anonymous(line))
                .try_for_each(|line| proof.write(&line))?;
        }
        match page.next {
            Some(index) => turn = Turn::Before(index),
            None => break,
        }
    }
    if events == 0 {
        // Of nothing there is no proof: that no event was left out is the service's word, with a file or without.
        let words = format!("nothing is found among the first {indexed} entries, by the service's word");
        return Ok(match &args.prove {
            Some(path) => Verdict::CouldNotTell(format!("{words}; {} was not written", path.display())),
            None => {
                eprintln!("{words}");
                Verdict::Holds
            }
        });
    }
    if let (Some(proof), Some(path)) = (proof, &args.prove) {
        proof.finish()?;
        eprintln!(
            "wrote {}: {events} events and {tombstones} tombstones, each checked",
            path.display()
        );
    }
    Ok(Verdict::Holds)
}

/// Entries that were checked.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) events: Vec<(EvidenceLine, Checked)>,
    /// Those that erased members of these events, and were not fetched before.
    pub(super) tombstones: Vec<(EvidenceLine, Checked)>,
}

/// Fetches and checks entries, and the tombstones of what was erased of them.
pub(super) async fn gather(gatherer: &mut Gatherer, indexes: Vec<u64>) -> Result<Lines, Failure> {
    let mut lines = Lines::default();
    gatherer
        .entries(indexes, |line, checked| {
            lines.events.push((line.clone(), checked));
            Ok(())
        })
        .await?;
    gatherer
        .tombstones(|line, checked| {
            if matches!(checked.line, CheckedLine::Tombstone(_)) {
                lines.tombstones.push((line.clone(), checked));
            }
            Ok(())
        })
        .await?;
    Ok(lines)
}

/// Says how far the index is behind the log, if it is.
pub(super) fn say_lag(page: &Page) {
    if page.indexed_size < page.size {
        eprintln!(
            "the index is behind: it has the first {} of {} entries, and this answer none of the {} after them",
            page.indexed_size,
            page.size,
            page.size - page.indexed_size
        );
    }
}

/// As many as one page takes.
pub(super) fn page_limit(left: u64) -> usize {
    usize::try_from(left).map_or(PAGE_EVENTS, |left| left.min(PAGE_EVENTS))
}

/// As many as the service gives at a time.
const PAGE_EVENTS: usize = 100;
