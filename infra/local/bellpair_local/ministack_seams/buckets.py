"""A stack's bucket that still holds objects cannot be deleted, as on AWS.

MiniStack's CloudFormation drops it with all that is in it, which hides that somebody has to empty
it first.
"""

from __future__ import annotations

from typing import Any

RESOURCE_TYPE = "AWS::S3::Bucket"


def install() -> None:
    """Correct how MiniStack's CloudFormation deletes buckets in this process."""
    from ministack.services import s3
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS[RESOURCE_TYPE]
    drop = handlers["delete"]

    def delete(name: str, properties: dict[str, Any]) -> None:
        bucket = s3._buckets.get(name)
        if bucket and bucket["objects"]:
            raise ValueError(
                f"The bucket {name} that you tried to delete is not empty: it has "
                f"{len(bucket['objects'])} objects. Delete them first."
            )
        drop(name, properties)

    provisioners._RESOURCE_HANDLERS[RESOURCE_TYPE] = {**handlers, "delete": delete}
