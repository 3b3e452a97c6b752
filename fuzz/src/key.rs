//! Texts of keys, and the names in them.

use indelible_note::{KeyName, Note, SigningKey, VerifierKey};

use super::Verdict;
use super::sample::{KEY, VKEY};

/// A private key, a public one, a name.
pub fn seeds() -> Vec<Vec<u8>> {
    vec![
        KEY.expose_skey().as_bytes().to_vec(),
        VKEY.to_string().into_bytes(),
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
    if let Ok(name) = &name {
        assert_eq!(name.as_str(), text);
        assert!(!text.is_empty() && text.len() <= 255 && !text.contains(['+', '\n', ' ']));
    }
    if private.is_ok() || public.is_ok() || name.is_ok() {
        Verdict::Accepted
    } else {
        Verdict::Refused
    }
}
