"""The OpenAPI schema of `/api/v0`: what the router holds, as `described` says it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
)
from rest_framework.response import Response
from typing_extensions import override

from accounts.api import Form, Operation, camel_case
from msr.api.pagination import PageQuery
from msr.api.shapes.kinds import Errors
from promotions.api.promotions import FILTER

if TYPE_CHECKING:
    from rest_framework.request import Request

    from msr.api.described import Described

# Where an address stands in the documentation, by the last part that says something.
SECTIONS = {
    "accounts": "Accounts",
    "access": "Robots",
    "api_tokens": "Access tokens",
    "admin": "The portal",
    "ciTrusts": "Robots",
    "consent": "Consents",
    "crons": "Jobs",
    "decisions": "Promotions",
    "events": "Events",
    "failing": "Promotions",
    "imagescan": "Scans",
    "index": "Finding",
    "jobs": "Jobs",
    "layeroverride": "Hidden vulnerabilities",
    "manifests": "Tags",
    "meta": "The portal",
    "namespaces": "Policies",
    "promotion": "Promotions",
    "promotionPolicies": "Policies",
    "promotions": "Promotions",
    "proposal": "Consents",
    "proposals": "Consents",
    "repositories": "Repositories",
    "robots": "Robots",
    "repositoryAccess": "Access",
    "scan": "Scans",
    "scans": "Scans",
    "signingKeys": "Signing keys",
    "tags": "Tags",
    "tokens": "Robots",
    "teamAccess": "Access",
    "webhooks": "Webhooks",
    "vulnerabilityExceptions": "Hidden vulnerabilities",
    "workers": "Jobs",
}
REQUEST_ID = OpenApiParameter(
    "X-Request-Id",
    str,
    OpenApiParameter.HEADER,
    response=True,
    description="What the log knows this request by; the client's own, if it is plain.",
)
HEADERS = {
    "X-Next-Page-Start": "The `pageStart` of the next page; absent on the last.",
    "X-Resource-Count": "How many there are, where `count=true` asked for it.",
}
KNOWN = "The ETags of answers that the client has: then 304 says that one is it."
SEEN = (
    "The ETag of the policy as the client has read it: where it has another version by"
    " now, or was switched, the answer is 412, and nothing is changed."
)
UNCHANGED = "The client has the answer already; it is not sent again."
CHANGED = "It is not what `If-Match` names any more."


def header(name: str, said: str) -> OpenApiParameter:
    """Return a header that may be sent."""
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=said)


ETAG = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200], description="Of this answer."
)
REFUSALS = {
    400: "What was sent is not right.",
    401: "Nobody, or wrong credentials.",
    403: "A right is missing.",
    404: "It is not there, or not for the client.",
    429: "Too much was asked at once; `Retry-After` says how many seconds to wait.",
}


JSON = "application/json"


class BasicScheme(OpenApiAuthenticationExtension):
    """Name and password, or name and access token."""

    target_class = "accounts.authentication.BasicAuthentication"
    name = "basic"
    scope = "api"

    @override
    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        said = (
            f"A name with its password or an access token of the scope `{self.scope}`."
        )
        return {"type": "http", "scheme": "basic", "description": said}


class ReportScheme(BasicScheme):
    """The same, where a narrower token suffices."""

    target_class = "accounts.authentication.ReportAuthentication"
    name = "basicForReports"
    scope = "scan"


class BearerScheme(OpenApiAuthenticationExtension):
    """What `/auth/token` answers to credentials alone."""

    target_class = "accounts.authentication.BearerAuthentication"
    name = "bearer"
    scope = "api"

    @override
    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        said = (
            "The `token` that `GET /auth/token` answers to Basic credentials and no"
            f" parameters, or an access token of the scope `{self.scope}`."
        )
        return {"type": "http", "scheme": "bearer", "description": said}


class ReportBearerScheme(BearerScheme):
    """The same, where a narrower token suffices."""

    target_class = "accounts.authentication.ReportBearerAuthentication"
    name = "bearerForReports"
    scope = "scan"


class MsrSchema(AutoSchema):
    """One operation, described by its docstring and its row."""

    @property
    def described(self) -> Described:
        from msr.api.described import DESCRIBED  # noqa: PLC0415 - needs every operation

        view = cast("Operation", self.view)
        return DESCRIBED[type(view)][self.method.lower()]

    @override
    def get_summary(self) -> str:
        said = getattr(self.view, self.method.lower()).__doc__ or ""
        return str(said.strip().partition("\n")[0])

    @override
    def get_description(self) -> str:  # type: ignore[override]  # the generator asks so
        said = getattr(self.view, self.method.lower()).__doc__ or ""
        lines = [line.strip() for line in said.strip().splitlines()]
        return "\n".join(lines[1:]).strip()

    @override
    def get_operation_id(self) -> str:
        return f"{self.method.lower()}{type(self.view).__name__}"

    @override
    def get_tags(self) -> list[str]:
        parts = [part for part in self.path.split("/") if part in SECTIONS]
        return [SECTIONS[parts[-1]]]

    @override
    def get_request_serializer(self) -> Any:
        described = self.described
        # A report, in one of many formats.
        if described.takes:
            return {JSON: described.body, described.takes: OpenApiTypes.OBJECT}
        return OpenApiTypes.OBJECT if described.takes_report else described.body

    @override
    def get_examples(self) -> list[OpenApiExample]:
        """Give the body an example, which BODIES has for each."""
        from msr.api.examples import BODIES  # noqa: PLC0415 - needs every operation

        body = self.described.body
        if body is None:
            return []
        return [OpenApiExample("example", value=BODIES[body], request_only=True)]

    @override
    def get_response_serializers(self) -> Any:
        described = self.described
        answer = described.answer
        whole = answer[0](many=True) if isinstance(answer, list) else answer
        refused = {
            status: OpenApiResponse(Errors, description=said)
            for status, said in REFUSALS.items()
        }
        if self.method == "GET":
            refused[304] = OpenApiResponse(None, description=UNCHANGED)
        if described.guarded:
            refused[412] = OpenApiResponse(Errors, description=CHANGED)
        if described.gives:
            given = {(200, JSON): whole, (200, described.gives): OpenApiTypes.OBJECT}
            return {**given, **refused}
        return {described.status: whole, **refused}

    @override
    def get_override_parameters(self) -> list[Any]:
        described = self.described
        asked: list[Any] = [REQUEST_ID]
        if described.query:
            asked.append(described.query)
        if self.method == "GET":
            asked += [header("If-None-Match", KNOWN), ETAG]
        if described.guarded:
            asked.append(header("If-Match", SEEN))
        if described.filtered:
            asked += [OpenApiParameter(name, str) for name in FILTER]
        if described.paged:
            asked.append(PageQuery)
        if described.paged or described.leads_on:
            asked += [
                OpenApiParameter(
                    name, str, OpenApiParameter.HEADER, response=[200], description=said
                )
                for name, said in HEADERS.items()
            ]
        return asked

    @override
    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        """Spell the fields of a form as they are sent."""
        mapped = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]  # typed nowhere
        if isinstance(serializer, Form):
            properties = mapped.get("properties", {})
            mapped["properties"] = {
                camel_case(name): said for name, said in properties.items()
            }
            if "required" in mapped:
                mapped["required"] = sorted(map(camel_case, mapped["required"]))
        return mapped


@cache
def document() -> Any:
    """Return the schema as JSON would have it; the code says it, so it stays."""
    generator = SchemaGenerator(urlconf="msr.urls")
    return generator.get_schema(request=None, public=True)


class Schema(Operation):
    """`/api/schema/`, for everybody who is signed in, as the documentation is.

    What the API can do is no secret, but whoever cannot use it needs no list of it.
    """

    schema = None
    renderer_classes = (OpenApiJsonRenderer, OpenApiYamlRenderer)

    def get(self, _request: Request) -> Response:
        """Show the schema, as JSON or, with `Accept`, as YAML."""
        return Response(document())
