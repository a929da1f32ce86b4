variable "bus_name" {
  description = "The name of the bus."
  type        = string
  default     = "servicecatalog-exporter"

  validation {
    condition     = can(regex("^[\\w.-]{1,64}$", var.bus_name)) && var.bus_name != "default"
    error_message = "A bus has a name of 1 to 64 letters, digits and any of .-_, and default is taken."
  }
}

variable "organization_id" {
  description = "The organisation whose accounts may say so: o-… Empty for other regions of this account only."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(o-[a-z0-9]{10,32})?$", var.organization_id))
    error_message = "Give the id of an organisation (o-…), or leave it empty."
  }
}
