//! Page tokens: opaque to the client, bound to the list they belong to.

use super::random::{hash, mix};

/// The list a token goes on with. A token of one list is forged in another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub operation: &'a str,
    /// What of it: the access level and order of a search, the product of a listing, ….
    pub subject: [&'a str; 3],
    /// Tokens of an earlier generation have expired.
    pub generation: u64,
}

/// Where a page begins. A position, not a snapshot: as with AWS, an item may repeat or be missed
/// when the list changes between two pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Items before it.
    pub position: usize,
    /// The ordinal of the page, from 1.
    pub page: usize,
}

impl Place {
    pub const START: Place = Place { position: 0, page: 1 };

    pub fn token(self, scope: &Scope<'_>) -> String {
        let seal = scope.seal(self);
        // Masked, so that nobody comes to rely on reading it.
        let mask = mix(seal);
        let (position, page) =
            (self.position as u64 ^ mask, self.page as u64 ^ mask.rotate_left(32));
        format!("{position:016x}{seal:016x}{page:016x}")
    }

    pub fn read(token: &str, scope: &Scope<'_>) -> Option<Place> {
        let part = |n: usize| u64::from_str_radix(token.get(n * 16..(n + 1) * 16)?, 16).ok();
        let (position, seal, page) = (part(0)?, part(1)?, part(2)?);
        let mask = mix(seal);
        let place = Place {
            position: usize::try_from(position ^ mask).ok()?,
            page: usize::try_from(page ^ mask.rotate_left(32)).ok()?,
        };
        (place.token(scope) == token).then_some(place)
    }
}

impl Scope<'_> {
    fn seal(&self, place: Place) -> u64 {
        let list = [self.account, self.region, self.operation]
            .into_iter()
            .chain(self.subject)
            .fold(self.generation, hash);
        mix(mix(list ^ place.position as u64) ^ place.page as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPE: Scope<'static> = Scope {
        account: "1",
        region: "eu-west-1",
        operation: "Scan",
        subject: ["Account", "", ""],
        generation: 0,
    };

    #[test]
    fn a_token_is_good_for_its_own_list_only() {
        let place = Place { position: 40, page: 3 };
        let token = place.token(&SCOPE);
        assert_eq!(Place::read(&token, &SCOPE), Some(place));
        for other in [
            Scope { account: "2", ..SCOPE },
            Scope { region: "eu-west-2", ..SCOPE },
            Scope { operation: "List", ..SCOPE },
            Scope { subject: ["User", "", ""], ..SCOPE },
            Scope { generation: 1, ..SCOPE },
        ] {
            assert_eq!(Place::read(&token, &other), None, "{other:?}");
        }
    }

    #[test]
    fn forged_tokens_are_refused() {
        let token = Place { position: 40, page: 3 }.token(&SCOPE);
        let forged = [
            String::new(),
            "x".into(),
            "größer".repeat(9),
            token.to_uppercase(),
            format!("{token}0"),
            "0".repeat(48),
        ];
        for forged in forged {
            assert_eq!(Place::read(&forged, &SCOPE), None, "{forged}");
        }
    }
}
