//! The calls of a scan made by a bare loop over the SDK: what the exporter's own part is measured
//! against.

use std::sync::Arc;

use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_servicecatalog::Client;
use aws_sdk_servicecatalog::config::StalledStreamProtectionConfig;
use aws_sdk_servicecatalog::config::retry::RetryConfig;
use aws_sdk_servicecatalog::types::{AccessLevelFilter, AccessLevelFilterKey};
use aws_smithy_http_client::tls;
use servicecatalog_exporter::config::Aws as AwsConfig;
use servicecatalog_exporter::sim;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinSet;

use crate::Listed;

const PAGE: i32 = 20;

/// A client as the exporter has it, made without the exporter.
pub fn client(endpoint_url: &str, config: &AwsConfig) -> Client {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(config.connect_timeout)
        .read_timeout(config.attempt_timeout)
        .operation_attempt_timeout(config.attempt_timeout);
    let keys = Credentials::new(sim::ACCESS_KEY_ID, sim::SECRET_ACCESS_KEY, None, None, "fixed");
    Client::from_conf(
        aws_sdk_servicecatalog::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(sim::REGION))
            .endpoint_url(endpoint_url)
            .credentials_provider(keys)
            .http_client(http)
            .timeout_config(timeouts.build())
            .app_name(AppName::new("bench").expect("a valid name"))
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build(),
    )
}

/// Every call of a scan, so many at once, and nothing else.
pub async fn list_all(client: &Client, concurrency: usize) -> Listed {
    let permits = Arc::new(Semaphore::new(concurrency));
    let permit = permits.acquire().await.expect("it stays open");
    let mut listings = JoinSet::new();
    let mut listed = Listed::default();
    pages_of_products(client, permit, |count, stack_sets| {
        listed.calls += 1;
        listed.products += count;
        for id in stack_sets {
            let (client, permits) = (client.clone(), Arc::clone(&permits));
            listings.spawn(async move {
                let _permit = permits.acquire().await.expect("it stays open");
                stack_instances(&client, &id).await
            });
        }
    })
    .await;
    for (calls, instances) in listings.join_all().await {
        listed.calls += calls;
        listed.instances += instances;
    }
    listed
}

async fn pages_of_products(
    client: &Client,
    _permit: SemaphorePermit<'_>,
    mut found: impl FnMut(u64, Vec<String>),
) {
    let level = AccessLevelFilter::builder().key(AccessLevelFilterKey::Account).value("self");
    let mut token = None;
    loop {
        let request = client.scan_provisioned_products().page_size(PAGE);
        let request = request.access_level_filter(level.clone().build()).set_page_token(token);
        let page = request.send().await.expect("the simulator answers");
        let products = page.provisioned_products();
        let stack_sets = products.iter().filter(|item| item.r#type() == Some("CFN_STACKSET"));
        let ids = stack_sets.filter_map(|item| Some(item.id()?.to_owned()));
        found(products.len() as u64, ids.collect());
        token = page.next_page_token;
        if token.is_none() {
            break;
        }
    }
}

/// How many calls it took, and how many instances there are.
async fn stack_instances(client: &Client, id: &str) -> (u64, u64) {
    let (mut calls, mut instances, mut token) = (0, 0, None);
    loop {
        let request = client.list_stack_instances_for_provisioned_product();
        let request = request.provisioned_product_id(id).page_size(PAGE).set_page_token(token);
        let page = request.send().await.expect("the simulator answers");
        calls += 1;
        instances += page.stack_instances().len() as u64;
        token = page.next_page_token;
        if token.is_none() {
            break (calls, instances);
        }
    }
}
