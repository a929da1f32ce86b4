use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::thread;

use super::*;
use crate::config::{Config, Defaults};

/// Serves one connection with these bytes, and gives the head of what was asked.
fn server(answer: Vec<u8>) -> (SocketAddr, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let _ = stream.write_all(&answer);
        String::from_utf8(head).unwrap()
    });
    (address, asked)
}

fn inquiry(login: Option<Login>) -> Inquiry {
    Inquiry {
        account: AccountId::new("123456789012"),
        region: Region::parse("eu-central-1").unwrap(),
        product: Some("pp-a&b".to_owned()),
        url: None,
        insecure: false,
        login,
        timeout: Duration::from_secs(20),
    }
}

fn ask_at(address: SocketAddr, inquiry: &Inquiry) -> Result<Vec<u8>, InquiryError> {
    let mut web = Config::defaults(Defaults::Production).web;
    web.listen_addresses = vec![address.to_string().parse().unwrap()];
    inquire(&web, inquiry)
}

fn refused(answer: &str) -> String {
    let (address, _asked) = server(answer.as_bytes().to_vec());
    ask_at(address, &inquiry(None)).unwrap_err().to_string()
}

#[test]
fn the_question_is_encoded_and_the_body_is_handed_back() {
    let (address, asked) = server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_vec());
    assert_eq!(ask_at(address, &inquiry(None)).unwrap(), b"{}");
    let head = asked.join().unwrap();
    let line = "GET /api/v1/explain?account=123456789012&region=eu-central-1&product=pp-a%26b HTTP/1.1\r\n";
    assert!(head.starts_with(line), "{head}");
    assert!(!head.contains("Authorization"), "{head}");
}

#[test]
fn a_password_is_sent_without_its_line_break_and_shown_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "hunter2\r\n").unwrap();
    for password in [Password::Text("hunter2".to_owned()), Password::File(file)] {
        let login = Login { user: "ann".to_owned(), password };
        assert!(!format!("{login:?}").contains("hunter2"), "{login:?}");
        let (address, asked) = server(b"HTTP/1.1 401 Unauthorized\r\n\r\n".to_vec());
        let error = ask_at(address, &inquiry(Some(login))).unwrap_err();
        assert!(error.to_string().contains("say --user"), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        let head = asked.join().unwrap();
        let sent = format!("Authorization: Basic {}\r\n", STANDARD.encode("ann:hunter2"));
        assert!(head.contains(&sent), "{head}");
    }
    let password = Password::File(folder.path().join("none"));
    let login = Login { user: "ann".to_owned(), password };
    let error = ask_at(SocketAddr::from(([127, 0, 0, 1], 1)), &inquiry(Some(login))).unwrap_err();
    assert!(error.to_string().contains("check --password-file"), "{error}");
}

#[test]
fn a_refusal_is_told_in_one_bounded_line() {
    let told = refused("HTTP/1.1 404 Not Found\r\n\r\n{\"error\":\"web.status_page is off\"}");
    assert!(told.contains("answered 404: web.status_page is off; give the prefix"), "{told}");
    let told =
        refused(&format!("HTTP/1.1 500 x\r\n\r\n\u{1b}[2J{}\nsecond line", "a".repeat(10_000)));
    assert!(told.len() < 600 && !told.contains('\u{1b}') && !told.contains("second"), "{told}");
}

#[test]
fn what_is_cut_off_or_endless_is_no_answer() {
    for answer in
        ["SSH-2.0-OpenSSH\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "HTTP/1.1 200"]
    {
        assert!(refused(answer).contains("no whole answer"), "{answer}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        while stream.write_all(&[b'H'; 65_536]).is_ok() {}
    });
    let error = ask_at(address, &inquiry(None)).unwrap_err();
    assert!(matches!(error, InquiryError::NotHttp { .. }), "{error:?}");
}

#[test]
fn a_url_says_host_port_prefix_and_whether_to_trust() {
    let web = Config::defaults(Defaults::Production).web;
    let of = |url: &str, insecure| {
        let url = crate::config::Given {
            text: url.to_owned(),
            origin: crate::config::Origin::Flag("--url".to_owned()),
        };
        let inquiry = Inquiry { url: Some(url.read().unwrap()), insecure, ..inquiry(None) };
        let Place { host, port, address, prefix, way } = place(&web, &inquiry);
        let way = match way {
            Way::Plain => "plain",
            Way::MaybeTls => "maybe",
            Way::Tls(Trust::Machine) => "tls",
            Way::Tls(Trust::Anybody) => "any",
        };
        format!("{host} {port} {address} {prefix} {way}")
    };
    for (url, insecure, expected) in [
        ("http://h.example", false, "h.example 80 h.example  plain"),
        ("https://h.example/aws/sc/", false, "h.example 443 h.example /aws/sc tls"),
        ("https://[::1]:8443", true, "::1 8443 [::1]:8443  any"),
    ] {
        assert_eq!(of(url, insecure), expected);
    }
}
