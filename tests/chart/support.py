"""Renders the chart as Helm does, with Helm's own SDK, and finds objects in what comes out."""

import functools
import json
from pathlib import Path

import helm_python
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm" / "servicecatalog-exporter"
FOLDER = Path(__file__).resolve().parent / "values"
RELEASE, NAMESPACE = "prod", "monitoring"
NAME = f"{RELEASE}-servicecatalog-exporter"
IMAGE = {"image": {"repository": "registry.example.com/servicecatalog-exporter"}}

# The values of every file of the matrix, by the file's name.
MATRIX = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yml"))
}


@functools.cache
def rendered(values):
    with helm_python.Chart.load(CHART) as chart:
        made = chart.render(json.loads(values), name=RELEASE, namespace=NAMESPACE)
    return {name.rsplit("/", 1)[1]: text for name, text in made.items()}


@functools.cache
def parsed(text):
    return [each for each in yaml.load_all(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if each]


def texts(values):
    """What each template becomes, by its name."""
    return rendered(json.dumps(values))


def objects(values):
    """All objects, in the order of the templates' names."""
    made = sorted(texts(values).items())
    return [each for name, text in made if name.endswith(".yaml") for each in parsed(text)]


def of_kind(kind, values):
    """The one object of that kind, or nothing."""
    found = [each for each in objects(values) if each["kind"] == kind]
    if len(found) > 1:
        raise AssertionError(f"{len(found)} objects of kind {kind}, where one was expected")
    return found[0] if found else None


def with_image(**values):
    return {**IMAGE, **values}


def workload(values):
    return of_kind("Deployment", values) or of_kind("StatefulSet", values)


def pod(values):
    return workload(values)["spec"]["template"]["spec"]


def container(values):
    return pod(values)["containers"][0]


def env(values):
    """The variables of the container that have a plain value."""
    return {each["name"]: each.get("value") for each in container(values)["env"]}


def configuration_text(values):
    """The exporter's configuration as the chart writes it, or nothing."""
    name = workload(values)["metadata"]["name"]
    for each in objects(values):
        if each["kind"] == "ConfigMap" and each["metadata"]["name"] == name:
            return next(iter(each["data"].values()))
    return None


def configuration(values):
    """What it says."""
    text = configuration_text(values)
    return None if text is None else yaml.safe_load(text)


def refusal(values):
    """What Helm says to values that the chart refuses."""
    try:
        texts(values)
    except helm_python.HelmError as error:
        return str(error)
    raise AssertionError(f"not refused: {values}")
