# The role with which servicecatalog-exporter lists the accounts of an organisation.
resource "aws_iam_role" "this" {
  name               = var.role_name
  description        = "servicecatalog-exporter lists the accounts of the organization."
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "this" {
  name   = "servicecatalog-exporter"
  role   = aws_iam_role.this.name
  policy = local.allowed
}
