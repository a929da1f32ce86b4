variable "bus_arn" {
  description = "Output `bus_arn` of the module events-organization."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[\\w.-]+$", var.bus_arn))
    error_message = "Give the ARN of a bus, such as arn:aws:events:eu-central-1:123456789012:event-bus/servicecatalog-exporter."
  }
}

variable "organizational_unit_ids" {
  description = "The root of the organisation (r-…), for all accounts, or organisational units (ou-…). Each includes the units below it."
  type        = set(string)

  validation {
    condition     = length(var.organizational_unit_ids) > 0 && alltrue([for id in var.organizational_unit_ids : can(regex("^(r-|ou-)[0-9a-z-]+$", id))])
    error_message = "Give the root of the organisation (r-…), or organisational units (ou-…)."
  }
}

variable "regions" {
  description = "The regions that are scanned."
  type        = set(string)

  validation {
    condition     = length(var.regions) > 0 && alltrue([for region in var.regions : can(regex("^[a-z]+(-[a-z]+)+-[0-9]+$", region))])
    error_message = "Give regions, such as eu-central-1."
  }
}

variable "call_as" {
  description = "SELF in the management account, DELEGATED_ADMIN in that of a delegated administrator of StackSets."
  type        = string
  default     = "SELF"

  validation {
    condition     = contains(["SELF", "DELEGATED_ADMIN"], var.call_as)
    error_message = "Give SELF or DELEGATED_ADMIN."
  }
}
