//! This user's jobs, from `squeue`; needs no Slurm accounting.

use std::process::Command;

/// A job or an array task in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlurmJob {
    /// The job's name, which is the sweep's.
    pub name: String,
    /// `12_3`, or `12_[4-9%2]` for pending tasks.
    pub id: String,
    /// `RUNNING`, `PENDING` and so on.
    pub state: String,
    /// Why it is pending, or the node that it runs on.
    pub reason: String,
}

const FORMAT: &str = "%j|%i|%T|%R";

/// The jobs in the queue; none if Slurm is not installed.
pub fn queue() -> Vec<SlurmJob> {
    let mut command = Command::new("squeue");
    command.args(["--me", "--noheader", "--format", FORMAT]);
    match command.output() {
        Ok(output) if output.status.success() => parse(&String::from_utf8_lossy(&output.stdout)),
        _ => Vec::new(),
    }
}

/// Parses lines of `squeue`. A name may contain the separator; the other fields cannot.
pub fn parse(text: &str) -> Vec<SlurmJob> {
    let job = |line: &str| {
        let mut fields = line.rsplitn(4, '|');
        let (reason, state, id, name) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        Some(SlurmJob { name: name.into(), id: id.into(), state: state.into(), reason: reason.into() })
    };
    text.lines().filter_map(job).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squeue_lines_are_parsed() {
        let jobs = parse("cifar|12_3|RUNNING|localhost\na|b|13_[4-9%2]|PENDING|(Dependency)\n\nodd line\n");
        assert_eq!(jobs.len(), 2);
        assert_eq!((jobs[0].id.as_str(), jobs[0].state.as_str()), ("12_3", "RUNNING"));
        assert_eq!((jobs[1].name.as_str(), jobs[1].reason.as_str()), ("a|b", "(Dependency)"));
    }
}
