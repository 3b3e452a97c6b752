//! From system calls to steps.

use std::collections::HashMap;

use crate::steps::{Step, Told};
use crate::trace::{Call, Moment, Trace};

/// Turns the traces of processes that follow one another into steps.
#[derive(Debug)]
pub(crate) struct Reader {
    /// Where the files lie. What happens elsewhere is of no interest.
    root: String,
    /// First line of every head.
    origin: String,
    pub(crate) steps: Vec<Step>,
    /// Calls of the processes before.
    calls: usize,
    process: Process,
}

/// What has to be remembered of a process between its calls.
#[derive(Debug, Default)]
struct Process {
    /// By descriptor and path: where the next `write` goes.
    positions: HashMap<String, usize>,
    /// By socket: what left through it and may be the beginning of a head.
    sent: HashMap<String, Vec<u8>>,
}

impl Reader {
    pub(crate) fn new(root: &str, origin: &str) -> Reader {
        Reader {
            root: format!("{root}/"),
            origin: origin.to_owned(),
            steps: Vec::new(),
            calls: 0,
            process: Process::default(),
        }
    }

    /// Appends what a process did.
    pub(crate) fn read(&mut self, trace: &Trace) {
        self.process = Process::default();
        for moment in &trace.moments {
            match *moment {
                Moment::Begin(call) => self.begin(self.calls + call, &trace.calls[call]),
                Moment::End(call) => self.end(self.calls + call, &trace.calls[call]),
            }
        }
        self.calls += trace.calls.len();
        self.steps.push(Step::Ended);
    }

    /// What may have happened as soon as a call has begun.
    fn begin(&mut self, number: usize, call: &Call) {
        let file = call.words.first().and_then(|word| self.file(word));
        match (call.name.as_str(), file) {
            ("fsync" | "fdatasync", Some(path)) => self.steps.push(Step::BeginSync { path, call: number }),
            ("pwrite64", Some(path)) => {
                let offset = number_in(call.words.last());
                self.write(path, offset, call);
            }
            ("write", Some(path)) => {
                let descriptor = &call.words[0];
                let at = self.process.positions.get(descriptor);
                let at = *at.unwrap_or_else(|| panic!("{descriptor} is written to, but was not opened"));
                let end = at + self.write(path, at, call);
                self.process.positions.insert(descriptor.clone(), end);
            }
            ("write" | "writev" | "sendto" | "sendmsg", None) => {
                let descriptor = &call.words[0];
                if descriptor.contains("<socket:") {
                    let sent = self.process.sent.entry(descriptor.clone()).or_default();
                    sent.extend(taken(call));
                    self.steps.extend(heads(sent, &self.origin).into_iter().map(Step::Told));
                }
            }
            _ => {}
        }
    }

    /// What has happened when a call has ended well.
    fn end(&mut self, number: usize, call: &Call) {
        if call.returned().is_none() {
            return;
        }
        self.refuse_unmodelled(call);
        let file = call.words.first().and_then(|word| self.file(word));
        match (call.name.as_str(), file) {
            ("fsync" | "fdatasync", Some(path)) => self.steps.push(Step::EndSync { path, call: number }),
            ("ftruncate", Some(path)) if !in_memory(&path) => {
                let length = number_in(call.words.last());
                self.steps.push(Step::Cut { path, length });
            }
            ("lseek", Some(_)) => {
                let at = call.returned().expect("looked at above");
                self.process
                    .positions
                    .insert(call.words[0].clone(), usize::try_from(at).unwrap());
            }
            ("openat", _) => {
                let Some(path) = self.path(call, 0) else { return };
                let descriptor = call.result.clone().expect("looked at above");
                assert!(
                    !call.words[1].contains("O_APPEND") || path.ends_with(".lock"),
                    "appending to {path} is not modelled"
                );
                self.process.positions.insert(descriptor, 0);
                let has = |flag| call.words[1].contains(flag);
                let (made, emptied) = (has("O_CREAT"), has("O_TRUNC"));
                if (made || emptied) && !in_memory(&path) {
                    self.steps.push(Step::Open { path, made, emptied });
                }
            }
            ("mkdir", _) => self.steps.extend(self.path(call, 0).map(Step::MakeFolder)),
            ("unlink" | "unlinkat" | "rmdir", _) => {
                let path = self.path(call, 0).filter(|path| !in_memory(path));
                self.steps.extend(path.map(Step::Remove));
            }
            ("rename", _) => {
                if let (Some(from), Some(to)) = (self.path(call, 0), self.path(call, 1)) {
                    self.steps.push(Step::Rename { from, to });
                }
            }
            _ => {}
        }
    }

    fn write(&mut self, path: String, offset: usize, call: &Call) -> usize {
        let bytes = taken(call);
        let length = bytes.len();
        if length > 0 && !in_memory(&path) {
            self.steps.push(Step::Write { path, offset, bytes });
        }
        length
    }

    /// Whatever could change a file in a way that is not looked at above.
    fn refuse_unmodelled(&self, call: &Call) {
        let ours = |text: &str| text.contains(&self.root);
        let concerned = call.words.iter().any(|word| ours(word) && !word.ends_with("-shm>"))
            || call
                .texts
                .iter()
                .take(2)
                .any(|text| text.starts_with(self.root.as_bytes()));
        let writes = match call.name.as_str() {
            "mmap" => call.words.iter().any(|word| word == "MAP_SHARED") && call.words[2].contains("PROT_WRITE"),
            name => UNMODELLED.contains(&name),
        };
        assert!(!(concerned && writes), "a call that is not modelled: {call:?}");
        assert_ne!(call.name, "io_uring_setup", "what goes through a ring is not seen");
    }

    /// The path behind a descriptor, below the root; `None` for a file that has lost its name.
    fn file(&self, word: &str) -> Option<String> {
        let (_, path) = word.split_once('<')?;
        self.below(path.strip_suffix('>')?)
    }

    /// The path that an argument names.
    fn path(&self, call: &Call, place: usize) -> Option<String> {
        let path = String::from_utf8(call.texts[place].clone()).unwrap();
        if path.starts_with('/') {
            return self.below(&path);
        }
        let (_, folder) = call.words.first()?.split_once('<')?;
        self.below(&format!("{}/{path}", folder.strip_suffix('>')?))
    }

    fn below(&self, path: &str) -> Option<String> {
        let path = path.strip_suffix('/').unwrap_or(path);
        match path.strip_prefix(&self.root) {
            Some(path) => Some(path.to_owned()),
            None => (format!("{path}/") == self.root).then(String::new),
        }
    }
}

/// SQLite's index of its write-ahead log is memory that happens to have a name: it is made anew after a restart, whatever is found.
pub(crate) fn in_memory(path: &str) -> bool {
    path.ends_with("-shm")
}

/// The bytes of a write that the system took; all of them where nobody heard how many.
fn taken(call: &Call) -> Vec<u8> {
    let mut bytes = call.texts.concat();
    match (&call.result, call.returned()) {
        (None, _) => {}
        (Some(_), returned) => bytes.truncate(usize::try_from(returned.unwrap_or(0)).unwrap()),
    }
    bytes
}

fn number_in(word: Option<&String>) -> usize {
    word.and_then(|word| word.parse().ok()).expect("an offset or a length")
}

/// Takes the heads out of what was sent. What may be the beginning of one stays.
fn heads(sent: &mut Vec<u8>, origin: &str) -> Vec<Told> {
    let first_line = format!("{origin}\n").into_bytes();
    let mut heads = Vec::new();
    let mut done = 0;
    while let Some(found) = position(&sent[done..], &first_line) {
        let text = &sent[done + found..];
        let lines: Vec<&[u8]> = text.splitn(4, |byte| *byte == b'\n').collect();
        let [origin, size, root, _] = lines[..] else {
            done += found;
            break;
        };
        done += found + first_line.len();
        let number = std::str::from_utf8(size).ok().and_then(|size| size.parse().ok());
        heads.extend(number.map(|number| Told {
            size: number,
            text: String::from_utf8([origin, size, root, b""].join(&b'\n')).unwrap(),
        }));
    }
    if position(&sent[done..], &first_line).is_none() {
        // No more of a first line than lacks its last byte.
        done = done.max((sent.len() + 1).saturating_sub(first_line.len()));
    }
    sent.drain(..done);
    heads
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Calls that change files or names, and that the program does not make.
pub(crate) const UNMODELLED: &[&str] = &[
    "pwritev",
    "pwritev2",
    "copy_file_range",
    "sendfile",
    "splice",
    "fallocate",
    "truncate",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "mkdirat",
    "creat",
    "openat2",
];

/// What strace is to record.
pub(crate) const RECORDED: &[&str] = &[
    "openat",
    "write",
    "writev",
    "pwrite64",
    "sendto",
    "sendmsg",
    "lseek",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "ftruncate",
    "rename",
    "unlink",
    "unlinkat",
    "rmdir",
    "mkdir",
    "mmap",
    "io_uring_setup",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_found_however_they_are_cut() {
        let told = |size, root: &str| Told {
            size,
            text: format!("a.example/log\n{size}\n{root}\n"),
        };
        let stream =
            b"..a.example/log\n12\nroot=\n\n\xe2\x80\x94 a.example/log sig\n\0a.example/log\n13\nanother\n\n..";
        for piece in 1..stream.len() {
            let mut sent = Vec::new();
            let mut found = Vec::new();
            for bytes in stream.chunks(piece) {
                sent.extend(bytes);
                found.extend(heads(&mut sent, "a.example/log"));
                assert!(sent.len() < 64, "what is read is let go");
            }
            assert_eq!(found, [told(12, "root="), told(13, "another")], "in pieces of {piece}");
        }
    }

    #[test]
    fn a_process_becomes_steps() {
        let mut reader = Reader::new("/d", "a.example/log");
        let trace = |text: &str| Trace::parse(text);
        reader.read(&trace(concat!(
            "1 openat(AT_FDCWD</>, \"/d/x\", O_WRONLY|O_CREAT) = 3</d/x>\n",
            "1 write(3</d/x>, \"abc\", 3) = 3\n",
            "2 fdatasync(3</d/x> <unfinished ...>\n",
            "1 write(3</d/x>, \"defg\", 4) = 2\n",
            "1 write(4</elsewhere>, \"no\", 2) = 2\n",
            "2 <... fdatasync resumed>) = -1 EIO (Input/output error)\n",
            "1 fsync(5</d>) = ?\n",
        )));
        let steps: Vec<String> = reader.steps.iter().map(Step::in_short).collect();
        let expected = [
            "Open { path: \"x\", made: true, emptied: false }",
            "3 bytes at 0 of x",
            "BeginSync { path: \"x\", call: 2 }",
            "2 bytes at 3 of x",
            "BeginSync { path: \"\", call: 5 }",
            "Ended",
        ];
        assert_eq!(steps, expected);
    }

    #[test]
    #[should_panic(expected = "not modelled")]
    fn what_could_write_unseen_is_refused() {
        let mapping = "1 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3</d/x>, 0) = 0x7f00\n";
        Reader::new("/d", "a.example/log").read(&Trace::parse(mapping));
    }
}
