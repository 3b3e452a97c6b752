//! Hostile input at every door of a log of events, through the real binary: each gets a clear refusal, or is stored unparsed where a
//! sender who has signed it cannot be refused; what it takes is bounded; and nothing that was acknowledged is lost.
//!
//! | file | what it is |
//! |---|---|
//! | `texts` | the hostile texts, and where in an event they are put |
//! | `siege` | a service under siege: counts cases, remembers what was acknowledged, looks at memory, and checks all of it behind a restart |
//! | `json` | `POST /v1/events` |
//! | `framing` | bodies that are not as long, or not in the coding, that their heads say |
//! | `hooks` | signed deliveries |
//! | `grpc` | Submit, SubmitBatch, SubmitStream |
//! | `many_streams` | messages on all streams of one connection that are begun and not ended |
//! | `at_once` | the heaviest of each, all at the same time |

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod at_once;
mod framing;
mod grpc;
mod hooks;
mod json;
mod many_streams;
mod siege;
mod texts;

#[path = "../e2e/support.rs"]
#[expect(dead_code, reason = "the bed has more in it than these tests need")]
mod bed;

/// The service as a stranger's generated code sees it.
#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    reason = "generated code does not know how far it reaches"
)]
mod stubs {
    include!(concat!(env!("OUT_DIR"), "/client/indelible.v1.rs"));
}
