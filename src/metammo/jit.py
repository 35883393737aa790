"""Who compiles: the one module that imports numba.

Every kernel of the package is made by one of two decorators; in both, `int(...)` gives 64 bits:

* `@kernel`: called by other kernels only. It has no Python wrapper, which halves its compile time.
* `@entry`: called from Python, releases the global interpreter lock.

Compiled code is kept on disk, in a folder whose name is a hash of every source file that holds
kernels which others call, of the versions of Numba, NumPy and Python, and of the compiler flags. An
edit in any of those files therefore recompiles, an edit elsewhere (the learner, the command line)
does not, and checked and unchecked builds never mix. Numba alone would notice only edits in the
kernel's own file.

Modes, chosen by environment variables before the first import:

* `NUMBA_DISABLE_JIT=1`: kernels are plain Python functions (breakpoints, line coverage).
* `NUMBA_BOUNDSCHECK=1`: every index is checked, in a cache of its own.
* `METAMMO_CACHE=FOLDER`: where compiled kernels are kept.
"""

import hashlib
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar, overload

import numba
import numpy

Function = TypeVar("Function", bound=Callable[..., Any])

PACKAGE = Path(__file__).parent
KERNEL_PACKAGES = ("rules", "world", "maps", "tick", "tasks", "observe")
"""Folders whose sources decide what the compiled tick is; `actions.py` and this file count too."""

FRAMEWORK = (
    *("minigame.py", "definition.py", "table.py", "seats.py"),
    *("episode.py", "soldiers.py", "verdicts.py", "outcomes.py"),
)
"""Files of `minigames` that every game rests on. A game's own file is keyed by its own text."""

PLAYERS = ("instincts.py", "roles.py", "scripted.py", "smith.py", "ways.py")
"""Files of `policies` that hold kernels which others call."""

WIDE_INT = "__int64__"
"""Name, in the modules of kernels, of what `int` stands for in compiled code."""

_CYCLE_COUNTERS = {
    **dict.fromkeys(("x86_64", "amd64"), "llvm.readcyclecounter"),
    **dict.fromkeys(("aarch64", "arm64"), "llvm.readsteadycounter"),
}

IS_COMPILED = not numba.config.DISABLE_JIT
"""False in the pure-Python mode."""

IS_BOUNDS_CHECKED = bool(numba.config.BOUNDSCHECK)


def source_files() -> list[Path]:
    """Return the source files whose text decides what compiled kernels do, in a fixed order."""
    files = [PACKAGE / "actions.py", PACKAGE / "jit.py"]
    for folder in KERNEL_PACKAGES:
        files.extend(sorted((PACKAGE / folder).glob("*.py")))
    files.extend(PACKAGE / "minigames" / name for name in FRAMEWORK)
    files.extend(PACKAGE / "policies" / name for name in PLAYERS)
    return [file for file in files if file.exists()]


def key_of(texts: Iterable[bytes]) -> str:
    """Return a short key of the given texts, the versions and the compiler flags."""
    digest = hashlib.blake2b(digest_size=10)
    versions = (
        numba.__version__,
        numpy.__version__,
        platform.python_version(),
        str(IS_BOUNDS_CHECKED),
        str(numba.config.CPU_NAME),
        str(numba.config.OPT),
    )
    for text in (*(version.encode() for version in versions), *texts):
        digest.update(len(text).to_bytes(8, "little"))
        digest.update(text)
    return digest.hexdigest()


def cache_root() -> Path:
    """Return the folder under which every version's compiled kernels lie."""
    chosen = os.environ.get("METAMMO_CACHE")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "metammo"


SOURCE_KEY = key_of(file.read_bytes() for file in source_files())
"""Names the state of all kernel-bearing sources."""


def cache_folder() -> Path:
    """Return the folder of this version's compiled kernels, made if it was not there."""
    folder = cache_root() / SOURCE_KEY
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _widen_int(function: Callable[..., Any]) -> None:
    """Let `int(...)` mean 64 bits in a kernel, as it means no limit in Python.

    Numba's own `int` keeps the type of a narrow column, so that every helper would be compiled
    again for each width it is called with. The name is exchanged in the kernel's code alone; the
    rest of its module keeps Python's `int`.
    """
    code = function.__code__
    names = tuple(WIDE_INT if name == "int" else name for name in code.co_names)
    function.__globals__[WIDE_INT] = numpy.int64
    function.__code__ = code.replace(co_names=names)


def _compile(function: Function, **options: Any) -> Function:
    if not IS_COMPILED:
        return function
    _widen_int(function)
    previous = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_folder())
    try:
        return numba.njit(cache=True, error_model="numpy", **options)(function)
    finally:
        numba.config.CACHE_DIR = previous


def kernel(function: Function) -> Function:
    """Compile a function that only kernels call."""
    return _compile(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


@overload
def entry(function: Function) -> Function: ...
@overload
def entry() -> Callable[[Function], Function]: ...
def entry(function: Function | None = None) -> Any:
    """Compile a function that Python calls; it runs without the global interpreter lock."""
    if function is None:
        return entry
    return _compile(function, nogil=True, no_cfunc_wrapper=True)


if IS_COMPILED:

    @numba.extending.intrinsic
    def cycle_count(context: Any) -> Any:
        """Read the processor's clock, int64; 0 where it has none that a program may read."""
        kind = numba.core.types.int64()

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            word = context.get_value_type(signature.return_type)
            name = _CYCLE_COUNTERS.get(platform.machine().lower())
            if name is None:
                return context.get_constant(signature.return_type, 0)
            no_arguments = numba.core.cgutils.ir.FunctionType(word, [])
            counter = builder.module.declare_intrinsic(name, fnty=no_arguments)
            return builder.call(counter, [])

        return kind, generate

else:
    cycle_count = time.perf_counter_ns


if IS_COMPILED:

    @numba.extending.intrinsic
    def take_number(context: Any, numbers: Any, place: Any) -> Any:
        """Return a number of an int64 array and count it up, as one step for all threads."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            data = context.make_array(numbers)(context, builder, arguments[0]).data
            number = builder.gep(data, [arguments[1]])
            one = context.get_constant(numba.core.types.int64, 1)
            return builder.atomic_rmw("add", number, one, "monotonic")

        whole = numba.core.types.int64
        if numbers.dtype != whole:
            raise numba.core.errors.TypingError("take_number needs an int64 array")
        return whole(numbers, whole), generate

    @numba.extending.intrinsic
    def prefetch(context: Any, array: Any, place: Any, byte: Any) -> Any:
        """Ask for the cache line around a byte of an array's item, soon to be written.

        `place` is that of the item in the flat array, which must be C-contiguous. A hint: nothing
        is read, so no place can be wrong.
        """

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            ir = numba.core.cgutils.ir
            data = context.make_array(array)(context, builder, arguments[0]).data
            item = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
            word = ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [item.type, word, word, word])
            hint = builder.module.declare_intrinsic("llvm.prefetch", [item.type], kind)
            # To be written, to be kept in all levels, data.
            line = builder.gep(item, [arguments[2]])
            builder.call(hint, [line, word(1), word(3), word(1)])
            return context.get_dummy_value()

        whole = numba.core.types.int64
        return numba.core.types.void(array, whole, whole), generate

else:

    def take_number(numbers: Any, place: int) -> int:
        """Return a number and count it up; for one thread."""
        numbers[place] += 1
        return int(numbers[place]) - 1

    def prefetch(array: Any, place: int, byte: int) -> None:
        """Do nothing: without a compiler, memory is not what takes the time."""


if IS_COMPILED and not IS_BOUNDS_CHECKED:

    @numba.extending.intrinsic
    def copy_numbers(
        context: Any, target: Any, to: Any, source: Any, start: Any, count: Any
    ) -> Any:
        """Copy `count` numbers of a C-contiguous array into another of the same type.

        `to` and `start` are places in the flat arrays. With a constant count this is one or two
        machine words a call, where a loop over 15 bytes is 15 loads and stores.
        """
        if target.dtype != source.dtype or "C" not in target.layout or "C" not in source.layout:
            raise numba.core.errors.TypingError("copy_numbers needs contiguous arrays of one type")

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            types = signature.args
            size = context.get_abi_sizeof(context.get_data_type(types[0].dtype))
            places = [
                builder.gep(
                    context.make_array(types[array])(context, builder, arguments[array]).data,
                    [arguments[offset]],
                )
                for array, offset in ((0, 1), (2, 3))
            ]
            numba.core.cgutils.raw_memcpy(builder, *places, arguments[4], size, align=1)
            return context.get_dummy_value()

        whole = numba.core.types.int64
        return numba.core.types.void(target, whole, source, whole, whole), generate

else:

    def copy_numbers(target: Any, to: int, source: Any, start: int, count: int) -> None:
        """Copy numbers; see above. Here index by index, so that every one can be checked."""
        target, source = target.reshape(-1), source.reshape(-1)
        for index in range(count):
            target[to + index] = source[start + index]

    if IS_COMPILED:
        copy_numbers = kernel(copy_numbers)


if IS_COMPILED:

    @numba.extending.intrinsic
    def call_far(context: Any, places: Any, place: Any, *arguments: Any) -> Any:
        """Call a kernel by its place in memory, `places[place]` of `find_kernels`.

        Nothing of it becomes part of the caller, which therefore compiles as quickly as if it were
        not called. It returns nothing, and must have been found for arguments of these types.
        """
        nothing = numba.core.types.none
        given = numba.core.types.StarArgTuple(arguments)

        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            convention, cgutils = context.call_conv, numba.core.cgutils
            data = context.make_array(places)(context, builder, values[0]).data
            address = builder.load(builder.gep(data, [values[1]]))
            kind = convention.get_function_type(nothing, given.types)
            kernel = builder.inttoptr(address, kind.as_pointer())
            passed = cgutils.unpack_tuple(builder, values[2])
            status, _ = convention.call_function(builder, kernel, nothing, given.types, passed)
            with cgutils.if_unlikely(builder, status.is_error):
                convention.return_status_propagate(builder, status)
            return context.get_dummy_value()

        whole = numba.core.types.int64
        return nothing(places, whole, given), generate

    def find_kernels(calls: Iterable[tuple[Any, tuple[Any, ...]]]) -> Any:
        """Return where kernels lie in memory for `call_far`, int64[kernels]; compile what is not.

        Args:
            calls: each kernel, and arguments of the types that it will be called with.
        """
        places = []
        for function, arguments in calls:
            types = tuple(map(numba.typeof, arguments))
            function.compile(types)
            found = function.overloads[types]
            places.append(found.library.get_pointer_to_function(found.fndesc.llvm_func_name))
        return numpy.array(places, numpy.int64)

else:

    def call_far(places: Any, place: int, *arguments: Any) -> None:
        """Call the kernel of a place."""
        places[place](*arguments)

    def find_kernels(calls: Iterable[tuple[Any, tuple[Any, ...]]]) -> Any:
        """Return the kernels themselves: here a place is a function."""
        return [function for function, _ in calls]


def signatures(function: Callable[..., Any]) -> list[Any]:
    """Return the argument types that a kernel has been compiled or loaded for."""
    return list(getattr(function, "signatures", []))


class FirstCompile:
    """Context that says so on standard error when what runs inside is about to compile.

    Args:
        games: a file name for some games' driver; its presence in the cache folder means that this
            was compiled before and loads from disk, so nothing is said.
        shared: the same for what all drivers of this kind call, which takes most of the time.
    """

    def __init__(self, games: str, shared: str) -> None:
        names = (games, shared) if IS_COMPILED else ()
        self.missing = [path for path in map(_marker, names) if not path.exists()]
        self.started = 0.0

    def __enter__(self) -> "FirstCompile":
        self.started = time.perf_counter()
        if self.missing:
            what, seconds = "games", "some seconds"
            if len(self.missing) > 1:
                what, seconds = "simulator", "about a minute and a half"
            message = f"metammo: compiling the {what}, once for this version ({seconds}) ..."
            print(message, file=sys.stderr, flush=True)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self.missing and kind is None:
            seconds = time.perf_counter() - self.started
            for path in self.missing:
                path.write_text(f"{seconds:.1f} s\n")
            print(f"metammo: compiled in {seconds:.0f} s", file=sys.stderr, flush=True)


def _marker(name: str) -> Path:
    return cache_folder() / f"{name}.compiled"
