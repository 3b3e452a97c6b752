//! A set of the attachments of one entry.

use indelible_store::journal::codec::ATTACHMENTS_MAX;

/// Some of the attachments of an entry, by number, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AttachmentSet([u64; WORDS]);

impl AttachmentSet {
    /// None.
    pub const NONE: AttachmentSet = AttachmentSet([0; WORDS]);

    /// All that an entry can have.
    pub const ALL: AttachmentSet = AttachmentSet([u64::MAX; WORDS]);

    /// Whether it has the attachment of this number.
    pub fn contains(self, attachment: usize) -> bool {
        let word = self.0.get(attachment / WORD_BITS);
        word.is_some_and(|word| word >> (attachment % WORD_BITS) & 1 == 1)
    }

    /// The numbers in it, ascending.
    pub fn numbers(self) -> impl Iterator<Item = usize> {
        (0..ATTACHMENTS_MAX).filter(move |number| self.contains(*number))
    }

    /// Whether it has none.
    pub fn is_empty(self) -> bool {
        self == AttachmentSet::NONE
    }

    /// What is in one of the two.
    #[must_use]
    pub fn union(self, other: AttachmentSet) -> AttachmentSet {
        self.combined(other, |ours, theirs| ours | theirs)
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(self, other: AttachmentSet) -> AttachmentSet {
        self.combined(other, |ours, theirs| ours & theirs)
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub fn without(self, other: AttachmentSet) -> AttachmentSet {
        self.combined(other, |ours, theirs| ours & !theirs)
    }

    fn combined(mut self, other: AttachmentSet, combine: impl Fn(u64, u64) -> u64) -> AttachmentSet {
        for (ours, theirs) in self.0.iter_mut().zip(other.0) {
            *ours = combine(*ours, theirs);
        }
        self
    }
}

impl FromIterator<u8> for AttachmentSet {
    fn from_iter<I: IntoIterator<Item = u8>>(numbers: I) -> AttachmentSet {
        let mut set = AttachmentSet::NONE;
        for number in numbers {
            set.0[usize::from(number) / WORD_BITS] |= 1 << (usize::from(number) % WORD_BITS);
        }
        set
    }
}

const WORD_BITS: usize = 64;

/// 256 bits, for 255 attachments.
const WORDS: usize = (ATTACHMENTS_MAX + 1) / WORD_BITS;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_what_it_was_made_of() {
        let set: AttachmentSet = [0, 63, 64, 200, 254].into_iter().collect();
        let found: Vec<usize> = (0..1_000).filter(|number| set.contains(*number)).collect();
        assert_eq!(found, [0, 63, 64, 200, 254]);
        let other: AttachmentSet = [1, 63, 254].into_iter().collect();
        let numbers = |set: AttachmentSet| set.numbers().collect::<Vec<_>>();
        assert_eq!(numbers(set.union(other)), [0, 1, 63, 64, 200, 254]);
        assert_eq!(numbers(set.intersection(other)), [63, 254]);
        assert_eq!(numbers(set.without(other)), [0, 64, 200]);
        assert!(set.without(AttachmentSet::ALL).is_empty() && !set.is_empty());
        assert!((0..255).all(|number| AttachmentSet::ALL.contains(number)));
    }
}
