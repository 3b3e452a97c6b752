//! Cutting a file into lines, without having it all.

use super::line::EVIDENCE_RAW_BYTES_MAX;

/// The longest line: raw bytes in base64 (44.8 MB for 32 MiB); disclosures in base64 (1.4 MB for 1 MiB, 600 bytes around them); a leaf
/// whose every byte is escaped (0.13 MB); a receipt of 1.1 MB, the line feeds of which are escaped (2.2 MB). Together less than this.
pub const EVIDENCE_LINE_BYTES_MAX: usize = EVIDENCE_RAW_BYTES_MAX.div_ceil(3) * 4 + 5_000_000;

/// Cuts what is read of a file, in pieces of any size, into lines. It keeps at most the line that is not complete yet.
#[derive(Debug, Default)]
pub struct EvidenceLines {
    rest: Vec<u8>,
    number: u64,
}

impl EvidenceLines {
    /// Takes the next piece, and hands every line that it completes to `each`, with its number, from 1, and without its line feed.
    ///
    /// # Errors
    ///
    /// The first error of `each`; and if a line gets too long.
    pub fn push<E: From<LineTooLong>>(
        &mut self,
        mut piece: &[u8],
        mut each: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(end) = piece.iter().position(|&byte| byte == b'\n') {
            let (line, rest) = (&piece[..end], &piece[end + 1..]);
            self.number += 1;
            self.fits(line)?;
            if self.rest.is_empty() {
                each(self.number, line)?;
            } else {
                self.rest.extend_from_slice(line);
                let line = std::mem::take(&mut self.rest);
                each(self.number, &line)?;
            }
            piece = rest;
        }
        self.number += 1;
        self.fits(piece)?;
        self.number -= 1;
        self.rest.extend_from_slice(piece);
        Ok(())
    }

    /// The last line, if the file does not end in a line feed.
    pub fn finish(self) -> Option<(u64, Vec<u8>)> {
        (!self.rest.is_empty()).then_some((self.number + 1, self.rest))
    }

    fn fits(&self, more: &[u8]) -> Result<(), LineTooLong> {
        if self.rest.len() + more.len() > EVIDENCE_LINE_BYTES_MAX {
            return Err(LineTooLong { number: self.number });
        }
        Ok(())
    }
}

/// A line is longer than any may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {number} has more than {EVIDENCE_LINE_BYTES_MAX} bytes")]
pub struct LineTooLong {
    /// Its number, from 1.
    pub number: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<(u64, Vec<u8>)> {
        let mut lines = EvidenceLines::default();
        let mut found = Vec::new();
        for piece in pieces {
            let pushed: Result<(), LineTooLong> = lines.push(piece, |number, line| {
                found.push((number, line.to_vec()));
                Ok(())
            });
            pushed.unwrap();
        }
        found.extend(lines.finish());
        found
    }

    #[test]
    fn pieces_do_not_matter() {
        let text = b"one\n\nthree\nfour";
        let whole = lines(&[text]);
        let expected = [(1, "one"), (2, ""), (3, "three"), (4, "four")];
        assert_eq!(whole, expected.map(|(number, line)| (number, line.as_bytes().to_vec())));
        for size in 1..text.len() {
            assert_eq!(lines(&text.chunks(size).collect::<Vec<_>>()), whole);
        }
        assert_eq!(lines(&[b"one\n"]), [(1, b"one".to_vec())]);
        assert_eq!(lines(&[]), []);
    }

    #[test]
    fn a_line_has_a_limit() {
        let mut lines = EvidenceLines::default();
        let half = vec![b'x'; EVIDENCE_LINE_BYTES_MAX / 2];
        let never = |_, _: &[u8]| -> Result<(), LineTooLong> { panic!("no line ends") };
        lines.push(b"one\n", |_, _| Ok::<(), LineTooLong>(())).unwrap();
        lines.push(&half, never).unwrap();
        lines.push(&half, never).unwrap();
        assert_eq!(lines.push(b"xx", never), Err(LineTooLong { number: 2 }));
    }
}
