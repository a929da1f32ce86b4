use super::*;

fn events(text: &str) -> Result<Option<Events>, String> {
    production(text).map(|config| config.events)
}

fn of_url(url: &str) -> Result<Events, String> {
    events(&format!("events: {{queue_url: '{url}'}}")).map(Option::unwrap)
}

#[test]
fn there_is_no_queue_unless_one_is_configured() {
    assert_eq!(events("{}"), Ok(None));
    assert_eq!(events("events:"), Ok(None));
    let line = events("events: {region: eu-central-1}").unwrap_err();
    assert!(
        line.contains("events.queue_url: is missing; set it to the URL of the queue"),
        "{line}"
    );
}

#[test]
fn the_url_says_where_the_queue_is() {
    for (host, region, partition) in [
        ("sqs.eu-central-1.amazonaws.com", "eu-central-1", "aws"),
        ("sqs-fips.us-east-1.amazonaws.com", "us-east-1", "aws"),
        ("sqs.cn-north-1.amazonaws.com.cn", "cn-north-1", "aws-cn"),
        ("sqs.us-gov-west-1.api.aws", "us-gov-west-1", "aws-us-gov"),
        ("eu-west-1.queue.amazonaws.com", "eu-west-1", "aws"),
        ("vpce-0a1b2c3d4e5f60718-abcdefgh.sqs.eu-west-1.vpce.amazonaws.com", "eu-west-1", "aws"),
    ] {
        let url = format!("https://{host}/123456789012/events_1-a");
        let events = of_url(&url).unwrap();
        assert_eq!((&*events.queue_url, events.region.as_str()), (&*url, region));
        assert_eq!(events.endpoint_url, format!("https://{host}"));
        let arn = format!("arn:{partition}:sqs:{region}:123456789012:events_1-a");
        assert_eq!(events.queue_arn(), arn);
    }
}

#[test]
fn the_region_can_be_said_and_must_be_where_the_url_does_not_say_it() {
    let local = "http://127.0.0.1:4566/000000000000/events.fifo";
    let line = of_url(local).unwrap_err();
    assert!(line.contains("in which region the queue is; set events.region"), "{line}");
    let set = |url, region| events(&format!("events: {{queue_url: '{url}', region: {region}}}"));
    let found = set(local, "eu-central-1").unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.region.as_str()), ("events.fifo", "eu-central-1"));
    let url = "https://sqs.eu-central-1.amazonaws.com/123456789012/events";
    assert!(set(url, "eu-central-1").is_ok());
    let line = set(url, "us-east-1").unwrap_err();
    assert!(line.contains("events.region: the URL of the queue names eu-central-1;"), "{line}");
}

#[test]
fn each_shard_can_have_a_queue_of_its_own() {
    let text = "events: {queue_url: 'https://sqs.eu-central-1.amazonaws.com/123456789012/q-{shard}'}\n\
                sharding: {shard: 7, total_shards: 8}";
    let events = events(text).unwrap().unwrap();
    assert_eq!(events.name, "q-7");
    assert!(events.queue_url.ends_with("/123456789012/q-7"));
    assert!(events.queue_arn().ends_with(":q-7"));
}

#[test]
fn shards_that_may_share_a_queue_are_warned() {
    let warned = |name, total| {
        let url = format!("https://sqs.eu-central-1.amazonaws.com/123456789012/{name}");
        let sharding = format!("sharding: {{shard: 0, total_shards: {total}}}");
        let config = production(&format!("events: {{queue_url: '{url}'}}\n{sharding}")).unwrap();
        config.warnings().iter().any(|warning| warning.contains("a queue of events of its own"))
    };
    assert!(warned("q", 2));
    assert!(!warned("q", 1) && !warned("q-{shard}", 2));
}

#[test]
fn a_url_that_is_none_of_a_queue_is_refused_and_never_repeated() {
    let host = "https://sqs.eu-central-1.amazonaws.com";
    for (url, why) in [
        ("sesame".to_owned(), "the URL does not begin with https:// or http://"),
        ("ftp://sesame.example/123456789012/q".into(), "the URL does not begin with"),
        (format!("{host}/sesame"), "the URL does not end with /, an account id"),
        (format!("{host}/12345/sesame"), "the URL holds no account id"),
        (format!("{host}/123456789012/sesame/x"), "the URL does not end with the name of a queue"),
        (format!("{host}/123456789012/"), "the URL does not end with the name of a queue"),
        (
            format!("{host}/123456789012/{}", "sesame".repeat(14)),
            "the URL does not end with the name",
        ),
        (format!("{host}/123456789012/sesame?x=1"), "the URL holds a query"),
        (
            "https://sesame:x@sqs.eu-central-1.amazonaws.com/123456789012/q".into(),
            "the URL holds a user",
        ),
        (format!("{host}/123456789012/s{{ordinal}}esame"), "the URL does not end with the name"),
    ] {
        let line = of_url(&url).unwrap_err();
        assert!(line.contains(&format!("events.queue_url: {why}")), "{url}: {line}");
        assert!(!line.contains("sesame"), "{line}");
    }
}

#[test]
fn plain_http_goes_no_further_than_this_machine_unless_it_is_allowed() {
    let text = "events: {queue_url: 'http://queue.example/123456789012/q', region: eu-central-1}";
    let line = events(text).unwrap_err();
    assert!(line.contains("events.queue_url: plain http to a host that is not loopback"), "{line}");
    assert!(events(&format!("{text}\naws: {{allow_insecure_endpoint: true}}")).is_ok());
}
