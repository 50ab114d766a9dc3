"""An archive of an image that `podman load` reads, with the busybox of this machine alone. Prints the id of the image.

Made of the same program it is the same image: no time is in it.
"""

import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

BUSYBOX = Path("/bin/busybox")


def archive_of(files: dict[str, tuple[bytes, int]]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, (data, mode) in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), mode
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def main(path: str, name: str, page: str) -> None:
    layer = archive_of({
        "bin/busybox": (BUSYBOX.read_bytes(), 0o755),
        "srv/index.html": (page.encode(), 0o644),
    })  # fmt: skip
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "created": "2026-01-01T00:00:00Z",
        "config": {"Cmd": ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/srv"], "StopSignal": "SIGKILL"},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
    }).encode()  # fmt: skip
    number = hashlib.sha256(config).hexdigest()
    manifest = json.dumps([{"Config": number + ".json", "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
    parts = {number + ".json": (config, 0o644), "layer.tar": (layer, 0o644), "manifest.json": (manifest, 0o644)}
    Path(path).write_bytes(archive_of(parts))
    print(number)


if __name__ == "__main__":
    main(*sys.argv[1:])
