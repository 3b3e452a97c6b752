//! Erasing by the command.

use std::process::Output;

use crate::bed::{Bed, Server};

/// Erases all members that name somebody, as whoever has the token in this file.
pub(crate) fn erase_subject(bed: &Bed, server: &Server, subject: &str, token_file: &str) -> Output {
    let who = [
        "erase",
        "--subject",
        subject,
        "--basis",
        "b",
        "--requester",
        "r",
        "--yes",
    ];
    let log = [
        "--url",
        &server.url,
        "--vkey",
        "log/log.vkey",
        "--token-file",
        token_file,
    ];
    bed.run(&[&who[..], &log].concat())
}
