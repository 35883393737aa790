"""OpenMP's waiting loop is shortened before torch reads how long it is."""

import os
import subprocess
import sys

import pytest

RUN = """
import os, sys

class Watch:
    def find_spec(name, path=None, target=None):
        if name == "torch":
            print(os.environ.get("GOMP_SPINCOUNT"), flush=True)
            # All is said: torch itself would take seconds.
            os._exit(0)

sys.meta_path.insert(0, Watch)
import MODULE
"""


@pytest.mark.skipif(sys.platform != "linux", reason="GNU OpenMP is Linux's")
@pytest.mark.parametrize(
    "module", ["metammo.learner.train", "metammo.policies.recurrent", "metammo.policies.hub"]
)
@pytest.mark.parametrize(
    ("own", "found"),
    [({}, "4000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "PASSIVE"}, "None")],
)
def test_a_users_setting_stands(module, own, found):
    names = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    kept = {name: value for name, value in os.environ.items() if name not in names}
    result = subprocess.run(
        [sys.executable, "-c", RUN.replace("MODULE", module)],
        env={**kept, **own},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.strip() == found, result.stderr
