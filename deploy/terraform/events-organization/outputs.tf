output "bus_name" {
  description = "bus_name of the module events."
  value       = aws_cloudwatch_event_bus.this.name
}

output "bus_arn" {
  description = "bus_arn of the modules events-member and events-stackset."
  value       = aws_cloudwatch_event_bus.this.arn
}
