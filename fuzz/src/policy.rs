//! Witness policies (C2SP tlog-policy).

use indelible_note::Policy;

use super::Verdict;
use super::sample::{CHECKPOINT, COSIGNED, SIZE, VKEY, WITNESS};

/// One that asks for a witness by way of groups, one that asks for none, one whose log was retired before our head.
pub fn seeds() -> Vec<Vec<u8>> {
    let witness = WITNESS.cosigner();
    let groups = format!(
        "# ours\nlog {} https://fuzz.example/log\n# last-size {}+{} 400\nwitness w {witness}\ngroup one any w\ngroup two 1 one\nquorum two\n",
        *VKEY,
        VKEY.name(),
        VKEY.id(),
    );
    let none = format!("log\t{}\nquorum none\n", *VKEY);
    let retired = format!("{none}# last-size {}+{} {}\n", VKEY.name(), VKEY.id(), SIZE - 1);
    [groups, none, retired].map(String::into_bytes).to_vec()
}

/// What a policy lets pass is signed by a log of its own, and by the witness if it asks for one.
pub fn check(bytes: &[u8]) -> Verdict {
    let Ok(policy) = Policy::parse(bytes) else {
        return Verdict::Refused;
    };
    let ours = policy.logs().iter().find(|log| *log.key() == *VKEY);
    let trusted = ours.is_some_and(|log| log.last_size().is_none_or(|last| SIZE <= last));
    let bare = policy.open(CHECKPOINT.clone().into_inner());
    assert_eq!(bare.is_ok(), trusted && policy.asks_for_no_witness());
    if let Ok(witnessed) = policy.open(COSIGNED.clone()) {
        assert!(trusted);
        assert!(policy.asks_for_no_witness() || !witnessed.vouchers().is_empty());
    }
    Verdict::Accepted
}
