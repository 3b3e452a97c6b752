//! On what basis something was erased, and for whom: shown to those who may erase, searched, never handed on.

use crate::bed::Bed;
use crate::person::event;

#[tokio::test(flavor = "multi_thread")]
async fn who_may_erase_is_shown_on_what_basis_it_was_done() {
    let bed = Bed::new();
    let server = bed.serve();
    let (url, vkey) = (server.url.clone(), bed.vkey().to_string());
    let client = server.client(bed.vkey()).await;
    client
        .submit_batch(&[event(3, "wanda@example.com"), event(4, "")])
        .await
        .unwrap();
    let secret = format!("password{}hunter2hunter2", '=');
    let requester = format!("case of Wanda K. {secret}");
    let texts = ["--basis", "GDPR Art. 17", "--requester", &requester, "--yes"];
    let tombstone = bed.must(
        &[
            &["erase", "--url", &url, "--index", "0", "--members", "actor"],
            &texts[..],
        ]
        .concat(),
    );
    assert_eq!(tombstone.trim(), "2");

    let answer = server.get("/v1/events/2").await;
    assert_eq!(answer["type"], "indelible.tombstone.v1");
    assert_eq!(answer["members"]["basis"]["value"], "GDPR Art. 17");
    let said = answer["members"]["requester"]["value"].as_str().unwrap();
    assert!(said.starts_with("case of Wanda K. password=[redacted: "), "{said}");
    let shown = bed.must(&["show", "2", "--url", &url, "--vkey", &vkey]);
    assert!(shown.contains("basis        GDPR Art. 17"), "{shown}");
    assert!(shown.contains("requester    case of Wanda K."), "{shown}");
    let shown = bed.must(&["show", "0", "--url", &url, "--vkey", &vkey]);
    assert!(shown.contains("erased (tombstone #2)"), "{shown}");

    // It is searched, and stays.
    let again = bed.run(&[&["erase", "--url", &url, "--subject", "Wanda K."], &texts[..]].concat());
    let words = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(
        words.contains("tombstone 2 says it as its requester, which stays"),
        "{words}"
    );
    assert!(words.contains("there is nothing to erase"), "{words}");

    // It is not handed on with evidence.
    bed.must(&[
        "disclose",
        "0",
        "--members",
        "action,actor",
        "-o",
        "disclosed",
        "--url",
        &url,
        "--vkey",
        &vkey,
    ]);
    bed.must(&["events", "--prove", "proved", "--url", &url, "--vkey", &vkey]);
    for evidence in ["disclosed", "proved"] {
        let text = std::fs::read_to_string(bed.path(evidence)).unwrap();
        assert!(text.contains("indelible.tombstone.v1"), "{evidence}: {text}");
        let told = bed.must(&["verify", evidence, "--vkey", &vkey]);
        assert!(
            told.contains("erased (tombstone #2)") && !told.contains("Wanda"),
            "{told}"
        );
        assert!(!told.contains("Art. 17"), "{told}");
    }
}
