//! The state folder: what was seen stays seen, and a memory that is lost does not look like a new one.

use std::fs;

use indelible_note::{FindingKind, SigningKey};

use crate::forge::{Forge, key};
use crate::support::{ended, stderr};
use crate::watch::{Watch, until};
use crate::web::{Answer, Request, Web};

fn honest(size: u64) -> impl FnMut(&Request) -> Answer + Send + 'static {
    let log = Forge::new("one", 0, size);
    move |request| Answer::file(log.file(&request.path, size))
}

#[test]
fn kill_9_between_two_looks_keeps_the_trusted_head() {
    let web = Web::new(honest(300));
    let watch = Watch::of(&web.url, &key(), &["--interval", "1s", "--entries"]);
    for size in [300, 900] {
        web.now(honest(size));
        let following = watch.follow(&[]);
        until("the head is trusted", || {
            watch.bed.path("state/state").exists() && watch.trusted_or_none() == size
        });
        following.kill();
        assert_eq!(watch.trusted(), size);
    }
    let before = watch.state();
    let other = Forge::new("other", 0, 1_000);
    web.now(move |request| Answer::file(other.file(&request.path, 1_000)));
    watch.expect(1);
    let found = watch.finding(FindingKind::Fork);
    assert!(found.heads[0].contains("\n900\n"), "{found:?}");
    assert_eq!(watch.trusted(), 900);
    // And killed after the finding it is not reported again.
    assert_ne!(watch.state(), before);
    let mut following = watch.follow(&[]);
    assert!(following.is_running());
    following.kill();
    watch.expect(1);
    watch.finding(FindingKind::Fork);
}

/// Verifying goes on where it was, entry by entry: nothing of what was verified is asked for again.
#[test]
fn entries_are_not_read_twice() {
    let web = Web::new(honest(1_000));
    let watch = Watch::of(&web.url, &key(), &["--entries"]);
    watch.expect(0);
    let log = Forge::new("one", 0, 2_000);
    web.now(move |request| match request.path.as_str() {
        "tile/entries/000" | "tile/entries/001" | "tile/entries/002" => Answer::status(500, ""),
        path => Answer::file(log.file(path, 2_000)),
    });
    watch.expect(0);
    // Without --entries meanwhile, the place is kept.
    let heads = watch.without("--entries");
    web.now(honest(3_000));
    heads.expect(0);
    let log = Forge::new("one", 0, 4_000);
    let (sender, asked) = std::sync::mpsc::channel();
    web.now(move |request| {
        sender.send(request.path.clone()).unwrap();
        Answer::file(log.file(&request.path, 4_000))
    });
    heads.also(&["--entries"]).expect(0);
    // A few at a time, so in whatever order.
    let mut asked: Vec<String> = asked
        .try_iter()
        .filter(|path| path.starts_with("tile/entries/"))
        .collect();
    asked.sort();
    let due: Vec<String> = (7..16)
        .map(|index| match index {
            15 => "tile/entries/015.p/160".to_owned(),
            _ => format!("tile/entries/{index:03}"),
        })
        .collect();
    assert_eq!(asked, due);
}

#[test]
fn a_state_that_is_damaged_or_gone_or_anothers_is_refused_and_nothing_is_begun_anew() {
    let web = Web::new(honest(300));
    let watch = Watch::of(&web.url, &key(), &[]);
    watch.expect(0);
    let state = watch.bed.path("state/state");
    let whole = fs::read(&state).unwrap();
    let mut flipped = whole.clone();
    flipped[100] ^= 1;
    for damaged in [flipped, whole[..whole.len() / 2].to_vec(), Vec::new()] {
        fs::write(&state, &damaged).unwrap();
        let words = watch.expect(2);
        assert!(
            words.contains("it was damaged") && words.contains("name an empty folder"),
            "{words}"
        );
        assert_eq!(fs::read(&state).unwrap(), damaged, "nothing is repaired in silence");
    }
    fs::remove_file(&state).unwrap();
    let words = watch.expect(2);
    assert!(words.contains("is missing, but the folder has been used"), "{words}");
    assert!(!state.exists());

    fs::write(&state, &whole).unwrap();
    watch.expect(0);
    let other = SigningKey::from_seed("other.example/log".parse().unwrap(), [1; 32]);
    let words = watch.trusting(&other).expect(2);
    assert!(
        words.contains("it is about the log forged.example/log, not about other.example/log"),
        "{words}"
    );
    let same_name = SigningKey::from_seed(key().name().clone(), [1; 32]);
    let words = watch.trusting(&same_name).expect(2);
    assert!(words.contains("its trusted head is not believed"), "{words}");
    assert_eq!(fs::read(&state).unwrap(), whole);
}

#[test]
fn an_empty_folder_is_a_new_state_and_what_a_first_write_left_is_no_old_one() {
    let web = Web::new(honest(300));
    let watch = Watch::of(&web.url, &key(), &[]);
    fs::create_dir(watch.bed.path("state")).unwrap();
    fs::write(watch.bed.path("state/state.new"), "torn").unwrap();
    watch.expect(0);
    assert_eq!(watch.trusted(), 300);
}

#[test]
fn one_folder_has_one_monitor() {
    let web = Web::new(honest(300));
    let watch = Watch::of(&web.url, &key(), &[]);
    let mut following = watch.follow(&[]);
    following.hear("is followed");
    let words = watch.expect(2);
    assert!(words.contains("is in use by another monitor"), "{words}");
    following.kill();
    watch.expect(0);
}

#[test]
fn by_default_the_state_lies_in_the_users_own_folder() {
    let web = Web::new(honest(300));
    let watch = Watch::of(&web.url, &key(), &[]);
    let vkey = key().verifier().to_string();
    let output = ended(watch.bed.command(&["monitor", &web.url, "--once", "--vkey", &vkey]));
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        watch
            .bed
            .path(".local/state/indelible/forged.example_log.monitor/state")
            .exists()
    );
}

#[test]
fn what_is_wrong_with_the_arguments_is_said() {
    let watch = Watch::of("http://127.0.0.1:1", &key(), &[]);
    let vkey = key().verifier().to_string();
    watch.bed.write(
        "two.policy",
        format!(
            "log {vkey}\nlog {}\nquorum none\n",
            SigningKey::from_seed("b".parse().unwrap(), [1; 32]).verifier()
        ),
    );
    watch.bed.write("none.policy", "quorum none\n");
    for (args, words) in [
        (vec!["http://127.0.0.1:1"], "--vkey"),
        (vec!["no-such-folder", "--vkey", &vkey], "neither a URL"),
        (vec!["http://127.0.0.1:1", "--vkey", "nonsense"], "neither a public key"),
        (vec!["http://127.0.0.1:1", "--policy", "two.policy"], "several logs"),
        (vec!["http://127.0.0.1:1", "--policy", "none.policy"], "no `log` line"),
        (
            vec!["http://127.0.0.1:1", "--vkey", &vkey, "--interval", "0"],
            "from 1 on",
        ),
        (
            vec![
                "http://127.0.0.1:1",
                "--vkey",
                &vkey,
                "--notify",
                "mailto:x@secret.example",
            ],
            "--notify",
        ),
    ] {
        let output = ended(watch.bed.command(&[&["monitor", "--once"], args.as_slice()].concat()));
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words) && !said.contains("secret"), "{args:?}: {said}");
    }
}
