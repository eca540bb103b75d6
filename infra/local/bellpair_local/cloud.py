"""A local cloud as a whole: bring it up, look at it, take it down."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence

from bellpair_local.application import CLIENT_FILE
from bellpair_local.failures import LocalCloudError
from bellpair_local.kept_cloud import (
    CloudStatus,
    KeptCloud,
    MemberStatus,
    emulator_command,
    environment,
)
from bellpair_local.processes import ProcessRecord
from bellpair_local.region import REGISTRY_FILE
from bellpair_local.topology import DEPLOYED_FILE, Member, Role, Topology


class LocalCloud(KeptCloud):
    """One local cloud, known by its state directory."""

    def topology(self) -> Topology | None:
        """The processes it consists of, or None if it was never started.

        What another version of this program has written counts as nothing.
        """
        try:
            return Topology.load(self.state_dir / "topology.json")
        except (FileNotFoundError, ValueError):
            return None

    def start(self, topology: Topology) -> None:
        """Start all processes of `topology` from an empty state and wait until they are well.

        Raises
        ------
        PortsTaken
            If another program uses one of the ports.
        StartFailed
            If a process ends or does not get ready; those that run are left for :meth:`stop`.
        """
        self._processes.stop_all()
        self._check_ports([member.port for member in topology.members])
        for leftover in (REGISTRY_FILE, CLIENT_FILE, DEPLOYED_FILE, "topology.json"):
            (self.state_dir / leftover).unlink(missing_ok=True)
        for leftover in ("run", "logs"):
            shutil.rmtree(self.state_dir / leftover, ignore_errors=True)
        topology.save()
        # The witness first: a region recovers its tables from it.
        for member in sorted(topology.members, key=lambda m: m.role is not Role.WITNESS):
            self._start_member(topology, member)
        for member in topology.members:
            self.await_member(member)

    def restart(self, member: Member, *, closed: bool = False) -> None:
        """Replace the process of `member`, alive or lost, by a new and empty one.

        Parameters
        ----------
        closed
            Let a region be away still for all but those who bring it back; see ``Edge.closed``.

        Raises
        ------
        StartFailed
            If it does not get ready.
        LocalCloudError
            If the cloud was never started.
        """
        topology = self.topology()
        if topology is None:
            raise LocalCloudError(
                f"There is no local cloud {self.name!r}.",
                f"Start it with `{self.command('up')}`.",
            )
        self._processes.stop(member.name)
        self._start_member(topology, member, closed=closed)
        self.await_member(member)

    def kill(self, member: Member) -> int:
        """End the process of `member` and its workers at once; return how many ended."""
        return self._processes.kill(member.name)

    def freeze(self, member: Member) -> int:
        """Stop the process of `member` and its workers; return how many were not stopped yet."""
        return self._processes.freeze(member.name)

    def thaw(self, member: Member) -> int:
        """Let the process of `member` and its workers go on; return how many were stopped."""
        return self._processes.thaw(member.name)

    def _start_member(
        self, topology: Topology, member: Member, *, closed: bool = False
    ) -> ProcessRecord:
        words = ("--closed",) if closed else ()
        return self._processes.start(
            member.name,
            [*command(topology, member), *words],
            self.logs / f"{member.name}.log",
            environment(topology.account, member, os.environ),
        )

    def stop(self) -> None:
        """End all processes, whether they are well or not. Does nothing if none runs."""
        self._processes.stop_all()
        (self.state_dir / CLIENT_FILE).unlink(missing_ok=True)
        shutil.rmtree(self.state_dir / "run", ignore_errors=True)

    def status(self) -> CloudStatus:
        """Look at every process."""
        topology = self.topology()
        records = {r.name: r for r in self._processes.records()}
        if topology is not None:
            members = [self._member_status(m, records.get(m.name)) for m in topology.members]
        else:
            members = [self._stray_status(record) for record in records.values()]
        endpoints = self._api_endpoints()
        return CloudStatus(
            name=self.name,
            state=self._state(topology, members),
            state_dir=self.state_dir,
            account=topology.account if topology else "",
            client_file=self.state_dir / CLIENT_FILE if endpoints else None,
            endpoints=endpoints,
            aws=dict(topology.target.endpoints) if topology else {},
            braket={m.region: m.endpoint for m in topology.braket} if topology else {},
            members=members,
        )

    def _state(self, topology: Topology | None, members: Sequence[MemberStatus]) -> str:
        if all(m.health == "dead" for m in members):
            return "down"
        if topology is None or any(m.health != "ok" for m in members):
            return "degraded"
        return "up" if topology.empty or (self.state_dir / DEPLOYED_FILE).exists() else "undeployed"

    @staticmethod
    def _stray_status(record: ProcessRecord) -> MemberStatus:
        alive = record.is_alive()
        return MemberStatus(
            name=record.name,
            role=None,
            region=None,
            port=None,
            endpoint=None,
            pid=record.pid if alive else None,
            health="unknown" if alive else "dead",
            log=record.log,
        )


def command(topology: Topology, member: Member) -> list[str]:
    """The command line of a member's process."""
    if member.role is not Role.BRAKET:
        module = [
            "bellpair_local.region",
            "--config",
            str(topology.file),
            "--member",
            member.name,
        ]
        return [sys.executable, "-m", *module]
    return emulator_command(topology.target, member)
