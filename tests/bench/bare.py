"""The bare minimum: the requests a copy needs, and nothing else around them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import urllib3

if TYPE_CHECKING:
    from collections.abc import Sequence


class BareCopier:
    """PUT the manifest, mount what is missing eight at a time, PUT it again."""

    def __init__(self, registry_url: str) -> None:
        self._url = registry_url
        self._http = urllib3.PoolManager(maxsize=8)
        self._threads = ThreadPoolExecutor(8)

    def copy(
        self, *, token: str, source: str, target: str, tag: str, manifest: bytes
    ) -> None:
        """Copy one image whose manifest is an OCI image manifest."""
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/vnd.oci.image.manifest.v1+json",
        }
        address = f"{self._url}/v2/{target}/manifests/{tag}"
        answer = self._http.request("PUT", address, body=manifest, headers=headers)
        if answer.status == 400:
            missing = [one["detail"] for one in answer.json()["errors"]]
            self._mount(headers, source, target, missing)
            answer = self._http.request("PUT", address, body=manifest, headers=headers)
        assert answer.status == 201, answer.data

    def _mount(
        self, headers: dict[str, str], source: str, target: str, digests: Sequence[str]
    ) -> None:
        uploads = f"{self._url}/v2/{target}/blobs/uploads/"
        answers = self._threads.map(
            lambda digest: self._http.request(
                "POST", f"{uploads}?mount={digest}&from={source}", headers=headers
            ),
            digests,
        )
        assert all(answer.status == 201 for answer in answers)
