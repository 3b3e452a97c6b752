//! What came in, as it came.

use std::fmt;

/// One request of a sender, as it came.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// Names in lowercase with their values, in the order in which they came; a name may come more than once.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The bytes that a signature covers: what came, before any decoding.
    pub body: &'a [u8],
}

impl<'a> Delivery<'a> {
    /// The value of a header, by its name in lowercase. Costs one pass over the headers.
    ///
    /// # Errors
    ///
    /// The header came twice: which one counts would be a guess.
    pub fn header(&self, name: &'static str) -> Result<Option<&'a [u8]>, Repeated> {
        let mut values = self.headers.iter().filter(|(known, _)| *known == name);
        let first = values.next().map(|&(_, value)| value);
        match values.next() {
            None => Ok(first),
            Some(_) => Err(Repeated { name }),
        }
    }

    /// The value of a header that came once and is visible ASCII of at most `bytes_max` bytes; otherwise `None`. For headers that
    /// nobody signed and that decide nothing.
    pub(crate) fn word(&self, name: &'static str, bytes_max: usize) -> Option<&'a str> {
        let value = self.header(name).ok()??;
        let is_word = (1..=bytes_max).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic);
        is_word.then(|| std::str::from_utf8(value).ok())?
    }
}

/// Says what came without printing it: headers and bodies carry what must not stand in a log file.
impl fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("method", &self.method)
            .field("headers", &self.headers.len())
            .field("body", &self.body.len())
            .finish()
    }
}

/// A header that came more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the header {name} came more than once")]
pub struct Repeated {
    /// Its name.
    pub name: &'static str,
}
