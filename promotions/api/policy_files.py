"""Policies as code: export, plan and apply files; and take a policy from its file."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.response import Response
from typing_extensions import override

from accounts.api import Form, Operation
from promotions.api.policies import OfNamespace, OfRegistry, PolicyOperation
from promotions.services import policies, policy_files
from promotions.services.policy_files import MAX_BYTES, MAX_DELETES, Options, Scope
from promotions.tasks import apply_policy
from repositories.tasks import wake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.request import Request

YAML = "application/yaml"


class YamlParser(BaseParser):
    """The file itself as the body; no more of it is read than is allowed."""

    media_type = YAML

    @override
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, str]:
        content = stream.read(MAX_BYTES + 1)
        return {"file": content.decode("utf-8", "surrogateescape")}


class TextYamlParser(YamlParser):
    """The same by the name that YAML had before RFC 9512."""

    media_type = "text/yaml"


class YamlRenderer(BaseRenderer):
    """The file itself as the answer."""

    media_type = YAML
    format = "yaml"
    charset = "utf-8"

    @override
    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return str(data).encode()


class FileForm(Form):
    """A file of policies, as a text."""

    file = serializers.CharField(trim_whitespace=False, max_length=MAX_BYTES)


class PlanQuery(Form):
    """What whoever applies the file chooses; see Options."""

    prune = serializers.BooleanField(default=False)
    max_deletes = serializers.IntegerField(
        min_value=0, max_value=10_000, default=MAX_DELETES
    )
    restore = serializers.BooleanField(default=False)
    initial_evaluation = serializers.BooleanField(default=True)


class ApplyFileQuery(PlanQuery):
    """The same, and the fingerprint of the plan that was looked at."""

    plan = serializers.CharField(max_length=100)


class ExportQuery(Form):
    """Whose policies, separated by commas; all that one may export without it."""

    namespaces = serializers.CharField(default="", max_length=5000)


class FileOperation(Operation):
    """What the operations on files share."""

    is_costly = True

    missing = "NO_SUCH_ACCOUNT"
    invalid = "INVALID_POLICY_FILE"
    parser_classes = (JSONParser, YamlParser, TextYamlParser)

    def asked(self, query: type[PlanQuery]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what a service is asked, and the whole query."""
        given = self.query(query)
        options = Options(
            prune=given["prune"],
            max_deletes=given["max_deletes"],
            restore=given["restore"],
            evaluate=given["initial_evaluation"],
        )
        content = self.body(FileForm)["file"]
        return {"actor": self.actor, "content": content, "options": options}, given


class PlanFile(FileOperation):
    """`/promotionPolicies/plan`."""

    def post(self, _request: Request) -> Response:
        """Say what applying a file of policies would change; nothing is written.

        Tests in the file are run, and every step is tried with the rights of whoever
        asks. The fingerprint is what the operation *apply* wants to see.
        """
        asked, _ = self.asked(PlanQuery)
        return Response(policy_files.plan(**asked).to_json())


class ApplyFile(FileOperation):
    """`/promotionPolicies/apply`."""

    def post(self, _request: Request) -> Response:
        """Do all that a plan of the same file said, or nothing.

        Refused with STALE_PLAN where the file, the choices or the policies changed
        since the plan.
        """
        asked, given = self.asked(ApplyFileQuery)
        applied = policy_files.apply(**asked, expected=given["plan"])
        for policy_id in applied.to_evaluate:
            wake(apply_policy, policy_id)
        return Response(applied.plan.to_json())


class ExportFile(Operation):
    """`/promotionPolicies/export`."""

    is_costly = True

    missing = "NO_SUCH_ACCOUNT"
    invalid = "INVALID_PARAMETERS"
    renderer_classes = (JSONRenderer, YamlRenderer)

    def get(self, request: Request) -> Response:
        """Show policies as a file: with `Accept: application/yaml` the file itself.

        Policies with an end that the client may not know are left out.
        """
        names = self.query(ExportQuery)["namespaces"].replace("\0", "").split(",")
        chosen = tuple(sorted({name.strip() for name in names} - {""}))
        scope = Scope(chosen) if chosen else policy_files.everything(self.actor)
        url = f"{settings.PUBLIC_URL}/api/v0/promotionPolicies/schema"
        content = policy_files.export(actor=self.actor, scope=scope, schema_url=url)
        if request.accepted_media_type == JSONRenderer.media_type:
            return Response({"file": content})
        return Response(content)

    @override
    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        self.request.accepted_renderer = JSONRenderer()
        self.request.accepted_media_type = JSONRenderer.media_type
        return response


class FileSchema(Operation):
    """`/promotionPolicies/schema`; no secret, and editors do not sign in."""

    permission_classes = ()

    def get(self, _request: Request) -> Response:
        """Show the JSON Schema of files of policies, for editors."""
        return Response(policy_files.file_schema())


class PolicyInFile(PolicyOperation):
    """`…/promotionPolicies/{promotionpolicyid}/file`."""

    def delete(self, _request: Request, **_names: str) -> Response:
        """Take a policy from the file that owns it, so that people change it again."""
        policies.release(actor=self.actor, policy=self.policy())
        return Response(status=204)


class NamespacePolicyInFile(OfNamespace, PolicyInFile):
    """Below `/repositoryNamespaces/{namespace}`."""


class GlobalPolicyInFile(OfRegistry, PolicyInFile):
    """Below the registry."""
