"""Runs the exporter with what the chart gives its container, and asks as the kubelet and Prometheus do.

usage: python tests/chart/against_binary.py BINARY

It needs openssl and curl. The exporter runs as its demo, so nothing leaves this machine.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from served import free_port  # noqa: E402
from support import MATRIX, configuration_text, container, env, of_kind, workload  # noqa: E402

PREFIX = "SERVICECATALOG_EXPORTER_"
# The hash of "secret", at the lowest cost.
USER = {"prometheus": "$2y$04$URjynBN7IaPu/wZ/t5YTnej53Pjzvay8jDhI0w9WtQFv1NkWQT8OS"}
SECONDS = 30


def certificate(folder):
    """A self-signed certificate, as a Secret of certificates holds it."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=x",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "tls.key", "-out", folder / "tls.crt"],
        check=True, capture_output=True,
    )
    (folder / "ca.crt").write_bytes((folder / "tls.crt").read_bytes())


def web_file(values):
    """A web file such as those values promise."""
    made = {"basic_auth_users": USER}
    if values["webFile"].get("tls", True):
        made["tls_server_config"] = {"cert_file": "tls.crt", "key_file": "tls.key"}
    if values["webFile"].get("clientCertificates"):
        made["tls_server_config"] |= {"client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": "ca.crt"}
    return made


def mounted(values, folder, port):
    """The variables of the container, with what it has mounted in this folder."""
    variables = {name: value for name, value in env(values).items() if value is not None}
    config = folder / "config.yml"
    config.write_text(configuration_text(values) or "{}", encoding="utf-8")
    variables[f"{PREFIX}CONFIG_FILE"] = str(config)
    if f"{PREFIX}WEB_CONFIG_FILE" in variables:
        certificate(folder)
        file = folder / "web.yml"
        file.write_text(yaml.safe_dump(web_file(values)), encoding="utf-8")
        variables[f"{PREFIX}WEB_CONFIG_FILE"] = str(file)
    if f"{PREFIX}STORAGE_PATH" in variables:
        # As the kubelet hands over a volume: there, and its group may write it.
        (folder / "storage").mkdir(mode=0o770)
        variables[f"{PREFIX}STORAGE_PATH"] = str(folder / "storage")
    variables[f"{PREFIX}WEB_LISTEN_ADDRESS"] = f"127.0.0.1:{port}"
    # What the identity brings, and the pod's name. The account of the demo is in the last of two shards.
    last = f"exporter-{workload(values)['spec']['replicas'] - 1}"
    return {"AWS_REGION": "eu-central-1", "HOSTNAME": last, "PATH": os.environ["PATH"], **variables}


def status(url, *more):
    asked = ["curl", "--silent", "--insecure", "--output", os.devnull, "--write-out", "%{http_code}", *more, url]
    return subprocess.run(asked, capture_output=True, text=True, timeout=SECONDS).stdout


def probed(binary, variables, probe, port):
    """What a probe of the kubelet finds, as a text that is empty where it succeeds."""
    if "exec" in probe:
        command = [binary, *probe["exec"]["command"][1:]]
        ran = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=SECONDS)
        return ran.stderr if ran.returncode else ""
    http = probe["httpGet"]
    url = f"{http['scheme'].lower()}://127.0.0.1:{port}{http['path']}"
    said = status(url)
    return "" if said == "200" else f"{url} answered {said}"


def until(condition, process):
    """What the condition still complains of when it is given up, or nothing."""
    end = time.monotonic() + SECONDS
    while (said := condition()) and time.monotonic() < end and process.poll() is None:
        time.sleep(0.2)  # a poll of another process, which has no event to wait for
    return said


def scraped(values, port, folder):
    """What Prometheus finds with what the ServiceMonitor says."""
    monitor = of_kind("ServiceMonitor", values)
    if monitor is None:
        return ""
    endpoint = monitor["spec"]["endpoints"][0]
    more = ["--user", "prometheus:secret"]
    if "cert" in endpoint.get("tlsConfig", {}):
        more += ["--cert", str(folder / "tls.crt"), "--key", str(folder / "tls.key")]
    url = f"{endpoint.get('scheme', 'http')}://127.0.0.1:{port}{endpoint['path']}"
    said = status(url, *more)
    return "" if said == "200" else f"{url} answered {said}"


def tried(binary, values, folder):
    """What goes wrong with these values, one a line."""
    port = free_port()
    variables = mounted(values, folder, port)
    ran = subprocess.run([binary, "check"], env=variables, capture_output=True, text=True, timeout=SECONDS)
    if ran.returncode:
        return [ran.stderr.strip()]
    with open(folder / "log", "w", encoding="utf-8") as log:
        # Of targets that are named the demo knows nothing: it has an account of its own.
        (folder / "config.yml").write_text("{}", encoding="utf-8")
        process = subprocess.Popen([binary, "demo"], env=variables, stdout=log, stderr=log)
    try:
        wrong = []
        for name in ("startupProbe", "livenessProbe", "readinessProbe"):
            probe = container(values)[name]
            said = until(lambda probe=probe: probed(binary, variables, probe, port), process)
            wrong += [f"{name}: {said}"] if said else []
        if f"{PREFIX}STORAGE_PATH" in variables:
            kept = folder / "storage" / "snapshot"
            said = until(lambda: "" if kept.exists() else "nothing is kept", process)
            wrong += [f"storage: {said}"] if said else []
        said = scraped(values, port, folder)
        return wrong + ([f"scrape: {said}"] if said else [])
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    binary, failed = os.path.abspath(arguments[0]), 0
    for name, values in MATRIX.items():
        with tempfile.TemporaryDirectory() as folder:
            wrong = tried(binary, values, Path(folder))
        failed += bool(wrong)
        print(f"{name:<32} {'FAILED' if wrong else 'ok'}", *wrong, sep="\n  " if wrong else "", flush=True)
    if failed:
        sys.exit(f"{failed} of {len(MATRIX)} files of values do not work with {binary}, see above")


main(sys.argv[1:])
