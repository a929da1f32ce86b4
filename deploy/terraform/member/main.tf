# The role that servicecatalog-exporter assumes in an account.
resource "aws_iam_role" "this" {
  name               = var.role_name
  description        = "servicecatalog-exporter reads the state of AWS Service Catalog."
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "this" {
  name   = "servicecatalog-exporter"
  role   = aws_iam_role.this.name
  policy = local.allowed
}
