"""One instruction of users: when it was given and to whom, about what, and whether it was understood."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from oplever.words import Audience

Way = Literal["oral", "demonstration", "practice", "remote"]
Understood = Literal["understood", "partly", "not_understood"]
Clear = Literal["clear", "unclear"]
SupportWay = Literal["counter", "phone", "mail", "chat", "visit"]


class Session(Struct, frozen=True):
    """Once that it was explained; `by` wrote it down."""

    day: str
    given_by: str
    place: str
    way: Way
    by: str
    at: str


class Attendee(Struct, frozen=True):
    """Somebody who was there, by a pseudonym: the sheet that they signed has the names."""

    pseudonym: str
    audience: Audience
    by: str
    at: str


class Subject(Struct, frozen=True):
    """Something that was explained. `card` is the handout that was given with it, as `dokuwiki/open`, of the record
    `source` with that journal digest; `version` is the SHA-256 of what it says. Of its text `steps` are counted, and
    `mistakes` against the rules for cards; `ease` is how easily it reads, 0 to 100 (None: there is no handout)."""

    id: str
    subject: str
    card: str
    source: str
    source_digest: str
    version: str
    language: str
    steps: int
    mistakes: int
    ease: float | None
    by: str
    at: str


class QuestionBack(Struct, frozen=True):
    """What somebody answered in own words when asked back about a subject (by its id), and how that was judged."""

    subject: str
    pseudonym: str
    question: str
    answer: str
    judged: Understood
    by: str
    at: str


class Review(Struct, frozen=True):
    """What a user said of a handout of that version after reading or trying it."""

    card: str
    version: str
    user: str
    verdict: Clear
    remark: str
    by: str
    at: str


class Support(Struct, frozen=True):
    """Somebody asked for help in daily use, and was helped."""

    user: str
    day: str
    way: SupportWay
    question: str
    answer: str
    by: str
    at: str


class Instruction(Struct, frozen=True):
    """`no_support` is an explicit statement that nobody asked for help."""

    sessions: tuple[Session, ...] = ()
    attendees: tuple[Attendee, ...] = ()
    subjects: tuple[Subject, ...] = ()
    questions: tuple[QuestionBack, ...] = ()
    reviews: tuple[Review, ...] = ()
    support: tuple[Support, ...] = ()
    no_support: bool = False

    def last_answer(self, subject: str) -> QuestionBack | None:
        """What counts of a subject: the last that anybody answered."""
        return next((question for question in reversed(self.questions) if question.subject == subject), None)

    def last_review(self, card: str, version: str) -> Review | None:
        """What counts of a handout; a review of another version says nothing about it."""
        reviews = (review for review in reversed(self.reviews) if (review.card, review.version) == (card, version))
        return next(reviews, None)

    @property
    def handouts(self) -> list[Subject]:
        """Subjects with which a handout was given."""
        return [subject for subject in self.subjects if subject.card]

    @property
    def counting_handouts(self) -> list[Subject]:
        """Each handout as it was given last: when it was given again in another version, that came in its place."""
        return list({subject.card: subject for subject in self.handouts}.values())
