output "role_arn" {
  description = "role_arn of a target."
  value       = aws_iam_role.this.arn
}
