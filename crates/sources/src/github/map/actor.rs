//! Who did it.

use indelible_event::member::{Actor, ActorType};
use serde_json::{Map, Value};

use crate::json::Node;

/// The account at the first of these paths that has one, else the sender; unknown if there is none.
///
/// The claims have what else is said of who: the sender if it is another account, the kind of the account if it is none of ours,
/// the installation of the App that the delivery was for, and what the type of event adds.
pub(super) fn actor(paths: &[&str], claims: &[(&str, &str)], payload: &Node<'_>) -> Actor {
    let sender = account(payload, "sender");
    let best = paths
        .iter()
        .find_map(|path| account(payload, path))
        .or_else(|| sender.clone());
    let mut actor = Actor::unknown();
    let mut more = Map::new();
    if let Some(account) = best {
        actor.kind = account.kind;
        if let Some(sender) = sender.filter(|sender| sender != &account) {
            let name = sender.login.or(sender.id);
            more.extend(name.map(|name| ("sender".to_owned(), Value::String(name))));
        }
        if account.kind == ActorType::Unknown {
            more.extend(account.word.map(|word| ("type".to_owned(), Value::String(word))));
        }
        actor.id = account.id;
        actor.name = account.login;
    }
    let claims = claims.iter().copied().chain([("installation", "installation.id")]);
    more.extend(claims.filter_map(|(name, path)| Some((name.to_owned(), Value::String(claim(payload, path)?)))));
    actor.claims = (!more.is_empty()).then_some(more);
    actor
}

fn claim(payload: &Node<'_>, path: &str) -> Option<String> {
    match payload.at(path)? {
        Node::Bool(value) => Some(value.to_string()),
        _ => payload.id(path),
    }
}

#[derive(Clone, PartialEq)]
struct Account {
    kind: ActorType,
    /// GitHub's word for its kind.
    word: Option<String>,
    id: Option<String>,
    login: Option<String>,
}

/// An account of GitHub's, if anything identifies it.
fn account(payload: &Node<'_>, path: &str) -> Option<Account> {
    let at = payload.at(path)?;
    let (id, login) = (at.id("id"), at.name("login").map(str::to_owned));
    if id.is_none() && login.is_none() {
        return None;
    }
    let word = at.name("type");
    let kind = match word {
        Some("User") => ActorType::User,
        Some("Bot") => ActorType::Bot,
        // An organisation, a mannequin: none of the kinds that an event knows.
        _ => ActorType::Unknown,
    };
    Some(Account {
        kind,
        word: word.map(str::to_owned),
        id,
        login,
    })
}
