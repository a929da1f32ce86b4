output "role_arn" {
  description = "exporter_role_arn of the other modules, and --exporter-role-arn of print-iam-policy."
  value       = aws_iam_role.this.arn
}
