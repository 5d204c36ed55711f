"""nbval must be able to fail: one word changed in one recording turns the run red."""

import re
import shutil
import subprocess
import sys

from notebooks import NOTEBOOKS


def nbval(folder) -> subprocess.CompletedProcess:
    (folder / "pytest.ini").write_text("[pytest]\n")  # not the project's own settings
    command = [sys.executable, "-m", "pytest", "--rootdir", folder, "-p", "no:cacheprovider", "-q"]
    options = [
        "--nbval",
        "--nbval-current-env",
        "--nbval-cell-timeout=60",
        folder / "00_start_here.ipynb",
    ]
    return subprocess.run([*command, *options], capture_output=True, text=True, cwd=folder)


def test_one_changed_word_turns_the_run_red(tmp_path):
    shutil.copytree(NOTEBOOKS, tmp_path, dirs_exist_ok=True)
    recordings = tmp_path / "recordings" / "00_start_here.yaml"
    text = recordings.read_text("utf-8")
    assert text.count("Bonjour!") == 1
    recordings.write_text(text.replace("Bonjour!", "Bonsoir!"), "utf-8")
    done = nbval(tmp_path)
    assert done.returncode == 1, done.stdout
    # All cells that show this answer.
    assert "Cell outputs differ" in done.stdout and re.search(r"[3-9] failed", done.stdout)
