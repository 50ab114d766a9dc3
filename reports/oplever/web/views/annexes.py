"""Photos and other files of a record: added by whoever works on it or reported it, and given out again."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from urllib.parse import quote

from starlette.responses import Response

from oplever import store
from oplever.app import annexes
from oplever.app.annex_content import LARGEST
from oplever.errors import OpleverError
from oplever.messages import M_
from oplever.page.blocks import Paragraph
from oplever.record.model import Annex
from oplever.record.persons import same_person
from oplever.web import gate
from oplever.web.collected import case_path, path_of
from oplever.web.parts import Field, Form, Section
from oplever.web.views.gallery import PICTURES, photos
from oplever.web.views.records import Shown, shown
from oplever.web.visit import Visit, unknown_page

FILE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""For a file that somebody added: nothing in it runs."""
_ACCEPTED = ".jpg,.jpeg,.png,.webp,.pdf,.txt,image/jpeg,image/png,image/webp,application/pdf,text/plain"


def form(visit: Visit, path: str, head: str, problem: OpleverError | None = None) -> Form:
    """The form that adds a file to the record whose page is at `path`."""
    t = visit.t
    refused = problem.in_language(t) if problem else None
    hint = t(
        "A photo (JPEG, PNG or WebP), PDF or plain text, at most {size} MB. What a photo says about place and camera "
        "is taken out.",
        size=LARGEST // 1_000_000,
    )
    return Form(
        f"{path}/annex",
        (
            Field("head", "", "hidden", head),
            Field("file", t("Photo or file"), "file", _ACCEPTED, hint, required=True),
            Field("what", t("What it shows"), value=visit.value("what"), required=True),
        ),
        (("", t("Add the file")),),
        problem=refused.message if refused else "",
        advice=refused.advice if refused else "",
    )


def show(visit: Visit) -> Response:
    """The form on a page of its own, for whoever works on the record."""
    of, path = _of_path(visit)
    visit.note_read(of.record.id)
    return _page(visit, of, path)


def _page(visit: Visit, of: Shown, path: str, problem: OpleverError | None = None) -> Response:
    t = visit.t
    as_whom = Paragraph(t("It is added as {name}.", name=visit.account.name), "info")
    sections = [Section(t("Add a photo or file"), (as_whom, form(visit, path, of.head, problem)))]
    sections += photos(t, path, of.record)
    return visit.show(visit.screen(of.page.title, sections), gate.status(problem) if problem else 200)


def _of_path(visit: Visit) -> tuple[Shown, str]:
    """The record, and its page: of a case or of any other record."""
    of, is_case = shown(visit, visit.part("name")), visit.request.url.path.startswith("/cases/")
    if is_case != (of.record.incident is not None):
        raise unknown_page()
    return of, case_path(of.directory.name) if is_case else path_of(of.directory.name)


def send(visit: Visit) -> Response:
    of, path = _of_path(visit)
    try:
        attach(visit, of.directory, visit.value("head") or "-")
    except OpleverError as problem:
        return _page(visit, of, path, problem)
    return visit.go(path)


def attach(visit: Visit, directory: Path, head: str = "") -> None:
    """Add the file that was sent, under the name of the account. Raises OpleverError, as `annexes.attach`."""
    files = visit.files.get("file") or ()
    if len(files) != 1 or not files[0].name:
        raise OpleverError("annex-size", M_("no file was chosen"), M_("choose the file again"))
    annexes.attach(directory, visit.account.name, files[0].content, files[0].name, visit.value("what"), after=head)
    visit.desk.changed()


def give(visit: Visit) -> Response:
    """A file of a record or case, to whoever may read that."""
    directory = visit.desk.record(visit.part("name"))
    record = store.load(directory)
    if (record.incident is not None) != visit.request.url.path.startswith("/cases/"):
        raise unknown_page()
    return _file(visit, directory, record.annexes)


def give_reported(visit: Visit) -> Response:
    """What a reporter added to the own report; what others added is not for him."""
    directory = visit.desk.record(visit.part("name"))
    record, name = store.load(directory), visit.account.name
    if record.incident is None or not same_person(record.incident.reporter, name):
        raise unknown_page()
    return _file(visit, directory, [annex for annex in record.annexes if same_person(annex.by, name)])


def _file(visit: Visit, directory: Path, among: Collection[Annex]) -> Response:
    annex = next((annex for annex in among if annex.sha256 == visit.part("digest")), None)
    if annex is None:
        raise unknown_page()
    content = annexes.read(directory, annex)
    visit.note_read(f"{directory.name}/{annex.name}")
    shape = "inline" if annex.type in PICTURES else "attachment"
    headers = {
        "content-disposition": f"{shape}; filename*=UTF-8''{quote(annex.name, safe='')}",
        "content-security-policy": FILE_POLICY,
    }
    kind = "text/plain; charset=utf-8" if annex.type == "text/plain" else annex.type
    return Response(content, media_type=kind, headers=headers)
