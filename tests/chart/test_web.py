"""What is served: the web file, probes, scraping, the network."""

import unittest

from support import IMAGE, MATRIX, NAME, container, env, of_kind, pod, refusal, with_image

PROBES = ["startupProbe", "livenessProbe", "readinessProbe"]


def endpoint(values):
    return of_kind("ServiceMonitor", values)["spec"]["endpoints"][0]


class Probes(unittest.TestCase):
    def paths(self, values):
        return [container(values)[probe]["httpGet"]["path"] for probe in PROBES]

    def test_startup_and_liveness_ask_whether_it_answers_and_readiness_whether_it_knows(self):
        self.assertEqual(["/-/healthy", "/-/healthy", "/-/ready"], self.paths(IMAGE))

    def test_they_follow_the_prefix(self):
        wanted = ["/servicecatalog/-/healthy", "/servicecatalog/-/healthy", "/servicecatalog/-/ready"]
        self.assertEqual(wanted, self.paths(MATRIX["behind-a-proxy"]))
        stripped = {"externalUrl": "https://tools.example.com/servicecatalog", "routePrefix": "/"}
        self.assertEqual("/-/ready", self.paths(with_image(web=stripped))[2])
        self.assertEqual("/a/-/ready", self.paths(with_image(web={"routePrefix": "/a/"}))[2])

    def test_they_speak_tls_where_the_exporter_does(self):
        for values, scheme in [("default", "HTTP"), ("tls", "HTTPS"), ("users-without-tls", "HTTP")]:
            for probe in PROBES:
                self.assertEqual(scheme, container(MATRIX[values])[probe]["httpGet"]["scheme"])

    def test_where_a_kubelet_has_no_certificate_the_binary_asks_itself(self):
        for probe in PROBES:
            made = container(MATRIX["client-certificates"])[probe]
            self.assertEqual(["servicecatalog-exporter", "healthcheck"], made["exec"]["command"])
            self.assertNotIn("httpGet", made)

    def test_their_patience_is_yours(self):
        made = container(MATRIX["everything"])["startupProbe"]
        self.assertEqual((10, 30), (made["periodSeconds"], made["failureThreshold"]))


class WebFile(unittest.TestCase):
    def test_without_one_nothing_is_mounted(self):
        self.assertEqual(["config"], [each["name"] for each in pod(IMAGE)["volumes"]])
        self.assertNotIn("SERVICECATALOG_EXPORTER_WEB_CONFIG_FILE", env(IMAGE))

    def test_it_lies_in_one_folder_with_the_certificates(self):
        values = MATRIX["tls"]
        volume = pod(values)["volumes"][1]
        sources = [each["secret"]["name"] for each in volume["projected"]["sources"]]
        self.assertEqual(["exporter-web", "exporter-tls"], sources)
        self.assertEqual(0o440, volume["projected"]["defaultMode"])
        mount = container(values)["volumeMounts"][1]
        self.assertEqual("web", mount["name"])
        self.assertNotIn("subPath", mount)
        file = env(values)["SERVICECATALOG_EXPORTER_WEB_CONFIG_FILE"]
        self.assertEqual(f"{mount['mountPath']}/web-config.yml", file)

    def test_the_kubelet_needs_no_password_for_readiness(self):
        for values in ("tls", "users-without-tls"):
            self.assertEqual("true", env(MATRIX[values])["SERVICECATALOG_EXPORTER_WEB_UNAUTHENTICATED_READY"])
        self.assertNotIn("SERVICECATALOG_EXPORTER_WEB_UNAUTHENTICATED_READY", env(IMAGE))

    def test_certificates_without_a_web_file_are_refused(self):
        self.assertIn("without a web file", refusal(with_image(webFile={"certificateSecret": "x"})))


class Monitor(unittest.TestCase):
    def test_it_is_there_when_asked_for(self):
        self.assertIsNone(of_kind("ServiceMonitor", IMAGE))

    def test_the_job_is_called_the_same_with_one_shard_and_with_more(self):
        for shards in (1, 3):
            values = with_image(shards=shards, serviceMonitor={"enabled": True})
            relabelings = endpoint(values)["relabelings"]
            self.assertIn({"targetLabel": "job", "replacement": NAME}, relabelings)
            self.assertIn({"action": "labeldrop", "regex": "service"}, relabelings)
        relabelings = endpoint(MATRIX["everything"])["relabelings"]
        self.assertEqual({"targetLabel": "job", "replacement": "servicecatalog"}, relabelings[0])
        self.assertEqual({"targetLabel": "cluster", "replacement": "blue"}, relabelings[-1])

    def test_it_asks_for_the_path_that_is_served(self):
        self.assertEqual("/metrics", endpoint(MATRIX["shards"])["path"])
        made = endpoint(MATRIX["behind-a-proxy"])
        self.assertEqual("/servicecatalog/prometheus", made["path"])
        variables = env(MATRIX["behind-a-proxy"])
        self.assertEqual("/prometheus", variables["SERVICECATALOG_EXPORTER_WEB_TELEMETRY_PATH"])

    def test_the_ports_lead_to_one_another(self):
        values = MATRIX["behind-a-proxy"]
        port = of_kind("Service", values)["spec"]["ports"][0]
        self.assertEqual((80, "http", "http"), (port["port"], port["targetPort"], port["name"]))
        self.assertEqual({"name": "http", "containerPort": 8080, "protocol": "TCP"}, container(values)["ports"][0])
        self.assertEqual(":8080", env(values)["SERVICECATALOG_EXPORTER_WEB_LISTEN_ADDRESS"])
        self.assertEqual("http", endpoint(values)["port"])

    def test_plain_http_needs_no_scheme(self):
        made = endpoint(MATRIX["shards"])
        self.assertNotIn("scheme", made)
        self.assertNotIn("tlsConfig", made)

    def test_tls_is_checked_by_the_name_of_the_service_and_the_authority_of_the_certificates(self):
        made = endpoint(MATRIX["tls"])
        self.assertEqual("https", made["scheme"])
        wanted = {
            "serverName": f"{NAME}.monitoring.svc",
            "ca": {"secret": {"name": "exporter-tls", "key": "ca.crt"}},
        }
        self.assertEqual(wanted, made["tlsConfig"])

    def test_your_tls_and_login_are_taken_as_they_are(self):
        wanted = MATRIX["client-certificates"]["serviceMonitor"]
        self.assertEqual(wanted["tlsConfig"], endpoint(MATRIX["client-certificates"])["tlsConfig"])
        self.assertEqual("20s", endpoint(MATRIX["client-certificates"])["scrapeTimeout"])
        wanted = MATRIX["tls"]["serviceMonitor"]
        self.assertEqual(wanted["basicAuth"], endpoint(MATRIX["tls"])["basicAuth"])


class Network(unittest.TestCase):
    def ways_out(self, values):
        spec = of_kind("NetworkPolicy", values)["spec"]
        return {
            (port["port"], to.get("ipBlock", {}).get("cidr"))
            for rule in spec["egress"] for port in rule["ports"] for to in rule.get("to", [{}])
        }

    def test_there_is_no_policy_unless_asked_for(self):
        self.assertIsNone(of_kind("NetworkPolicy", IMAGE))

    def test_only_the_port_is_open(self):
        spec = of_kind("NetworkPolicy", MATRIX["irsa"])["spec"]
        self.assertEqual(["Ingress", "Egress"], spec["policyTypes"])
        self.assertEqual([{"ports": [{"port": "http", "protocol": "TCP"}]}], spec["ingress"])

    def test_who_may_come_in_is_yours(self):
        ingress = of_kind("NetworkPolicy", MATRIX["pod-identity"])["spec"]["ingress"][0]
        self.assertEqual(MATRIX["pod-identity"]["networkPolicy"]["from"], ingress["from"])

    def test_names_and_aws_are_the_only_ways_out(self):
        wanted = {(53, None), (443, "0.0.0.0/0"), (443, "::/0")}
        self.assertEqual(wanted, self.ways_out(MATRIX["irsa"]))

    def test_the_metadata_of_the_node_is_shut_unless_it_is_the_identity(self):
        spec = of_kind("NetworkPolicy", MATRIX["irsa"])["spec"]
        blocks = [to["ipBlock"] for rule in spec["egress"] for to in rule.get("to", [])]
        self.assertIn("169.254.0.0/16", blocks[0]["except"])
        node = with_image(networkPolicy={"enabled": True, "instanceMetadata": True})
        self.assertIn((80, "169.254.169.254/32"), self.ways_out(node))

    def test_pod_identity_opens_the_way_to_its_agent(self):
        ways = self.ways_out(MATRIX["pod-identity"])
        self.assertLessEqual({(80, "169.254.170.23/32"), (80, "fd00:ec2::23/128"), (3128, "10.0.0.0/8")}, ways)


if __name__ == "__main__":
    unittest.main()
