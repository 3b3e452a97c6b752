//! Of whom a secret may speak.
//!
//! Whoever administers one repository knows the secret of its hook. Without this list they could sign events of any other.

use std::{fmt, str::FromStr};

use crate::json::Node;

/// The accounts whose events a hook's secret stands for: at least one, at most 1,000.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permitted(Vec<Account>);

impl Permitted {
    /// Takes the accounts.
    ///
    /// # Errors
    ///
    /// There is none, or too many.
    pub fn new(accounts: Vec<Account>) -> Result<Self, BadPermitted> {
        match accounts.len() {
            0 => Err(BadPermitted::None),
            count if count > ACCOUNTS_MAX => Err(BadPermitted::TooMany { count }),
            _ => Ok(Self(accounts)),
        }
    }

    /// The accounts.
    pub fn accounts(&self) -> &[Account] {
        &self.0
    }

    /// Checks all that a payload names. One that names nobody (a global advisory, the revocation of an App's authorisation) speaks
    /// of nobody.
    ///
    /// An enterprise that is permitted answers for all that is in it: GitHub says which one that is beside every event.
    pub(super) fn check(&self, payload: &Node<'_>) -> Result<(), NotPermitted> {
        let enterprise = payload.text("enterprise.slug");
        if enterprise.is_some_and(|slug| self.0.iter().any(|account| account.is_enterprise(slug))) {
            return Ok(());
        }
        let lists = ["repositories[]", "repositories_added[]", "repositories_removed[]"];
        let listed = lists
            .iter()
            .flat_map(|path| payload.each(path))
            .filter_map(|one| one.text("full_name"));
        let wholes = WHOLES.iter().filter_map(|path| payload.text(path));
        for name in wholes.chain(listed) {
            if !self.0.iter().any(|account| account.covers(name)) && !is_owner_of_permitted(&self.0, name, payload) {
                return Err(NotPermitted::new("", name));
            }
        }
        // Beside a whole that is permitted it only says where that belongs; alone it is what the event is about.
        let is_beside = WHOLES.iter().any(|path| payload.name(path).is_some());
        match enterprise {
            Some(slug) if !is_beside => Err(NotPermitted::new("enterprise ", slug)),
            _ => Ok(()),
        }
    }
}

/// A repository's deliveries name its owner, too: the owner of a repository that is permitted, and is what the payload is about.
fn is_owner_of_permitted(accounts: &[Account], name: &str, payload: &Node<'_>) -> bool {
    let Some(full_name) = payload.text("repository.full_name") else {
        return false;
    };
    let owner = full_name.split_once('/').map(|(owner, _)| owner);
    owner.is_some_and(|owner| owner.eq_ignore_ascii_case(name))
        && accounts.iter().any(|account| account.covers(full_name))
}

/// Somebody of whom a hook may speak: `acme` for an organisation or a person and all of their repositories, `acme/web` for one
/// repository, `enterprise:acme` for an enterprise and all that is in it. GitHub's names are compared without regard to case, as
/// GitHub does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account(pub(super) Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Owner(String),
    /// `owner/name`.
    Repository(String),
    /// By its slug.
    Enterprise(String),
}

impl Account {
    /// Whether it is, or owns, what has this name: that of an owner, or `owner/name`.
    fn covers(&self, name: &str) -> bool {
        match &self.0 {
            Kind::Owner(owner) => name
                .split('/')
                .next()
                .is_some_and(|first| first.eq_ignore_ascii_case(owner)),
            Kind::Repository(full_name) => full_name.eq_ignore_ascii_case(name),
            Kind::Enterprise(_) => false,
        }
    }

    fn is_enterprise(&self, slug: &str) -> bool {
        matches!(&self.0, Kind::Enterprise(known) if known.eq_ignore_ascii_case(slug))
    }
}

impl FromStr for Account {
    type Err = BadAccount;

    fn from_str(text: &str) -> Result<Self, BadAccount> {
        let is_part = |part: &str| {
            (1..=PART_BYTES_MAX).contains(&part.len())
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let kind = match (text.strip_prefix(ENTERPRISE), text.split_once('/')) {
            (Some(slug), _) if is_part(slug) => Kind::Enterprise(slug.to_owned()),
            (None, Some((owner, name))) if is_part(owner) && is_part(name) => Kind::Repository(text.to_owned()),
            (None, None) if is_part(text) => Kind::Owner(text.to_owned()),
            _ => return Err(BadAccount { found: shown(text) }),
        };
        Ok(Self(kind))
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Owner(name) | Kind::Repository(name) => f.write_str(name),
            Kind::Enterprise(slug) => write!(f, "{ENTERPRISE}{slug}"),
        }
    }
}

fn shown(text: &str) -> String {
    text.chars()
        .filter(|one| !one.is_control())
        .take(PART_BYTES_MAX)
        .collect()
}

/// An authentic delivery speaks of somebody whom its secret does not stand for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret of this hook does not stand for {found}")]
pub struct NotPermitted {
    /// Of whom it speaks; at most 120 characters.
    pub found: String,
}

impl NotPermitted {
    fn new(what: &str, name: &str) -> Self {
        Self {
            found: format!("{what}{}", shown(name)),
        }
    }
}

/// What is no account of GitHub.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is not an organisation or person (acme), a repository (acme/web) or an enterprise (enterprise:acme)"
)]
pub struct BadAccount {
    /// What it is instead.
    pub found: String,
}

/// What is no list of accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPermitted {
    /// A hook that may speak of nobody can say nothing.
    #[error("a hook needs at least one account of which it may speak")]
    None,
    /// An organisation or an enterprise stands for all of its repositories.
    #[error(
        "{count} accounts are more than {ACCOUNTS_MAX}: an organisation or an enterprise stands for all that is in it"
    )]
    TooMany {
        /// How many there are.
        count: usize,
    },
}

/// The names of what a whole delivery is about.
const WHOLES: [&str; 3] = [
    "repository.full_name",
    "organization.login",
    "installation.account.login",
];
const ENTERPRISE: &str = "enterprise:";
/// Looked through for every name in a delivery: 303 names x 1,000 comparisons take about a millisecond.
const ACCOUNTS_MAX: usize = 1000;
/// The name of a repository has at most 100 characters; a login 39.
const PART_BYTES_MAX: usize = 100;
