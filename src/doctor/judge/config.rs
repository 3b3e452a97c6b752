//! The configuration, and the files of the sources.

use super::super::check::Check;
use super::super::facts::Facts;

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let mut checks = vec![match &facts.config {
        Ok(_) => Check::ok("config", "the configuration can be used"),
        Err(error) => Check::bad(
            "config",
            error,
            "correct it; what follows goes by the defaults. docs/configuration.md has every field",
        ),
    }];
    if let Ok(config) = &facts.config {
        if config.open && !config.listen.ip().is_loopback() {
            let found = format!("`open` lets everybody do everything, and `listen` is {}", config.listen);
            checks.push(Check::bad(
                "config",
                found,
                "listen on a loopback address, or set `open = false`",
            ));
        }
        if config.connections_per_client_max > config.connections_max {
            checks.push(Check::warn(
                "config",
                format!(
                    "one client may have {} connections, and all together {}",
                    config.connections_per_client_max, config.connections_max
                ),
                "lower connections_per_client_max, unless a proxy is the only client",
            ));
        }
    }
    checks.push(match &facts.sources {
        Ok(count) => Check::ok("sources", format!("{count} can be used")),
        Err(error) => Check::bad(
            "sources",
            first_line(error),
            "correct the file, or: indelible source remove",
        ),
    });
    checks
}

/// What the system or a library says, without its own advice behind it.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::super::check::Health;
    use super::super::sound::{check, passes};

    #[test]
    fn what_is_wrong_with_the_configuration() {
        check(
            |facts| facts.config = Err("indelible.toml:3: unknown key `listn`".to_owned()),
            "config",
            Health::Bad,
            "listn",
        );
        check(
            |facts| {
                let config = facts.config.as_mut().unwrap();
                (config.open, config.listen) = (true, "0.0.0.0:7425".parse().unwrap());
            },
            "config",
            Health::Bad,
            "everybody",
        );
        passes(|facts| facts.config.as_mut().unwrap().open = true);
        check(
            |facts| facts.config.as_mut().unwrap().connections_max = 10,
            "config",
            Health::Warn,
            "connections_per_client_max",
        );
        check(
            |facts| facts.sources = Err("x.toml: `kind`".to_owned()),
            "sources",
            Health::Bad,
            "`kind`",
        );
    }
}
