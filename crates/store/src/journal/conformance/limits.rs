//! What is at a limit, and what is beyond.

use bytes::Bytes;

use super::Home;
use super::values::{append, assert_limit, blank, commit, genesis, read, replayed};
use crate::journal::codec::{ATTACHMENT_BYTES_MAX, ATTACHMENTS_MAX, ENTRY_BYTES_MAX, FRAME_BYTES_MAX};
use crate::journal::{Attachment, Frame, Kind, Limit, Record, attachment_places};

/// What is at a limit goes in and comes back; what is beyond is refused by name, and the journal goes on.
pub fn check_limits(home: &impl Home) {
    let journal = home.create(&genesis());
    let plain = |entry: usize, attachments: Vec<Bytes>| Record {
        entry: Bytes::from(vec![7; entry]),
        attachments,
    };
    let frame = |first, records| Frame {
        kind: Kind::Commit,
        first,
        records,
        note: Bytes::new(),
    };

    let small = vec![Bytes::from_static(b"a"); ATTACHMENTS_MAX];
    let full = frame(0, vec![plain(0, Vec::new()), plain(ENTRY_BYTES_MAX, small)]);
    append(&journal, &full);
    assert_eq!(
        replayed(&journal, 0)[0].frame,
        full,
        "an empty entry and one at the limit come back"
    );

    let entry = frame(2, vec![plain(0, Vec::new()), plain(ENTRY_BYTES_MAX + 1, Vec::new())]);
    assert_limit(
        &journal,
        &entry,
        &Limit::Entry {
            record: 1,
            bytes: ENTRY_BYTES_MAX + 1,
        },
    );
    let many = frame(2, vec![plain(0, vec![Bytes::new(); ATTACHMENTS_MAX + 1])]);
    assert_limit(
        &journal,
        &many,
        &Limit::Attachments {
            record: 0,
            attachments: ATTACHMENTS_MAX + 1,
        },
    );
    let long = frame(2, vec![plain(0, vec![Bytes::from(vec![1; ATTACHMENT_BYTES_MAX + 1])])]);
    assert_limit(
        &journal,
        &long,
        &Limit::Attachment {
            record: 0,
            bytes: ATTACHMENT_BYTES_MAX + 1,
        },
    );
    append(&journal, &commit(2, 1, 0));
}

/// One frame at its limit, with an attachment at its, behind small ones and in front of another.
pub fn check_large_frames(home: &impl Home) {
    let journal = home.create(&genesis());
    append(&journal, &commit(0, 1, 0));
    // 64 of header, 3 around the entry, 8 in front of each attachment, 4 in front of the note.
    let rest = usize::try_from(FRAME_BYTES_MAX).expect("128 MiB") - 64 - 3 - 8 - ATTACHMENT_BYTES_MAX - 8 - 4 - 1;
    let attachments = vec![Bytes::from(vec![1; ATTACHMENT_BYTES_MAX]), Bytes::from(vec![2; rest])];
    let record = Record {
        entry: Bytes::new(),
        attachments,
    };
    let note = Bytes::from_static(b"!");
    let mut frame = Frame {
        kind: Kind::Commit,
        first: 1,
        records: vec![record],
        note,
    };
    let places = attachment_places(&frame, append(&journal, &frame));
    append(&journal, &commit(2, 1, 0));

    let journal = home.reopen(journal);
    assert!(
        replayed(&journal, 1)[0].frame == frame,
        "a frame at its limit comes back"
    );
    let last = &frame.records[0].attachments[1];
    assert!(
        read(&journal, &places[0][1]) == Attachment::Present(last.clone()),
        "and so do its attachments"
    );
    blank(&journal, &places[0]);
    assert_eq!(
        read(&journal, &places[0][0]),
        Attachment::Blanked,
        "64 MiB can be blanked"
    );

    frame.first = 3;
    frame.note = Bytes::from_static(b"!!");
    assert_limit(
        &journal,
        &frame,
        &Limit::Frame {
            bytes: FRAME_BYTES_MAX + 1,
        },
    );
}
