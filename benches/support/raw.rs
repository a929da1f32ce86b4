//! The calls of a scan with nothing between hyper and serde_json: the limit of what can be had.

use std::borrow::Cow;
use std::hint::black_box;
use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use servicecatalog_exporter::sim::{self, Operation};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use crate::Listed;

/// So many may wait to be listed.
const STACK_SETS_MOST: usize = 1_000_000;

/// One connection for each call that may be under way.
pub struct Client {
    endpoint: Arc<Endpoint>,
    connections: Vec<SendRequest<Full<Bytes>>>,
}

struct Endpoint {
    url: String,
    authority: String,
    /// None: nothing is signed.
    identity: Option<Identity>,
    products: Kind,
    instances: Kind,
}

/// What all requests for one operation have in common.
struct Kind {
    target: String,
    /// No signature, but the access key, by which the simulator knows who asks.
    authorization: String,
}

impl Kind {
    fn of(operation: Operation) -> Self {
        let asked = sim::Request::signed(operation, sim::ACCESS_KEY_ID, sim::REGION, "");
        let (target, authorization) = (asked.target, asked.authorization);
        Self {
            target: target.expect("it has one"),
            authorization: authorization.expect("it has one"),
        }
    }
}

/// One connection.
struct Caller {
    endpoint: Arc<Endpoint>,
    connection: SendRequest<Full<Bytes>>,
}

/// What the exporter reads of a page of products.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Products<'a> {
    #[serde(borrow)]
    provisioned_products: Vec<Product<'a>>,
    next_page_token: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[allow(dead_code, reason = "what is read is measured, and not used")]
struct Product<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    arn: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    status_message: Cow<'a, str>,
    created_time: f64,
    #[serde(borrow)]
    product_id: Cow<'a, str>,
    #[serde(borrow)]
    provisioning_artifact_id: Cow<'a, str>,
    #[serde(borrow)]
    last_record_id: Cow<'a, str>,
    #[serde(borrow)]
    last_provisioning_record_id: Cow<'a, str>,
    #[serde(borrow)]
    last_successful_provisioning_record_id: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Instances<'a> {
    #[serde(borrow)]
    stack_instances: Vec<Instance<'a>>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(dead_code, reason = "what is read is measured, and not used")]
struct Instance<'a> {
    #[serde(borrow)]
    account: Cow<'a, str>,
    #[serde(borrow)]
    region: Cow<'a, str>,
    #[serde(borrow)]
    stack_instance_status: Cow<'a, str>,
}

impl Client {
    pub async fn connect(endpoint_url: &str, concurrency: usize, signs: bool) -> Self {
        let authority = endpoint_url.trim_start_matches("http://").trim_end_matches('/');
        let keys =
            Credentials::new(sim::ACCESS_KEY_ID, sim::SECRET_ACCESS_KEY, None, None, "fixed");
        let mut connections = Vec::new();
        for _ in 0..concurrency {
            let stream = TcpStream::connect(authority).await.expect("the simulator listens");
            stream.set_nodelay(true).expect("a socket of TCP");
            let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("it is open");
            #[expect(clippy::disallowed_methods, reason = "it ends with the sender")]
            tokio::spawn(connection);
            connections.push(sender);
        }
        let endpoint = Endpoint {
            url: format!("http://{authority}/"),
            authority: authority.to_owned(),
            identity: signs.then(|| keys.into()),
            products: Kind::of(Operation::ScanProvisionedProducts),
            instances: Kind::of(Operation::ListStackInstancesForProvisionedProduct),
        };
        Self { endpoint: Arc::new(endpoint), connections }
    }

    /// Every call of a scan: the first connection follows the pages of products, the others list
    /// the stack sets that it finds, and so does the first when it is done.
    pub async fn list_all(&mut self) -> Listed {
        let (found, waiting) = mpsc::channel(STACK_SETS_MOST);
        let waiting = Arc::new(Mutex::new(waiting));
        let mut found = Some(found);
        let mut tasks = JoinSet::new();
        for connection in self.connections.drain(..) {
            let mut caller = Caller { endpoint: Arc::clone(&self.endpoint), connection };
            let (found, waiting) = (found.take(), Arc::clone(&waiting));
            tasks.spawn(async move {
                let mut listed = Listed::default();
                if let Some(found) = found {
                    caller.products(&mut listed, found).await;
                }
                loop {
                    let id = waiting.lock().await.recv().await;
                    let Some(id) = id else { break (caller.connection, listed) };
                    caller.instances(&mut listed, &id).await;
                }
            });
        }
        let mut all = Listed::default();
        for (connection, listed) in tasks.join_all().await {
            self.connections.push(connection);
            all.calls += listed.calls;
            all.products += listed.products;
            all.instances += listed.instances;
        }
        all
    }
}

impl Caller {
    async fn products(&mut self, listed: &mut Listed, found: mpsc::Sender<String>) {
        let filter = r#""AccessLevelFilter":{"Key":"Account","Value":"self"},"PageSize":20"#;
        let mut body = format!("{{{filter}}}");
        loop {
            let answer = self.call(|endpoint| &endpoint.products, body).await;
            let page: Products<'_> = serde_json::from_slice(&answer).expect("a page of products");
            listed.calls += 1;
            listed.products += page.provisioned_products.len() as u64;
            for product in &page.provisioned_products {
                if black_box(product).r#type == "CFN_STACKSET" {
                    found.try_send(product.id.clone().into_owned()).expect("there is room");
                }
            }
            let Some(token) = page.next_page_token else { break };
            body = format!(r#"{{{filter},"PageToken":"{token}"}}"#);
        }
    }

    async fn instances(&mut self, listed: &mut Listed, id: &str) {
        let product = format!(r#""ProvisionedProductId":"{id}","PageSize":20"#);
        let mut body = format!("{{{product}}}");
        loop {
            let answer = self.call(|endpoint| &endpoint.instances, body).await;
            let page: Instances<'_> = serde_json::from_slice(&answer).expect("a page of instances");
            listed.calls += 1;
            listed.instances += black_box(&page.stack_instances).len() as u64;
            let Some(token) = page.next_page_token else { break };
            body = format!(r#"{{{product},"PageToken":"{token}"}}"#);
        }
    }

    async fn call(&mut self, kind: fn(&Endpoint) -> &Kind, body: String) -> Bytes {
        let request = self.endpoint.request(kind(&self.endpoint), body);
        self.connection.ready().await.expect("the simulator keeps it open");
        let answer = self.connection.send_request(request).await.expect("the simulator answers");
        assert!(answer.status().is_success(), "refused: {}", answer.status());
        answer.into_body().collect().await.expect("the whole answer").to_bytes()
    }
}

impl Endpoint {
    fn request(&self, kind: &Kind, body: String) -> http::Request<Full<Bytes>> {
        let request = http::Request::post("/")
            .header(HOST, &self.authority)
            .header(CONTENT_TYPE, "application/x-amz-json-1.1")
            .header("x-amz-target", &kind.target);
        let Some(identity) = &self.identity else {
            let request = request.header(AUTHORIZATION, &kind.authorization);
            return request.body(Full::from(body)).expect("a valid request");
        };
        let settings = SigningParams::builder()
            .identity(identity)
            .region(sim::REGION)
            .name("servicecatalog")
            .time(now())
            .settings(SigningSettings::default())
            .build()
            .expect("nothing is missing")
            .into();
        let headers = [
            ("host", &*self.authority),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", &*kind.target),
        ];
        let signable = SignableRequest::new(
            "POST",
            &self.url,
            headers.into_iter(),
            SignableBody::Bytes(body.as_bytes()),
        );
        let signed = sign(signable.expect("a valid request"), &settings).expect("it can be signed");
        let (instructions, _signature) = signed.into_parts();
        let mut request = request.body(()).expect("a valid request");
        instructions.apply_to_request_http1x(&mut request);
        request.map(|()| Full::from(body))
    }
}

#[expect(clippy::disallowed_methods, reason = "a signature has the time")]
fn now() -> SystemTime {
    SystemTime::now()
}
