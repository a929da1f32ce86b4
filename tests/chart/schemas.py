"""What the API server would say of an object: by the schemas of Kubernetes and of the Prometheus
Operator's own resources. Both are strict: an unknown key is a mistake."""

import functools

import jsonschema
import kubernetes_validate
from cloudcoil.models.prometheus_operator import v1

# Helm's SDK renders for 1.36, and so does the chart from 1.30 on.
KUBERNETES = ("1.30", "1.36", kubernetes_validate.latest_version())


def closed(node):
    """The schema, with what it does not name forbidden."""
    if isinstance(node, list):
        return [closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    # The models let all that is optional be null as well. The chart never says null.
    others = [each for each in node.get("anyOf", []) if each != {"type": "null"}]
    if len(others) == 1:
        return closed(others[0])
    made = {key: closed(value) for key, value in node.items()}
    # A mapping of names that are ours, such as labels, says itself what its values are.
    if made.get("type") == "object" and made.get("properties") and "additionalProperties" not in made:
        made["additionalProperties"] = False
    return made


@functools.cache
def of_operator(kind):
    return jsonschema.Draft202012Validator(closed(getattr(v1, kind).model_json_schema(by_alias=True)))


def complaints(thing, versions=KUBERNETES):
    """What is wrong with an object in those versions of Kubernetes, one a line."""
    if thing["apiVersion"].startswith("monitoring.coreos.com/"):
        errors = of_operator(thing["kind"]).iter_errors(thing)
        return [f"{error.json_path}: {error.message[:300]}" for error in errors]
    wrong = []
    for version in versions:
        try:
            kubernetes_validate.validate(thing, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            where = ".".join(str(part) for part in error.path)
            wrong.append(f"{version}: {where}: {error.message[:300]}")
    return wrong
