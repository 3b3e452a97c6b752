//! The certificate: until when, for whom, by whom.

use super::super::check::Check;
use super::super::facts::{Certificate, Facts};
use super::config::first_line;

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    match &facts.certificate {
        None => vec![Check::ok("certificate", "none is configured: the port is plain")],
        Some(Err(error)) => vec![Check::bad(
            "certificate",
            first_line(error),
            "correct the files of TLS: the chain with the service's own certificate first, its private key, and those that clients are judged \
             by; a service that runs goes on with what it has read before, and takes them up when they can be used",
        )],
        Some(Ok(certificate)) => all(certificate, facts.now),
    }
}

fn all(certificate: &Certificate, now: i64) -> Vec<Check> {
    let mut checks = Vec::new();
    for (place, (from, to)) in certificate.terms.iter().enumerate() {
        let which = match place {
            0 => "the service's own".to_owned(),
            place => format!("number {} of the chain", place + 1),
        };
        let days = (to - now).div_euclid(DAY);
        let renew = "renew it; a service that runs takes it up by itself";
        if *from > now {
            let todo = "wait, or correct the clock";
            checks.push(Check::bad(
                "certificate",
                format!("{which} is not valid before {} s from now", from - now),
                todo,
            ));
        } else if *to <= now {
            checks.push(Check::bad(
                "certificate",
                format!("{which} expired {} days ago", (now - to) / DAY),
                renew,
            ));
        } else if days < DAYS_WARN {
            checks.push(Check::warn(
                "certificate",
                format!("{which} expires in {days} days"),
                renew,
            ));
        }
    }
    if !certificate.in_order {
        checks.push(Check::bad(
            "certificate",
            "the chain is not in order: a certificate was not made by the one behind it",
            "put the service's own first, then the one that made it, and so on",
        ));
    }
    if certificate.terms.len() == 1 && !certificate.self_signed {
        checks.push(Check::warn(
            "certificate",
            "the file has no certificate but the service's own: clients that do not know who made it refuse it",
            "put those between it and the root behind it, as the authority gives them out",
        ));
    }
    if certificate.names == 0 {
        checks.push(Check::bad(
            "certificate",
            "it has no name: clients go by subject alternative names only",
            "have one made with the names by which the service is called",
        ));
    }
    checks.extend(certificate.uncovered.iter().map(|name| {
        Check::warn(
            "certificate",
            format!("it is not good for {name}, which `hosts` lists"),
            "have that name put into it, unless a proxy in front has the certificate for it",
        )
    }));
    if certificate.key_mode & 0o077 != 0 {
        checks.push(Check::warn(
            "certificate",
            format!(
                "the private key's file has mode {:04o}: others can read it",
                certificate.key_mode
            ),
            "chmod 600 the file of `tls_key`",
        ));
    }
    if checks.is_empty() {
        let days = certificate
            .terms
            .first()
            .map_or(0, |(_, to)| (to - now).div_euclid(DAY));
        checks.push(Check::ok("certificate", format!("it is good for {days} more days")));
    }
    checks
}

const DAY: i64 = 86_400;

/// Who renews at a third of 90 days has failed twice by then.
const DAYS_WARN: i64 = 14;

#[cfg(test)]
mod tests {
    use super::super::super::check::Health;
    use super::super::sound::{DAY, NOW, check, passes};
    use super::{Certificate, Facts};

    #[test]
    fn what_is_wrong_with_the_certificate() {
        let spoiled = |spoil: fn(&mut Certificate)| {
            move |facts: &mut Facts| spoil(facts.certificate.as_mut().unwrap().as_mut().unwrap())
        };
        let subject = "certificate";
        check(
            spoiled(|one| one.terms[0].1 = NOW - 3 * DAY),
            subject,
            Health::Bad,
            "expired 3 days",
        );
        check(
            spoiled(|one| one.terms[1].1 = NOW - 3 * DAY),
            subject,
            Health::Bad,
            "number 2",
        );
        check(
            spoiled(|one| one.terms[0].1 = NOW + 13 * DAY),
            subject,
            Health::Warn,
            "13 days",
        );
        check(
            spoiled(|one| one.terms[0].0 = NOW + 10),
            subject,
            Health::Bad,
            "not valid before",
        );
        check(spoiled(|one| one.in_order = false), subject, Health::Bad, "order");
        check(
            spoiled(|one| one.terms.truncate(1)),
            subject,
            Health::Warn,
            "but the service's own",
        );
        check(spoiled(|one| one.names = 0), subject, Health::Bad, "no name");
        check(
            spoiled(|one| one.uncovered = vec!["a.example".to_owned()]),
            subject,
            Health::Warn,
            "a.example",
        );
        check(spoiled(|one| one.key_mode = 0o640), subject, Health::Warn, "0640");
        check(spoiled(|one| one.key_mode = 0o604), subject, Health::Warn, "0604");
        check(spoiled(|one| one.terms[0].1 = NOW), subject, Health::Bad, "expired");
        passes(spoiled(|one| one.terms[0].1 = NOW + 14 * DAY));
        passes(spoiled(|one| {
            one.terms.truncate(1);
            one.self_signed = true;
        }));
        check(
            |facts| facts.certificate = Some(Err("no PEM".to_owned())),
            subject,
            Health::Bad,
            "no PEM",
        );
    }
}
