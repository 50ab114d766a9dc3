"""What a server takes on TLS: protocols, ciphers, and how long its certificate still holds. Tried, not read: each
protocol and each cipher is one handshake, and no data is sent."""

from __future__ import annotations

import socket
import ssl
import warnings

from ansible_collections.oplever.lab.plugins.module_utils import network
from ansible_collections.oplever.lab.plugins.module_utils.machine import UnreadableError
from ansible_collections.oplever.lab.plugins.module_utils.sources import certificate

MAIN = "connect"
SELECTORS = ("connect", "name", "timeout")
NEEDS = ("connect",)
ATTRIBUTES = (
    "exists", "protocols", "ciphers", "without_forward_secrecy", "subject", "issuer", "not_after", "days_left", "names",
    "self_signed",
)  # fmt: skip
RUNNING = True
PROTOCOLS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
# This side takes everything, also what nobody should use: what the server takes is the question.
EVERYTHING = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
MOST = 100
FORWARD_SECRECY = ("ECDHE-", "DHE-", "TLS_")


def describe(select):
    name = " for %s" % select["name"] if select.get("name") else ""
    return "TLS at %s%s" % (select.get("connect"), name)


def endpoint(machine, select):
    return network.endpoint(machine, "tcp", *_Server(select).address)


def look_up(machine, select):
    server = _Server(select)
    if not server.listens(machine):
        return {"exists": False}
    ciphers = {name: server.ciphers(version) for name, version in PROTOCOLS.items()}
    taken = sorted({cipher for suites in ciphers.values() for cipher in suites})
    if not taken:
        return {"exists": False, "protocols": [], "error": "no handshake came about"}
    done = machine.tool(certificate.SHOW, stdin=ssl.DER_cert_to_PEM_cert(server.certificate))
    if done.rc:
        raise UnreadableError("openssl cannot read the certificate of %s" % select["connect"])
    return dict(
        certificate.parse(done.stdout),
        exists=True,
        protocols=[name for name, suites in ciphers.items() if suites],
        ciphers=taken,
        without_forward_secrecy=[cipher for cipher in taken if not cipher.startswith(FORWARD_SECRECY)],
    )


class _Server:
    """One server to shake hands with; `certificate` is the last one that it showed, in DER."""

    def __init__(self, select):
        host, _, port = str(select["connect"]).rpartition(":")
        try:
            self.address = host.strip("[]"), int(port)
        except ValueError:
            raise UnreadableError("%s is not host:port" % select["connect"]) from None
        self.name = str(select.get("name") or self.address[0])
        self.timeout = float(select.get("timeout", 10))
        self.certificate = b""

    def listens(self, machine):
        try:
            network.connect(machine, *self.address, self.timeout).close()
        except ConnectionRefusedError:
            return False
        except OSError as problem:
            raise UnreadableError("%s:%d: %s" % (*self.address, problem)) from None
        return True

    def ciphers(self, version):
        """Names of the ciphers taken with one protocol: each that was chosen is left out of the next offer. Of TLS 1.3
        only the one that the server prefers, since its ciphers cannot be left out."""
        suites = []
        while len(suites) < MOST:
            cipher = self._shake(version, suites)
            if cipher is None or cipher in suites:
                break
            suites.append(cipher)
        return suites

    def _shake(self, version, without):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # old protocols are what is looked for
                context.minimum_version = context.maximum_version = version
            context.set_ciphers(":".join([EVERYTHING, *("!" + cipher for cipher in without if "TLS_" not in cipher)]))
            plain = socket.create_connection(self.address, self.timeout)
            with plain, context.wrap_socket(plain, server_hostname=self.name) as secure:
                self.certificate = secure.getpeercert(binary_form=True) or self.certificate
                return secure.cipher()[0]
        except socket.timeout:
            raise UnreadableError("%s:%d did not answer in time" % self.address) from None
        except (OSError, ValueError):
            return None  # the server, or our own library, will not have it
