//! Reading bytes of which there is one spelling. Canonical JSON of a known shape needs no parser of JSON: what is not exactly the
//! next piece of text is wrong, and where it stands is known.

use crate::{received::Second, salted::Digest};

/// What is still to be read.
#[derive(Debug)]
pub(crate) struct Exact<'t> {
    text: &'t [u8],
    at: usize,
}

/// Where text is not what it must be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Differs {
    pub(crate) at: usize,
    pub(crate) expected: &'static str,
}

impl<'t> Exact<'t> {
    pub(crate) fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Takes a piece if it is there.
    pub(crate) fn take_if(&mut self, piece: &str) -> bool {
        let found = self.text[self.at..].starts_with(piece.as_bytes());
        if found {
            self.at += piece.len();
        }
        found
    }

    pub(crate) fn piece(&mut self, piece: &'static str) -> Result<(), Differs> {
        if self.take_if(piece) {
            Ok(())
        } else {
            Err(self.differs(piece))
        }
    }

    pub(crate) fn digest(&mut self) -> Result<Digest, Differs> {
        let expected = "the 43 characters of a digest";
        let text = self.text[self.at..].get(..Digest::BYTES);
        let digest = text.and_then(Digest::parse).ok_or(self.differs(expected))?;
        self.at += Digest::BYTES;
        Ok(digest)
    }

    pub(crate) fn second(&mut self) -> Result<Second, Differs> {
        let expected = "a second like 2026-11-22T10:00:00Z";
        let text = self.text[self.at..].get(..Second::BYTES);
        let second = text.and_then(Second::parse).ok_or(self.differs(expected))?;
        self.at += Second::BYTES;
        Ok(second)
    }

    /// A decimal up to 2^53 - 1 without leading zeros.
    pub(crate) fn integer(&mut self) -> Result<u64, Differs> {
        let rest = &self.text[self.at..];
        let digits = rest
            .iter()
            .take(DIGITS_MAX + 1)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let text = str::from_utf8(&rest[..digits]).expect("digits are ASCII");
        let canonical = text == "0" || !text.starts_with('0');
        let number = text
            .parse()
            .ok()
            .filter(|&number| canonical && number <= crate::INTEGER_MAX);
        let number = number.ok_or(self.differs("an integer up to 2^53 - 1 without leading zeros"))?;
        self.at += digits;
        Ok(number)
    }

    /// A name in quotes that are still to come: what stands before the next quote.
    pub(crate) fn word(&mut self) -> &'t str {
        let rest = &self.text[self.at..];
        let length = rest.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
        self.at += length;
        str::from_utf8(&rest[..length]).expect("letters are ASCII")
    }

    pub(crate) fn end(self) -> Result<(), Differs> {
        if self.at == self.text.len() {
            Ok(())
        } else {
            Err(self.differs("the end"))
        }
    }

    pub(crate) fn differs(&self, expected: &'static str) -> Differs {
        Differs { at: self.at, expected }
    }
}

/// Reads `{"_sd":[…],"_sd_alg":"sha-256",` with this many digests, sorted and distinct.
pub(crate) fn sorted_digests<const N: usize>(exact: &mut Exact<'_>) -> Result<[Digest; N], Differs> {
    let mut digests: Vec<Digest> = Vec::with_capacity(N);
    exact.piece("{\"_sd\":[")?;
    for place in 0..N {
        exact.piece(if place == 0 { "\"" } else { ",\"" })?;
        let before = exact.differs("a digest above the one before it");
        let digest = exact.digest()?;
        if digests.last().is_some_and(|&last| last >= digest) {
            return Err(before);
        }
        exact.piece("\"")?;
        digests.push(digest);
    }
    exact.piece("],\"_sd_alg\":\"sha-256\",")?;
    Ok(digests.try_into().expect("as many as were read"))
}

/// The digits of 2^53 - 1.
const DIGITS_MAX: usize = 16;
