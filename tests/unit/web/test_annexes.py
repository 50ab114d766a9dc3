"""Photos and files at the desk: taken by what is in them, without what they say about whoever made them, and kept."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from command import run
from desk_client import SAME_SITE, Browser, category, files, taken_in, text
from oplever import store
from oplever.app import annex_content
from oplever.app.annex_content import LARGEST, MOST_PIXELS, examined
from oplever.app.verify import verify
from oplever.errors import OpleverError
from oplever.web.shield import LARGEST_FORM
from PIL import Image

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
SECRET = b"SECRET-MAKER"
_MAKE, _ORIENTATION, _GPS = 0x010F, 0x0112, 0x8825


def picture(form: str = "JPEG", size: tuple[int, int] = (40, 20)) -> bytes:
    """A photo lying on its side that says with what and where it was made, in every way its form has."""
    image = Image.new("RGB", size, "red")
    exif = Image.Exif()
    exif[_MAKE] = SECRET.decode()
    exif[_ORIENTATION] = 6
    exif.get_ifd(_GPS)[1] = "N"
    out = io.BytesIO()
    more: dict[str, Any] = {"comment": SECRET} if form == "JPEG" else {}
    image.save(out, form, exif=exif.tobytes(), icc_profile=SECRET, xmp=SECRET, **more)
    return out.getvalue() + SECRET


def send(browser: Browser, path: str, content: bytes, name: str = "kast.jpg", at: str = "", **values: str) -> Any:
    data = {**browser.fields(path, at), "what": "De kast, voorkant", **values}
    return browser.client.post(path, data=data, files={"file": (name, content)}, headers=SAME_SITE)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_of_a_photo_nothing_is_kept_but_its_pixels_upright(form: str) -> None:
    sent = picture(form)
    assert sent.count(SECRET) >= 2
    kind, kept = examined(sent)
    assert (kind, SECRET in kept) == (f"image/{form.lower()}", False)
    with Image.open(io.BytesIO(kept)) as image:
        assert (image.size, dict(image.getexif()), image.format) == ((20, 40), {}, form)


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"", "annex-size"),
        (b"x" * (LARGEST + 1), "annex-size"),
        (b"\x7fELF\x02\x01", "annex-type"),
        (b"PK\x03\x04", "annex-type"),
        (b"%PDF-1.7 and no end", "annex-type"),
        (b"\xff\xd8\xff\xe0 no picture", "annex-type"),
        (b"\x89PNG\r\n\x1a\n no picture", "annex-type"),
        (picture()[:200], "annex-type"),
        (b"RIFF\x00\x00\x00\x00WAVE", "annex-type"),
        (b"GIF89a\x01\x00", "annex-type"),
        (b"caf\xe9", "annex-type"),
        (b"a\x1b[31mb", "annex-type"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_is_none_of_the_types_is_refused_whatever_it_is_called(
    content: bytes, slug: str, stored: dict[str, str], records: Path
) -> None:
    before = files(records)
    with pytest.raises(OpleverError) as problem:
        examined(content)
    assert problem.value.slug == slug
    browser = Browser().log_in("K. Jansen", "technician")
    answer = send(browser, f"/records/{stored['remarks']}/annex", content, what="blijft staan")
    assert answer.status_code == {"annex-size": 413, "annex-type": 415}[slug]
    assert len(content) > LARGEST or 'value="blijft staan"' in answer.text
    assert files(records) == before


def test_a_picture_that_unfolds_too_far_is_refused_before_it_is_unfolded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annex_content, "MOST_PIXELS", 799)
    with pytest.raises(OpleverError, match="million pixels"):
        examined(picture())
    assert MOST_PIXELS < Image.MAX_IMAGE_PIXELS


def test_an_annex_is_in_the_record_its_page_and_its_documents(stored: dict[str, str], records: Path) -> None:
    name = stored["remarks"]
    browser = Browser().log_in("K. Jansen", "technician")
    assert send(browser, f"/records/{name}/annex", picture(), r"C:\foto's\kast <2>.jpg").status_code == 303
    [annex] = store.load(records / name).annexes
    assert (annex.name, annex.what, annex.type, annex.by) == (
        "kast <2>.jpg",
        "De kast, voorkant",
        "image/jpeg",
        "K. Jansen",
    )
    page = browser.page(f"/records/{name}")
    path = f"/records/{name}/annexes/{annex.sha256}"
    assert f'<a href="{path}"><img src="{path}"' in page
    assert "kast &lt;2&gt;.jpg" in page
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["content-type"], len(answer.content)) == (
        200,
        "image/jpeg",
        annex.size_bytes,
    )
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''kast%20%3C2%3E.jpg"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    run("report", name)
    for document in ("report.nl.html", "report.en.md"):
        content = (records / name / document).read_text(encoding="utf-8")
        assert annex.sha256 in content.replace("<wbr>", "")
        assert "De kast, voorkant" in content
    assert verify(records / name).problems == ()


@pytest.mark.parametrize(("content", "kind"), [(PDF, "application/pdf"), (b"<script>alert(1)</script>", "text/plain")])
def test_what_is_no_picture_is_downloaded_and_never_shown(
    content: bytes, kind: str, stored: dict[str, str], records: Path
) -> None:
    browser = Browser().log_in("K. Jansen", "technician")
    send(browser, f"/records/{stored['remarks']}/annex", content, "x.html")
    [annex] = store.load(records / stored["remarks"]).annexes
    answer = browser.get(f"/records/{stored['remarks']}/annexes/{annex.sha256}")
    assert answer.content == content
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_changed_byte_is_named_and_not_given_out(stored: dict[str, str], records: Path) -> None:
    """Also after the manifest was written anew, which is what the next entry does."""
    name = stored["remarks"]
    browser = Browser().log_in("K. Jansen", "technician")
    send(browser, f"/records/{name}/annex", b"zoals het was\n", "meting.txt")
    [annex] = store.load(records / name).annexes
    path = records / name / "annexes" / f"{annex.sha256}.txt"
    path.write_bytes(b"zoals het nu is")
    browser.send(f"/records/{name}/add/hours", **{"entry.hours": "1", "entry.activity": "x"})
    changed = f"annexes/{path.name}: changed since K. Jansen added it"
    assert verify(records / name).problems == (changed,)
    assert browser.get(f"/records/{name}/annexes/{annex.sha256}").status_code == 409
    path.unlink()
    assert f"annexes/{path.name}: missing, though K. Jansen added it" in verify(records / name).problems
    path.symlink_to(records / name / store.RECORD)
    assert f"annexes/{path.name}: missing, though K. Jansen added it" in verify(records / name).problems


def test_a_message_of_a_case_is_looked_at_too(records: Path, stored: dict[str, str]) -> None:
    """Mails are files of the chain as well."""
    from oplever.kinds import registry  # noqa: PLC0415
    from oplever.record.entries.annex import AnnexEntry  # noqa: PLC0415

    with_files = {kind.tag() for kind in registry.LOG.kinds if "files" in vars(kind)}
    assert with_files == {AnnexEntry.tag(), "mail-received", "mail-sent", "mail-returned"}


def test_the_same_file_is_in_a_record_once(stored: dict[str, str], records: Path) -> None:
    browser = Browser().log_in("K. Jansen", "technician")
    path = f"/records/{stored['remarks']}/annex"
    assert send(browser, path, PDF).status_code == 303
    again = send(browser, path, PDF, "anders.pdf")
    assert (again.status_code, "this file is in the record already" in again.text) == (422, True)
    assert len(store.load(records / stored["remarks"]).annexes) == 1


def test_a_reporter_adds_to_the_own_report_and_sees_the_own_files(records: Path) -> None:
    reporter = Browser().log_in("J. Bakker", "reporter")
    name = taken_in(reporter)
    page = f"/reported/{name}"
    assert send(reporter, f"{page}/annex", picture(), at=page).status_code == 303
    technician = Browser().log_in("K. Jansen", "technician")
    assert send(technician, f"/cases/{name}/annex", PDF, "rapport.pdf").status_code == 303
    mine, theirs = store.load(records / name).annexes
    assert (mine.by, theirs.by) == ("J. Bakker", "K. Jansen")
    shown = reporter.page(page)
    assert (mine.sha256 in shown, theirs.sha256 in shown) == (True, False)
    assert reporter.get(f"{page}/annexes/{mine.sha256}").status_code == 200
    assert reporter.get(f"{page}/annexes/{theirs.sha256}").status_code == 404
    for path in (f"/cases/{name}", f"/records/{name}"):
        assert reporter.get(f"{path}/annexes/{mine.sha256}").status_code == 403
    other = Browser().log_in("P. Smit", "reporter")
    assert other.get(f"{page}/annexes/{mine.sha256}").status_code == 404
    fields = other.fields("/report", f"/report?category={category()}")
    sent = {"data": {**fields, "what": "x"}, "files": {"file": ("x.txt", b"x")}, "headers": SAME_SITE}
    assert other.client.post(f"{page}/annex", **sent).status_code == 404
    case = technician.page(f"/cases/{name}")
    assert mine.sha256 in case
    assert theirs.sha256 in case
    assert technician.get(f"/cases/{name}/annexes/{theirs.sha256}").status_code == 200
    assert technician.get(f"/records/{name}/annexes/{theirs.sha256}").status_code == 404


def test_a_form_may_be_as_large_as_a_file_for_who_is_logged_in_alone(stored: dict[str, str]) -> None:
    large = b"x" * (LARGEST_FORM + 1)
    path = f"/records/{stored['remarks']}/annex"
    stranger = Browser()
    answer = stranger.client.post(path, files={"file": ("x.txt", large)}, headers=SAME_SITE)
    assert answer.status_code == 413
    browser = Browser().log_in("K. Jansen", "technician")
    assert send(browser, path, large, "x.txt").status_code == 303
    other = f"/records/{stored['remarks']}/add/hours"
    assert browser.client.post(other, files={"file": ("x.txt", large)}, headers=SAME_SITE).status_code == 413


def test_a_file_goes_where_files_are_taken_and_one_at_a_time(stored: dict[str, str], records: Path) -> None:
    browser = Browser().log_in("K. Jansen", "technician")
    before = files(records)
    hours = f"/records/{stored['remarks']}/add/hours"
    sent = {"data": browser.fields(hours), "headers": SAME_SITE}
    assert browser.client.post(hours, files={"file": ("x.txt", b"x")}, **sent).status_code == 400
    path = f"/records/{stored['remarks']}/annex"
    two = [("file", ("a.txt", b"a")), ("file", ("b.txt", b"b"))]
    assert browser.client.post(path, data=browser.fields(path), files=two, headers=SAME_SITE).status_code == 400
    none = browser.client.post(path, data={**browser.fields(path), "what": "x"}, headers=SAME_SITE)
    assert "no file was chosen" in none.text
    nothing = send(browser, path, PDF, what="  ")
    assert (nothing.status_code, "does not say what the file shows" in text(nothing.text)) == (422, True)
    assert files(records) == before


@pytest.mark.parametrize("digest", ["0" * 64, "..%2f..%2fdesk.sqlite", "record.json", "x" * 5000])
def test_another_file_of_the_records_is_no_annex(digest: str, stored: dict[str, str]) -> None:
    browser = Browser().log_in("K. Jansen", "technician")
    assert browser.get(f"/records/{stored['remarks']}/annexes/{digest}").status_code == 404


def test_the_command_adds_the_same(stored: dict[str, str], records: Path, tmp_path: Path) -> None:
    path = tmp_path / "foto.jpg"
    path.write_bytes(picture())
    done = run("attach", str(path), "--what", "De kast", "--record", stored["remarks"], "--by", "K. Jansen", code=None)
    assert "Traceback" not in done.output
    [annex] = store.load(records / stored["remarks"]).annexes
    assert re.fullmatch(r"[0-9a-f]{64}", annex.sha256)
    assert SECRET not in (records / stored["remarks"] / f"annexes/{annex.sha256}.jpg").read_bytes()
    path.write_bytes(b"x" * (LARGEST + 1))
    refused = run("attach", str(path), "--what", "x", "--record", stored["remarks"], "--by", "K. Jansen", code=None)
    assert (refused.exit_code, "[annex-size]" in refused.output) == (2, True)
    missing = run("attach", "none.jpg", "--what", "x", "--record", stored["remarks"], "--by", "K. Jansen", code=None)
    assert (missing.exit_code, "[file-unreadable]" in missing.output) == (2, True)
