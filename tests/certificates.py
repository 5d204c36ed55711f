"""Certificates of authorities, read once for each process and those forked from it.

Each client of httpx reads them all: half the time of a test that talks to a server on this machine.
"""

import os
import ssl
from collections.abc import Callable

import httpcore2


def once(make: Callable) -> Callable:
    """Keep what a function makes, for each set of arguments and of certificates."""
    kept = {}

    def made(*args, **options):
        files = [os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")]
        key = (*args, *options.items(), *files)
        if key not in kept:
            kept[key] = make(*args, **options)
        return kept[key]

    return made


ssl.create_default_context = once(ssl.create_default_context)
httpcore2.default_ssl_context = once(httpcore2.default_ssl_context)
httpcore2.default_ssl_context(_trust_env=True)  # as openai's clients call it
