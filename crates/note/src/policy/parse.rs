//! Reading policies (C2SP tlog-policy, "Policy file syntax and structure").

use std::{collections::HashMap, str::FromStr, vec};

use super::{BadPolicyLine, Group, MalformedPolicy, Member, Policy, PolicyLog, PolicyWitness};
use crate::{
    ed25519::PublicKey,
    key::MalformedKey,
    note::{NOTE_BYTES_MAX, SIGNATURE_LINES_MAX},
    text::{self, excerpt},
};

impl Policy {
    /// Reads a policy: at most 1,000,000 bytes, with at most 99 logs, 99 witnesses and 99 groups.
    ///
    /// # Errors
    ///
    /// The first line that is wrong, or that there is no quorum.
    pub fn parse(bytes: &[u8]) -> Result<Self, MalformedPolicy> {
        if bytes.len() > POLICY_BYTES_MAX {
            return Err(MalformedPolicy::TooLong { length: bytes.len() });
        }
        let mut draft = Draft::default();
        let mut last_sizes = Vec::new();
        for (text, line) in bytes.split(|&byte| byte == b'\n').zip(1..) {
            let at_line = |reason| MalformedPolicy::Line { line, reason };
            let mut words = Words::of(text).map_err(at_line)?;
            match words.0.next() {
                None => {}
                // Read when all logs are known: it may stand before the log's line.
                Some(b"#") if words.0.as_slice().first() == Some(&LAST_SIZE) => last_sizes.push((words, line)),
                Some([b'#', ..]) => {}
                Some(keyword) => draft.add(keyword, words).map_err(at_line)?,
            }
        }
        for (words, line) in last_sizes {
            let at_line = |reason| MalformedPolicy::Line { line, reason };
            draft.add_last_size(words).map_err(at_line)?;
        }
        Ok(Self {
            logs: draft.logs,
            witnesses: draft.witnesses,
            groups: draft.groups,
            quorum: draft.quorum.ok_or(MalformedPolicy::NoQuorum)?,
        })
    }
}

/// What the lines so far have said.
#[derive(Default)]
struct Draft<'a> {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    /// The inner one is `None` if no witness is asked for.
    quorum: Option<Option<Member>>,
    /// Witnesses and groups by name. Names are opaque bytes: two that look alike may differ.
    names: HashMap<&'a [u8], Named>,
}

/// What a name stands for.
struct Named {
    member: Member,
    in_group: bool,
}

impl<'a> Draft<'a> {
    fn add(&mut self, keyword: &[u8], words: Words<'a>) -> Result<(), BadPolicyLine> {
        match keyword {
            b"log" => self.add_log(words),
            b"witness" => self.add_witness(words),
            b"group" => self.add_group(words),
            b"quorum" => self.add_quorum(words),
            other => Err(BadPolicyLine::Keyword { found: shown(other) }),
        }
    }

    fn add_log(&mut self, mut words: Words<'a>) -> Result<(), BadPolicyLine> {
        let vkey = words.required("key")?;
        let log = PolicyLog {
            key: key(vkey)?,
            url: words.last_if_any()?,
            last_size: None,
        };
        check_new(vkey, log.key.public(), self.logs.iter().map(|log| log.key.public()))?;
        push("log", log, &mut self.logs).map(drop)
    }

    fn add_witness(&mut self, mut words: Words<'a>) -> Result<(), BadPolicyLine> {
        let name = words.required("name")?;
        let vkey = words.required("key")?;
        let witness = PolicyWitness {
            name: String::from_utf8_lossy(name).into_owned(),
            key: key(vkey)?,
            url: words.last_if_any()?,
        };
        check_new(
            vkey,
            witness.key.public(),
            self.witnesses.iter().map(|known| known.key.public()),
        )?;
        let place = push("witness", witness, &mut self.witnesses)?;
        self.define(name, Member::Witness(place))
    }

    fn add_group(&mut self, mut words: Words<'a>) -> Result<(), BadPolicyLine> {
        let name = words.required("name")?;
        let threshold = words.required("number of members that must vouch")?;
        let first = words.required("first member")?;
        let members = std::iter::once(first).chain(words.0);
        let members: Vec<_> = members.map(|member| self.join(member)).collect::<Result<_, _>>()?;
        let group = Group {
            threshold: parse_threshold(threshold, members.len())?,
            members,
        };
        let place = push("group", group, &mut self.groups)?;
        self.define(name, Member::Group(place))
    }

    fn add_quorum(&mut self, mut words: Words<'a>) -> Result<(), BadPolicyLine> {
        let name = words.required("name")?;
        words.end()?;
        let quorum = match name {
            NONE => None,
            name => Some(self.named(name)?.member),
        };
        match self.quorum.replace(quorum) {
            None => Ok(()),
            Some(_) => Err(BadPolicyLine::SecondQuorum),
        }
    }

    fn add_last_size(&mut self, mut words: Words<'a>) -> Result<(), BadPolicyLine> {
        words.required("word last-size")?;
        let found = shown(words.required("key")?);
        let size = shown(words.required("size")?);
        words.end()?;
        let size = text::decimal(&size).ok_or(BadPolicyLine::LastSize { found: size })?;
        let is_meant = |log: &&mut PolicyLog| format!("{}+{}", log.key.name(), log.key.id()) == found;
        let mut open = self.logs.iter_mut().filter(|log| log.last_size.is_none());
        match open.find(is_meant) {
            Some(log) => {
                log.last_size = Some(size);
                Ok(())
            }
            None => Err(BadPolicyLine::LastSizeOfNobody { found }),
        }
    }

    fn define(&mut self, name: &'a [u8], member: Member) -> Result<(), BadPolicyLine> {
        let named = Named {
            member,
            in_group: false,
        };
        if name == NONE || self.names.insert(name, named).is_some() {
            return Err(BadPolicyLine::NameTaken { name: shown(name) });
        }
        Ok(())
    }

    /// Makes what has this name a member of a group.
    fn join(&mut self, name: &[u8]) -> Result<Member, BadPolicyLine> {
        let named = self.named(name)?;
        if std::mem::replace(&mut named.in_group, true) {
            return Err(BadPolicyLine::MemberTwice { name: shown(name) });
        }
        Ok(named.member)
    }

    fn named(&mut self, name: &[u8]) -> Result<&mut Named, BadPolicyLine> {
        let named = self.names.get_mut(name);
        named.ok_or_else(|| BadPolicyLine::UnknownName { name: shown(name) })
    }
}

/// The words of a line that are left to read.
struct Words<'a>(vec::IntoIter<&'a [u8]>);

impl<'a> Words<'a> {
    fn of(line: &'a [u8]) -> Result<Self, BadPolicyLine> {
        if let Some(&byte) = line.iter().find(|&&byte| byte.is_ascii_control() && byte != b'\t') {
            return Err(BadPolicyLine::ControlByte(byte));
        }
        let words: Vec<_> = line
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|word| !word.is_empty())
            .collect();
        Ok(Self(words.into_iter()))
    }

    fn required(&mut self, what: &'static str) -> Result<&'a [u8], BadPolicyLine> {
        self.0.next().ok_or(BadPolicyLine::Missing { what })
    }

    fn last_if_any(&mut self) -> Result<Option<String>, BadPolicyLine> {
        let word = self.0.next().map(|word| String::from_utf8_lossy(word).into_owned());
        self.end()?;
        Ok(word)
    }

    fn end(&mut self) -> Result<(), BadPolicyLine> {
        match self.0.next() {
            None => Ok(()),
            Some(word) => Err(BadPolicyLine::Surplus { found: shown(word) }),
        }
    }
}

fn key<K: FromStr<Err = MalformedKey>>(vkey: &[u8]) -> Result<K, BadPolicyLine> {
    String::from_utf8_lossy(vkey)
        .parse()
        .map_err(|reason| BadPolicyLine::Key {
            found: shown(vkey),
            reason,
        })
}

/// Refuses a key that is known, and one that could not be told from it in a note.
fn check_new<'k>(
    vkey: &[u8],
    new: &PublicKey,
    mut known: impl Iterator<Item = &'k PublicKey>,
) -> Result<(), BadPolicyLine> {
    let is_same = |known: &PublicKey| known.is_same_point(new) || (known.name(), known.id()) == (new.name(), new.id());
    if known.any(is_same) {
        return Err(BadPolicyLine::SameKey { found: shown(vkey) });
    }
    Ok(())
}

/// Adds one more, and tells its place.
fn push<T>(what: &'static str, new: T, list: &mut Vec<T>) -> Result<usize, BadPolicyLine> {
    if list.len() == EACH_MAX {
        return Err(BadPolicyLine::TooMany { what });
    }
    list.push(new);
    Ok(list.len() - 1)
}

fn parse_threshold(word: &[u8], members: usize) -> Result<usize, BadPolicyLine> {
    let found = shown(word);
    let threshold = match word {
        b"any" => Some(1),
        b"all" => Some(members),
        _ => text::decimal(&found).and_then(|number| usize::try_from(number).ok()),
    };
    threshold
        .filter(|threshold| (1..=members).contains(threshold))
        .ok_or(BadPolicyLine::Threshold { found, members })
}

/// A word as an error shows it.
fn shown(word: &[u8]) -> String {
    excerpt(&String::from_utf8_lossy(word))
}

const NONE: &[u8] = b"none";
const LAST_SIZE: &[u8] = b"last-size";
/// A note has room for so many cosignatures beside the log's own signature.
pub(super) const EACH_MAX: usize = SIGNATURE_LINES_MAX - 1;
/// As large as a note. 297 lines of 400 bytes are 119 kB; the rest is for comments.
pub(super) const POLICY_BYTES_MAX: usize = NOTE_BYTES_MAX;
