//! A strict reader of the text format 0.0.4: what it takes is read by every Prometheus.

/// One family as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadFamily {
    pub name: String,
    pub kind: String,
    pub help: String,
    pub samples: Vec<ReadSample>,
}

/// One sample: its labels in their order, and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadSample {
    pub labels: Vec<(String, String)>,
    pub value: f64,
}

/// Reads a whole exposition, or says which line is wrong and why.
pub fn read(text: &str) -> Result<Vec<ReadFamily>, String> {
    if !text.is_empty() && !text.ends_with('\n') {
        return Err("the last line does not end".into());
    }
    let mut families: Vec<ReadFamily> = Vec::new();
    let mut lines = text.split_terminator('\n').enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        let wrong = |why: &str| format!("line {}: {why}: {line:?}", at + 1);
        let head = line.strip_prefix("# HELP ").ok_or_else(|| wrong("no HELP"))?;
        let (name, help) = head.split_once(' ').ok_or_else(|| wrong("no text"))?;
        if !is_name(name, ":") {
            return Err(wrong("no name of a metric"));
        }
        if families.iter().any(|family| family.name == name) {
            return Err(wrong("the family is written in two places"));
        }
        let help = unescaped(help, false).ok_or_else(|| wrong("an escape that is none"))?;
        let kind = lines.next().and_then(|(_, line)| line.strip_prefix("# TYPE "));
        let kind = kind.and_then(|kind| kind.strip_prefix(name)?.strip_prefix(' '));
        let kind = kind.filter(|kind| ["counter", "gauge", "histogram"].contains(kind));
        let kind = kind.ok_or_else(|| wrong("no TYPE behind it"))?.to_owned();
        let mut samples = Vec::new();
        while let Some((at, line)) = lines.next_if(|(_, line)| !line.starts_with('#')) {
            let sample = line.strip_prefix(name).and_then(sample);
            samples.push(sample.ok_or_else(|| format!("line {}: no sample: {line:?}", at + 1))?);
        }
        if samples.is_empty() {
            return Err(wrong("a family without samples"));
        }
        families.push(ReadFamily { name: name.to_owned(), kind, help, samples });
    }
    Ok(families)
}

/// What stands behind the name.
fn sample(mut rest: &str) -> Option<ReadSample> {
    let mut labels = Vec::new();
    if let Some(first) = rest.strip_prefix('{') {
        rest = first;
        loop {
            let (name, behind) = rest.split_once("=\"")?;
            let end = end_of_quoted(behind)?;
            let value = unescaped(&behind[..end], true)?;
            if !is_name(name, "") || labels.iter().any(|(known, _)| known == name) {
                return None;
            }
            labels.push((name.to_owned(), value));
            rest = &behind[end + 1..];
            if let Some(last) = rest.strip_prefix('}') {
                rest = last;
                break;
            }
            rest = rest.strip_prefix(',')?;
        }
    }
    Some(ReadSample { labels, value: number(rest.strip_prefix(' ')?)? })
}

/// Where the quote is that ends the value.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => return Some(at),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

/// The text without its escapes; a quote is one in label values only.
fn unescaped(text: &str, quoted: bool) -> Option<String> {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(match c {
            '\\' => match chars.next()? {
                '\\' => '\\',
                'n' => '\n',
                '"' if quoted => '"',
                _ => return None,
            },
            other => other,
        });
    }
    Some(plain)
}

/// A number as Go reads it: digits with a point, or one of three words.
fn number(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "+Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        _ => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
            let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            (plain(whole) && plain(fraction)).then(|| text.parse().ok())?
        }
    }
}

fn is_name(name: &str, also: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphabetic() || c == '_' || also.contains(c);
    name.starts_with(fits) && name.chars().all(|c| fits(c) || c.is_ascii_digit())
}
