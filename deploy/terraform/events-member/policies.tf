locals {
  # What each rule lets through.
  patterns = jsondecode(file("${path.module}/../policies/event-patterns.json"))

  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RulesOfThisRegion"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })

  allowed = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "PutEvents"
      Effect   = "Allow"
      Action   = "events:PutEvents"
      Resource = var.bus_arn
    }]
  })
}
