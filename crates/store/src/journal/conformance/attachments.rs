//! Reading attachments, and blanking them.

use bytes::Bytes;

use super::Home;
use super::values::{
    append, assert_not_an_attachment, blank, closing, commit, entry, genesis, key_change, read, read_all, replayed,
    with_attachments,
};
use crate::journal::{
    Absence, Absent, Attachment, FramePlace, Journal, JournalError, Place, RecordPlace, Replayed, attachment_places,
    record_places,
};

/// Attachments come back from their places, alone and with their frame.
pub fn check_attachments(home: &impl Home) {
    let mut journal = home.create(&genesis());
    let frame = with_attachments(0);
    let at = append(&journal, &frame);
    let places = attachment_places(&frame, at);
    for _ in 0..2 {
        assert_eq!(
            replayed(&journal, 0)[0].frame,
            frame,
            "attachments are replayed with their frame"
        );
        for (record, place) in frame.records.iter().zip(record_places(&frame, at)) {
            assert_eq!(
                entry(&journal, &place),
                record.entry,
                "an entry comes back from its place"
            );
            let longer = RecordPlace {
                entry_bytes: place.entry_bytes + 1,
                ..place
            };
            assert!(journal.read_entry(&longer).is_err(), "no entry of another length does");
        }
        for (record, row) in frame.records.iter().zip(&places) {
            assert_eq!(record.attachments.len(), row.len(), "each attachment has a place");
            for (bytes, place) in record.attachments.iter().zip(row) {
                assert_eq!(
                    read(&journal, place),
                    Attachment::Present(bytes.clone()),
                    "at {place:?}"
                );
            }
        }
        let all: Vec<_> = frame.records.iter().flat_map(|record| &record.attachments).collect();
        let mut everywhere: Vec<_> = places.iter().flatten().copied().collect();
        let expected = |bytes: &Bytes| Attachment::Present(bytes.clone());
        assert_eq!(
            read_all(&journal, &everywhere),
            all.iter().map(|bytes| expected(bytes)).collect::<Vec<_>>(),
            "attachments are read together as they are alone"
        );
        everywhere.reverse();
        assert_eq!(
            read_all(&journal, &everywhere),
            all.iter().rev().map(|bytes| expected(bytes)).collect::<Vec<_>>(),
            "in whatever order they are asked for"
        );
        assert_eq!(read_all(&journal, &[]), []);
        journal = home.reopen(journal);
    }
    let place = places[1][0];
    for wrong in [
        Place {
            offset: place.offset + 1,
            ..place
        },
        Place {
            length: place.length - 1,
            ..place
        },
        Place {
            length: place.length + 1,
            ..place
        },
        Place {
            length: u32::MAX,
            ..place
        },
        Place { offset: 0, ..place },
        Place {
            offset: u64::MAX,
            ..place
        },
        Place {
            segment: u32::MAX,
            ..place
        },
    ] {
        assert_not_an_attachment(journal.read(&wrong), &wrong);
        assert_not_an_attachment(journal.read_all(&[place, wrong, place]), &wrong);
    }
}

/// Attachments of many frames, near each other and far, come back together as they were, blanked ones among them.
pub fn check_reading_together(home: &impl Home) {
    let journal = home.create(&genesis());
    let mut expected = Vec::new();
    let mut places = Vec::new();
    for number in 0..40usize {
        let mut frame = commit(journal.size(), 3, number);
        let long = if number % 13 == 5 { 400_000 } else { number * 7 };
        frame.records[1].attachments = vec![Bytes::from(vec![1; long]), Bytes::new(), Bytes::from(vec![2; 100])];
        frame.records[2].attachments = vec![Bytes::from(vec![3; 3])];
        if number % 11 == 3 {
            frame.records[0].entry = Bytes::from(vec![4; 65_535]);
        }
        let at = append(&journal, &frame);
        places.extend(attachment_places(&frame, at).into_iter().flatten());
        let attachments = frame.records.iter().flat_map(|record| &record.attachments);
        expected.extend(attachments.map(|bytes| Attachment::Present(bytes.clone())));
    }
    assert!(read_all(&journal, &places) == expected, "all that there are");
    for (from, step) in [(2, 4), (7, 11), (0, 39)] {
        let some = |all: &[_]| all.iter().skip(from).step_by(step).cloned().collect::<Vec<_>>();
        let wanted: Vec<_> = places.iter().skip(from).step_by(step).copied().collect();
        assert!(
            read_all(&journal, &wanted) == some(&expected),
            "every {step}th from {from} on"
        );
    }
    blank(&journal, &[places[2], places[17 * 4]]);
    for gone in [2, 17 * 4] {
        expected[gone] = Attachment::Blanked;
    }
    assert!(read_all(&journal, &places) == expected, "and which of them are blanked");
}

/// What is blanked is gone and known to be gone, and nothing else is.
pub fn check_blanking(home: &impl Home) {
    let mut journal = home.create(&genesis());
    let frame = with_attachments(0);
    let place = append(&journal, &frame);
    let places = attachment_places(&frame, place);
    append(&journal, &commit(frame.records.len() as u64, 1, 0));
    append(&journal, &closing(journal.size()));
    blank(&journal, &[]);
    blank(&journal, &[places[1][1], places[2][0]]);
    blank(&journal, &[places[2][0]]);
    for _ in 0..2 {
        assert_eq!(
            read(&journal, &places[1][1]),
            Attachment::Blanked,
            "what is blanked reads as blanked"
        );
        assert_eq!(
            read(&journal, &places[2][0]),
            Attachment::Blanked,
            "blanking twice is blanking once"
        );
        let kept = frame.records[1].attachments[0].clone();
        assert_eq!(
            read(&journal, &places[1][0]),
            Attachment::Present(kept),
            "its neighbours are kept"
        );

        let mut wanted = frame.clone();
        let mut absent = Vec::new();
        for (record, attachment) in [(1, 1), (2, 0)] {
            let bytes = &mut wanted.records[record].attachments[attachment];
            *bytes = Bytes::from(vec![0; bytes.len()]);
            absent.push(Absent {
                record,
                attachment,
                absence: Absence::Blanked,
            });
        }
        let first = &replayed(&journal, 0)[0];
        assert_eq!(
            *first,
            Replayed {
                frame: wanted,
                place,
                absent
            },
            "a frame says which attachments are blanked"
        );
        assert_eq!(attachment_places(&first.frame, place), places, "blanking moves nothing");
        journal = home.reopen(journal);
    }
    append(&journal, &commit(journal.size(), 1, 1));
}

/// Blanking takes nothing but attachments behind which a frame stands, and all of a call or nothing.
pub fn check_refused_blanking(home: &impl Home) {
    let journal = home.create(&genesis());
    let first = with_attachments(0);
    let first_places = attachment_places(&first, append(&journal, &first));
    let last = with_attachments(journal.size());
    let last_at = append(&journal, &last);
    let last_places = attachment_places(&last, last_at);
    append(&journal, &closing(journal.size()));

    let good = first_places[1][0];
    let refuses_last = |journal: &_| match Journal::blank(journal, &[good, last_places[1][0]]) {
        Err(JournalError::InLastFrame(place)) => assert_eq!(place, last_places[1][0]),
        other => panic!("a closing record allows no blanking in front of it: {other:?}"),
    };
    refuses_last(&journal);
    let journal = home.reopen(journal);
    refuses_last(&journal);
    let beyond = FramePlace {
        segment: last_at.segment,
        offset: last_at.offset + (64 << 20),
    };
    for wrong in [
        Place {
            offset: good.offset + 1,
            ..good
        },
        Place {
            offset: good.offset - 8,
            ..good
        },
        Place {
            length: good.length + 1,
            ..good
        },
        Place {
            frame_offset: good.frame_offset + 1,
            ..good
        },
        Place {
            frame_offset: beyond.offset,
            ..good
        },
        Place {
            frame_offset: u64::MAX - 511,
            ..good
        },
        Place {
            segment: u32::MAX,
            ..good
        },
    ] {
        assert_not_an_attachment(journal.blank(&[good, wrong]), &wrong);
    }
    let bytes = first.records[1].attachments[0].clone();
    assert_eq!(
        read(&journal, &good),
        Attachment::Present(bytes),
        "a refused call blanks nothing"
    );
    append(&journal, &commit(journal.size(), 1, 0));
    blank(&journal, &[good, last_places[1][0]]);
}

/// A key change is a later frame like any other: what stands in front of it can be blanked, also after reopening.
pub fn check_blanking_in_front_of_a_key_change(home: &impl Home) {
    let journal = home.create(&genesis());
    let frame = with_attachments(0);
    let places = attachment_places(&frame, append(&journal, &frame));
    append(&journal, &key_change(journal.size()));
    blank(&journal, &[places[1][0]]);
    let journal = home.reopen(journal);
    blank(&journal, &[places[1][1]]);
    for place in &places[1] {
        assert_eq!(read(&journal, place), Attachment::Blanked, "at {place:?}");
    }
}
