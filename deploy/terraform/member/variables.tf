variable "exporter_role_arn" {
  description = "The role that the exporter runs with, output `role_arn` of the module hub. It must exist."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", var.exporter_role_arn))
    error_message = "Give the ARN of a role, such as arn:aws:iam::123456789012:role/ServiceCatalogExporterHub."
  }
}

variable "role_name" {
  description = "organization.role_name, or the end of role_arn in targets."
  type        = string
  default     = "ServiceCatalogExporter"

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,64}$", var.role_name))
    error_message = "A role has a name of 1 to 64 letters, digits and any of +=,.@-_."
  }
}

variable "external_id" {
  description = "external_id of the configuration; empty if it has none."
  type        = string
  default     = ""
  nullable    = false
  sensitive   = true

  validation {
    condition     = can(regex("^[\\w+=,.@:/-]*$", var.external_id)) && length(var.external_id) != 1 && length(var.external_id) <= 1224
    error_message = "An external id has 2 to 1224 letters, digits and any of +=,.@:/-_; leave it empty if there is none."
  }
}
