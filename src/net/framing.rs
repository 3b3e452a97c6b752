//! The framing of gRPC: a byte, four of length, so many bytes; and again.

/// Where in a stream of messages one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Framing {
    /// How many bytes of the five have come.
    head: u8,
    /// The length, as far as it has come, and what of it is still to come behind the five.
    left: u32,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The five bytes are there: a message of so many follows.
    Head(u32),
    /// The message is whole. One of no bytes is whole with its head.
    Whole,
    /// More is to come.
    Within,
}

impl Framing {
    /// Whether a message has begun and is not whole.
    pub(crate) fn is_within(self) -> bool {
        self.head > 0
    }

    /// Reads on, up to the next thing to be told of; how many bytes that took, which is all of them if nothing is.
    pub(crate) fn step(&mut self, bytes: &[u8]) -> (usize, Step) {
        let mut taken = 0;
        while self.head < HEAD_BYTES {
            let Some(byte) = bytes.get(taken) else {
                return (taken, Step::Within);
            };
            taken += 1;
            match self.head {
                // Compressed or not.
                0 => self.left = 0,
                _ => self.left = self.left << 8 | u32::from(*byte),
            }
            self.head += 1;
            if self.head == HEAD_BYTES {
                if self.left == 0 {
                    self.head = 0;
                }
                return (taken, Step::Head(self.left));
            }
        }
        let now = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= u32::try_from(now).expect("at most what is left");
        match self.left {
            0 => {
                self.head = 0;
                (now, Step::Whole)
            }
            _ => (now, Step::Within),
        }
    }
}

const HEAD_BYTES: u8 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_wherever_they_are_cut() {
        let message = |length: usize| {
            let head = [0].into_iter().chain(u32::try_from(length).unwrap().to_be_bytes());
            head.chain(std::iter::repeat_n(7, length)).collect::<Vec<u8>>()
        };
        let lengths = [3, 0, 300, 0, 1];
        let stream: Vec<u8> = lengths.into_iter().flat_map(message).collect();
        for step in [1, 2, 3, 4, 5, 7, 64, 1_000] {
            let mut framing = Framing::default();
            let mut told = Vec::new();
            for part in stream.chunks(step) {
                let mut rest = part;
                while !rest.is_empty() {
                    let (taken, step) = framing.step(rest);
                    rest = &rest[taken..];
                    if step != Step::Within {
                        told.push(step);
                    }
                }
            }
            let expected = lengths.into_iter().flat_map(|length| match length {
                0 => vec![Step::Head(0)],
                length => vec![Step::Head(u32::try_from(length).unwrap()), Step::Whole],
            });
            assert_eq!(told, expected.collect::<Vec<_>>(), "by {step}");
            assert!(!framing.is_within());
        }
    }
}
