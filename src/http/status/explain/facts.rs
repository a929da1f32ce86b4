//! The facts behind a summary, line by line.

use serde::Serialize;

/// A line of an answer.
#[derive(Debug, Serialize)]
pub(super) struct Fact {
    /// What it is about: a word that stays.
    about: &'static str,
    /// For people.
    says: String,
}

/// Facts in the order in which they are read.
#[derive(Debug, Default)]
pub(super) struct Facts(Vec<Fact>);

impl Facts {
    pub(super) fn say(&mut self, about: &'static str, says: impl Into<String>) {
        self.0.push(Fact { about, says: says.into() });
    }

    pub(super) fn into_lines(self) -> Vec<Fact> {
        self.0
    }
}
