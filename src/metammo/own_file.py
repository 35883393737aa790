"""How is a file of the user's imported? By its path, and by what it says at that moment.

Its module keeps that text: the file may be edited while what was made of it is at work.
"""

import hashlib
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

_TEXTS: dict[str, bytes] = {}
"""What was run, by the module's name."""


def import_file(path: Path, kind: str) -> ModuleType:
    """Run a file and return its module; one that says the same as before is not run again.

    Args:
        path: the file's.
        kind: what is looked for in it, a part of the module's name.

    Raises:
        OSError: it cannot be read.
        Exception: whatever it raises itself.
    """
    path = path.resolve()
    text = path.read_bytes()
    digest = hashlib.blake2b(text + str(path).encode(), digest_size=6).hexdigest()
    name = f"metammo_{kind}_{re.sub(r'[^a-z0-9_]', '_', path.stem.lower())}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    # Compiled here rather than by its loader, which would read it once more, edited perhaps.
    code = compile(text, str(path), "exec", dont_inherit=True)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise ImportError(f"{path} is no file of Python's")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        exec(code, module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    _TEXTS[name] = text
    return module


def text_of(module: str) -> bytes | None:
    """Return the text that `import_file` has run, by the module's name; None if it was not that."""
    return _TEXTS.get(module)
