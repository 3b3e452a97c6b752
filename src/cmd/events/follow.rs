//! Events as they come.

use std::time::Duration;

use tokio::time::sleep;

use super::Args;
use super::list::{gather, page_limit, say_lag};
use super::print::Printer;
use crate::cmd::Failure;
use crate::cmd::service::{Gatherer, Page, Question, Service, ServiceError, Turn};

/// Prints the newest events there are, the oldest of them first, and then each that comes, until the command is ended.
pub(super) async fn run(args: &Args, question: &Question) -> Result<(), Failure> {
    let service = args.service.service()?;
    let mut gatherer = args.service.gatherer(args.trust.read()?).await?;
    let mut printer = Printer::new(args.json);
    let mut seen = newest(&service, question, args.limit, &mut gatherer, &mut printer).await?;
    let mut patience = Patience::default();
    loop {
        sleep(patience.wait()).await;
        // Of a log without entries there is no last one to go on from.
        let Some(last) = seen else {
            seen = newest(&service, question, args.limit, &mut gatherer, &mut printer).await?;
            continue;
        };
        match service.events(question, Turn::After(last), page_limit(u64::MAX)).await {
            Ok(page) => {
                let indexes = page.events.iter().map(|hit| hit.index).collect();
                print(&mut gatherer, &mut printer, indexes).await?;
                patience.answered(page.next.is_some());
                seen = Some(last.max(spoken_of(&page)));
            }
            Err(ServiceError::Unreachable { url, reason }) => patience.failed(&format!("{url}: {reason}")),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Prints the newest events; the last index of which the answer speaks.
async fn newest(
    service: &Service,
    question: &Question,
    limit: u64,
    gatherer: &mut Gatherer,
    printer: &mut Printer,
) -> Result<Option<u64>, Failure> {
    let mut turn = Turn::Newest;
    let mut indexes: Vec<u64> = Vec::new();
    let mut indexed = None;
    loop {
        let left = limit - indexes.len() as u64;
        let page = service.events(question, turn, page_limit(left)).await?;
        if indexed.is_none() {
            say_lag(&page);
        }
        let size = *indexed.get_or_insert(page.indexed_size);
        indexes.extend(page.events.iter().map(|hit| hit.index).take(page_limit(left)));
        match page.next {
            Some(index) if (indexes.len() as u64) < limit => turn = Turn::Before(index),
            _ => {
                break print_reversed(gatherer, printer, indexes)
                    .await
                    .map(|()| size.checked_sub(1));
            }
        }
    }
}

async fn print_reversed(gatherer: &mut Gatherer, printer: &mut Printer, mut indexes: Vec<u64>) -> Result<(), Failure> {
    indexes.reverse();
    for part in indexes.chunks(page_limit(u64::MAX)) {
        print(gatherer, printer, part.to_vec()).await?;
    }
    Ok(())
}

async fn print(gatherer: &mut Gatherer, printer: &mut Printer, indexes: Vec<u64>) -> Result<(), Failure> {
    let lines = gather(gatherer, indexes).await?;
    printer.print(lines.events.iter().map(|(_, checked)| checked), gatherer.verifier())
}

/// The last index of which a page speaks that has the oldest first.
fn spoken_of(page: &Page) -> u64 {
    page.next.unwrap_or_else(|| page.indexed_size.saturating_sub(1))
}

/// How long to wait between two questions.
#[derive(Debug, Default)]
struct Patience {
    failures: u32,
    more: bool,
}

impl Patience {
    fn answered(&mut self, more: bool) {
        if self.failures > 0 {
            eprintln!("the service answers again");
        }
        *self = Patience { failures: 0, more };
    }

    /// Says so once, not at every try.
    fn failed(&mut self, words: &str) {
        if self.failures == 0 {
            eprintln!("indelible: {}; trying again", crate::cmd::terminal::Safe(words));
        }
        self.failures += 1;
    }

    fn wait(&self) -> Duration {
        match (self.failures, self.more) {
            (0, true) => Duration::ZERO,
            (failures, _) => POLL.saturating_mul(1 << failures.min(5)),
        }
    }
}

/// Somebody who watches does not notice a second; 32 of them when the service cannot be reached.
const POLL: Duration = Duration::from_secs(1);
