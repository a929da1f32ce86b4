//! What only a port without TLS hears.

use super::victim::Victim;

#[tokio::test(flavor = "multi_thread")]
async fn the_preface_of_http_2_is_refused_and_does_not_wait_for_more() {
    let victim = Victim::plain().await;
    for preface in ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n"] {
        let mut client = victim.client().await;
        client.send(preface).await;
        let answer = client.rest_of_answers().await;
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
    }
    victim.scrapes_promptly().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_of_that_preface_is_a_head_that_does_not_end() {
    let victim = Victim::plain().await;
    let mut client = victim.client().await;
    client.send("PRI").await;
    victim.scrapes_promptly().await;
    // The usual deadline of a head.
    assert_eq!(client.rest_of_answers().await, b"");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tls_greeting_is_a_bad_request() {
    let victim = Victim::plain().await;
    let mut client = victim.client().await;
    client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n").await;
    let answer = client.rest_of_answers().await;
    assert!(answer.starts_with(b"HTTP/1.1 400 "), "{}", String::from_utf8_lossy(&answer));
    victim.scrapes_promptly().await;
}
