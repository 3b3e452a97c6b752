//! Texts of keys, and the names in them.

use indelible_note::{CosignerKey, KeyName, Note, SigningKey, VerifierKey};

use super::Verdict;
use super::sample::{KEY, VKEY, WITNESS};

/// A private key, a public one, that of a witness, a name.
pub fn seeds() -> Vec<Vec<u8>> {
    vec![
        KEY.expose_skey().as_bytes().to_vec(),
        VKEY.to_string().into_bytes(),
        WITNESS.cosigner().to_string().into_bytes(),
        VKEY.name().to_string().into_bytes(),
    ]
}

/// A key has one text, is never both private and public, and what a private key signs its public half opens.
pub fn check(bytes: &[u8]) -> Verdict {
    let Ok(text) = str::from_utf8(bytes) else {
        return Verdict::Refused;
    };
    let (private, public, name) = (
        text.parse::<SigningKey>(),
        text.parse::<VerifierKey>(),
        text.parse::<KeyName>(),
    );
    match (&private, &public) {
        (Ok(private), public) => {
            assert_eq!(private.expose_skey().as_str(), text);
            assert!(public.is_err(), "a private key was taken for a public one");
            let note = Note::sign("text\n".to_owned(), &[private]).expect("a text");
            note.open(&[private.verifier()]).expect("the key's own signature");
        }
        (Err(_), Ok(public)) => assert_eq!(public.to_string(), text),
        (Err(private), Err(public)) => {
            // An error may be logged: it must not hold a key that was mistyped.
            let told = format!("{private} {private:?} {public} {public:?}");
            let secret = text.rsplit('+').next().filter(|secret| secret.len() > 40);
            assert!(
                secret.is_none_or(|secret| !told.contains(secret)),
                "a secret in an error"
            );
        }
    }
    let cosigner = text.parse::<CosignerKey>();
    if let Ok(cosigner) = &cosigner {
        assert_eq!(cosigner.to_string(), text);
        assert!(
            private.is_err() && public.is_err(),
            "a witness's key was taken for a log's"
        );
    }
    if let Ok(name) = &name {
        assert_eq!(name.as_str(), text);
        assert!(!text.is_empty() && text.len() <= 255 && !text.contains(['+', '\n', ' ']));
    }
    if private.is_ok() || public.is_ok() || cosigner.is_ok() || name.is_ok() {
        Verdict::Accepted
    } else {
        Verdict::Refused
    }
}
