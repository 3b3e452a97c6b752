//! The table of fields as a file to start from, and as a page of the documentation.

use std::fmt::Write;

use super::field::{Field, Kind};
use super::table::FIELDS;

/// The file that `init` writes: every field with its explanation and its default, commented out, so that a default that is
/// improved later reaches those who never chose another value.
pub fn default_file() -> String {
    let mut text = String::from(
        "# Configuration of Indelible. Every field stands here with its default; take the # away to set it.\n\
         # Environment variables and flags win over this file: INDELIBLE_LISTEN and --listen over `listen`.\n",
    );
    for field in &FIELDS {
        text.push('\n');
        for line in wrap(&explanation(field), COMMENT_CHARS_MAX) {
            writeln!(text, "# {line}").expect("a String takes all that is written");
        }
        writeln!(text, "#{} = {}", field.name, field.default_text()).expect("a String takes all that is written");
    }
    text
}

/// The page docs/configuration.md, whole.
pub fn reference() -> String {
    let mut text = String::from(INTRODUCTION);
    for field in &FIELDS {
        let (name, default, variable) = (field.name, field.default_text(), field.variable());
        write!(
            text,
            "\n## `{name}`\n\nDefault `{default}`, environment `{variable}`.\n\n"
        )
        .expect("a String takes all that is written");
        for line in wrap(&explanation(field), PAGE_CHARS_MAX) {
            writeln!(text, "{line}").expect("a String takes all that is written");
        }
    }
    text
}

/// What a field means, its bounds and its unit at the end.
fn explanation(field: &Field) -> String {
    match (&field.kind, field.unit) {
        (Kind::Number { min, max, .. }, "") => format!("{} From {min} to {max}.", field.about),
        (Kind::Number { min, max, .. }, unit) => format!("{} In {unit}, from {min} to {max}.", field.about),
        _ => field.about.into(),
    }
}

/// Breaks text at spaces into lines of at most `width` characters, if its words allow.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a line from the start");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.into());
        }
    }
    lines
}

const COMMENT_CHARS_MAX: usize = 98;
const PAGE_CHARS_MAX: usize = 120;

const INTRODUCTION: &str = "\
# Configuration

One TOML file without sections, `indelible.toml` in the data directory; `indelible init` writes one with every field in it.
A field can also be set by an environment variable, which wins over the file, and some by a flag of `serve`, which wins over
both.

* A key that is not listed here is an error that names the file, the line and the nearest key that exists. So is a value of
  the wrong type or outside its bounds. Environment variables that name no field are left alone, since Kubernetes sets some
  of that kind.
* In variables and flags a list is separated by commas, and a switch is `true` or `false`. An empty path is as good as none.
* Relative paths in the file start from the file's folder, those in variables and flags from the working directory.

This page is printed from the table in src/config/table.rs; `INDELIBLE_WRITE_DOCS=1 cargo test --test config` writes it anew.
";
