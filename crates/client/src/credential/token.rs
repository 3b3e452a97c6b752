//! A bearer token, which nothing prints.

use std::fmt;
use std::sync::Arc;

use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

/// A bearer token (RFC 6750, section 2.1): the log's own, or an identity token of a CI.
///
/// It is not shown by `Debug`, has no `Display`, and is overwritten in memory when its last clone is dropped. The copies that a request
/// carries are not: they are HTTP's.
#[derive(Clone)]
pub struct Token(Arc<Zeroizing<String>>);

/// What is wrong with a token, of which nothing is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// There is none.
    #[error("there is no token in it")]
    Empty,
    /// It is longer than a log takes.
    #[error("a token has at most {TOKEN_BYTES_MAX} bytes, and this has more")]
    TooLong,
    /// It has something in it that no token has: a space, a line feed, a quote.
    #[error("byte {at} is none that a token has: those are letters, digits and - . _ ~ + / =")]
    Character {
        /// Where, counted from 0.
        at: usize,
    },
}

impl Token {
    /// Takes a text for a token. White space around it, such as the line feed at the end of a file, is not part of it.
    ///
    /// # Errors
    /// If it cannot be sent as one.
    pub fn parse(text: &str) -> Result<Token, BadToken> {
        let before = text.len() - text.trim_start().len();
        let token = text.trim();
        match token.bytes().position(|byte| !is_of_token(byte)) {
            _ if token.is_empty() => Err(BadToken::Empty),
            _ if token.len() > TOKEN_BYTES_MAX => Err(BadToken::TooLong),
            Some(at) => Err(BadToken::Character { at: before + at }),
            None => Ok(Token(Arc::new(Zeroizing::new(token.to_owned())))),
        }
    }

    /// As the `authorization` of a request, marked so that neither logs nor the tables of HTTP/2 keep it.
    pub(super) fn header(&self) -> HeaderValue {
        let text = Zeroizing::new(format!("{SCHEME}{}", self.0.as_str()));
        let mut value = HeaderValue::from_str(&text).expect("a token is of letters, digits and some signs");
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Whether the byte may stand in a `b64token`, `=` not only at its end.
fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte)
}

const SCHEME: &str = "Bearer ";

/// The head of a request has 16 KiB: room for this and as much again.
pub const TOKEN_BYTES_MAX: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_sent_is_refused_and_not_shown() {
        for (text, wrong) in [
            ("", BadToken::Empty),
            (" \n", BadToken::Empty),
            ("sec ret", BadToken::Character { at: 3 }),
            ("\nsec\nret\n", BadToken::Character { at: 4 }),
            ("\"secret\"", BadToken::Character { at: 0 }),
            ("sécret", BadToken::Character { at: 1 }),
            ("secret\0", BadToken::Character { at: 6 }),
            (&"s".repeat(8_193), BadToken::TooLong),
        ] {
            let refused = Token::parse(text).unwrap_err();
            assert_eq!(refused, wrong, "{text:?}");
            assert!(!format!("{refused} {refused:?}").contains("ret"), "{refused}");
        }
    }

    #[test]
    fn a_token_is_sent_without_the_space_around_it_and_shown_nowhere() {
        let token = Token::parse(" eyJh.b-_~+/c==\r\n").unwrap();
        let header = token.header();
        assert_eq!(header.as_bytes(), b"Bearer eyJh.b-_~+/c==");
        let shown = format!(
            "{token:?} {header:?} {:?}",
            super::super::Credential::Bearer(token.clone())
        );
        assert!(!shown.contains("eyJh"), "{shown}");
        assert!(Token::parse(&"s".repeat(8_192)).is_ok());
    }
}
