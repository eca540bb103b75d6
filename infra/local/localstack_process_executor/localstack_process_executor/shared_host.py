"""The one host of a LocalStack process, made when its first function is."""

from collections.abc import Callable
from threading import Lock

from localstack_process_executor.host import ProcessHost


class SharedHost:
    """Holds a host that is made at its first use."""

    def __init__(self) -> None:
        self._host: ProcessHost | None = None
        self._lock = Lock()

    def get(self, make: Callable[[], ProcessHost]) -> ProcessHost:
        """Return the host."""
        with self._lock:
            if self._host is None:
                self._host = make()
            return self._host

    def close(self) -> None:
        """Kill all workers, if there ever were any."""
        with self._lock:
            if self._host is not None:
                self._host.close()


_SHARED = SharedHost()
get = _SHARED.get
close = _SHARED.close
