//! Copies: byte-identical, of use to any web server, and never of what does not hold.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use indelible_client::{HttpOptions, http_client};
use indelible_merkle::TilePath;

use crate::static_log::{StaticLog, assert_same_files, entry, files_in, path, vkey};
use crate::stubs::AppendBatchRequest;
use crate::support::{Bed, Server, skipped, stderr};

async fn append(server: &Server, from: u64, to: u64) {
    let mut stub = server.stub().await;
    for start in (from..to).step_by(10_000) {
        let entries = (start..to.min(start + 10_000))
            .map(|index| entry(index).into())
            .collect();
        stub.append_batch(AppendBatchRequest {
            entries,
            ..AppendBatchRequest::default()
        })
        .await
        .unwrap();
    }
}

/// What a log of this size serves at each of its paths, uncompressed. A bundle that is stored in parts comes in chunks, so this is
/// a client that knows them.
async fn served(server: &Server, size: u64) -> BTreeMap<String, Vec<u8>> {
    let client = http_client(&HttpOptions::default()).unwrap();
    let paths = TilePath::all(size).map(|path| path.to_string());
    let mut files = BTreeMap::new();
    for path in paths.chain(["checkpoint".to_owned()]) {
        let request = client.get(format!("{}/{path}", server.url));
        let answer = request.header("accept-encoding", "identity").send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert!(!answer.headers().contains_key("content-encoding"), "{path}");
        files.insert(path, answer.bytes().await.unwrap().to_vec());
    }
    files
}

fn mirror(bed: &Bed, place: &str, vkey: &str, options: &[&str]) -> (Option<i32>, String) {
    let output = bed.run(&[&["mirror", place, "copy", "--vkey", vkey][..], options].concat());
    (output.status.code(), stderr(&output))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_the_log_file_by_file_and_serves_as_one() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let key = bed.vkey().to_string();
    append(&server, 0, 66_000).await;
    for gzip in ["never", "always"] {
        let _ = fs::remove_dir_all(bed.path("copy"));
        let (status, words) = mirror(&bed, &server.url, &key, &["--gzip", gzip]);
        assert_eq!(status, Some(0), "{words}");
        assert!(words.contains("copied 66000 entries to 66000"), "{words}");
        assert_same_files(&files_in(&bed.path("copy")), &served(&server, 66_000).await, "the copy");
    }
    let audited = bed.run(&["audit", "copy", "--vkey", &key]);
    assert_eq!(audited.status.code(), Some(0), "{}", stderr(&audited));
    let Some(python) = PythonServer::start(&bed.path("copy")) else {
        return skipped("python3");
    };
    let audited = bed.run(&["audit", &python.url, "--vkey", &key, "--in-flight", "2"]);
    assert_eq!(audited.status.code(), Some(0), "{}", stderr(&audited));
    // A copy of the copy.
    let second = bed.run(&["mirror", &python.url, "second", "--vkey", &key, "--in-flight", "2"]);
    assert_eq!(second.status.code(), Some(0), "{}", stderr(&second));
    assert_same_files(
        &files_in(&bed.path("second")),
        &files_in(&bed.path("copy")),
        "a copy of the copy",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_grows_with_the_log_and_keeps_no_old_partial_files() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let key = bed.vkey().to_string();
    let mut sizes = vec![0];
    for next in [0, 1, 2, 255, 256, 257, 300, 511, 512, 700, 65_536, 65_600, 66_000] {
        let before = *sizes.last().unwrap();
        append(&server, before, next).await;
        let (status, words) = mirror(&bed, &server.url, &key, &[]);
        assert_eq!(status, Some(0), "{next}: {words}");
        let mut found = files_in(&bed.path("copy"));
        // For readers who have just read the checkpoint before, where there is no full file yet.
        for path in TilePath::all(before).filter(|path| path.width() < 256) {
            let full = path.to_full().is_within(next);
            let is_of_both = TilePath::all(next).any(|other| other == path);
            let kept = found.contains_key(&path.to_string());
            assert_eq!(kept, !full || is_of_both, "{before} to {next}: {path}");
            if !is_of_both {
                found.remove(&path.to_string());
            }
        }
        assert_same_files(
            &found,
            &served(&server, next).await,
            &format!("from {before} to {next}"),
        );
        let audited = bed.run(&["audit", "copy", "--vkey", &key]);
        assert_eq!(audited.status.code(), Some(0), "{next}: {}", stderr(&audited));
        sizes.push(next);
    }
    // Nothing new: nothing is written.
    let (status, words) = mirror(&bed, &server.url, &key, &[]);
    assert_eq!((status, words.as_str()), (Some(0), ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_goes_on_and_has_the_folder_for_itself() {
    let bed = Bed::with_log();
    let server = bed.serve();
    let key = bed.vkey().to_string();
    let mut command = bed.command(&[
        "mirror",
        &server.url,
        "copy",
        "--vkey",
        &key,
        "--follow",
        "--interval",
        "1",
    ]);
    let mut follower = Killed(command.stderr(Stdio::null()).spawn().unwrap());
    let mut size = 0;
    for next in [100, 101, 102, 600] {
        append(&server, size, next).await;
        size = next;
        let expected = served(&server, size).await;
        let begin = Instant::now();
        while fs::read(bed.path("copy/checkpoint")).ok() != expected.get("checkpoint").cloned() {
            assert!(begin.elapsed() < Duration::from_secs(120), "the copy does not follow");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let audited = bed.run(&["audit", "copy", "--vkey", &key]);
        assert_eq!(audited.status.code(), Some(0), "{}", stderr(&audited));
        let (status, words) = mirror(&bed, &server.url, &key, &[]);
        assert_eq!(status, Some(2), "{words}");
        assert!(
            words.contains(&format!("in use by the process {}", follower.0.id())),
            "{words}"
        );
    }
    let pid = rustix::process::Pid::from_child(&follower.0);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(follower.0.wait().unwrap().success());
    assert_same_files(
        &without_partials_of(files_in(&bed.path("copy")), 102),
        &served(&server, size).await,
        "the copy that followed",
    );
}

fn without_partials_of(mut files: BTreeMap<String, Vec<u8>>, size: u64) -> BTreeMap<String, Vec<u8>> {
    for path in TilePath::all(size).filter(|path| path.width() < 256) {
        files.remove(&path.to_string());
    }
    files
}

#[test]
fn nothing_wrong_gets_into_the_copy() {
    let log = StaticLog::of(66_000);
    for file in [
        "tile/entries/000",
        "tile/entries/200",
        "tile/entries/257.p/208",
        "tile/0/000",
        "tile/0/257.p/208",
        "tile/1/000",
        "tile/1/001.p/1",
        "tile/2/000.p/1",
    ] {
        let bed = Bed::new();
        log.write(&bed.path("log"));
        let at = bed.path("log").join(file);
        let whole = fs::read(&at).unwrap();
        let mut wrong = whole.clone();
        *wrong.last_mut().unwrap() ^= 1;
        fs::write(&at, wrong).unwrap();
        let (status, words) = mirror(&bed, "log", &vkey(), &[]);
        assert_eq!(status, Some(1), "{file}: {words}");
        // The partial tiles are known to be wrong together.
        assert!(
            words.contains(if file.contains(".p") && !file.contains("entries") {
                "partial tiles"
            } else {
                file
            }),
            "{words}"
        );
        let right = log.files();
        for (path, body) in files_in(&bed.path("copy")) {
            assert_ne!(path, "checkpoint");
            assert!(right[&path] == body, "{file}: {path} is in the copy, and wrong");
        }
        // When the log is right again, what was copied is not copied again.
        fs::write(&at, whole).unwrap();
        let (status, words) = mirror(&bed, "log", &vkey(), &[]);
        assert_eq!(status, Some(0), "{file}: {words}");
        assert_same_files(&files_in(&bed.path("copy")), &right, file);
    }
}

#[test]
fn a_copy_that_was_damaged_is_repaired_and_what_is_no_copy_is_left_alone() {
    let bed = Bed::new();
    let log = StaticLog::of(66_000);
    log.write(&bed.path("log"));
    assert_eq!(mirror(&bed, "log", &vkey(), &[]).0, Some(0));
    fs::write(bed.path("copy/tile/entries/100"), "rubbish").unwrap();
    fs::write(bed.path("copy/tile/0/000"), [0; 8192]).unwrap();
    fs::remove_file(bed.path("copy/tile/1/000")).unwrap();
    fs::remove_file(bed.path("copy").join(path("entries", 257, 208))).unwrap();
    // Left by something that was killed long ago.
    fs::create_dir_all(bed.path("copy/tile/0/003.p")).unwrap();
    fs::write(bed.path("copy/tile/0/003.p/9"), "stale").unwrap();
    let (status, words) = mirror(&bed, "log", &vkey(), &["--repair"]);
    assert_eq!(status, Some(0), "{words}");
    assert_same_files(&files_in(&bed.path("copy")), &log.files(), "repaired");

    fs::create_dir(bed.path("mine")).unwrap();
    bed.write("mine/letter", "dear");
    let output = bed.run(&["mirror", "log", "mine", "--vkey", &vkey()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("is not a copy of a log"),
        "{}",
        stderr(&output)
    );
    assert_eq!(fs::read_dir(bed.path("mine")).unwrap().count(), 1);
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `python3 -m http.server`, as the documentation shows it.
struct PythonServer {
    url: String,
    _child: Killed,
}

impl PythonServer {
    fn start(folder: &Path) -> Option<PythonServer> {
        let mut child = Command::new("python3")
            .args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "0"])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let child = Killed(child);
        // Serving HTTP on 127.0.0.1 port 46433 (http://127.0.0.1:46433/) ...
        let url = line.split(['(', ')']).nth(1)?.to_owned();
        Some(PythonServer { url, _child: child })
    }
}
