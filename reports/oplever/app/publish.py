"""Static pages over all records, for a file share: made again where something changed, and nothing else is touched."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache, partial
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

import oplever
from oplever import store
from oplever.app.collection import collection_of
from oplever.app.organisation import organisation
from oplever.errors import OpleverError
from oplever.files import locked, unwritable
from oplever.messages import M_
from oplever.overview import book, feed, paths
from oplever.overview.collection import Collection
from oplever.page.blocks import Organisation
from oplever.page.translator import LANGUAGES, Translator
from oplever.render import overview as format_html
from oplever.store.index import open_index
from oplever.words import Language

OUT = "overview"
"""Where the pages go below the records."""
_FORMAT = "oplever-overview"


class File(Struct, frozen=True):
    """One file as it was published. `basis` is that of its page, `sha256` that of its content; `mark` changes when
    somebody else wrote it since."""

    basis: str
    sha256: str
    mark: str


class State(Struct, frozen=True):
    """What was published in a directory; `drawn_by` is the program that did."""

    format: str = _FORMAT
    drawn_by: str = ""
    files: dict[str, File] = {}


class Published(Struct, frozen=True):
    """`start` is the page to open. `changed` of `files` were written; `unreadable` records are listed with a reason."""

    start: Path
    records: int
    unreadable: int
    files: int
    changed: int


def publish(now: datetime, out: Path | None = None, language: Language = "en") -> Published:
    """Make the pages in `out`, or in the directory of that name below the records; `index.html` is in `language`.

    All are drawn before the first one is replaced, so the old pages stay where there is no room for the new.
    Raises OpleverError: `publish-foreign` when `out` holds files of something else, `file-unwritable`,
    `file-unreadable`, `store-unusable`, `config-invalid`.
    """
    place = (out or store.records_directory() / OUT).absolute()
    with open_index() as index:
        collection = collection_of(index, place, now, organisation())
    try:
        earlier = _state(place)
        with locked(place):
            return _publish(collection, place, earlier, language)
    except OSError as problem:
        raise unwritable(place, problem) from None


def _state(place: Path) -> State:
    """What was published there before; a new directory is marked as ours. Raises OSError, OpleverError."""
    place.mkdir(parents=True, exist_ok=True)
    try:
        state = msgspec.json.decode((place / paths.STATE).read_bytes(), type=State)
    except FileNotFoundError:
        if names := sorted(path.name for path in place.iterdir()):
            raise _foreign(place, names[0]) from None
        state = State()
        _write_state(place, state)
        return state
    except (msgspec.DecodeError, UnicodeDecodeError):
        return State()  # the mark is there, and what it said is lost: everything is made again
    if state.format != _FORMAT:
        raise _foreign(place, paths.STATE)
    return state


def _foreign(place: Path, name: str) -> OpleverError:
    advice = M_("give an empty directory, or one in which pages were published before: --out")
    message = M_("{place} holds files of something else: {name}", place=place, name=name)
    return OpleverError("publish-foreign", message, advice)


def _publish(collection: Collection, place: Path, earlier: State, language: Language) -> Published:
    drawn_by = _drawn_by(collection.organisation)
    published = earlier.files if earlier.drawn_by == drawn_by else {}
    draft = Path(tempfile.mkdtemp(prefix=".new-", dir=place))
    try:
        files: dict[str, File] = {}
        for content in _contents(collection, language):
            present = published.get(content.name)
            if present and _mark(place / content.name) != present.mark:
                present = None  # somebody else wrote it since
            files[content.name] = _file(content, present, draft)
        changed = [name for name in files if (draft / name).exists()]
        _put(draft, place, changed)
        for name in earlier.files.keys() - files.keys():
            (place / name).unlink(missing_ok=True)
        _write_state(place, State(drawn_by=drawn_by, files=files))
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Published(
        start=place / paths.START,
        records=len(collection.sources),
        unreadable=len(collection.unreadable),
        files=len(files),
        changed=len(changed),
    )


class _Content(NamedTuple):
    """A file to publish. `basis` changes when what it is drawn from does; without one it is drawn each time."""

    name: str
    basis: str
    draw: Callable[[], bytes]


def _file(content: _Content, present: File | None, draft: Path) -> File:
    """The file as it is to be; in `draft` only where it differs from the one that is `present`."""
    if present and content.basis and present.basis == content.basis:
        return present
    drawn = content.draw()
    sha256 = hashlib.sha256(drawn).hexdigest()
    if present and present.sha256 == sha256:
        return File(content.basis, sha256, present.mark)
    _write(draft / content.name, drawn)
    return File(content.basis, sha256, _mark(draft / content.name))


def _contents(collection: Collection, language: Language) -> Iterator[_Content]:
    """Every file, the start page last."""
    translators = [Translator(name) for name in LANGUAGES]
    for leaf in book.leaves(collection):
        for t in translators:
            yield _Content(paths.file(leaf.page, t.language), leaf.basis, partial(_page, leaf, t))
    for t in translators:
        yield _Content(paths.feed(t.language), "", partial(feed.draw, collection, t))
    start = next(leaf for leaf in book.leaves(collection) if leaf.page == "index")
    yield _Content(paths.START, "", partial(_page, start, Translator(language)))


def _page(leaf: book.Leaf, t: Translator) -> bytes:
    return format_html.draw(leaf.draw(t))


def _put(draft: Path, place: Path, names: list[str]) -> None:
    """Replace the files, the start page last: what it leads to is there then."""
    for name in names:
        (draft / name).replace(place / name)


def _write(path: Path, content: bytes) -> None:
    """A file that whoever may read the directory can read; on disk before this returns, or OSError."""
    with path.open("xb") as file:
        file.write(content)


def _write_state(place: Path, state: State) -> None:
    draft = place / f"{paths.STATE}.new"
    draft.write_bytes(msgspec.json.encode(state) + b"\n")
    draft.replace(place / paths.STATE)


def _mark(path: Path) -> str:
    """Size and time of a file; empty when it is not there. A file that is renamed keeps both."""
    try:
        status = path.stat(follow_symlinks=False)
    except OSError:
        return ""
    return f"{status.st_size}.{status.st_mtime_ns}"


@lru_cache
def _program() -> str:
    """What draws the pages: another version, or another word of a translation, draws all of them again."""
    digest = hashlib.sha256(oplever.__version__.encode())
    package = resources.files("oplever")
    places = (
        "overview",
        "overview/pages",
        "page",
        "render",
        "render/templates",
        "kinds/installation/chapters",
        "kinds/incident",
    )
    for place in (*places, "locale/nl/LC_MESSAGES"):
        for file in sorted(package.joinpath(place).iterdir(), key=lambda file: file.name):
            if file.is_file():
                digest.update(file.read_bytes())
    return digest.hexdigest()


def _drawn_by(shown: Organisation | None) -> str:
    logo = shown.logo.content if shown and shown.logo else b""
    described = repr(shown and (shown.name, shown.address, shown.colour, shown.fields)).encode()
    return hashlib.sha256(_program().encode() + described + logo).hexdigest()
