//! What a log is, for ever: the text that its genesis frame carries.
//!
//! ```text
//! indelible log 1
//! origin ci.example.com/audit
//! kind opaque
//! vkey ci.example.com/audit+0a1b2c3d+AQ…
//! segment-bytes 8388608
//! volume-entries 4194304
//! ```
//!
//! One field a line, in this order, nothing else: a program that meets a version, a kind or a line that it does not know
//! refuses the log instead of guessing.

use std::fmt;
use std::str::FromStr;

use indelible_note::{KeyName, VerifierKey};

use crate::volume::VolumeEntries;

/// The unchanging facts about one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The log's name: the first line of every checkpoint, and the name of its key.
    pub origin: KeyName,
    /// What its entries are.
    pub kind: Kind,
    /// The key that its heads are signed with.
    pub vkey: VerifierKey,
    /// sled's `segment_size` in bytes, which can never be changed.
    pub segment_bytes: u64,
    /// Entries in one volume of the object store; a multiple of 256, so that no bundle crosses volumes.
    pub volume_entries: u64,
}

/// What the entries of a log are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Plain bytes, up to 65,535 of them an entry.
    Opaque,
    /// Entries with attachments, which lie in the journal only and can be erased one by one.
    Events,
}

impl Description {
    /// The description of a new log with the default parameters.
    pub fn new(kind: Kind, vkey: VerifierKey) -> Description {
        Description {
            origin: vkey.name().clone(),
            kind,
            vkey,
            segment_bytes: SEGMENT_BYTES,
            volume_entries: VolumeEntries::default().count(),
        }
    }

    /// Reads the bytes of a genesis frame.
    ///
    /// # Errors
    ///
    /// See [`BadDescription`]: whatever this program does not know, it does not serve.
    pub fn of(bytes: &[u8]) -> Result<Description, BadDescription> {
        std::str::from_utf8(bytes)
            .map_err(|_| BadDescription::Version("(not text)".to_owned()))?
            .parse()
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Description {
            origin,
            kind,
            vkey,
            segment_bytes,
            volume_entries,
        } = self;
        writeln!(f, "{FIRST_LINE}\norigin {origin}\nkind {kind}\nvkey {vkey}")?;
        writeln!(f, "segment-bytes {segment_bytes}\nvolume-entries {volume_entries}")
    }
}

impl FromStr for Description {
    type Err = BadDescription;

    fn from_str(text: &str) -> Result<Description, BadDescription> {
        let body = text.strip_suffix('\n').ok_or(BadDescription::Truncated)?;
        let mut lines = body.split('\n');
        match lines.next() {
            Some(FIRST_LINE) => {}
            first => return Err(BadDescription::Version(first.unwrap_or_default().to_owned())),
        }
        let mut field = |name: &'static str| -> Result<&str, BadDescription> {
            let line = lines.next().ok_or(BadDescription::Truncated)?;
            let value = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(' '));
            value.ok_or_else(|| BadDescription::Field {
                name,
                line: line.to_owned(),
            })
        };
        let bad = |name: &'static str, line: &str| BadDescription::Field {
            name,
            line: format!("{name} {line}"),
        };

        // Every number has one spelling, so that one description has one text.
        let number = |name: &'static str, text: &str| -> Result<u64, BadDescription> {
            let number = text.parse().ok().filter(|number: &u64| number.to_string() == text);
            number.ok_or_else(|| bad(name, text))
        };

        let origin = field("origin")?;
        let kind = field("kind")?;
        let vkey = field("vkey")?;
        let segment_bytes = field("segment-bytes")?;
        let volume_entries = field("volume-entries")?;
        if let Some(line) = lines.next() {
            return Err(BadDescription::Field {
                name: "end",
                line: line.to_owned(),
            });
        }
        let description = Description {
            origin: origin.parse().map_err(|_| bad("origin", origin))?,
            kind: kind.parse()?,
            vkey: vkey.parse().map_err(|_| bad("vkey", vkey))?,
            segment_bytes: number("segment-bytes", segment_bytes)?,
            volume_entries: number("volume-entries", volume_entries)?,
        };
        if description.vkey.name() != &description.origin {
            return Err(bad("vkey", vkey));
        }
        if description.volume_entries == 0 || !description.volume_entries.is_multiple_of(indelible_merkle::TILE_WIDTH) {
            return Err(bad("volume-entries", volume_entries));
        }
        Ok(description)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Opaque => f.write_str("opaque"),
            Kind::Events => f.write_str("events"),
        }
    }
}

impl FromStr for Kind {
    type Err = BadDescription;

    fn from_str(text: &str) -> Result<Kind, BadDescription> {
        match text {
            "opaque" => Ok(Kind::Opaque),
            "events" => Ok(Kind::Events),
            other => Err(BadDescription::Kind(other.to_owned())),
        }
    }
}

/// Why this program cannot serve what a genesis frame describes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDescription {
    /// Another format version, or no Indelible log at all.
    #[error("made by another version: its description begins with {0:?}, this program knows only {FIRST_LINE:?}")]
    Version(String),
    /// A kind of log that this version does not know.
    #[error("kind {0:?} is not known to this version, which serves `events` and `opaque` logs")]
    Kind(String),
    /// A line that is not what it should be.
    #[error("expected the field `{name}` of the description, found the line {line:?}")]
    Field {
        /// The field that should stand there.
        name: &'static str,
        /// What stands there.
        line: String,
    },
    /// The text ends early.
    #[error("the description is cut off")]
    Truncated,
}

const FIRST_LINE: &str = "indelible log 1";

/// 8 MiB: a leaf page of sled holds up to 17 values of up to 66 KiB, 1.1 MiB, and must stay under a quarter of a segment.
const SEGMENT_BYTES: u64 = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "indelible log 1\norigin example.com/log/testdata\nkind opaque\nvkey example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx\nsegment-bytes 8388608\nvolume-entries 4194304\n";

    #[test]
    fn the_text_is_frozen_and_reads_back() {
        let description: Description = TEXT.parse().unwrap();
        assert_eq!(description.to_string(), TEXT);
        assert_eq!(description, Description::new(Kind::Opaque, description.vkey.clone()));
        let events = TEXT.replacen("kind opaque", "kind events", 1);
        let description: Description = events.parse().unwrap();
        assert_eq!(description.to_string(), events);
        assert_eq!(description, Description::new(Kind::Events, description.vkey.clone()));
    }

    #[test]
    fn what_it_does_not_know_it_refuses() {
        let cases = [
            ("log 1", "log 2", "another version"),
            ("kind opaque", "kind opaque ", "kind \"opaque \""),
            ("kind opaque", "kind mixed", "kind \"mixed\""),
            ("origin example.com/log/testdata", "origin example.com/other", "`vkey`"),
            ("segment-bytes 8388608", "segment-bytes 8e6", "`segment-bytes`"),
            ("volume-entries 4194304", "volume-entries 4194305", "`volume-entries`"),
            ("volume-entries 4194304", "volume-entries 0", "`volume-entries`"),
            ("4194304\n", "4194304\nmore 1\n", "`end`"),
            ("4194304\n", "4194304", "cut off"),
            ("\nvolume-entries 4194304\n", "\n", "cut off"),
        ];
        for (from, to, expected) in cases {
            let error = TEXT
                .replacen(from, to, 1)
                .parse::<Description>()
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{to}: {error}");
        }
    }
}
