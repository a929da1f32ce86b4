locals {
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [merge(
      {
        Sid       = "TrustExporter"
        Effect    = "Allow"
        Principal = { AWS = var.exporter_role_arn }
        Action    = "sts:AssumeRole"
      },
      var.external_id == "" ? {} : {
        Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
      },
    )]
  })

  # It also allows to list organisational units. What a configuration needs, which may be less, says:
  #   servicecatalog-exporter print-iam-policy --part management --config.file FILE
  allowed = file("${path.module}/../policies/management.json")
}
