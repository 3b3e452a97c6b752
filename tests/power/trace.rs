//! What strace wrote, as calls in the order in which they began and ended.

use std::collections::HashMap;

/// A system call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// What stands between the commas, without what is quoted: numbers, flags, and descriptors with their paths.
    pub(crate) words: Vec<String>,
    /// What is quoted, unescaped.
    pub(crate) texts: Vec<Vec<u8>>,
    /// What it returned, in strace's words; `None` if it never did.
    pub(crate) result: Option<String>,
}

/// The beginning or the end of a call, by its place in [`Trace::calls`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Begin(usize),
    End(usize),
}

/// A process under strace with `-f`.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    pub(crate) calls: Vec<Call>,
    pub(crate) moments: Vec<Moment>,
}

impl Call {
    /// The number that it returned; `None` if it failed or never returned.
    pub(crate) fn returned(&self) -> Option<u64> {
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let result = self.result.as_deref()?;
        result[..digits(result)].parse().ok()
    }
}

impl Trace {
    /// Reads all lines.
    pub(crate) fn parse(text: &str) -> Trace {
        let mut trace = Trace::default();
        let mut unfinished: HashMap<&str, usize> = HashMap::new();
        for line in text.lines() {
            let (thread, line) = line
                .split_once(' ')
                .unwrap_or_else(|| panic!("a line of strace: {line}"));
            let line = line.trim_start();
            if line.starts_with("+++") || line.starts_with("---") {
                continue;
            }
            if let Some(resumed) = line.strip_prefix("<... ") {
                let call = unfinished.remove(thread).expect("what is resumed was begun");
                let (_, rest) = resumed.split_once(" resumed>").expect("strace writes it so");
                read_arguments(rest, &mut trace.calls[call]);
                trace.moments.push(Moment::End(call));
                continue;
            }
            let (name, rest) = line.split_once('(').unwrap_or_else(|| panic!("a call: {line}"));
            let mut call = Call {
                name: name.to_owned(),
                ..Call::default()
            };
            read_arguments(rest, &mut call);
            let number = trace.calls.len();
            trace.moments.push(Moment::Begin(number));
            if call.result.is_some() {
                trace.moments.push(Moment::End(number));
            } else {
                unfinished.insert(thread, number);
            }
            trace.calls.push(call);
        }
        trace
    }
}

/// Reads arguments and, if the call has ended on this line, its result.
fn read_arguments(text: &str, call: &mut Call) {
    let text = text.strip_suffix("<unfinished ...>").unwrap_or(text);
    let mut rest = text;
    let mut word = String::new();
    let mut depth = 0_usize;
    while let Some(at) = rest.find(['"', ',', '(', ')']) {
        word.push_str(&rest[..at]);
        let found = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        match found {
            b'"' => {
                let (quoted, behind) = unquote(rest);
                assert!(
                    !behind.starts_with("..."),
                    "strace left out some of {}'s bytes",
                    call.name
                );
                call.texts.push(quoted);
                rest = behind;
            }
            b'(' => depth += 1,
            b')' if depth > 0 => depth -= 1,
            b',' => flush(&mut word, call),
            _ => {
                flush(&mut word, call);
                let result = rest
                    .trim_start()
                    .strip_prefix("= ")
                    .expect("a result follows the arguments");
                // A call that was killed ends with a question mark.
                call.result = (!result.starts_with('?')).then(|| result.to_owned());
                return;
            }
        }
    }
    word.push_str(rest);
    flush(&mut word, call);
}

fn flush(word: &mut String, call: &mut Call) {
    let word = std::mem::take(word);
    if !word.trim().is_empty() {
        call.words.push(word.trim().to_owned());
    }
}

/// The bytes up to the closing quote, and what stands behind it.
fn unquote(text: &str) -> (Vec<u8>, &str) {
    let bytes = text.as_bytes();
    let mut unquoted = Vec::with_capacity(bytes.len() / 3);
    let mut at = 0;
    loop {
        let byte = bytes[at];
        at += 1;
        match byte {
            b'"' => return (unquoted, &text[at..]),
            b'\\' => {
                let escaped = bytes[at];
                at += 1;
                unquoted.push(match escaped {
                    b'0'..=b'7' => {
                        let mut value = u32::from(escaped - b'0');
                        for _ in 0..2 {
                            let next = bytes[at];
                            if !(b'0'..=b'7').contains(&next) {
                                break;
                            }
                            value = value * 8 + u32::from(next - b'0');
                            at += 1;
                        }
                        u8::try_from(value).expect("an escape is a byte")
                    }
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    b'v' => 0x0b,
                    b'f' => 0x0c,
                    other => other,
                });
            }
            other => unquoted.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_calls() {
        let trace = Trace::parse(concat!(
            "7  pwrite64(12</d/0.seg>, \"a, \\\"b\\\")\\n\\0\\11\\377\\0001\", 9, 512) = 9\n",
            "8  fdatasync(12</d/0.seg> <unfinished ...>\n",
            "7  writev(3<socket:[5]>, [{iov_base=\"ab\", iov_len=2}, {iov_base=\"c\", iov_len=1}], 2) = 3\n",
            "8  <... fdatasync resumed>)        = 0\n",
            "7  openat(AT_FDCWD</d>, \"x\", O_RDONLY) = -1 ENOENT (No such file or directory)\n",
            "8  --- SIGTERM {si_signo=SIGTERM} ---\n",
            "7  fdatasync(4</d/x>)              = ?\n",
            "7  +++ killed by SIGKILL +++\n",
        ));
        let [write, sync, vector, open, killed] = &trace.calls[..] else {
            panic!("{:?}", trace.calls);
        };
        assert_eq!(write.texts, [b"a, \"b\")\n\0\t\xff\x001".to_vec()]);
        assert_eq!(write.words, ["12</d/0.seg>", "9", "512"]);
        assert_eq!((write.returned(), sync.returned()), (Some(9), Some(0)));
        assert_eq!(vector.texts.concat(), b"abc");
        assert_eq!((open.returned(), killed.result.as_deref()), (None, None));
        use Moment::{Begin, End};
        let order = [
            Begin(0),
            End(0),
            Begin(1),
            Begin(2),
            End(2),
            End(1),
            Begin(3),
            End(3),
            Begin(4),
        ];
        assert_eq!(trace.moments, order);
    }
}
