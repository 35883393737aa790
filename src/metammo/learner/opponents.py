"""Who plays the seats that the learner does not, and how good are they?

Some teams of an episode are played by opponents: past selves of the learner, and policies from
elsewhere. Nothing is learned from what they do. At most two are loaded at once: episodes that begin
meet the younger of the two. Once that has met `STAY` for each world, and the last episode with the
older one has ended, the next one is drawn from the pool in the older one's place: asking two
networks about a few agents each costs nearly twice what asking one about all of them does.
"""

import copy
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from metammo.envs.batch import Batch
from metammo.learner.checkpoint import Snapshot, save_policy
from metammo.learner.pool import NOBODY, Member, draw_weights, thin
from metammo.learner.processes import ALONE, Processes
from metammo.learner.ratings import START, compare, move_ratings
from metammo.learner.settings import PoolSettings
from metammo.observe.layout import Market
from metammo.policies.chance import streams_of
from metammo.policies.hub import DESCRIPTION, WEIGHTS, CheckpointError, find_policy, load_policy
from metammo.policies.policy import Policy, TorchPolicy
from metammo.world.random import hash_numbers, seed_of, spread_seed

STAY = 4
"""Episodes that a guest meets at least, for each world, before another is drawn."""
SEATS_SALT, CHANCE_SALT, DRAW_SALT = 0x5EA75, 0xC4A7CF, 0xD4A3
"""Name the streams of random numbers that opponents need; worlds have others."""
RECENT = 0.05
"""Weight of an episode in the running mean of how the learner does."""


MEETING = np.dtype([("member", "i8"), ("outcome", "f8")])
"""An episode with an opponent, as processes tell it each other."""


@dataclass
class Guest:
    """A member of the pool that is loaded, and what it remembers of each agent."""

    member: Member
    policy: Policy
    state: Any


class Opponents:
    """The pool, and its members that play just now.

    Attributes:
        seats: bool[worlds, agents], played by an opponent.
        members: the pool.
        rating: the learner's, by the episodes in which it met a member.
        outcome: running mean of how often the learner did better, 0..1; half is level.
        steps: agent-steps that opponents have played, in all processes.
        folder: where the pool is kept, RUN/pool; given before anybody plays.

    Args:
        batch: the worlds.
        module: the learner's network; past selves are built like it.
        settings: the pool's numbers.
        seed: of seats and draws.
        device: where networks run.
        processes: those that learn together; each draws for its worlds, from one pool.
    """

    def __init__(
        self,
        batch: Batch,
        module: Any,
        settings: PoolSettings,
        *,
        seed: int = 0,
        device: str | torch.device = "cpu",
        processes: Processes = ALONE,
    ) -> None:
        settings.check()  # also those of a run that goes on
        self.batch, self.module, self.settings = batch, module, settings
        self.seed, self.device, self.processes = seed, torch.device(device), processes
        self.folder = Path()
        self.members: list[Member] = []
        self.guests: list[Guest | None] = [None, None]
        self.young = self.met_by_young = 0
        shape = (batch.world_count, batch.agent_count)
        self.seats = np.zeros(shape, np.bool_)
        self.guest_of = np.full(shape[0], NOBODY, np.int64)
        self.chance = np.zeros(shape[0], np.uint64)
        self.drawn = self.steps = self.episodes = 0
        self.rating, self.outcome = START, 0.5
        self.acted = 0
        self.met: list[tuple[int, float]] = []
        self.kept_before: set[str] = set()

    def begin(self) -> None:
        """Take in the policies from elsewhere, copied into the run's folder, and seat opponents.

        Raises:
            ValueError: there is no such policy, or it plays another config.
        """
        if self.processes.is_first:
            self._copy_others()
        self.processes.wait()
        self.members = [self._other(number) for number in range(len(self.settings.others))]
        for world in range(self.batch.world_count):
            self.seat(world)

    def _copy_others(self) -> None:
        for number, name in enumerate(self.settings.others):
            try:
                folder = find_policy(name)
            except CheckpointError:
                continue  # Not the folder of a policy: a name that is good anywhere.
            kept = self._place_of(number)
            kept.mkdir(parents=True, exist_ok=True)
            for file in (WEIGHTS, DESCRIPTION):
                shutil.copyfile(folder / file, kept / file)

    def check(self) -> None:
        """Raise ValueError where a policy from elsewhere cannot play here."""
        for name in self.settings.others:
            self._load(name)

    def _place_of(self, number: int) -> Path:
        """Return where the weights of a policy from elsewhere are kept."""
        return self.folder / f"from-{number}"

    def _other(self, number: int) -> Member:
        """Return a policy from elsewhere, by its number, as it enters the pool."""
        name, kept = self.settings.others[number], self._place_of(number)
        return Member(name, str(kept) if kept.is_dir() else name, NOBODY)

    def _past_self(self, steps: int) -> Member:
        return Member(str(steps), str(self.folder / str(steps)), steps)

    def _load(self, source: str) -> Policy:
        policy: Policy = load_policy(source, device=str(self.device))
        wanted = self.batch.layout.name
        own = getattr(policy, "layout_name", wanted)
        if own != wanted:
            raise ValueError(
                f"pool.from: {source!r} plays the {own} config and cannot be an opponent in "
                f"the {wanted} one; name another policy"
            )
        if isinstance(policy, TorchPolicy):
            policy.asks_at_once = True
        return policy

    def _policy_of(self, member: Member) -> Policy:
        if member.steps < 0:
            return self._load(member.source)
        module = copy.deepcopy(self.module)
        path = Path(member.source) / WEIGHTS
        try:
            module.load_state_dict(load_file(path, device=str(self.device)))
        except (SafetensorError, RuntimeError, OSError) as error:
            raise CheckpointError(
                f"the past self in {path} cannot be loaded ({error}): put a copy of it there, or "
                "begin another run with --init"
            ) from error
        policy = TorchPolicy(module, member.name)
        policy.asks_at_once = True
        return policy

    # Seats.

    def seat(self, world: int) -> None:
        """Choose the opponent and its seats of the episode that a world has begun."""
        self.seats[world] = False
        self.guest_of[world] = NOBODY
        if not self.members:
            return
        own = self.batch.worlds[world]
        episode = seed_of(self.seed, int(own.seed), int(own.random_counter))
        self.chance[world] = seed_of(episode, CHANCE_SALT)
        teams = own.entity_team[: self.batch.agent_count]
        self.seats[world] = deal_seats(teams, self.settings.share, seed_of(episode, SEATS_SALT))
        if self.seats[world].any():
            self._renew()
            self.guest_of[world] = self.young
            self.met_by_young += 1

    def _renew(self) -> None:
        """Draw another member in the place of the older guest, once nobody meets it any more."""
        place, young = 1 - self.young, self.guests[self.young]
        stays = young is not None and self.met_by_young < STAY * self.batch.world_count
        if stays or place in self.guest_of:
            return
        self.met_by_young = 0
        weights = draw_weights(self.members, self.rating, self.settings.draw)
        number = seed_of(self.seed, DRAW_SALT, self.processes.rank, self.drawn) / 2**64
        self.drawn += 1
        last = len(self.members) - 1
        member = self.members[min(int(np.searchsorted(weights.cumsum(), number, "right")), last)]
        if young is None or young.member is not member:
            self.guests[place] = self._guest(member)
            self.young = place

    def _guest(self, member: Member) -> Guest:
        policy = self._policy_of(member)
        return Guest(member, policy, policy.initial_state(self.seats.size))

    # Play.

    def act(self, actions: NDArray[np.int16]) -> None:
        """Write the actions of the opponents' living agents, int16[worlds, agents, heads]."""
        batch = self.batch
        begins = batch.life_begins.reshape(-1)
        ours = batch.alive & self.seats
        for place, guest in enumerate(self.guests):
            if guest is None or place not in self.guest_of:
                continue
            if begins.any():
                guest.state = guest.policy.begin(guest.state, begins)
            rows = np.flatnonzero(ours & (self.guest_of == place)[:, None])
            if len(rows):
                actions.reshape(self.seats.size, -1)[rows] = self._choose(guest, rows)
                self.acted += len(rows)

    def _choose(self, guest: Guest, rows: NDArray[np.int64]) -> NDArray[np.int16]:
        """Return the actions of some agents of a guest, int16[rows, heads]."""
        batch = self.batch
        market = None
        if batch.layout.has_market:
            market = Market(batch.markets, rows // batch.agent_count)
        ticks = batch.worlds.tick.astype(np.uint64)
        chosen, state = guest.policy.act(
            batch.observations.reshape(-1)[rows],
            batch.masks.reshape(self.seats.size, -1)[rows],
            None if guest.state is None else guest.state[rows],
            market,
            streams_of(self.chance, ticks, rows, batch.agent_count),
        )
        if guest.state is not None:
            guest.state[rows] = state
        return chosen

    def end(self, world: int) -> None:
        """Note how the episode went that has ended in a world; seat opponents for the next."""
        guest = self.guests[self.guest_of[world]] if self.guest_of[world] != NOBODY else None
        if guest is not None:
            result = self.batch.results[world]
            # Who wins does better than who does not; among the others progress counts.
            scores = result["won"] + result["progress"].astype(np.float64)
            outcome = compare(scores, result["team"], self.seats[world])
            self.met.append((self.members.index(guest.member), outcome))
        self.seat(world)

    def settle(self) -> None:
        """Rate by the episodes that have ended since the last time, in all processes."""
        for told in self.processes.gather(np.array(self.met, MEETING)):
            for place, outcome in told.tolist():
                member = self.members[place]
                self.rating, member.rating = move_ratings(self.rating, member.rating, outcome)
                member.episodes += 1
                self.episodes += 1
                rate = max(RECENT, 1.0 / self.episodes)
                self.outcome += rate * (outcome - self.outcome)
        acted = torch.tensor([self.acted], device=self.device)
        self.steps += int(self.processes.sum(acted))
        self.met, self.acted = [], 0

    # The pool.

    def enter(self, snapshot: Snapshot) -> None:
        """Take in a past self, with the learner's present rating; thin the pool if it is full."""
        member = self._past_self(snapshot.steps)
        member.rating = self.rating
        if self.processes.is_first:
            save_policy(Path(member.source), snapshot)
        self.processes.wait()
        self.members.append(member)
        guests = [self.members.index(each.member) for each in self.guests if each is not None]
        everywhere = np.concatenate(self.processes.gather(np.array(guests, np.int64)))
        playing = [self.members[place] for place in set(everywhere.tolist())]
        while sum(each.steps >= 0 for each in self.members) > self.settings.size:
            gone = thin(self.members, playing)
            if gone is None:
                break
            self.members.remove(gone)

    def tidy(self) -> None:
        """Remove the weights of past selves that the last two checkpoints do not name.

        A run goes on with the last one, or where that is damaged with the one before.
        """
        kept = {each.source for each in self.members}
        if self.processes.is_first:
            for folder in self.folder.glob("[0-9]*"):
                if str(folder) not in kept | self.kept_before:
                    shutil.rmtree(folder)
        self.kept_before = kept

    def metrics(self) -> dict[str, float]:
        """Return what to log: how the learner stands, and everybody's rating."""
        row = {
            "pool/members": float(len(self.members)),
            "pool/rating": self.rating,
            "pool/outcome": self.outcome,
            "pool/episodes": float(self.episodes),
        }
        return row | {f"pool/rating_of/{each.name}": each.rating for each in self.members}

    def state_dict(self) -> dict[str, Tensor]:
        """Return all that decides who plays next, and how; weights lie in the pool's folder."""
        guests = [
            NOBODY if guest is None else self.members.index(guest.member) for guest in self.guests
        ]

        def numbers(name: str, dtype: torch.dtype) -> Tensor:
            return torch.tensor([getattr(each, name) for each in self.members], dtype=dtype)

        counters = [self.young, self.drawn, self.steps, self.episodes, *guests]
        tensors = {
            "counters": torch.tensor(counters),
            "met_by_young": torch.tensor(self.met_by_young),
            "ratings": torch.tensor([self.rating, self.outcome], dtype=torch.float64),
            "seats": torch.from_numpy(self.seats.view(np.uint8)),
            "guest_of": torch.from_numpy(self.guest_of),
            "chance": torch.from_numpy(self.chance.view(np.int64)),
            "members.steps": numbers("steps", torch.int64),
            "members.rating": numbers("rating", torch.float64),
            "members.episodes": numbers("episodes", torch.int64),
        }
        for place, guest in enumerate(self.guests):
            if guest is not None and guest.state is not None:
                tensors[f"guests.{place}"] = guest.state.cpu()
        return {name: value.clone() for name, value in tensors.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Set what `state_dict` gave, and load the weights of who plays just now.

        Raises:
            CheckpointError: a policy of the pool is no longer where it was, or damaged.
        """
        others = iter(range(len(self.settings.others)))
        self.members = [
            self._other(next(others)) if steps < 0 else self._past_self(steps)
            for steps in state["members.steps"].tolist()
        ]
        for place, member in enumerate(self.members):
            member.rating = float(state["members.rating"][place])
            member.episodes = int(state["members.episodes"][place])
        self.kept_before = {each.source for each in self.members}
        self.young, self.drawn, self.steps, self.episodes, *guests = state["counters"].tolist()
        self.met_by_young = int(state["met_by_young"])
        self.rating, self.outcome = state["ratings"].tolist()
        self.seats[:] = state["seats"].numpy().view(np.bool_)
        self.guest_of[:] = state["guest_of"].numpy()
        self.chance[:] = state["chance"].numpy().view(np.uint64)
        for place, number in enumerate(guests):
            if number != NOBODY:
                guest = self._guest(self.members[number])
                if f"guests.{place}" in state:
                    guest.state = state[f"guests.{place}"].to(self.device)
                self.guests[place] = guest


def deal_seats(teams: NDArray[np.int16], share: float, seed: int) -> NDArray[np.bool_]:
    """Return which seats of an episode opponents play, bool[agents]: whole teams, by lot.

    Every team is as likely to be chosen, and each seat is an opponent's with a chance of `share`;
    where a share of the teams is no whole number, now one more, now one less. One team at least is
    the learner's.

    Args:
        teams: the seats' teams, from 0; -1: nobody's seat.
        share: of the seats.
        seed: of the lot.
    """
    count = int(teams.max()) + 1
    fraction = seed_of(seed, 0) / 2**64
    wanted = min(int(np.floor(share * count + fraction)), count - 1)
    order = np.argsort(hash_numbers(spread_seed(seed_of(seed, 1), count)))
    chosen = np.zeros(count, np.bool_)
    chosen[order[:wanted]] = True
    return (teams >= 0) & chosen[np.maximum(teams, 0)]
