output "queue_url" {
  description = "events.queue_url of the configuration."
  value       = aws_sqs_queue.queue.url
}

output "queue_arn" {
  description = "One of event_queue_arns of the module hub, so that the exporter may read it."
  value       = aws_sqs_queue.queue.arn
}
