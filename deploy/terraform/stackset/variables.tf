variable "exporter_role_arn" {
  description = "The role that the exporter runs with, output `role_arn` of the module hub. It must exist."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", var.exporter_role_arn))
    error_message = "Give the ARN of a role, such as arn:aws:iam::123456789012:role/ServiceCatalogExporterHub."
  }
}

variable "role_name" {
  description = "organization.role_name of the configuration."
  type        = string
  default     = "ServiceCatalogExporter"

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,64}$", var.role_name))
    error_message = "A role has a name of 1 to 64 letters, digits and any of +=,.@-_."
  }
}

variable "external_id" {
  description = "organization.external_id; empty if there is none."
  type        = string
  default     = ""
  nullable    = false
  sensitive   = true

  validation {
    condition     = can(regex("^[\\w+=,.@:/-]*$", var.external_id)) && length(var.external_id) != 1 && length(var.external_id) <= 1224
    error_message = "An external id has 2 to 1224 letters, digits and any of +=,.@:/-_; leave it empty if there is none."
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

variable "call_as" {
  description = "SELF in the management account, DELEGATED_ADMIN in that of a delegated administrator of StackSets."
  type        = string
  default     = "SELF"

  validation {
    condition     = contains(["SELF", "DELEGATED_ADMIN"], var.call_as)
    error_message = "Give SELF or DELEGATED_ADMIN."
  }
}
