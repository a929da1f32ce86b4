//! The writer of the exposition: whatever texts and numbers it is given are read back from what it
//! writes.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Mutex;

use servicecatalog_exporter::exposition::{
    BodyBuilder, Exposition, Family, Kind, LabelText, LabelTexts, Tail, Writer,
};

use super::text_format::{self, ReadFamily, ReadSample};

/// Between families in an input, and between the texts of a family. To the writer they are control
/// characters as others are.
const RECORD: char = '\u{1e}';
const FIELD: char = '\u{1f}';

const NAMES: [&str; 8] =
    ["servicecatalog_scans_total", "b", "c_seconds", "a", "d:e", "f_info", "_g", "h0"];
const LABELS: [&str; 7] = ["a", "aws_region", "le_", "status", "_x", "z9", "quantile_"];
/// Of the open family, beside the first of [`LABELS`].
const OPEN_LABELS: [&str; 2] = ["tag_owner", "tag_b"];

/// Writes what the input describes: families, and as the last record the tail, which is any text.
///
/// A family is its shape (`0`, `1`, `2`, `7` labels, or `o`pen), its type (`c` or `g`) and its help
/// in the first field, then label values and a value for each sample. A value that is no number is
/// the bits of one.
pub fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (families, tail) = text.rsplit_once(RECORD).unwrap_or((&text, ""));
    let records = families.split(RECORD).zip(NAMES);
    let described: Vec<_> = records.filter_map(|(record, name)| described(record, name)).collect();

    let mut written = Vec::new();
    for plain_kept in [usize::MAX, 100] {
        let mut writer = Writer::new(BodyBuilder::keeping_plain_up_to(plain_kept));
        described.iter().for_each(|family| write(family, &mut writer));
        let samples: usize = described.iter().map(|family| family.read.samples.len()).sum();
        assert_eq!(writer.samples(), samples as u64);
        let body = writer.into_body();
        let length = body.text_len();
        let exposition = body.finish();
        assert_eq!(exposition.plain_len(), length);
        written.push(whole(&exposition, &Tail::new(tail.as_bytes().to_vec())));
    }
    assert!(written[0] == written[1], "kept and inflated text differ");

    let exposed = written[0].strip_suffix(tail).expect("the tail stands at the end");
    let read = text_format::read(exposed).unwrap_or_else(|why| panic!("{why}\n{exposed}"));
    let expected: Vec<_> =
        described.iter().map(|d| &d.read).filter(|family| !family.samples.is_empty()).collect();
    assert_eq!(read.len(), expected.len(), "{exposed}");
    for (read, expected) in read.iter().zip(expected) {
        assert!(is_same(read, expected), "{expected:#?}\nis written as\n{read:#?}");
    }
}

/// A family to be written, and what is to be read.
struct Described {
    family: Kept,
    read: ReadFamily,
}

fn described(record: &str, name: &'static str) -> Option<Described> {
    let mut fields = record.split(FIELD);
    let mut head = fields.next()?.chars();
    let shape = head.next()?;
    let kind = if head.next()? == 'c' { Kind::Counter } else { Kind::Gauge };
    let (family, help) = Kept::family(name, shape, kind, head.as_str());
    let labels: Vec<&str> = match shape {
        '1' => LABELS[..1].into(),
        '2' => LABELS[..2].into(),
        '7' => LABELS.into(),
        'o' => [&LABELS[..1], &OPEN_LABELS].concat(),
        _ => Vec::new(),
    };
    let fields: Vec<&str> = fields.collect();
    let samples = fields.chunks_exact(labels.len() + 1).map(|fields| ReadSample {
        labels: labels.iter().zip(fields).map(|(l, v)| ((*l).into(), (*v).into())).collect(),
        value: number(fields[labels.len()]),
    });
    let read = ReadFamily {
        name: name.to_owned(),
        kind: kind.as_str().to_owned(),
        help: help.to_owned(),
        samples: samples.collect(),
    };
    Some(Described { family, read })
}

fn number(field: &str) -> f64 {
    field.parse().unwrap_or_else(|_| {
        let mut bits = [0; 8];
        bits.iter_mut().zip(field.bytes()).for_each(|(bit, byte)| *bit = byte);
        f64::from_bits(u64::from_le_bytes(bits))
    })
}

fn write(described: &Described, writer: &mut Writer) {
    let samples = || described.read.samples.iter().enumerate();
    match described.family {
        Kept::None(family) => writer.family(family, |family| {
            samples().for_each(|(_, sample)| family.sample([], sample.value));
        }),
        Kept::One(family) => writer.family(family, |f| {
            for (n, sample) in samples() {
                let [value] = values(sample);
                let rendered = LabelText::new(family.labels, [value]);
                match n % 2 {
                    0 => f.sample([value], sample.value),
                    _ => f.sample_after(&rendered, [], sample.value),
                }
            }
        }),
        Kept::Two(family) => writer.family(family, |f| {
            for (n, sample) in samples() {
                let [first, second] = values(sample);
                let rendered = LabelText::new([family.labels[0]], [first]);
                match n % 3 {
                    0 => f.sample([first, second], sample.value),
                    1 => f.sample_after(&rendered, [second], sample.value),
                    _ => f.sample_between(&rendered, &family.last_label(second), sample.value),
                }
            }
        }),
        Kept::Seven(family) => {
            let mut many = LabelTexts::<5>::for_many(1);
            for (_, sample) in samples() {
                let [a, b, c, d, e, ..] = values::<7>(sample);
                let [first, second, third, fourth, fifth, ..] = family.labels;
                let rendered = LabelText::new([first, second], [a, b]);
                many.add(&rendered, [third, fourth, fifth], [c, d, e]);
            }
            writer.family(family, |f| {
                for (rendered, (_, sample)) in many.iter().zip(samples()) {
                    let [.., sixth, seventh] = values::<7>(sample);
                    f.sample_after(rendered, [sixth, seventh], sample.value);
                }
            });
        }
        Kept::Open(family) => writer.open_family(family, &OPEN_LABELS, |f| {
            for (_, sample) in samples() {
                let [first, ..] = values::<3>(sample);
                let value_of = |label: &&str| {
                    let mut labels = sample.labels.iter();
                    labels.find(|(name, _)| name == label).map_or("", |(_, value)| value.as_str())
                };
                f.sample_after(&LabelText::new(family.labels, [first]), value_of, sample.value);
            }
        }),
    }
}

fn values<const N: usize>(sample: &ReadSample) -> [&str; N] {
    std::array::from_fn(|n| sample.labels[n].1.as_str())
}

/// The plain text, after the gzip member was found to hold the same.
fn whole(exposition: &Exposition, tail: &Tail) -> String {
    let (plain, gzip) = (exposition.plain(tail), exposition.gzip(tail));
    let announced = (plain.byte_len(), gzip.byte_len());
    let (plain, gzip): (Vec<u8>, Vec<u8>) = (plain.flatten().collect(), gzip.flatten().collect());
    assert_eq!((plain.len() as u64, gzip.len() as u64), announced);
    let mut inflated = Vec::new();
    let mut member = flate2::bufread::GzDecoder::new(&*gzip);
    member.read_to_end(&mut inflated).expect("a gzip member");
    assert!(member.into_inner().is_empty(), "something follows the only gzip member");
    assert!(inflated == plain, "gzip holds another text than the plain answer");
    String::from_utf8(plain).expect("UTF-8")
}

/// As `==`, but a number that is none is itself, and zeros have their sign.
fn is_same(read: &ReadFamily, expected: &ReadFamily) -> bool {
    let heads = |f: &ReadFamily| (f.name.clone(), f.kind.clone(), f.help.clone());
    let same = |(a, b): (&ReadSample, &ReadSample)| {
        let number = a.value.to_bits() == b.value.to_bits();
        a.labels == b.labels && (number || (a.value.is_nan() && b.value.is_nan()))
    };
    heads(read) == heads(expected)
        && read.samples.len() == expected.samples.len()
        && read.samples.iter().zip(&expected.samples).all(same)
}

/// A family that lives as long as the program, as those of the exporter do.
#[derive(Clone, Copy)]
enum Kept {
    None(&'static Family<0>),
    One(&'static Family<1>),
    Two(&'static Family<2>),
    Seven(&'static Family<7>),
    Open(&'static Family<1>),
}

/// Families whose memory is never given back. When there are so many, further ones have a HELP that
/// is already there: a long run must not end for want of memory.
const MOST_KEPT: usize = 50_000;
static KEPT: Mutex<BTreeMap<Key, (Kept, &str)>> = Mutex::new(BTreeMap::new());

/// Name, shape, whether it is a counter, HELP.
type Key = (&'static str, char, bool, String);

impl Kept {
    /// The family, and the HELP that it has.
    fn family(name: &'static str, shape: char, kind: Kind, help: &str) -> (Self, &'static str) {
        let mut kept = KEPT.lock().expect("no holder panics");
        let help = if kept.len() < MOST_KEPT { help } else { "Full." };
        let key = (name, shape, kind == Kind::Counter, help.to_owned());
        *kept.entry(key).or_insert_with(|| {
            let help: &'static str = Box::leak(help.to_owned().into_boxed_str());
            let family = match shape {
                '1' => Self::One(leaked(name, kind, help)),
                '2' => Self::Two(leaked(name, kind, help)),
                '7' => Self::Seven(leaked(name, kind, help)),
                'o' => Self::Open(leaked(name, kind, help)),
                _ => Self::None(leaked(name, kind, help)),
            };
            (family, help)
        })
    }
}

fn leaked<const N: usize>(
    name: &'static str,
    kind: Kind,
    help: &'static str,
) -> &'static Family<N> {
    let labels = std::array::from_fn(|n| LABELS[n]);
    Box::leak(Box::new(Family { name, kind, labels, help, notes: "" }))
}
