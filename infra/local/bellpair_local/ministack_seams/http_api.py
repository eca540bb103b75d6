"""API Gateway: a REST API keeps its id when its region is lost and deployed again."""

from __future__ import annotations

import hashlib
from typing import Any

_ID_TAG = "ms-custom-id"


def rest_api_id(region: str, name: str) -> str:
    """The id of the REST API called `name` in `region`; eight hexadecimal digits."""
    return hashlib.sha256(f"{region}/{name}".encode()).hexdigest()[:8]


def install() -> None:
    """Derive REST APIs' ids from their names; MiniStack draws them, so each deployment had others.

    A second API of the same name gets a drawn id.
    """
    from ministack.core.responses import get_region
    from ministack.services import apigateway_v1

    create = apigateway_v1._create_rest_api

    def create_rest_api(request: dict[str, Any]) -> Any:
        api_id = rest_api_id(get_region(), request.get("name", ""))
        tags = request.get("tags") or {}
        if _ID_TAG not in tags and apigateway_v1.find_api_scope(api_id) is None:
            request = {**request, "tags": {**tags, _ID_TAG: api_id}}
        return create(request)

    apigateway_v1._create_rest_api = create_rest_api
