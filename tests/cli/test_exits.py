"""Whatever ends a program is told by one line and a code."""

import subprocess
import sys

import pytest

from metammo.cli.exits import exit_code_of


def raising(error):
    def body():
        raise error

    return body


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (
            ValueError("no game 'rase';\n did you mean race?"),
            2,
            "no game 'rase'; did you mean race?",
        ),
        (OSError("disk full"), 2, "disk full"),
        (KeyboardInterrupt(), 130, "goes on later"),
    ],
)
def test_an_error_is_one_line(error, code, said, capsys):
    assert exit_code_of(raising(error), "prog", "goes on later") == code
    assert capsys.readouterr() == ("", f"prog: {said}\n")


def test_what_a_parser_said_is_not_said_again(capsys):
    assert exit_code_of(raising(SystemExit(0))) == 0
    assert exit_code_of(raising(SystemExit("usage"))) == 2
    assert capsys.readouterr() == ("", "")


def test_a_body_says_its_code():
    assert [exit_code_of(lambda code=code: code) for code in (None, 0, 3)] == [0, 0, 3]


def test_a_defect_is_not_hidden(monkeypatch):
    with pytest.raises(ZeroDivisionError):
        exit_code_of(lambda: 1 // 0)
    monkeypatch.setenv("METAMMO_TRACEBACK", "1")
    with pytest.raises(ValueError, match="here"):
        exit_code_of(raising(ValueError("here")))


def test_a_reader_that_has_enough_is_no_error():
    body = "lambda: [print('line', flush=True) for _ in range(100_000)] and None"
    code = f"import sys; from metammo.cli.exits import exit_code_of; sys.exit(exit_code_of({body}))"
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout.readline() == b"line\n"
    child.stdout.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait(60) == 0
