# The role that servicecatalog-exporter runs with, in the account where it runs. What a
# configuration needs of it says:
#   servicecatalog-exporter print-iam-policy --part hub --config.file FILE

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
}

resource "aws_iam_role" "this" {
  name               = var.role_name
  description        = "What servicecatalog-exporter runs with."
  assume_role_policy = local.trust[var.runs_on]

  lifecycle {
    precondition {
      condition     = var.runs_on != "eks-irsa" || var.oidc_provider_arn != ""
      error_message = "With eks-irsa give oidc_provider_arn, the IAM identity provider of the cluster."
    }
  }
}

resource "aws_iam_role_policy" "this" {
  for_each = local.allowed

  name   = each.key
  role   = aws_iam_role.this.name
  policy = each.value
}

resource "aws_iam_instance_profile" "this" {
  count = var.runs_on == "ec2" ? 1 : 0

  name = var.role_name
  role = aws_iam_role.this.name
}
