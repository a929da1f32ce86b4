//! A real Prometheus scrapes with a certificate and a password.

use servicecatalog_exporter::password;
use servicecatalog_exporter::sim::World;

use crate::support::Rig;
use crate::support::foreign::until;
use crate::support::pki::{Authority, dns};
use crate::support::prometheus::Prometheus;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus"]
async fn prometheus_scrapes_with_certificate_and_password_and_not_without() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new("authority"));
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("ca.crt"), &authority.certificate).unwrap();
    authority.server().write(folder.path(), "server");
    authority.client(&[dns("prometheus.example")]).write(folder.path(), "client");
    authority.client(&[dns("another.example")]).write(folder.path(), "another");
    let hash = password::hash(b"one", 10).unwrap();
    let web = format!(
        "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  \
         client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n  \
         client_allowed_sans: [prometheus.example]\nbasic_auth_users:\n  ann: {hash}\n"
    );
    std::fs::write(path("web.yml"), web).unwrap();
    let file = path("web.yml");
    let world = World::sized(7, 1, 2);
    let rig = Rig::with(world, |config| config.web.config_file = Some(file)).await;
    rig.scan().await;

    let job = |name: &str, client: &str, password: &str, http2: bool| {
        let [ca, certificate, key] =
            ["ca.crt", &format!("{client}.crt"), &format!("{client}.key")].map(&path);
        format!(
            "- job_name: {name}\n  scheme: https\n  enable_http2: {http2}\n  \
             tls_config: {{ca_file: '{}', cert_file: '{}', key_file: '{}', server_name: localhost}}\n  \
             basic_auth: {{username: ann, password: {password}}}\n  \
             static_configs: [{{targets: ['{}']}}]\n",
            ca.display(),
            certificate.display(),
            key.display(),
            rig.address
        )
    };
    let jobs = [
        job("good", "client", "one", true),
        job("good-http1", "client", "one", false),
        job("wrong-password", "client", "two", true),
        job("wrong-certificate", "another", "one", true),
    ];
    let prometheus = Prometheus::of(&jobs.concat()).await;
    for (name, up) in
        [("good", 1.0), ("good-http1", 1.0), ("wrong-password", 0.0), ("wrong-certificate", 0.0)]
    {
        until("Prometheus tried it", async || {
            let scrapes = format!("sum_over_time(scrape_samples_scraped{{job='{name}'}}[1m])");
            prometheus.value(&scrapes).await?;
            let tried = format!("up{{job='{name}'}}");
            (prometheus.value(&tried).await == Some(up)).then_some(())
        })
        .await;
    }
    let products = "sum(servicecatalog_provisioned_products{job='good'})";
    assert_eq!(prometheus.value(products).await, Some(7.0));
    let targets = prometheus.ask("/api/v1/targets").await;
    let error = |job: &str| {
        let targets = targets["activeTargets"].as_array().unwrap();
        let of_job = targets.iter().find(|target| target["labels"]["job"] == job).unwrap();
        of_job["lastError"].as_str().unwrap().to_owned()
    };
    assert_eq!((error("good"), error("good-http1")), (String::new(), String::new()));
    assert!(error("wrong-password").contains("401"), "{}", error("wrong-password"));
    assert!(
        error("wrong-certificate").contains("bad certificate"),
        "{}",
        error("wrong-certificate")
    );
}
