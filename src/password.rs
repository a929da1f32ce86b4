//! Password hashes: bcrypt, as Go's library and `htpasswd -B` write and read it.
//!
//! 72 bytes of a password count, and a NUL is a byte like any other. Nothing here ever shows a
//! password or a hash.

use std::fmt;
use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Bytes of a password that count.
pub const LONGEST: usize = 72;
/// Each step doubles the time of a login: at 10 it is about a twentieth of a second.
pub const COSTS: RangeInclusive<u32> = 4..=31;

/// The alphabet of bcrypt, read as generously as Go does: the last character of a salt has bits
/// to spare.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::BCRYPT,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// Characters of the salt.
const SALT: usize = 22;
/// Characters of what is compared.
const DIGEST: usize = 31;

/// Why a text is no hash; the text is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAHash {
    /// No `$2…$NN$` and 53 characters.
    #[error("is no bcrypt hash")]
    Form,
    /// Outside of [`COSTS`].
    #[error("is a bcrypt hash whose cost is not between 4 and 31")]
    Cost,
}

/// The bcrypt hash of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    cost: u32,
    salt: [u8; 16],
    digest: [u8; DIGEST],
}

impl PasswordHash {
    /// Reads `$2y$10$…`; `2`, `2a`, `2b`, `2x` and `2y` mean the same, as in Go.
    ///
    /// # Errors
    /// When it is none, or one that no password would ever match.
    pub fn parse(text: &str) -> Result<Self, NotAHash> {
        let mut parts = text.split('$');
        let (Some(""), Some(version), Some(cost), Some(rest), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NotAHash::Form);
        };
        let is_known = matches!(version, "2" | "2a" | "2b" | "2x" | "2y");
        let is_digits = cost.len() == 2 && cost.bytes().all(|digit| digit.is_ascii_digit());
        let is_plain =
            rest.bytes().all(|byte| alphabet::BCRYPT.as_str().as_bytes().contains(&byte));
        if !(is_known && is_digits && is_plain) {
            return Err(NotAHash::Form);
        }
        let (salt, digest) = rest.as_bytes().split_at_checked(SALT).ok_or(NotAHash::Form)?;
        let salt = ENGINE.decode(salt).ok().and_then(|salt| salt.try_into().ok());
        let cost = cost.parse().ok().filter(|cost| COSTS.contains(cost)).ok_or(NotAHash::Cost)?;
        Ok(Self {
            cost,
            salt: salt.ok_or(NotAHash::Form)?,
            digest: digest.try_into().map_err(|_| NotAHash::Form)?,
        })
    }

    /// A hash of that cost which no password is known to match, so that a login of nobody takes
    /// as long as one of somebody.
    #[must_use]
    pub fn decoy(cost: u32) -> Self {
        Self { cost, salt: [0; 16], digest: [b'.'; DIGEST] }
    }

    /// The power of two of its rounds.
    #[must_use]
    pub fn cost(&self) -> u32 {
        self.cost
    }

    /// What tells it from other hashes, for the key of a cache.
    pub fn identity(&self) -> impl AsRef<[u8]> {
        [&self.cost.to_be_bytes()[..], &self.salt, &self.digest].concat()
    }

    /// Whether it is the hash of `password`. Takes as long as its cost says, on the calling
    /// thread.
    #[must_use]
    pub fn matches(&self, password: &[u8]) -> bool {
        let Ok(hash) = bcrypt::hash_with_salt_bytes(password, self.cost, self.salt) else {
            return false;
        };
        let digest = hash.iter().rev().take(DIGEST).rev();
        // All of it, so that the time says nothing of where they differ.
        digest.zip(&self.digest).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHash").field("cost", &self.cost).finish_non_exhaustive()
    }
}

/// Why a password gets no hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Nothing.
    #[error("the password is empty; choose one")]
    Empty,
    /// Longer than [`LONGEST`].
    #[error(
        "the password has {0} bytes, of which bcrypt would ignore all after the 72nd; choose a shorter one"
    )]
    TooLong(usize),
    /// bcrypt itself refuses.
    #[error("bcrypt: {0}")]
    Refused(String),
}

/// The hash of `password` as text, with a salt of its own.
///
/// # Errors
/// When the password is empty or longer than [`LONGEST`], or the cost is not one of [`COSTS`].
pub fn hash(password: &[u8], cost: u32) -> Result<String, Unfit> {
    match password.len() {
        0 => return Err(Unfit::Empty),
        length if length > LONGEST => return Err(Unfit::TooLong(length)),
        _ => {}
    }
    let parts = bcrypt::hash_with_result(password, cost);
    let parts = parts.map_err(|error| Unfit::Refused(error.to_string()))?;
    Ok(parts.format_for_version(bcrypt::Version::TwoY))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the test data of exporter-toolkit: made by htpasswd, checked by Go.
    const DAVE: &str = "$2y$10$2UXri9cIDdgeKjBo4Rlpx.U3ZLDV8X1IxKmsfOvhcM5oXQt/mLmXq";
    /// From the tests of jBCrypt: of the empty password, and of `a`.
    const EMPTY: &str = "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.";
    const A: &str = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";

    #[test]
    fn hashes_that_others_made_are_read() {
        let matches = |hash: &str, password: &str| {
            PasswordHash::parse(hash).unwrap().matches(password.as_bytes())
        };
        assert!(matches(DAVE, "dave123") && !matches(DAVE, "dave124") && !matches(DAVE, ""));
        assert!(matches(EMPTY, "") && !matches(EMPTY, "\0"));
        assert!(matches(A, "a") && !matches(A, "a\0"));
        for version in ["2", "2a", "2b", "2x", "2y"] {
            assert!(matches(&A.replace("2a", version), "a"), "{version}");
        }
    }

    #[test]
    fn what_is_hashed_matches_and_nothing_else() {
        let text = hash(b"s3cret \xff", 4).unwrap();
        assert!(text.starts_with("$2y$04$") && text.len() == 60, "{text}");
        let hash = PasswordHash::parse(&text).unwrap();
        assert!(hash.matches(b"s3cret \xff") && !hash.matches(b"s3cret"));
        assert_ne!(super::hash(b"x", 4), super::hash(b"x", 4), "each has a salt of its own");
    }

    #[test]
    fn seventy_two_bytes_count_and_a_nul_is_one_of_them() {
        let longest = [b'x'; LONGEST];
        let hash = PasswordHash::parse(&super::hash(&longest, 4).unwrap()).unwrap();
        assert!(hash.matches(&[b'x'; 500]) && !hash.matches(&longest[1..]));
        let hash = PasswordHash::parse(&super::hash(b"a\0b", 4).unwrap()).unwrap();
        assert!(hash.matches(b"a\0b") && !hash.matches(b"a") && !hash.matches(b"a\0c"));
        assert_eq!(super::hash(&[b'x'; 73], 4), Err(Unfit::TooLong(73)));
        assert_eq!(super::hash(b"", 4), Err(Unfit::Empty));
        assert!(matches!(super::hash(b"x", 3), Err(Unfit::Refused(_))));
    }

    #[test]
    fn what_no_password_could_match_is_refused_and_not_repeated() {
        let long = format!("{DAVE}x");
        let short = DAVE.strip_suffix('q').unwrap();
        for text in
            ["", "doe", "$2y$10$", "$3y$10$x", &long, short, "$$$", "$2z$10$x", "ä", "$2y$1ä$"]
        {
            let error = PasswordHash::parse(text).unwrap_err();
            assert_eq!(error, NotAHash::Form, "{text}");
            assert!(text.is_empty() || !error.to_string().contains(text));
        }
        for (text, cost) in [(DAVE, "03"), (DAVE, "32"), (DAVE, "99")] {
            let text = text.replace("$10$", &format!("${cost}$"));
            assert_eq!(PasswordHash::parse(&text), Err(NotAHash::Cost));
        }
        for cost in ["+9", "1", "010", "x1"] {
            let text = DAVE.replace("$10$", &format!("${cost}$"));
            assert_eq!(PasswordHash::parse(&text), Err(NotAHash::Form));
        }
    }

    #[test]
    fn a_decoy_costs_what_it_says_and_matches_nothing() {
        let decoy = PasswordHash::decoy(5);
        assert_eq!(decoy.cost(), 5);
        assert!(!decoy.matches(b"") && !decoy.matches(b"."));
    }

    #[test]
    fn debug_hides_it() {
        let hash = PasswordHash::parse(DAVE).unwrap();
        assert_eq!(format!("{hash:?}"), "PasswordHash { cost: 10, .. }");
    }
}
