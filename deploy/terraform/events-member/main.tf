# Says on the bus of events-organization what changed in this account and region: to be deployed in
# every account and region that is scanned. events-stackset does that for an organisation.

data "aws_caller_identity" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
}

resource "aws_iam_role" "this" {
  name_prefix        = "servicecatalog-exporter-events-"
  description        = "EventBridge puts events on the bus of servicecatalog-exporter with it."
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "this" {
  name   = "servicecatalog-exporter-events"
  role   = aws_iam_role.this.name
  policy = local.allowed
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.patterns

  name          = "servicecatalog-exporter-to-bus-${each.key}"
  description   = "What servicecatalog-exporter, elsewhere, is told."
  event_pattern = jsonencode(each.value)
}

resource "aws_cloudwatch_event_target" "bus" {
  for_each = aws_cloudwatch_event_rule.this

  rule      = each.value.name
  target_id = "bus"
  arn       = var.bus_arn
  role_arn  = aws_iam_role.this.arn

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 185
  }
}
