//! How long a refusal takes says nothing of how close a token came.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use indelible_access::token::Token;

use crate::answer::next_answer;
use crate::place::Place;

/// What is sent instead of the token of the administrator, all of one length: what it has in common with it, and what is wrong.
fn false_tokens(admin: &str) -> Vec<(&'static str, String)> {
    let code = admin.strip_prefix("idl_").unwrap();
    let other = |character: char| if character == 'a' { 'b' } else { 'a' };
    let changed = |place: usize| {
        let mut code: Vec<char> = code.chars().collect();
        code[place] = other(code[place]);
        format!("idl_{}", code.into_iter().collect::<String>())
    };
    vec![
        (
            "nothing, and its sum is right",
            Token::new(&[7; 32]).expose().to_owned(),
        ),
        ("nothing, and no sum", format!("idl_{}", "m".repeat(59))),
        ("all but the first character", changed(0)),
        ("all but one in the middle", changed(26)),
        ("all but the last of the sum", changed(58)),
    ]
}

/// Sends one request and reads the answer: how long that took, and what it says but for its number and time.
fn ask(stream: &mut TcpStream, token: &str) -> (Duration, String) {
    let request = format!("GET /v1/tokens HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
    let began = Instant::now();
    stream.write_all(request.as_bytes()).unwrap();
    let (head, body) = next_answer(stream);
    let took = began.elapsed();
    let same = |line: &&str| !line.starts_with("x-request-id") && !line.starts_with("date");
    let head: Vec<&str> = head.lines().filter(same).collect();
    (took, format!("{head:?} {}", String::from_utf8_lossy(&body)))
}

/// How far apart the means of two series are, in standard errors (Welch's t), without the slowest tenth of each, which is other
/// people's doing.
fn t(left: &[f64], right: &[f64]) -> f64 {
    let ((left_mean, left_error), (right_mean, right_error)) = (of(left), of(right));
    (left_mean - right_mean) / (left_error + right_error).sqrt()
}

/// The mean of a series, and its variance by its number.
#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn of(series: &[f64]) -> (f64, f64) {
    let mut series = series.to_vec();
    series.sort_by(f64::total_cmp);
    series.truncate(series.len() * 9 / 10);
    let count = series.len() as f64;
    let mean = series.iter().sum::<f64>() / count;
    let variance = series.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, variance / count)
}

#[test]
fn a_refusal_takes_as_long_for_every_token() {
    let rounds = std::env::var("INDELIBLE_TIMING").map_or(2_000, |text| text.parse().unwrap());
    let place = Place::events();
    let served = place.serve();
    let address = served.server.url.strip_prefix("http://").unwrap().to_owned();
    let tokens = false_tokens(&place.admin);
    // A token that has been used is in one more table than one that was only made.
    let mut stream = TcpStream::connect(&address).unwrap();
    let (_, answer) = ask(&mut stream, &place.admin);
    assert!(answer.contains("http/1.1 200 "), "{answer}");
    let mut worst = f64::MAX;
    for _ in 0..TRIES {
        stream = TcpStream::connect(&address).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut series = vec![Vec::with_capacity(rounds); tokens.len()];
        let mut said = None;
        for round in 0..rounds + WARM {
            for turn in 0..tokens.len() {
                // Each comes after each other one as often.
                let which = (turn * (1 + round % (tokens.len() - 1)) + round) % tokens.len();
                let (took, answer) = ask(&mut stream, &tokens[which].1);
                assert!(answer.contains("http/1.1 401 "), "{answer}");
                assert_eq!(*said.get_or_insert_with(|| answer.clone()), answer);
                if round >= WARM {
                    series[which].push(took.as_secs_f64() * 1e6);
                }
            }
        }
        worst = 0.0;
        for (which, (what, _)) in tokens.iter().enumerate() {
            let t = t(&series[0], &series[which]);
            let (mean, error) = of(&series[which]);
            eprintln!(
                "in common {what}: {mean:.2} us, standard error {:.2}, t {t:.1}",
                error.sqrt()
            );
            worst = t.abs().max(worst);
        }
        if worst < T_MAX {
            return;
        }
    }
    panic!("t = {worst:.1} in {TRIES} tries");
}

const WARM: usize = 200;

/// The bound of Reparaz, Balasch and Verbauwhede ("dude, is my code constant time?"): below it there is no evidence of a difference.
const T_MAX: f64 = 4.5;

/// One in a hundred thousand differs so much by chance, and more where others use the machine too; a leak does each time.
const TRIES: usize = 3;
