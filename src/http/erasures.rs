//! `POST /v1/erasures`, `POST /v1/holds`, `GET /v1/holds`: what those who run the log do with events.
//!
//! An erasure is asked for twice. Without `confirm` the answer says what would be erased, and gives a token for exactly that; with the
//! token it is done. Reading a log takes time, so that the answer is JSON Lines that come as there is something to say:
//!
//! ```text
//! {"progress":{"read":4096}}
//! {"plan":{"token":"…","events":3,"damaged":0,"said":[],"entries":[{"first":7,"last":9,"members":["actor","raw"]}]}}
//! {"committed":{"tombstones":[12]}}
//! {"carried_out":{"tombstones":[12]}}
//! {"problem":{"status":409,"title":"Conflict","detail":"…"}}
//! ```

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use futures_util::StreamExt;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use indelible_access::ApprovalId;
use indelible_event::member::Member;
use indelible_event::{HOLDS_MAX, MemberRange, MemberRanges, MemberSet};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use super::problem::{Problem, RESTART, SOON};
use crate::access::{Acts, Caller, Method};
use crate::task::blocking;
use crate::trail::{EraseError, HoldError, Needle, Plan, PlanError, Said, Trail, Wanted};

/// The trail that is erased from, and who may.
#[derive(Clone, Debug)]
pub struct ErasurePages {
    trail: Trail,
    acts: Acts,
    /// One log is read for one erasure at a time.
    turn: Arc<Semaphore>,
}

impl ErasurePages {
    /// Of this trail.
    pub fn new(trail: Trail, acts: Acts) -> ErasurePages {
        let turn = Arc::new(Semaphore::new(1));
        ErasurePages { trail, acts, turn }
    }
}

/// The routes of a log of events on which members are erased and held.
pub fn erasure_routes(pages: ErasurePages) -> Router {
    Router::new()
        .route("/v1/erasures", post(erase))
        .route("/v1/holds", post(hold).get(holds))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(pages)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    subject: Option<String>,
    entries: Option<Vec<Range>>,
    confirm: Option<String>,
    basis: Option<String>,
    requester: Option<String>,
    approval: Option<ApprovalId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedHold {
    entries: Option<Vec<Range>>,
    reason: Option<String>,
    release: Option<u64>,
}

/// Members of a run of entries; all of them if none is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    first: u64,
    last: u64,
    members: Option<Vec<String>>,
}

async fn erase(State(pages): State<ErasurePages>, caller: Caller, body: Bytes) -> Result<Response, Problem> {
    caller.permit(Method::Erase)?;
    let Asked {
        subject,
        entries,
        confirm,
        basis,
        requester,
        approval,
    } = parse(&body)?;
    drop(body);
    let wanted = match (subject, entries) {
        (Some(text), None) => Wanted::Subject(Needle::new(text).map_err(Problem::malformed)?),
        (None, Some(entries)) => Wanted::Members(ranges(&entries)?),
        _ => return Err(Problem::malformed("one of subject and entries is needed")),
    };
    let turn = pages.turn.clone().try_acquire_owned();
    let turn = turn.map_err(|_| {
        Problem::again(
            StatusCode::TOO_MANY_REQUESTS,
            "busy",
            "another erasure is under way",
            SOON,
        )
    })?;
    let (say, lines) = mpsc::channel(LINES_MAX);
    let work = Work {
        trail: pages.trail,
        acts: pages.acts,
        caller,
        approval,
        _turn: turn,
        say,
    };
    // It goes on to its end, whether or not the caller listens.
    tokio::spawn(async move {
        let said = work.run(wanted, confirm, basis, requester).await;
        if let Err(problem) = said {
            work.tell(json!({"problem": problem.value()})).await;
        }
    });
    let lines = ReceiverStream::new(lines).map(|line: Value| Ok::<_, Infallible>(format!("{line}\n")));
    let head = [(CONTENT_TYPE, "application/x-ndjson"), (CACHE_CONTROL, "no-store")];
    Ok((head, Body::from_stream(lines)).into_response())
}

/// An erasure that was asked for.
struct Work {
    trail: Trail,
    acts: Acts,
    caller: Caller,
    approval: Option<ApprovalId>,
    /// In front of `say`, and so dropped before it: who has read an answer to its end may ask for the next erasure at once.
    _turn: OwnedSemaphorePermit,
    say: mpsc::Sender<Value>,
}

impl Work {
    async fn run(
        &self,
        wanted: Wanted,
        confirm: Option<String>,
        basis: Option<String>,
        requester: Option<String>,
    ) -> Result<(), Problem> {
        let (trail, say) = (self.trail.clone(), self.say.clone());
        let plan = blocking(move || {
            let mut told = Instant::now();
            trail.plan_erasure(&wanted, &mut |read| {
                if told.elapsed() >= TELL_EVERY {
                    told = Instant::now();
                    let _ = say.try_send(json!({"progress": {"read": read}}));
                }
            })
        })
        .await?;
        let token = plan.token();
        match confirm {
            None => self.tell(plan_value(&plan, &token)).await,
            Some(confirmed) if confirmed != token => {
                self.tell(plan_value(&plan, &token)).await;
                let detail = "what would be erased is not what was confirmed; look at the list again";
                return Err(Problem::new(StatusCode::CONFLICT, "another-plan", detail));
            }
            Some(_) => {
                self.acts.erasure_approved(&self.caller, &token, self.approval).await?;
                let events = plan.events();
                let tombstones = self.trail.erase(plan, basis, requester).await?;
                let named: Vec<String> = tombstones.iter().map(u64::to_string).collect();
                let detail = format!("members of {events} events");
                let target = ("tombstones", named.join(","));
                self.caller.did("indelible.erased", target, &detail).await?;
                self.tell(json!({"committed": {"tombstones": tombstones}})).await;
                let last = tombstones.last().copied().unwrap_or_default();
                let carried_out = self.trail.carried_out(last).await;
                carried_out.map_err(Problem::inside)?;
                self.tell(json!({"carried_out": {"tombstones": tombstones}})).await;
            }
        }
        Ok(())
    }

    async fn tell(&self, line: Value) {
        // Nobody may listen any more.
        let _ = self.say.send(line).await;
    }
}

async fn hold(State(pages): State<ErasurePages>, caller: Caller, body: Bytes) -> Result<Response, Problem> {
    caller.permit(Method::Hold)?;
    let by = caller.principal().subject.clone();
    let index = match parse(&body)? {
        AskedHold {
            entries: Some(entries),
            reason: Some(reason),
            release: None,
        } => pages.trail.hold(ranges(&entries)?, reason, by).await?,
        AskedHold {
            entries: None,
            reason: None,
            release: Some(hold),
        } => pages.trail.release(hold, by).await?,
        _ => return Err(Problem::malformed("either entries and reason are needed, or release")),
    };
    Ok(json_answer(StatusCode::OK, &json!({"index": index})))
}

async fn holds(State(pages): State<ErasurePages>, caller: Caller) -> Result<Response, Problem> {
    caller.permit(Method::Hold)?;
    let held = pages.trail.held().await.map_err(HoldError::from)?;
    let holds: Vec<Value> = held
        .iter()
        .map(|(index, hold)| json!({"index": index, "reason": hold.reason, "entries": ranges_value(&hold.ranges)}))
        .collect();
    Ok(json_answer(StatusCode::OK, &json!({"holds": holds, "max": HOLDS_MAX})))
}

fn parse<'b, T: Deserialize<'b>>(body: &'b Bytes) -> Result<T, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::malformed(format!("the body is not what is asked for: {error}")))
}

fn ranges(ranges: &[Range]) -> Result<MemberRanges, Problem> {
    let read = ranges.iter().map(|range| {
        let members = match &range.members {
            None => MemberSet::ALL,
            Some(names) => names
                .iter()
                .map(|name| {
                    Member::from_name(name).ok_or_else(|| Problem::malformed(format!("no member is called {name:?}")))
                })
                .collect::<Result<_, _>>()?,
        };
        Ok(MemberRange {
            first: range.first,
            last: range.last,
            members,
        })
    });
    let read: Vec<MemberRange> = read.collect::<Result<_, Problem>>()?;
    MemberRanges::of(read).map_err(Problem::malformed)
}

fn plan_value(plan: &Plan, token: &str) -> Value {
    json!({"plan": {
        "token": token,
        "events": plan.events(),
        "damaged": plan.damaged(),
        "said": plan.said().iter().map(said_value).collect::<Vec<_>>(),
        "entries": ranges_value(plan.ranges()),
    }})
}

/// A tombstone that says it as well, which is not erased.
fn said_value(said: &Said) -> Value {
    json!({"tombstone": said.tombstone, "member": said.member.as_str()})
}

fn ranges_value(ranges: &MemberRanges) -> Value {
    let ranges = ranges.as_slice().iter();
    ranges
        .map(|range| {
            let members: Vec<&str> = range.members.iter().map(Member::as_str).collect();
            json!({"first": range.first, "last": range.last, "members": members})
        })
        .collect()
}

impl From<PlanError> for Problem {
    fn from(error: PlanError) -> Problem {
        match error {
            PlanError::Beyond { .. } => Problem::not_found(error),
            PlanError::TooMany(_) => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-many", error),
            PlanError::Read(_) | PlanError::Acts(_) => Problem::inside(error),
        }
    }
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Problem {
        match error {
            EraseError::Held(_) => Problem::new(StatusCode::CONFLICT, "held", error),
            EraseError::Tombstone(_) | EraseError::Attached(_) => Problem::malformed(error),
            EraseError::Append(_) | EraseError::Release(_) => {
                Problem::again(StatusCode::SERVICE_UNAVAILABLE, "not-written", error, RESTART)
            }
            EraseError::Holds(_) | EraseError::Random(_) => Problem::inside(error),
        }
    }
}

impl From<HoldError> for Problem {
    fn from(error: HoldError) -> Problem {
        match error {
            HoldError::Beyond { .. } | HoldError::NoHold { .. } => Problem::not_found(error),
            HoldError::Nothing | HoldError::Refused(_) => Problem::malformed(error),
            HoldError::TooMany(_) => Problem::new(StatusCode::CONFLICT, "too-many", error),
            HoldError::Holds(_) => Problem::inside(error),
        }
    }
}

fn json_answer(status: StatusCode, value: &Value) -> Response {
    let head = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (status, head, format!("{value}\n")).into_response()
}

/// A confirmed list of 2^18 places with some 90 bytes each: 24 MB.
const BODY_BYTES_MAX: usize = 32 << 20;

/// Lines that nobody has read yet.
const LINES_MAX: usize = 16;

const TELL_EVERY: Duration = Duration::from_millis(200);
