# The bus on which the accounts and regions of an organisation say what changed: to be deployed once,
# where the exporter's role is. The module events takes its events from there.
resource "aws_cloudwatch_event_bus" "this" {
  name = var.bus_name
}

resource "aws_cloudwatch_event_bus_policy" "this" {
  count = var.organization_id == "" ? 0 : 1

  event_bus_name = aws_cloudwatch_event_bus.this.name
  policy         = local.policy
}

locals {
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AccountsOfTheOrganizationSay"
      Effect    = "Allow"
      Principal = "*"
      Action    = "events:PutEvents"
      Resource  = aws_cloudwatch_event_bus.this.arn
      Condition = { StringEquals = { "aws:PrincipalOrgID" = var.organization_id } }
    }]
  })
}
