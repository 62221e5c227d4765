"""The OpenAPI 3.1 document of one woven capability: its own route, question and answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from danshu.capabilities.weave import typed

if TYPE_CHECKING:
    from danshu.capabilities.weave.woven import Woven


def describe(woven: Woven) -> dict[str, Any]:
    """Give the document."""
    (asks, gives), schemas = msgspec.json.schema_components(
        [typed.asks(woven), typed.gives(woven)], ref_template="#/components/schemas/{name}"
    )
    problem = {"description": "RFC 9457", "content": {"application/problem+json": {"schema": {}}}}
    answer = {
        "type": "object",
        "required": ["verdict"],
        "properties": {
            "verdict": {"enum": ["done", "refused", "pending"]},
            "code": {"type": "string"},
            "reason": {"type": "string"},
            "answer": gives,
        },
    }
    question = {"schema": asks, "example": msgspec.json.decode(woven.question_sample.encode())}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": woven.zh,
            "version": str(woven.version),
            "description": woven.en or woven.zh,
        },
        "paths": {
            f"/v1/woven/{woven.code}/{woven.version}": {
                "post": {
                    "operationId": woven.code,
                    "summary": woven.en or woven.zh,
                    "parameters": [
                        {
                            "name": "Idempotency-Key",
                            "in": "header",
                            "required": False,
                            "schema": {"type": "string", "maxLength": 128},
                            "description": "the same at each try; handed to the far side",
                        }
                    ],
                    "requestBody": {"required": True, "content": {"application/json": question}},
                    "responses": {
                        "200": {
                            "description": "done, refused with a code, or taken over",
                            "content": {"application/json": {"schema": answer}},
                        },
                        "403": problem,
                        "422": problem,
                        "503": problem,
                    },
                }
            }
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}],
    }
