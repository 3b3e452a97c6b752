//! A payload as a tree that borrows its text.

use std::borrow::Cow;

use serde_json::Number;

/// A value of JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    /// The first elements, and how many there are in all.
    List(Vec<Node<'a>>, usize),
    /// Sorted by name; no name is there twice.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// The member of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Node<'a>> {
        let Self::Object(members) = self else { return None };
        let at = members.binary_search_by(|(known, _)| known.as_ref().cmp(name)).ok()?;
        Some(&members[at].1)
    }

    /// What stands at a path such as `alert.rule.id`; the empty path is the node itself.
    pub(crate) fn at(&self, path: &str) -> Option<&Node<'a>> {
        path.split('.')
            .filter(|name| !name.is_empty())
            .try_fold(self, |node, name| node.get(name))
    }

    /// As [`Node::at`]; a path that ends in `[]` means each element of a list.
    pub(crate) fn each(&self, path: &str) -> &[Node<'a>] {
        match path.strip_suffix("[]") {
            None => self.at(path).map_or(&[], std::slice::from_ref),
            Some(path) => match self.at(path) {
                Some(Self::List(elements, _)) => elements,
                _ => &[],
            },
        }
    }

    /// The text that stands at a path.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        match self.at(path)? {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What stands at a path, as the word that a rule compares: a text, a number or `true` and `false`.
    pub(crate) fn word(&self, path: &str) -> Option<Cow<'_, str>> {
        match self.at(path)? {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        }
    }

    /// A text that names something: not empty, at most [`NAME_BYTES_MAX`] bytes, without control characters.
    pub(crate) fn name(&self, path: &str) -> Option<&str> {
        self.text(path).filter(|name| is_name(name))
    }

    /// An identity: a name, or a whole number. A number with a fraction or an exponent, or beyond 64 bits, was rounded: it is none.
    pub(crate) fn id(&self, path: &str) -> Option<String> {
        match self.at(path)? {
            Self::Text(text) if is_name(text) => Some(text.to_string()),
            Self::Number(number) if !number.is_f64() => Some(number.to_string()),
            _ => None,
        }
    }
}

fn is_name(text: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// The longest names of GitHub are refs and paths of files: 255 and some 400 bytes. 100 targets with three of them are 150 KiB, under
/// the 256 KiB that a member of an event may have.
pub(crate) const NAME_BYTES_MAX: usize = 512;
