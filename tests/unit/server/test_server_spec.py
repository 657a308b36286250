"""Answers of jobs and serverless endpoints, held against the published specification when it is at hand."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

SPEC = (
    Path(__file__).resolve().parents[4]
    / "shared"
    / "specs"
    / "ml-2024-10-01-preview.jobs-serverless.derived.openapi31.json"
)


@pytest.fixture(scope="module")
def check():
    if not SPEC.exists():
        pytest.skip(f"the published specification is not at hand: {SPEC}")
    text = SPEC.read_text(encoding="utf-8")
    spec = json.loads(text.replace('"#/', '"urn:spec#/'))
    registry = Registry().with_resource("urn:spec", DRAFT202012.create_resource(spec))

    def validate(method, path, answer):
        template = next(item for item in spec["paths"] if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", item), path))
        responses = spec["paths"][template][method.lower()]["responses"]
        response = responses.get(str(answer.status)) or responses["default"]
        if "content" not in response:
            assert answer.content == b""
            return
        schema = response["content"]["application/json"]["schema"]
        errors = list(Draft202012Validator(schema, registry=registry).iter_errors(answer.json))
        assert errors == [], f"{method} {template} {answer.status}: {errors[0].message}"

    return validate


def test_answers_are_as_published(space, check):
    def call(method, path, body=None, *, status):
        answer = space.call(method, path, body)
        assert answer.status == status, answer.content
        check(method, space.arm_id + path, answer)

    definition = space.definition(space.upload("a/train.jsonl", space.rows(20)))
    call("PUT", "/jobs/a", definition, status=201)
    call("PUT", "/jobs/a", definition, status=200)
    call("PUT", "/jobs/a", {"properties": {}}, status=400)
    call("PUT", "/jobs/b", definition, status=201)
    call("POST", "/jobs/b/cancel", status=202)
    space.server.advance(400_000)
    call("GET", "/jobs/a", status=200)
    call("GET", "/jobs", status=200)
    call("GET", "/jobs/none", status=404)
    call("DELETE", "/jobs/b", status=202)
    endpoint = f"/serverlessEndpoints/e-{space.name}"
    model = {"modelSettings": {"modelId": "azureml://registries/azureml/models/Phi-4"}}
    call("PUT", endpoint, {"location": "eastus2", "properties": model}, status=201)
    call("GET", endpoint, status=200)
    space.server.advance(60)
    call("GET", endpoint, status=200)
    call("GET", "/serverlessEndpoints", status=200)
    call("POST", f"{endpoint}/listKeys", status=200)
    call("POST", f"{endpoint}/regenerateKeys", {"keyType": "Primary"}, status=200)
    call("DELETE", endpoint, status=202)
