//! How many connections a process can have at all.

use super::Limits;

/// How many files and sockets this process may have open at the same time: its soft limit, 1,024
/// on most systems. `None` where there is no limit, or the system does not tell.
pub fn descriptor_limit() -> Option<usize> {
    soft_limit(&std::fs::read_to_string("/proc/self/limits").ok()?)
}

/// The first of the two numbers in a line like `Max open files  1024  524288  files`.
fn soft_limit(limits: &str) -> Option<usize> {
    let numbers = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    numbers.split_whitespace().next()?.parse().ok()
}

impl Limits {
    /// The same with no more connections than fit into `descriptors` beside `others`, which the
    /// process needs for other things. Half of the descriptors are for connections at any rate:
    /// where there are too few for both, either runs short now and then, and tries again.
    #[must_use]
    pub fn within(self, descriptors: usize, others: usize) -> Self {
        let room = descriptors.saturating_sub(others).max(descriptors / 2).max(1);
        Limits { max_connections: self.max_connections.min(room), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_read_as_linux_writes_it() {
        let limits = |soft| {
            format!(
                "Limit                     Soft Limit           Hard Limit           Units     \n\
                 Max core file size        0                    unlimited            bytes     \n\
                 Max open files            {soft:<20} 524288               files     \n"
            )
        };
        assert_eq!(soft_limit(&limits("1024")), Some(1024));
        assert_eq!(soft_limit(&limits("unlimited")), None);
        assert_eq!(soft_limit(""), None);
    }

    #[test]
    fn this_process_has_one_or_none_that_it_would_reach() {
        assert!(descriptor_limit().is_none_or(|limit| limit > 0));
    }

    #[test]
    fn connections_leave_room_for_what_else_is_open() {
        let connections = |descriptors, others| {
            let limits = Limits { max_connections: 512, ..Limits::default() };
            limits.within(descriptors, others).max_connections
        };
        assert_eq!(connections(1024, 192), 512);
        assert_eq!(connections(512, 192), 320);
        assert_eq!(connections(256, 192), 128);
        assert_eq!(connections(1, 192), 1);
    }
}
