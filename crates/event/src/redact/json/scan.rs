//! The walk through JSON.

use std::borrow::Cow;

use super::{NESTED_MAX, WALK_DEPTH_MAX, is_json, redact_nested};
use crate::{
    canonical::write_text,
    redact::{Hits, names, rules, text},
};

/// A walk through well-formed JSON, token by token.
pub(super) struct Scan<'j> {
    json: &'j str,
    at: usize,
    frames: Vec<Frame>,
    edits: Vec<Edit>,
    /// Keys that became marks: they are numbered, so that no two of an object become the same.
    keys: usize,
    nested: usize,
}

/// A token that is replaced.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) replacement: String,
    pub(super) hits: Hits,
}

/// An array or object that is not closed yet.
#[derive(Default)]
struct Frame {
    object: bool,
    /// The kind of secret that the values in it are, from its own name.
    inherited: Inherited,
    /// Of an object: what its current key says of the value. Of an array: what its last item, a flag, says of the next.
    next: Option<&'static str>,
    key: Key,
    /// Of an object: `name`, `key` or `field` is the name of a secret of this kind.
    named: Option<&'static str>,
    /// Values that are secrets if `named` is.
    pending: Vec<(usize, usize)>,
    /// Of an object: it is a Secret of Kubernetes.
    kubernetes: bool,
    /// Values in `data` and `stringData`, which are secrets if it is.
    data: Vec<(usize, usize)>,
}

/// What the name of an array or object says of what is in it.
#[derive(Clone, Copy, Default)]
enum Inherited {
    #[default]
    Nothing,
    /// `{"password": {"from": …, "to": …}}`, `{"password": ["…"]}`.
    Values(&'static str),
    /// `{"secrets": {"NAME": …}}`.
    Everything(&'static str),
    /// `data` and `stringData`: it depends on the `kind` beside it.
    Data,
}

/// What is to be known of the current key.
#[derive(Clone, Copy, Default, PartialEq)]
enum Key {
    #[default]
    Other,
    /// `name`, `key`, `field`.
    Naming,
    /// `value`, `before`, `after`, …
    Named,
    /// `kind`.
    Kind,
    /// `data`, `stringData`.
    Data,
    /// `secrets`.
    Secrets,
    /// `auth`.
    Credentials,
}

impl<'j> Scan<'j> {
    pub(super) fn new(json: &'j str, nested: usize) -> Self {
        Self {
            json,
            at: 0,
            frames: Vec::new(),
            edits: Vec::new(),
            keys: 0,
            nested,
        }
    }

    /// What is to be replaced, in the order in which it was found; `None` if the JSON is too deep.
    pub(super) fn edits(mut self) -> Option<Vec<Edit>> {
        let bytes = self.json.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'{' | b'[' => {
                    self.open(byte == b'{')?;
                    self.at += 1;
                }
                b'}' | b']' => {
                    self.close();
                    self.at += 1;
                }
                b'"' => self.string(),
                b'-' | b'0'..=b'9' => self.number(),
                _ => self.at += 1,
            }
        }
        Some(self.edits)
    }

    fn open(&mut self, object: bool) -> Option<()> {
        if self.frames.len() == WALK_DEPTH_MAX {
            return None;
        }
        let mut inherited = Inherited::Nothing;
        if let Some(frame) = self.frames.last_mut() {
            inherited = match (frame.next, frame.key, frame.inherited) {
                (Some(kind), ..) => Inherited::Values(kind),
                (None, Key::Data, _) => Inherited::Data,
                (None, Key::Secrets, _) if object => Inherited::Everything("secret"),
                // An array in an array, or under `from` and `to`, is of the same.
                (None, _, Inherited::Values(kind)) if !frame.object || frame.key == Key::Named => {
                    Inherited::Values(kind)
                }
                _ => Inherited::Nothing,
            };
            if !frame.object {
                frame.next = None;
            }
        }
        self.frames.push(Frame {
            object,
            inherited,
            ..Frame::default()
        });
        Some(())
    }

    fn close(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        if let Some(kind) = frame.named {
            for (start, end) in frame.pending {
                self.whole(start, end, kind);
            }
        }
        if frame.kubernetes {
            for (start, end) in frame.data {
                self.whole(start, end, "kubernetes secret");
            }
        } else if let (Inherited::Data, Some(outer)) = (frame.inherited, self.frames.last_mut()) {
            outer.data.extend(frame.data);
        }
    }

    fn string(&mut self) {
        let (start, end) = (self.at, string_end(self.json, self.at));
        self.at = end;
        let inner = &self.json[start + 1..end - 1];
        let content = if inner.contains('\\') {
            // A lone surrogate is no text; it is looked at as it is written.
            serde_json::from_str(&self.json[start..end]).map_or(Cow::Borrowed(inner), Cow::Owned)
        } else {
            Cow::Borrowed(inner)
        };
        let behind = self.json[end..].bytes().find(|byte| !byte.is_ascii_whitespace());
        if behind == Some(b':') {
            self.key(start, end, &content);
        } else {
            self.text(start, end, &content);
        }
    }

    fn key(&mut self, start: usize, end: usize, name: &str) {
        let mut hits = Hits::default();
        if let Some(mut redacted) = text::redact(name, &mut hits) {
            self.keys += 1;
            if self.keys > 1 {
                redacted = format!("{redacted} {}", self.keys);
            }
            self.replace(start, end, &redacted, hits);
        }
        let Some(frame) = self.frames.last_mut() else { return };
        frame.next = names::secret(name);
        frame.key = match name {
            "kind" => Key::Kind,
            "data" | "stringData" => Key::Data,
            "auth" | "_auth" => Key::Credentials,
            _ if names::names_sibling(name) => Key::Naming,
            _ if names::is_named_by_sibling(name) => Key::Named,
            _ if names::holds_secrets(name) => Key::Secrets,
            _ => Key::Other,
        };
    }

    fn text(&mut self, start: usize, end: usize, content: &str) {
        if let Some(kind) = self.value(start, end, Some(content)) {
            if text::is_secret(content) {
                self.whole(start, end, kind);
            }
            return;
        }
        let mut hits = Hits::default();
        let redacted = if self.nested < NESTED_MAX && is_json(content) {
            redact_nested(content, &mut hits, self.nested + 1)
        } else {
            text::redact(content, &mut hits)
        };
        if let Some(redacted) = redacted {
            self.replace(start, end, &redacted, hits);
        }
    }

    fn number(&mut self) {
        let start = self.at;
        let rest = self.json[start..].bytes();
        let length = rest
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
            .count();
        self.at += length;
        if let Some(kind) = self.value(start, self.at, None) {
            self.whole(start, self.at, kind);
        }
    }

    /// The kind of secret that a value is by where it stands; remembers it if that is not known yet.
    fn value(&mut self, start: usize, end: usize, content: Option<&str>) -> Option<&'static str> {
        let frame = self.frames.last_mut()?;
        if !frame.object {
            let flagged = frame.next.take();
            frame.next = content.and_then(names::secret_flag);
            let inherited = match frame.inherited {
                Inherited::Values(kind) => Some(kind),
                Inherited::Nothing | Inherited::Everything(_) | Inherited::Data => None,
            };
            return flagged.or(inherited);
        }
        let maskable = content.is_none_or(text::is_secret);
        match (frame.key, content) {
            (Key::Naming, Some(name)) => frame.named = frame.named.or_else(|| names::secret(name)),
            (Key::Kind, Some("Secret" | "SecretList")) => frame.kubernetes = true,
            (Key::Named, _) if maskable => frame.pending.push((start, end)),
            _ => {}
        }
        let mut by_name = frame.next.take();
        if frame.key == Key::Credentials && content.is_some_and(rules::name_and_password) {
            by_name = Some("basic credentials");
        }
        match frame.inherited {
            Inherited::Everything(kind) => by_name.or(Some(kind)),
            Inherited::Values(kind) if frame.key == Key::Named => by_name.or(Some(kind)),
            Inherited::Data if maskable => {
                frame.data.push((start, end));
                by_name
            }
            Inherited::Values(_) | Inherited::Data | Inherited::Nothing => by_name,
        }
    }

    fn whole(&mut self, start: usize, end: usize, kind: &'static str) {
        let mut hits = Hits::default();
        hits.hit(kind);
        self.replace(start, end, &text::mark(kind), hits);
    }

    fn replace(&mut self, start: usize, end: usize, content: &str, hits: Hits) {
        let mut replacement = Vec::with_capacity(content.len() + 2);
        write_text(&mut replacement, content);
        self.edits.push(Edit {
            start,
            end,
            replacement: String::from_utf8(replacement).expect("text in quotes is text"),
            hits,
        });
    }
}

/// Where the string ends that begins with the quote at `start`, behind its closing quote.
fn string_end(json: &str, start: usize) -> usize {
    let bytes = json.as_bytes();
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}
