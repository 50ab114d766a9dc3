"""Use LibreOffice without a screen as the user who runs this, and tell what it did; leaves nothing behind.

`use.py SETTINGS`. SETTINGS is JSON: `programs`, a list; `settings`, each with `path`, `name`, `value` and `locked`. It
has an empty profile, and is asked over its own interface (UNO) through a pipe of this user.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.uno import Exception as UnoException

PATIENCE = 60  # seconds; a machine that has just started is slow
READ_ONLY = 16  # a bit of com.sun.star.beans.PropertyAttribute
WORDS = "Leerlingen lezen"


def properties(**values):
    return tuple(PropertyValue(Name=name, Value=value) for name, value in values.items())


def connect(name, process):
    """The context of LibreOffice; None when it does not start."""
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            return resolver.resolve(f"uno:pipe,name={name};urp;StarOffice.ComponentContext")
        except NoConnectException:
            time.sleep(0.2)
    return None


def node_at(context, path):
    name = "com.sun.star.configuration.Configuration"
    provider = context.ServiceManager.createInstanceWithContext(name + "Provider", context)
    return provider.createInstanceWithArguments(name + "UpdateAccess", properties(nodepath=path))


def differing(context, settings):
    """The settings that LibreOffice reads otherwise, or lets people change though it should not."""
    wrong = []
    for setting in settings:
        try:
            node = node_at(context, setting["path"])
        except UnoException:  # the program that it belongs to is not there
            wrong.append(setting["path"] + " is not there")
            continue
        value = node.getByName(setting["name"])
        text = str(value).lower() if isinstance(value, bool) else str(value)
        attributes = node.getPropertySetInfo().getPropertyByName(setting["name"]).Attributes
        if text != setting["value"] or (setting["locked"] and not attributes & READ_ONLY):
            state = "locked" if attributes & READ_ONLY else "free"
            wrong.append(f"{setting['path']} {setting['name']} is {text}, {state}")
    return wrong


def new(desktop, program):
    """A document of this program; None when the program is not there."""
    try:
        return desktop.loadComponentFromURL("private:factory/s" + program, "_blank", 0, properties(Hidden=True))
    except UnoException:
        return None


def write(document, home):
    """What a letter is saved as when nobody says how, and text and paper of the PDF that is made of it."""
    document.Text.setString(WORDS)
    saved, pdf = os.path.join(home, "saved"), os.path.join(home, "letter.pdf")
    document.storeToURL("file://" + pdf, properties(FilterName="writer_pdf_Export"))
    document.storeAsURL("file://" + saved, ())
    with zipfile.ZipFile(saved) as package:
        is_odf = "mimetype" in package.namelist()
    text = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True).stdout
    facts = subprocess.run(["pdfinfo", pdf], capture_output=True, text=True, check=True).stdout
    size = next(line.split(":", 1)[1].split() for line in facts.splitlines() if line.startswith("Page size"))
    return {
        "saved": "odf" if is_odf else "ooxml",
        "text": text.strip(),
        "paper": [round(float(size[0])), round(float(size[2]))],
    }


def calculate(document):
    cell = document.Sheets.getByIndex(0).getCellByPosition(0, 0)
    cell.Formula = "=6*7"
    return cell.Value


def look(context, home, wanted):
    """What LibreOffice does, by name."""
    desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
    # It writes there in which language it started.
    language = node_at(context, "/org.openoffice.Setup/L10N").getByName("ooLocale")
    seen = {"differs": differing(context, wanted["settings"]), "language": language}
    for program in wanted["programs"]:
        document = new(desktop, program)
        seen[program] = document is not None
        if document is None:
            continue
        if program == "writer":
            seen.update(write(document, home))
        if program == "calc":
            seen["sum"] = calculate(document)
        document.close(True)
    return seen


def main(wanted):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        name = os.path.basename(home)
        command = ["soffice", "--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck"]
        process = subprocess.Popen(
            [*command, f"-env:UserInstallation=file://{home}/profile", f"--accept=pipe,name={name};urp;"],
            env=dict(os.environ, HOME=home, XDG_RUNTIME_DIR=home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            context = connect(name, process)
            seen = look(context, home, wanted) if context else {"started": False}
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
    for key, value in sorted(seen.items()):
        print(key + "=" + json.dumps(value))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
