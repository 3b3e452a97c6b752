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

#[test]
fn of_nothing_no_evidence_is_written() {
    let bed = bed();
    let served = bed.serve();
    let run = |args: &[&str]| bed.run(&[args, &["--url", &served.url, "--vkey", "log/log.vkey"]].concat());
    let asked = run(&["events", "--actor", "nobody"]);
    assert_eq!(exit(&asked), 0, "{}", stderr(&asked));
    assert!(
        stderr(&asked).contains("nothing is found among the first 0 entries"),
        "{}",
        stderr(&asked)
    );
    // What an earlier answer left there is not taken for this one.
    bed.write("f", "an earlier answer");
    let asked = run(&["events", "--actor", "nobody", "--prove", "f"]);
    assert_eq!(exit(&asked), 2, "{}", stderr(&asked));
    assert!(stderr(&asked).contains("f was not written"), "{}", stderr(&asked));
    assert_eq!(std::fs::read_to_string(bed.path("f")).unwrap(), "an earlier answer");
}

#[test]
fn raw_bytes_are_submitted_kept_and_disclosed() {
    let bed = bed();
    let served = bed.serve();
    let run = |args: &[&str]| bed.run(&[args, &["--url", &served.url, "--vkey", "log/log.vkey"]].concat());
    let event = r#"{"action":{"name":"deploy","verb":"execute"}}"#;
    bed.write("event", event);
    bed.write("build.xml", "<build number='17'/>");
    bed.write("other.xml", "<build number='18'/>");
    bed.write("none", "");
    let submit = |raw: &'static str| {
        let args = ["submit", "event", "--source", "jenkins", "--key", "build-17"];
        run(&[&args[..], &["--raw", raw, "--raw-type", "application/xml"]].concat())
    };
    let submitted = submit("build.xml");
    assert_eq!(exit(&submitted), 0, "{}", stderr(&submitted));
    assert_eq!(stdout(&submit("build.xml")), stdout(&submitted).replace("new", "known"));
    // The same key with other bytes, or without any, is another event.
    for other in ["other.xml", "none"] {
        let refused = submit(other);
        assert_eq!(exit(&refused), 2, "{}", stderr(&refused));
        assert!(stderr(&refused).contains("409"), "{}", stderr(&refused));
    }
    let shown = stdout(&run(&["show", "0"]));
    assert!(
        shown.contains(r#"raw          {"content_type":"application/xml","kept":true,"#)
            && shown.contains(r#""size":20}"#),
        "{shown}"
    );
    let disclosed = run(&["disclose", "0", "--members", "raw", "-o", "raw.indelible"]);
    assert_eq!(exit(&disclosed), 0, "{}", stderr(&disclosed));
    let evidence = std::fs::read_to_string(bed.path("raw.indelible")).unwrap();
    let line: Value = serde_json::from_str(evidence.lines().nth(1).unwrap()).unwrap();
    assert_eq!(line["raw"], "PGJ1aWxkIG51bWJlcj0nMTcnLz4=");
    let verified = bed.run(&["verify", "raw.indelible", "--vkey", "log/log.vkey"]);
    assert!(
        stdout(&verified).contains("raw bytes    20, those whose hash"),
        "{}",
        stderr(&verified)
    );

    // It belongs to one event, and has a limit.
    bed.write("two", format!("{event}{event}"));
    bed.write("large", vec![b'x'; (2 << 20) + 1]);
    for (args, words) in [
        (
            ["submit", "two", "--source", "s", "--raw", "build.xml"],
            "--raw is for one event",
        ),
        (
            ["submit", "event", "--source", "s", "--raw", "large"],
            "more than 2097152 bytes",
        ),
        (["submit", "event", "--source", "s", "--raw", "absent"], "absent"),
    ] {
        let refused = run(&args);
        assert_eq!(exit(&refused), 2);
        assert!(stderr(&refused).contains(words), "{words:?}: {}", stderr(&refused));
    }
}

fn exit(output: &std::process::Output) -> i32 {
    output.status.code().unwrap()
}
