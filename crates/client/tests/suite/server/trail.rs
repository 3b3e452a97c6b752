//! The audit trail of the server: events of its log, kept with their members.

use bytes::Bytes;
use indelible_event::member::{Claims, Delivery, Event, Member, Occurred, OccurredFrom, Raw, Submitter};
use indelible_event::{Disclosure, Salts, Sealed, Second};
use indelible_merkle::Hash;
use tonic::{Request, Response, Status, Streaming};

use super::answers::signed;
use super::{Answers, Lie, Service, pb};

/// An event of the log.
#[derive(Clone)]
pub(super) struct Kept {
    /// Source and key.
    identity: (String, Option<String>),
    index: u64,
    leaf: Bytes,
    members: Vec<Disclosure>,
}

#[tonic::async_trait]
impl pb::audit_trail_server::AuditTrail for Service {
    type SubmitStreamStream = Answers<pb::SubmitStreamResponse>;
    type ExportStream = Answers<pb::ExportResponse>;
    type WatchStream = Answers<pb::WatchResponse>;

    async fn submit(&self, _: Request<pb::SubmitRequest>) -> Result<Response<pb::SubmitResponse>, Status> {
        Err(unused())
    }

    async fn submit_batch(
        &self,
        request: Request<pb::SubmitBatchRequest>,
    ) -> Result<Response<pb::SubmitBatchResponse>, Status> {
        let lie = self.admit().await?;
        let mut events = self.events.lock().unwrap();
        let before = self.log.lock().unwrap().size();
        let (mut new, mut kept) = (Vec::new(), Vec::new());
        for submission in request.into_inner().submissions {
            let identity = (submission.source.clone(), submission.key.clone());
            let known = events
                .iter()
                .find(|one| one.identity.1.is_some() && one.identity == identity);
            match (known, lie) {
                (Some(known), _) => kept.push((known.clone(), true)),
                (None, Lie::Repeated) => kept.push((events[0].clone(), true)),
                (None, _) => {
                    let (leaf, members) = sealed(&submission, lie);
                    let index = before + new.len() as u64;
                    new.push(leaf.clone());
                    kept.push((
                        Kept {
                            identity,
                            index,
                            leaf,
                            members,
                        },
                        false,
                    ));
                }
            }
        }
        let run = match new.is_empty() {
            true => None,
            // The log has what the answer shows; it is the event that is another.
            false => Some(self.commit(new, if lie == Lie::OtherEntry { Lie::None } else { lie })),
        };
        events.extend(
            kept.iter()
                .filter(|(_, repeated)| !repeated)
                .map(|(one, _)| one.clone()),
        );
        let log = self.log.lock().unwrap();
        let submitted = kept.iter().map(|(one, repeated)| {
            let mut members: Vec<pb::Member> = one.members.iter().map(|one| disclosed(one.bytes().clone())).collect();
            match lie {
                Lie::OtherSalt => {
                    let mut d = one.members[7].bytes().to_vec();
                    d[5] = if d[5] == b'A' { b'B' } else { b'A' };
                    members[7] = disclosed(d.into());
                }
                Lie::MemberLess => drop(members.remove(0)),
                Lie::Erased => {
                    members[1].state = Some(pb::member::State::ErasedBy(0));
                }
                _ => {}
            }
            let proved = one.index + u64::from(*repeated && lie == Lie::OtherProof);
            pb::SubmittedEvent {
                event: Some(pb::Event {
                    index: one.index + u64::from(lie == Lie::WrongIndex),
                    leaf: one.leaf.clone(),
                    members,
                }),
                repeated: *repeated,
                at_least_once: false,
                proof: repeated.then(|| pb::InclusionProof {
                    hashes: Hash::join(&log.inclusion(proved, log.size())).into(),
                }),
            }
        });
        let run = pb::SubmittedRun {
            events: submitted.collect(),
            head: match &run {
                Some(run) => run.head.clone(),
                None => signed(&log, log.size(), lie),
            },
            first_index: run.as_ref().map_or(0, |run| run.first_index),
            count: run.as_ref().map_or(0, |run| run.count),
            proof: run.and_then(|run| run.proof),
        };
        Ok(Response::new(pb::SubmitBatchResponse {
            run: Some(run),
            witnessed: false,
        }))
    }

    async fn submit_stream(
        &self,
        _: Request<Streaming<pb::SubmitStreamRequest>>,
    ) -> Result<Response<Self::SubmitStreamStream>, Status> {
        Err(unused())
    }

    async fn get(&self, request: Request<pb::GetEventRequest>) -> Result<Response<pb::GetEventResponse>, Status> {
        let lie = self.admit().await?;
        let index = request.into_inner().index;
        let events = self.events.lock().unwrap();
        let log = self.log.lock().unwrap();
        let found = events.iter().find(|one| one.index == index);
        let found = found.ok_or_else(|| Status::out_of_range("beyond the tree"))?;
        let other = events.get(usize::from(index == 0)).unwrap_or(found);
        let leaf = match lie {
            Lie::OtherEntry => other.leaf.clone(),
            _ => found.leaf.clone(),
        };
        let mut members: Vec<_> = found.members.iter().map(|one| disclosed(one.bytes().clone())).collect();
        match lie {
            Lie::OtherSalt => members[1] = disclosed(other.members[1].bytes().clone()),
            Lie::MemberLess => drop(members.remove(0)),
            Lie::TwoActors => members[0] = members[1].clone(),
            Lie::Erased => members[1].state = Some(pb::member::State::ErasedBy(5)),
            _ => {}
        }
        let proved = if lie == Lie::OtherProof { other.index } else { index };
        Ok(Response::new(pb::GetEventResponse {
            event: Some(pb::Event {
                index: index + u64::from(lie == Lie::WrongIndex),
                leaf,
                members,
            }),
            raw: (lie == Lie::OtherRaw).then(|| Bytes::from("other")),
            head: signed(&log, log.size() - u64::from(lie == Lie::OldHead), lie),
            proof: Some(pb::InclusionProof {
                hashes: Hash::join(&log.inclusion(proved, log.size())).into(),
            }),
        }))
    }

    async fn export(&self, _: Request<pb::ExportRequest>) -> Result<Response<Self::ExportStream>, Status> {
        Err(unused())
    }

    async fn watch(&self, _: Request<pb::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        Err(unused())
    }
}

/// The leaf of an event and its members, or what the lie makes of them.
fn sealed(submission: &pb::Submission, lie: Lie) -> (Bytes, Vec<Disclosure>) {
    let mut claims: Claims = serde_json::from_slice(&submission.claims).unwrap();
    let at = "2026-11-22T10:00:00Z".parse().unwrap();
    claims.occurred.get_or_insert(Occurred {
        at,
        from: OccurredFrom::Receipt,
    });
    if lie == Lie::OtherEntry {
        claims.actor.as_mut().unwrap().name = Some("mallory".to_owned());
    }
    let event = Event {
        claims,
        delivery: Some(Delivery {
            source: match lie {
                Lie::OtherSource => "elsewhere".to_owned(),
                _ => submission.source.clone(),
            },
            key: submission.key.clone().filter(|_| lie != Lie::NoKey),
            received: at,
        }),
        raw: submission.raw.as_ref().map(|raw| match lie {
            Lie::OtherRaw => Raw::of(b"other", raw.content_type.clone(), true),
            _ => Raw::of(&raw.content, raw.content_type.clone(), true),
        }),
        submitter: Some(Submitter {
            principal: "anonymous".to_owned(),
            method: "none".to_owned(),
            verified: None,
        }),
    };
    let sealed = |event: &Event, salts: u8| {
        let salts = Salts::from_random(&[salts; Salts::BYTES]);
        Sealed::seal(event, &salts, Second::of(at)).unwrap().into_parts()
    };
    let (leaf, mut members) = sealed(&event, 7);
    if lie == Lie::NoEvent {
        return ("an opaque entry".into(), members.to_vec());
    }
    if lie == Lie::TwoActors {
        // The digests stand in the leaf in any order that is sorted: put another one into it by hand.
        let mut other = event.clone();
        other.claims.actor.as_mut().unwrap().name = Some("mallory".to_owned());
        let second = sealed(&other, 8).1[Member::Actor.place()].clone();
        let place = Member::Correlation.place();
        let mut digests: Vec<String> = members
            .iter()
            .map(|member| member.digest().as_str().to_owned())
            .collect();
        digests[place] = second.digest().as_str().to_owned();
        members[place] = second;
        digests.sort();
        let text = format!(
            "{{\"_sd\":[\"{}\"],\"_sd_alg\":\"sha-256\",\"received\":\"{}\",\"type\":\"indelible.event.v1\"}}",
            digests.join("\",\""),
            Second::of(at)
        );
        return (text.into(), members.to_vec());
    }
    (leaf.text().clone(), members.to_vec())
}

fn disclosed(d: Bytes) -> pb::Member {
    pb::Member {
        state: Some(pb::member::State::Disclosure(d)),
    }
}

fn unused() -> Status {
    Status::unimplemented("the client has no use for it")
}
