//! Which part of the targets a process scans.

use super::*;

fn shard_of(
    text: &str,
    given: &[(&'static str, &str)],
    host: Option<&str>,
) -> Result<Shard, String> {
    let mut overrides = flags(given);
    if let Some(host) = host {
        let origin = Origin::Variable(HOST_NAME.to_owned());
        overrides.insert(HOST_NAME, Given { text: host.to_owned(), origin });
    }
    with(text, &overrides).map(|config| config.shard)
}

#[test]
fn without_a_word_about_shards_a_process_scans_everything() {
    let whole = Shard { ordinal: 0, total: 1 };
    assert_eq!(shard_of("", &[], Some("exporter-3")), Ok(whole));
    assert_eq!(shard_of("sharding: {total_shards: 1}", &[], None), Ok(whole));
    assert_eq!(shard_of("sharding: {shard: 0, total_shards: 1}", &[], None), Ok(whole));
}

#[test]
fn file_and_flags_say_which_shard_this_is_of_how_many() {
    let second = Ok(Shard { ordinal: 1, total: 3 });
    assert_eq!(shard_of("sharding: {shard: 1, total_shards: 3}", &[], None), second);
    let flags = [("sharding.shard", "1"), ("sharding.total_shards", "3")];
    assert_eq!(shard_of("sharding: {shard: 0, total_shards: 2}", &flags, None), second);
    assert_eq!(shard_of("sharding: {total_shards: 3}", &flags[..1], None), second);
}

#[test]
fn a_pod_of_a_stateful_set_is_the_shard_of_its_ordinal() {
    let text = "sharding: {shard: auto, total_shards: 12}";
    for (host, ordinal) in
        [("exporter-0", 0), ("my-exporter-11", 11), ("exporter-3.exporter.monitoring.svc", 3)]
    {
        assert_eq!(shard_of(text, &[], Some(host)), Ok(Shard { ordinal, total: 12 }), "{host}");
    }
    let flag = [("sharding.shard", "auto"), ("sharding.total_shards", "2")];
    assert_eq!(shard_of("", &flag, Some("e-1")), Ok(Shard { ordinal: 1, total: 2 }));
}

#[test]
fn a_number_that_is_said_wins_over_the_name_of_the_pod() {
    let text = "sharding: {shard: auto, total_shards: 2}";
    let said = shard_of(text, &[("sharding.shard", "0")], Some("laptop"));
    assert_eq!(said, Ok(Shard { ordinal: 0, total: 2 }));
}

#[test]
fn a_name_without_an_ordinal_is_refused_where_it_is_asked_for() {
    let text = "sharding: {shard: auto, total_shards: 2}";
    for host in ["laptop", "exporter-", "exporter-one", "exporter-+1", "3", "e-99999999999"] {
        let line = shard_of(text, &[], Some(host)).unwrap_err();
        let start = format!("exporter.yml:1:19: sharding.shard: is auto, but HOSTNAME ({host:?})");
        assert!(line.starts_with(&start), "{line}");
        assert!(line.ends_with(
            "; run it as a StatefulSet, or say --shard with a number; any will do for a check"
        ));
    }
    let line = shard_of(text, &[], None).unwrap_err();
    assert!(line.contains("is auto, but HOSTNAME is not set;"), "{line}");
}

#[test]
fn shards_that_do_not_fit_their_total_are_refused() {
    for (text, flags, line) in [
        (
            "sharding: {shard: 3, total_shards: 3}",
            &[][..],
            "exporter.yml:1:19: sharding.shard: sharding.shard (3, exporter.yml:1:19) must be less \
             than sharding.total_shards (3, exporter.yml:1:36): shards are counted from 0; lower \
             the one or raise the other; every shard needs the same total",
        ),
        (
            "sharding: {shard: 0}",
            &[],
            "exporter.yml:1:19: sharding.shard: of how many shards is not said; set --total-shards \
             or sharding.total_shards to the number of processes",
        ),
        (
            "",
            &[("sharding.total_shards", "2")],
            "--sharding.total_shards: which of these shards this process is is not said; set \
             --shard or sharding.shard to a number from 0, or to auto in the pods of a StatefulSet",
        ),
        (
            "sharding: {total_shards: 101}",
            &[],
            "exporter.yml:1:26: sharding.total_shards: 101 is out of range; choose from 1 to 100",
        ),
        (
            "sharding: {shard: -1, total_shards: 2}",
            &[],
            "exporter.yml:1:19: sharding.shard: -1 is out of range; write a whole number, without \
             sign, quotes and unit",
        ),
        (
            "sharding: {shard: all, total_shards: 2}",
            &[],
            "exporter.yml:1:19: sharding.shard: expected a number or auto, found text; write a \
             number from 0, or auto in the pods of a StatefulSet",
        ),
        (
            "",
            &[("sharding.shard", "one"), ("sharding.total_shards", "2")],
            "--sharding.shard: \"one\" is neither a number nor auto; write a number from 0, or \
             auto in the pods of a StatefulSet",
        ),
    ] {
        assert_eq!(shard_of(text, flags, None).unwrap_err(), line);
    }
    let line = shard_of("sharding: {shard: auto, total_shards: 2}", &[], Some("e-2")).unwrap_err();
    assert!(line.contains("the ordinal 2 of this pod must be less than"), "{line}");
}
