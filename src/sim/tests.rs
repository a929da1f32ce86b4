//! Behaviour of the simulated AWS, through [`World::answer`] and through sockets.

mod enforcement;
mod faults;
mod moving;
mod organizations;
mod roles;
mod searches;
mod sockets;
mod versions;

use serde_json::{Value, json};

use super::*;

const SCAN: Operation = Operation::ScanProvisionedProducts;
const LIST: Operation = Operation::ListStackInstancesForProvisionedProduct;
const IDENTITY: Operation = Operation::GetCallerIdentity;

/// A world of `count` healthy products.
fn world_of(count: usize) -> World {
    World::sized(count, 0, 0)
}

/// A scan at the level Account.
fn account_scan(page_token: Option<&str>) -> Value {
    let mut input = json!({"AccessLevelFilter": {"Key": "Account", "Value": "self"}});
    if let Some(token) = page_token {
        input["PageToken"] = token.into();
    }
    input
}

fn ask(world: &mut World, operation: Operation, input: &Value) -> Response {
    world.answer(&Request::signed(operation, ACCESS_KEY_ID, REGION, &input.to_string()))
}

fn json_of(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}

/// The page that is answered, which must not be an error.
fn page_of(world: &mut World, operation: Operation, input: &Value) -> Value {
    let response = ask(world, operation, input);
    assert_eq!(response.status, 200, "{:?}", response.body);
    json_of(&response)
}

/// The error code that is answered.
fn code_of(world: &mut World, operation: Operation, input: &Value) -> String {
    let response = ask(world, operation, input);
    assert_eq!(response.status, 400, "{:?}", response.body);
    json_of(&response)["__type"].as_str().unwrap().to_owned()
}

/// The ids on each page of a scan, until there is no token or `at_most` pages are read.
fn scanned(world: &mut World, at_most: usize) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut token: Option<String> = None;
    while pages.len() < at_most {
        let page = page_of(world, SCAN, &account_scan(token.as_deref()));
        let items = page["ProvisionedProducts"].as_array().unwrap();
        pages.push(items.iter().map(|item| item["Id"].as_str().unwrap().to_owned()).collect());
        match page["NextPageToken"].as_str() {
            Some(next) if !next.is_empty() => token = Some(next.to_owned()),
            _ => break,
        }
    }
    pages
}
