//! Inputs that are nearly those of the corpus, the same ones for the same seed.

use super::corpus::Corpus;

/// No mutation is longer, in bytes.
const LONGEST: usize = 64 * 1024;
/// The most changes of one input.
const MOST_CHANGES: usize = 5;
/// A part that is repeated is so long at most, in bytes: nesting is made of short parts.
const LONGEST_REPEATED: usize = 24;

pub struct Mutator<'c> {
    random: fastrand::Rng,
    corpus: &'c Corpus,
}

impl<'c> Mutator<'c> {
    pub fn new(seed: u64, corpus: &'c Corpus) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), corpus }
    }

    /// The next one.
    pub fn next(&mut self) -> Vec<u8> {
        let mut input = self.stored().to_vec();
        for _ in 0..self.random.usize(1..=MOST_CHANGES) {
            self.change(&mut input);
            input.truncate(LONGEST);
        }
        input
    }

    fn stored(&mut self) -> &'c [u8] {
        &self.corpus.inputs[self.random.usize(..self.corpus.inputs.len())]
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let part = self.part(input.len(), usize::MAX);
        match self.random.u8(..10) {
            0 => {
                if let Some(byte) = input.get_mut(part.start) {
                    *byte ^= 1 << self.random.u8(..8);
                }
            }
            1 => {
                if let Some(byte) = input.get_mut(part.start) {
                    *byte = self.random.u8(..);
                }
            }
            2 => drop(input.drain(part)),
            3 => input.truncate(part.start),
            4 => {
                let part = self.part(input.len(), LONGEST_REPEATED);
                // Few times mostly, and now and then as often as fits.
                let doublings = if self.random.u8(..8) == 0 { 13 } else { 4 };
                let times = 1 << self.random.u32(..doublings);
                let repeated = input[part.clone()].repeat(times);
                input.splice(part, repeated);
            }
            5 => {
                let other = self.stored();
                let theirs = other[self.part(other.len(), usize::MAX)].to_vec();
                input.splice(part, theirs);
            }
            6 => {
                let other = self.stored();
                input.truncate(part.start);
                input.extend_from_slice(&other[self.part(other.len(), usize::MAX).start..]);
            }
            n => {
                // A word, in the place of something or between.
                let word = &self.corpus.words[self.random.usize(..self.corpus.words.len())];
                let end =
                    if n == 7 { part.start } else { (part.start + word.len()).min(input.len()) };
                input.splice(part.start..end, word.iter().copied());
            }
        }
    }

    /// A part of that many bytes, mostly a short one.
    fn part(&mut self, length: usize, longest: usize) -> std::ops::Range<usize> {
        let start = self.random.usize(..=length);
        let most = (length - start).min(longest).min(1 << self.random.u32(..14));
        start..start + self.random.usize(..=most)
    }
}

#[test]
fn mutations_are_the_same_for_the_same_seed_and_differ_from_one_to_the_next() {
    let corpus = Corpus { inputs: vec![b"one".to_vec(), vec![7; 400]], words: vec![b"w".to_vec()] };
    let some = |seed| {
        let mut mutator = Mutator::new(seed, &corpus);
        std::array::from_fn::<_, 500, _>(|_| mutator.next())
    };
    let first = some(1);
    assert_eq!(first, some(1));
    assert_ne!(first, some(2));
    let mut different = first.to_vec();
    different.sort();
    different.dedup();
    assert!(different.len() > 300, "{}", different.len());
    assert!(first.iter().all(|input| input.len() <= LONGEST));
    assert!(first.iter().any(|input| input.len() > 4_000), "a part is repeated often");
}
