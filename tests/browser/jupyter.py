"""A JupyterLab on this machine for the browser tests, and a hand on the notebook that it shows."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Page

from g4lab.commands.lab import server_arguments, settings_path

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS = [
    "--IdentityProvider.token=",
    "--ServerApp.port_retries=0",
    "--LabApp.expose_app_in_browser=True",
]
OWN_FOLDERS = (
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
    "IPYTHONDIR",
)


def setup(*lines: str) -> str:
    """A first cell that finds the tests' own helpers."""
    return "\n".join(["import sys", f"sys.path.insert(0, {str(ROOT)!r})", *lines])


class Server:
    """JupyterLab serving one folder, started as `g4lab lab` starts it but with settings of its own."""

    def __init__(self, folder: Path):
        self.folder = folder / "notebooks"
        self.folder.mkdir()
        self.port = _free_port()
        environment = {**os.environ, "JUPYTER_CONFIG_PATH": settings_path({})}
        environment |= {name: str(folder / name.lower()) for name in OWN_FOLDERS}
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            environment.pop(name, None)
        command = [sys.executable, "-m", "jupyterlab", *server_arguments(self.folder, self.port, browser=False)]
        self.log = open(folder / "jupyter.log", "wb")
        self.environment = environment
        self.process = subprocess.Popen(
            [*command, *ARGUMENTS], env=environment, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True
        )
        self._wait()

    def add(self, name: str, *cells: str) -> str:
        """Write a notebook of code cells into the served folder; returns its name."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        # without a kernel's name Lab would ask for one
        notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
        nbformat.write(notebook, self.folder / name)
        return name

    def url(self, name: str) -> str:
        """The page that shows one notebook, in a workspace of its own."""
        return f"http://127.0.0.1:{self.port}/lab/workspaces/{Path(name).stem}/tree/{name}?reset"

    def trust(self, path: Path) -> None:
        """Sign a notebook, as somebody who has read it does."""
        code = "import sys; from nbformat.sign import TrustNotebookApp; TrustNotebookApp.launch_instance(sys.argv[1:])"
        subprocess.run([sys.executable, "-c", code, str(path)], env=self.environment, check=True)

    def stop(self) -> None:
        """Stop the server, and with it its kernels."""
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()

    def _wait(self) -> None:
        for _ in range(300):
            time.sleep(0.2)
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/status", timeout=5):
                    return
            except OSError:
                assert self.process.poll() is None, f"JupyterLab ended: see {self.log.name}"
        raise TimeoutError(f"JupyterLab did not answer: see {self.log.name}")


class Notebook:
    """One open notebook. Its commands go through Lab's own, not through menus."""

    READY = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"

    def __init__(self, page: Page, url: str, folder: Path | None = None):
        self.page, self.folder = page, folder
        page.goto(url)
        page.wait_for_function(self.READY, timeout=60_000)

    def run_all(self) -> None:
        """Run all cells and wait for the last."""
        self.start_all()
        self.wait_all()

    def start_all(self) -> None:
        """Begin to run all cells."""
        # a command's promise can stay open for ever, so the page keeps a mark instead
        self.page.evaluate("""() => {
            window.ran = false;
            window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => { window.ran = true; });
        }""")

    def wait_all(self) -> None:
        """Wait for the last of them."""
        self.page.wait_for_function("window.ran", timeout=120_000)

    def execute(self, code: str) -> str:
        """Run code in the notebook's kernel, beside its cells; returns what it printed."""
        return self.page.evaluate(
            """async (code) => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const future = kernel.requestExecute({ code });
                let text = '';
                future.onIOPub = ({ content }) => { text += content.text ?? content.traceback?.join('\\n') ?? ''; };
                await future.done;
                return text;
            }""",
            code,
        )

    def told(self, expression: str) -> Any:
        """What the kernel says that an expression is."""
        return json.loads(self.execute(f"import json; print(json.dumps({expression}))"))

    def save(self) -> dict:
        """Save it, and read what was written."""
        self.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
        self.page.wait_for_function("!window.jupyterapp.shell.currentWidget.model.dirty")
        path = self.page.evaluate("window.jupyterapp.shell.currentWidget.context.path")
        return json.loads((self.folder / path).read_text(encoding="utf-8"))

    def cells(self) -> int:
        """How many cells the notebook has."""
        return self.page.evaluate("window.jupyterapp.shell.currentWidget.content.widgets.length")

    def theme(self, name: str) -> None:
        """Switch Lab's theme: "Light" or "Dark"."""
        self.page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", f"JupyterLab {name}"
        )
        light = json.dumps(str(name == "Light").lower())
        self.page.wait_for_function(f"document.body.dataset.jpThemeLight === {light}")
        self.page.wait_for_timeout(700)

    def failures(self) -> list[str]:
        """The errors in the cells' outputs."""
        return self.page.evaluate("""() => window.jupyterapp.shell.currentWidget.content.widgets
            .filter((cell) => cell.model.type === 'code')
            .flatMap((cell) => cell.model.outputs.toJSON())
            .filter((output) => output.output_type === 'error')
            .map((output) => `${output.ename}: ${output.evalue}`)""")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
