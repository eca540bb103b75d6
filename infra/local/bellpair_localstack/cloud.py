"""The platform on a LocalStack as a whole: bring it up, look at it, take it down."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from bellpair_local.application import CLIENT_FILE
from bellpair_local.deployment import Deployer
from bellpair_local.failures import LocalCloudError
from bellpair_local.kept_cloud import (
    LOCALSTACK_FILE,
    CloudStatus,
    KeptCloud,
    MemberStatus,
    emulator_command,
    environment,
)
from bellpair_local.processes import ProcessRecord
from bellpair_local.removal import remove_all, stack_names
from bellpair_local.topology import DEPLOYED_FILE, Member, Role
from bellpair_localstack import address, server
from bellpair_localstack import environment as packages
from bellpair_localstack.failures import LocalStackError
from bellpair_localstack.layout import Layout, own_state


class LocalStackCloud(KeptCloud):
    """Both regions in one LocalStack, with an emulator of Amazon Braket for each beside it.

    The LocalStack is one that runs already, or one that is started and stopped with the rest.
    """

    @property
    def _own_state(self) -> Path:
        """State directory of a LocalStack of its own."""
        return own_state(self.state_dir)

    def layout(self) -> Layout | None:
        """What it consists of, or None if it was never started."""
        return Layout.load(self.state_dir)

    def planned(
        self, cache_dir: Path, port_base: int, template: Path | None, *, empty: bool
    ) -> Layout:
        """What to start, on the LocalStack that the environment names, or else on one of its own.

        One whose deployment was broken off keeps its place.
        """
        begun = self.layout() if self.alive() else None
        if begun is not None:
            changes = {"template": template or begun.template, "empty": empty}
            return begun.model_copy(update=changes)
        return Layout.plan(
            self.name,
            self.state_dir,
            cache_dir,
            port_base,
            address.named(),
            template=template,
            empty=empty,
        )

    def start(self, layout: Layout) -> None:
        """Start all of it from an empty state, and wait until it is well.

        Raises
        ------
        Unreachable, VersionRefused
            If the LocalStack that is there already does not answer, or is known to fail.
        PluginsMissing
            If it runs without our plug-ins.
        LocalStackError
            If another cloud's application is in it; nothing was started.
        PythonMissing
            If there is no Python that one could be started on.
        PortsTaken
            If another program uses one of the ports; nothing was started.
        StartFailed
            If something ends or does not get ready; what runs is left for :meth:`stop`.
        """
        begun = self.layout()
        self._end_processes()
        if layout.own is None:
            server.check_plugins(server.find(layout.url))
            layout = layout.model_copy(update={"session": server.session(layout.url)})
            self._make_room(layout, begun)
        self._check_ports(layout.ports)
        for leftover in (CLIENT_FILE, DEPLOYED_FILE):
            (self.state_dir / leftover).unlink(missing_ok=True)
        shutil.rmtree(self.logs, ignore_errors=True)
        layout.save()
        if layout.own is not None:
            server.start(packages.ensure(), layout.own, layout.own_state)
        for member in (*layout.braket, layout.door):
            self._processes.start(
                member.name,
                _command(layout, member),
                self.logs / f"{member.name}.log",
                environment(layout.account, member, os.environ),
            )
        for member in (*layout.braket, layout.door):
            self.await_member(member)

    def stop(self) -> None:
        """End all that was started, and take the application out of a LocalStack that goes on.

        Raises
        ------
        LocalCloudError
            If something of the application cannot be removed; all processes have ended then.
        """
        layout = self.layout()
        self._end_processes()
        (self.state_dir / CLIENT_FILE).unlink(missing_ok=True)
        if layout is not None and layout.own is None and _goes_on(layout):
            remove_all(_deployer(layout), layout.target.pair)
        for leftover in (LOCALSTACK_FILE, DEPLOYED_FILE):
            (self.state_dir / leftover).unlink(missing_ok=True)

    def alive(self) -> list[ProcessRecord]:
        """Its processes that run; not a LocalStack that was there before."""
        return [*super().alive(), *server.processes(self._own_state)]

    def status(self) -> CloudStatus:
        """Look at every part."""
        layout = self.layout()
        records = {record.name: record for record in self._processes.records()}
        members: list[MemberStatus] = []
        if layout is not None:
            members = [
                self._localstack_status(layout),
                *(
                    self._member_status(member, records.get(member.name))
                    for member in (*layout.braket, layout.door)
                ),
            ]
        endpoints = self._api_endpoints()
        return CloudStatus(
            name=self.name,
            state=self._state(layout, members),
            state_dir=self.state_dir,
            account=layout.account if layout else "",
            client_file=self.state_dir / CLIENT_FILE if endpoints else None,
            endpoints=endpoints,
            aws=dict(layout.target.endpoints) if layout else {},
            braket={m.region: m.endpoint for m in layout.braket} if layout else {},
            members=members,
        )

    def _state(self, layout: Layout | None, members: list[MemberStatus]) -> str:
        if layout is None or not self.alive():
            return "down"
        if any(member.health != "ok" for member in members):
            return "degraded"
        return "up" if layout.empty or (self.state_dir / DEPLOYED_FILE).exists() else "undeployed"

    def _localstack_status(self, layout: Layout) -> MemberStatus:
        processes = server.processes(self._own_state)
        return MemberStatus(
            name="localstack",
            role=Role.LOCALSTACK,
            region=None,
            port=layout.own,
            endpoint=layout.url,
            pid=processes[0].pid if processes else None,
            health=self._localstack_health(layout),
            log=server.log_file(self._own_state),
        )

    def _localstack_health(self, layout: Layout) -> str:
        if layout.own is not None and not server.processes(self._own_state):
            return "dead"
        try:
            server.find(layout.url)
        except LocalStackError:
            return "unreachable"
        return "ok"

    def _end_processes(self) -> None:
        self._processes.stop_all()
        server.stop(self._own_state)

    def _make_room(self, layout: Layout, begun: Layout | None) -> None:
        """Take out what an earlier start of this very cloud has left in a LocalStack."""
        deployer = _deployer(layout)
        # A LocalStack that was restarted has forgotten this cloud, and may have another by now.
        if begun is not None and (begun.url, begun.session) == (layout.url, layout.session):
            remove_all(deployer, layout.target.pair)
            # Should this start fail, what comes there next is not this cloud's.
            (self.state_dir / LOCALSTACK_FILE).unlink(missing_ok=True)
            return
        found = [name for region in layout.target.pair for name in stack_names(deployer, region)]
        if found:
            raise LocalStackError(
                f"The LocalStack at {layout.url} has another cloud's application: "
                f"{', '.join(found)}.",
                "Take that down with its own `bellpair local down`, or restart LocalStack.",
            )


def _command(layout: Layout, member: Member) -> list[str]:
    if member.role is Role.BRAKET:
        return emulator_command(layout.target, member)
    emulators = (word for m in layout.braket for word in ("--emulator", f"{m.region}={m.endpoint}"))
    module = "bellpair_localstack.braket_door"
    return [sys.executable, "-m", module, "--port", str(member.port), *emulators]


def _deployer(layout: Layout) -> Deployer:
    return Deployer(layout.target, lambda name: None)


def _goes_on(layout: Layout) -> bool:
    """Whether the run of LocalStack that the cloud was put into still answers."""
    try:
        server.find(layout.url)
        return server.session(layout.url) == layout.session
    except LocalCloudError:
        return False
