//! `indelible init`

use std::path::PathBuf;

use clap::ValueEnum;
use indelible_access::token::{RANDOM_BYTES, Token};
use indelible_access::{Act, Grant, NewToken, Role, Subject};
use indelible_log::{Kind, VolumeEntries};
use indelible_note::KeyName;
use jiff::Timestamp;

use super::out::line;
use super::{CommandResult, Verdict};
use crate::data::{DataDir, NewLog, init};

/// Make a new log, and print its public key.
///
/// Makes the data directory with a key of its own (DIR/log.key, for its owner alone), an empty tree with a signed head, and a
/// configuration file with every default. The public key is the one line on stdout: give it to everybody who is to check the log.
/// On stderr stands the first token, of the role admin: it is shown this once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  indelible init --origin ci.example.com/audit
  indelible init --origin ci.example.com/audit --data /var/lib/indelible --key /etc/indelible/log.key > log.vkey")]
pub struct Args {
    /// The log's name for ever, in every head: an URL without scheme, by custom where the log is served.
    #[arg(long, value_name = "NAME")]
    origin: KeyName,
    /// What the entries are, for ever.
    #[arg(long, value_enum, default_value_t = KindArg::Events)]
    kind: KindArg,
    /// The directory to make.
    #[arg(long, value_name = "DIR", default_value = "./indelible-data", env = "INDELIBLE_DATA")]
    data: PathBuf,
    /// Entries in one volume of the object store, for ever: a multiple of 256, from 4,096 to 2^28. A start opens one volume, and
    /// `rebuild --volume` makes one anew.
    #[arg(long, value_name = "N", default_value_t)]
    volume_entries: VolumeEntries,
    /// Use the private key in FILE, which stays where it is (see `keygen`); its name must equal the origin.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum KindArg {
    /// Audit events: who did what, with members that can be erased one by one.
    Events,
    /// Plain bytes, at most 65,535 an entry.
    Opaque,
}

/// Makes the log.
pub fn run(args: &Args) -> CommandResult {
    let kind = match args.kind {
        KindArg::Opaque => Kind::Opaque,
        KindArg::Events => Kind::Events,
    };
    let mut new = NewLog {
        origin: args.origin.clone(),
        kind,
        volume_entries: args.volume_entries,
        key_file: args.key.clone(),
        journal_seed: [0; 16],
        key_seed: [0; 32],
        first_token: None,
    };
    let mut random = [0; RANDOM_BYTES];
    getrandom::fill(&mut random)?;
    let token = Token::new(&random);
    new.first_token = Some(Act::TokenCreated(NewToken {
        hash: token.hash(),
        name: "first".to_owned(),
        grants: vec![Grant::whole(Role::Admin)],
        at: Timestamp::now(),
        expires: None,
        by: Subject {
            subject: "init".to_owned(),
            created_by: None,
        },
    }));
    getrandom::fill(&mut new.journal_seed)?;
    getrandom::fill(&mut new.key_seed)?;
    let data = DataDir::at(&args.data);
    let vkey = init(&data, &new)?;
    line(vkey)?;
    let shown = args.data.display();
    eprintln!(
        "made the log {} in {shown}; its public key is the line above, and in {}",
        args.origin,
        data.log_vkey().display()
    );
    eprintln!(
        "\nThis token may do everything on the log. It is shown once and kept nowhere; make others with it (indelible token create):\n{}",
        token.expose()
    );
    eprintln!("\nindelible serve --data {shown}");
    Ok(Verdict::Holds)
}
