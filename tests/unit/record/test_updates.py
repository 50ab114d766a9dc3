"""Updates from where packages of the delivery came from are told apart from drift, when that can be shown."""

from __future__ import annotations

from typing import Any

import pytest
from journals import Journal
from oplever.record import model
from oplever.record.model import BAD

DEBIAN, SECURITY = "deb.debian.org bookworm/main", "security.debian.org bookworm-security/main"
KERNEL, OLD, NEW = "linux-image-amd64", "linux-image-6.1.0-9-amd64", "linux-image-6.1.0-10-amd64"


def look(*, file: dict[str, str] | None = None, manual: tuple[str, ...] = ("bash",), **packages: Any) -> dict[str, Any]:
    names = {name.replace("_", "-"): value for name, value in packages.items()}
    state = {"format": 2, "digest_key": "k", "state": {"file": file or {}}, "manual": list(manual)}
    return {**state, "packages": {"base-files": ["1", DEBIAN], "openssl": ["1", SECURITY], **names}}


def results(before: dict[str, Any], after: dict[str, Any], **rules: Any) -> list[model.Test]:
    journal = Journal()
    journal.task("1", data={"stage": "before", "snapshot": before, "reference": "r", **rules})
    journal.task("2", data={"stage": "after", "snapshot": after})
    return [test for test in journal.finish(ok=2).record().tests if test.suite == "drift"]


def drift(before: dict[str, Any], after: dict[str, Any], **rules: Any) -> set[str]:
    return {test.id for test in results(before, after, **rules) if test.status in BAD}


def test_updates_are_one_test_that_passes_and_names_each() -> None:
    before = look(bash=["5.2-1", DEBIAN], zlib1g=["1.2", DEBIAN])
    after = look(bash=["5.2-1+deb12u1", SECURITY], zlib1g=["1.3", DEBIAN])
    [nothing, updates] = results(before, after)
    assert (nothing.id, nothing.status, nothing.title.en) == (
        "drift",
        "pass",
        "nothing else changed since the delivery",
    )
    assert (updates.id, updates.status) == ("drift.updates", "pass")
    assert updates.title.en == "2 packages updated since the delivery from approved origins"
    assert updates.title.nl == "2 pakketten sinds de oplevering bijgewerkt vanuit goedgekeurde bronnen"
    assert updates.found.split("\n") == [
        "bash: 5.2-1 -> 5.2-1+deb12u1, from security.debian.org bookworm-security",
        "zlib1g: 1.2 -> 1.3, from deb.debian.org bookworm",
    ]


@pytest.mark.parametrize(
    "after",
    [
        ["2", "local"],
        ["2", ""],
        ["2", "mirror.example bookworm/main"],
        ["2", "deb.debian.org sid/main"],
        ["2", "deb.debian.org"],
        ["2", "/"],
        ["0.9", DEBIAN],
        ["1~rc1", DEBIAN],
    ],
)
def test_what_cannot_be_shown_to_be_an_update_is_drift(after: list[str]) -> None:
    assert drift(look(bash=["1", DEBIAN]), look(bash=after)) == {"drift.package.bash"}


def test_without_origins_at_the_delivery_nothing_is_approved() -> None:
    bare = {"format": 2, "digest_key": "k", "state": {}, "packages": {"bash": ["1", ""]}}
    for origin in ("", "local", DEBIAN):
        assert drift(bare, {**bare, "packages": {"bash": ["2", origin]}}) == {"drift.package.bash"}


def test_an_origin_that_the_organisation_approves_counts_too() -> None:
    before, after = look(bash=["1", DEBIAN]), look(bash=["2", "mirror.example bookworm/main"])
    assert drift(before, after, origins=["mirror.example bookworm"]) == set()
    assert drift(before, after, origins=["mirror.example trixie"]) == {"drift.package.bash"}


def test_packages_that_came_or_went_are_drift() -> None:
    assert drift(look(), look(nmap=["1", DEBIAN])) == {"drift.package.nmap"}
    assert drift(look(nmap=["1", DEBIAN]), look()) == {"drift.package.nmap"}


def kernel(version: str, *images: str, manual: tuple[str, ...] = (KERNEL,), origin: str = SECURITY) -> dict[str, Any]:
    return look(manual=manual, **{KERNEL: [version, origin]}, **{image: ["1", origin] for image in images})


def test_a_new_kernel_comes_with_its_update_and_the_old_one_goes() -> None:
    before, after = kernel("9", OLD), kernel("10", NEW)
    assert drift(before, after) == set()
    assert set(results(before, after)[-1].found.split("\n")) == {
        f"{KERNEL}: 9 -> 10, from security.debian.org bookworm-security",
        f"{NEW}: absent -> 1 with {KERNEL}, from security.debian.org bookworm-security",
        f"{OLD}: 1 -> absent with {KERNEL}, from security.debian.org bookworm-security",
    }


def test_a_kernel_that_somebody_asked_for_or_without_an_update_is_drift() -> None:
    assert drift(kernel("9", OLD), kernel("9", OLD, NEW)) == {f"drift.package.{NEW}"}
    assert drift(kernel("9", OLD), kernel("10", OLD, NEW, manual=(KERNEL, NEW))) == {f"drift.package.{NEW}"}
    assert drift(kernel("9", OLD, manual=(OLD,)), kernel("10")) == {f"drift.package.{OLD}"}
    unknown = {**kernel("10", OLD, NEW), "manual": []}
    assert drift(kernel("9", OLD), unknown) == {f"drift.package.{NEW}"}
    local = kernel("10", OLD, NEW)
    local["packages"][NEW] = ["1", "local"]
    assert drift(kernel("9", OLD), local) == {f"drift.package.{NEW}"}


BROUGHT = "0644, as package bash brought it"


def test_a_configuration_file_that_a_new_version_brings_follows_it() -> None:
    before, after = look(bash=["1", DEBIAN]), look(bash=["2", DEBIAN], file={"/etc/bash.new": BROUGHT})
    assert drift(before, after) == set()
    assert results(before, after)[-1].found.split("\n")[0] == f"file /etc/bash.new: absent -> {BROUGHT} with bash"
    assert drift(look(bash=["1", DEBIAN]), look(bash=["1", DEBIAN], file={"/etc/bash.new": BROUGHT})) == {
        "drift.file./etc/bash.new"
    }


@pytest.mark.parametrize(
    ("then", "now"),
    [("0644, 9 bytes, aa", BROUGHT), (BROUGHT, "0644, 9 bytes, aa"), (BROUGHT, BROUGHT.replace("0644", "0666"))],
)
def test_a_configuration_file_that_changed_is_drift_beside_an_update(then: str, now: str) -> None:
    before, after = (
        look(bash=[version, DEBIAN], file={"/etc/bash.bashrc": words}) for version, words in (("1", then), ("2", now))
    )
    assert drift(before, after) == {"drift.file./etc/bash.bashrc"}


def test_an_unusual_right_is_drift_beside_an_update() -> None:
    before, after = look(bash=["1", DEBIAN]), look(bash=["2", DEBIAN])
    before["state"]["rights"] = {}
    after["state"]["rights"] = {"/usr/bin/bash": "file 4755 root root, of package bash"}
    assert drift(before, after) == {"drift.rights./usr/bin/bash"}
