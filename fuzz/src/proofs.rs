//! Proofs by strangers: honest ones that were tampered with, and made-up ones about trees of any size.
//!
//! The bytes are read as a script: which proof, of what, and what is done to its hashes. Running out of bytes ends it.

use arbitrary::{Result, Unstructured};
use indelible_merkle::{
    ConsistencyProof, Hash, InclusionProof, RangeProof, TreeHead, check_batch, check_consistency, check_inclusion,
    check_range, plan_batch, proof,
};

use super::Verdict;
use super::sample::{SIZE, fetch, head, leaves};

/// Scripts that reach each kind of proof.
pub fn seeds() -> Vec<Vec<u8>> {
    let script = |kind: u8| (0..250).map(move |at: u8| Hash::leaf(&[at]).as_bytes()[usize::from(kind)]);
    (0..20)
        .map(|kind| [kind].into_iter().chain(script(kind)).collect())
        .collect()
}

/// A proof holds if and only if it is the honest one; what is made up never holds.
pub fn check(bytes: &[u8]) -> Verdict {
    let mut script = Unstructured::new(bytes);
    let run = match script.arbitrary::<u8>().map(|kind| kind % 5) {
        Ok(0) => inclusion(&mut script),
        Ok(1) => consistency(&mut script),
        Ok(2) => range(&mut script),
        Ok(3) => batch(&mut script),
        _ => made_up(&mut script),
    };
    match run {
        Ok(()) => Verdict::Accepted,
        Err(_) => Verdict::Refused,
    }
}

fn inclusion(script: &mut Unstructured<'_>) -> Result<()> {
    let size = script.int_in_range(1..=SIZE)?;
    let index = script.int_in_range(0..=size - 1)?;
    let plan = proof::inclusion(index, size).expect("the leaf is in the tree");
    let honest = plan.finish(&fetch(plan.nodes())).expect("as many as asked for");
    let hashes = edited(script, honest.hashes())?;
    let holds = hashes == honest.hashes();
    let given = InclusionProof::new(index, size, hashes);
    assert_eq!(check_inclusion(leaf(index), &given, &head(size)).is_ok(), holds);
    let elsewhere = script.int_in_range(0..=SIZE - 1)?;
    assert!(elsewhere == index || check_inclusion(leaf(elsewhere), &given, &head(size)).is_err());
    Ok(())
}

fn consistency(script: &mut Unstructured<'_>) -> Result<()> {
    let new = script.int_in_range(1..=SIZE)?;
    let old = script.int_in_range(0..=new)?;
    let plan = proof::consistency(old, new).expect("the old tree is not larger");
    let honest = plan.finish(&fetch(plan.nodes())).expect("as many as asked for");
    let hashes = edited(script, honest.hashes())?;
    let holds = hashes == honest.hashes();
    let given = ConsistencyProof::new(old, new, hashes);
    assert_eq!(check_consistency(&given, &head(old), &head(new)).is_ok(), holds);
    let other = TreeHead {
        size: old,
        root: root(script)?,
    };
    assert!(check_consistency(&given, &other, &head(new)).is_err(), "a made-up past");
    Ok(())
}

fn range(script: &mut Unstructured<'_>) -> Result<()> {
    let size = script.int_in_range(1..=SIZE)?;
    let start = script.int_in_range(0..=size - 1)?;
    let end = script.int_in_range(start + 1..=size)?;
    let plan = proof::range(start, end, size).expect("the range is in the tree");
    let honest = plan.finish(&fetch(plan.nodes())).expect("as many as asked for");
    let run: Vec<Hash> = (start..end).map(leaf).collect();
    let (given_run, hashes) = (edited(script, &run)?, edited(script, honest.hashes())?);
    let holds = hashes == honest.hashes() && given_run == run;
    let given = RangeProof::new(start, end, size, hashes);
    let checked = check_range(&given_run, &given, &head(size));
    assert_eq!(checked.is_ok(), holds);
    if let Ok(included) = checked {
        assert_eq!((included.leaves(), included.head_before()), (&run[..], head(start)));
        let index = script.int_in_range(start..=end - 1)?;
        let derived = included.inclusion(index).expect("the leaf is in the range");
        check_inclusion(leaf(index), &derived, &head(size)).expect("what a range yields holds");
    }
    Ok(())
}

fn batch(script: &mut Unstructured<'_>) -> Result<()> {
    let size = script.int_in_range(1..=SIZE)?;
    let wanted: [u64; 6] = script.arbitrary()?;
    let mut indices: Vec<u64> = wanted.iter().map(|index| index % size).collect();
    indices.sort_unstable();
    indices.dedup();
    let plan = plan_batch(&indices, size).expect("they increase and are in the tree");
    let honest = plan.finish(&fetch(plan.nodes())).expect("as many as asked for");
    let hashes = edited(script, &honest)?;
    let genuine: Vec<(u64, Hash)> = indices.iter().map(|&index| (index, leaf(index))).collect();
    let mut given = genuine.clone();
    if script.ratio(1_u8, 2_u8)? {
        let place = script.choose_index(given.len())?;
        given[place] = (script.int_in_range(0..=SIZE)?, hash(script)?);
    }
    if script.ratio(1_u8, 4_u8)? {
        let place = script.choose_index(given.len())?;
        given.push(given[place]);
    }
    let holds = hashes == honest && given == genuine;
    assert_eq!(check_batch(&given, &hashes, &head(size)).is_ok(), holds);
    Ok(())
}

/// Nothing made up leads to a root, wherever the numbers lie.
fn made_up(script: &mut Unstructured<'_>) -> Result<()> {
    let (first, second, size) = (number(script)?, number(script)?, number(script)?);
    let head = TreeHead {
        size,
        root: root(script)?,
    };
    let old = match script.ratio(1_u8, 4_u8)? {
        true => head,
        false => TreeHead {
            size: first,
            root: root(script)?,
        },
    };
    let hashes: Vec<Hash> = script
        .arbitrary::<Vec<[u8; 32]>>()?
        .into_iter()
        .map(Hash::from)
        .collect();

    let inclusion = InclusionProof::new(first, size, hashes.clone());
    assert!(check_inclusion(Hash::leaf(b"made up"), &inclusion, &head).is_err());
    // Two equal heads belong together, and this is the only way in which made-up ones do.
    let same = old == head && hashes.is_empty() && size > 0;
    let consistency = ConsistencyProof::new(old.size, size, hashes.clone());
    assert_eq!(check_consistency(&consistency, &old, &head).is_ok(), same);
    let count = usize::try_from(second.wrapping_sub(first)).map_or(0, |count| count.min(9));
    let range = RangeProof::new(first, second, size, hashes.clone());
    assert!(check_range(&vec![Hash::leaf(b"made up"); count], &range, &head).is_err());
    let leaves = [(first, Hash::leaf(b"made up")), (second, Hash::leaf(b"too"))];
    assert!(check_batch(&leaves, &hashes, &head).is_err());
    assert_eq!(
        plan_batch(&[first, second], size).is_ok(),
        first < second && second < size
    );
    Ok(())
}

/// The hashes after up to three edits, most of them at the end.
fn edited(script: &mut Unstructured<'_>, honest: &[Hash]) -> Result<Vec<Hash>> {
    let mut hashes = honest.to_vec();
    for _ in 0..script.int_in_range(0..=3)? {
        let place = match script.ratio(1_u8, 2_u8)? {
            true => hashes.len(),
            false => script.choose_index(hashes.len() + 1)?,
        };
        match script.int_in_range(0..=4)? {
            0 => hashes.insert(place, hash(script)?),
            1 => hashes.truncate(place),
            2 if place < hashes.len() => hashes.insert(place, hashes[place]),
            3 if place < hashes.len() => {
                let mut bytes = *hashes[place].as_bytes();
                bytes[script.choose_index(Hash::BYTES)?] ^= 1 << script.int_in_range(0..=7)?;
                hashes[place] = Hash::from(bytes);
            }
            _ => hashes.rotate_left(place),
        }
    }
    Ok(hashes)
}

/// Numbers of all magnitudes, up to the end of their type.
fn number(script: &mut Unstructured<'_>) -> Result<u64> {
    Ok(script.arbitrary::<u64>()? >> script.int_in_range(0..=63)?)
}

fn hash(script: &mut Unstructured<'_>) -> Result<Hash> {
    script.arbitrary::<[u8; 32]>().map(Hash::from)
}

/// A root that is no node of any tree, however well the bytes are chosen.
fn root(script: &mut Unstructured<'_>) -> Result<Hash> {
    Ok(Hash::leaf(&script.arbitrary::<[u8; 32]>()?))
}

fn leaf(index: u64) -> Hash {
    leaves()[usize::try_from(index).expect("a small tree")]
}
