//! Families with their label names fixed in the type, and the writer of their samples.

use super::body::BodyBuilder;
use super::text::{push_help, push_label_value, push_number};

/// What a family's samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Goes up only.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Buckets, sum and count; only daemon-wide families are.
    Histogram,
}

impl Kind {
    /// As the TYPE line has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A family as the reference documents it.
#[derive(Clone, Copy, Debug)]
pub struct Describe {
    /// Full name.
    pub name: &'static str,
    /// Type.
    pub kind: Kind,
    /// Label names in the order in which they are written.
    pub labels: &'static [&'static str],
    /// HELP text.
    pub help: &'static str,
    /// When there are samples, and what else a reader must know; Markdown.
    pub notes: &'static str,
}

/// A family of ours with `N` labels: a sample with another number of labels does not compile.
#[derive(Clone, Copy, Debug)]
pub struct Family<const N: usize> {
    /// Full name.
    pub name: &'static str,
    /// Type.
    pub kind: Kind,
    /// Label names in the order in which they are written.
    pub labels: [&'static str; N],
    /// HELP text.
    pub help: &'static str,
    /// When there are samples; Markdown, for the reference.
    pub notes: &'static str,
}

impl<const N: usize> Family<N> {
    /// As the reference documents it.
    #[must_use]
    pub const fn describe(&'static self) -> Describe {
        Describe {
            name: self.name,
            kind: self.kind,
            labels: &self.labels,
            help: self.help,
            notes: self.notes,
        }
    }

    /// The last label with that value, rendered once for all the samples that have it.
    #[must_use]
    pub fn last_label(&self, value: &str) -> LastLabel {
        let mut text = Vec::with_capacity(128);
        push_labels(&mut text, N == 1, &self.labels[N.saturating_sub(1)..], &[value]);
        text.extend_from_slice(b"} ");
        LastLabel { text }
    }
}

/// The first labels of a sample, rendered once for all the families that begin with them.
#[derive(Clone, Debug, Default)]
pub struct LabelText<const K: usize> {
    text: Vec<u8>,
}

impl<const K: usize> LabelText<K> {
    /// Renders `name="value"` pairs.
    #[must_use]
    pub fn new(names: [&str; K], values: [&str; K]) -> Self {
        let mut rendered = Self::default();
        rendered.replace(&LabelText::<0>::default(), names, values);
        rendered
    }

    /// Renders `rest` behind `first`, into the memory that this text already has.
    pub fn replace<const F: usize, const R: usize>(
        &mut self,
        first: &LabelText<F>,
        names: [&str; R],
        values: [&str; R],
    ) {
        const { assert!(F + R == K, "the first and the further labels make K together") }
        self.text.clear();
        self.text.extend_from_slice(&first.text);
        push_labels(&mut self.text, F == 0, &names, &values);
    }
}

/// The last label of a sample behind others, and what stands between it and the value.
#[derive(Clone, Debug)]
pub struct LastLabel {
    text: Vec<u8>,
}

/// Many rendered first labels in one memory, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub struct LabelTexts<const K: usize> {
    texts: Vec<u8>,
    ends: Vec<usize>,
}

impl<const K: usize> LabelTexts<K> {
    /// Memory for so many, if their labels are of a usual length.
    #[must_use]
    pub fn for_many(count: usize) -> Self {
        Self { texts: Vec::with_capacity(256 * count), ends: Vec::with_capacity(count) }
    }

    /// Renders `rest` behind `first`.
    pub fn add<const F: usize, const R: usize>(
        &mut self,
        first: &LabelText<F>,
        names: [&str; R],
        values: [&str; R],
    ) {
        const { assert!(F + R == K, "the first and the further labels make K together") }
        self.texts.extend_from_slice(&first.text);
        push_labels(&mut self.texts, F == 0, &names, &values);
        self.ends.push(self.texts.len());
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Labels<'_, K>> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| Labels { text: &self.texts[begin..*end] })
    }
}

/// First labels that are rendered already.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'t, const K: usize> {
    text: &'t [u8],
}

impl<'t, const K: usize> From<&'t LabelText<K>> for Labels<'t, K> {
    fn from(rendered: &'t LabelText<K>) -> Self {
        Self { text: &rendered.text }
    }
}

fn push_labels(out: &mut Vec<u8>, mut first: bool, names: &[&str], values: &[&str]) {
    for (name, value) in names.iter().zip(values) {
        if !first {
            out.push(b',');
        }
        first = false;
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"=\"");
        push_label_value(out, value);
        out.push(b'"');
    }
}

/// Writes families one after the other.
#[derive(Debug)]
pub struct Writer {
    body: BodyBuilder,
    samples: u64,
}

impl Writer {
    /// A writer into `body`.
    #[must_use]
    pub fn new(body: BodyBuilder) -> Self {
        Self { body, samples: 0 }
    }

    /// Writes one family: its head, and within `write` all of its samples. A family without
    /// samples leaves no trace.
    pub fn family<const N: usize>(
        &mut self,
        family: &'static Family<N>,
        write: impl FnOnce(&mut FamilyWriter<'_, N>),
    ) {
        write(&mut FamilyWriter { writer: self, family, begun: false });
    }

    /// Writes one family with further labels whose names are known only when the program begins:
    /// those that `more` name.
    pub fn open_family<const K: usize, L: AsRef<str>>(
        &mut self,
        family: &'static Family<K>,
        more: &[L],
        write: impl FnOnce(&mut OpenFamilyWriter<'_, K, L>),
    ) {
        let family = FamilyWriter { writer: self, family, begun: false };
        write(&mut OpenFamilyWriter { family, more });
    }

    /// So many bytes follow at least; see [`BodyBuilder::expect`].
    pub fn expect(&mut self, bytes: u64) {
        self.body.expect(bytes);
    }

    /// How many samples were written.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The body behind the last sample.
    #[must_use]
    pub fn into_body(self) -> BodyBuilder {
        self.body
    }
}

/// Writes the samples of one family.
#[derive(Debug)]
pub struct FamilyWriter<'w, const N: usize> {
    writer: &'w mut Writer,
    family: &'static Family<N>,
    begun: bool,
}

impl<const N: usize> FamilyWriter<'_, N> {
    /// One sample with all of its label values.
    pub fn sample(&mut self, values: [&str; N], value: f64) {
        self.write(&[], true, &values, &self.family.labels, value);
    }

    /// One sample whose first labels are rendered already.
    pub fn sample_after<'t, const K: usize, const R: usize>(
        &mut self,
        first: impl Into<Labels<'t, K>>,
        rest: [&str; R],
        value: f64,
    ) {
        const { assert!(K + R == N, "the rendered and the further labels make all of them") }
        self.write(first.into().text, K == 0, &rest, &self.family.labels[K..], value);
    }

    /// One sample whose first labels and whose last one are rendered already.
    pub fn sample_between<'t, const K: usize>(
        &mut self,
        first: impl Into<Labels<'t, K>>,
        last: &LastLabel,
        value: f64,
    ) {
        const { assert!(K > 0 && K + 1 == N, "the rendered labels make all of them") }
        let out = self.begin();
        out.extend_from_slice(first.into().text);
        out.extend_from_slice(&last.text);
        push_number(out, value);
        out.push(b'\n');
    }

    fn write(&mut self, rendered: &[u8], first: bool, values: &[&str], names: &[&str], value: f64) {
        let out = self.begin();
        out.extend_from_slice(rendered);
        push_labels(out, first, names, values);
        end::<N>(out, value);
    }

    /// Begins a sample, up to where its labels stand.
    fn begin(&mut self) -> &mut Vec<u8> {
        if !self.begun {
            self.begun = true;
            self.head();
        }
        self.writer.samples += 1;
        let out = self.writer.body.room();
        out.extend_from_slice(self.family.name.as_bytes());
        if N > 0 {
            out.push(b'{');
        }
        out
    }

    fn head(&mut self) {
        let out = self.writer.body.room();
        out.extend_from_slice(b"# HELP ");
        out.extend_from_slice(self.family.name.as_bytes());
        out.push(b' ');
        push_help(out, self.family.help);
        out.extend_from_slice(b"\n# TYPE ");
        out.extend_from_slice(self.family.name.as_bytes());
        out.push(b' ');
        out.extend_from_slice(self.family.kind.as_str().as_bytes());
        out.push(b'\n');
    }
}

/// Writes the samples of a family that has further labels.
#[derive(Debug)]
pub struct OpenFamilyWriter<'w, const K: usize, L> {
    family: FamilyWriter<'w, K>,
    more: &'w [L],
}

impl<const K: usize, L: AsRef<str>> OpenFamilyWriter<'_, K, L> {
    /// One sample whose first labels are rendered already; each further label is asked for its
    /// value, so that none can lack one.
    pub fn sample_after<'t, 'v>(
        &mut self,
        first: impl Into<Labels<'t, K>>,
        mut value_of: impl FnMut(&L) -> &'v str,
        value: f64,
    ) {
        const { assert!(K > 0, "there are labels before those that are known later") }
        let out = self.family.begin();
        out.extend_from_slice(first.into().text);
        for label in self.more {
            push_labels(out, false, &[label.as_ref()], &[value_of(label)]);
        }
        end::<K>(out, value);
    }
}

/// Ends a sample of `N` labels.
fn end<const N: usize>(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(if N > 0 { b"} " } else { b" " });
    push_number(out, value);
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposition::Tail;

    static COUNT: Family<2> = Family {
        name: "things",
        kind: Kind::Gauge,
        labels: ["a", "b"],
        help: "How many\nthings \\ there are.",
        notes: "",
    };
    static BARE: Family<0> =
        Family { name: "bare_total", kind: Kind::Counter, labels: [], help: "Bare.", notes: "" };

    fn text(write: impl FnOnce(&mut Writer)) -> String {
        let mut writer = Writer::new(BodyBuilder::default());
        write(&mut writer);
        let exposition = writer.into_body().finish();
        let bytes: Vec<u8> = exposition.plain(&Tail::default()).flatten().collect();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_family_is_its_head_and_its_samples() {
        let written = text(|w| {
            w.family(&COUNT, |f| {
                f.sample(["x", "y\"z"], 2.0);
                f.sample_after(&LabelText::new(["a"], ["n\nl"]), ["é"], 0.5);
                f.sample_after(&LabelText::<0>::default(), ["1", "2"], 1.0);
            });
            w.family(&BARE, |f| f.sample([], 3.0));
        });
        assert_eq!(
            written,
            "# HELP things How many\\nthings \\\\ there are.\n# TYPE things gauge\n\
             things{a=\"x\",b=\"y\\\"z\"} 2\nthings{a=\"n\\nl\",b=\"é\"} 0.5\nthings{a=\"1\",b=\"2\"} 1\n\
             # HELP bare_total Bare.\n# TYPE bare_total counter\nbare_total 3\n"
        );
    }

    #[test]
    fn labels_kept_for_many_families_are_those_of_each_sample_alone() {
        let first = LabelText::new(["a"], ["n\nl"]);
        let mut many = LabelTexts::<2>::for_many(0);
        let values = ["", "é", "y\"z"];
        values.into_iter().for_each(|value| many.add(&first, ["b"], [value]));
        let after = text(|w| {
            w.family(&COUNT, |f| many.iter().for_each(|labels| f.sample_after(labels, [], 1.0)))
        });
        let alone =
            text(|w| w.family(&COUNT, |f| values.iter().for_each(|b| f.sample(["n\nl", b], 1.0))));
        assert_eq!(after, alone);
        let first = LabelText::<1>::new(["a"], ["n\nl"]);
        let between = text(|w| {
            w.family(&COUNT, |f| {
                values.iter().for_each(|b| f.sample_between(&first, &COUNT.last_label(b), 1.0));
            });
        });
        assert_eq!(between, alone);
    }

    #[test]
    fn labels_that_are_known_later_stand_behind_the_others_each_with_its_own_value() {
        let first = LabelText::new(COUNT.labels, ["x", "y"]);
        let more = ["tag_b", "tag_a"];
        let written = text(|w| {
            w.open_family(&COUNT, &more, |f| {
                f.sample_after(&first, |label| if *label == "tag_a" { "q\"" } else { "" }, 1.0);
            });
        });
        let samples: Vec<_> = written.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(samples, [r#"things{a="x",b="y",tag_b="",tag_a="q\""} 1"#]);
    }

    #[test]
    fn a_family_without_samples_leaves_no_trace() {
        assert_eq!(text(|w| w.family(&COUNT, |_| ())), "");
    }
}
