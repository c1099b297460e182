"""The JSON API, `/api/v1`: FastAPI over one `Site`, described by an OpenAPI document of its own."""
