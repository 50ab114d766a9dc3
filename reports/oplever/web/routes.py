"""Every page and action of the desk, with what somebody has to be allowed to open it."""

from __future__ import annotations

from oplever.web.gate import Way
from oplever.web.views import accept, adding, annexes, audit, cases, decide, entrance, home, lists, records, runs

WAYS: tuple[Way, ...] = (
    Way("/healthz", "GET", "public", entrance.health),
    Way("/static/{file}", "GET", "public", entrance.static),
    Way("/login", "GET", "public", entrance.show_login),
    Way("/login", "POST", "public", entrance.log_in, may_repeat=True),
    Way("/logout", "POST", "own", entrance.log_out, may_repeat=True),
    Way("/account", "GET", "own", entrance.account),
    Way("/account", "POST", "own", entrance.change_password),
    Way("/", "GET", "own", home.show),
    Way("/records", "GET", "read_records", lists.records),
    Way("/records/{name}", "GET", "read_records", records.show),
    Way("/records/{name}/decide", "GET", "decide", decide.show),
    Way("/records/{name}/decide", "POST", "decide", decide.send),
    Way("/records/{name}/add", "GET", "add", adding.choose),
    Way("/records/{name}/add/{kind}", "GET", "add", adding.show),
    Way("/records/{name}/add/{kind}", "POST", "add", adding.send),
    Way("/records/{name}/annex", "GET", "add", annexes.show),
    Way("/records/{name}/annex", "POST", "add", annexes.send, takes_file=True),
    Way("/records/{name}/annexes/{digest}", "GET", "read_records", annexes.give),
    Way("/records/{name}/invite", "GET", "invite", accept.show_invite),
    Way("/records/{name}/invite", "POST", "invite", accept.invite),
    Way("/records/{name}/run", "GET", "watch_runs", runs.show),
    Way("/records/{name}/run/events", "GET", "watch_runs", runs.events),
    Way("/records/{name}/{file}", "GET", "read_documents", records.show_document),
    Way("/cases", "GET", "read_cases", cases.queue),
    Way("/cases/{name}", "GET", "read_cases", cases.show),
    Way("/cases/{name}/annex", "GET", "handle_cases", annexes.show),
    Way("/cases/{name}/annex", "POST", "handle_cases", annexes.send, takes_file=True),
    Way("/cases/{name}/annexes/{digest}", "GET", "read_cases", annexes.give),
    Way("/cases/{name}/{kind}", "GET", "handle_cases", cases.show_event),
    Way("/cases/{name}/{kind}", "POST", "handle_cases", cases.add_event),
    Way("/report", "GET", "report", cases.show_report),
    Way("/report", "POST", "report", cases.report),
    Way("/reported/{name}", "GET", "report", cases.show_reported),
    Way("/reported/{name}/annex", "POST", "report", cases.attach_reported, takes_file=True),
    Way("/reported/{name}/annexes/{digest}", "GET", "report", annexes.give_reported),
    Way("/follow/{token}", "GET", "public", cases.follow),
    Way("/accept/{token}", "GET", "public", accept.show),
    Way("/accept/{token}", "POST", "public", accept.send),
    Way("/accept/{token}/done", "GET", "public", accept.done),
    Way("/reads", "GET", "read_reads", audit.show),
    Way("/machines", "GET", "read_records", lists.machines),
    Way("/machines/{host:path}", "GET", "read_records", lists.machine),
)
"""In this order: the first one that fits a path is taken."""
