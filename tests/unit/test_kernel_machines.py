"""Virtual machines of `make kernel`: what they run with, before one is started."""

from __future__ import annotations

import pytest
from kernel import image


def test_kvm_is_refused_where_the_processor_runs_no_machines() -> None:
    """It would wait ten minutes for a boot that does not come."""
    with pytest.raises(image.LabError, match="OPLEVER_ACCEL=kvm needs a processor with svm or vmx"):
        image.accelerator("kvm", {"fpu", "hypervisor"})
    assert image.accelerator("kvm", {"fpu", "svm"}) == "kvm"
    assert image.accelerator("kvm,kernel-irqchip=off", {"vmx"}) == "kvm,kernel-irqchip=off"
    assert image.accelerator("", set()) == image.TRANSLATION
