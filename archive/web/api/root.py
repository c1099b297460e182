"""`/api/v1`: what there is, and the OpenAPI document."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from archive.web.api.description import TITLE
from archive.web.site import site_of

router = APIRouter(tags=["api"])


class ApiIndex(BaseModel):
    """Where everything is."""

    name: str = Field(description="The software that answers.")
    version: str = Field(description="Its version.")
    openapi: str = Field(description="Address of the OpenAPI document.")
    links: dict[str, str] = Field(
        description="Addresses by what is found there; RFC 6570 templates."
    )


@router.get("/", summary="What there is")
async def index(request: Request) -> ApiIndex:
    """Addresses of everything that the API offers."""
    base = site_of(request.scope).base_url(request.scope) + str(request.scope["root_path"])
    paths = request.app.openapi()["paths"]
    return ApiIndex(
        name=TITLE,
        version=version("pressmark"),
        openapi=f"{base}/openapi.json",
        links={
            operation["operationId"]: base + _template(path, operation)
            for path, operations in paths.items()
            for method, operation in operations.items()
            if method in ("get", "post")
        },
    )


@router.get("/openapi.json", summary="The OpenAPI document")
async def openapi(request: Request) -> dict[str, Any]:
    """This description, for machines."""
    document: dict[str, Any] = request.app.openapi()
    return document


def _template(path: str, operation: dict[str, Any]) -> str:
    """With the query parameters behind the path."""
    given = operation.get("parameters", [])
    names = [item["name"] for item in given if item["in"] == "query"]
    return f"{path}{{?{','.join(names)}}}" if names else path
