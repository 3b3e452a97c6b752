//! What a process has in memory, as the kernel counts it (proc(5), status).

use std::io;

/// Resident memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    /// Now, in kB.
    pub(super) resident_kb: u64,
    /// At most since it began, in kB.
    pub(super) peak_kb: u64,
}

/// Of the process with this id.
pub(super) fn of(pid: u32) -> io::Result<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    parse(&status).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("no memory in /proc/{pid}/status")))
}

fn parse(status: &str) -> Option<Memory> {
    let field = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    };
    Some(Memory {
        resident_kb: field("VmRSS:")?,
        peak_kb: field("VmHWM:")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_read() {
        let memory = Memory {
            resident_kb: 1_024,
            peak_kb: 20_480,
        };
        assert_eq!(
            parse("Name:\tx\nVmHWM:\t   20480 kB\nVmRSS:\t    1024 kB\n"),
            Some(memory)
        );
        assert_eq!(parse("Name:\tx\n"), None);
    }
}
