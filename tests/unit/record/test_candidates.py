"""What failed more than once becomes a candidate for an improvement; a person decides about it."""

from __future__ import annotations

from journals import Journal, complete
from oplever.kinds.derive import derive
from oplever.record import entries


def troubled() -> Journal:
    """A task that failed on two machines, one that failed once, and a test that failed twice before it passed."""
    journal = complete().task("install", "failed", host="b", message="no such package")
    journal.task("once", "failed", message="no")
    journal.add("task_start", task="again", play="p", name="install", path="site.yml:install", action="apt")
    journal.add("result", task="again", host="c", status="failed", duration=0.1, message="no such package")
    return journal.check("fail").check("fail").check("pass").finish(ok=5)


def test_what_failed_more_than_once_is_proposed() -> None:
    proposals = troubled().record().proposals
    assert [(proposal.id, proposal.process, proposal.candidate) for proposal in proposals.items] == [
        ("K1", "installation", True),
        ("K2", "test", True),
    ]
    assert "no such package (b 1×, c 1×)" in proposals.items[0].observation
    assert "a 2×" in proposals.items[1].observation


def test_a_candidate_is_no_proposal_of_a_person() -> None:
    record = troubled().record()
    assert "proposals_missing" in {missing.code for missing in record.completeness.missing}


def test_stating_that_there_are_none_lets_go_of_the_candidates() -> None:
    none = entries.make("none", "S. Yilmaz", "2026-11-24T09:00:00.000000Z", {"what": "proposals"})
    proposals = derive(troubled().events(), "", [none]).proposals
    assert (proposals.items, proposals.none_stated) == ((), True)


def test_a_run_without_trouble_has_none() -> None:
    assert complete().task("once", "failed", message="no").finish(ok=5).record().proposals.items == ()
