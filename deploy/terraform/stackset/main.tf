# The role of the module member in all accounts of an organisation, or of some organisational
# units, and in those that join later. It never reaches the management account.
resource "aws_cloudformation_stack_set" "this" {
  name             = "servicecatalog-exporter"
  description      = "The role of servicecatalog-exporter."
  permission_model = "SERVICE_MANAGED"
  call_as          = var.call_as
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  template_body    = file("${path.module}/../../cloudformation/member.yml")

  parameters = {
    ExporterRoleArn = var.exporter_role_arn
    RoleName        = var.role_name
    ExternalId      = var.external_id
  }

  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = false
  }

  managed_execution {
    active = true
  }

  # One account that refuses, by a service control policy for instance, stops no other.
  operation_preferences {
    failure_tolerance_percentage = 100
    max_concurrent_percentage    = 100
  }

  lifecycle {
    # AWS sets it for service-managed stack sets.
    ignore_changes = [administration_role_arn]
  }
}

# Roles are global, so one region is enough, that of the provider; a second one would find the name
# taken.
resource "aws_cloudformation_stack_set_instance" "this" {
  stack_set_name = aws_cloudformation_stack_set.this.name
  call_as        = var.call_as

  deployment_targets {
    organizational_unit_ids = var.organizational_unit_ids
  }

  operation_preferences {
    failure_tolerance_percentage = 100
    max_concurrent_percentage    = 100
  }
}
