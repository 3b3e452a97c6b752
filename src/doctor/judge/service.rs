//! Whether the log is served, and what the service says.

use super::super::check::Check;
use super::super::facts::{Facts, Holder};

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let mut checks = vec![match &facts.holder {
        Holder::Nobody => Check::ok("process", "nobody serves the log now"),
        Holder::Process(Some(pid)) => Check::ok("process", format!("process {pid} serves the log")),
        Holder::Process(None) => Check::ok("process", "a process that cannot be seen from here serves the log"),
        Holder::Unknown(reason) => Check::warn(
            "process",
            format!("whether somebody serves the log cannot be told: {reason}"),
            "ask on the machine where it runs, or as its user",
        ),
    }];
    if let Some(service) = &facts.service {
        checks.push(match &service.health {
            Ok((200, words)) if words.trim_end() == "ok" => Check::ok("service", format!("{} says ok", service.url)),
            Ok((200, words)) => Check::warn(
                "service",
                format!("{} says {}", service.url, words.trim_end()),
                "docs/operations.md, \"Health\", says what each means",
            ),
            Ok((403, _)) => Check::warn(
                "service",
                format!("{} refuses to answer under this name", service.url),
                "list the name in `hosts`, or give the URL of the address it listens on with --url",
            ),
            Ok((status, words)) => Check::bad(
                "service",
                format!("{} answers {status}: {}", service.url, words.trim_end()),
                "look into its log lines; docs/operations.md, \"Health\"",
            ),
            Err(reason) => Check::bad(
                "service",
                format!("{} does not answer: {reason}", service.url),
                "see whether it runs, and whether it listens where you asked",
            ),
        });
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::super::super::check::Health;
    use super::super::super::facts::Holder;
    use super::super::sound::check;

    #[test]
    fn what_is_wrong_with_the_service() {
        let health = |answer: Result<(u16, &str), &str>| {
            let answer = answer
                .map(|(status, words)| (status, words.to_owned()))
                .map_err(str::to_owned);
            move |facts: &mut super::Facts| facts.service.as_mut().unwrap().health = answer
        };
        check(
            health(Ok((200, "degraded: sealing has stopped\n"))),
            "service",
            Health::Warn,
            "sealing",
        );
        check(health(Ok((503, "the journal failed\n"))), "service", Health::Bad, "503");
        check(
            health(Ok((403, "the host is not known"))),
            "service",
            Health::Warn,
            "hosts",
        );
        check(health(Err("connection refused")), "service", Health::Bad, "refused");
        check(
            |facts| facts.holder = Holder::Unknown("no /proc".to_owned()),
            "process",
            Health::Warn,
            "no /proc",
        );
    }
}
