# The queue that tells servicecatalog-exporter what changed in this account and region or, on the bus
# of events-organization, in many: to be deployed where the exporter's role is.

# A hint that is older than a scan interval or two helps nobody. An hour outlives a restart.
resource "aws_sqs_queue" "queue" {
  name                       = var.queue_name
  message_retention_seconds  = 3600
  receive_wait_time_seconds  = 20
  visibility_timeout_seconds = 60
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.poison.arn
    maxReceiveCount     = 5
  })
}

# What was taken five times and never deleted: the exporter ended each time. Nothing reads it; people
# may look.
resource "aws_sqs_queue" "poison" {
  name                      = "${var.queue_name}-poison"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_redrive_allow_policy" "poison" {
  queue_url = aws_sqs_queue.poison.id

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.queue.arn]
  })
}

# What EventBridge could not put into the queue, with the reason in the attributes of each message.
resource "aws_sqs_queue" "undelivered" {
  name                      = "${var.queue_name}-undelivered"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

# On a bus of many accounts events were let through before, where they happened; but who may put
# events there may put any. Only AWS can put one whose source begins with aws.
resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.patterns

  name           = "${var.queue_name}-${each.key}"
  description    = "What servicecatalog-exporter is told."
  event_bus_name = var.bus_name
  event_pattern  = jsonencode(each.value)
}

resource "aws_cloudwatch_event_target" "queue" {
  for_each = aws_cloudwatch_event_rule.this

  rule           = each.value.name
  event_bus_name = var.bus_name
  target_id      = "queue"
  arn            = aws_sqs_queue.queue.arn

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 185
  }
}

resource "aws_sqs_queue_policy" "this" {
  for_each = local.policies

  queue_url = each.value.url
  policy    = jsonencode({ Version = "2012-10-17", Statement = each.value.statements })
}
