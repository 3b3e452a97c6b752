//! From `submit` to `verify`, against the real service.

use serde_json::Value;

use crate::bed::{stderr, stdout};
use crate::support::bed;

#[test]
fn submitted_events_are_found_shown_proved_and_disclosed() {
    let bed = bed();
    let served = bed.serve();
    let run = |args: &[&str], stdin: &str| {
        let mut all = args.to_vec();
        all.extend(["--url", &served.url, "--vkey", "log/log.vkey"]);
        bed.run_with_stdin(&all, stdin.as_bytes())
    };
    let event = |actor: &str| {
        format!(
            r#"{{"action":{{"name":"deploy","verb":"execute"}},"actor":{{"type":"user","name":"{actor}"}},"changes":[{{"field":"password","after":"hunter2hunter2"}}]}}"#
        )
    };
    let submit = ["submit", "--source", "script", "--key", "run-1", "-o", "one.indelible"];
    let output = run(&submit, &event("ada"));
    assert_eq!(exit(&output), 0, "{}", stderr(&output));
    assert!(
        stdout(&output).starts_with("0\t") && stdout(&output).ends_with("\tnew\n"),
        "{}",
        stdout(&output)
    );
    // A secret is marked before it is hashed, and the submitter hears of it.
    assert!(
        stderr(&output).contains("marks stand in place of what looked like secrets, in changes"),
        "{}",
        stderr(&output)
    );
    assert!(
        !std::fs::read_to_string(bed.path("one.indelible"))
            .unwrap()
            .contains("hunter2")
    );
    let repeated = run(&submit, &event("ada"));
    assert_eq!(
        stdout(&repeated),
        stdout(&output).replace("new", "known"),
        "{}",
        stderr(&repeated)
    );
    // The same key for something else is refused, and so is what is no event.
    assert_eq!(exit(&run(&submit, &event("eve"))), 2);
    assert_eq!(exit(&run(&["submit", "--source", "script"], "{\"submitter\":{}}")), 2);
    let more = run(
        &["submit", "--source", "script"],
        &format!("{}\n{}\n", event("bo"), event("ada")),
    );
    assert_eq!(stdout(&more).lines().count(), 2, "{}", stderr(&more));

    let found = loop {
        let found = run(&["events", "--actor", "ADA", "--json", "--prove", "ada.indelible"], "");
        assert_eq!(exit(&found), 0, "{}", stderr(&found));
        if !stderr(&found).contains("the index is behind") {
            break found;
        }
    };
    let found: Vec<Value> = stdout(&found)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let indexes: Vec<&Value> = found.iter().map(|event| &event["index"]).collect();
    assert_eq!(indexes, [2, 0]);
    assert_eq!(found[0]["members"]["actor"]["value"]["name"], "ada");
    assert_eq!(found[0]["members"]["submitter"]["state"], "disclosed");

    let rows = run(&["events", "--verb", "execute", "--since", "1h", "--limit", "2"], "");
    let cells: Vec<Vec<String>> = stdout(&rows)
        .lines()
        .map(|row| row.split_whitespace().map(str::to_owned).collect())
        .collect();
    assert_eq!(cells.len(), 3, "{}", stderr(&rows));
    assert_eq!(cells[1][2..], ["ada", "deploy", "-", "-", "script"]);
    assert_eq!(cells[2][2..], ["bo", "deploy", "-", "-", "script"]);

    let shown = run(&["show", "1"], "");
    assert!(
        stdout(&shown).contains("actor        {\"name\":\"bo\""),
        "{}",
        stderr(&shown)
    );
    assert_eq!(exit(&run(&["show", "99"], "")), 2);

    let less = run(
        &["disclose", "0", "1", "--members", "action", "-o", "less.indelible"],
        "",
    );
    assert_eq!(exit(&less), 0, "{}", stderr(&less));
    for file in ["one.indelible", "ada.indelible", "less.indelible"] {
        let verified = bed.run(&["verify", file, "--vkey", "log/log.vkey"]);
        assert_eq!(exit(&verified), 0, "{file}: {}", stderr(&verified));
        assert_eq!(stdout(&verified).contains("ada"), file != "less.indelible", "{file}");
    }
}

fn exit(output: &std::process::Output) -> i32 {
    output.status.code().unwrap()
}
