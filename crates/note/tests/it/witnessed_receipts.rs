//! Receipts under a policy: who vouches, and between which times the entry was first seen.

use indelible_merkle::{Hash, TreeHead};
use indelible_note::{BadReceipt, NotLacking, NotWitnessed, Policy, Receipt, SigningKey, Witnessed, sign_checkpoint};

use crate::common::{LOG_VKEY, RECEIPT, at, cosigned, signed, verifier_key, witness_key};

/// The receipt of `four` with the checkpoint cosigned by these witnesses at these times.
fn cosigned_receipt(times: &[(&str, u64)]) -> Receipt {
    let receipt = Receipt::parse(RECEIPT.as_bytes()).unwrap();
    let mut checkpoint = receipt.checkpoint().clone().open(&verifier_key()).unwrap();
    for (name, time) in times {
        let key = witness_key(name);
        let line = cosigned(&checkpoint, *time, &key);
        checkpoint = checkpoint.with_cosignatures(&[line], &[key.cosigner()]).unwrap();
    }
    let (proof, _) = RECEIPT.split_once("\n\n").unwrap();
    Receipt::parse(format!("{proof}\n\n{}", checkpoint.note()).as_bytes()).unwrap()
}

/// Two of three witnesses.
fn policy() -> Policy {
    let witnesses = ["w1", "w2", "w3"].map(|name| format!("witness {name} {}\n", witness_key(name).cosigner()));
    let text = format!(
        "log {LOG_VKEY}\n{}group two 2 w1 w2 w3\nquorum two\n",
        witnesses.concat()
    );
    Policy::parse(text.as_bytes()).unwrap()
}

/// A head of the log, cosigned by w1 and w2 at these times.
fn earlier(size: u64, times: [u64; 2]) -> Witnessed {
    let mut checkpoint = signed("one", size);
    for (name, time) in ["w1", "w2"].into_iter().zip(times) {
        let key = witness_key(name);
        let line = cosigned(&checkpoint, time, &key);
        checkpoint = checkpoint.with_cosignatures(&[line], &[key.cosigner()]).unwrap();
    }
    policy().witnessed(checkpoint).unwrap()
}

#[test]
fn a_policy_asks_for_witnesses() {
    let four = Hash::leaf(b"four");
    let receipt = cosigned_receipt(&[("w3", 500), ("w1", 400), ("stranger", 1)]);
    let proven = receipt.verify_under(four, &policy()).unwrap();
    assert_eq!(
        (proven.included().index(), proven.witnessed().checkpoint().head().size),
        (3, 15)
    );
    let vouchers: Vec<_> = proven
        .witnessed()
        .vouchers()
        .iter()
        .map(|voucher| voucher.witness())
        .collect();
    assert_eq!(vouchers, ["w1", "w3"]);
    assert_eq!(proven.not_after(), Some(at(400)));
    assert_eq!(Receipt::parse(receipt.to_string().as_bytes()), Ok(receipt.clone()));
    // To those who only know the log it is a receipt as any other.
    receipt.verify(four, &verifier_key()).unwrap();

    let refused = cosigned_receipt(&[("w3", 500)])
        .verify_under(four, &policy())
        .unwrap_err();
    assert!(
        matches!(refused, BadReceipt::Policy(NotWitnessed::NoQuorum { .. })),
        "{refused}"
    );
    let refused = receipt.verify_under(Hash::leaf(b"five"), &policy()).unwrap_err();
    assert!(matches!(refused, BadReceipt::Inclusion(_)), "{refused}");
    let alone = Policy::parse(format!("log {LOG_VKEY}\nquorum none\n").as_bytes()).unwrap();
    let proven = Receipt::parse(RECEIPT.as_bytes())
        .unwrap()
        .verify_under(four, &alone)
        .unwrap();
    assert_eq!(proven.not_after(), None);
    assert_eq!(proven.not_before(&earlier(3, [1, 2])), Ok(None));
}

#[test]
fn an_earlier_head_says_when_the_entry_was_not_seen_yet() {
    let receipt = cosigned_receipt(&[("w1", 400), ("w2", 500)]);
    let proven = receipt.verify_under(Hash::leaf(b"four"), &policy()).unwrap();
    assert_eq!(proven.not_before(&earlier(3, [200, 300])), Ok(Some(at(300))));
    assert_eq!(proven.not_before(&earlier(0, [400, 100])), Ok(Some(at(400))));
    // w2 had not heard of the larger tree when w1 had seen it.
    assert_eq!(proven.not_before(&earlier(3, [200, 401])), Ok(Some(at(200))));
    assert_eq!(proven.not_before(&earlier(3, [401, 402])), Ok(None));
    assert_eq!(
        proven.not_before(&earlier(4, [200, 300])),
        Err(NotLacking::HasIt { index: 3, size: 4 })
    );

    let other = SigningKey::from_seed("other.example".parse().unwrap(), [7; 32]);
    let text = format!("log {}\nquorum none\n", other.verifier());
    let of_other = sign_checkpoint(TreeHead::EMPTY, &other).into_inner();
    let of_other = Policy::parse(text.as_bytes()).unwrap().open(of_other).unwrap();
    let refused = proven.not_before(&of_other).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the receipt is of the log example.com/log/testdata, the earlier head of other.example"
    );
}
