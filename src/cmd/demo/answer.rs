//! What a command answered, and whether that is what the demo tells.

use std::fmt::Display;

use crate::cmd::Failure;

/// What a command answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// As it was typed.
    pub(super) typed: String,
    /// `None` if it was killed.
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Answer {
    /// The answer, if the command ended with this exit status and said all of these words; else the demo is over.
    pub(super) fn told(self, code: i32, words: &[&str]) -> Result<Answer, Failure> {
        let said = format!("{}{}", self.stdout, self.stderr);
        if self.code != Some(code) {
            return Err(self.unlike(format_args!("exit status {code}"), &said));
        }
        match words.iter().find(|words| !said.contains(**words)) {
            Some(words) => Err(self.unlike(format_args!("{words:?}"), &said)),
            None => Ok(self),
        }
    }

    fn unlike(&self, due: impl Display, said: &str) -> Failure {
        let code = self.code.map_or("none".to_owned(), |code| code.to_string());
        format!(
            "{} should have come to {due}; its exit status is {code}, and it says:\n{said}",
            self.typed
        )
        .into()
    }
}

/// A command line that a shell would read so.
pub(super) fn typed(args: &[&str]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=".contains(c);
    let quoted = args.iter().map(|arg| match arg.chars().all(plain) {
        true => format!(" {arg}"),
        false => format!(" '{arg}'"),
    });
    format!("indelible{}", quoted.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_exit_status_or_other_words_end_the_demo() {
        let answer = |code| Answer {
            typed: "indelible verify forged".to_owned(),
            code,
            stdout: "what was found".to_owned(),
            stderr: "does not hold".to_owned(),
        };
        answer(Some(1)).told(1, &["does not hold", "found"]).unwrap();
        for (code, words) in [
            (Some(0), "found"),
            (None, "found"),
            (Some(2), "found"),
            (Some(1), "holds: 4 events"),
        ] {
            let over = answer(code).told(1, &["does not hold", words]).unwrap_err().to_string();
            assert!(over.contains("indelible verify forged should have come to"), "{over}");
        }
    }

    #[test]
    fn what_is_shown_can_be_typed() {
        assert_eq!(
            typed(&["erase", "--basis", "GDPR Art. 17"]),
            "indelible erase --basis 'GDPR Art. 17'"
        );
        assert_eq!(
            typed(&["events", "--members", "action,raw"]),
            "indelible events --members action,raw"
        );
    }
}
