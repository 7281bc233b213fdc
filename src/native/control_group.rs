//! The memory limit of this process's control groups: of a container, a Slurm job or a systemd service.
//!
//! Every group limits the groups inside it, so what counts is the group with the least room among that of the process
//! and all around it. A container sees its own group at the root of the mounted file system, whatever path
//! `/proc/self/cgroup` shows: groups that are not there are skipped.

use std::path::{Component, Path, PathBuf};

/// Where a hierarchy is mounted, and its files.
struct Hierarchy {
    mounts: &'static [&'static str],
    limit: &'static str,
    usage: &'static str,
    /// The line of `memory.stat` with the bytes of cached files that the kernel reclaims first.
    reclaimable: &'static str,
}

/// Version 2 (`Documentation/admin-guide/cgroup-v2.rst` of Linux); beside version 1 it is mounted at `unified`.
const UNIFIED: Hierarchy = Hierarchy {
    mounts: &["sys/fs/cgroup", "sys/fs/cgroup/unified"],
    limit: "memory.max",
    usage: "memory.current",
    reclaimable: "inactive_file",
};

/// The memory controller of version 1 (`cgroup-v1/memory.rst`); `total_` includes the groups inside.
const MEMORY: Hierarchy = Hierarchy {
    mounts: &["sys/fs/cgroup/memory"],
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    reclaimable: "total_inactive_file",
};

/// Bytes left within the limits of this process's groups; `None` without a limit. `root` is `/`, except in tests.
pub(super) fn free_bytes(root: &Path) -> Option<u64> {
    let groups = std::fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let groups = groups.lines().filter_map(hierarchy);
    groups.filter_map(|(hierarchy, path)| hierarchy.free_bytes(root, &path)).min()
}

/// The hierarchy of a line of `/proc/self/cgroup`, `ID:CONTROLLERS:PATH` (cgroups(7)), and the path of the group in it;
/// `None` if it does not limit memory.
fn hierarchy(line: &str) -> Option<(&'static Hierarchy, PathBuf)> {
    let (id, rest) = line.split_once(':')?;
    let (controllers, path) = rest.split_once(':')?;
    let hierarchy = match controllers {
        "" if id == "0" => &UNIFIED,
        _ if controllers.split(',').any(|controller| controller == "memory") => &MEMORY,
        _ => return None,
    };
    // A group outside of the process's namespace begins with `/..`.
    let names = Path::new(path).components().filter(|part| matches!(part, Component::Normal(_)));
    Some((hierarchy, names.collect()))
}

impl Hierarchy {
    fn free_bytes(&self, root: &Path, group: &Path) -> Option<u64> {
        let mounts = self.mounts.iter().map(|mount| root.join(mount));
        mounts
            .flat_map(|mount| group.ancestors().map(move |group| mount.join(group)))
            .filter_map(|at| self.left(&at))
            .min()
    }

    /// Bytes left within the limit of one group.
    fn left(&self, group: &Path) -> Option<u64> {
        let read = |file: &str| std::fs::read_to_string(group.join(file)).ok();
        let number = |file: &str| read(file)?.trim().parse::<u64>().ok();
        // Without a limit it is `max`, or in version 1 a number beyond any memory.
        let (limit, usage) = (number(self.limit)?, number(self.usage)?);
        let statistics = read("memory.stat").unwrap_or_default();
        let fields = statistics.lines().filter_map(|line| line.split_once(' '));
        let reclaimable = fields.into_iter().find(|(name, _)| *name == self.reclaimable);
        let reclaimable = reclaimable.and_then(|(_, bytes)| bytes.trim().parse().ok()).unwrap_or(0);
        Some(limit.saturating_sub(usage.saturating_sub(reclaimable)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root folder with these files.
    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        root
    }

    fn free(files: &[(&str, &str)]) -> Option<u64> {
        free_bytes(root(files).path())
    }

    /// As under Slurm with version 2: the step has no limit of its own, the job has.
    #[test]
    fn the_smallest_limit_of_all_parent_groups_counts() {
        let own = ("proc/self/cgroup", "0::/system.slice/job_7/step_0\n");
        let step = "sys/fs/cgroup/system.slice/job_7/step_0/";
        let (limit, usage) = (format!("{step}memory.max"), format!("{step}memory.current"));
        let mut files = vec![
            own,
            (&limit, "max\n"),
            (&usage, "700\n"),
            ("sys/fs/cgroup/system.slice/job_7/memory.max", "1000\n"),
            ("sys/fs/cgroup/system.slice/job_7/memory.current", "800\n"),
            ("sys/fs/cgroup/system.slice/memory.max", "5000\n"),
            ("sys/fs/cgroup/system.slice/memory.current", "4000\n"),
        ];
        assert_eq!(free(&files), Some(200));
        // Cached files are given back.
        let statistics =
            ("sys/fs/cgroup/system.slice/job_7/memory.stat", "anon 300\ninactive_file 500\nactive_file 9\n");
        files.push(statistics);
        assert_eq!(free(&files), Some(700));
        files.push(("sys/fs/cgroup/system.slice/job_8/memory.max", "1\n"));
        files.push(("sys/fs/cgroup/system.slice/job_8/memory.current", "1\n"));
        assert_eq!(free(&files), Some(700), "another job's");
        assert_eq!(free(&files[..3]), None);
        assert_eq!(free(&[]), None);
    }

    #[test]
    fn version_1_reads_the_group_of_the_process() {
        let group = "sys/fs/cgroup/memory/slurm/uid_0/job_7";
        let [limit, usage, statistics] =
            ["limit_in_bytes", "usage_in_bytes", "stat"].map(|file| format!("{group}/memory.{file}"));
        let unlimited = "9223372036854771712\n";
        let files = [
            ("proc/self/cgroup", "9:cpu,cpuacct:/\n4:memory:/slurm/uid_0/job_7/step_0\n0::/\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", unlimited),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "90000\n"),
            (&limit, "1000\n"),
            (&usage, "900\n"),
            (&statistics, "inactive_file 1\ntotal_inactive_file 400\n"),
        ];
        assert_eq!(free(&files), Some(500));
    }

    /// A container's path is that of the host, and its own group is at the root.
    #[test]
    fn a_container_group_is_at_the_root() {
        for path in ["0::/\n", "0::/docker/abc\n", "0::/../../abc\n", "5:hugetlb,memory:/docker/abc\n0::/x\n"] {
            let version_2 = !path.contains("memory");
            let files = if version_2 {
                ["sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current"]
            } else {
                ["sys/fs/cgroup/memory/memory.limit_in_bytes", "sys/fs/cgroup/memory/memory.usage_in_bytes"]
            };
            assert_eq!(free(&[("proc/self/cgroup", path), (files[0], "70"), (files[1], "50")]), Some(20), "{path}");
            // Used beyond the limit.
            assert_eq!(free(&[("proc/self/cgroup", path), (files[0], "70"), (files[1], "71")]), Some(0), "{path}");
        }
    }
}
