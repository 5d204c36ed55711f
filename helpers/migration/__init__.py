"""Move a program from azure-ai-inference to openai: a table, a scan and a rewrite.

`python -m helpers.migration PATH …` lists what a program uses of the old SDK, and what to write
instead; `--diff` shows what can be rewritten, `--write` rewrites it. Nothing is imported or run.
"""
