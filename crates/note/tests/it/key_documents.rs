//! All keys of a log in one text, and what a thief makes of it.

use indelible_note::{BadKeys, KeyChain, KeyChange, SigningKey, sign_checkpoint};
use proptest::{collection::vec, prelude::*};

use crate::common::{LOG_VKEY, head, verifier_key};
use crate::key_changes::{FROZEN, NAME, chain, key, statement};

#[test]
fn a_document_is_believed_for_any_of_its_keys() {
    for sizes in [&[][..], &[0], &[15], &[3, 3, 70_000]] {
        let keys = chain(sizes);
        let document = keys.to_string();
        for term in keys.terms() {
            assert_eq!(KeyChain::parse(document.as_bytes(), term.key()), Ok(keys.clone()));
        }
        let unrelated = KeyChain::parse(document.as_bytes(), &key(9).verifier()).unwrap_err();
        assert!(matches!(unrelated, BadKeys::Unrelated { .. }), "{unrelated}");
    }
    assert_eq!(chain(&[]).to_string(), format!("{LOG_VKEY}\n"));
    assert_eq!(chain(&[15]).to_string(), format!("{LOG_VKEY}\n\n{FROZEN}"));
}

#[test]
fn what_is_no_document_is_said() {
    let document = chain(&[3, 5]).to_string();
    let parse = |text: &str| KeyChain::parse(text.as_bytes(), &verifier_key()).unwrap_err();
    assert_eq!(parse(""), BadKeys::NoKey);
    assert_eq!(parse(LOG_VKEY), BadKeys::NoKey);
    assert!(matches!(parse("hello\n"), BadKeys::Key(_)));
    assert_eq!(parse(&format!("{document}\n")), BadKeys::Separator { number: 3 });
    assert_eq!(
        parse(&document.replacen("\n\nindelible", "\nindelible", 1)),
        BadKeys::Separator { number: 1 }
    );
    let twice = parse(&document.replacen("\n\nindelible", "\n\n\nindelible", 1));
    assert!(
        matches!(
            twice,
            BadKeys::Change { number: 1, .. } | BadKeys::Separator { number: 1 }
        ),
        "{twice}"
    );
    // The first statement left out, the two exchanged.
    let parts: Vec<&str> = document.split("\n\nindelible").collect();
    let [genesis, first, second] = parts.as_slice() else {
        panic!("{parts:?}")
    };
    let second_line = second.trim_end();
    for wrong in [
        format!("{genesis}\n\nindelible{second}"),
        format!("{genesis}\n\nindelible{second_line}\n\nindelible{first}\n"),
    ] {
        let refused = parse(&wrong);
        assert!(matches!(refused, BadKeys::Change { number: 1, .. }), "{refused}");
    }
    let long = format!("{document}{}", " ".repeat(1_000_000));
    assert!(matches!(parse(&long), BadKeys::TooLong { .. }));
    assert_eq!(
        KeyChain::parse(b"\xff\n", &verifier_key()),
        Err(BadKeys::NotUtf8 { at: 0 })
    );
}

/// The thief of a key that was given up makes a chain of his own from it. Whoever trusts that key alone cannot tell the two apart;
/// whoever trusts a later one can, and one document cannot hold both.
#[test]
fn a_thief_forks_the_chain_and_not_the_future() {
    let honest = chain(&[10, 30]);
    let mut forged = chain(&[10]);
    forged.follow(statement(&key(1), &key(9), 30).as_bytes()).unwrap();
    KeyChain::parse(forged.to_string().as_bytes(), honest.current()).unwrap_err();
    let both = format!("{honest}\n{}", statement(&key(1), &key(9), 30));
    KeyChain::parse(both.as_bytes(), &verifier_key()).unwrap_err();
    // What the thief signs beyond the last size of his key is nobody's.
    let future = sign_checkpoint(head("other", 31), &key(1)).into_inner();
    honest.open(future).unwrap_err();
}

/// Lines that stand in documents, good and bad, in any order.
fn any_document() -> impl Strategy<Value = Vec<u8>> {
    let document = chain(&[3, 5]).to_string();
    let lines: Vec<String> = document
        .split_inclusive('\n')
        .map(str::to_owned)
        .chain(["\n".to_owned(), "x\n".to_owned()])
        .collect();
    let spliced = (0..document.len(), 0..8_usize, vec(any::<u8>(), 0..4)).prop_map(move |(at, length, new)| {
        let mut bytes = document.clone().into_bytes();
        let end = bytes.len().min(at + length);
        bytes.splice(at..end, new);
        bytes
    });
    prop_oneof![
        vec(any::<u8>(), 0..300),
        vec(proptest::sample::select(lines), 0..16).prop_map(|lines| lines.concat().into_bytes()),
        spliced,
    ]
}

proptest! {
    #[test]
    fn any_statement_reads_back(old in any::<[u8; 32]>(), new in any::<[u8; 32]>(), size in 0..1_u64 << 63) {
        prop_assume!(old != new);
        let keys = [old, new].map(|seed| SigningKey::from_seed(NAME.parse().unwrap(), seed));
        let change = KeyChange::sign(&keys[0], &keys[1], size).unwrap();
        let read = KeyChange::parse(change.note().as_str().as_bytes()).unwrap();
        prop_assert_eq!(read.first_size(), size);
        prop_assert_eq!(read.open(&keys[0].verifier()).unwrap(), change);
    }

    #[test]
    fn whatever_is_read_is_written_again(bytes in any_document()) {
        if let Ok(keys) = KeyChain::parse_unrooted(&bytes) {
            prop_assert_eq!(keys.to_string().into_bytes(), bytes);
        }
    }

    #[test]
    fn whatever_statement_is_read_is_written_again(bytes in any_document()) {
        if let Ok(change) = KeyChange::parse(&bytes) {
            prop_assert_eq!(change.to_string().into_bytes(), bytes);
        }
    }
}
