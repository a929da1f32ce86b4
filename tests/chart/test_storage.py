"""What a pod knows is kept on a volume of its own: who has one, and what it is."""

import unittest

from support import (
    IMAGE, MATRIX, configuration, container, env, pod, refusal, with_image, workload,
)

VARIABLE = "SERVICECATALOG_EXPORTER_STORAGE_PATH"


def claim(values):
    """The claim from which each pod gets its volume, or nothing."""
    claims = workload(values)["spec"].get("volumeClaimTemplates", [])
    return claims[0] if claims else None


def shards(**storage):
    return with_image(shards=2, storage=storage)


class Who(unittest.TestCase):
    def test_each_pod_of_a_statefulset_has_a_volume_and_is_told_where(self):
        for values in (MATRIX["shards"], MATRIX["one-shard-of-a-statefulset"], MATRIX["existing-secret"]):
            mounted = {each["mountPath"]: each for each in container(values)["volumeMounts"]}
            mount = mounted[env(values)[VARIABLE]]
            self.assertEqual(claim(values)["metadata"]["name"], mount["name"])
            self.assertNotIn("readOnly", mount)

    def test_a_deployment_has_none(self):
        self.assertIsNone(claim(IMAGE))
        self.assertNotIn(VARIABLE, env(IMAGE))
        self.assertEqual(["config"], [each["name"] for each in container(IMAGE)["volumeMounts"]])

    def test_the_demo_has_none_since_its_aws_does_not_outlive_it(self):
        self.assertIsNone(claim(with_image(shards=2, demo=True)))
        self.assertNotIn(VARIABLE, env(with_image(shards=2, demo=True)))

    def test_it_can_be_turned_off_and_leaves_no_trace(self):
        values = shards(enabled=False)
        self.assertNotIn(VARIABLE, env(values))
        self.assertNotIn("volumeClaimTemplates", workload(values)["spec"])
        self.assertNotIn("persistentVolumeClaimRetentionPolicy", workload(values)["spec"])

    def test_a_deployment_that_asks_for_one_is_refused_with_the_remedy(self):
        said = refusal(with_image(storage={"enabled": True}))
        self.assertIn("set workload to StatefulSet", said)

    def test_another_path_in_the_configuration_is_refused_beside_a_volume_and_taken_without(self):
        config = {"storage": {"path": "/data"}}
        self.assertIn("set storage in its place", refusal(with_image(shards=2, config=config)))
        self.assertEqual(config, configuration(with_image(config=config)))

    def test_its_user_may_write_it_though_the_root_stays_read_only(self):
        values = MATRIX["shards"]
        self.assertEqual(pod(values)["securityContext"]["runAsGroup"], pod(values)["securityContext"]["fsGroup"])
        self.assertIs(True, container(values)["securityContext"]["readOnlyRootFilesystem"])


class What(unittest.TestCase):
    def test_it_is_large_enough_for_the_snapshot_the_next_one_and_a_damaged_one(self):
        spec = claim(MATRIX["shards"])["spec"]
        size = spec["resources"]["requests"]["storage"]
        self.assertGreater(1024 * int(size.removesuffix("Gi")), 3 * 256)
        self.assertEqual(["ReadWriteOnce"], spec["accessModes"])
        self.assertNotIn("storageClassName", spec)

    def test_it_goes_with_its_shard_since_aws_knows_all_that_is_in_it(self):
        policy = workload(MATRIX["shards"])["spec"]["persistentVolumeClaimRetentionPolicy"]
        self.assertEqual({"whenDeleted": "Delete", "whenScaled": "Delete"}, policy)

    def test_all_of_that_can_be_said_otherwise(self):
        values = MATRIX["storage"]
        spec = claim(values)["spec"]
        self.assertEqual(("gp3", ["ReadWriteOncePod"]), (spec["storageClassName"], spec["accessModes"]))
        self.assertEqual("2Gi", spec["resources"]["requests"]["storage"])
        self.assertEqual({"backup.example.com/skip": "true"}, claim(values)["metadata"]["annotations"])
        policy = workload(values)["spec"]["persistentVolumeClaimRetentionPolicy"]
        self.assertEqual({"whenDeleted": "Retain", "whenScaled": "Delete"}, policy)
        self.assertEqual("", claim(shards(storageClassName="-"))["spec"]["storageClassName"])

    def test_nothing_of_the_claim_changes_with_a_version_because_kubernetes_would_refuse_the_upgrade(self):
        labels = claim(with_image(shards=2, commonLabels={"a": "b"}))["metadata"]["labels"]
        self.assertEqual(workload(MATRIX["shards"])["spec"]["selector"]["matchLabels"], labels)

    def test_what_kubernetes_would_refuse_is_refused(self):
        for storage, where in [
            ({"enabled": "yes"}, "/storage/enabled"),
            ({"size": "1 GB"}, "/storage/size"),
            ({"size": "0Gi"}, "/storage/size"),
            ({"accessModes": []}, "/storage/accessModes"),
            ({"accessModes": ["ReadOnlyMany"]}, "/storage/accessModes"),
            ({"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Keep"}}, "whenScaled"),
            ({"sizes": "1Gi"}, "/storage"),
        ]:
            self.assertIn(where, refusal(shards(**storage)), storage)


if __name__ == "__main__":
    unittest.main()
