//! Hooks that are set to send a form.

use indelible_sources::{Reading, github::sign};

use crate::support::{SECRET, event, hook, only, secret, send};

const JSON: &str = r#"{"action":"edited","repository":{"id":7,"full_name":"acme/web","description":"a+b & c=d €"},"sender":{"login":"ann","id":1,"type":"User"},"changes":{"description":{"from":"x"}}}"#;

fn form(json: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", json)
        .finish()
}

#[test]
fn a_form_says_what_its_payload_says() {
    let source = hook(["acme"]);
    let body = form(JSON);
    assert!(body.contains("%26") && body.contains('+'), "{body}");
    let from_form = event(&source, "repository", body.as_bytes());
    assert_eq!(from_form.reading, Reading::Recognised);
    assert_eq!(from_form, event(&source, "repository", JSON.as_bytes()));
    // The signature is over the form, not over what is in it.
    assert_ne!(
        sign(&secret(SECRET), body.as_bytes()),
        sign(&secret(SECRET), JSON.as_bytes())
    );
}

#[test]
fn a_form_is_held_to_what_its_payload_may_say() {
    send(&hook(["other"]), "repository", form(JSON).as_bytes()).unwrap_err();
}

#[test]
fn a_form_with_two_payloads_none_or_other_bytes_is_stored_unparsed() {
    let source = hook(["acme"]);
    for body in [
        format!("{0}&{0}", form(JSON)).into_bytes(),
        [form(JSON).as_bytes(), b"%ff"].concat(),
        b"payload=%7B%22a%22:%22%ff%22%7D".to_vec(),
        b"payload=".to_vec(),
        b"payload".to_vec(),
        b"other=%7B%7D".to_vec(),
    ] {
        let event = only(send(&source, "repository", &body).unwrap());
        assert!(
            matches!(event.reading, Reading::Unparsed { .. }),
            "{:?}",
            String::from_utf8_lossy(&body)
        );
    }
}
