//! Logs that hold, by the real server and from a folder.

use base64::{Engine, engine::general_purpose::STANDARD};
use indelible_note::open_checkpoint;
use serde_json::Value;

use crate::slow::SlowServer;
use crate::static_log::{StaticLog, entry, vkey};
use crate::stubs::AppendBatchRequest;
use crate::support::{Bed, stderr, stdout};

/// Around every edge of bundles and tiles.
const SIZES: [u64; 9] = [0, 1, 2, 255, 256, 257, 512, 65_536, 65_837];

#[tokio::test(flavor = "multi_thread")]
async fn a_log_holds_at_every_size() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let mut stub = server.stub().await;
    let mut size = 0;
    for next in SIZES {
        while size < next {
            let end = next.min(size + 10_000);
            let entries = (size..end).map(|index| entry(index).into()).collect();
            stub.append_batch(AppendBatchRequest {
                entries,
                ..AppendBatchRequest::default()
            })
            .await
            .unwrap();
            size = end;
        }
        let checkpoint = open_checkpoint(&server.get("/checkpoint").1, &bed.vkey()).unwrap();
        assert_eq!(checkpoint.head().size, size);
        let vkey = bed.vkey().to_string();
        let mut bytes = Vec::new();
        for options in [&[][..], &["--entries-only"], &["--gzip", "always"]] {
            let args = [&["audit", &server.url, "--vkey", &vkey, "--json"][..], options].concat();
            let output = bed.run(&args);
            assert_eq!(output.status.code(), Some(0), "{size} {options:?}: {}", stderr(&output));
            let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(verdict["holds"], true);
            assert_eq!(verdict["origin"], "test.example/log");
            assert_eq!(verdict["size"], size);
            assert_eq!(verdict["entries"], size);
            assert_eq!(verdict["root"], STANDARD.encode(checkpoint.head().root));
            assert!(verdict["seconds"].as_f64().unwrap() > 0.0);
            bytes.push(verdict["bytes"].as_u64().unwrap());
        }
        let (everything, entries, zipped) = (bytes[0], bytes[1], bytes[2]);
        assert!(everything > entries || size == 0, "tiles were read: {bytes:?}");
        // They are counted as they are after decoding.
        assert_eq!(everything, zipped);
    }
    let words = stderr(&bed.run(&["audit", &server.url, "--vkey", &bed.vkey().to_string()]));
    assert!(
        words.contains("the 65837 entries of test.example/log have the root"),
        "{words}"
    );
}

#[test]
fn a_folder_is_audited_like_a_server_and_a_policy_is_as_good_as_a_key() {
    let bed = Bed::new();
    StaticLog::of(600).write(&bed.path("copy"));
    let output = bed.run(&["audit", "copy", "--vkey", &vkey()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output), "", "without --json there is no data");

    bed.write("policy", format!("log {}\nquorum none\n", vkey()));
    let output = bed.run(&["audit", "copy", "--policy", "policy"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));

    // Nobody cosigned it.
    let witness = "witness.example.org+b8a2cf20+BFLN3yikSfFkVAJtrnh/CiY3Zozkoy7clp+P7XB28qUN";
    bed.write("policy", format!("log {}\nwitness w {witness}\nquorum w\n", vkey()));
    let output = bed.run(&["audit", "copy", "--policy", "policy"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("quorum"), "{}", stderr(&output));

    bed.write("policy", "quorum none\n");
    let output = bed.run(&["audit", "copy", "--policy", "policy"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("has no `log` line"), "{}", stderr(&output));
    let output = bed.run(&["audit", "copy", "--policy", "policy", "--vkey", &vkey()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn a_server_that_fails_for_the_moment_is_asked_again_and_one_that_goes_on_failing_tells_nothing() {
    let bed = Bed::new();
    StaticLog::of(600).write(&bed.path("copy"));
    let server = SlowServer::serve(bed.path("copy"));
    for status in [503, 429, 500] {
        server.fail(status, 2);
        server.take_asked();
        let output = bed.run(&["audit", &server.url, "--vkey", &vkey()]);
        assert_eq!(output.status.code(), Some(0), "{status}: {}", stderr(&output));
        assert_eq!(server.take_asked()["tile/entries/001"], 3);
    }
    server.fail(503, usize::MAX);
    let output = bed.run(&["audit", &server.url, "--vkey", &vkey(), "--retry-for", "1", "--json"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("503"), "{}", stderr(&output));
    assert_eq!(stdout(&output), "", "there is no verdict");
    // What will not change is not asked for twice.
    server.fail(403, usize::MAX);
    server.take_asked();
    let output = bed.run(&["audit", &server.url, "--vkey", &vkey()]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert_eq!(server.take_asked()["checkpoint"], 1);
}
