//! Log lines.

use serde_json::Value;

use crate::support::Bed;

/// Serves with this configuration, asks for something, and returns the lines about requests.
async fn lines(config: &str, trace: bool) -> (Vec<String>, String) {
    let bed = Bed::with_log();
    std::fs::write(bed.path("log/indelible.toml"), config).unwrap();
    let server = bed.serve();
    let mut request = server.http.get(server.at("/v1/events/7?q=secret"));
    if trace {
        request = request.header("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    }
    let answer = request.send().await.unwrap();
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(problem["request_id"], id, "{problem}");
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    (server.kill(), id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_one_line_of_json_with_its_id() {
    let config = "log_format = \"json\"\nlog_filter = \"info,indelible::requests=debug\"\n";
    let (lines, id) = lines(config, true).await;
    let parsed: Vec<Value> = lines
        .iter()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let of_requests: Vec<&Value> = parsed
        .iter()
        .filter(|line| line["target"] == "indelible::requests")
        .collect();
    let [line] = of_requests.as_slice() else {
        panic!("{lines:#?}")
    };
    assert_eq!(line["id"], id, "{line}");
    assert_eq!(line["trace"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(
        (&line["method"], &line["route"]),
        (&"GET".into(), &"/v1/events/{index}".into())
    );
    assert_eq!((&line["status"], &line["level"]), (&400.into(), &"DEBUG".into()));
    assert!(line["elapsed_us"].is_u64(), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn as_text_too_and_by_default_not_at_all() {
    let (said, id) = lines("log_filter = \"debug\"\n", false).await;
    let about = |lines: &[String]| lines.iter().filter(|line| line.contains("indelible::requests")).count();
    assert!(
        said.iter()
            .any(|line| line.contains(&id) && line.contains("route=/v1/events/{index}")),
        "{said:#?}"
    );
    assert_eq!(about(&said), 1);
    let (said, _) = lines("", false).await;
    assert_eq!(about(&said), 0, "{said:#?}");
}

#[test]
fn a_filter_that_cannot_be_read_stops_the_start() {
    let bed = Bed::with_log();
    std::fs::write(bed.path("log/indelible.toml"), "log_filter = \"indelible=loud\"\n").unwrap();
    let output = bed.run(&["serve", "--open", "--data", "log", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(2));
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        words.contains("log_filter") && words.contains("indelible=loud"),
        "{words}"
    );
}
