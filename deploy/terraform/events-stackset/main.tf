# The module events-member in all accounts of an organisation, or of some organisational units, in the
# regions that are scanned, and in accounts that join later. It never reaches the management account.
resource "aws_cloudformation_stack_set" "this" {
  name             = "servicecatalog-exporter-events"
  description      = "What tells servicecatalog-exporter which provisioned products changed."
  permission_model = "SERVICE_MANAGED"
  call_as          = var.call_as
  capabilities     = ["CAPABILITY_IAM"]
  template_body    = file("${path.module}/../../cloudformation/events-member.yml")

  parameters = {
    BusArn = var.bus_arn
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
    region_concurrency_type      = "PARALLEL"
  }

  lifecycle {
    # AWS sets it for service-managed stack sets.
    ignore_changes = [administration_role_arn]
  }
}

resource "aws_cloudformation_stack_set_instance" "this" {
  for_each = var.regions

  stack_set_name            = aws_cloudformation_stack_set.this.name
  stack_set_instance_region = each.value
  call_as                   = var.call_as

  deployment_targets {
    organizational_unit_ids = var.organizational_unit_ids
  }

  operation_preferences {
    failure_tolerance_percentage = 100
    max_concurrent_percentage    = 100
  }
}
