//! Checked lines for people: what is proved stands apart from what somebody says.

use std::fmt::Write;

use indelible_event::member::{IpTrust, Member, OccurredFrom};
use indelible_event::{CheckedEvent, CheckedTombstone, Disclosed, MemberState, MemberValue};
use indelible_note::PosixTime;

use super::Place;
use crate::cmd::terminal::Safe;
use crate::cmd::utc::Utc;

/// An event, with what is known of each member.
pub(in crate::cmd) fn event_text(
    place: &Place,
    event: &CheckedEvent,
    members: &[MemberState; Member::ALL.len()],
) -> String {
    let mut text = Text::headed(format_args!("event {}", event.index()));
    text.group("proved");
    text.proved(event.index(), place, event.not_after());
    if let Some(raw) = event.raw() {
        text.row("raw bytes", &format!("{}, those whose hash is in `raw`", raw.len()));
    }
    if let Some(signature) = &place.signature {
        let words = format!(
            "by the job's key {} ({}): all that the sender says; that the key is the job's, `submitter` says",
            signature.key(),
            signature.algorithm()
        );
        text.row("signed", &words);
    }
    text.group("the service says");
    text.row("received", &event.received().to_string());
    let shown = || members.iter().filter_map(MemberState::disclosed);
    for disclosed in shown().filter(|disclosed| speaker(disclosed) == Speaker::Service) {
        text.value(disclosed);
    }
    if shown().any(|disclosed| speaker(disclosed) == Speaker::Sender) {
        text.group("the sender says, and nobody has checked it");
        for disclosed in shown().filter(|disclosed| speaker(disclosed) == Speaker::Sender) {
            text.value(disclosed);
        }
    }
    if members.iter().any(|state| state.disclosed().is_none()) {
        text.group("not shown");
        for (member, state) in Member::ALL.into_iter().zip(members) {
            match state {
                MemberState::Disclosed(_) => {}
                MemberState::Withheld => text.row(member.as_str(), "withheld"),
                MemberState::Erased { tombstone } => {
                    text.row(member.as_str(), &format!("erased (tombstone #{tombstone})"));
                }
                MemberState::Missing => text.row(member.as_str(), "missing, and no tombstone says why"),
            }
        }
    }
    text.0
}

/// A tombstone.
pub(in crate::cmd) fn tombstone_text(place: &Place, tombstone: &CheckedTombstone) -> String {
    let mut text = Text::headed(format_args!("tombstone {}", tombstone.index()));
    text.group("proved");
    text.proved(tombstone.index(), place, tombstone.not_after());
    match tombstone.erasure() {
        None => text.row("erases", "nothing: it speaks of entries that are not below it"),
        Some(erasure) => {
            let ranges = erasure.ranges().as_slice();
            for range in ranges.iter().take(RANGES_SHOWN) {
                let entries = match range.first == range.last {
                    true => format!("of event {}", range.first),
                    false => format!("of events {} to {}", range.first, range.last),
                };
                text.row("erases", &format!("{} {entries}", range.members));
            }
            if ranges.len() > RANGES_SHOWN {
                let more = ranges.len() - RANGES_SHOWN;
                text.row("erases", &format!("{more} ranges more; --json shows all"));
            }
        }
    }
    text.group("the service says");
    text.row("received", &tombstone.leaf().received().to_string());
    for shown in tombstone.shown() {
        let shown = shown.disclosure();
        let value = shown.value().unwrap_or_else(|| "none".to_owned());
        text.row(shown.member().as_str(), &value);
    }
    text.0
}

/// Who says what stands in a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    Service,
    Sender,
}

fn speaker(disclosed: &Disclosed) -> Speaker {
    match disclosed.value() {
        Some(MemberValue::Occurred(occurred)) if occurred.from == OccurredFrom::Receipt => Speaker::Service,
        Some(MemberValue::Origin(origin)) if origin.ip_trust == IpTrust::LastHop => Speaker::Service,
        _ => match disclosed.member() {
            Member::Delivery | Member::Raw | Member::Submitter => Speaker::Service,
            _ => Speaker::Sender,
        },
    }
}

/// The text of one entry, as it grows.
struct Text(String);

impl Text {
    fn headed(heading: std::fmt::Arguments<'_>) -> Text {
        Text(format!("{heading}\n"))
    }

    fn group(&mut self, words: &str) {
        self.add(format_args!("  {words}\n"));
    }

    fn row(&mut self, name: &str, value: &str) {
        self.add(format_args!("    {name:<11}  {}\n", Safe(value)));
    }

    fn proved(&mut self, index: u64, place: &Place, not_after: Option<PosixTime>) {
        let Place {
            origin,
            size,
            not_before,
            signature: _,
        } = place;
        self.row(
            "logged",
            &format!("as entry {index} of {origin}, in the tree of {size} entries that its key has signed"),
        );
        if let Some(time) = not_after {
            let words = format!("{}, by the clock of the witness that was first", Utc(time));
            self.row("not after", &words);
        }
        if let Some(time) = not_before {
            let words = format!("{}, when a witness still knew no tree that has it", Utc(*time));
            self.row("not before", &words);
        }
    }

    fn value(&mut self, disclosed: &Disclosed) {
        let json = disclosed.disclosure().value_json();
        let name = disclosed.member().as_str();
        match json.char_indices().nth(VALUE_CHARS_SHOWN) {
            _ if json == "null" => self.row(name, "none"),
            None => self.row(name, json),
            Some((end, _)) => {
                let words = format!("{} … of {} bytes; --json shows all", &json[..end], json.len());
                self.row(name, &words);
            }
        }
    }

    fn add(&mut self, words: std::fmt::Arguments<'_>) {
        self.0.write_fmt(words).expect("a string takes all that is written");
    }
}

/// What somebody still reads on a screen.
const VALUE_CHARS_SHOWN: usize = 2_000;
/// As many ranges as fit on a screen.
const RANGES_SHOWN: usize = 20;

#[cfg(test)]
mod tests {
    use indelible_event::CheckedLine;

    use super::super::fixture::{self, hostile_event};
    use super::*;
    use crate::cmd::evidence::{Checked, event_json};

    fn checked() -> (Checked, [MemberState; Member::ALL.len()]) {
        let (line, mut verifier) = fixture::line(&hostile_event());
        let keep = [Member::Action, Member::Delivery, Member::Occurred, Member::Changes];
        let checked = Checked::new(line.with_only(keep.into_iter().collect()), &mut verifier).unwrap();
        let CheckedLine::Event(event) = &checked.line else {
            panic!("an event");
        };
        let members = verifier.members(event);
        (checked, members)
    }

    #[test]
    fn what_is_proved_stands_apart_and_no_text_steers_the_terminal() {
        let (checked, members) = checked();
        let CheckedLine::Event(event) = &checked.line else {
            panic!("an event");
        };
        let text = event_text(&checked.place, event, &members);
        let expected = "\
event 0
  proved
    logged       as entry 0 of test.example/log, in the tree of 1 entries that its key has signed
  the service says
    received     2026-11-22T10:00:00Z
    delivery     {\"key\":null,\"received\":\"2026-11-22T10:00:00Z\",\"source\":\"s\"}
    occurred     {\"at\":\"2026-11-22T10:00:00Z\",\"from\":\"receipt\"}
  the sender says, and nobody has checked it
    action       {\"name\":\"\\u001b[2J\\u009b1m\\u202ekcatta\",\"verb\":\"other\"}
    changes      none
  not shown
    actor        withheld
    correlation  withheld
    origin       withheld
    outcome      withheld
    raw          withheld
    submitter    withheld
    targets      withheld
";
        assert_eq!(text, expected);
    }

    #[test]
    fn programs_get_every_member_with_its_state() {
        let (checked, members) = checked();
        let CheckedLine::Event(event) = &checked.line else {
            panic!("an event");
        };
        let json = event_json(&checked.place, event, &members);
        assert_eq!(json["index"], 0);
        assert_eq!(json["members"]["changes"]["state"], "disclosed");
        assert!(json["members"]["changes"]["value"].is_null());
        assert_eq!(json["members"]["action"]["value"]["name"], fixture::HOSTILE);
        assert_eq!(json["members"]["actor"], serde_json::json!({"state": "withheld"}));
        assert_eq!(json["members"].as_object().unwrap().len(), Member::ALL.len());
    }
}
