"""What CloudFormation does with a stack's resources, where it is easily believed to do more."""

from __future__ import annotations

import json
import uuid

import pytest

from tests.local_cloud.conftest import SmallCloud
from tests.polling import eventually

pytestmark = pytest.mark.integration


def test_a_stack_keeps_a_bucket_that_is_not_empty(small_cloud: SmallCloud) -> None:
    stacks, s3 = small_cloud.aws("cloudformation"), small_cloud.aws("s3")
    name = f"kept-{uuid.uuid4().hex[:12]}"
    template = {"Resources": {"Kept": {
        "Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}
    }}}  # fmt: skip

    def status() -> str:
        listed = stacks.list_stacks()["StackSummaries"]
        return str(next(s["StackStatus"] for s in listed if s["StackName"] == name))

    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))
    eventually(lambda: status() == "CREATE_COMPLETE")
    s3.put_object(Bucket=name, Key="result", Body=b"counts")

    stacks.delete_stack(StackName=name)

    eventually(lambda: status() == "DELETE_FAILED")
    events = stacks.describe_stack_events(StackName=name)["StackEvents"]
    assert any("is not empty" in event.get("ResourceStatusReason", "") for event in events)
    assert s3.get_object(Bucket=name, Key="result")["Body"].read() == b"counts"

    s3.delete_object(Bucket=name, Key="result")
    stacks.delete_stack(StackName=name)

    eventually(lambda: status() == "DELETE_COMPLETE")
    assert name not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
