//! The shipped files on times that a test can wait for.

/// How many times quicker everything is: the 15 minutes that a product may be TAINTED before it is
/// told are 6 seconds. Quicker, and what has to come in order would be too close together for a
/// machine that is busy.
const FACTOR: u64 = 150;

/// The keys whose values are durations.
const KEYS: [&str; 5] =
    ["for", "keep_firing_for", "group_wait", "group_interval", "repeat_interval"];

/// A range over fewer scrapes and evaluations than that finds none when the machine is busy.
const LEAST_RANGE: u64 = 5;

/// A file of rules, or a configuration of Alertmanager, with its durations and ranges divided; the
/// least duration is a second, the time between two scrapes. Thresholds that follow from the
/// interval of scans follow that of the exporter.
pub fn compressed(text: &str) -> String {
    text.lines().map(|line| line_of(line) + "\n").collect()
}

fn line_of(line: &str) -> String {
    if let Some((key, value)) = line.split_once(": ")
        && KEYS.contains(&key.trim_start_matches([' ', '-']))
    {
        return format!("{key}: {}", divided(value, 1).expect(line));
    }
    // The thresholds in seconds.
    let line = line.replace("4 * 3600", &format!("{}", 4 * 3600 / FACTOR));
    let line = line.replace("5 * 60", &format!("{}", 5 * 60 / FACTOR));
    let mut pieces = line.split('[');
    let mut written = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let range = piece
            .split_once(']')
            .and_then(|(range, rest)| Some((divided(range, LEAST_RANGE)?, rest)));
        written += &match range {
            Some((range, rest)) => format!("[{range}]{rest}"),
            None => format!("[{piece}"),
        };
    }
    written
}

fn divided(duration: &str, least: u64) -> Option<String> {
    let unit = duration.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let count: u64 = duration.strip_suffix(unit)?.parse().ok()?;
    Some(format!("{}s", (count * seconds / FACTOR).max(least)))
}

#[test]
fn durations_ranges_and_the_thresholds_in_seconds_are_divided_and_nothing_else_is() {
    let same = "matchers: [severity=\"info\"]\nsummary: for 15m, [15x]\nexpr: a[b\n";
    assert_eq!(compressed(same), same);
    for (text, quick) in [
        ("    for: 15m\n", "    for: 6s\n"),
        ("  - group_wait: 30s\n", "  - group_wait: 1s\n"),
        ("rate(a[1h]) + max_over_time(b[1d])\n", "rate(a[24s]) + max_over_time(b[576s])\n"),
        ("last_over_time(a[5m])\n", "last_over_time(a[5s])\n"),
        ("> 4 * 3600\n", "> 96\n"),
        ("5 * 60\n", "2\n"),
    ] {
        assert_eq!(compressed(text), quick);
    }
}
