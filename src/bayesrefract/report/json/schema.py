"""The published JSON Schemas (draft 2020-12): made from the models, kept beside this file, shipped in the wheel.

`python -m bayesrefract.report.json.schema` writes them again after a change of the models.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from bayesrefract.files import write_whole
from bayesrefract.report.json.verdict_schema import StudyDocument, VerdictDocument

DRAFT = "https://json-schema.org/draft/2020-12/schema"
FILES: dict[str, type[BaseModel]] = {"verdict-2.schema.json": VerdictDocument, "study-2.schema.json": StudyDocument}


class _Readable(GenerateJsonSchema):
    """No title that only repeats a field's name, and `["number", "null"]` where that is all."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        made = super().nullable_schema(schema)
        parts = made.get("anyOf", [])
        return (
            {"type": [part["type"] for part in parts]} if parts and all(p.keys() == {"type"} for p in parts) else made
        )


def schema_text(name: str) -> str:
    """The text of one published file, from the models as they are now."""
    made = FILES[name].model_json_schema(mode="serialization", schema_generator=_Readable)
    identity = f"urn:bayesrefract:{name.removesuffix('.schema.json')}"
    return json.dumps({"$schema": DRAFT, "$id": identity} | made, ensure_ascii=False, indent=1) + "\n"


def published(name: str) -> Path:
    """Where a published file stands."""
    return Path(__file__).parent / name


if __name__ == "__main__":
    for each in FILES:
        write_whole(published(each), schema_text(each))
