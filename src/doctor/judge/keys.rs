//! Keys and secrets: whose they are, and who can read them.

use super::super::check::Check;
use super::super::facts::{Facts, KeyState};
use super::config::first_line;

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let path = facts.key.path.display();
    let mut checks = vec![match &facts.key.state {
        Ok(KeyState::InForce) => Check::ok("key", format!("{path} holds the log's key, for its owner alone")),
        Ok(KeyState::Retired) => Check::bad(
            "key",
            format!("{path} holds a key that the log has given up"),
            "put the key in force there: `indelible key rotate` had; see docs/keys.md",
        ),
        Ok(KeyState::Foreign) => Check::bad(
            "key",
            format!("{path} holds a key that was never this log's"),
            "put the log's key there, or set `log_key` to its file",
        ),
        Err(error) => Check::bad(
            "key",
            first_line(error),
            advice(error).unwrap_or("put the log's key there"),
        ),
    }];
    let open = facts.private_files.iter().filter(|(_, mode)| mode & 0o077 != 0);
    checks.extend(open.map(|(path, mode)| {
        Check::bad(
            "secrets",
            format!("{} has mode {mode:04o}: others can read it", path.display()),
            format!("chmod 600 {}", path.display()),
        )
    }));
    match &facts.directory_mode {
        Ok(mode) if mode & 0o022 != 0 => checks.push(Check::bad(
            "directory",
            format!("the data directory has mode {mode:04o}: others can put files into it"),
            "chmod 700 the directory",
        )),
        Ok(mode) if mode & 0o055 != 0 => checks.push(Check::warn(
            "directory",
            format!("the data directory has mode {mode:04o}: others can look into it"),
            "chmod 700 the directory",
        )),
        Ok(_) => checks.push(Check::ok("directory", "the data directory is its owner's alone")),
        Err(error) => checks.push(Check::bad(
            "directory",
            error,
            "see whether the directory is the right one",
        )),
    }
    checks
}

/// The line behind the empty one.
fn advice(error: &str) -> Option<&str> {
    error.split_once("\n\n").map(|(_, advice)| advice)
}

#[cfg(test)]
mod tests {
    use super::super::super::check::Health;
    use super::super::super::facts::KeyState;
    use super::super::sound::check;

    #[test]
    fn what_is_wrong_with_keys() {
        check(
            |facts| facts.key.state = Ok(KeyState::Retired),
            "key",
            Health::Bad,
            "given up",
        );
        check(
            |facts| facts.key.state = Ok(KeyState::Foreign),
            "key",
            Health::Bad,
            "never",
        );
        check(
            |facts| facts.key.state = Err("log.key has mode 0644\n\nchmod 600 log.key".to_owned()),
            "key",
            Health::Bad,
            "chmod 600 log.key",
        );
        for (mode, words) in [(0o640, "0640"), (0o604, "0604"), (0o620, "0620")] {
            check(|facts| facts.private_files[0].1 = mode, "secrets", Health::Bad, words);
        }
        for (mode, health, words) in [
            (0o720, Health::Bad, "0720"),
            (0o702, Health::Bad, "0702"),
            (0o750, Health::Warn, "0750"),
            (0o705, Health::Warn, "0705"),
        ] {
            check(|facts| facts.directory_mode = Ok(mode), "directory", health, words);
        }
    }
}
