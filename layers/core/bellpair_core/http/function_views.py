"""What belongs to functions, as the API shows it: plain JSON objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bellpair_core.logic.functions.list_functions import SeenFunction, VersionPage
from bellpair_core.logic.jobs.job_log import EventPage, LogPage, Said
from bellpair_core.logic.runs.tenant_spending import Spending
from bellpair_core.model.callback import Callback
from bellpair_core.model.function import FunctionRecord, FunctionVersion, Worker
from bellpair_core.model.job import Job

from .times import shown_time
from .views import event_view, timings


def version_view(version: FunctionVersion, *, existed: bool | None = None) -> dict[str, Any]:
    """A version with its schemas.

    Parameters
    ----------
    existed
        Whether a deployment found it there; ``None`` where nothing was deployed.
    """
    shown = {**version_summary(version), "inputs": version.inputs, "output": version.output}
    if existed is not None:
        shown["existed"] = existed
    return shown


def version_summary(version: FunctionVersion) -> dict[str, Any]:
    """A version without its schemas."""
    return {
        "name": version.name,
        "version": version.version,
        "digest": version.digest,
        "entry": version.entry,
        "worker": version.worker,
        "device": version.device,
        "options": list(version.options),
        "timeout_s": version.timeout_s,
        "description": version.description,
        "package_bytes": version.package.size,
        "builtin": version.builtin,
        "created_at": shown_time(version.created_at),
        "created_by": version.created_by,
        "deleted_at": shown_time(version.deleted_at) if version.deleted_at else None,
        "links": {
            "self": f"/v1/functions/{version.name}/versions/{version.version}",
            "invocations": f"/v1/functions/{version.name}:{version.version}/invocations",
        },
    }


def versions_view(page: VersionPage) -> dict[str, Any]:
    """One page of versions."""
    return {
        "versions": [version_summary(version) for version in page.versions],
        "next_page_token": page.next_page_token,
    }


def function_view(record: FunctionRecord) -> dict[str, Any]:
    """A function's names."""
    return {
        "name": record.name,
        "latest": record.latest,
        "builtin": record.builtin,
        "aliases": {
            alias: {str(version): part for version, part in sorted(weights.items())}
            for alias, weights in sorted(record.aliases.items())
        },
        "created_at": shown_time(record.created_at),
        "changed_at": shown_time(record.changed_at),
        "deleted_at": shown_time(record.deleted_at) if record.deleted_at else None,
        "links": {
            "self": f"/v1/functions/{record.name}",
            "versions": f"/v1/functions/{record.name}/versions",
            "invocations": f"/v1/functions/{record.name}/invocations",
        },
    }


def seen_function_view(seen: SeenFunction) -> dict[str, Any]:
    """A function with its newest version, and its own OpenAPI document."""
    newest = seen.newest
    return {
        **function_view(seen.record),
        "description": newest.description if newest else "",
        "newest": version_view(newest) if newest else None,
        "openapi": function_openapi(newest) if newest else None,
    }


def functions_view(records: Sequence[FunctionRecord]) -> dict[str, Any]:
    """The tenant's functions."""
    return {"functions": [function_view(record) for record in records], "next_page_token": None}


def function_openapi(version: FunctionVersion) -> dict[str, Any]:
    """An OpenAPI document of the function's own: how it is invoked, and what it gives."""
    name = version.name
    urn = f"urn:bellpair:function:{name}:{version.version}"
    return {
        "openapi": "3.1.0",
        "info": {
            "title": name,
            "version": str(version.version),
            "description": version.description,
        },
        "paths": {
            f"/v1/functions/{name}/invocations": {
                "post": {
                    "operationId": "invoke",
                    "summary": f"Invoke {name}",
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {"inputs": _own(version.inputs, f"{urn}:inputs")},
                                    "required": ["inputs"]
                                    if version.inputs.get("required")
                                    else [],
                                }
                            }
                        },
                    },
                    "responses": {
                        "200": {
                            "description": "The job is over, with Prefer: wait=N in the request",
                            "content": {
                                "application/json": {
                                    "schema": {
                                        "type": "object",
                                        "properties": {
                                            "result": {
                                                "type": "object",
                                                "properties": {
                                                    "output": _own(version.output, f"{urn}:output")
                                                },
                                            }
                                        },
                                    }
                                }
                            },
                        },
                        "202": {"description": "The job is accepted"},
                    },
                }
            }
        },
    }


def _own(schema: dict[str, Any], urn: str) -> dict[str, Any]:
    """The schema under a name of its own, so that its references stay within it."""
    return {"$id": urn, **schema}


def function_result_view(job: Job, returned: Any) -> dict[str, Any]:
    """What a function returned, with the time that its job spent in each state."""
    return {
        "job_id": job.id,
        "status": job.status.value,
        "output": returned,
        "timings": timings(job, {}),
    }


def workers_view(workers: Sequence[Worker]) -> dict[str, Any]:
    """The workers."""
    return {
        "workers": [
            {
                "name": worker.name,
                "python": worker.python,
                "packages": dict(sorted(worker.packages.items())),
                "memory_mb": worker.memory_mb,
                "seconds": worker.seconds,
                "seen_at": shown_time(worker.seen_at),
            }
            for worker in workers
        ]
    }


def logs_view(page: LogPage) -> dict[str, Any]:
    """A piece of what a function printed."""
    return {
        "job_id": page.job.id,
        "text": page.text,
        "next": page.next,
        "more": page.more,
        "dropped": page.dropped,
    }


def events_view(page: EventPage) -> dict[str, Any]:
    """A piece of what happened to a job."""
    return {
        "job_id": page.job.id,
        "status": page.job.status.value,
        "events": [
            _said_view(event, page.job) if isinstance(event, Said) else event_view(event)
            for event in page.events
        ],
        "next": page.next,
        "more": page.more,
    }


def _said_view(said: Said, job: Job) -> dict[str, Any]:
    return {
        "at": shown_time(said.at),
        "type": "progress",
        "message": said.progress.message,
        "region": job.region,
        "epoch": said.epoch,
        "fraction": said.progress.fraction,
    }


def callback_view(callback: Callback, *, secret: bool = False) -> dict[str, Any]:
    """A callback; with its secret only in the answer that registers it."""
    shown = {
        "id": callback.id,
        "url": callback.url,
        "created_at": shown_time(callback.created_at),
    }
    if secret:
        shown["secret"] = callback.secret
    return shown


def callbacks_view(callbacks: Sequence[Callback]) -> dict[str, Any]:
    """The tenant's callbacks."""
    return {"callbacks": [callback_view(callback) for callback in callbacks]}


def deleted_callback_view(callback_id: str) -> dict[str, Any]:
    """A callback that was deleted."""
    return {"id": callback_id, "deleted": True}


def spending_view(spending: Spending) -> dict[str, Any]:
    """What a tenant's functions spend."""
    return {
        "tenant": spending.tenant,
        "month": spending.month,
        "spent_usd": spending.spent_usd,
        "max_usd_per_month": spending.max_usd_per_month,
    }
