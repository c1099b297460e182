"""Keys of pressmark.yaml that say how objects in S3 are reached and kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from config.keys import Keys
from config.values import COUNT, MAPPING, TEXT, Allowed, Count, HttpUrl


class ObjectLock(Keys):
    """Retention of every object, where the bucket has Object Lock."""

    mode: Annotated[
        Literal["governance", "compliance"] | None, Allowed("governance or compliance")
    ] = Field(
        default=None,
        description="Keeps every object from being deleted; compliance: by the owner of the "
        "account too. The bucket needs Object Lock from its creation on.",
    )
    days: Annotated[Count | None, COUNT] = Field(
        default=None, description="How long, from the writing of an object on."
    )

    @model_validator(mode="after")
    def _check_both(self) -> Self:
        if (self.mode is None) != (self.days is None):
            raise PydanticCustomError(
                "half_a_lock", "give both mode and days, or neither", {"path": ()}
            )
        return self


class Encryption(Keys):
    """Encryption of every object by the service."""

    algorithm: Annotated[Literal["AES256", "aws:kms"] | None, Allowed("AES256 or aws:kms")] = Field(
        default=None, description="Encryption of every object by the service."
    )
    key: Annotated[str | None, TEXT] = Field(
        default=None, description="Identifier of the key for aws:kms; none: its default key."
    )

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        if self.key is not None and self.algorithm != "aws:kms":
            raise PydanticCustomError(
                "key_without_service", "a key goes with the algorithm aws:kms", {"path": ()}
            )
        return self


class S3(Keys):
    """How the S3 service is reached. What is left out, boto3 looks for itself (profiles, roles)."""

    endpoint_url: Annotated[HttpUrl | None, Allowed("an http or https URL")] = Field(
        default=None, description="Address of the service; none: Amazon's."
    )
    region: Annotated[str | None, TEXT] = Field(
        default=None, description="Region; us-east-1 where nothing names one."
    )
    access_key_id: Annotated[str | None, TEXT] = Field(default=None, description="Access key.")
    secret_access_key: Annotated[SecretStr | None, TEXT] = Field(
        default=None, description="Secret of the access key; better kept in the environment."
    )
    session_token: Annotated[SecretStr | None, TEXT] = Field(
        default=None, description="Token of temporary credentials."
    )
    ca_bundle: Annotated[Path | None, Allowed("a file")] = Field(
        default=None,
        description="Certificates (PEM) that the service's certificate is checked against.",
    )
    addressing_style: Annotated[Literal["path", "virtual"], Allowed("path or virtual")] = Field(
        default="path", description="Whether the bucket stands in the path or in the host name."
    )
    object_lock: Annotated[ObjectLock, MAPPING] = Field(
        default=ObjectLock(), description="Retention of every object."
    )
    encryption: Annotated[Encryption, MAPPING] = Field(
        default=Encryption(), description="Encryption of every object by the service."
    )
