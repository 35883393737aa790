"""A policy that takes its process with it."""

import os
import signal

from metammo.policies.scripted import ScriptedPolicy


class Mortal(ScriptedPolicy):
    """A scripted player whose process dies when it first acts in an episode, unless told not to."""

    name = "mortal"

    def __init__(self, note):
        super().__init__()
        self.note = note

    def act(self, *told):
        try:
            self.note.touch(exist_ok=False)
        except FileExistsError:
            return super().act(*told)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError
