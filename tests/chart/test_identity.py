"""As who AWS is asked: IRSA, EKS Pod Identity, a ServiceAccount of yours."""

import unittest

from support import IMAGE, MATRIX, NAME, env, of_kind, pod, refusal, texts, with_image

ROLE = "arn:aws:iam::123456789012:role/ServiceCatalogExporterHub"


class Identity(unittest.TestCase):
    def test_the_default_is_an_account_without_rights_in_kubernetes(self):
        account = of_kind("ServiceAccount", IMAGE)
        self.assertEqual(NAME, account["metadata"]["name"])
        self.assertNotIn("annotations", account["metadata"])
        self.assertIs(False, account["automountServiceAccountToken"])
        self.assertEqual(NAME, pod(IMAGE)["serviceAccountName"])

    def test_the_role_of_irsa_is_an_annotation_beside_yours(self):
        account = of_kind("ServiceAccount", MATRIX["irsa"])
        wanted = {"eks.amazonaws.com/role-arn": ROLE, "eks.amazonaws.com/token-expiration": "3600"}
        self.assertEqual(wanted, account["metadata"]["annotations"])
        self.assertEqual("exporter", account["metadata"]["name"])
        self.assertEqual("exporter", pod(MATRIX["irsa"])["serviceAccountName"])

    def test_the_region_is_a_variable(self):
        self.assertEqual("eu-central-1", env(MATRIX["irsa"])["AWS_REGION"])
        self.assertNotIn("AWS_REGION", env(IMAGE))

    def test_pod_identity_is_no_annotation_and_the_notes_say_what_is_to_be_done(self):
        account = of_kind("ServiceAccount", MATRIX["pod-identity"])
        self.assertNotIn("annotations", account["metadata"])
        notes = texts(MATRIX["pod-identity"])["NOTES.txt"]
        self.assertIn(f"--namespace monitoring --service-account {NAME}", notes)

    def test_two_identities_are_refused(self):
        both = with_image(aws={"irsa": {"roleArn": ROLE}, "podIdentity": {"enabled": True}})
        self.assertIn("the role of IRSA would win", refusal(both))

    def test_what_is_no_role_is_refused(self):
        for arn in ("ServiceCatalogExporterHub", "arn:aws:iam::1:role/x", "arn:aws:iam::123456789012:user/x"):
            self.assertIn("/aws/irsa/roleArn", refusal(with_image(aws={"irsa": {"roleArn": arn}})))

    def test_an_account_of_yours_is_used_and_not_made(self):
        values = MATRIX["everything"]
        self.assertIsNone(of_kind("ServiceAccount", values))
        self.assertEqual("theirs", pod(values)["serviceAccountName"])
        self.assertEqual("default", pod(with_image(serviceAccount={"create": False}))["serviceAccountName"])

    def test_a_role_for_an_account_that_is_not_made_here_is_refused(self):
        values = with_image(aws={"irsa": {"roleArn": ROLE}}, serviceAccount={"create": False})
        self.assertIn("annotate yours", refusal(values))


if __name__ == "__main__":
    unittest.main()
