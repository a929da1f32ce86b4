use super::*;

fn text(metrics: &SelfMetrics) -> String {
    String::from_utf8(metrics.render()).unwrap()
}

#[test]
fn every_family_is_documented_as_it_is_written() {
    let metrics = Arc::new(SelfMetrics::new(Scope::Daemon));
    metrics.count_http("metrics", 200);
    metrics.set_organization(true);
    metrics.organization_discovered(1.0);
    metrics.storage().configured();
    metrics.storage().kept(1.0, 1);
    metrics.events().configured();
    metrics.events().received(1, 1.0, Some(0.5));
    metrics.events().failed(crate::model::Reason::Network);
    drop(metrics.attempt(Operation::ScanProvisionedProducts));
    let text = text(&metrics);
    for family in describe() {
        let head = format!(
            "# HELP {} {}\n# TYPE {} {}\n",
            family.name,
            family.help,
            family.name,
            family.kind.as_str()
        );
        assert!(text.contains(&head), "{head}\nis not in\n{text}");
    }
    let documented: Vec<_> = describe().iter().map(|family| family.name).collect();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = line.split(' ').next().unwrap();
        assert!(documented.contains(&name) || name.starts_with("process_"), "{name}");
    }
}

#[test]
fn durations_appear_with_the_first_request() {
    let metrics = Arc::new(SelfMetrics::new(Scope::Daemon));
    assert!(!text(&metrics).contains(DURATION.name));
    drop(metrics.attempt(Operation::ScanProvisionedProducts));
    let text = text(&metrics);
    assert!(text.contains("le=\"+Inf\"") && text.contains("operation=\"ScanProvisionedProducts\""));
    assert!(!text.contains("GetCallerIdentity"));
}

#[test]
fn what_is_said_of_events_needs_a_queue_and_a_lag_a_message() {
    let metrics = SelfMetrics::new(Scope::Daemon);
    metrics.events().received(0, 7.0, None);
    assert!(!text(&metrics).contains("exporter_events_"));
    metrics.events().configured();
    let before = text(&metrics);
    assert!(before.contains("events_received_total 0\n"));
    assert!(before.contains("events_ignored_total{reason=\"malformed\"} 0\n"));
    assert!(before.contains("events_last_receive_success_timestamp_seconds 7\n"));
    assert!(!before.contains("events_lag") && !before.contains("receive_failures"));
    metrics.events().received(3, 8.0, Some(2.5));
    metrics.events().ignored(crate::model::Ignored::Dropped);
    metrics.events().failed(crate::model::Reason::AccessDenied);
    let after = text(&metrics);
    assert!(after.contains("events_received_total 3\n"));
    assert!(after.contains("events_lag_seconds 2.5\n"));
    assert!(after.contains("events_ignored_total{reason=\"dropped\"} 1\n"));
    assert!(after.contains("receive_failures_total{reason=\"access_denied\"} 1\n"));
}

#[test]
fn what_is_said_of_an_organisation_needs_one() {
    let metrics = SelfMetrics::new(Scope::Daemon);
    assert!(!text(&metrics).contains("organization"));
    metrics.set_organization(true);
    let before = text(&metrics);
    assert!(before.contains("servicecatalog_organization_discovery_success 0\n"));
    assert!(!before.contains("organization_accounts"), "unknown is no zero");
    metrics.organization_discovered(7.0);
    metrics.set_organization_accounts(3);
    let after = text(&metrics);
    assert!(after.contains("servicecatalog_organization_discovery_success 1\n"));
    assert!(after.contains("servicecatalog_organization_accounts 3\n"));
}

#[test]
fn a_request_is_in_flight_until_it_ended() {
    let metrics = Arc::new(SelfMetrics::new(Scope::Daemon));
    let timer = metrics.attempt(Operation::ScanProvisionedProducts);
    assert!(text(&metrics).contains("requests_in_flight 1\n"));
    drop(timer);
    assert!(text(&metrics).contains("requests_in_flight 0\n"));
}

#[test]
fn one_scan_says_nothing_of_process_and_http() {
    let metrics = SelfMetrics::new(Scope::OneScan);
    metrics.count_http("metrics", 200);
    let text = text(&metrics);
    assert!(!text.contains("process_") && !text.contains("http_requests"));
    assert!(text.contains("servicecatalog_exporter_build_info{"));
}

#[test]
fn what_is_said_of_storage_needs_one() {
    let metrics = SelfMetrics::new(Scope::Daemon);
    assert!(!text(&metrics).contains("storage"));
    metrics.storage().configured();
    let before = text(&metrics);
    assert!(before.contains("servicecatalog_exporter_storage_write_failures_total 0\n"));
    assert!(!before.contains("storage_size_bytes"), "unknown is no zero");
    metrics.storage().kept(7.0, 300);
    assert!(text(&metrics).contains("servicecatalog_exporter_storage_size_bytes 300\n"));
}
