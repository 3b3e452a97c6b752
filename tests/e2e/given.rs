//! What a log of events was given, by those who submit and by GitHub, and what is demanded of it after whatever happened to it: each
//! event with its members and its raw bytes, each receipt, the first receipt to whoever comes again, and that the search finds them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use indelible_client::{
    Client, HttpOptions, MemoryHeads, NewEvent, Options, RawBody, Submitted, SubmittedEvent, http_client,
};
use indelible_event::member::{Action, Actor, ActorType, Claims, Verb};
use indelible_event::{CheckedLine, Committed};
use indelible_note::{KeyChain, Receipt, SignedCheckpoint};
use indelible_sources::Secret;
use indelible_sources::github::sign;
use serde_json::{Value, json};

use crate::support::{Bed, Server, stderr, stdout};

/// All that was acknowledged.
#[derive(Clone)]
pub(crate) struct Given {
    secret: Secret,
    pub(crate) events: Vec<GivenEvent>,
    pub(crate) deliveries: Vec<Delivered>,
}

/// An event that was submitted.
#[derive(Clone)]
pub(crate) struct GivenEvent {
    sent: NewEvent,
    committed: Committed,
    receipt: Receipt,
}

/// A delivery that was answered with 200.
#[derive(Clone)]
pub(crate) struct Delivered {
    id: String,
    body: Bytes,
    pub(crate) index: u64,
}

/// An event with a key and raw bytes; who did it is the name up to the last `/`.
pub(crate) fn event(name: &str) -> NewEvent {
    let actor = name.rsplit_once('/').map_or(name, |(actor, _)| actor);
    NewEvent {
        source: "test/given".to_owned(),
        key: Some(name.to_owned()),
        claims: Claims {
            action: Some(Action {
                name: "deploy".to_owned(),
                verb: Verb::Execute,
                class: None,
            }),
            actor: Some(Actor {
                kind: ActorType::User,
                id: None,
                name: Some(actor.to_owned()),
                email: None,
                groups: None,
                on_behalf_of: None,
                token_id: None,
                claims: None,
            }),
            ..Claims::default()
        },
        raw: Some(RawBody {
            content: format!("the bytes of {name}.").into(),
            content_type: "text/plain".to_owned(),
        }),
    }
}

impl GivenEvent {
    /// What came back for a new event.
    pub(crate) fn of(sent: NewEvent, submitted: Submitted) -> GivenEvent {
        let SubmittedEvent::New(committed) = submitted.event else {
            panic!("{:?} was known: {:?}", sent.key, submitted.event);
        };
        GivenEvent {
            sent,
            committed,
            receipt: submitted.receipt,
        }
    }

    /// The bytes that the log has hashed, and the receipt of them.
    pub(crate) fn entry(&self) -> (Bytes, Receipt) {
        (self.committed.leaf().text().clone(), self.receipt.clone())
    }
}

impl GivenEvent {
    /// Demands that it is there, with its members and raw bytes, and that its receipt holds.
    async fn check(&self, client: &Client, keys: &KeyChain) {
        let (leaf, index) = (self.committed.leaf(), self.receipt.index());
        self.receipt.verify_in(leaf.hash(), keys).unwrap();
        let found = client.event(index).await.unwrap();
        assert_eq!(found.said_erased, [], "event {index}");
        let CheckedLine::Event(checked) = found.checked else {
            panic!("{index} is no event");
        };
        assert_eq!(checked.leaf(), leaf, "event {index}");
        assert_eq!(checked.shown(), self.committed.members(), "event {index}");
        assert_eq!(
            checked.raw(),
            self.sent.raw.as_ref().map(|raw| &raw.content),
            "event {index}"
        );
    }
}

impl Delivered {
    /// Demands that it is there, as it came.
    async fn check(&self, client: &Client) {
        let found = client.event(self.index).await.unwrap();
        let CheckedLine::Event(checked) = found.checked else {
            panic!("{} is no event", self.index);
        };
        assert_eq!(checked.raw(), Some(&self.body), "delivery {}", self.index);
    }
}

impl Given {
    /// Of the log of a bed, which nobody serves: GitHub becomes a source of it.
    pub(crate) fn of(bed: &Bed) -> Given {
        let added = bed.run(&["source", "add", "github", "acme", "--allow", "acme", "--data", "log"]);
        assert!(added.status.success(), "{}", stderr(&added));
        let said = stdout(&added);
        let secret = said.lines().find_map(|row| row.trim().strip_prefix("Secret ")).unwrap();
        Given {
            secret: Secret::new(secret.trim()).unwrap(),
            events: Vec::new(),
            deliveries: Vec::new(),
        }
    }

    /// Submits events of these names together.
    pub(crate) async fn submit(&mut self, client: &Client, names: impl IntoIterator<Item = String>) {
        let events: Vec<NewEvent> = names.into_iter().map(|name| event(&name)).collect();
        let submitted = client.submit_batch(&events).await.unwrap();
        let given = events.into_iter().zip(submitted);
        self.events
            .extend(given.map(|(event, submitted)| GivenEvent::of(event, submitted)));
    }

    /// Delivers so many times as GitHub does.
    pub(crate) async fn deliver(&mut self, server: &Server, name: &str, count: u64) {
        let hook = self.hook(server);
        for number in 0..count {
            self.deliveries
                .push(hook.deliver(&format!("{name}/{number}")).await.unwrap());
        }
    }

    /// The way from GitHub to a server.
    pub(crate) fn hook(&self, server: &Server) -> Hook {
        Hook {
            http: http_client(&HttpOptions::default()).unwrap(),
            url: format!("{}/hooks/github/acme", server.url),
            secret: self.secret.clone(),
        }
    }

    /// Forgets what stands behind a size to which the log went back.
    pub(crate) fn forget_from(&mut self, size: u64) {
        self.events.retain(|event| event.receipt.index() < size);
        self.deliveries.retain(|delivery| delivery.index < size);
    }

    /// Demands all of it of a log with these keys that is served.
    pub(crate) async fn check(&self, server: &Server, keys: &KeyChain) {
        let client = Client::connect_with_keys(&server.url, keys.clone(), MemoryHeads::new(), Options::default());
        let client = &client.await.unwrap();
        let before = client.head().await.unwrap().head().size;
        let events = stream::iter(&self.events).map(|event| event.check(client, keys));
        events.buffer_unordered(UNDER_WAY).collect::<Vec<()>>().await;
        // The first receipts still lead to a head of this log.
        let newest = client.head().await.unwrap();
        let mut heads: Vec<&SignedCheckpoint> = self.events.iter().map(|event| event.receipt.checkpoint()).collect();
        heads.sort_by_key(|head| head.head().size);
        heads.dedup();
        let proofs = stream::iter(heads).map(|head| client.consistency(head, &newest));
        let proofs: Vec<_> = proofs.buffer_unordered(UNDER_WAY).collect().await;
        proofs.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
        let deliveries = stream::iter(&self.deliveries).map(|delivery| delivery.check(client));
        deliveries.buffer_unordered(UNDER_WAY).collect::<Vec<()>>().await;
        self.check_repeats(server, client).await;
        let after = client.head().await.unwrap().head().size;
        assert_eq!(before, after, "whoever comes again makes no second event");
        self.check_search(server).await;
    }

    /// Whoever comes again is given the first index.
    async fn check_repeats(&self, server: &Server, client: &Client) {
        for some in self.events.chunks(200) {
            let sent: Vec<NewEvent> = some.iter().map(|event| event.sent.clone()).collect();
            let again = client.submit_batch(&sent).await.unwrap();
            for (event, again) in some.iter().zip(again) {
                assert!(matches!(again.event, SubmittedEvent::Known(_)), "{:?}", event.sent.key);
                assert_eq!(again.receipt.index(), event.receipt.index(), "{:?}", event.sent.key);
            }
        }
        let hook = self.hook(server);
        for delivery in &self.deliveries {
            let (status, answer) = hook.send(&delivery.id, &delivery.body).await.unwrap();
            let expected = (200, json!("repeated"), json!(delivery.index));
            let found = (status, answer["result"].clone(), answer["index"].clone());
            assert_eq!(found, expected, "delivery {}", delivery.id);
        }
    }

    /// By each actor all of theirs are found.
    async fn check_search(&self, server: &Server) {
        let mut due: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        for event in &self.events {
            let actor = event.sent.claims.actor.as_ref().and_then(|actor| actor.name.clone());
            due.entry(actor.unwrap()).or_default().insert(event.receipt.index());
        }
        for delivery in &self.deliveries {
            due.entry(sender(&delivery.id)).or_default().insert(delivery.index);
        }
        let http = http_client(&HttpOptions::default()).unwrap();
        let until = Instant::now() + Duration::from_secs(120);
        for (actor, indexes) in due {
            let mut found = BTreeSet::new();
            let mut before = None;
            loop {
                let mut query = vec![("actor", actor.clone()), ("limit", "100".to_owned())];
                query.extend(before.map(|before: u64| ("before", before.to_string())));
                let query: String = form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(query)
                    .finish();
                let answer = http
                    .get(format!("{}/v1/events?{query}", server.url))
                    .send()
                    .await
                    .unwrap();
                let page: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
                if page["indexed_size"] != page["size"] {
                    assert!(Instant::now() < until, "the index lags: {page}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
                let hits = page["events"].as_array().unwrap();
                found.extend(hits.iter().map(|hit| hit["index"].as_u64().unwrap()));
                match page["next"].as_u64() {
                    Some(next) => before = Some(next),
                    None => break,
                }
            }
            let missed: Vec<&u64> = indexes.difference(&found).collect();
            assert!(missed.is_empty(), "of {actor} the search misses {missed:?}");
        }
    }
}

/// Sends deliveries.
#[derive(Clone)]
pub(crate) struct Hook {
    http: reqwest::Client,
    url: String,
    secret: Secret,
}

impl Hook {
    /// Delivers once; `None` if it was not acknowledged.
    pub(crate) async fn deliver(&self, id: &str) -> Option<Delivered> {
        let body = Bytes::from(
            json!({
                "action": "created", "starred_at": "2026-11-22T10:00:00Z", "note": format!("the bytes of {id}."),
                "repository": {"id": 1, "full_name": "acme/web", "owner": {"login": "acme"}},
                "sender": {"id": 7, "login": sender(id), "type": "User"},
            })
            .to_string(),
        );
        let (status, answer) = self.send(id, &body).await?;
        assert_eq!((status, answer["result"].as_str()), (200, Some("stored")), "{answer}");
        let id = id.to_owned();
        let index = answer["index"].as_u64().unwrap();
        Some(Delivered { id, body, index })
    }

    async fn send(&self, id: &str, body: &Bytes) -> Option<(u16, Value)> {
        let request = self.http.post(&self.url).header("content-type", "application/json");
        let request = request.header("x-github-event", "star").header("x-github-delivery", id);
        let request = request.header("x-hub-signature-256", sign(&self.secret, body));
        let answer = request.body(body.clone()).send().await.ok()?;
        let status = answer.status().as_u16();
        let answer = serde_json::from_slice(&answer.bytes().await.ok()?).ok()?;
        // A service that ends refuses; what it refuses it has not acknowledged.
        (status != 503).then_some((status, answer))
    }
}

/// Who a delivery is of: its name up to the last `/`.
fn sender(id: &str) -> String {
    let sender = id.rsplit_once('/').map_or(id, |(sender, _)| sender);
    sender.replace('/', "-")
}

/// Requests that are under way together.
const UNDER_WAY: usize = 16;
