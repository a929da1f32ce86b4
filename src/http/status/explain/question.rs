//! What is asked: an account, a region, and maybe a product.

use crate::http::status::query::{LONGEST, QueryError, decoded};
use crate::model::{AccountId, Region};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) account: AccountId,
    pub(super) region: Region,
    /// The id of a provisioned product; whatever it is, the list holds it or does not.
    pub(super) product: Option<String>,
}

/// Why a question cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum QuestionError {
    #[error(transparent)]
    Query(#[from] QueryError),
    #[error("account is missing, or is none; write account= and its 12 digits")]
    Account,
    #[error("region is missing, or is none; write region= and its name, such as eu-central-1")]
    Region,
}

impl Question {
    /// Reads what stands behind the `?`. Of a parameter that comes twice the last counts, and one
    /// that is not known is left alone.
    pub(super) fn read(text: &str) -> Result<Self, QuestionError> {
        if text.len() > LONGEST {
            return Err(QueryError::TooLong.into());
        }
        let [mut account, mut region, mut product] = [const { String::new() }; 3];
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            match &*name {
                "account" => account = value,
                "region" => region = value,
                "product" => product = value,
                _ => (),
            }
        }
        Ok(Self {
            account: AccountId::parse(&account).map_err(|_| QuestionError::Account)?,
            region: Region::parse(&region).map_err(|_| QuestionError::Region)?,
            product: Some(product).filter(|id| !id.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_needs_an_account_and_a_region_and_says_which_is_wrong() {
        let read = |text: &str| Question::read(text).map_err(|error| error.to_string());
        let asked = read("account=123456789012&region=eu-central-1&product=pp-a%2Fb&x=y").unwrap();
        assert_eq!(
            (asked.region.as_str(), asked.product.as_deref()),
            ("eu-central-1", Some("pp-a/b"))
        );
        assert_eq!(
            read("account=123456789012&region=eu-central-1&product=").unwrap().product,
            None
        );
        for (text, word) in [
            ("", "account is missing"),
            ("account=12&region=eu-central-1", "account is missing, or is none"),
            ("account=123456789012", "region is missing"),
            ("account=123456789012&region=../etc", "region is missing, or is none"),
            ("account=%zz", "broken escape"),
        ] {
            assert!(read(text).unwrap_err().contains(word), "{text}");
        }
        assert!(read(&"a".repeat(LONGEST + 1)).unwrap_err().contains("longer than"));
    }
}
