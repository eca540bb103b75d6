"""Deploys a synthesized cloud assembly to a cloud on this machine, as the CDK's tool would.

The assembly says which files go to which bucket and which stacks depend on which; the rest is
CloudFormation's.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from bellpair_local.failures import DeploymentFailed
from bellpair_local.target import Target
from bellpair_local.topology import SECRET_ACCESS_KEY

_EPOCH = (1980, 1, 1, 0, 0, 0)
_STACK_SECONDS = 600.0
_POLL_SECONDS = 0.1
_MESSAGE_LENGTH = 600
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]

Progress = Callable[[str], None]


@dataclass(frozen=True)
class FileAsset:
    """A file or directory to upload, and where to.

    Attributes
    ----------
    source
        The file, or the directory that is zipped.
    region, bucket, key
        Destination, with account and region filled in.
    zipped
        Whether `source` is a directory to zip.
    """

    source: Path
    region: str
    bucket: str
    key: str
    zipped: bool


@dataclass(frozen=True)
class Stack:
    """One stack of an assembly.

    Attributes
    ----------
    id
        Its name within the assembly.
    name, region
        Its name in CloudFormation, and where it goes.
    template
        The template file.
    depends_on
        Ids of the stacks that must be there before.
    assets
        What its template refers to.
    """

    id: str
    name: str
    region: str
    template: Path
    depends_on: frozenset[str] = frozenset()
    assets: tuple[FileAsset, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)


def read_assembly(directory: Path, account: str) -> list[Stack]:
    """Return the stacks of the cloud assembly in `directory`, dependencies first.

    Raises
    ------
    DeploymentFailed
        If the directory holds no assembly, or a stack has no region.
    """
    stacks = {stack.id: stack for stack in _stacks(directory, account)}
    ordered: list[Stack] = []
    waiting = dict(stacks)
    while waiting:
        ready = [s for s in waiting.values() if not s.depends_on & waiting.keys()]
        if not ready:
            raise DeploymentFailed(
                f"The stacks {sorted(waiting)} depend on each other.",
                "Break the cycle in infra/cdk.",
            )
        ordered += ready
        for stack in ready:
            del waiting[stack.id]
    return ordered


def _stacks(directory: Path, account: str) -> Iterator[Stack]:
    try:
        manifest = json.loads((directory / "manifest.json").read_text())
    except FileNotFoundError:
        raise DeploymentFailed(
            f"{directory} holds no cloud assembly.",
            "Synthesize it again with `make synth`.",
        ) from None
    artifacts: dict[str, dict[str, Any]] = manifest["artifacts"]
    stack_ids = {i for i, a in artifacts.items() if a["type"] == "aws:cloudformation:stack"}
    for artifact_id, artifact in artifacts.items():
        if artifact["type"] == "cdk:cloud-assembly":
            nested = directory / artifact["properties"]["directoryName"]
            yield from _stacks(nested, account)
        if artifact_id not in stack_ids:
            continue
        region = artifact["environment"].rsplit("/", 1)[-1]
        if region == "unknown-region":
            raise DeploymentFailed(
                f"The stack {artifact_id} names no region.",
                "Give it an env in infra/cdk.",
            )
        dependencies = artifact.get("dependencies", [])
        properties = artifact["properties"]
        assets = [
            asset
            for dependency in dependencies
            if artifacts.get(dependency, {}).get("type") == "cdk:asset-manifest"
            for asset in _assets(
                directory, artifacts[dependency]["properties"]["file"], account, region
            )
        ]
        yield Stack(
            id=artifact_id,
            name=properties.get("stackName", artifact_id),
            region=region,
            template=directory / properties["templateFile"],
            depends_on=frozenset(stack_ids.intersection(dependencies)),
            assets=tuple(assets),
            tags=properties.get("tags", {}),
        )


def _assets(directory: Path, file: str, account: str, region: str) -> Iterator[FileAsset]:
    files: dict[str, Any] = json.loads((directory / file).read_text()).get("files", {})
    for entry in files.values():
        source = directory / entry["source"]["path"]
        for destination in entry["destinations"].values():
            target_region = destination.get("region", region)
            fill = {
                "${AWS::AccountId}": account,
                "${AWS::Region}": target_region,
                "${AWS::Partition}": "aws",
            }
            yield FileAsset(
                source=source,
                region=target_region,
                bucket=_filled(destination["bucketName"], fill),
                key=_filled(destination["objectKey"], fill),
                zipped=entry["source"].get("packaging") == "zip",
            )


def _filled(text: str, values: dict[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def zipped(directory: Path, cache: Path) -> Path:
    """Return a zip archive of `directory`; the same bytes for the same files.

    `cache` keeps archives under a hash of the files' names, modes and contents.
    """
    files = sorted(p for p in directory.rglob("*") if p.is_file())
    digest = hashlib.sha256()
    for file in files:
        executable = os.access(file, os.X_OK)
        digest.update(f"{file.relative_to(directory)}\0{executable}\0".encode())
        with open(file, "rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    archive = cache / f"{digest.hexdigest()[:32]}.zip"
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        draft = archive.with_suffix(f".{os.getpid()}.draft")
        # Speed matters more than size: the archive only crosses the loopback interface.
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
            for file in files:
                entry = zipfile.ZipInfo(str(file.relative_to(directory)), _EPOCH)
                entry.external_attr = (0o755 if os.access(file, os.X_OK) else 0o644) << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                target.writestr(entry, file.read_bytes(), compresslevel=1)
        draft.replace(archive)
    return archive


def with_variables(template: bytes, variables: Mapping[str, str]) -> bytes:
    """Return a template whose functions have `variables` in their environment too.

    Members of a JSON object go into the one that the template has by that name, and are left out
    where it has none. Unchanged to the byte where there are no variables.
    """
    if not variables:
        return template
    content = json.loads(template)
    for resource in content["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            environment = resource["Properties"].setdefault("Environment", {})
            environment["Variables"] = _merged(environment.get("Variables", {}), variables)
    return json.dumps(content).encode()


def _merged(own: Mapping[str, Any], more: Mapping[str, str]) -> dict[str, Any]:
    merged = dict(own)
    for name, value in more.items():
        if not value.startswith("{"):
            merged[name] = value
        elif name in own:
            merged[name] = json.dumps({**json.loads(own[name]), **json.loads(value)})
    return merged


class Deployer:
    """Puts stacks and their assets into the regions of a running cloud.

    Parameters
    ----------
    target
        The cloud.
    progress
        Is told what happens, in words.
    """

    def __init__(self, target: Target, progress: Progress) -> None:
        self._target = target
        self._cache = target.cache_dir / "assets"
        self._progress = progress
        # The services' names are only known as strings here.
        self._session: Any = boto3.Session(
            aws_access_key_id=target.account, aws_secret_access_key=SECRET_ACCESS_KEY
        )
        self._clients: dict[tuple[str, str], Any] = {}

    def deploy(self, stacks: Sequence[Stack]) -> dict[str, dict[str, str]]:
        """Create or update `stacks`, those that do not depend on each other at once.

        Stacks that others depend on and that are not among them are taken to be there.

        Returns
        -------
        dict
            The outputs of each stack, by the stack's id.

        Raises
        ------
        DeploymentFailed
            If a stack fails; names the resource and the reason.
        """
        self._connect({asset.region for s in stacks for asset in s.assets})
        self._connect({s.region for s in stacks})
        outputs: dict[str, dict[str, str]] = {}
        left = list(stacks)
        while left:
            to_come = {s.id for s in left}
            wave = [s for s in left if not s.depends_on & to_come]
            with ThreadPoolExecutor(max_workers=4) as pool:
                self._upload(wave, pool)
                for stack, result in zip(wave, pool.map(self._deploy, wave), strict=True):
                    outputs[stack.id] = result
            left = [s for s in left if s.id not in outputs]
        return outputs

    def client(self, service: str, region: str) -> Any:
        """A boto3 client of this cloud for `service` in `region`."""
        return self._clients.get((service, region)) or self._connected(service, region)

    def _connect(self, regions: set[str]) -> None:
        # boto3 sessions are not to be shared between threads, clients are.
        for region in regions:
            for service in ("s3", "cloudformation"):
                if (service, region) not in self._clients:
                    self._connected(service, region)

    def _connected(self, service: str, region: str) -> Any:
        endpoint = self._target.endpoints.get(region)
        if endpoint is None:
            raise DeploymentFailed(
                f"A stack wants region {region}, which this cloud does not have.",
                "Deploy the `local` stage, whose regions samplesconfig.toml names.",
            )
        client = self._session.client(
            service,
            region_name=region,
            endpoint_url=endpoint,
            config=Config(
                retries={"mode": "standard", "max_attempts": 3},
                read_timeout=120,
                s3={"addressing_style": "path"},
            ),
        )
        self._clients[service, region] = client
        return client

    def _upload(self, stacks: Sequence[Stack], pool: ThreadPoolExecutor) -> None:
        assets = {asset for stack in stacks for asset in stack.assets}
        for region, bucket in sorted({(a.region, a.bucket) for a in assets}):
            self._ensure_bucket(region, bucket)
        list(pool.map(self._upload_one, sorted(assets, key=lambda a: (a.region, a.key))))

    def _ensure_bucket(self, region: str, bucket: str) -> None:
        request: dict[str, Any] = {"Bucket": bucket}
        if region != "us-east-1":
            request["CreateBucketConfiguration"] = {"LocationConstraint": region}
        try:
            self.client("s3", region).create_bucket(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
                raise

    def _upload_one(self, asset: FileAsset) -> None:
        s3 = self.client("s3", asset.region)
        try:
            s3.head_object(Bucket=asset.bucket, Key=asset.key)
        except ClientError:
            source = zipped(asset.source, self._cache) if asset.zipped else asset.source
            s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=source.read_bytes())

    def _deploy(self, stack: Stack) -> dict[str, str]:
        cloudformation = self.client("cloudformation", stack.region)
        self._progress(f"{stack.name} ({stack.region})")
        request = {
            "StackName": stack.name,
            "TemplateURL": self._template_url(stack),
            "Capabilities": _CAPABILITIES,
            "Tags": [{"Key": k, "Value": v} for k, v in stack.tags.items()],
        }
        try:
            if _described(cloudformation, stack.name) is None:
                cloudformation.create_stack(**request)
            else:
                cloudformation.update_stack(**request)
        except ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise DeploymentFailed(
                    f"{stack.name} ({stack.region}) was refused: {str(error)[:_MESSAGE_LENGTH]}",
                    "Correct the template's source in infra/cdk.",
                ) from error
        description = self._settled(cloudformation, stack)
        return {o["OutputKey"]: o["OutputValue"] for o in description.get("Outputs", [])}

    def _template_url(self, stack: Stack) -> str:
        """Upload the template: CloudFormation takes no more than 50 KB in a request."""
        bucket = f"templates-{self._target.account}-{stack.region}"
        self._ensure_bucket(stack.region, bucket)
        s3 = self.client("s3", stack.region)
        template = with_variables(stack.template.read_bytes(), self._target.variables)
        s3.put_object(Bucket=bucket, Key=stack.template.name, Body=template)
        return f"{s3.meta.endpoint_url}/{bucket}/{stack.template.name}"

    def _settled(self, cloudformation: Any, stack: Stack) -> dict[str, Any]:
        deadline = time.monotonic() + _STACK_SECONDS
        while True:
            description = _described(cloudformation, stack.name) or {}
            status = description.get("StackStatus", "gone")
            if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                return description
            if not status.endswith("_IN_PROGRESS"):
                reason = _first_failure(cloudformation, stack.name)
                raise DeploymentFailed(
                    f"{stack.name} ({stack.region}) ended as {status}: {reason}",
                    "A type that this cloud does not know belongs in a stack for AWS only; "
                    f"the logs are in {self._target.logs}.",
                )
            if time.monotonic() > deadline:
                raise DeploymentFailed(
                    f"{stack.name} ({stack.region}) is still {status} after "
                    f"{_STACK_SECONDS:.0f} s.",
                    f"Look into {self._target.logs}.",
                )
            time.sleep(_POLL_SECONDS)


def _described(cloudformation: Any, name: str) -> dict[str, Any] | None:
    try:
        stacks: list[dict[str, Any]] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError:
        return None
    return stacks[0] if stacks else None


def _first_failure(cloudformation: Any, name: str) -> str:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    for event in reversed(events):
        if event["ResourceStatus"].endswith("_FAILED"):
            return (
                f"{event['LogicalResourceId']} ({event['ResourceType']}): "
                f"{event.get('ResourceStatusReason', 'no reason given')}"
            )
    return "no resource is reported as failed"
