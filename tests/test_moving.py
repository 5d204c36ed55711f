"""old_to_new.yaml, which notebook 08 and the README share.

It holds, and nothing that the course uses is missing.
"""

import ast
import re

import azure.core.exceptions
import openai
import yaml
from azure.ai.inference import models

from notebooks import ALL, NOTEBOOKS, read

ROWS = yaml.safe_load((NOTEBOOKS / "old_to_new.yaml").read_text("utf-8"))
OLD = " ".join(row["old"] for row in ROWS)


def code_of(name: str) -> list[ast.Module]:
    return [
        ast.parse(c.source)
        for c in read(NOTEBOOKS / f"{name}.ipynb").cells
        if c.cell_type == "code"
    ]


def test_each_row_is_whole_and_its_section_is_there():
    headings = {
        h
        for c in read(NOTEBOOKS / "08_openai_v1.ipynb").cells
        for h in re.findall(r"^## (.+)$", c.source, re.M)
    }
    for row in ROWS:
        assert set(row) == {"old", "new", "kind", "section"}, row
        assert row["kind"] in ("class", "keyword", "method", "attribute", "exception"), row
        assert row["section"] in headings, row
    assert len({row["old"] for row in ROWS}) == len(ROWS)


def test_the_names_exist():
    for row in ROWS:
        name = re.match(r"\w+", row["old"])[0]
        if row["kind"] == "exception":
            assert hasattr(azure.core.exceptions, name), row
            assert hasattr(openai, re.search(r"openai\.(\w+)", row["new"])[1]), row
        elif row["kind"] == "class" and name not in (
            "ChatCompletionsClient",
            "AzureKeyCredential",
            "aio",
        ):
            assert hasattr(models, name), row


def test_every_class_that_the_course_uses_is_in_it():
    for path in ALL[:-1]:
        for module in code_of(path.stem):
            for node in ast.walk(module):
                if isinstance(node, ast.ImportFrom) and node.module in (
                    *("azure.ai.inference", "azure.ai.inference.models"),
                    *("azure.core.exceptions", "azure.core.credentials"),
                ):
                    for name in (alias.name for alias in node.names if alias.name != "models"):
                        assert name in OLD or name == "IncompleteReadError", f"{path.stem}: {name}"
