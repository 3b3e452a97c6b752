//! Notes against the crate `signed_note`, an independent implementation: ours are opened by it, its own by us.

use indelible_note::{Note, SigningKey, VerifierKey};
use signed_note::{StandardSigner, StandardVerifier, VerifierList};

/// The same texts, signed by a different key each.
fn samples() -> impl Iterator<Item = (SigningKey, String)> {
    let texts = [
        "a line\n",
        "\n",
        "two\nlines\n",
        "empty lines\n\n\nin it\n\n",
        "— looks like a signature AAAAAAA=\n",
        "größe\n",
    ];
    (0..60).map(move |n: u8| {
        let key = SigningKey::from_seed(format!("key.example/{n}").parse().unwrap(), [n; 32]);
        (key, texts[usize::from(n) % texts.len()].repeat(1 + usize::from(n) / 6))
    })
}

#[test]
fn theirs_opens_ours() {
    for (key, text) in samples() {
        let ours = Note::sign(text.clone(), &[&key]).unwrap();
        let theirs = signed_note::Note::from_bytes(ours.as_str().as_bytes()).unwrap();
        assert_eq!(theirs.text(), text.as_bytes());
        let verifier = StandardVerifier::new(&key.verifier().to_string()).unwrap();
        let (verified, unverified) = theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
        assert_eq!((verified.len(), unverified.len()), (1, 0));
    }
}

#[test]
fn ours_opens_theirs() {
    for (key, text) in samples() {
        let signer = StandardSigner::new(&key.expose_skey()).unwrap();
        let mut theirs = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
        theirs.add_sigs(&[&signer]).unwrap();
        let verifier: VerifierKey = key.verifier().to_string().parse().unwrap();
        let ours = Note::parse(&theirs.to_bytes()).unwrap().open(&[verifier]).unwrap();
        assert_eq!(ours.text(), text);
        assert_eq!(*ours, Note::sign(text, &[&key]).unwrap());
    }
}
