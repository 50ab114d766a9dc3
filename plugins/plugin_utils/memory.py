"""Memory that the process of a run shares with the processes that it forks for tasks."""

from __future__ import annotations

import gc


def settle() -> None:
    """Leave all objects that there are now out of later garbage collections, after one that takes away what nobody
    uses. Ansible forks for each task on each machine: a collection in such a process looks at every object of the run,
    and the kernel then copies the memory that both shared."""
    gc.collect()
    gc.freeze()
