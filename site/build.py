"""Build the site: pages, and beside them the browser edition, in one static folder.

Usage: python site/build.py OUTPUT [--wheels FOLDER] [--repository ADDRESS] [--no-solutions]
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import browser
import colab
import icons
import learners
import pages

SITE = Path(__file__).parent
COURSE = SITE.parent


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument("output", type=Path, help="the folder to make; what it held is removed")
    parser.add_argument("--wheels", type=Path, help="wheels for Pyodide in place of stand-ins")
    parser.add_argument("--repository", default="", help="address, for badges; none without")
    parser.add_argument("--no-solutions", action="store_true", help="leave the solutions out")
    options = parser.parse_args()
    began = time.monotonic()
    output = options.output.resolve()
    work = output.with_name(output.name + "-work")
    shutil.rmtree(output, ignore_errors=True)
    course = COURSE
    if options.no_solutions:
        course = learners.copy_for_learners(COURSE, work / "course")
    try:
        build_pages(course, work, output, options.repository)
        browser.build(course, work, output / "lite", options.wheels)
    except (browser.NotBuilt, subprocess.CalledProcessError) as error:
        print(f"The site is not built: {error}", file=sys.stderr)
        return 1
    for font in output.glob("lite/build/fa-*"):
        if font.suffix != ".woff2":
            font.unlink()  # for browsers that are too old for the rest
    if options.repository:
        colab.write_copies(course, output / "colab", options.repository)
    (output / ".nojekyll").touch()  # GitHub Pages: take the folder as it is
    files = [path for path in output.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    seconds = time.monotonic() - began
    print(f"{output}: {len(files)} files, {size:.1f} MB, {seconds:.0f} s. To look at it:")
    print(f"  python3 -m http.server --bind 127.0.0.1 --directory {os.path.relpath(output)} 8000")
    return 0


def build_pages(course: Path, work: Path, output: Path, repository: str) -> None:
    """The pages, by Sphinx, whose warnings are shown. Raises CalledProcessError."""
    source = work / "pages"
    pages.prepare(course, source)
    command = [sys.executable, "-m", "sphinx", "--builder", "html", "--quiet"]
    command += ["--conf-dir", str(SITE), "--doctree-dir", str(work / "doctrees")]
    environment = os.environ | {"SITE_REPOSITORY": repository}
    subprocess.run([*command, str(source), str(output)], check=True, env=environment)
    for left_over in [output / ".buildinfo", *output.rglob("*.map")]:
        left_over.unlink(missing_ok=True)
    shutil.rmtree(output / "_sources", ignore_errors=True)
    icons.keep_used(output)


if __name__ == "__main__":
    sys.exit(main())
