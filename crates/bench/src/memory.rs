//! Memory and processor time of the nodes, from /proc.

use anyhow::Context;

/// Resident memory of each process, in MiB.
pub fn describe(ids: &[u32]) -> anyhow::Result<String> {
    let sizes = ids.iter().map(|id| resident_mib(*id)).collect::<anyhow::Result<Vec<_>>>()?;
    let parts: Vec<String> = sizes.iter().map(|size| format!("{size:.0} MiB")).collect();
    Ok(format!("resident memory per node {}", parts.join(", ")))
}

/// The most memory that this process ever had resident, in MiB.
pub fn own_peak_mib() -> anyhow::Result<f64> {
    size_mib(std::process::id(), "VmHWM:")
}

fn resident_mib(id: u32) -> anyhow::Result<f64> {
    size_mib(id, "VmRSS:")
}

fn size_mib(id: u32, name: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find(|line| line.starts_with(name)).context("a node has ended")?;
    let kib: f64 = line.split_whitespace().nth(1).context("a size has a figure")?.parse()?;
    Ok(kib / 1_024.0)
}

/// Processor seconds used so far by all processes together.
pub fn processor_seconds(ids: &[u32]) -> anyhow::Result<f64> {
    // Kernel constant on Linux: USER_HZ.
    const TICKS_PER_SECOND: f64 = 100.0;
    let mut ticks = 0.0;
    for id in ids {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        let after_name = stat.rsplit(')').next().context("a process name ends")?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        ticks += fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    }
    Ok(ticks / TICKS_PER_SECOND)
}
