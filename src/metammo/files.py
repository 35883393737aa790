"""How is a file written so that nobody ever sees half of it? Beside its place, then renamed."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Give an empty file beside a path, which takes the path's place when all went well.

    Its name is its own, so that several may write the same file at once: the last one stays. What
    was there before stays until then, also when what is written fails.

    Raises:
        OSError: there is no folder, no right or no space.
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    # Made at once: a folder that cannot be written to is told before the work, not after.
    part.touch(exist_ok=False)
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
