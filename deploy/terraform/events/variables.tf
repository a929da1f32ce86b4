variable "queue_name" {
  description = "The name of the queue. Each shard needs one of its own, with a module of its own."
  type        = string
  default     = "servicecatalog-exporter"

  validation {
    condition     = can(regex("^[\\w-]{1,48}$", var.queue_name))
    error_message = "A queue has a name of letters, digits, - and _, here 48 at most: the rules are named after it."
  }
}

variable "bus_name" {
  description = "The bus from which it takes events: default, on which AWS puts those of this account and region, or output `bus_name` of the module events-organization."
  type        = string
  default     = "default"
}
