//! docs/events.md says what the code does.

use indelible_event::{DEPTH_MAX, Leaf, MEMBER_BYTES_MAX, member::Member};

use crate::{
    sample::{event, sealed},
    vectors::tombstone,
};

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events.md"));

#[test]
fn the_members_stand_in_their_order() {
    let table = PAGE.lines().skip_while(|line| !line.starts_with("| member |")).skip(2);
    let rows = table.map_while(|line| line.strip_prefix("| `")?.split_once('`'));
    let names: Vec<&str> = rows.map(|(name, _)| name).collect();
    assert_eq!(names, Member::ALL.map(Member::as_str));
}

#[test]
fn the_examples_are_those_of_the_vector() {
    let sealed = sealed(&event());
    let outcome = &sealed.disclosures()[Member::Outcome.place()];
    for example in [
        str::from_utf8(sealed.leaf().text()).unwrap(),
        str::from_utf8(tombstone().leaf().text()).unwrap(),
        &sealed.leaf().hash().to_string(),
        &format!("d       {}\n", str::from_utf8(outcome.bytes()).unwrap()),
        &format!("text    {}\n", outcome.to_text()),
        &format!("digest  {}\n", outcome.digest()),
        &format!("{} bytes", Leaf::BYTES),
        &format!("{} KiB", MEMBER_BYTES_MAX >> 10),
        &format!("at most {DEPTH_MAX} arrays"),
    ] {
        assert!(PAGE.contains(example), "{example}");
    }
}
