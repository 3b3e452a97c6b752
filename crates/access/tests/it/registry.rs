//! Tokens, from the acts that made and ended them.

use indelible_access::token::{RANDOM_BYTES, Token};
use indelible_access::{Act, BadToken, Grant, Method, NewToken, Registry, Role, Subject};
use jiff::Timestamp;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn by(subject: &str) -> Subject {
    Subject {
        subject: subject.to_owned(),
        created_by: None,
    }
}

pub(crate) fn made(seed: u8, role: Role, creator: &str) -> (Token, NewToken) {
    let token = Token::new(&[seed; RANDOM_BYTES]);
    let made = NewToken {
        hash: token.hash(),
        name: format!("t{seed}"),
        grants: vec![Grant::whole(role)],
        at: at(10),
        expires: Some(at(100)),
        by: by(creator),
    };
    (token, made)
}

#[test]
fn a_token_holds_from_its_making_to_its_end() {
    let (token, made) = made(1, Role::Reader, "init");
    let mut registry = Registry::default();
    assert_eq!(registry.principal(&token.hash(), at(20)), Err(BadToken::Unknown));
    registry.apply(Act::TokenCreated(made.clone()));
    let principal = registry.principal(&token.hash(), at(99)).unwrap();
    assert!(principal.authorise(Method::ReadEvents).is_ok());
    assert!(principal.subject.starts_with("token/t1/"));
    let id = made.hash.id();
    let expired = BadToken::Expired { id, at: at(100) };
    assert_eq!(registry.principal(&token.hash(), at(100)), Err(expired));
    let (other, _) = super::registry::made(2, Role::Reader, "init");
    assert_eq!(registry.principal(&other.hash(), at(20)), Err(BadToken::Unknown));
}

#[test]
fn a_revocation_holds_in_whatever_order_it_is_read_and_for_ever() {
    let (token, made) = made(1, Role::Reader, "init");
    let id = made.hash.id();
    let created = Act::TokenCreated(made);
    let revoked = Act::TokenRevoked {
        id,
        at: at(50),
        by: by("init"),
    };
    for order in [
        [&created, &revoked, &created],
        [&revoked, &created, &created],
        [&created, &created, &revoked],
    ] {
        let mut registry = Registry::default();
        for act in order {
            registry.apply(act.clone());
        }
        let refused = BadToken::Revoked { id, at: at(50) };
        assert_eq!(registry.principal(&token.hash(), at(60)), Err(refused));
        assert_eq!(registry.tokens().count(), 1);
    }
}

#[test]
fn acts_are_read_back_as_they_were_written() {
    let (_, made) = made(1, Role::Submitter, "init");
    let act = Act::TokenCreated(made);
    let text = serde_json::to_string(&act).unwrap();
    assert_eq!(serde_json::from_str::<Act>(&text).unwrap(), act);
    assert!(serde_json::from_str::<Act>(&text.replace("\"name\"", "\"nick\"")).is_err());
}

#[test]
fn a_subject_knows_whom_it_comes_from() {
    let mut registry = Registry::default();
    let (_, first) = made(1, Role::Admin, "init");
    let first_subject = format!("token/t1/{}", first.hash.id());
    let (_, second) = made(2, Role::Admin, &first_subject);
    let second_subject = format!("token/t2/{}", second.hash.id());
    registry.apply(Act::TokenCreated(first));
    registry.apply(Act::TokenCreated(second));
    assert_eq!(registry.ancestors(&second_subject), [first_subject, "init".to_owned()]);
    assert!(registry.ancestors("init").is_empty());
}
