"""How soon the exporter listens, and how large its program is."""

import os
import socket
import subprocess
import time

from common import TARGET, cargo, install
from common.exporter import CONFIG, Simulator, binary, config_file
from common.figures import AT_MOST, Goal, in_turn, judged, median, median_ratio
from common.figures import table as markdown
from common.processes import free_port

TITLE = "Start and size"
PACKAGES = ["nginx-light", "prometheus-node-exporter"]
PYTHON = False

STARTS = 20
GOALS = {
    "listening": Goal("milliseconds from exec until it listens", AT_MOST, 50),
    "size": Goal("megabytes of the stripped program that is shipped", AT_MOST, 12),
}
NAMES = {
    "exporter": "the exporter",
    "node": "node_exporter, textfile collector only",
    "nothing": "a program that does nothing, until it has ended",
}


def shipped(setting):
    """The program that is shipped, of the profile `dist`, which takes minutes to build; where it is
    not built, that of `release`, which is larger."""
    found = TARGET / "dist" / "servicecatalog-exporter"
    if "BENCH_EXPORTER" in os.environ:
        return binary(), "BENCH_EXPORTER"
    if setting.build:
        cargo.run("build", "--profile", "dist", "--locked", "--bins")
    return (found, "dist") if found.exists() else (binary(), "release")


def measure(setting):
    program, profile = shipped(setting)
    node = install.program("prometheus-node-exporter")
    starts = {name: [] for name in NAMES}
    with Simulator.sized(20) as aws, config_file(CONFIG) as config:
        environment = aws.environment()
        textfile = config.parent / "textfile"
        textfile.mkdir()

        def command(name, port):
            listening = f"--web.listen-address=127.0.0.1:{port}"
            if name == "exporter":
                return [program, f"--config.file={config}", listening]
            return [
                node, "--collector.disable-defaults", "--collector.textfile",
                f"--collector.textfile.directory={textfile}", listening,
            ]

        for nth in range(setting.sized(STARTS)):
            for name in in_turn(NAMES, nth):
                if name == "nothing":
                    begun = time.perf_counter()
                    subprocess.run([install.program("true")], check=True)
                    starts[name].append((time.perf_counter() - begun) * 1e3)
                else:
                    port = free_port()
                    starts[name].append(_listening(command(name, port), port, environment))
    sizes = {"exporter": program.stat().st_size / 1e6, "node": os.stat(node).st_size / 1e6}
    return {"profile": profile, "milliseconds": starts, "megabytes": sizes}


def _listening(command, port, environment):
    """Milliseconds from the call that starts the program until a connection is accepted."""
    quiet = subprocess.DEVNULL
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        while True:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    return (time.perf_counter() - begun) * 1e3
            assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
            assert time.perf_counter() - begun < 30, f"{command[0]} does not listen"
            # Without a pause the poll would take the processor on which the program starts.
            time.sleep(0.0002)
    finally:
        process.kill()
        process.wait()


def table(found):
    starts, sizes = found["milliseconds"], found["megabytes"]
    values = {"listening": median(starts["exporter"])}
    # The size is that of what is shipped, or it is not said.
    if found["profile"] != "release":
        values["size"] = sizes["exporter"]
    rows = [
        [name_of, median(starts[name]), median_ratio(starts[name], starts["exporter"]), sizes.get(name)]
        for name, name_of in NAMES.items()
    ]
    times = len(starts["exporter"])
    return "\n".join([
        judged(GOALS, values),
        f"From exec until a connection is accepted, median of {times} starts; program of the profile"
        f" {found['profile']}:\n",
        markdown(["program", "ms", "times the exporter's", "megabytes"], rows),
    ])
