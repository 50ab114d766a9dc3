"""Photos and files at the desk: taken by what is in them, without what they say about whoever made them, and kept."""

from __future__ import annotations

import base64
import html
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from command import attempt, run
from desk_client import SAME_SITE, Browser, category, files, taken_in, text
from oplever import config, store
from oplever.app import annex_content
from oplever.app.add import add
from oplever.app.annex_content import LARGEST, MOST_PIXELS, examined
from oplever.app.annexes import attach
from oplever.app.desk import key
from oplever.app.desk.deciding import decide
from oplever.app.purge import purge
from oplever.app.verify import verify
from oplever.errors import OpleverError
from oplever.store import chain
from oplever.web.shield import LARGEST_FORM
from pikepdf import Dictionary, Name
from PIL import Image

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


def pdf(**more: Any) -> bytes:
    """One page that says in every way that a PDF has who made it, with a photo as a camera writes it."""
    secret = SECRET.decode()
    with pikepdf.new() as document:
        photo = document.make_stream(picture(), Type=Name.XObject, Subtype=Name.Image, Width=40, Height=20,
                                     ColorSpace=Name.DeviceRGB, BitsPerComponent=8, Filter=Name.DCTDecode)  # fmt: skip
        page = document.add_blank_page()
        page.obj.Resources = Dictionary(XObject=Dictionary(P=photo))
        page.obj.Contents = document.make_stream(b"q 40 0 0 20 0 0 cm /P Do Q % the page itself")
        page.obj.PieceInfo = Dictionary(X=secret)
        remark = Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=[0, 0, 9, 9], T=secret, Contents="let op")
        page.obj.Annots = document.make_indirect(pikepdf.Array([remark]))
        document.docinfo["/Author"] = secret
        document.Root.Metadata = document.make_stream(b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>")
        document.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=f"app.alert('{secret}')")
        document.attachments["inside.txt"] = pikepdf.AttachedFileSpec(document, SECRET, filename=secret)
        for name, value in more.get("root", {}).items():
            document.Root[name] = value
        out = io.BytesIO()
        document.save(out, encryption=more.get("encryption", False), compress_streams=False)
        return out.getvalue()


PDF = examined(pdf())[1]


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


def plain(content: bytes) -> bytes:
    """A PDF as one can read it, with its photos as they are."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        document.save(out, stream_decode_level=pikepdf.StreamDecodeLevel.generalized, compress_streams=False)
    return out.getvalue()


def test_of_a_pdf_its_pages_are_kept_and_nothing_about_who_made_it() -> None:
    sent = pdf()
    assert plain(sent).count(SECRET) >= 8
    kind, kept = examined(sent)
    assert (kind, SECRET in plain(kept)) == ("application/pdf", False)
    for part in (b"the page itself", b"let op"):
        assert part in plain(kept)
    for part in (b"JavaScript", b"OpenAction", b"EmbeddedFile"):
        assert part in plain(sent)
        assert part not in plain(kept)
    with pikepdf.open(io.BytesIO(kept)) as document:
        photo = document.pages[0].get_images()["/P"]
        assert pikepdf.PdfImage(photo).as_pil_image().size == (40, 20)


SIGNED = {"/AcroForm": Dictionary(SigFlags=3, Fields=pikepdf.Array())}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pdf(encryption=pikepdf.Encryption(owner="x", user="y")), "locked with a password"),
        (pdf(encryption=pikepdf.Encryption(owner="x", user="")), "locked with a password"),
        (pdf(root=SIGNED), "digital signature, which would be lost"),
        (pdf(root={"/AcroForm": 5}), "cannot be read"),
        (b"%PDF-1.7\n%%EOF\n", "cannot be read"),
    ],
    ids=["password", "owner", "signed", "form", "broken"],
)
def test_a_pdf_that_cannot_be_cleaned_is_refused_and_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(OpleverError, match=reason) as problem:
        examined(content)
    assert problem.value.slug == "annex-type"


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


@pytest.mark.slow
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
    assert answer.content == examined(content)[1]
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


@pytest.mark.slow
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
    done = attempt("attach", str(path), "--what", "De kast", "--record", stored["remarks"], "--by", "K. Jansen")
    assert "Traceback" not in done.output
    [annex] = store.load(records / stored["remarks"]).annexes
    assert re.fullmatch(r"[0-9a-f]{64}", annex.sha256)
    assert SECRET not in (records / stored["remarks"] / f"annexes/{annex.sha256}.jpg").read_bytes()
    path.write_bytes(b"x" * (LARGEST + 1))
    refused = attempt("attach", str(path), "--what", "x", "--record", stored["remarks"], "--by", "K. Jansen")
    assert (refused.exit_code, "[annex-size]" in refused.output) == (2, True)
    missing = attempt("attach", "none.jpg", "--what", "x", "--record", stored["remarks"], "--by", "K. Jansen")
    assert (missing.exit_code, "[file-unreadable]" in missing.output) == (2, True)


def colours(count: int) -> list[bytes]:
    """Photos that differ."""
    made = []
    for number in range(count):
        out = io.BytesIO()
        Image.new("RGB", (1600, 900), (number * 5, 90, 160)).save(out, "PNG")
        made.append(out.getvalue())
    return made


@pytest.mark.slow
def test_documents_show_photos_with_number_caption_and_text(
    stored: dict[str, str], records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no more of them than is said."""
    monkeypatch.setattr("oplever.page.photos.MOST", 2)
    directory = records / stored["remarks"]
    for number, content in enumerate(colours(3), 1):
        attach(directory, "K. Jansen", content, f"{number}.png", f'Kast <{number}> "voor"')
    run("report", directory.name)
    page = (directory / "report.nl.html").read_text(encoding="utf-8")
    shown = re.findall(r'<img src="data:image/jpeg;base64,([^"]+)" alt="([^"]+)">', page)
    assert [html.unescape(text) for _, text in shown] == ['Kast <1> "voor"', 'Kast <2> "voor"']
    for number, (content, _) in enumerate(shown, 1):
        with Image.open(io.BytesIO(base64.b64decode(content))) as small:
            assert (small.size, dict(small.getexif())) == ((800, 450), {})
        assert f"Foto {number}: Kast &lt;{number}&gt;" in page
    assert "De eerste 2 foto" in page
    assert "nog 1 zitten bij de bestanden" in html.unescape(page)
    with pikepdf.open(directory / "report.en.pdf") as document:
        alts = [str(value.Alt) for value in document.objects if isinstance(value, Dictionary) and "/Alt" in value]
        pictures = [image for sheet in document.pages for image in sheet.get_images().values()]
    assert {'Kast <1> "voor"', 'Kast <2> "voor"'} <= set(alts)
    assert sum((image.Width, image.Height) == (800, 450) for image in pictures) == 2
    assert (directory / "report.en.md").read_text(encoding="utf-8").count("](annexes/") == 2


@pytest.mark.slow
def test_a_photo_that_somebody_changed_is_not_shown(stored: dict[str, str], records: Path) -> None:
    directory = records / stored["remarks"]
    attach(directory, "K. Jansen", colours(1)[0], "kast.png", "De kast")
    [annex] = store.load(directory).annexes
    (directory / "annexes" / f"{annex.sha256}.png").write_bytes(colours(2)[1])
    run("report", directory.name)
    page = (directory / "report.en.html").read_text(encoding="utf-8")
    assert "data:image/jpeg" not in page
    assert "Not shown here; it is in the files of the record." in page


@pytest.mark.slow
def test_what_was_withdrawn_is_given_to_nobody_and_goes_when_its_time_is_over(
    stored: dict[str, str], records: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    directory = records / stored["remarks"]
    attach(directory, "K. Jansen", colours(1)[0], "kast.png", "De kast")
    attach(directory, "K. Jansen", colours(2)[1], "deur.png", "De deur")
    decide(directory, "M. de Wit", "rejected", "een gezicht op de foto", chain.head(directory))
    kast, deur = store.load(directory).annexes
    browser = Browser().log_in("K. Jansen", "technician")
    path = f"/records/{directory.name}/annexes/{kast.sha256}"
    assert browser.get(path).status_code == 200
    revision = store.load(directory).document.revision
    number = next(line.revision for line in store.load(directory).document.history if line.what == "annex")
    correct = {"field": f"entry.{number}", "reason": "er staat iemand op"}
    add(directory, "correction", "K. Jansen", correct)
    assert store.load(directory).document.revision > revision
    assert browser.get(path).status_code == 404
    copies = sorted(directory.glob(f"**/{kast.sha256}.png"))
    assert len(copies) == 2  # also with what was signed
    allowed = tmp_path / "allowed_signers"
    allowed.write_text(key.allowed_line() + "\n")

    terms = config.Retention(withdrawn="30 days")
    assert purge(records, terms, datetime.now(UTC) + timedelta(days=29)) == ()
    [due] = purge(records, terms, datetime.now(UTC) + timedelta(days=31))
    assert (due.record, due.action, due.files) == (directory.name, "emptied", 2)
    assert sorted(directory.glob(f"**/{kast.sha256}.png")) == []
    assert len(list(directory.glob(f"**/{deur.sha256}.png"))) == 2
    assert verify(directory, str(allowed)).problems == ()
    assert purge(records, terms, datetime.now(UTC) + timedelta(days=400)) == ()
    (directory / "annexes" / f"{deur.sha256}.png").unlink()
    assert any("missing" in problem for problem in verify(directory, str(allowed)).problems)


def test_what_was_withdrawn_and_added_again_stays(stored: dict[str, str], records: Path) -> None:
    directory = records / stored["remarks"]
    attach(directory, "K. Jansen", b"meting", "m.txt", "De meting")
    number = store.load(directory).document.revision
    add(directory, "correction", "K. Jansen", {"field": f"entry.{number}", "reason": "te vroeg"})
    attach(directory, "K. Jansen", b"meting", "m.txt", "De meting")
    assert purge(records, config.Retention(withdrawn="1 days"), datetime.now(UTC) + timedelta(days=9)) == ()
    assert verify(directory).problems == ()
