//! The process, as the system sees it, under the names that Prometheus' own clients use.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use procfs::process::{LimitValue, Process};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::page::Page;

/// Memory, descriptors and processor time of this process, and what program it is. Reads /proc when it is asked; where that is
/// not to be had, its figures are missing.
#[derive(Debug)]
pub struct ProcessFigures {
    started: SystemTime,
}

impl ProcessFigures {
    /// Of a process that starts now.
    pub fn starting_now() -> ProcessFigures {
        ProcessFigures {
            started: SystemTime::now(),
        }
    }
}

impl Collector for ProcessFigures {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page::on(encoder);
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        page.gauge_of_parts(
            "process_start_time_seconds",
            "When the service started, in seconds since 1970",
            started.as_secs_f64(),
        )?;
        let uptime = self.started.elapsed().unwrap_or_default();
        page.gauge_of_parts(
            "indelible_uptime_seconds",
            "For how long the service runs, in seconds",
            uptime.as_secs_f64(),
        )?;
        page.info(
            "indelible_build",
            "What program this is",
            &[
                ("version", env!("CARGO_PKG_VERSION")),
                ("target_os", std::env::consts::OS),
                ("target_arch", std::env::consts::ARCH),
            ],
        )?;
        match Process::myself() {
            Ok(process) => of_system(&process, &mut page),
            Err(_) => Ok(()),
        }
    }
}

fn of_system(process: &Process, page: &mut Page<'_>) -> fmt::Result {
    if let Ok(stat) = process.stat() {
        page.gauge(
            "process_resident_memory_bytes",
            "Memory that the process has, in bytes",
            stat.rss * procfs::page_size(),
        )?;
        page.gauge(
            "process_virtual_memory_bytes",
            "Address space of the process, in bytes",
            stat.vsize,
        )?;
        #[expect(clippy::cast_precision_loss, reason = "ticks of a hundredth of a second")]
        let seconds = (stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64;
        page.counter_of_parts(
            "process_cpu_seconds",
            "Processor time that the process took, in seconds",
            seconds,
        )?;
        page.gauge(
            "process_threads",
            "Threads of the process",
            u64::try_from(stat.num_threads).unwrap_or(0),
        )?;
    }
    if let Ok(count) = process.fd_count() {
        page.gauge("process_open_fds", "File descriptors that are open", count as u64)?;
    }
    if let Ok(limits) = process.limits()
        && let LimitValue::Value(max) = limits.max_open_files.soft_limit
    {
        page.gauge("process_max_fds", "File descriptors that may be open", max)?;
    }
    Ok(())
}
