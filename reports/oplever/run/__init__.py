"""`oplever run`: a playbook through ansible-runner, followed by its own journal."""

from __future__ import annotations
