//! Policies: quorums against the definition, and whatever bytes.

use indelible_note::Policy;
use proptest::{collection::vec, prelude::*};

use crate::policies::{is_met, policy, policy_text};

/// A group as the specification defines it, to set against the evaluation.
#[derive(Clone, Debug)]
enum Tree {
    Witness(usize),
    Group(usize, Vec<Tree>),
}

impl Tree {
    fn vouches(&self, vouching: &[bool]) -> bool {
        match self {
            Tree::Witness(place) => vouching[*place],
            Tree::Group(k, members) => members.iter().filter(|member| member.vouches(vouching)).count() >= *k,
        }
    }

    /// Its lines, inner groups first, and its name.
    fn write(&self, lines: &mut String) -> String {
        match self {
            Tree::Witness(place) => ["a", "b", "c", "d", "e"][*place].to_owned(),
            Tree::Group(k, members) => {
                let names: Vec<_> = members.iter().map(|member| member.write(lines)).collect();
                let name = format!("g{}", lines.lines().count());
                *lines += &format!("group {name} {k} {}\n", names.join(" "));
                name
            }
        }
    }
}

/// Groups over the five witnesses, each of which is in one of them: they are dealt to inner groups, which make the outer one.
fn trees() -> impl Strategy<Value = Tree> {
    (vec(0_usize..3, 5), vec(any::<usize>(), 4)).prop_map(|(deal, shares)| {
        let of = |group| {
            (0..5)
                .filter(|&place| deal[place] == group)
                .map(Tree::Witness)
                .collect::<Vec<_>>()
        };
        let group = |members: Vec<Tree>, share: usize| {
            let k = 1 + share % members.len();
            Tree::Group(k, members)
        };
        let inner = (0..3).map(of).zip(&shares).filter(|(members, _)| !members.is_empty());
        let inner: Vec<_> = inner.map(|(members, share)| group(members, *share)).collect();
        group(inner, shares[3])
    })
}

proptest! {
    #[test]
    fn quorums_are_met_as_defined(tree in trees(), vouching in vec(any::<bool>(), 5)) {
        let mut lines = String::new();
        let name = tree.write(&mut lines);
        let policy = policy(&format!("{lines}quorum {name}\n"));
        let names: String = ["a", "b", "c", "d", "e"].iter().zip(&vouching).filter(|(_, vouching)| **vouching).map(|(name, _)| *name).collect();
        prop_assert_eq!(is_met(&policy, &names), tree.vouches(&vouching));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200), words in vec(prop::sample::select(vec!["log ", "witness ", "group ", "quorum ", "any ", "a ", "none ", "\n", "# ", "last-size "]), 0..20)) {
        let _ = Policy::parse(&bytes);
        let _ = Policy::parse(policy_text(&words.concat()).as_bytes());
    }
}
