//! What no witness should swallow: a clear status, and nothing stored.

use http::StatusCode;
use indelible_note::Note;
use indelible_note::witness::Request;

use crate::bed::{Witness, submit};
use crate::http_client::Http;
use crate::log::Log;

const UNKNOWN_LINE: &str = "\u{2014} witness.example AAAAAAAA\n";

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_refused_and_nothing_is_stored() {
    let log = Log::new("one", 20);
    let witness = Witness::of(&log);
    let server = witness.serve();
    let mut http = Http::connect(&server).await;
    witness.cosigned(&submit(&mut http, log.request(0, 7)).await, &log.checkpoint(7));

    let good = log.request(7, 20);
    let line = good.lines().nth(1).unwrap();
    // The last character before the padding carries two spare bits, which must be zero.
    let spare = {
        let (head, tail) = line.split_at(line.len() - 2);
        assert!(tail.ends_with('='));
        let letter = char::from(tail.as_bytes()[0] + 1);
        format!("{head}{letter}=")
    };
    let (proof, note) = good.split_once("\n\n").unwrap();
    for (why, body) in [
        ("nothing", String::new()),
        ("no checkpoint", format!("{proof}\n")),
        ("no size", good.replacen("old 7\n", "", 1)),
        ("a leading zero", good.replacen("old 7", "old 07", 1)),
        ("a sign", good.replacen("old 7", "old +7", 1)),
        ("no number", good.replacen("old 7", "old x", 1)),
        ("2^63", good.replacen("old 7", "old 9223372036854775808", 1)),
        ("spare bits in a hash", good.replacen(line, &spare, 1)),
        (
            "no padding in a hash",
            good.replacen(line, line.trim_end_matches('='), 1),
        ),
        ("a short hash", good.replacen(line, "AAAA", 1)),
        (
            "64 hashes",
            format!("old 7\n{}\n{note}", format!("{line}\n").repeat(64)),
        ),
        ("carriage returns", good.replace('\n', "\r\n")),
        ("no final newline", good.trim_end().to_owned()),
        ("no signature", good.rsplit_once("\n\n").unwrap().0.to_owned() + "\n\n"),
        (
            "a signature without padding",
            good.trim_end().trim_end_matches('=').to_owned() + "\n",
        ),
        ("101 signatures", format!("{good}{}", UNKNOWN_LINE.repeat(100))),
        (
            "a control byte",
            good.replacen("test.example/log\n", "test.example/log\u{1}\n", 1),
        ),
        ("a size of 2^63", good.replacen("\n20\n", "\n9223372036854775808\n", 1)),
    ] {
        assert_ne!(body, good, "{why}");
        let answer = submit(&mut http, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{why}: {answer:?}");
        assert!(
            answer.body.ends_with(b"\n") && answer.body.len() < 400,
            "{why}: {answer:?}"
        );
    }
    let latin1 = [b"old 7\n\n\xe9".as_slice(), note.as_bytes()].concat();
    assert_eq!(submit(&mut http, latin1).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(witness.size(), Some(7));

    // A hundred signatures are fine. Those of others are not published.
    let hundred = format!("{good}{}", UNKNOWN_LINE.repeat(99));
    witness.cosigned(&submit(&mut http, hundred).await, &log.checkpoint(20));
    assert_eq!(witness.published(&mut http, &log).await.0.head(), log.head(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn large_requests_are_refused_and_nothing_is_stored() {
    let log = Log::new("one", 3);
    let witness = Witness::of(&log);
    let server = witness.serve();
    let text = log.checkpoint(3).note().text().to_owned();
    // A note of exactly this many bytes, most of them in an extension line.
    let note_of = |bytes: usize| {
        let bare = Note::sign(format!("{text}x\n"), &[&log.key]).unwrap().as_str().len();
        let long = format!("{text}{}\n", "x".repeat(bytes + 1 - bare));
        let lines = Note::sign(long, &[&log.key]);
        lines.map(|note| format!("old 0\n\n{note}"))
    };
    let mut http = Http::connect(&server).await;
    // A note that is as large as a note may be leaves no room for the cosignature.
    let answer = submit(&mut http, note_of(1_000_000).unwrap()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    // One that is larger is none.
    let larger = note_of(1_000_000).unwrap().replacen("xxx", "xxxx", 1);
    assert_eq!(submit(&mut http, larger).await.status, StatusCode::BAD_REQUEST);
    let unread = submit(&mut http, vec![b'x'; Request::BYTES_MAX]).await;
    assert_eq!(unread.status, StatusCode::BAD_REQUEST, "{unread:?}");
    let oversize = submit(&mut http, vec![b'x'; Request::BYTES_MAX + 1]).await;
    assert_eq!(oversize.status, StatusCode::PAYLOAD_TOO_LARGE, "{oversize:?}");
    assert_eq!(witness.size(), None);
    // With room for it, it is cosigned, extension lines and all.
    let mut http = Http::connect(&server).await;
    assert_eq!(
        submit(&mut http, note_of(999_000).unwrap()).await.status,
        StatusCode::OK
    );
    let (published, _) = witness.published(&mut http, &log).await;
    assert!(published.note_bytes().len() > 999_000);
}
