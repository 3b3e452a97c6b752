//! Events as JSON.

use indelible_event::member::Member;
use indelible_event::{AnyLeaf, MemberState, Tombstone, TombstoneDisclosed, TombstoneMember};
use serde_json::{Map, Value, json};

use crate::trail::Found;

/// An event or a tombstone, without its leaf; with the disclosures, from which the leaf can be checked, or only their values.
pub(super) fn event(index: u64, found: &Found, with_disclosures: bool) -> Value {
    match found {
        Found::Event { leaf, members, .. } => {
            let members = Member::ALL.iter().zip(members.iter());
            let members: Map<String, Value> = members
                .map(|(member, state)| (member.to_string(), member_state(state, with_disclosures)))
                .collect();
            let mut shown = json!({
                "index": index,
                "type": "indelible.event.v1",
                "received": leaf.received().to_string(),
            });
            // Moved, where the macro would copy it.
            shown["members"] = Value::Object(members);
            shown
        }
        Found::Tombstone(tombstone) => json!({
            "index": index,
            "type": "indelible.tombstone.v1",
            "received": tombstone.leaf.received().to_string(),
            "erased": erased(&tombstone.leaf),
            "members": said(&tombstone.said, with_disclosures),
        }),
    }
}

/// The text that the log hashes.
pub(super) fn leaf(found: &Found) -> String {
    let leaf = found.leaf();
    let text = match &leaf {
        AnyLeaf::Event(leaf) => leaf.text(),
        AnyLeaf::Tombstone(tombstone) => tombstone.text(),
    };
    String::from_utf8_lossy(text).into_owned()
}

/// The disclosures of the members that are there.
pub(super) fn disclosures(found: &Found) -> Vec<String> {
    match found {
        Found::Event { members, .. } => members
            .iter()
            .filter_map(MemberState::disclosed)
            .map(|disclosed| disclosed.disclosure().to_text())
            .collect(),
        Found::Tombstone(_) => Vec::new(),
    }
}

fn member_state(state: &MemberState, with_disclosure: bool) -> Value {
    match state {
        MemberState::Disclosed(disclosed) => {
            let disclosure = disclosed.disclosure();
            let value: Value = serde_json::from_str(disclosure.value_json()).expect("a disclosure is JSON");
            let mut state = json!({"state": "disclosed"});
            state["value"] = value;
            if with_disclosure {
                state["disclosure"] = disclosure.to_text().into();
            }
            state
        }
        MemberState::Withheld => json!({"state": "withheld"}),
        MemberState::Erased { tombstone } => json!({"state": "erased", "tombstone": tombstone}),
        MemberState::Missing => json!({"state": "missing"}),
    }
}

/// On what basis and for whom, as far as whoever asks is shown it.
fn said(said: &[TombstoneDisclosed], with_disclosures: bool) -> Map<String, Value> {
    let state = |member: TombstoneMember| {
        let mut said = said.iter().map(TombstoneDisclosed::disclosure);
        match said.find(|said| said.member() == member) {
            Some(said) if with_disclosures => {
                json!({"state": "disclosed", "value": said.value(), "disclosure": said.to_text()})
            }
            Some(said) => json!({"state": "disclosed", "value": said.value()}),
            None => json!({"state": "withheld"}),
        }
    };
    let members = TombstoneMember::ALL.into_iter();
    members.map(|member| (member.to_string(), state(member))).collect()
}

fn erased(tombstone: &Tombstone) -> Vec<Value> {
    let ranges = tombstone.ranges().as_slice().iter();
    let ranges = ranges.map(|range| {
        let members: Vec<&str> = range.members.iter().map(Member::as_str).collect();
        json!({"first": range.first, "last": range.last, "members": members})
    });
    ranges.collect()
}
