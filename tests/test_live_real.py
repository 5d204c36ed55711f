"""Every notebook live, to its end, against a chat server that is not ours: llama.cpp's own."""

import re

import pytest

from notebooks import ALL, read, run, solutions, texts

pytestmark = pytest.mark.usefixtures("quick_kernels")

# What a cell of ours must not end in; what the server refuses is its own affair.
OURS = r"Live, line \d+: (TypeError|KeyError|NameError|AttributeError|IndexError|LookupError)"


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_run_all_reaches_the_end_and_exercises_can_be_solved(path, real_server):
    settings = {
        "HELPERS_MODE": "live",
        "AZURE_INFERENCE_ENDPOINT": f"{real_server}/v1",
        "AZURE_INFERENCE_CREDENTIAL": "any-word-will-do",
        "AZURE_INFERENCE_MODEL": "random-words",
        "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",  # Entra ID looks nowhere else
    }
    done = run(path, extra=solutions(read(path)), env=settings)  # raises if a cell fails
    cells = [cell for cell in done.notebook.cells if cell.cell_type == "code"]
    for cell in cells:
        assert not re.search(OURS, texts(cell)), f"{cell.id}: {texts(cell)}"
        assert "any-word-will-do" not in texts(cell), cell.id
    assert re.search(r"Live: \d+ cells ran", texts(cells[-1])), texts(cells[-1])
    for source, cell in zip(solutions(read(path)), done.extra, strict=True):
        assert "✓ Right" in texts(cell), f"{source}\n{texts(cell)}"
