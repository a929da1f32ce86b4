variable "bus_arn" {
  description = "Output `bus_arn` of the module events-organization."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[\\w.-]+$", var.bus_arn))
    error_message = "Give the ARN of a bus, such as arn:aws:events:eu-central-1:123456789012:event-bus/servicecatalog-exporter."
  }
}
