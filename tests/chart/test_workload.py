"""Deployment and StatefulSet: shards, configuration, rollout, pods."""

import re
import unittest

import helm_python

from support import (
    CHART, IMAGE, MATRIX, NAME, ROOT, configuration, container, env, objects, of_kind, pod, refusal, texts,
    with_image, workload,
)

VERSION = re.search(r'^version = "(.+)"', (ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.M)[1]


class Shards(unittest.TestCase):
    def test_one_shard_is_a_deployment_that_scans_everything(self):
        self.assertEqual("Deployment", workload(IMAGE)["kind"])
        self.assertEqual({}, configuration(IMAGE))
        self.assertNotIn("SERVICECATALOG_EXPORTER_SHARD", env(IMAGE))

    def test_more_shards_are_a_statefulset_with_a_pod_for_each(self):
        made = workload(with_image(shards=3))
        self.assertEqual("StatefulSet", made["kind"])
        self.assertEqual(3, made["spec"]["replicas"])
        self.assertEqual("Parallel", made["spec"]["podManagementPolicy"])

    def test_each_shard_knows_the_total_and_takes_its_number_from_the_pods_name(self):
        values = with_image(shards=3)
        self.assertEqual({"sharding": {"shard": "auto", "total_shards": 3}}, configuration(values))
        host = [each for each in container(values)["env"] if each["name"] == "HOSTNAME"]
        self.assertEqual("metadata.name", host[0]["valueFrom"]["fieldRef"]["fieldPath"])

    def test_another_number_of_shards_restarts_no_pod(self):
        two, five = (workload(with_image(shards=n))["spec"]["template"] for n in (2, 5))
        self.assertEqual(two, five)

    def test_an_existing_configuration_gets_its_shards_from_variables(self):
        variables = env(MATRIX["existing-secret"])
        self.assertEqual("auto", variables["SERVICECATALOG_EXPORTER_SHARD"])
        self.assertEqual("2", variables["SERVICECATALOG_EXPORTER_TOTAL_SHARDS"])

    def test_the_services_of_the_two_kinds_have_different_names(self):
        one, more = of_kind("Service", IMAGE), of_kind("Service", with_image(shards=2))
        self.assertEqual(NAME, one["metadata"]["name"])
        self.assertNotEqual("None", one["spec"].get("clusterIP"))
        self.assertEqual("None", more["spec"]["clusterIP"])
        self.assertEqual(f"{NAME}-shards", more["metadata"]["name"])
        self.assertEqual(f"{NAME}-shards", workload(with_image(shards=2))["spec"]["serviceName"])

    def test_a_statefulset_can_begin_with_one_shard(self):
        values = MATRIX["one-shard-of-a-statefulset"]
        self.assertEqual("StatefulSet", workload(values)["kind"])
        self.assertEqual(1, configuration(values)["sharding"]["total_shards"])

    def test_contradictions_are_refused(self):
        for values, words in [
            (dict(workload="Deployment", shards=2), "only a StatefulSet numbers its pods"),
            (dict(replicas=2, shards=2), "leave replicas at 1"),
            (dict(config={"sharding": {"shard": 1}}), "set shards in its place"),
            (dict(shards=101), "/shards"),
            (dict(shards=0), "/shards"),
        ]:
            self.assertIn(words, refusal(with_image(**values)))


class Configuration(unittest.TestCase):
    def test_it_is_written_as_it_was_given(self):
        config = {
            "metrics": {"max_series": 12345678},
            "organization": {"exclude_accounts": ["012345678901"], "regions": "auto"},
            "scan": {"interval": "10m", "stack_instances": {"max_age": "1h"}},
        }
        self.assertEqual(config, configuration(with_image(config=config)))
        self.assertIn("max_series: 12345678", texts(with_image(config=config))["configmap.yaml"])

    def test_it_is_mounted_as_a_folder_so_that_a_change_arrives(self):
        mount = [each for each in container(IMAGE)["volumeMounts"] if each["name"] == "config"][0]
        self.assertNotIn("subPath", mount)
        path = env(IMAGE)["SERVICECATALOG_EXPORTER_CONFIG_FILE"]
        self.assertEqual(f"{mount['mountPath']}/servicecatalog-exporter.yml", path)
        self.assertEqual({"name": NAME}, pod(IMAGE)["volumes"][0]["configMap"])

    def test_a_secret_or_config_map_of_yours_takes_its_place(self):
        values = MATRIX["existing-secret"]
        self.assertIsNone(configuration(values))
        self.assertEqual("exporter-configuration", pod(values)["volumes"][0]["secret"]["secretName"])
        self.assertTrue(env(values)["SERVICECATALOG_EXPORTER_CONFIG_FILE"].endswith("/fleet.yml"))
        values = MATRIX["existing-configmap"]
        self.assertIsNone(configuration(values))
        self.assertEqual("exporter-configuration", pod(values)["volumes"][0]["configMap"]["name"])

    def checksum(self, **values):
        metadata = workload(with_image(**values))["spec"]["template"]["metadata"]
        return metadata["annotations"]["checksum/config"]

    def test_only_what_a_reload_cannot_take_over_restarts_the_pods(self):
        before = self.checksum()
        self.assertEqual(before, self.checksum(config={"scan": {"interval": "10m"}}))
        self.assertNotEqual(before, self.checksum(config={"log": {"level": "debug"}}))
        self.assertNotEqual(before, self.checksum(config={"web": {"status_page": "off"}}))
        self.assertNotEqual(before, self.checksum(config={"storage": {"path": "/data"}}))

    def test_every_change_restarts_the_pods_if_you_say_so(self):
        always = dict(restartOnConfigChange="always")
        changed = self.checksum(config={"scan": {"interval": "10m"}}, **always)
        self.assertNotEqual(self.checksum(**always), changed)

    def test_what_is_set_elsewhere_is_refused_and_the_place_named(self):
        for key, place in [
            ("listen_addresses", "web.port"), ("telemetry_path", "web.telemetryPath"),
            ("external_url", "web.externalUrl"), ("route_prefix", "web.routePrefix"),
            ("drain_timeout", "web.drainTimeout"), ("config_file", "webFile.existingSecret"),
        ]:
            said = refusal(with_image(config={"web": {key: "x"}}))
            self.assertIn(f"config.web.{key} is set: set {place} in its place", said)

    def test_two_configurations_are_refused(self):
        both = dict(existingConfig={"secret": "a", "configMap": "b"})
        self.assertIn("leave out one of them", refusal(with_image(**both)))
        both = dict(existingConfig={"secret": "a"}, config={"scan": {}})
        self.assertIn("leave out one of them", refusal(with_image(**both)))


class Rollout(unittest.TestCase):
    def test_the_new_pod_was_scraped_before_the_old_one_goes(self):
        spec = workload(IMAGE)["spec"]
        self.assertEqual({"maxSurge": 1, "maxUnavailable": 0}, spec["strategy"]["rollingUpdate"])
        self.assertGreater(spec["minReadySeconds"], 60)

    def test_a_pod_has_the_time_to_end(self):
        made = pod(IMAGE)
        sleep = container(IMAGE)["lifecycle"]["preStop"]["sleep"]["seconds"]
        drain = int(env(IMAGE)["SERVICECATALOG_EXPORTER_WEB_DRAIN_TIMEOUT"].rstrip("s"))
        self.assertGreater(made["terminationGracePeriodSeconds"], sleep + drain)

    def test_zero_is_a_value(self):
        values = MATRIX["everything"]
        self.assertEqual(0, workload(values)["spec"]["minReadySeconds"])
        self.assertNotIn("lifecycle", container(values))
        self.assertEqual(0, workload(with_image(replicas=0))["spec"]["replicas"])

    def test_a_budget_says_how_many_may_be_away_or_must_stay(self):
        self.assertIsNone(of_kind("PodDisruptionBudget", IMAGE))
        spec = of_kind("PodDisruptionBudget", MATRIX["shards"])["spec"]
        self.assertEqual(1, spec["maxUnavailable"])
        self.assertNotIn("minAvailable", spec)
        self.assertEqual("AlwaysAllow", spec["unhealthyPodEvictionPolicy"])
        spec = of_kind("PodDisruptionBudget", MATRIX["everything"])["spec"]
        self.assertEqual("50%", spec["minAvailable"])
        self.assertNotIn("maxUnavailable", spec)
        none = with_image(podDisruptionBudget={"enabled": True, "minAvailable": 0})
        self.assertEqual(0, of_kind("PodDisruptionBudget", none)["spec"]["minAvailable"])


class Pods(unittest.TestCase):
    def test_an_image_must_be_named(self):
        self.assertIn("image.repository is not set", refusal({}))

    def test_the_tag_is_the_version_unless_you_say_otherwise(self):
        name = IMAGE["image"]["repository"]
        self.assertEqual(f"{name}:{VERSION}", container(IMAGE)["image"])
        self.assertEqual(f"{name}:1.0", container(MATRIX["existing-secret"])["image"])
        self.assertRegex(container(MATRIX["everything"])["image"], f"^{name}@sha256:[0-9a-f]{{64}}$")

    def test_they_may_do_nothing(self):
        for values in MATRIX.values():
            made, inner = pod(values), container(values)["securityContext"]
            self.assertIs(True, made["securityContext"]["runAsNonRoot"])
            self.assertEqual({"type": "RuntimeDefault"}, made["securityContext"]["seccompProfile"])
            self.assertIs(False, made["automountServiceAccountToken"])
            self.assertIs(False, made["enableServiceLinks"])
            self.assertIs(False, inner["allowPrivilegeEscalation"])
            self.assertIs(True, inner["readOnlyRootFilesystem"])
            self.assertEqual({"drop": ["ALL"]}, inner["capabilities"])

    def test_null_takes_a_part_of_a_default_out_and_leaves_the_rest(self):
        for name, part, rest, place in [
            ("resources", "limits", "requests", container),
            ("securityContext", "capabilities", "readOnlyRootFilesystem", container),
            ("podSecurityContext", "runAsUser", "fsGroup", pod),
            ("startupProbe", "timeoutSeconds", "periodSeconds", container),
            ("livenessProbe", "timeoutSeconds", "periodSeconds", container),
            ("readinessProbe", "timeoutSeconds", "periodSeconds", container),
        ]:
            made = place(with_image(**{name: {part: None}}))[name.replace("podS", "s")]
            self.assertNotIn(part, made, name)
            self.assertIn(rest, made, name)

    def test_labels_of_yours_cannot_hide_a_pod_from_its_selector(self):
        labels = workload(MATRIX["everything"])["spec"]["template"]["metadata"]["labels"]
        self.assertEqual("catalog", labels["app.kubernetes.io/name"])
        self.assertEqual("f", labels["e"])
        self.assertEqual("4711", labels["cost-center"])
        common = {"app.kubernetes.io/name": "not-this", "team": "cloud"}
        for each in objects(with_image(commonLabels=common, prometheusRule={"enabled": True})):
            labels = each["metadata"]["labels"]
            self.assertEqual("servicecatalog-exporter", labels["app.kubernetes.io/name"], each["kind"])
            self.assertEqual("cloud", labels["team"], each["kind"])

    def test_the_demo_is_the_same_pod_with_another_command(self):
        self.assertNotIn("args", container(IMAGE))
        self.assertEqual(["demo", "--demo.seed=7"], container(MATRIX["everything"])["args"])

    def test_they_are_spread_by_their_own_labels(self):
        spread = pod(MATRIX["shards"])["topologySpreadConstraints"][0]
        selector = workload(MATRIX["shards"])["spec"]["selector"]
        self.assertEqual(selector, spread["labelSelector"])

    def test_your_variables_and_volumes_come_last(self):
        made = container(MATRIX["everything"])
        self.assertEqual({"name": "NO_PROXY", "value": "169.254.170.23"}, made["env"][-1])
        self.assertEqual("authorities", made["volumeMounts"][-1]["name"])
        self.assertEqual("authorities", pod(MATRIX["everything"])["volumes"][-1]["name"])


class Names(unittest.TestCase):
    def test_the_chart_has_the_version_of_the_exporter(self):
        with helm_python.Chart.load(CHART) as chart:
            self.assertEqual(VERSION, chart.version)
            self.assertEqual(VERSION, chart.metadata["appVersion"])

    def test_every_object_says_of_which_release_it_is(self):
        wanted = {
            "app.kubernetes.io/name": "servicecatalog-exporter",
            "app.kubernetes.io/instance": "prod",
            "app.kubernetes.io/version": VERSION,
            "app.kubernetes.io/managed-by": "Helm",
            "helm.sh/chart": f"servicecatalog-exporter-{VERSION}",
        }
        values = {**MATRIX["rules-and-dashboards"], **MATRIX["shards"], "networkPolicy": {"enabled": True}}
        for each in objects(values):
            self.assertLessEqual(wanted.items(), each["metadata"]["labels"].items(), each["kind"])

    def test_a_release_with_the_charts_name_does_not_say_it_twice(self):
        with helm_python.Chart.load(CHART) as chart:
            made = chart.render(IMAGE, name="servicecatalog-exporter", namespace="x")
        text = made["servicecatalog-exporter/templates/workload.yaml"]
        self.assertIn("\n  name: servicecatalog-exporter\n", text)

    def test_names_are_short_enough_for_the_label_of_a_statefulsets_revision(self):
        values = with_image(fullnameOverride="x" * 80, shards=2)
        self.assertEqual("x" * 52, workload(values)["metadata"]["name"])
        self.assertEqual("x" * 52 + "-shards", of_kind("Service", values)["metadata"]["name"])

    def test_objects_of_yours_may_be_yaml_or_text_with_templates(self):
        made = {(each["kind"], each["metadata"]["name"]) for each in objects(MATRIX["everything"])}
        self.assertLessEqual({("ConfigMap", "prod-more"), ("Secret", "exporter-text")}, made)


if __name__ == "__main__":
    unittest.main()
