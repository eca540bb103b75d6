"""The check itself: from an empty account to a running pair, through three broken deployments,
a changed function, and back to the empty account.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bellpair_deploy_check import change, proof
from bellpair_deploy_check.cdk import Cdk, changes, differences
from bellpair_deploy_check.expectations import expect_alone, expect_same, only_function
from bellpair_deploy_check.failure import CheckFailed
from bellpair_deploy_check.gate import Moment
from bellpair_deploy_check.inventory import Inventory, added, take
from bellpair_deploy_check.place import Place
from bellpair_deploy_check.report import Report

STACK_NAME = "Bellpair-local"
REVISION = "changed"
_FUNCTION = f"function bellpair-{change.STAGE}-{change.FUNCTION}"
_SETTLED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})

_UPLOADING = Moment(frozenset({"s3:PutObject", "s3:UploadPart"}), 3, carried_out=False)
_PLANNING = Moment(frozenset({"cloudformation:CreateChangeSet"}), 2, carried_out=True)
_CREATING = Moment(frozenset({"cloudformation:ExecuteChangeSet"}), 3, carried_out=True)
_UPDATING = Moment(frozenset({"cloudformation:ExecuteChangeSet"}), 1, carried_out=True)
_DELETING = Moment(frozenset({"cloudformation:DeleteStack"}), 3, carried_out=True)

_DEPLOY = ("--require-approval", "never", "--progress", "events", "--concurrency", "2")


class Course:
    """The steps of the check, in their order.

    Parameters
    ----------
    place
        An empty cloud.
    cdk
        The command line, against that cloud.
    report
        Is told of each step.
    """

    def __init__(self, place: Place, cdk: Cdk, report: Report) -> None:
        self._place = place
        self._cdk = cdk
        self._report = report
        self._folder: Path = cdk.folder

    def run(self) -> None:
        """Make every step.

        Raises
        ------
        CheckFailed
            At the first that fails.
        """
        assembly = self._synthesize()
        empty = self._bootstrap()
        self._break_deployments(assembly)
        self._deploy(assembly)
        deployed, job = self._prove()
        self._find_no_difference("diff is empty", assembly)
        self._change_a_function(assembly, deployed, job)
        self._destroy(assembly, empty)

    def _synthesize(self) -> Path:
        with self._report.step("synthesize") as facts:
            self._report.versions["cdk"] = self._cdk.version()
            log = self._folder / "synthesize.log"
            assembly = change.synthesize(
                self._folder / "assembly", log, variables=self._place.target.variables
            )
            stacks = self._cdk.run("list", "list", "--app", str(assembly))[1].split()
            facts["stacks"] = stacks
        return assembly

    def _bootstrap(self) -> dict[str, Inventory]:
        with self._report.step("bootstrap") as facts:
            account = self._place.target.account
            places = [f"aws://{account}/{region}" for region in self._place.regions]
            self._cdk.run("bootstrap", "bootstrap", *places)
            # What an earlier check has uploaded to a cloud that goes on would not be again.
            for region in self._place.regions:
                self._emptied(region, f"cdk-hnb659fds-assets-{account}-{region}")
            facts["regions"] = list(self._place.regions)
        with self._report.step("bootstrap again, which changes nothing"):
            before = self._inventory()
            self._cdk.run("bootstrap-again", "bootstrap", *places)
            expect_same(before, self._inventory(), "a second bootstrap")
        return before

    def _break_deployments(self, assembly: Path) -> None:
        for what, moment in (
            ("while it uploads", _UPLOADING),
            ("while it makes a change set", _PLANNING),
            ("while a stack is made", _CREATING),
        ):
            with self._report.step(f"deploy, killed {what}") as facts:
                self._cdk.killed_at("deploy-killed", moment, *self._deploying(assembly))
                facts["left"] = self._stacks()

    def _deploy(self, assembly: Path) -> None:
        with self._report.step("deploy to the end") as facts:
            self._cdk.run("deploy", *self._deploying(assembly))
            facts["stacks"] = self._settled_stacks()

    def _prove(self) -> tuple[proof.Deployed, str]:
        with self._report.step("a Bell job through the deployed API") as facts:
            deployed = proof.admitted(self._place, proof.endpoints(self._place, STACK_NAME))
            job, facts["counts"] = proof.measure_bell(deployed)
        return deployed, job

    def _find_no_difference(self, name: str, assembly: Path) -> None:
        with self._report.step(name):
            told = self._diff(assembly)
            if differences(told):
                raise CheckFailed(
                    f"cdk diff finds what nobody changed: {changes(told)}",
                    place="cdk diff",
                    remedy="Make what differs independent of time and place in infra/cdk.",
                )

    def _change_a_function(self, assembly: Path, deployed: proof.Deployed, job: str) -> None:
        with self._report.step("synthesize with a changed function"):
            functions = change.changed_functions(self._folder / "functions", REVISION)
            log = self._folder / "synthesize-changed.log"
            anew = change.synthesize(
                self._folder / "changed-assembly",
                log,
                functions,
                variables=self._place.target.variables,
            )
        before = self._inventory()
        with self._report.step("diff names that function alone") as facts:
            facts["changes"] = only_function(changes(self._diff(anew)))
        with self._report.step("deploy the change, killed while a stack is updated"):
            self._cdk.killed_at("deploy-change-killed", _UPDATING, *self._deploying(anew))
        with self._report.step("deploy the change to the end") as facts:
            self._cdk.run("deploy-change", *self._deploying(anew))
            self._settled_stacks()
            after = self._inventory()
            facts["changed"] = expect_alone(_FUNCTION, before, after)
        with self._report.step("it answers anew, in both regions") as facts:
            facts["revisions"] = proof.revisions(self._place)
            if set(facts["revisions"]) != {REVISION}:
                raise CheckFailed(
                    f"it answers as revision {facts['revisions']}, not {REVISION!r}",
                    place=", ".join(self._place.regions),
                    remedy="See whether the function's new code is what its workers run.",
                )
        with self._report.step("jobs are still there, and another succeeds") as facts:
            if not proof.still_there(deployed, job):
                raise CheckFailed(
                    f"job {job} is not what it was",
                    place=deployed.endpoints[0],
                    remedy="A change of code must not touch the tables or the buckets.",
                )
            _, facts["counts"] = proof.measure_bell(deployed)
        self._find_no_difference("diff is empty again", anew)

    def _destroy(self, assembly: Path, empty: Mapping[str, Inventory]) -> None:
        words = ("destroy", "--all", "--force", "--app", str(assembly))
        with self._report.step("empty the buckets, which a stack with objects would keep") as facts:
            facts["objects"] = sum(
                self._emptied(region, bucket)
                for region in self._place.regions
                for bucket in self._application_buckets(region, empty[region])
            )
        with self._report.step("destroy, killed while a stack is deleted") as facts:
            self._cdk.killed_at("destroy-killed", _DELETING, *words)
            facts["left"] = self._stacks()
        with self._report.step("destroy to the end"):
            self._cdk.run("destroy", *words)
        with self._report.step("nothing is left"):
            expect_same(empty, self._inventory(), "destroying")

    def _deploying(self, assembly: Path) -> tuple[str, ...]:
        return ("deploy", "--all", "--app", str(assembly), *_DEPLOY)

    def _diff(self, assembly: Path) -> str:
        words = ("diff", "--fail", *self._place.diff_options, "--app", str(assembly))
        # Status 1 says that there are differences.
        return self._cdk.run("diff", *words, expect=(0, 1))[1]

    def _inventory(self) -> dict[str, Inventory]:
        return {
            region: take(functools.partial(self._client, region=region))
            for region in self._place.regions
        }

    def _client(self, service: str, *, region: str) -> Any:
        return self._place.client(service, region)

    def _stacks(self) -> dict[str, int]:
        """How many of the application's stacks are in which state."""
        counted: dict[str, int] = {}
        for status in self._statuses().values():
            counted[status] = counted.get(status, 0) + 1
        return counted

    def _settled_stacks(self) -> int:
        statuses = self._statuses()
        unsettled = {name: status for name, status in statuses.items() if status not in _SETTLED}
        if unsettled or not statuses:
            raise CheckFailed(
                f"not all stacks are settled: {unsettled or 'there is none'}",
                place=", ".join(unsettled) or "CloudFormation",
                remedy="Read their events for the first resource that failed.",
            )
        return len(statuses)

    def _statuses(self) -> dict[str, str]:
        return {
            name: status
            for listed in self._inventory().values()
            for kind, status in listed.items()
            if (name := kind.removeprefix("stack ")) != kind and name.startswith(STACK_NAME)
        }

    def _application_buckets(self, region: str, empty: Inventory) -> Iterator[str]:
        for kind in added(empty, self._inventory()[region]):
            bucket = kind.removeprefix("bucket ")
            # On one cloud with one list of buckets, each region's are named after it.
            if bucket != kind and bucket.endswith(region):
                yield bucket

    def _emptied(self, region: str, bucket: str) -> int:
        """Delete what is in a bucket; return how many objects."""
        s3 = self._place.client("s3", region)
        count = 0
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            keys = [{"Key": found["Key"]} for found in page.get("Contents") or []]
            if keys:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})
            count += len(keys)
        return count
