//! What one core does for an event before it can be written: its members in canonical JSON, their digests, and its part of a frame of the
//! journal. Beside it, in the same run, what the crate serde_json_canonicalizer takes for the same canonical JSON.

use std::hint::black_box;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use indelible_event::member::{Event, Member};
use indelible_event::{Salt, Salts, Sealed, Second, Written, attachments};
use indelible_store::journal::codec::{Chain, Seal, encode};
use indelible_store::journal::{Frame, Kind, Record};
use jiff::Timestamp;

use crate::cmd::Failure;
use crate::cmd::bench::check::Refuted;
use crate::cmd::bench::events::whole;
use crate::cmd::bench::scenario::{Bench, Round, say, settle};
use crate::cmd::bench::stats::{Observation, count};
use crate::task::blocking;

/// Events a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct OneCore {
    /// As this program does it.
    pub(super) ours: f64,
    /// With the canonical JSON of serde_json_canonicalizer.
    pub(super) foreign: f64,
}

/// Measures it, on one thread.
pub(super) async fn measure(bench: &Bench, round: &mut Round) -> Result<OneCore, Failure> {
    say("events on one core");
    settle(None).await?;
    let length = bench.window.length / PARTS;
    let costs = blocking(move || costs(length)).await?;
    let (ours, foreign) = (
        1e6 / (costs.canonical_us + costs.hash_us),
        1e6 / (costs.foreign_us + costs.hash_us),
    );
    round.observe(
        "events-canonical",
        Observation::of(ours)
            .against(foreign)
            .with("canonical_us", costs.canonical_us)
            .with("hash_us", costs.hash_us)
            .with("frame_us", costs.frame_us)
            .with("foreign_canonical_us", costs.foreign_us)
            .with("json_bytes", costs.json_bytes)
            .with("frame_bytes", costs.frame_bytes),
    );
    Ok(OneCore { ours, foreign })
}

/// Microseconds an event, and bytes.
struct Costs {
    canonical_us: f64,
    hash_us: f64,
    frame_us: f64,
    foreign_us: f64,
    json_bytes: f64,
    frame_bytes: f64,
}

fn costs(length: Duration) -> Result<Costs, Failure> {
    let events = (0..EVENTS).map(whole).collect::<serde_json::Result<Vec<Event>>>()?;
    let salts = Salts::from_random(&RANDOM);
    let received = Second::of(Timestamp::from_second(RECEIVED_S)?);

    let written = events
        .iter()
        .map(|event| Written::write(event, &salts))
        .collect::<Result<Vec<Written>, _>>()?;
    let sealed: Vec<Sealed> = written.iter().map(|one| one.clone().seal(received)).collect();
    for (event, sealed) in events.iter().zip(&sealed) {
        let same = foreign(event)?
            .iter()
            .zip(sealed.disclosures())
            .all(|(theirs, ours)| theirs == ours.bytes());
        if !same {
            return Err(Box::new(Refuted::of(
                "serde_json_canonicalizer writes an event otherwise",
            )));
        }
    }

    let canonical_us = microseconds(length, &events, |event| {
        black_box(Written::write(event, &salts).is_ok());
    });
    let hash_us = microseconds(length, &written, |written| {
        black_box(written.clone().seal(received));
    });
    let foreign_us = microseconds(length, &events, |event| {
        black_box(foreign(event).is_ok());
    });

    let frame = frame(&sealed);
    let chain = Chain {
        seal: Seal::of(&[9; 16]),
        previous: 0,
        size: 0,
    };
    let mut buffer = Vec::new();
    encode(&frame, &chain, &mut buffer)?;
    let frame_bytes = count(buffer.len()) / count(sealed.len());
    let each_frame = microseconds(length, &[frame], |frame| {
        black_box(encode(frame, &chain, &mut buffer).is_ok());
    });
    let json = sealed.iter().flat_map(Sealed::disclosures);
    let json_bytes: usize = json.map(|disclosure| disclosure.value_json().len()).sum();
    Ok(Costs {
        canonical_us,
        hash_us,
        frame_us: each_frame / count(sealed.len()),
        foreign_us,
        json_bytes: count(json_bytes) / count(sealed.len()),
        frame_bytes,
    })
}

/// What each takes, of many that are done one after the other for as long as this.
fn microseconds<T>(length: Duration, things: &[T], mut act: impl FnMut(&T)) -> f64 {
    let begin = Instant::now();
    let mut acts = 0;
    while acts == 0 || begin.elapsed() < length {
        things.iter().for_each(&mut act);
        acts += things.len();
    }
    begin.elapsed().as_secs_f64() * 1e6 / count(acts)
}

/// The disclosures of an event by serde_json_canonicalizer.
fn foreign(event: &Event) -> serde_json::Result<[Vec<u8>; Member::ALL.len()]> {
    fn write(place: usize, name: &str, value: &impl serde::Serialize) -> serde_json::Result<Vec<u8>> {
        let salt = &RANDOM[place * Salt::BYTES..(place + 1) * Salt::BYTES];
        serde_json_canonicalizer::to_vec(&(URL_SAFE_NO_PAD.encode(salt), name, value))
    }
    let claims = &event.claims;
    Ok([
        write(0, "action", &claims.action)?,
        write(1, "actor", &claims.actor)?,
        write(2, "changes", &claims.changes)?,
        write(3, "correlation", &claims.correlation)?,
        write(4, "delivery", &event.delivery)?,
        write(5, "occurred", &claims.occurred)?,
        write(6, "origin", &claims.origin)?,
        write(7, "outcome", &claims.outcome)?,
        write(8, "raw", &event.raw)?,
        write(9, "submitter", &event.submitter)?,
        write(10, "targets", &claims.targets)?,
    ])
}

/// A frame of all of them.
fn frame(sealed: &[Sealed]) -> Frame {
    let record = |one: &Sealed| Record {
        entry: one.leaf().text().clone(),
        attachments: attachments(one.disclosures(), None),
    };
    Frame {
        kind: Kind::Commit,
        first: 0,
        records: sealed.iter().map(record).collect(),
        note: Bytes::from_static(&[b'n'; 200]),
    }
}

/// Events that are worked on in turn: as many as a batch has, which is more than the processor's nearest cache holds.
const EVENTS: u64 = crate::cmd::bench::entries::BATCH_ENTRIES;

/// What is measured, each for its part of a window.
const PARTS: u32 = 4;

/// 2026-11-22T10:00:00Z.
const RECEIVED_S: i64 = 1_795_341_600;

/// As good as any for salts whose disclosures are thrown away.
static RANDOM: [u8; Salts::BYTES] = {
    let mut bytes = [0; Salts::BYTES];
    let mut place = 0;
    let mut step: u8 = 0;
    while place < bytes.len() {
        bytes[place] = step ^ 0x5a;
        step = step.wrapping_add(151);
        place += 1;
    }
    bytes
};
