"""A region's buckets: content-addressed blobs, and the results that tasks leave."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from bellpair_cdk.names import Names


class BlobStore(Construct):
    """Buckets that are private, encrypted and reached over TLS alone.

    Blobs are kept: a blob is named by its digest and may be what any job refers
    to. A task's results are copied into a blob when the job is finished, so the
    originals go after a while.
    """

    def __init__(self, scope: Construct, id: str, *, names: Names) -> None:
        super().__init__(scope, id)
        self._stage = names.stage
        self._bucket("Blobs", names.blob_bucket(names.region), [_ABANDONED])
        self._bucket("Results", names.result_bucket(names.region), [_ABANDONED, _COPIED])

    def _bucket(self, id: str, name: str, rules: list[s3.LifecycleRule]) -> None:
        keep = self._stage.retain_data
        s3.Bucket(
            self,
            id,
            bucket_name=name,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY,
            lifecycle_rules=rules,
        )


_ABANDONED = s3.LifecycleRule(
    id="abandoned-uploads", abort_incomplete_multipart_upload_after=Duration.days(1)
)
_COPIED = s3.LifecycleRule(id="copied-results", prefix="jobs/", expiration=Duration.days(30))
