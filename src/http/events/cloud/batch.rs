//! Batches: the text of each event, as it stands in the array.

use bytes::Bytes;

/// The texts of an array's elements, in their order, without the white space around them; the array is JSON, as was found before.
/// None is copied. Costs one pass.
pub(in super::super) fn elements(array: &Bytes) -> Vec<Bytes> {
    let mut elements = Vec::new();
    let (mut depth, mut begin, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for (at, byte) in array.iter().enumerate() {
        if in_text {
            in_text = *byte != b'"' || escaped;
            escaped = *byte == b'\\' && !escaped;
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'[' | b'{' => {
                depth += 1;
                if depth == 1 {
                    begin = at + 1;
                }
            }
            b',' if depth == 1 => {
                elements.push(array.slice_ref(array[begin..at].trim_ascii()));
                begin = at + 1;
            }
            b']' | b'}' => {
                depth -= 1;
                let last = array[begin..at].trim_ascii();
                if depth == 0 && !(elements.is_empty() && last.is_empty()) {
                    elements.push(array.slice_ref(last));
                }
            }
            _ => {}
        }
    }
    elements
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn check(array: &str) {
        let expected: Vec<Value> = serde_json::from_str(array).unwrap();
        let found = elements(&Bytes::copy_from_slice(array.as_bytes()));
        let found: Vec<Value> = found
            .iter()
            .map(|one| serde_json::from_slice(one).unwrap_or_else(|error| panic!("{array}: {one:?}: {error}")))
            .collect();
        assert_eq!(found, expected, "{array}");
    }

    #[test]
    fn an_array_falls_apart_into_its_elements() {
        for array in [
            "[]",
            " [ ] ",
            "[1]",
            "[1 , \"a,b\" ,\n[2,[3]],{\"k\":[4,{}]} ]",
            r#"["\"", "\\", "\\\"]", "]", "{", "\u005d", {"}":"[", "\\":1}]"#,
            "[[],[[]],{},\"\"]",
        ] {
            check(array);
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_in_it(texts in prop::collection::vec("[\\[\\]{}\",:\\\\ a]{0,6}", 0..6)) {
            let nested: Vec<Value> = texts.iter().map(|text| serde_json::json!([text, {text.as_str(): text}])).collect();
            check(&serde_json::to_string(&nested).unwrap());
            check(&serde_json::to_string_pretty(&nested).unwrap());
            check(&serde_json::to_string(&texts).unwrap());
        }
    }
}
