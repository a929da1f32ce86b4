//! A reader of the text format that trusts nothing: it checks what it reads.

use std::collections::{BTreeMap, HashSet};

/// One sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

impl Sample {
    /// A label's value; empty where there is none.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// A whole exposition.
#[derive(Clone, Debug, Default)]
pub struct Scrape {
    pub text: String,
    pub samples: Vec<Sample>,
}

impl Scrape {
    /// Reads an exposition; panics where it breaks the format, repeats a series, or writes a
    /// family in two places.
    pub fn read(text: &str) -> Self {
        assert!(text.is_empty() || text.ends_with('\n'));
        let mut samples = Vec::new();
        let (mut families, mut series) = (HashSet::new(), HashSet::new());
        let mut family = String::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                family = rest.split(' ').next().unwrap().to_owned();
                assert!(families.insert(family.clone()), "{family} is written in two places");
            } else if !line.starts_with('#') {
                let sample = sample(line);
                assert!(sample.name.starts_with(&family), "{line} stands below {family}");
                assert!(
                    series.insert((sample.name.clone(), sample.labels.clone())),
                    "twice: {line}"
                );
                samples.push(sample);
            }
        }
        Self { text: text.to_owned(), samples }
    }

    /// The samples of that name whose labels include `labels`.
    pub fn all(&self, name: &str, labels: &[(&str, &str)]) -> Vec<&Sample> {
        let fits = |sample: &&Sample| {
            sample.name == name && labels.iter().all(|(label, value)| sample.label(label) == *value)
        };
        self.samples.iter().filter(fits).collect()
    }

    /// The value of the one sample of that name whose labels include `labels`; `None` where there
    /// is no such sample.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let all = self.all(name, labels);
        assert!(all.len() <= 1, "{name} {labels:?} is ambiguous: {all:?}");
        all.first().map(|sample| sample.value)
    }

    /// Why the last attempt of that stage failed; `None` if it did not. The families that speak of
    /// it must agree.
    pub fn failure(&self, stage: &str) -> Option<&str> {
        let labels = [("stage", stage)];
        let reasons = self.all("servicecatalog_scan_failure_reason", &labels);
        assert!(reasons.len() <= 1, "{reasons:?}");
        if let Some(reason) = reasons.first() {
            assert_eq!(reason.value, 1.0);
            assert_eq!(self.value("servicecatalog_scan_success", &labels), Some(0.0));
            assert_eq!(self.value("servicecatalog_scan_stale", &labels), Some(1.0));
        }
        reasons.first().map(|reason| reason.label("reason"))
    }

    /// How many calls of that operation failed for that reason.
    pub fn failed_calls(&self, operation: &str, reason: &str) -> f64 {
        let labels = [("operation", operation), ("reason", reason)];
        self.sum("servicecatalog_aws_request_failures_total", &labels)
    }

    /// The sum over the samples of that name whose labels include `labels`.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.all(name, labels).iter().map(|sample| sample.value).sum()
    }
}

fn sample(line: &str) -> Sample {
    let name_end = line.find(['{', ' ']).expect("a name");
    let name = line[..name_end].to_owned();
    let mut labels = BTreeMap::new();
    let mut rest = &line[name_end..];
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        while !rest.starts_with('}') {
            let (label, after) = rest.split_once("=\"").expect("a label");
            let (value, after) = quoted(after);
            assert!(labels.insert(label.to_owned(), value).is_none(), "{label} twice in {line}");
            rest = after.strip_prefix(',').unwrap_or(after);
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').expect("a value").replace("+Inf", "inf");
    Sample { name, labels, value: value.parse().expect("a number") }
}

fn quoted(text: &str) -> (String, &str) {
    // Nearly all are plain, and thousands are read.
    if let Some((plain, after)) = text.split_once('"')
        && !plain.contains('\\')
    {
        return (plain.to_owned(), after);
    }
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((place, c)) = chars.next() {
        match c {
            '"' => return (value, &text[place + 1..]),
            '\\' => match chars.next().expect("an escaped character").1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    panic!("a label value does not end: {text}");
}
