//! Where the attachments of a run of entries lie, as the object store keeps it: docs/formats.md, "Places of attachments".
//!
//! Pure. [`encode`] and [`decode`] are twins, and one list of places has one spelling.

use indelible_merkle::TILE_WIDTH;
use indelible_store::journal::codec::{
    ATTACHMENT_BYTES_MAX, ATTACHMENT_PREFIX_BYTES, ATTACHMENTS_MAX, HEADER_BYTES, RECORD_OVERHEAD_BYTES, SECTOR_BYTES,
};
use indelible_store::journal::{FramePlace, RecordPlace};

/// Why bytes are no places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPlaces {
    /// They end in the middle of something.
    #[error("they are cut off")]
    Short,
    /// A number is spelled with more bytes than it needs, or has more than 64 bits.
    #[error("a number in them is misspelled")]
    Number,
    /// A number is beyond what a journal can have.
    #[error("a number in them is beyond what a journal has")]
    Limit,
    /// A stretch goes on where the one before it ends.
    #[error("two stretches in them are one")]
    Stretch,
}

/// The bytes that stand for the places of consecutive entries.
pub fn encode(places: &[RecordPlace]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for stretch in places.chunk_by(follows) {
        let first = &stretch[0];
        put(&mut bytes, stretch.len() as u64);
        put(&mut bytes, u64::from(first.frame.segment));
        put(&mut bytes, first.frame.offset / SECTOR_BYTES as u64);
        put(&mut bytes, u64::from(first.begin));
        for record in stretch {
            put(&mut bytes, u64::from(record.entry_bytes));
            put(&mut bytes, record.attachments.len() as u64);
            for length in &record.attachments {
                put(&mut bytes, u64::from(*length));
            }
        }
    }
    bytes
}

/// How many bytes one record takes at most, at the beginning of a stretch.
pub(crate) fn encoded_bytes_max(record: &RecordPlace) -> usize {
    let lengths: usize = record
        .attachments
        .iter()
        .map(|length| varint_bytes(u64::from(*length)))
        .sum();
    STRETCH_BYTES_MAX + RECORD_BYTES_MAX + lengths
}

/// The places that [`encode`] made these bytes of. Allocates no more than 16 times what is there.
///
/// # Errors
///
/// If they are not exactly what it makes.
pub fn decode(bytes: &[u8]) -> Result<Vec<RecordPlace>, BadPlaces> {
    let mut rest = bytes;
    let mut places: Vec<RecordPlace> = Vec::new();
    while !rest.is_empty() {
        let Stretch { count, frame, begin } = stretch(&mut rest, TILE_WIDTH - places.len() as u64)?;
        let mut begin = begin;
        for number in 0..count {
            let record = record(&mut rest, frame, begin)?;
            begin = record.end();
            if number == 0 && places.last().is_some_and(|before| follows(before, &record)) {
                return Err(BadPlaces::Stretch);
            }
            places.push(record);
        }
    }
    Ok(places)
}

/// The place of the entry with this number, counted from 0, in what [`encode`] made; `None` if there are not so many. What stands behind it
/// is not looked at, and nothing else is allocated.
pub(crate) fn nth(bytes: &[u8], number: u64) -> Result<Option<RecordPlace>, BadPlaces> {
    let mut rest = bytes;
    let mut before = 0;
    while !rest.is_empty() {
        let Stretch { count, frame, begin } = stretch(&mut rest, TILE_WIDTH - before)?;
        let mut begin = begin;
        for _ in 0..count {
            if before == number {
                return record(&mut rest, frame, begin).map(Some);
            }
            begin = end_of_record(&mut rest, begin)?;
            before += 1;
        }
    }
    Ok(None)
}

/// Consecutive entries of one frame.
struct Stretch {
    count: u64,
    frame: FramePlace,
    begin: u64,
}

/// The head of a stretch, which has at most `count_max` entries.
fn stretch(rest: &mut &[u8], count_max: u64) -> Result<Stretch, BadPlaces> {
    let count = limited(rest, count_max)?;
    if count == 0 {
        return Err(BadPlaces::Limit);
    }
    let segment = u32::try_from(take(rest)?).map_err(|_| BadPlaces::Limit)?;
    let sector = take(rest)?;
    let offset = sector
        .checked_mul(SECTOR_BYTES as u64)
        .filter(|offset| *offset <= OFFSET_MAX);
    let offset = offset.ok_or(BadPlaces::Limit)?;
    let begin = take(rest)?;
    if begin < HEADER_BYTES as u64 {
        return Err(BadPlaces::Limit);
    }
    let frame = FramePlace { segment, offset };
    Ok(Stretch { count, frame, begin })
}

/// Passes over a record, and says where it ends, as [`RecordPlace::end`] does.
fn end_of_record(rest: &mut &[u8], begin: u64) -> Result<u64, BadPlaces> {
    let entry_bytes = u16::try_from(take(rest)?).map_err(|_| BadPlaces::Limit)?;
    let count = limited(rest, ATTACHMENTS_MAX as u64)?;
    let mut end = begin + RECORD_OVERHEAD_BYTES + u64::from(entry_bytes);
    for _ in 0..count {
        end += ATTACHMENT_PREFIX_BYTES as u64 + limited(rest, ATTACHMENT_BYTES_MAX as u64)?;
    }
    Ok(end)
}

fn record(rest: &mut &[u8], frame: FramePlace, begin: u64) -> Result<RecordPlace, BadPlaces> {
    let begin = u32::try_from(begin).map_err(|_| BadPlaces::Limit)?;
    let entry_bytes = u16::try_from(take(rest)?).map_err(|_| BadPlaces::Limit)?;
    let count = limited(rest, ATTACHMENTS_MAX as u64)?;
    let lengths = (0..count).map(|_| {
        let length = limited(rest, ATTACHMENT_BYTES_MAX as u64)?;
        u32::try_from(length).map_err(|_| BadPlaces::Limit)
    });
    Ok(RecordPlace {
        frame,
        begin,
        entry_bytes,
        attachments: lengths.collect::<Result<_, _>>()?,
    })
}

/// Whether the second record stands behind the first in the same frame.
fn follows(first: &RecordPlace, second: &RecordPlace) -> bool {
    first.frame == second.frame && first.end() == u64::from(second.begin)
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

fn take(rest: &mut &[u8]) -> Result<u64, BadPlaces> {
    let mut number = 0u64;
    for shift in (0..).step_by(7) {
        let (byte, behind) = rest.split_first().ok_or(BadPlaces::Short)?;
        *rest = behind;
        let low = u64::from(byte & 0x7f);
        if shift > 63 || low << shift >> shift != low || (*byte == 0 && shift > 0) {
            return Err(BadPlaces::Number);
        }
        number |= low << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(BadPlaces::Number)
}

fn limited(rest: &mut &[u8], max: u64) -> Result<u64, BadPlaces> {
    match take(rest)? {
        number if number <= max => Ok(number),
        _ => Err(BadPlaces::Limit),
    }
}

fn varint_bytes(number: u64) -> usize {
    let bits = u64::BITS - number.leading_zeros();
    bits.max(1).div_ceil(7) as usize
}

/// In front of a stretch: its count (2 bytes), segment (5), sector (9), begin (5).
const STRETCH_BYTES_MAX: usize = 2 + 5 + 9 + 5;

/// In front of a record's lengths: that of its entry (3), how many attachments (2).
const RECORD_BYTES_MAX: usize = 3 + 2;

/// No file is longer: what the system can count.
const OFFSET_MAX: u64 = i64::MAX as u64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(segment: u32, sector: u64, begin: u32, entry_bytes: u16, attachments: &[u32]) -> RecordPlace {
        RecordPlace {
            frame: FramePlace {
                segment,
                offset: sector * 512,
            },
            begin,
            entry_bytes,
            attachments: attachments.into(),
        }
    }

    /// A frame: its segment and sector, where the first of these records begins, and the lengths of each record's parts.
    type Lengths = (u32, u64, u32, Vec<(u16, Vec<u32>)>);

    /// Records of some frames, as they stand there.
    fn laid_out(frames: Vec<Lengths>) -> Vec<RecordPlace> {
        let mut places = Vec::new();
        for (segment, sector, begin, records) in frames {
            let mut begin = u64::from(begin);
            for (entry_bytes, attachments) in records {
                let record = place(
                    segment,
                    sector,
                    u32::try_from(begin).unwrap(),
                    entry_bytes,
                    &attachments,
                );
                begin = record.end();
                places.push(record);
            }
        }
        places
    }

    #[test]
    fn the_bytes_are_those_of_the_format() {
        let places = [
            place(3, 77, 64, 700, &[300, 0, 5]),
            place(3, 77, 64 + 703 + 3 * 8 + 305, 1, &[]),
            place(3, 90, 64, 2, &[64 << 20]),
        ];
        let bytes = [
            &[2, 3, 77, 64][..],
            &[0xbc, 0x05, 3, 0xac, 0x02, 0, 5],
            &[1, 0],
            &[1, 3, 90, 64],
            &[2, 1, 0x80, 0x80, 0x80, 0x20],
        ]
        .concat();
        assert_eq!(encode(&places), bytes);
        assert_eq!(decode(&bytes).unwrap(), places);
        for (number, place) in (0..).zip(&places) {
            assert_eq!(nth(&bytes, number).unwrap().as_ref(), Some(place));
        }
        assert_eq!(nth(&bytes, 3).unwrap(), None);
        assert_eq!(nth(&bytes[..12], 1), Err(BadPlaces::Short));
        for end in 0..bytes.len() {
            let cut = decode(&bytes[..end]);
            // Between two stretches nobody can tell.
            let whole = [0, 13].contains(&end);
            assert_eq!(cut.is_ok(), whole, "{end} bytes: {cut:?}");
        }
    }

    #[test]
    fn what_no_journal_has_is_refused() {
        for (bytes, expected) in [
            (&[0, 0, 0, 64][..], BadPlaces::Limit),
            (&[1, 0, 0, 63, 0, 0], BadPlaces::Limit),
            (&[1, 0x80, 0x80, 0x80, 0x80, 0x10, 0, 64, 0, 0], BadPlaces::Limit),
            (&[1, 0, 0, 64, 0x80, 0x80, 0x04, 0], BadPlaces::Limit),
            (&[1, 0, 0, 64, 0, 0x80, 0x02], BadPlaces::Limit),
            (&[1, 0, 0, 64, 0, 1, 0x81, 0x80, 0x80, 0x20], BadPlaces::Limit),
            (&[0x81, 0x02, 0, 0, 64, 0, 0], BadPlaces::Limit),
            (&[1, 0, 0, 64, 0, 0, 1, 0, 0, 67, 0, 0], BadPlaces::Stretch),
            (&[0x81, 0x00, 0, 0, 64, 0, 0], BadPlaces::Number),
            (
                &[
                    1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 64, 0, 0,
                ],
                BadPlaces::Number,
            ),
            (
                &[1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 64, 0, 0],
                BadPlaces::Limit,
            ),
            (
                &[1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 1, 0, 0, 64, 0, 0],
                BadPlaces::Short,
            ),
        ] {
            match decode(bytes) {
                Err(error) => assert_eq!(error, expected, "{bytes:?}"),
                Ok(places) => assert_eq!(expected, BadPlaces::Short, "{bytes:?}: {places:?}"),
            }
        }
    }

    fn lengths() -> impl Strategy<Value = Vec<u32>> {
        let length = prop_oneof![0..300u32, Just(127), Just(128), Just(16_384), Just(64 << 20)];
        prop::collection::vec(length, 0..4)
    }

    proptest! {
        #[test]
        fn places_come_back(
            frames in prop::collection::vec((0..3u32, 0..5u64, 64..70u32, prop::collection::vec((any::<u16>(), lengths()), 1..6)), 0..6),
        ) {
            let places = laid_out(frames);
            let bytes = encode(&places);
            let bound: usize = places.iter().map(encoded_bytes_max).sum();
            prop_assert!(bytes.len() <= bound);
            for (number, place) in (0..).zip(&places) {
                prop_assert_eq!(nth(&bytes, number), Ok(Some(place.clone())));
            }
            prop_assert_eq!(nth(&bytes, places.len() as u64), Ok(None));
            prop_assert_eq!(decode(&bytes), Ok(places));
        }

        #[test]
        fn places_have_one_spelling(bytes in prop::collection::vec(prop_oneof![0..3u8, Just(64u8), Just(0x80), any::<u8>()], 0..40)) {
            if let Ok(places) = decode(&bytes) {
                prop_assert_eq!(encode(&places), bytes);
            }
        }
    }
}
