//! Hostile texts.

/// A text, or bytes, that stand where a value of JSON should.
pub(crate) struct Hostile {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) is: Kind,
}

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No reader of JSON that is worth the name takes it.
    NoJson,
    /// JSON, but more values than a submission has. A delivery may have more.
    TooMany,
    /// JSON, but no value of a log.
    NoValue,
    /// Fine, however odd.
    Odd,
}

/// Levels of nesting that overflow the stack of a reader that recurses.
const LEVELS: usize = 100_000;

/// The largest that GitHub sends.
pub(crate) const LARGE: usize = 25 << 20;

fn hostile(name: &'static str, is: Kind, bytes: impl Into<Vec<u8>>) -> Hostile {
    let bytes = bytes.into();
    Hostile { name, bytes, is }
}

/// Values that are small enough for every door.
pub(crate) fn values() -> Vec<Hostile> {
    use Kind::{NoJson, NoValue, Odd, TooMany};
    let deep = |open: &str, inner: &str, close: &str| [&open.repeat(LEVELS), inner, &close.repeat(LEVELS)].concat();
    vec![
        hostile("arrays in each other", NoJson, deep("[", "", "]")),
        hostile("arrays that nobody closes", NoJson, deep("[", "", "")),
        hostile("objects in each other", NoJson, deep("{\"a\":", "1", "}")),
        hostile("objects and arrays in each other", NoJson, deep("[{\"\":", "", "")),
        hostile("ten levels", Odd, ["[".repeat(10), "]".repeat(10)].concat()),
        hostile("120 levels", NoValue, ["[".repeat(120), "]".repeat(120)].concat()),
        hostile("a name twice", NoJson, r#"{"k":1,"k":1}"#),
        hostile("a name twice, once escaped", NoJson, r#"{"k":1,"\u006b":2}"#),
        hostile("a name twice, deep", NoJson, r#"[{"a":[{"b":{"":0,"":0}}]}]"#),
        hostile("an exponent beyond all", NoJson, "1e999999"),
        hostile("the same below zero", NoJson, "-1e999999"),
        hostile("400 digits", NoJson, "9".repeat(400)),
        hostile("a fraction of 400 digits", NoValue, ["0.", &"3".repeat(400)].concat()),
        hostile("next to nothing", NoValue, "1e-999999"),
        hostile("a fraction", NoValue, "1.5"),
        hostile("one more than is exact", NoValue, "9007199254740993"),
        hostile("a leading zero", NoJson, "01"),
        hostile("not a number", NoJson, "NaN"),
        hostile("hexadecimal", NoJson, "0x10"),
        hostile("a high surrogate alone", NoJson, r#""\ud800""#),
        hostile("a low surrogate alone", NoJson, r#""\udc00""#),
        hostile("surrogates the wrong way round", NoJson, r#""\udc00\ud800""#),
        hostile("a high surrogate in a name", NoJson, r#"{"\ud800":1}"#),
        hostile("a surrogate as bytes", NoJson, b"\"\xed\xa0\x80\"".to_vec()),
        hostile("no UTF-8", NoJson, b"\"\xff\"".to_vec()),
        hostile("NUL in two bytes", NoJson, b"\"\xc0\x80\"".to_vec()),
        hostile("half a character", NoJson, b"\"\xf0\x9f\x98\"".to_vec()),
        hostile("beyond Unicode", NoJson, b"\"\xf4\x90\x80\x80\"".to_vec()),
        hostile("no UTF-8 in a name", NoJson, b"{\"\xfe\":1}".to_vec()),
        hostile("NUL as a byte", NoJson, b"\"\0\"".to_vec()),
        hostile("NUL as an escape", Odd, r#""\u0000""#),
        hostile("NUL behind a value", NoJson, b"1\0".to_vec()),
        hostile("a control character", NoJson, b"\"\x1b[2J\"".to_vec()),
        hostile("a name of proto", Odd, r#"{"__proto__":{"admin":true}}"#),
        hostile("text that turns around", Odd, "\"\u{202e}gpj.exe\""),
        hostile("a comment", NoJson, "1/*x*/"),
        hostile("a comma too many", NoJson, "[1,]"),
        hostile("two values", NoJson, "1 1"),
        hostile("half a value", NoJson, "{\"a\":"),
        hostile("half a text", NoJson, "\"abc"),
        hostile("half an escape", NoJson, r#""\u00""#),
        hostile("nothing", NoJson, ""),
        hostile("300 kB of text", NoValue, format!("\"{}\"", "x".repeat(300_000))),
        hostile("3 MiB of text", NoValue, format!("\"{}\"", "x".repeat(3 << 20))),
        hostile(
            "3 MiB of escapes",
            NoValue,
            format!("\"{}\"", "\\u0041".repeat((3 << 20) / 6)),
        ),
        hostile("3 MiB of names", TooMany, names(3 << 20)),
        hostile("3 MiB of brackets", TooMany, brackets(3 << 20)),
        hostile("3 MiB of objects", TooMany, objects(3 << 20)),
    ]
}

/// Claims whose structures are arrays of their fields' values, or have other shapes that one might read as them.
pub(crate) fn misshapen() -> Vec<String> {
    let claims = [
        "[]",
        "null",
        "7",
        "\"x\"",
        r#"{"action":["deploy","execute"]}"#,
        r#"{"action":["deploy","execute",null]}"#,
        r#"{"action":{"name":"deploy","verb":{"execute":null}}}"#,
        r#"{"action":{"name":"deploy","verb":["execute"]}}"#,
        r#"{"action":{"name":["deploy"],"verb":"execute"}}"#,
        r#"{"action":{"name":"deploy","verb":"execute","name":"destroy"}}"#,
        r#"{"action":{"name":"deploy","verb":"Execute"}}"#,
        r#"{"action":{"name":"deploy","verb":"execute"},"action":{"name":"deploy","verb":"execute"}}"#,
        r#"{"actor":["user","7",null,null,null,null,null,null]}"#,
        r#"{"actor":{"type":"user","id":7}}"#,
        r#"{"actor":{"type":"user","claims":[["a",1]]}}"#,
        r#"{"actor":{"type":"user","claims":{"a":{"b":1,"b":2}}}}"#,
        r#"{"actor":{"type":"user","groups":{"0":"admins"}}}"#,
        r#"{"changes":{"field":"x"}}"#,
        r#"{"changes":[["x",1,2]]}"#,
        r#"{"changes":[{"field":"x","before":{"k":1,"k":2}}]}"#,
        r#"{"changes":[{"field":"x","after":[{"k":1,"k":2}]}]}"#,
        r#"{"correlation":["run","request","trace","chain"]}"#,
        r#"{"correlation":{"run":"a","run":"b"}}"#,
        r#"{"occurred":["2026-11-22T10:00:00Z","payload"]}"#,
        r#"{"occurred":{"at":0,"from":"payload"}}"#,
        r#"{"occurred":{"at":"2026-13-41T10:00:00Z","from":"payload"}}"#,
        r#"{"origin":["192.0.2.1","reported",null]}"#,
        r#"{"outcome":["success",null]}"#,
        r#"{"targets":[["repository","7",null,null]]}"#,
        r#"{"targets":{"type":"repository","id":"7"}}"#,
        r#"{"submitter":{"principal":"root","method":"none"}}"#,
        r#"{"delivery":{"source":"a","key":null,"received":"2026-11-22T10:00:00Z"}}"#,
        r#"{"raw":null}"#,
        r#"{"type":"indelible.tombstone.v1"}"#,
    ];
    claims.map(str::to_owned).to_vec()
}

/// Places in claims where a sender may put what he likes.
pub(crate) const PLACES: [(&str, &str); 4] = [
    (r#"{"actor":{"type":"user","claims":{"n":"#, "}}}"),
    (r#"{"changes":[{"field":"x","before":"#, "}]}"),
    (r#"{"changes":[{"field":"x","after":[0,"#, "]}]}"),
    (r#"{"outcome":{"result":"success","detail":"#, "}}"),
];

/// What lies between the two ends of a place.
pub(crate) fn within((before, after): (&str, &str), bytes: &[u8]) -> Vec<u8> {
    [before.as_bytes(), bytes, after.as_bytes()].concat()
}

/// An object of tiny names.
pub(crate) fn names(bytes: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes + 16);
    out.push(b'{');
    let mut number = 0_u32;
    while out.len() < bytes {
        out.extend_from_slice(format!("\"{number:x}\":0,").as_bytes());
        number += 1;
    }
    out.extend_from_slice(b"\"z\":0}");
    out
}

/// An array of empty arrays.
pub(crate) fn brackets(bytes: usize) -> Vec<u8> {
    format!("[{}[]]", "[],".repeat(bytes / 3)).into_bytes()
}

/// The text that takes most memory when it is read as it comes: an array of objects of one field.
pub(crate) fn objects(bytes: usize) -> Vec<u8> {
    format!("[{}0]", "{\"\":0},".repeat(bytes / 7)).into_bytes()
}
