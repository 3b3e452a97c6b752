//! A service that answers as it is told to, also wrongly.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use indelible_event::EvidenceLine;
use indelible_event::member::Member;
use serde_json::{Map, Value, json};

use crate::log::{HandMade, TOMBSTONE};

/// A running fake of the audit trail of a [`HandMade`] log.
pub(crate) struct Fake {
    pub(crate) url: String,
    /// What was asked for, in order: path and query.
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    /// Serves the entries of a log after `lie` has had its way with each, in pages of at most `page` events.
    pub(crate) fn start(log: &HandMade, page: u64, lie: impl Fn(&mut Value)) -> Fake {
        Fake::serve(log, page, lie, Value::Null)
    }

    /// Says that these would be erased, and then that this tombstone has done it.
    pub(crate) fn erasing(log: &HandMade, entries: &Value, tombstone: u64) -> Fake {
        let plan = json!({"plan": {"entries": entries, "events": 1, "damaged": 0, "token": "t"}});
        let done = format!(
            "{}\n{}\n",
            json!({"committed": {"tombstones": [tombstone]}}),
            json!({"carried_out": {}})
        );
        Fake::serve(log, 2, |_| {}, json!([format!("{plan}\n"), done]))
    }

    /// `erasure` is what is answered to the two requests of an erasure.
    fn serve(log: &HandMade, page: u64, lie: impl Fn(&mut Value), erasure: Value) -> Fake {
        let lines = (0..3).map(|index| log.event(index)).chain([log.tombstone()]);
        let entries: Vec<Value> = lines
            .map(|line| {
                let mut entry = entry(&line);
                lie(&mut entry);
                entry
            })
            .collect();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (entries, seen, erasure) = (entries.clone(), seen.clone(), erasure.clone());
                std::thread::spawn(move || answer(stream, &entries, page, &seen, &erasure));
            }
        });
        Fake { url, asked }
    }
}

fn entry(line: &EvidenceLine) -> Value {
    let leaf: &[u8] = match line {
        EvidenceLine::Event { leaf, .. } => leaf.text(),
        EvidenceLine::Tombstone { leaf, .. } => leaf.text(),
    };
    let names = Member::ALL.map(|member| (member, line_member(line, member)));
    let members: Map<String, Value> = names
        .into_iter()
        .map(|(member, state)| (member.to_string(), state))
        .collect();
    json!({
        "index": line.index(),
        "type": "of no importance",
        "members": members,
        "leaf": String::from_utf8(leaf.to_vec()).unwrap(),
        "proof": line.receipt().to_string(),
    })
}

fn line_member(line: &EvidenceLine, member: Member) -> Value {
    let EvidenceLine::Event { disclosures, .. } = line else {
        return json!({"state": "withheld"});
    };
    match disclosures.iter().find(|shown| shown.member() == member) {
        Some(shown) => json!({"state": "disclosed", "value": "not to be believed", "disclosure": shown.to_text()}),
        None => json!({"state": "erased", "tombstone": TOMBSTONE}),
    }
}

fn answer(
    mut stream: TcpStream,
    entries: &[Value],
    page: u64,
    seen: &Mutex<Vec<String>>,
    erasure: &Value,
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut length = 0;
    loop {
        let header = line()?.to_ascii_lowercase();
        match header.strip_prefix("content-length: ") {
            Some(number) => length = number.parse().ok()?,
            None if header.is_empty() => break,
            None => {}
        }
    }
    if first.starts_with("POST ") {
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let confirmed = String::from_utf8_lossy(&body).contains("confirm");
        let said = erasure[usize::from(confirmed)].as_str()?;
        let length = said.len();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        return stream.write_all(format!("{head}{said}").as_bytes()).ok();
    }
    let target = first.split(' ').nth(1)?.to_owned();
    seen.lock().unwrap().push(target.clone());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (status, body) = match path.strip_prefix("/v1/events") {
        Some("") => ("200 OK", found(entries, query, page)),
        Some(index) => match index
            .trim_start_matches('/')
            .parse()
            .ok()
            .and_then(|at: usize| entries.get(at))
        {
            Some(entry) => ("200 OK", entry.clone()),
            None => (
                "404 Not Found",
                json!({"title": "Not Found", "detail": "no such \u{1b}[2J entry"}),
            ),
        },
        None => ("404 Not Found", json!({})),
    };
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .ok()
}

/// A page of the three events; the index knows two of them when no bound is given that it is asked beyond.
fn found(entries: &[Value], query: &str, page: u64) -> Value {
    let number = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.parse::<u64>().unwrap())
    };
    let limit = number("limit").unwrap().min(page);
    let mut indexes: Vec<u64> = (0..3).collect();
    match (number("before"), number("after")) {
        (before, None) => {
            indexes.retain(|&index| before.is_none_or(|before| index < before));
            indexes.reverse();
        }
        (_, Some(after)) => indexes.retain(|&index| index > after),
    }
    let more = indexes.len() as u64 > limit;
    indexes.truncate(usize::try_from(limit).unwrap());
    let next = more.then(|| *indexes.last().unwrap());
    let events: Vec<&Value> = indexes
        .iter()
        .map(|&index| &entries[usize::try_from(index).unwrap()])
        .collect();
    json!({"events": events, "next": next, "indexed_size": 3, "size": 4})
}
