//! `/api/v1/explain`: why a series is there, old or missing, of an exporter that scans a simulated
//! AWS that fails in every way.

mod products;
mod targets;

use serde_json::Value;
use servicecatalog_exporter::config::{Config, StatusPage};
use servicecatalog_exporter::sim::{
    ACCOUNT, Fault, Operation, ProvisionedProduct, REGION, StackInstance, What, World,
};

use crate::support::Rig;
use crate::support::http::get;

const SCAN: Operation = Operation::ScanProvisionedProducts;
const LIST: Operation = Operation::ListStackInstancesForProvisionedProduct;

/// No answer is longer, whatever the names in it are.
const MOST_BYTES: usize = 64 * 1024;

/// The id of the nth product that the simulator makes.
fn id(n: usize) -> String {
    format!("pp-{n:013}")
}

fn world(products: Vec<ProvisionedProduct>) -> World {
    let mut world = World::empty(ACCOUNT, REGION);
    *world.catalog_mut(ACCOUNT, REGION).products_mut() = products;
    world
}

fn current(n: usize) -> ProvisionedProduct {
    ProvisionedProduct::stack_set(n, StackInstance::current(2))
}

async fn ask(rig: &Rig, query: &str) -> Value {
    let answer = get(rig.address, &format!("/api/v1/explain?{query}"), &[]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert!(answer.body.len() < MOST_BYTES, "{}", answer.body.len());
    let json: Value = serde_json::from_slice(&answer.body).unwrap();
    let sentences = json["summary"].as_array().unwrap().len();
    assert!((1..=3).contains(&sentences), "{json:#}");
    for line in lines(&json) {
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    json
}

async fn of_target(rig: &Rig) -> Value {
    ask(rig, &format!("account={ACCOUNT}&region={REGION}")).await
}

async fn of_product(rig: &Rig, id: &str) -> Value {
    ask(rig, &format!("account={ACCOUNT}&region={REGION}&product={id}")).await
}

/// Everything that is for people.
fn lines(json: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let facts = json["facts"].as_array().unwrap().iter().map(|fact| text(&fact["says"]));
    json["summary"].as_array().unwrap().iter().map(text).chain(facts).collect()
}

fn summary(json: &Value) -> String {
    let sentences = json["summary"].as_array().unwrap().iter();
    sentences.map(|sentence| sentence.as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

/// The facts about that.
#[track_caller]
fn facts(json: &Value, about: &str) -> Vec<String> {
    let facts = json["facts"].as_array().unwrap().iter();
    let facts = facts.filter(|fact| fact["about"] == about);
    facts.map(|fact| fact["says"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn fact(json: &Value, about: &str) -> String {
    let facts = facts(json, about);
    assert_eq!(facts.len(), 1, "{about} in {json:#}");
    facts[0].clone()
}

#[track_caller]
fn says(json: &Value, words: &[&str]) {
    let summary = summary(json);
    for words in words {
        assert!(summary.contains(words), "{words:?} is not in: {summary}");
    }
}
