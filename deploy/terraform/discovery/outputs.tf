output "role_arn" {
  description = "organization.management_role_arn."
  value       = aws_iam_role.this.arn
}
