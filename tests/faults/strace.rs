//! The server under strace: what it asks of the kernel, and what the kernel answers when it is told to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Bed, Server};

/// What a test says that could not run.
pub(crate) const NEEDS: &str = "strace, and leave to trace";

pub(crate) fn is_there() -> bool {
    let tried = Command::new("strace").args(["-f", "-e", "trace=none", "true"]).output();
    tried.is_ok_and(|tried| tried.status.success())
}

/// The command that serves the log of a bed under strace from its first call on, and writes to `trace` in the bed. strace is not
/// the parent: the process that is started is the server.
pub(crate) fn serve(bed: &Bed, options: &[&str]) -> Command {
    let served = bed.serve_command();
    let mut command = Command::new("strace");
    command
        .args(["-D", "-f", "-y", "-o"])
        .arg(bed.path("trace"))
        .args(options);
    command.arg(served.get_program()).args(served.get_args());
    command
        .current_dir(bed.path(""))
        .env_clear()
        .env("HOME", bed.path(""))
        .stdin(Stdio::null());
    command
}

/// strace on a server that runs. Dropped, it lets go.
pub(crate) struct Strace(Child);

/// Traces a server from now on, all of its threads, and writes to `trace` in the bed. strace counts calls from here.
pub(crate) fn attach(bed: &Bed, server: &Server, options: &[&str]) -> Strace {
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-o"]).arg(bed.path("trace")).args(options);
    command
        .args(["-p", &server.pid().to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut words = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let attached = words.find(|line| line.contains("attached"));
    assert!(attached.is_some(), "strace did not attach");
    std::thread::spawn(move || words.for_each(drop));
    Strace(child)
}

impl Drop for Strace {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.0.wait();
    }
}

/// The trace of a server that has ended, when strace has written all of it.
pub(crate) fn ended(bed: &Bed, pid: u32) -> String {
    let begin = Instant::now();
    loop {
        let trace = std::fs::read_to_string(bed.path("trace")).unwrap_or_default();
        if trace
            .lines()
            .any(|line| line.starts_with(&format!("{pid} ")) && line.contains("+++ "))
        {
            return trace;
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "the trace has no end");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// One line of a trace: a call that begins, ends, or both.
pub(crate) struct Line<'t> {
    pub(crate) thread: &'t str,
    pub(crate) call: &'t str,
    /// The file of its first argument, a descriptor or a name.
    pub(crate) file: &'t str,
    pub(crate) text: &'t str,
    pub(crate) begins: bool,
    /// What it returned, if it ends here.
    pub(crate) result: Option<&'t str>,
}

impl Line<'_> {
    /// `None` for what is no call: signals, and the ends of threads.
    pub(crate) fn parse(text: &str) -> Option<Line<'_>> {
        let (thread, rest) = text.split_once(' ')?;
        let rest = rest.trim_start();
        let result = rest.rsplit_once(" = ").map(|(_, result)| result);
        if let Some(resumed) = rest.strip_prefix("<... ") {
            let call = resumed.split_once(' ')?.0;
            return Some(Line {
                thread,
                call,
                file: "",
                text,
                begins: false,
                result,
            });
        }
        let (call, arguments) = rest.split_once('(')?;
        let file = match arguments.strip_prefix('"') {
            Some(name) => name.split('"').next()?,
            None => arguments
                .split_once('<')
                .and_then(|(_, file)| file.split(['>', '<']).next())
                .unwrap_or(""),
        };
        let result = result.filter(|_| !rest.ends_with("<unfinished ...>"));
        Some(Line {
            thread,
            call,
            file,
            text,
            begins: true,
            result,
        })
    }
}

/// A place where a fault can strike: the n-th call of its kind on a file that a thread makes. strace counts so.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) call: String,
    /// Relative to the bed.
    pub(crate) file: String,
    pub(crate) nth: u32,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} of {}", self.call, self.nth, self.file)
    }
}

impl Place {
    /// All places in a trace, on files of the bed.
    pub(crate) fn all_of(trace: &str, bed: &Bed) -> BTreeSet<Place> {
        let folder = bed.log();
        let folder = folder.parent().unwrap().to_str().unwrap();
        let mut counts = BTreeMap::new();
        let mut places = BTreeSet::new();
        for line in trace.lines().filter_map(Line::parse).filter(|line| line.begins) {
            let relative = match line.file.strip_prefix(folder) {
                Some(relative) => relative.trim_start_matches('/'),
                None if line.file.starts_with("log/") => line.file,
                None => continue,
            };
            let file = if relative.is_empty() { "." } else { relative };
            let nth = counts.entry((line.thread, line.call, file)).or_insert(0);
            *nth += 1;
            places.insert(Place {
                call: line.call.to_owned(),
                file: file.to_owned(),
                nth: *nth,
            });
        }
        places
    }

    /// The options that make strace let this one fail: `what` is strace's word for the fault, as `error=EIO`.
    pub(crate) fn options(&self, bed: &Bed, what: &str) -> Vec<String> {
        let Place { call, file, nth } = self;
        vec![
            "-P".to_owned(),
            bed.path(file).to_str().unwrap().to_owned(),
            "-P".to_owned(),
            file.clone(),
            "-e".to_owned(),
            format!("trace={call}"),
            "-e".to_owned(),
            format!("inject={call}:{what}:when={nth}"),
        ]
    }
}
