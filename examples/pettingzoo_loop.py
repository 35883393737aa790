"""PettingZoo: episodes of one world, in which every agent is asked for its action by name.

Run: python examples/pettingzoo_loop.py --game team_battle
"""

import argparse

import metammo


def play_episode(env, seed):
    """Play an episode of random actions; return what each agent was paid, and its outcome."""
    observations, _ = env.reset(seed=seed)
    returns, outcomes = dict.fromkeys(env.agents, 0.0), {}
    while env.agents:
        actions = {
            agent: env.action_space(agent).sample(observations[agent]["action_mask"])
            for agent in env.agents
        }
        observations, rewards, terminated, truncated, infos = env.step(actions)
        for agent, reward in rewards.items():
            returns[agent] += reward
            if terminated[agent] or truncated[agent]:  # it leaves env.agents
                outcomes[agent] = infos[agent]
    return returns, outcomes


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--game", default="race_to_center")
    parser.add_argument("--episodes", type=int, default=3)
    parser.add_argument("--horizon", type=int, default=256, help="ticks of an episode, at most")
    options = parser.parse_args(arguments)
    env = metammo.make(options.game, horizon=options.horizon)
    for agent in env.possible_agents:
        env.action_space(agent).seed(env.possible_agents.index(agent))
    means = []
    for seed in range(options.episodes):
        returns, outcomes = play_episode(env, seed)
        means.append(sum(returns.values()) / len(returns))
        progress = sum(each["progress"] for each in outcomes.values()) / len(outcomes)
        winners = [agent for agent, each in outcomes.items() if each.get("won")]
        print(
            f"episode {seed}: {len(returns)} agents, return {means[-1]:+.3f}, "
            f"task progress {progress:.3f}, won by {', '.join(winners) or 'nobody'}"
        )
    env.close()
    return means


if __name__ == "__main__":
    main()
