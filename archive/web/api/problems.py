"""Errors as the OpenAPI document tells them: problem details (RFC 9457)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

Responses = dict[int | str, dict[str, Any]]
"""By status, as FastAPI takes them."""

MEDIA_TYPE = "application/problem+json"

_TEXTS = {
    400: "A parameter is missing or is not what it must be; `errors` lists them.",
    401: "The token is unknown or has expired, or there is none where one is needed.",
    403: "The token does not permit this.",
    404: "There is no such thing in the archive.",
    406: "The answer has no form that `Accept` names.",
    409: "What it is about is not in a state for that.",
    413: "The request is too large.",
    429: "Too many requests: come back after `Retry-After` seconds.",
    451: "It is withheld.",
    500: "A defect of the server; its log says more.",
    501: "This server was started without what does that.",
    502: "What is kept cannot be given out: its bytes are damaged, or not to be decoded.",
    503: "A database or the store is away: come back after `Retry-After` seconds.",
}


class WrongParameter(BaseModel):
    """One parameter that is wrong."""

    parameter: str = Field(description="Where it is and its name, such as `query.limit`.")
    detail: str = Field(description="What is wrong with it.")


class Problem(BaseModel):
    """Every error has this form (RFC 9457), as `application/problem+json`."""

    type: str = Field(description="`about:blank`: the status says what kind it is.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="One sentence: the thing, the cause, the remedy.")
    message: str = Field(description="The same as `detail`, for clients of other archives.")
    errors: list[WrongParameter] = Field(
        default=[], description="With a status of 400: each parameter that is wrong."
    )


def problems(*statuses: int) -> Responses:
    """What a route may answer beside what every route may."""
    return {status: _response(_TEXTS[status], plain=status == 400) for status in statuses}


def _response(text: str, *, plain: bool = False) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    content: dict[str, Any] = {MEDIA_TYPE: {"schema": schema}}
    if plain:
        # What is no request, or has too long an address, the HTTP server answers before we see it.
        content["text/plain"] = {"schema": {"type": "string"}}
    return {"description": text, "content": content}


GENERAL: Responses = {
    **problems(400, 401, 403, 406, 429, 500, 503),
    431: {"description": "The address or the headers are too long; there is no body."},
    # With it FastAPI documents no answer of 422, which there is not.
    "default": _response("Any other error."),
}
"""What every route may answer."""
