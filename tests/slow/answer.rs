//! Answers of HTTP/1.1, read by hand.

use std::io::Read;
use std::net::TcpStream;

/// The next answer of a connection of HTTP/1.1 that stays open: its head in lowercase, without the empty line, and its body.
pub(crate) fn next_answer(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut answer = Vec::new();
    let mut part = [0; 4_096];
    loop {
        let read = stream.read(&mut part).unwrap();
        assert!(read > 0, "the server hung up");
        answer.extend_from_slice(&part[..read]);
        let Some(split) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&answer[..split]).to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
        if answer.len() == split + 4 + length.parse::<usize>().unwrap() {
            return (head, answer.split_off(split + 4));
        }
    }
}
