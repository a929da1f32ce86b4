//! What a query string asks of the status page: filters, order, pages. A link holds all of it, so
//! that it can be shared.

use std::fmt::Write as _;

use crate::config::Choice;

/// A longer query is refused, in bytes.
pub(super) const LONGEST: usize = 2 * 1024;
/// Rows of a page, at most.
const MOST_ROWS: usize = 200;

/// Why a query cannot be read. Values that nothing has are no reason: they find nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum QueryError {
    #[error("the query is longer than {LONGEST} bytes; use fewer or shorter filters")]
    TooLong,
    #[error("the query has a broken escape; write % and two hexadecimal digits, of UTF-8 text")]
    Escape,
}

/// What the problems can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ProblemSort {
    /// The worst first.
    #[default]
    Status,
    Name,
    Type,
    Account,
    Region,
    /// The last operation that began longest ago first.
    Since,
}

impl Choice for ProblemSort {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("status", Self::Status),
        ("name", Self::Name),
        ("type", Self::Type),
        ("account", Self::Account),
        ("region", Self::Region),
        ("since", Self::Since),
    ];
}

/// What the targets can be sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TargetSort {
    /// Those that fail first.
    #[default]
    State,
    Account,
    Region,
    Age,
    Products,
    Calls,
}

impl Choice for TargetSort {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("state", Self::State),
        ("account", Self::Account),
        ("region", Self::Region),
        ("age", Self::Age),
        ("products", Self::Products),
        ("calls", Self::Calls),
    ];
}

/// The word for a choice.
pub(super) fn word<T: Choice>(choice: T) -> &'static str {
    T::CHOICES.iter().find(|(_, one)| *one == choice).map_or("", |(word, _)| word)
}

fn choice<T: Choice>(text: &str) -> Option<T> {
    T::CHOICES.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice)
}

/// In which order, and which part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice<S> {
    pub(super) sort: S,
    pub(super) descending: bool,
    /// From 1; there is no page 0.
    pub(super) page: usize,
    /// Rows of a page, 1 to [`MOST_ROWS`].
    pub(super) rows: usize,
}

/// All that a query can say. Texts are empty where it says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// The id of an account, or `unknown`.
    pub(super) account: String,
    pub(super) region: String,
    /// A part of the name or account id of a target.
    pub(super) target: String,
    pub(super) status: String,
    pub(super) kind: String,
    /// A part of the name or id of a product.
    pub(super) q: String,
    pub(super) problems: Slice<ProblemSort>,
    pub(super) targets: Slice<TargetSort>,
    /// Parameters whose value means nothing, so that their default counts.
    pub(super) ignored: Vec<&'static str>,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            account: String::new(),
            region: String::new(),
            target: String::new(),
            status: String::new(),
            kind: String::new(),
            q: String::new(),
            problems: Slice { sort: ProblemSort::Status, descending: false, page: 1, rows: 100 },
            targets: Slice { sort: TargetSort::State, descending: false, page: 1, rows: 25 },
            ignored: Vec::new(),
        }
    }
}

impl Query {
    /// Reads what stands behind the `?`. Of a parameter that comes twice the last counts, one that
    /// is not known is left alone, and an empty one is as good as none: that is how forms send it.
    pub(super) fn read(text: &str) -> Result<Self, QueryError> {
        if text.len() > LONGEST {
            return Err(QueryError::TooLong);
        }
        let mut query = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if !value.is_empty() {
                query.take(&name, value);
            }
        }
        Ok(query)
    }

    fn take(&mut self, name: &str, value: String) {
        let understood = match name {
            "account" => keep(&mut self.account, value),
            "region" => keep(&mut self.region, value),
            "target" => keep(&mut self.target, value),
            "status" => keep(&mut self.status, value),
            "type" => keep(&mut self.kind, value),
            "q" => keep(&mut self.q, value),
            "sort" => set(&mut self.problems.sort, choice(&value), "sort"),
            "order" => set(&mut self.problems.descending, descending(&value), "order"),
            "page" => set(&mut self.problems.page, Some(value.parse().unwrap_or(0)), "page"),
            "rows" => set(&mut self.problems.rows, rows(&value), "rows"),
            "target_sort" => set(&mut self.targets.sort, choice(&value), "target_sort"),
            "target_order" => set(&mut self.targets.descending, descending(&value), "target_order"),
            "target_page" => {
                set(&mut self.targets.page, Some(value.parse().unwrap_or(0)), "target_page")
            }
            "target_rows" => set(&mut self.targets.rows, rows(&value), "target_rows"),
            _ => Ok(()),
        };
        if let Err(name) = understood {
            self.ignored.push(name);
        }
    }

    /// Whether it asks for some of the targets only.
    pub(super) fn narrows_targets(&self) -> bool {
        [&self.account, &self.region, &self.target].iter().any(|filter| !filter.is_empty())
    }

    /// Whether it asks for some of the problems only.
    pub(super) fn narrows(&self) -> bool {
        let others = [&self.status, &self.kind, &self.q];
        self.narrows_targets() || others.iter().any(|filter| !filter.is_empty())
    }

    /// What it says that is not the default, as it is said.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let usual = Self::default();
        let order = |slice: bool| if slice { "desc" } else { "asc" }.to_owned();
        let mut pairs = Vec::new();
        for (name, value, usual) in [
            ("account", self.account.clone(), usual.account),
            ("region", self.region.clone(), usual.region),
            ("target", self.target.clone(), usual.target),
            ("status", self.status.clone(), usual.status),
            ("type", self.kind.clone(), usual.kind),
            ("q", self.q.clone(), usual.q),
            ("sort", word(self.problems.sort).into(), word(usual.problems.sort).into()),
            ("order", order(self.problems.descending), order(usual.problems.descending)),
            ("page", self.problems.page.to_string(), usual.problems.page.to_string()),
            ("rows", self.problems.rows.to_string(), usual.problems.rows.to_string()),
            ("target_sort", word(self.targets.sort).into(), word(usual.targets.sort).into()),
            ("target_order", order(self.targets.descending), order(usual.targets.descending)),
            ("target_page", self.targets.page.to_string(), usual.targets.page.to_string()),
            ("target_rows", self.targets.rows.to_string(), usual.targets.rows.to_string()),
        ] {
            if value != usual {
                pairs.push((name, value));
            }
        }
        pairs
    }

    /// A link to it below `place`, with what `change` changes.
    pub(super) fn link(&self, place: &str, change: impl FnOnce(&mut Self)) -> String {
        let mut query = self.clone();
        change(&mut query);
        let (place, anchor) = place.split_once('#').unwrap_or((place, ""));
        let mut link = place.to_owned();
        for (nth, (name, value)) in query.pairs().into_iter().enumerate() {
            link.push(if nth == 0 { '?' } else { '&' });
            let _ = write!(link, "{name}=");
            link.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        }
        if !anchor.is_empty() {
            let _ = write!(link, "#{anchor}");
        }
        link
    }
}

type Understood = Result<(), &'static str>;

fn keep(text: &mut String, value: String) -> Understood {
    *text = value;
    Ok(())
}

fn set<T>(place: &mut T, value: Option<T>, name: &'static str) -> Understood {
    *place = value.ok_or(name)?;
    Ok(())
}

fn descending(text: &str) -> Option<bool> {
    match text {
        "asc" => Some(false),
        "desc" => Some(true),
        _ => None,
    }
}

fn rows(text: &str) -> Option<usize> {
    text.parse().ok().filter(|rows| (1..=MOST_ROWS).contains(rows))
}

/// As forms encode it, but strictly: a lenient reader would look for another text than was meant.
pub(super) fn decoded(text: &str) -> Result<String, QueryError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let (Some(high), Some(low)) = (digit(), digit()) else {
                    return Err(QueryError::Escape);
                };
                u8::try_from(high * 16 + low).map_err(|_| QueryError::Escape)?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| QueryError::Escape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Query {
        Query::read(text).unwrap()
    }

    #[test]
    fn a_link_reads_back_as_the_query_that_it_was_made_of() {
        let text = "account=123456789012&region=eu-central-1&target=prod&status=ERROR&\
                    type=CFN_STACK&q=a%26b%3D+%2B%25%C3%A4&sort=name&order=desc&page=3&rows=7&\
                    target_sort=age&target_order=desc&target_page=2&target_rows=9";
        let query = read(text);
        assert_eq!(query.q, "a&b= +%ä");
        let link = query.link("./#problems", |_| ());
        let (path, rest) = link.split_once('?').unwrap();
        let (again, anchor) = rest.split_once('#').unwrap();
        assert_eq!((path, anchor), ("./", "problems"));
        assert_eq!(read(again), query);
    }

    #[test]
    fn a_link_says_only_what_differs_from_the_default() {
        assert_eq!(Query::default().link("./", |_| ()), "./");
        let link = Query::default().link("./", |query| query.problems.page = 2);
        assert_eq!(link, "./?page=2");
    }

    #[test]
    fn an_empty_parameter_is_as_good_as_none_and_an_unknown_one_is_left_alone() {
        assert_eq!(read("account=&region&&utm_source=x&="), Query::default());
    }

    #[test]
    fn of_a_parameter_that_comes_twice_the_last_counts() {
        assert_eq!(read("q=a&q=b").q, "b");
    }

    #[test]
    fn an_order_or_size_that_means_nothing_is_named_and_the_default_counts() {
        let query = read("sort=colour&order=up&rows=201&target_sort=x&target_order=&target_rows=0");
        assert_eq!(query.ignored, ["sort", "order", "rows", "target_sort", "target_rows"]);
        assert_eq!(Query { ignored: vec![], ..query }, Query::default());
    }

    #[test]
    fn a_page_that_is_no_number_is_one_that_is_not_there() {
        for text in ["page=0", "page=-1", "page=x", "page=99999999999999999999999"] {
            assert_eq!(read(text).problems.page, 0, "{text}");
        }
    }

    #[test]
    fn broken_escapes_and_endless_queries_are_refused() {
        for text in ["q=%", "q=%4", "q=%zz", "q=%ff", "%=1", "q=a%C3"] {
            assert_eq!(Query::read(text), Err(QueryError::Escape), "{text}");
        }
        let long = format!("q={}", "a".repeat(LONGEST - 2));
        assert!(Query::read(&long).is_ok());
        assert_eq!(Query::read(&format!("{long}a")), Err(QueryError::TooLong));
    }
}
