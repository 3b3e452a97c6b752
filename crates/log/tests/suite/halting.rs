//! A log that is halted: what is being committed is finished, nothing more is taken, and everybody hears why.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use indelible_log::{AppendError, Committer, Condition, Settings};
use indelible_store::journal::Kind;

use crate::doubles::{Power, TestJournal};
use crate::support::{Homes, append, batch, check_log, entries, lazy, shutdown, start, wait};

#[test]
fn a_halted_log_finishes_its_commit_refuses_the_rest_and_is_read_on() {
    for committer in [Committer::Thread, Committer::Caller] {
        halted(&Settings {
            lone_appends: committer,
            ..lazy()
        });
    }
}

fn halted(settings: &Settings) {
    let homes = Homes::new();
    let journal = TestJournal::new(homes.journal.clone(), &Power::steady());
    let log = start(journal.clone(), Arc::new(homes.objects.clone()), settings).unwrap();
    let (appender, reader, halt) = (log.appender(), log.reader(), log.halt());
    let whole = entries(0..6);
    append(&appender, batch(&whole[..3])).unwrap();
    let (stream, mut acks) = appender.stream();
    let refusal = AppendError::Halted("a witness knows better".to_owned());
    let frames = wait(async {
        journal.gate.close();
        let committing = tokio::task::spawn_blocking({
            let (appender, batch) = (appender.clone(), batch(&whole[3..]));
            move || append(&appender, batch)
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        journal.gate.wait_for_arrival();
        let queued = tokio::spawn({
            let appender = appender.clone();
            async move { appender.append(batch(&[Bytes::from("queued")])).await }
        });
        stream.append(batch(&[Bytes::from("streamed")])).await.unwrap();
        tokio::task::yield_now().await;
        halt.now("a witness knows better".to_owned());
        journal.gate.open();
        committing.await.unwrap().unwrap();
        assert_eq!(queued.await.unwrap().unwrap_err(), refusal);
        assert_eq!(acks.next().await.unwrap().unwrap_err(), refusal);
        journal.frames().len()
    });
    assert_eq!(append(&appender, batch(&whole[..1])).unwrap_err(), refusal);
    assert_eq!(
        *log.condition().borrow(),
        Condition::Halted("a witness knows better".to_owned())
    );
    check_log(&reader, &whole);
    let condition = log.condition();
    shutdown(log).unwrap();
    assert!(
        matches!(*condition.borrow(), Condition::Halted(_)),
        "a shutdown does not hide it"
    );
    assert!(frames <= journal.frames().len());
    assert_eq!(journal.frames().last(), Some(&(Kind::Closing, 0)), "it ended in order");
    check_log(&homes.start(&lazy()).reader(), &whole);
}
