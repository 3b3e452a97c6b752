//! Text of others, on the terminal of whoever runs a command.

use std::fmt::{self, Write};

/// A text, to be shown: what steers a terminal, turns the direction of writing, or takes no room stands there as JSON spells it, such
/// as `\u001b`. JSON is the same JSON afterwards.
#[derive(Clone, Copy, Debug)]
pub(in crate::cmd) struct Safe<'t>(pub(in crate::cmd) &'t str);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| show(c, f))
    }
}

/// Words that may go over several lines: as `Safe`, but line feeds stay.
#[derive(Clone, Copy, Debug)]
pub struct SafeLines<'t>(pub &'t str);

impl fmt::Display for SafeLines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '\n' => f.write_char(c),
            c => show(c, f),
        })
    }
}

fn show(c: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if !deceives(c) {
        return f.write_char(c);
    }
    c.encode_utf16(&mut [0; 2])
        .iter()
        .try_for_each(|unit| write!(f, "\\u{unit:04x}"))
}

/// Whether a character does something else than to be seen.
fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_spelled_out() {
        for (text, shown) in [
            ("plain, ünïcode 漢字 🦀", "plain, ünïcode 漢字 🦀"),
            ("\u{1b}[2J", "\\u001b[2J"),
            ("\u{9b}31m", "\\u009b31m"),
            ("a\rb\nc\td\u{7f}", "a\\u000db\\u000ac\\u0009d\\u007f"),
            ("user\u{202e}nimda", "user\\u202enimda"),
            ("a\u{2066}b\u{2069}", "a\\u2066b\\u2069"),
            ("a\u{200b}b\u{feff}", "a\\u200bb\\ufeff"),
            ("tag\u{e0041}", "tag\\udb40\\udc41"),
        ] {
            assert_eq!(Safe(text).to_string(), shown);
        }
        assert_eq!(SafeLines("a\nb\u{1b}").to_string(), "a\nb\\u001b");
    }

    #[test]
    fn json_stays_the_same_json() {
        let value = serde_json::json!({"\u{9b}a\u{202e}": ["\u{7f}\u{e0041}", "\u{1b}\n"]});
        let shown = Safe(&value.to_string()).to_string();
        assert!(shown.chars().all(|c| c.is_ascii_graphic()), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
