//! What people see.

use std::io;

use crate::cmd::Failure;
use crate::cmd::out::line;

/// What the lines below it are about.
pub(super) fn heading(words: &str) -> io::Result<()> {
    line(format_args!("\n{words}"))
}

/// Shows text under the command that said it, in lines that fit on a screen.
pub(super) fn show(text: &str) -> Result<(), Failure> {
    for row in text.trim_end().lines().flat_map(|row| folded(row, COLUMNS)) {
        line(format!("  {row}").trim_end())?;
    }
    Ok(())
}

/// A line in pieces of at most `width` characters, broken between words; a word that is longer is cut.
fn folded(row: &str, width: usize) -> Vec<String> {
    if row.chars().count() <= width {
        return vec![row.to_owned()];
    }
    let indent = row.len() - row.trim_start().len();
    let mut pieces = vec![" ".repeat(indent)];
    for word in row[indent..].split_inclusive(' ') {
        let length = word.trim_end().chars().count();
        let piece = pieces.last_mut().expect("there is one from the beginning");
        let before = piece.chars().count();
        let room = width - before.min(width);
        if length <= room {
            piece.push_str(word);
        } else if length > width - indent - HANGING {
            piece.extend(word.chars().take(room.saturating_sub(1)));
            piece.push('…');
        } else {
            pieces.push(format!("{}{word}", " ".repeat(indent + HANGING)));
        }
    }
    pieces
}

/// In the place of what a command prints and the demo does not.
pub(super) const OMITTED: &str = "⋮";
/// What most screens have, without the margin.
const COLUMNS: usize = 116;
/// How far the rest of a line stands in.
const HANGING: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_between_words_and_long_words_are_cut() {
        let cases = [
            ("short enough", &["short enough"][..]),
            (
                "  some words that do not fit",
                &["  some words that do ", "      not fit"],
            ),
            ("  word aaaaaaaaaaaaaaaaaaaaaaaa", &["  word aaaaaaaaaaaa…"]),
        ];
        for (row, pieces) in cases {
            assert_eq!(folded(row, 20), pieces, "{row:?}");
        }
    }
}
