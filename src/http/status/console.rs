//! Where the AWS console shows a provisioned product.

use crate::model::Region;

/// A link to the product in the console of its partition; none where the id has another shape than
/// AWS gives them, or the partition has no public console.
///
/// The console opens in whatever account the browser is signed in to. Hosts: AWS General Reference,
/// and the console addresses of AWS China, GovCloud and the European Sovereign Cloud.
pub(super) fn link(region: &Region, id: &str) -> Option<String> {
    let host = match region.partition() {
        "aws" => "console.aws.amazon.com",
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        "aws-eusc" => "console.amazonaws-eusc.eu",
        _ => return None,
    };
    let plain = |rest: &str| {
        (1..=64).contains(&rest.len())
            && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    id.strip_prefix("pp-").filter(|rest| plain(rest))?;
    Some(format!(
        "https://{region}.{host}/servicecatalog/home?region={region}#provisioned-products/{id}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(region: &str, id: &str) -> Option<String> {
        link(&Region::parse(region).unwrap(), id)
    }

    #[test]
    fn every_partition_with_a_public_console_has_its_own_host() {
        for (region, host) in [
            ("eu-central-1", "console.aws.amazon.com"),
            ("cn-north-1", "console.amazonaws.cn"),
            ("us-gov-west-1", "console.amazonaws-us-gov.com"),
            ("eusc-de-east-1", "console.amazonaws-eusc.eu"),
        ] {
            let expected = format!(
                "https://{region}.{host}/servicecatalog/home?region={region}#provisioned-products/pp-a1"
            );
            assert_eq!(linked(region, "pp-a1"), Some(expected));
        }
        assert_eq!(linked("us-iso-east-1", "pp-a1"), None);
    }

    #[test]
    fn an_id_of_another_shape_is_no_link() {
        for id in ["", "pp-", "pp-A", "pp-a/b", "pp-a\"", "pp-a b", "prod-a1", "javascript:pp-a"] {
            assert_eq!(linked("eu-central-1", id), None, "{id:?}");
        }
        assert_eq!(linked("eu-central-1", &format!("pp-{}", "a".repeat(65))), None);
    }
}
