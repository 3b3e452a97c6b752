//! The command line. Parsing touches nothing; each command has its file in [`cmd`].
//!
//! Data goes to stdout, words to stderr. Exit 0 = it holds (or it is done), 1 = it does not hold, 2 = could not tell, or could
//! not do it.

use clap::{CommandFactory, Parser, Subcommand};

use crate::cmd::{self, CommandResult, judge};

/// The audit log for CI/CD that nobody can quietly rewrite.
#[derive(Debug, Parser)]
#[command(name = "indelible", version, about, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Start with `indelible demo`.\n\nExit status: 0 it holds or is done, 1 it does not hold, 2 could not tell."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(cmd::demo::Args),
    Init(cmd::init::Args),
    Serve(cmd::serve::Args),
    Source(cmd::source::Args),
    Append(cmd::append::Args),
    Submit(cmd::submit::Args),
    Events(cmd::events::Args),
    Show(cmd::show::Args),
    Disclose(cmd::disclose::Args),
    Prove(cmd::prove::Args),
    Verify(cmd::verify::Args),
    Monitor(cmd::monitor::Args),
    Audit(cmd::audit::Args),
    Mirror(cmd::mirror::Args),
    Receipt(cmd::receipt::Args),
    Erase(cmd::erase::Args),
    Hold(cmd::hold::Args),
    Token(cmd::token::Args),
    Approval(cmd::approval::Args),
    Access(cmd::access::Args),
    Backup(cmd::backup::Args),
    Restore(cmd::restore::Args),
    Fsck(cmd::fsck::Args),
    Rebuild(cmd::rebuild::Args),
    Recover(cmd::recover::Args),
    Doctor(cmd::doctor::Args),
    Bench(cmd::bench::Args),
    Witness(cmd::witness::Args),
    Keygen(cmd::keygen::Args),
    JobKey(cmd::job_key::Args),
    Key(cmd::key::Args),
    Completions(cmd::completions::Args),
}

impl Cli {
    /// Runs the command.
    pub fn run(self) -> CommandResult {
        let result = match self.command {
            Command::Demo(args) => cmd::demo::run(&args),
            Command::Init(args) => cmd::init::run(&args),
            Command::Serve(args) => cmd::serve::run(args),
            Command::Source(args) => cmd::source::run(&args),
            Command::Append(args) => cmd::append::run(&args),
            Command::Submit(args) => cmd::submit::run(&args),
            Command::Events(args) => cmd::events::run(&args),
            Command::Show(args) => cmd::show::run(&args),
            Command::Disclose(args) => cmd::disclose::run(&args),
            Command::Prove(args) => cmd::prove::run(&args),
            Command::Verify(args) => cmd::verify::run(&args),
            Command::Monitor(args) => cmd::monitor::run(&args),
            Command::Audit(args) => cmd::audit::run(&args),
            Command::Mirror(args) => cmd::mirror::run(&args),
            Command::Receipt(args) => cmd::receipt::run(&args),
            Command::Erase(args) => cmd::erase::run(&args),
            Command::Hold(args) => cmd::hold::run(&args),
            Command::Token(args) => cmd::token::run(&args),
            Command::Approval(args) => cmd::approval::run(&args),
            Command::Access(args) => cmd::access::run(&args),
            Command::Backup(args) => cmd::backup::run(&args),
            Command::Restore(args) => cmd::restore::run(&args),
            Command::Fsck(args) => cmd::fsck::run(&args),
            Command::Rebuild(args) => cmd::rebuild::run(&args),
            Command::Recover(args) => cmd::recover::run(&args),
            Command::Doctor(args) => cmd::doctor::run(&args),
            Command::Bench(args) => cmd::bench::run(&args),
            Command::Witness(args) => cmd::witness::run(args),
            Command::Keygen(args) => cmd::keygen::run(&args),
            Command::JobKey(args) => cmd::job_key::run(&args),
            Command::Key(args) => cmd::key::run(&args),
            Command::Completions(args) => cmd::completions::run(&args, &mut Cli::command()),
        };
        result.or_else(judge)
    }
}
