//! What a process has used of the processor, as the kernel counts it (proc(5), stat).

use std::io;

/// In clock ticks, which are hundredths of a second to whoever reads them there: of the process with this id, in its own code and
/// in the kernel's.
pub(super) fn ticks_of(pid: u32) -> io::Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    parse(&stat).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("no times in /proc/{pid}/stat")))
}

/// The 14th and the 15th field. The second is the program's name in parentheses, in which there may be anything.
fn parse(stat: &str) -> Option<u64> {
    let (_, behind_name) = stat.rsplit_once(") ")?;
    let mut fields = behind_name.split(' ').skip(11);
    let own: u64 = fields.next()?.parse().ok()?;
    let kernel: u64 = fields.next()?.parse().ok()?;
    Some(own + kernel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_read() {
        assert_eq!(
            parse("7 (a b) c) S 1 7 7 0 -1 4194560 9 0 0 0 250 31 0 0 20 0"),
            Some(281)
        );
        assert_eq!(parse("7 (a) S 1"), None);
        assert!(ticks_of(std::process::id()).is_ok());
    }
}
