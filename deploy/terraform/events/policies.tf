locals {
  # What each rule lets through.
  patterns = jsondecode(file("${path.module}/../policies/event-patterns.json"))

  rule_arns = [for rule in aws_cloudwatch_event_rule.this : rule.arn]

  # Only the rules may send: nor may whoever may use every queue of this account.
  sent = {
    for name, arn in {
      queue       = aws_sqs_queue.queue.arn
      undelivered = aws_sqs_queue.undelivered.arn
      } : name => [
      {
        Sid       = "RulesSend"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = arn
        Condition = { ArnEquals = { "aws:SourceArn" = local.rule_arns } }
      },
      {
        Sid       = "NobodyElseSends"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:SendMessage"
        Resource  = arn
        Condition = { ArnNotEquals = { "aws:SourceArn" = local.rule_arns } }
      },
    ]
  }

  # SQS itself moves messages there, which is no call.
  unsent = [{
    Sid       = "NobodySends"
    Effect    = "Deny"
    Principal = "*"
    Action    = "sqs:SendMessage"
    Resource  = aws_sqs_queue.poison.arn
  }]

  encrypted = {
    for name, arn in {
      queue       = aws_sqs_queue.queue.arn
      undelivered = aws_sqs_queue.undelivered.arn
      poison      = aws_sqs_queue.poison.arn
      } : name => [{
        Sid       = "NothingIsReadableOnTheWay"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  }

  policies = {
    queue       = { url = aws_sqs_queue.queue.id, statements = concat(local.sent.queue, local.encrypted.queue) }
    undelivered = { url = aws_sqs_queue.undelivered.id, statements = concat(local.sent.undelivered, local.encrypted.undelivered) }
    poison      = { url = aws_sqs_queue.poison.id, statements = concat(local.unsent, local.encrypted.poison) }
  }
}
