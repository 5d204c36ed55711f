"""Sphinx's settings for the pages. `pages.py` prepares the folder that they are built from."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
project = html_title = "Chat models on Azure"
extensions = ["myst_nb", "sphinx_copybutton"]
exclude_patterns = ["recordings", "README.md"]
suppress_warnings = ["myst.header", "mystnb.mime_priority"]

nb_execution_mode = "off"  # the saved outputs are the tested ones
myst_heading_anchors = 4
myst_heading_slug_func = "pages.jupyter_anchor"

templates_path = [str(Path(__file__).parent / "_templates")]
html_theme = "sphinx_book_theme"
html_static_path = [str(Path(__file__).parent / "_static")]
html_css_files = ["site.css"]
html_js_files = ["tables.js"]
html_show_sourcelink = False
html_copy_source = False
html_context = {
    "repository": os.environ.get("SITE_REPOSITORY", "").removesuffix("/").removesuffix(".git"),
}
html_theme_options = {
    "article_header_start": ["toggle-primary-sidebar.html", "run.html"],
    "footer_content_items": ["extra-footer.html"],
    "extra_footer": "Code: MIT licence. Text and pictures: CC BY 4.0.",
    "home_page_in_toc": True,
    "navbar_persistent": [],  # the sidebar has a search of its own
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
}
