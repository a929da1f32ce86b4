//! The queue that says what changed.

use super::document::Value;
use super::endpoint::{is_insecure, plain_url};
use super::error::{Complaint, ConfigError};
use super::field::{Field, text};
use super::section::{Section, any};
use crate::model::{AccountId, Region};

/// Stands for the number of the shard in the queue's name.
const SHARD: &str = "{shard}";

/// Characters of a queue's name.
/// Source: Amazon SQS Developer Guide, "Queue and message identifiers".
const LONGEST_NAME: usize = 80;

/// The queue that says what changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events {
    /// As SQS is asked for it.
    pub queue_url: String,
    /// Where it is asked: the URL without the queue.
    pub endpoint_url: String,
    /// The queue's region.
    pub region: Region,
    /// Whose queue it is.
    pub account: AccountId,
    /// The queue's name.
    pub name: String,
    /// Whether the name is made of the shard's number.
    pub of_shard: bool,
    /// Whether it is asked for in the clear, over a network.
    pub insecure: bool,
}

impl Events {
    /// The queue's ARN.
    #[must_use]
    pub fn queue_arn(&self) -> String {
        let Self { region, account, name, .. } = self;
        format!("arn:{}:sqs:{region}:{account}:{name}", region.partition())
    }
}

/// Reads `events`, if it is there. `shard` is the number of this one.
pub fn events(
    root: &Section<'_>,
    shard: u32,
    allow_insecure: bool,
) -> Result<Option<Events>, ConfigError> {
    let Some(section) = root.optional_section("events", &["queue_url", "region"])? else {
        return Ok(None);
    };
    let queue = section.required::<QueueUrl>(
        "queue_url",
        "set it to the URL of the queue, as SQS shows it in the queue's details",
    )?;
    let set = section.optional("region", any::<Region>)?;
    let region = match (&queue.value.region, set) {
        (Some(of_url), Some(set)) if *of_url != set.value => {
            return Err(set.refuse(
                format!("the URL of the queue names {of_url}"),
                "remove events.region, or write the URL of a queue in that region",
            ));
        }
        (Some(region), _) => region.clone(),
        (None, Some(set)) => set.value,
        (None, None) => {
            let what = "the URL does not say in which region the queue is";
            return Err(queue.refuse(what, "set events.region to its region"));
        }
    };
    if queue.value.insecure && !allow_insecure {
        return Err(queue.refuse(
            "plain http to a host that is not loopback shows session tokens to the network",
            "use https, or set aws.allow_insecure_endpoint: true if the way there is protected",
        ));
    }
    let QueueUrl { endpoint, account, name, insecure, .. } = queue.value;
    let of_shard = name.contains(SHARD);
    let name = name.replace(SHARD, &shard.to_string());
    let queue_url = format!("{endpoint}/{account}/{name}");
    let endpoint_url = endpoint;
    Ok(Some(Events { queue_url, endpoint_url, region, account, name, of_shard, insecure }))
}

/// `https://<host>/<account>/<name>`.
#[derive(Clone, Debug)]
struct QueueUrl {
    endpoint: String,
    insecure: bool,
    /// The one that the host names, as those of AWS do.
    region: Option<Region>,
    account: AccountId,
    /// With the shard's number left open.
    name: String,
}

const REMEDY: &str =
    "write a URL such as https://sqs.eu-central-1.amazonaws.com/123456789012/servicecatalog-events";

impl Field for QueueUrl {
    /// As with every URL, no complaint repeats it.
    fn read(value: &Value) -> Result<Self, Complaint> {
        let text = text(value, "a URL", REMEDY)?;
        // Braces stand in no URL.
        let plain = text.replace(SHARD, "0");
        let of_user = "remove them; credentials come from the AWS credentials chain";
        let uri = plain_url(&plain, REMEDY, of_user)?;
        let refuse = |what: &str| Err(Complaint::new(what, REMEDY));
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return refuse("is not a URL");
        };
        let endpoint = format!("{scheme}://{authority}");
        let Some((account, name)) = text
            .strip_prefix(&endpoint)
            .and_then(|path| path.strip_prefix('/'))
            .and_then(|path| path.split_once('/'))
        else {
            return refuse("the URL does not end with /, an account id, / and the name of a queue");
        };
        let Ok(account) = AccountId::parse(account) else {
            return refuse("the URL holds no account id before the name of the queue");
        };
        let bare = name.replace(SHARD, "");
        let bare = bare.strip_suffix(".fifo").unwrap_or(&bare);
        let plain = bare.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if bare.is_empty() || !plain || name.len() > LONGEST_NAME {
            return refuse("the URL does not end with the name of a queue");
        }
        let region = uri.host().unwrap_or_default().split('.').find_map(|l| Region::parse(l).ok());
        Ok(Self { insecure: is_insecure(&uri), region, account, name: name.to_owned(), endpoint })
    }
}
