variable "role_name" {
  description = "Other roles trust it by this name."
  type        = string
  default     = "ServiceCatalogExporterHub"

  validation {
    condition     = can(regex("^[\\w+=,.@-]{1,64}$", var.role_name))
    error_message = "A role has a name of 1 to 64 letters, digits and any of +=,.@-_."
  }
}

variable "runs_on" {
  description = "Who may take the role: an EC2 instance (ec2), a task of ECS, Fargate too (ecs), or a pod of EKS, by Pod Identity (eks-pod-identity) or by IAM Roles for Service Accounts (eks-irsa)."
  type        = string

  validation {
    condition     = contains(["ec2", "ecs", "eks-pod-identity", "eks-irsa"], var.runs_on)
    error_message = "Give ec2, ecs, eks-pod-identity or eks-irsa."
  }
}

variable "namespace" {
  description = "With eks-pod-identity and eks-irsa: the namespace of the service account."
  type        = string
  default     = "monitoring"
}

variable "service_account" {
  description = "The same, its name. No other service account gets the role."
  type        = string
  default     = "servicecatalog-exporter"
}

variable "oidc_provider_arn" {
  description = "With eks-irsa: the IAM identity provider of the cluster."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/[\\w./-]+)?$", var.oidc_provider_arn))
    error_message = "Give the ARN of an IAM identity provider, arn:aws:iam::…:oidc-provider/…"
  }
}

variable "assumed_role_arns" {
  description = "The roles that it assumes; in those of an organisation * stands for the account. Empty if it only scans its own account."
  type        = list(string)
  default     = []
}

variable "scans_own_account" {
  description = "Whether it scans the account where it runs. With an organisation it does."
  type        = bool
  default     = true
}

variable "lists_organization" {
  description = "Whether it lists the accounts of the organisation itself: with an organisation without management_role_arn."
  type        = bool
  default     = false
}

variable "event_queue_arns" {
  description = "The queues that tell it what changed: output QueueArn of events.yml. Empty if there are none."
  type        = list(string)
  default     = []
}
