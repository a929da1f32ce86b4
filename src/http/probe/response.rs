//! A response of HTTP/1.1 that was read to its end, or not.

/// A whole response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Reads the bytes of a connection that was closed after them; `None` if they are no response, or
/// not all of one.
pub(super) fn read(answer: &[u8]) -> Option<Response> {
    let status = super::status(answer)?;
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let (head, body) = (answer.get(..end)?, answer.get(end + 4..)?);
    let head = std::str::from_utf8(head).ok()?;
    let header = |name: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let body = match (header("transfer-encoding"), header("content-length")) {
        (Some(encoding), _) if encoding.eq_ignore_ascii_case("chunked") => joined(body)?,
        (Some(_), _) => return None,
        (None, Some(length)) => body.get(..length.parse().ok()?)?.to_vec(),
        (None, None) => body.to_vec(),
    };
    Some(Response { status, body })
}

/// What came in chunks, as a proxy may send it.
fn joined(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|bytes| bytes == b"\r\n")?;
        let size = std::str::from_utf8(rest.get(..end)?).ok()?.split(';').next()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        rest = rest.get(end + 2..)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(answer: &str) -> Option<String> {
        Some(String::from_utf8(read(answer.as_bytes())?.body).unwrap())
    }

    #[test]
    fn a_body_has_the_length_that_was_said_or_ends_with_the_connection() {
        let with = |headers: &str, body: &str| format!("HTTP/1.1 200 OK\r\n{headers}\r\n{body}");
        assert_eq!(body(&with("Content-Length: 2\r\n", "ab")).as_deref(), Some("ab"));
        assert_eq!(body(&with("", "ab")).as_deref(), Some("ab"));
        let chunked = "transfer-encoding: Chunked\r\n";
        assert_eq!(
            body(&with(chunked, "2;x=y\r\nab\r\n1\r\nc\r\n0\r\n\r\n")).as_deref(),
            Some("abc")
        );
        for cut in [
            with("Content-Length: 3\r\n", "ab"),
            with("Content-Length: -1\r\n", "ab"),
            with(chunked, "2\r\nab\r\n"),
            with(chunked, "ffffffffffffffff\r\nab\r\n0\r\n\r\n"),
            with("transfer-encoding: gzip\r\n", "ab"),
            "HTTP/1.1 200 OK\r\nContent-Le".to_owned(),
            "SSH-2.0-OpenSSH\r\n".to_owned(),
        ] {
            assert_eq!(body(&cut), None, "{cut}");
        }
    }
}
