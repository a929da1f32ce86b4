//! Our writer of the text format and the one of the prometheus crate write the same bytes.
//!
//! Finite values only: the crate writes `inf` where the format wants `+Inf`. And no empty HELP,
//! which the crate leaves out; no family of ours has one.

use std::io::Read as _;

use prometheus::TextEncoder;
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use proptest::collection::vec;
use proptest::prelude::*;
use servicecatalog_exporter::exposition::{
    BodyBuilder, Exposition, Family, Kind, LabelText, Tail, Writer,
};

/// A family with its samples, however many labels it has.
#[derive(Clone, Debug)]
enum Any {
    None(Samples<0>),
    One(Samples<1>),
    Two(Samples<2>),
    Seven(Samples<7>),
}

#[derive(Clone, Debug)]
struct Samples<const N: usize> {
    counter: bool,
    help: String,
    samples: Vec<([String; N], f64)>,
}

const LABELS: [&str; 7] = ["a", "aws_region", "le_", "status", "_x", "z9", "quantile_"];

impl<const N: usize> Samples<N> {
    /// Ours. Every second sample is written behind a label text that holds its first `K` labels.
    fn write<const K: usize, const R: usize>(&self, name: &'static str, writer: &mut Writer) {
        let family: &'static Family<N> = Box::leak(Box::new(Family {
            name,
            kind: if self.counter { Kind::Counter } else { Kind::Gauge },
            labels: std::array::from_fn(|n| LABELS[n]),
            help: Box::leak(self.help.clone().into_boxed_str()),
            notes: "",
        }));
        writer.family(family, |family_writer| {
            for (n, (values, value)) in self.samples.iter().enumerate() {
                let values: [&str; N] = std::array::from_fn(|n| values[n].as_str());
                if n % 2 == 0 {
                    family_writer.sample(values, *value);
                } else {
                    let first = LabelText::<K>::new(
                        std::array::from_fn(|n| family.labels[n]),
                        std::array::from_fn(|n| values[n]),
                    );
                    let rest: [&str; R] = std::array::from_fn(|n| values[K + n]);
                    family_writer.sample_after(&first, rest, *value);
                }
            }
        });
    }

    /// Theirs.
    fn proto(&self, name: &str) -> MetricFamily {
        let metrics = self.samples.iter().map(|(values, value)| {
            let labels = values.iter().zip(LABELS).map(|(value, name)| {
                let mut pair = LabelPair::default();
                pair.set_name(name.to_owned());
                pair.set_value(value.clone());
                pair
            });
            let mut metric = Metric::from_label(labels.collect());
            if self.counter {
                let mut counter = Counter::default();
                counter.set_value(*value);
                metric.set_counter(counter);
            } else {
                let mut gauge = Gauge::default();
                gauge.set_value(*value);
                metric.set_gauge(gauge);
            }
            metric
        });
        let mut family = MetricFamily::default();
        family.set_name(name.to_owned());
        family.set_help(self.help.clone());
        family.set_field_type(if self.counter { MetricType::COUNTER } else { MetricType::GAUGE });
        family.set_metric(metrics.collect());
        family
    }
}

impl Any {
    fn write(&self, name: &'static str, writer: &mut Writer) {
        match self {
            Any::None(family) => family.write::<0, 0>(name, writer),
            Any::One(family) => family.write::<1, 0>(name, writer),
            Any::Two(family) => family.write::<0, 2>(name, writer),
            Any::Seven(family) => family.write::<5, 2>(name, writer),
        }
    }

    fn proto(&self, name: &str) -> Option<MetricFamily> {
        let family = match self {
            Any::None(family) => family.proto(name),
            Any::One(family) => family.proto(name),
            Any::Two(family) => family.proto(name),
            Any::Seven(family) => family.proto(name),
        };
        // One without samples is an error to the crate, and leaves no trace with us.
        (!family.get_metric().is_empty()).then_some(family)
    }
}

fn text() -> impl Strategy<Value = String> {
    let awkward = prop::sample::select(vec![
        '"', '\\', '\n', '\r', '\t', '\0', '}', ',', '=', '#', 'é', '東', '\u{feff}', '🦀',
    ]);
    let character = prop_oneof![3 => prop::char::range('a', 'z'), 2 => awkward, 1 => any::<char>()];
    vec(character, 0..20).prop_map(String::from_iter)
}

fn help() -> impl Strategy<Value = String> {
    text().prop_map(|text| format!("{text}."))
}

fn finite() -> impl Strategy<Value = f64> {
    use prop::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    let known = [
        0.0,
        -0.0,
        1.0,
        10.0,
        0.1,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        f64::EPSILON,
        1e21,
        1e-7,
    ];
    prop_oneof![
        (-10_i32..2_000).prop_map(f64::from),
        any::<u32>().prop_map(f64::from),
        (0.0..4e9_f64).prop_map(|seconds| (seconds * 1000.0).round() / 1000.0),
        POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO,
        prop::sample::select(known.to_vec()),
    ]
}

fn samples<const N: usize>() -> impl Strategy<Value = Samples<N>> {
    let labels = prop::array::uniform7(text()).prop_map(|all| {
        let mut all = all.into_iter();
        std::array::from_fn(|_| all.next().unwrap())
    });
    (any::<bool>(), help(), vec((labels, finite()), 0..12))
        .prop_map(|(counter, help, samples)| Samples { counter, help, samples })
}

fn families() -> impl Strategy<Value = Vec<Any>> {
    let family = prop_oneof![
        samples().prop_map(Any::None),
        samples().prop_map(Any::One),
        samples().prop_map(Any::Two),
        samples().prop_map(Any::Seven),
    ];
    vec(family, 0..8)
}

const NAMES: [&str; 8] =
    ["servicecatalog_scans_total", "b", "c_seconds", "a", "d:e", "f_info", "_g", "h0"];

fn ours(families: &[Any], plain_kept: usize) -> Exposition {
    let mut writer = Writer::new(BodyBuilder::keeping_plain_up_to(plain_kept));
    families.iter().zip(NAMES).for_each(|(family, name)| family.write(name, &mut writer));
    let samples: usize = theirs(families).iter().map(|family| family.get_metric().len()).sum();
    assert_eq!(writer.samples(), samples as u64);
    writer.into_body().finish()
}

fn theirs(families: &[Any]) -> Vec<MetricFamily> {
    families.iter().zip(NAMES).filter_map(|(family, name)| family.proto(name)).collect()
}

/// The plain answer, after the gzip answer was found to hold the same.
fn whole(exposition: &Exposition, tail: &Tail) -> String {
    let plain: Vec<u8> = exposition.plain(tail).flatten().collect();
    let gzip: Vec<u8> = exposition.gzip(tail).flatten().collect();
    let mut inflated = Vec::new();
    let mut member = flate2::bufread::GzDecoder::new(&*gzip);
    member.read_to_end(&mut inflated).unwrap();
    assert!(member.into_inner().is_empty(), "something follows the only gzip member");
    assert!(inflated == plain, "gzip holds another text than the plain answer");
    String::from_utf8(plain).unwrap()
}

proptest! {
    #[test]
    fn any_families_are_written_as_the_prometheus_crate_writes_them(
        families in families(),
        tail in text(),
        plain_kept in prop_oneof![Just(usize::MAX), 0_usize..4_000],
    ) {
        let expected = TextEncoder::new().encode_to_string(&theirs(&families)).unwrap();
        let exposition = ours(&families, plain_kept);
        prop_assert_eq!(exposition.plain_len(), expected.len() as u64);
        prop_assert_eq!(whole(&exposition, &Tail::new(tail.clone().into_bytes())), expected + &tail);
    }

    #[test]
    fn a_value_reads_back_as_the_same_number(value in finite()) {
        let family = Samples { counter: false, help: ".".into(), samples: vec![([], value)] };
        let text = whole(&ours(&[Any::None(family)], usize::MAX), &Tail::default());
        let written: f64 = text.trim_end().rsplit(' ').next().unwrap().parse().unwrap();
        prop_assert_eq!(written.to_bits(), value.to_bits());
    }
}

#[test]
fn a_body_of_many_pieces_is_written_as_the_prometheus_crate_writes_it() {
    let samples = (0..20_000_u32).map(|n| {
        let labels = std::array::from_fn(|label| format!("\"{n}\"\\{label}\n"));
        (labels, f64::from(n) / 8.0)
    });
    let family = Samples { counter: true, help: "Many.".into(), samples: samples.collect() };
    let families = [Any::Seven(family)];
    let expected = TextEncoder::new().encode_to_string(&theirs(&families)).unwrap();
    for plain_kept in [0, usize::MAX] {
        let tail = Tail::new(b"the tail\n".repeat(20_000));
        let text = whole(&ours(&families, plain_kept), &tail);
        assert!(text.strip_prefix(&expected).is_some_and(|rest| rest.as_bytes() == tail.text()));
    }
}
