//! `Accept-Encoding` (RFC 9110, 12.5.3), as far as two encodings need it.

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// One gzip member.
    Gzip,
}

impl Encoding {
    /// What the client takes: gzip if it is offered, by name or by `*`, and identity is not
    /// preferred to it.
    ///
    /// A client that forbids both, or identity without offering gzip, gets identity all the same:
    /// every client can read it, and the numbers matter more than the refusal.
    pub fn accepted(headers: &HeaderMap) -> Encoding {
        let mut gzip = None;
        let mut identity = None;
        let mut any = None;
        for (coding, weight) in headers.get_all(ACCEPT_ENCODING).iter().flat_map(offers) {
            let named = match () {
                () if is(coding, "gzip") || is(coding, "x-gzip") => &mut gzip,
                () if is(coding, "identity") => &mut identity,
                () if coding == "*" => &mut any,
                () => continue,
            };
            *named = Some(weight);
        }
        let gzip: f32 = gzip.or(any).unwrap_or(0.0);
        // Identity is acceptable unless it is forbidden, but never preferred without being named.
        if gzip > 0.0 && gzip >= identity.unwrap_or(0.0) {
            Encoding::Gzip
        } else {
            Encoding::Identity
        }
    }
}

fn is(coding: &str, name: &str) -> bool {
    coding.eq_ignore_ascii_case(name)
}

/// The codings of one header with their weights from 0 to 1. What is malformed is not offered.
fn offers(value: &http::HeaderValue) -> impl Iterator<Item = (&str, f32)> {
    value.to_str().unwrap_or_default().split(',').filter_map(|offer| {
        let (coding, parameters) = offer.split_once(';').unwrap_or((offer, "q=1"));
        let (name, weight) = parameters.split_once('=')?;
        let weight = weight.trim().parse().ok().filter(|weight| (0.0..=1.0).contains(weight))?;
        is(name.trim(), "q").then_some((coding.trim(), weight))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(values: &[&str]) -> Encoding {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT_ENCODING, value.parse().unwrap());
        }
        Encoding::accepted(&headers)
    }

    #[test]
    fn gzip_is_used_when_it_is_offered() {
        for value in [
            "gzip", // Prometheus
            "gzip, deflate, br, zstd",
            "deflate, GZIP;q=0.5",
            "x-gzip",
            "*",
            "*;q=0.1",
            "br;q=1.0, *;q=0.5",
            "identity;q=0, gzip",
            "identity;q=0, *",
            "identity;q=0.5, gzip;q=0.5",
            "gzip ; q = 1",
            "*;q=0, gzip",
        ] {
            assert_eq!(accepted(&[value]), Encoding::Gzip, "{value}");
        }
    }

    #[test]
    fn identity_is_used_when_gzip_is_not_offered() {
        for value in ["", "identity", "deflate, br", "gzip;q=0", "gzip;q=0.000, *", "gzipped"] {
            assert_eq!(accepted(&[value]), Encoding::Identity, "{value}");
        }
        assert_eq!(accepted(&[]), Encoding::Identity);
    }

    #[test]
    fn identity_is_used_when_it_is_preferred() {
        assert_eq!(accepted(&["identity, gzip;q=0.5"]), Encoding::Identity);
        assert_eq!(accepted(&["gzip;q=0.2, identity;q=0.3"]), Encoding::Identity);
    }

    #[test]
    fn a_client_that_forbids_everything_is_answered_all_the_same() {
        for value in ["*;q=0", "identity;q=0", "identity;q=0, gzip;q=0"] {
            assert_eq!(accepted(&[value]), Encoding::Identity, "{value}");
        }
    }

    #[test]
    fn what_is_malformed_is_not_offered() {
        for value in ["gzip;q=nan", "gzip;q=2", "gzip;q=-1", "gzip;q=", "gzip;q", "gzip;x=1", ",;,"]
        {
            assert_eq!(accepted(&[value]), Encoding::Identity, "{value}");
        }
    }

    #[test]
    fn several_headers_are_one_list() {
        assert_eq!(accepted(&["br", "gzip"]), Encoding::Gzip);
        assert_eq!(accepted(&["gzip;q=0", "br, *"]), Encoding::Identity);
    }
}
