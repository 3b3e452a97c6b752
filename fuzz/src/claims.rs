//! What a sender claims: JSON that can be read in one way only.

use indelible::strict_json;
use indelible_event::member::{Claims, Event};
use indelible_event::{Salts, Sealed, redact};
use serde_json::Value;

use super::Verdict;
use super::trail;

/// Claims with everything a sender may choose, and the oddest texts that are still JSON.
pub fn seeds() -> Vec<Vec<u8>> {
    let claims = serde_json::to_vec(&trail::claims()).expect("claims are JSON");
    let others = [
        "{}",
        r#"{"actor":{"type":"user","claims":{"":{"":[{}]},"\u0000\ud83d\ude00":-1}}}"#,
        r#"{"changes":[{"field":"x","before":null,"after":[[[0.5,1e3,"\u0061"]]]}],"origin":null}"#,
        r#"{"occurred":{"at":"2026-11-22T10:00:00Z","from":"payload"},"outcome":{"result":"success"}}"#,
        r#"{"origin":{"ip":"192.0.2.1","ip_trust":"reported"},"targets":[{"type":"a","id":"b"}]}"#,
    ];
    let others = others.map(|text| text.as_bytes().to_vec());
    [claims].into_iter().chain(others).collect()
}

/// What is read, an ordinary reader reads the same, and nobody can read otherwise: with its first field once more it is refused. What a
/// log takes of it is what its leaf commits to.
pub fn check(bytes: &[u8]) -> Verdict {
    let lax = serde_json::from_slice::<Value>(bytes);
    match strict_json::from_slice::<Value>(bytes) {
        Err(bad) => assert!(!bad.to_string().is_empty() && bad.to_string().chars().count() <= 300),
        Ok(value) => {
            assert_eq!(value, lax.expect("JSON is JSON"));
            if let Some(twice) = with_first_field_twice(&value, bytes) {
                let said = strict_json::from_slice::<Value>(&twice).expect_err("a name stands twice");
                assert!(said.to_string().contains("stands twice"), "{said}");
            }
            let taken = strict_json::weight_of_length(bytes.len(), strict_json::VALUES_MAX);
            assert!(objects(&value) * 640 <= taken, "more is taken than is counted");
        }
    }
    let Ok(claims) = strict_json::from_slice::<Claims>(bytes) else {
        return Verdict::Refused;
    };
    assert_eq!(claims, serde_json::from_slice(bytes).expect("what is strict is lax"));
    let value = serde_json::from_slice(bytes).expect("it was read");
    assert_eq!(strict_json::from_value::<Claims>(value).expect("the same"), claims);
    let Ok(claims) = redact::claims(claims).map(|redacted| redacted.value) else {
        return Verdict::Accepted;
    };
    let event = Event {
        claims,
        ..Event::default()
    };
    if let Ok(sealed) = Sealed::seal(&event, &Salts::from_random(&[5; Salts::BYTES]), trail::second()) {
        let mut again = Event::default();
        let values = sealed.disclosures().iter().filter_map(|disclosure| disclosure.value());
        values.for_each(|value| again.set(value));
        assert_eq!(again, event, "the leaf commits to something else");
    }
    Verdict::Accepted
}

/// The text of an object with its first field at both ends.
fn with_first_field_twice(value: &Value, bytes: &[u8]) -> Option<Vec<u8>> {
    let (name, _) = value.as_object()?.iter().next()?;
    let end = bytes.iter().rposition(|byte| *byte == b'}')?;
    let name = Value::from(name.as_str());
    Some([&bytes[..end], format!(",{name}:null}}").as_bytes()].concat())
}

/// How many objects that have something in them.
fn objects(value: &Value) -> usize {
    match value {
        Value::Array(all) => all.iter().map(objects).sum(),
        Value::Object(all) => usize::from(!all.is_empty()) + all.values().map(objects).sum::<usize>(),
        _ => 0,
    }
}
