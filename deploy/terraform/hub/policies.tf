locals {
  issuer = replace(var.oidc_provider_arn, "/^.*:oidc-provider\\//", "")

  trust = {
    ec2 = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid       = "RunOnEc2"
        Effect    = "Allow"
        Principal = { Service = "ec2.amazonaws.com" }
        Action    = "sts:AssumeRole"
      }]
    })

    ecs = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid       = "RunOnEcs"
        Effect    = "Allow"
        Principal = { Service = "ecs-tasks.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account_id }
          ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:ecs:*:${local.account_id}:*" }
        }
      }]
    })

    eks-pod-identity = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid       = "RunOnEks"
        Effect    = "Allow"
        Principal = { Service = "pods.eks.amazonaws.com" }
        Action    = ["sts:AssumeRole", "sts:TagSession"]
        Condition = {
          StringEquals = {
            "aws:RequestTag/kubernetes-namespace"       = var.namespace
            "aws:RequestTag/kubernetes-service-account" = var.service_account
          }
        }
      }]
    })

    eks-irsa = jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Sid       = "RunOnEks"
        Effect    = "Allow"
        Principal = { Federated = var.oidc_provider_arn }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "${local.issuer}:aud" = "sts.amazonaws.com"
            "${local.issuer}:sub" = "system:serviceaccount:${var.namespace}:${var.service_account}"
          }
        }
      }]
    })
  }

  # One policy for each task: print-iam-policy prints them as one.
  roles = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "AssumeRoles"
      Effect   = "Allow"
      Action   = "sts:AssumeRole"
      Resource = var.assumed_role_arns
    }]
  })
  events = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "ReadEvents"
      Effect   = "Allow"
      Action   = ["sqs:DeleteMessage", "sqs:ReceiveMessage"]
      Resource = var.event_queue_arns
    }]
  })
  own_account  = file("${path.module}/../policies/member.json")
  organization = file("${path.module}/../policies/management.json")

  allowed = merge(
    length(var.assumed_role_arns) == 0 ? {} : { servicecatalog-exporter-roles = local.roles },
    var.scans_own_account ? { servicecatalog-exporter-own-account = local.own_account } : {},
    var.lists_organization ? { servicecatalog-exporter-organization = local.organization } : {},
    length(var.event_queue_arns) == 0 ? {} : { servicecatalog-exporter-events = local.events },
  )
}
