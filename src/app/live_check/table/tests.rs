use super::*;

fn failure(operation: Operation, reason: Reason) -> Result<String, CallError> {
    Err(CallError::local(operation, reason, "no"))
}

const SCAN: Operation = Operation::ScanProvisionedProducts;
const LIST: Operation = Operation::ListStackInstancesForProvisionedProduct;
const RECORD: Operation = Operation::DescribeRecord;

fn block(n: usize, rows: Vec<Row>) -> Block {
    Block {
        target: format!("{n:012} eu-central-1"),
        identity: format!("arn:aws:sts::{n:012}:assumed-role/Exporter/x"),
        targets: 1,
        account: None,
        rows,
    }
}

fn well(n: usize) -> Block {
    let ok = || Ok(String::new());
    block(
        n,
        vec![Row::required(SCAN, Ok("1 provisioned product".into())), Row::required(LIST, ok())],
    )
}

fn told(blocks: &[Block]) -> String {
    let blocks: Vec<&Block> = blocks.iter().collect();
    table(&blocks) + &Tally::of(&blocks).summary()
}

#[test]
fn the_table_names_the_action_that_is_missing_and_fails_last() {
    let rows = vec![
        Row::required(SCAN, Ok(String::new())),
        Row::required(LIST, failure(LIST, Reason::AccessDenied)),
        Row::optional(RECORD, failure(RECORD, Reason::AccessDenied)),
    ];
    assert_eq!(
        told(&[block(2, rows), well(1)]),
        "\
TARGET                     OPERATION                                RESULT
000000000001 eu-central-1  as arn:aws:sts::000000000001:assumed-role/Exporter/x
                           ScanProvisionedProducts                  ok: 1 provisioned product
                           ListStackInstancesForProvisionedProduct  ok
000000000002 eu-central-1  as arn:aws:sts::000000000002:assumed-role/Exporter/x
                           ScanProvisionedProducts                  ok
                           ListStackInstancesForProvisionedProduct  FAILED: access_denied; missing: servicecatalog:ListStackInstancesForProvisionedProduct (no)
                           DescribeRecord                           failed, not required: access_denied; missing: servicecatalog:DescribeRecord (no)

Targets: 2, of which 1 work, 1 cannot be scanned in full.
Missing: servicecatalog:ListStackInstancesForProvisionedProduct in 000000000002 eu-central-1
Missing, not required: servicecatalog:DescribeRecord in 000000000002 eu-central-1
print-iam-policy prints the policies that allow what is needed.
"
    );
}

#[test]
fn of_many_targets_those_that_work_take_a_line_each_and_a_missing_action_names_a_few() {
    let mut blocks: Vec<Block> = (1..=200).map(well).collect();
    for block in &mut blocks[..50] {
        block.rows.push(Row::optional(RECORD, failure(RECORD, Reason::AccessDenied)));
    }
    let text = told(&blocks);
    let short = "000000000200 eu-central-1  2 operations                             ok, as arn:aws:sts::000000000200:assumed-role/Exporter/x\n";
    assert!(text.contains(short), "{text}");
    assert_eq!(text.lines().count(), 1 + 150 + 50 * 4 + 1 + 3);
    assert!(text.contains(
        "\nTargets: 200, of which 150 work, 50 lack something that is not required.\n\
         Missing, not required: servicecatalog:DescribeRecord in 000000000001 eu-central-1, \
         000000000002 eu-central-1, 000000000003 eu-central-1 and 47 more\n"
    ));
}

#[test]
fn what_no_policy_would_change_names_no_action_and_says_what_to_do() {
    let rows = vec![Row::required(SCAN, failure(SCAN, Reason::RegionDisabled))];
    let text = told(&[block(1, rows)]);
    assert!(!text.to_lowercase().contains("missing"), "{text}");
    assert!(text.contains("FAILED: region_disabled (no); enable the region"), "{text}");
    let expired =
        Row::required(Operation::AssumeRole, failure(Operation::AssumeRole, Reason::Credentials));
    assert_eq!(expired.missing(), None, "the credentials that assume it are the trouble");
}
