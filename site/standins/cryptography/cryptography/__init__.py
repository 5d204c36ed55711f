"""Names that azure-identity and msal import for certificates. Using one raises NotImplementedError.

There is no wheel of cryptography for the browser on the package index; see CONTRIBUTING.md.
"""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import NoReturn

__version__ = "50.0.2+standin"
_MODULES = (
    "exceptions",
    "fernet",
    "hazmat",
    "hazmat.backends",
    "hazmat.primitives",
    "hazmat.primitives.asymmetric",
    "hazmat.primitives.asymmetric.padding",
    "hazmat.primitives.asymmetric.rsa",
    "hazmat.primitives.hashes",
    "hazmat.primitives.serialization",
    "hazmat.primitives.serialization.pkcs12",
    "x509",
)


def _refuse(*_: object, **__: object) -> NoReturn:
    raise NotImplementedError(
        "cryptography is a stand-in in the browser: certificates need Python on a computer."
    )


class _Module(ModuleType):
    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Exception,), {"__init__": _refuse})

    def __call__(self, *_: object, **__: object) -> NoReturn:
        _refuse()


for _name in _MODULES:
    _path = f"{__name__}.{_name}"
    _module = _Module(_path)
    _module.__path__ = []
    _module.__spec__ = ModuleSpec(_path, None, is_package=True)
    sys.modules[_path] = _module
    _parent, _, _leaf = _path.rpartition(".")
    setattr(sys.modules[_parent], _leaf, _module)
