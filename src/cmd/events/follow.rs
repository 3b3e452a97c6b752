//! Events as they come.

use std::time::Duration;

use tokio::time::sleep;

use super::Args;
use super::list::{Printer, page_limit, say_lag};
use crate::cmd::Failure;
use crate::cmd::service::{Answered, Page, Question, Service, ServiceError, Turn};

/// Prints the newest events there are, the oldest of them first, and then each that comes, until the command is ended.
pub(super) async fn run(args: &Args, question: &Question) -> Result<(), Failure> {
    let service = args.service.service()?;
    let mut printer = Printer::new(args.json);
    let mut seen = newest(&service, question, args.limit, &mut printer).await?;
    let mut patience = Patience::default();
    loop {
        sleep(patience.wait()).await;
        // Of a log without entries there is no last one to go on from.
        let Some(last) = seen else {
            seen = newest(&service, question, args.limit, &mut printer).await?;
            continue;
        };
        match service.events(question, Turn::After(last), page_limit(u64::MAX)).await {
            Ok(page) => {
                printer.print(&page.events.iter().collect::<Vec<_>>())?;
                patience.answered(page.next.is_some());
                seen = Some(page.next.unwrap_or(last).max(last).max(last_indexed(&page, last)));
            }
            Err(ServiceError::Unreachable { url, reason }) => patience.failed(&format!("{url}: {reason}")),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Prints the newest events; the index up to which the answer speaks.
async fn newest(
    service: &Service,
    question: &Question,
    limit: u64,
    printer: &mut Printer,
) -> Result<Option<u64>, Failure> {
    let mut turn = Turn::Newest;
    let mut events: Vec<Answered> = Vec::new();
    let mut indexed = None;
    loop {
        let left = limit - events.len() as u64;
        let page = service.events(question, turn, page_limit(left)).await?;
        if indexed.is_none() {
            say_lag(&page);
        }
        let size = *indexed.get_or_insert(page.indexed_size);
        events.extend(page.events.into_iter().take(usize::try_from(left)?));
        match page.next {
            Some(index) if (events.len() as u64) < limit => turn = Turn::Before(index),
            _ => {
                printer.print(&events.iter().rev().collect::<Vec<_>>())?;
                return Ok(size.checked_sub(1));
            }
        }
    }
}

/// The last index of which a page without a next one speaks.
fn last_indexed(page: &Page, last: u64) -> u64 {
    match page.next {
        Some(_) => last,
        None => page.indexed_size.saturating_sub(1),
    }
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
