"""Calls MSR's operations on a running portal and holds the answers to the Swagger."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import requests

from tests.api import swagger
from tests.contract.operations import MsrOperation, operations

if TYPE_CHECKING:
    from tests.stack.stack import Stack

NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with name and access token; `image` is the digest of `dev/scanned:1`."""

    stack: Stack
    image: str

    def call(
        self, name: str, body: Any = None, query: Any = None, **parameters: str
    ) -> Any:
        """Call by operation id; return the JSON of an answer that must be a success."""
        return self.response(name, body, query, **parameters)[0]

    def response(
        self,
        name: str,
        body: Any = None,
        query: Any = None,
        who: str = "admin",
        headers: Any = None,
        **parameters: str,
    ) -> tuple[Any, requests.Response]:
        """Return the checked JSON, None of an empty body, and the answer itself."""
        operation = operations()[name]
        answer = self._sent(operation, body, query, who, headers, parameters)
        assert answer.ok, f"{name}: {answer.status_code} {answer.text}"
        return self._checked(operation, answer), answer

    def refused(
        self,
        name: str,
        status: int,
        query: Any = None,
        body: Any = None,
        **parameters: str,
    ) -> None:
        """Call what is refused, with a status that MSR documents and in its body."""
        operation = operations()[name]
        answer = self._sent(operation, body, query, "admin", None, parameters)
        assert answer.status_code == status, f"{name}: {answer.text}"
        assert str(status) in operation.responses
        (error,) = answer.json()["errors"]
        assert set(error) == {"code", "message", "detail"}

    def identity(self, method: str, path: str, body: Any = None) -> Any:
        """Call the identity API, which the Swagger file does not have."""
        address = f"{self.stack.url}/enzi/v0{path}"
        auth = self.credentials("admin")
        answer = requests.request(method, address, json=body, auth=auth, timeout=30)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def _sent(
        self,
        operation: MsrOperation,
        body: Any,
        query: Any,
        who: str,
        headers: Any,
        parameters: dict[str, str],
    ) -> requests.Response:
        return requests.request(
            operation.method,
            f"{self.stack.url}{operation.address(**parameters)}",
            json=body,
            params=query,
            headers=headers,
            auth=self.credentials(who),
            timeout=30,
        )

    @staticmethod
    def _checked(operation: MsrOperation, answer: requests.Response) -> Any:
        """Return the JSON, which fits the shape that MSR has for the status."""
        succeeding = [status for status in operation.responses if status[0] == "2"]
        if not succeeding:  # of exports, MSR describes the refusals only
            return None
        said = operation.responses.get(str(answer.status_code))
        name = f"{operation.name} with status {answer.status_code}"
        assert said is not None, f"MSR knows no {name}"
        found = answer.json() if answer.content else None
        if "schema" in said:
            swagger.check(said["schema"], found, name)
        return found

    def credentials(self, who: str) -> tuple[str, str]:
        """Return name and password, which may do all that the person may."""
        return who, self.stack.credentials["users"][who]["password"]

    def new_name(self, kind: str) -> str:
        """Return a name that nothing has yet."""
        return f"{kind}-{next(NUMBERS)}"

    def new_repository(
        self, name: str = "", *, namespace: str = "dev", is_scanned: bool = False
    ) -> str:
        """Make a repository; return its name in the namespace."""
        name = name or self.new_name("repository")
        body = {
            "name": name,
            "shortDescription": "",
            "longDescription": "",
            "visibility": "private",
            "scanOnPush": is_scanned,
            "immutableTags": False,
            "enableManifestLists": True,
            "tagLimit": 0,
        }
        self.call("CreateRepository", body, namespace=namespace)
        return name

    def new_policy(self, source: str) -> str:
        """Make a policy of `dev/{source}` that matches nothing yet; return its id."""
        body = {
            "enabled": True,
            "rules": [{"field": "tag", "operator": "ew", "values": ["-stable"]}],
            "targetRepository": "qa/website",
            "tagTemplate": "%n",
        }
        made = self.call(
            "CreateRepoPromotionPolicy", body, namespace="dev", reponame=source
        )
        return str(made["id"])
