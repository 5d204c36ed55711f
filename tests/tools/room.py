"""Can this computer run the course, offline? A line for each check, and the remedy where one fails.

Usage: make room, or: python tests/tools/room.py. It takes about 20 seconds and sends nothing.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 60  # for one check
BROWSERS = ("chromium", "google-chrome", "firefox", "microsoft-edge", "brave-browser", "safari")
IMPORTS = "import aiohttp, azure.ai.inference, azure.identity, helpers, jupyterlab, openai, PIL"
LOAD = """
from pathlib import Path
from helpers.replay import load
files = sorted(Path("notebooks/recordings").glob("*.yaml"))
notebooks = {path.stem for path in Path("notebooks").glob("[0-9][0-9]_*.ipynb")}
missing = notebooks - {path.stem for path in files}
assert notebooks and not missing, f"no recordings of {sorted(missing) or 'any notebook'}"
print(len(files), "files,", sum(len(load(path).recordings) for path in files), "recordings")
"""
CALL = """
import asyncio

import requests, aiohttp, openai
from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import UserMessage
from azure.core.credentials import AzureKeyCredential
from helpers import start
import contextlib, io, os
with contextlib.redirect_stdout(io.StringIO()):
    start("00_start_here")
question = "Say hello in three languages."
body = {"model": os.environ["AZURE_INFERENCE_MODEL"],
        "messages": [{"role": "user", "content": question}]}
endpoint, key = os.environ["AZURE_INFERENCE_ENDPOINT"], os.environ["AZURE_INFERENCE_CREDENTIAL"]
url, headers = endpoint + "/chat/completions?api-version=2024-05-01-preview", {"api-key": key}
def azure():
    client = ChatCompletionsClient(endpoint, AzureKeyCredential(key), model=body["model"])
    return client.complete(messages=[UserMessage(question)]).choices[0].message.content
def with_requests():
    return requests.post(url, json=body, headers=headers).json()["choices"][0]["message"]["content"]
def with_openai():
    client = openai.OpenAI(base_url=endpoint, default_query={"api-version": "2024-05-01-preview"},
                           api_key=key)
    return client.chat.completions.create(**body).choices[0].message.content
async def ask_aiohttp():
    async with aiohttp.ClientSession() as session:
        async with session.post(url, json=body, headers=headers) as reply:
            return (await reply.json())["choices"][0]["message"]["content"]
answers = {azure(), with_requests(), with_openai(), asyncio.run(ask_aiohttp())}
assert len(answers) == 1 and answers.pop(), answers
print("azure-ai-inference, openai, requests, aiohttp")
"""

HOMES = """
import tempfile
from pathlib import Path
from jupyter_core.paths import jupyter_config_dir, jupyter_data_dir, jupyter_runtime_dir
for name in (jupyter_config_dir(), jupyter_data_dir(), jupyter_runtime_dir()):
    path = Path(name).absolute()
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    tempfile.TemporaryFile(dir=there).close()
print(Path(jupyter_config_dir()).parent)
"""


class Wrong(Exception):
    """A check fails. The message says what is wrong."""


@dataclass(frozen=True)
class Check:
    """What is checked, how, and what to do where it fails.

    Attributes:
        after_setup: it only makes sense where the first check, of the set-up, is well.
    """

    name: str
    look: Callable[[], str]
    remedy: str
    after_setup: bool = False


def course_python() -> Path:
    """The Python of .venv, or, without one, the Python that runs this (conda, for example)."""
    folder = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    python = ROOT / ".venv" / folder
    return python if python.exists() else Path(sys.executable)


def output_of(*arguments: str, folder: str = ".") -> str:
    """The last line that the course's Python prints. Raises Wrong with its error.

    Args:
        arguments: of Python.
        folder: where in the course it runs.
    """
    environment = os.environ | {"HELPERS_MODE": "replay", "HELPERS_PACE": "0"}
    command, place = [str(course_python()), *arguments], ROOT / folder
    try:
        done = subprocess.run(
            command, cwd=place, env=environment, capture_output=True, text=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise Wrong(f"no end after {SECONDS} seconds") from None
    except OSError as error:
        raise Wrong(str(error)) from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise Wrong(lines[-1][:200])
    return (done.stdout.strip().splitlines() or [""])[-1]


def setup() -> str:
    output_of("-c", IMPORTS, folder="notebooks")  # as a notebook imports them
    return output_of("-c", "import platform; print('Python', platform.python_version())")


def recordings() -> str:
    return output_of("-c", LOAD)


def calls() -> str:
    return output_of("-c", CALL)


def notebook() -> str:
    output_of(str(ROOT / "tests" / "tools" / "run_notebooks.py"), "00_start_here")
    return "00_start_here, from first cell to last"


def port() -> str:
    try:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            number = listener.getsockname()[1]
            with socket.create_connection(("127.0.0.1", number), timeout=5):
                return f"127.0.0.1:{number}"
    except OSError as error:
        raise Wrong(str(error)) from None


def home() -> str:
    return output_of("-c", HOMES)


def writing() -> str:
    try:
        with tempfile.NamedTemporaryFile(dir=ROOT / "notebooks", prefix=".room-") as file:
            file.write(b"hello")
    except OSError as error:
        raise Wrong(str(error)) from None
    return "the folder notebooks"


def browser() -> str:
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    try:
        return str(getattr(webbrowser.get(), "name", "the system's own"))
    except webbrowser.Error as error:
        raise Wrong(str(error)) from None


CHECKS = (
    Check("set-up", setup, "run make setup once, with the internet or from a wheelhouse"),
    Check("recordings", recordings, "fetch them again: git checkout -- notebooks/recordings", True),
    Check("a call under each library", calls, "delete the folder .venv, then run make setup", True),
    Check("a notebook", notebook, "run make run NB=00_start_here, and read what it says", True),
    Check("a home for Jupyter", home, 'run make lab HOME="$PWD/.venv"', True),
    Check("a port for Jupyter", port, "allow connections to 127.0.0.1 in the firewall"),
    Check("writing", writing, "copy the course to a folder of your own, not read-only"),
    Check("a browser", browser, "install one, or open the address that Jupyter prints elsewhere"),
)


def report(checks: tuple[Check, ...] = CHECKS) -> int:
    """Print a line for each check. Return how many fail."""
    wrong, set_up = 0, True
    for check in checks:
        if check.after_setup and not set_up:
            print(f"     {check.name}: not looked at without set-up")
            continue
        try:
            print(f"ok   {check.name}: {check.look()}", flush=True)
        except Wrong as error:
            wrong += 1
            set_up = set_up and check.look is not setup
            print(f"FIX  {check.name}: {error}\n     {check.remedy}", flush=True)
    print(f"{wrong} to fix." if wrong else "This computer can run the course, offline.")
    return wrong


if __name__ == "__main__":
    sys.exit(1 if report() else 0)
