"""How large a fleet has to be: arithmetic over measured figures, nothing is run.

    python -m benchmarks.fleet_size --core-s-per-hour 900 [--episodes 10000 --minutes 45 ...]

Where the figures come from: `--core-s-per-hour`, processor seconds of the walk for an hour of
audio, from `python -m benchmarks.peers usual SHAPE-MINUTES` (the processors' seconds of the walk,
times 60, over the minutes); `--run-core-s`, `--working-mb` and `--kept-mb` from
`python -m benchmarks.two_machines`. A core's price is yours.
"""

import argparse
import math

# Machines fail, episodes come in waves: so much of the time a core is at work.
BUSY = 0.7
WINDOW_MIN = 5.0
STEPS = 7
CORES_A_SLOT = 4
DAY_S = 86_400


def main() -> None:
    """Print the fleet for a day's episodes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--core-s-per-hour", type=float, required=True)
    parser.add_argument("--run-core-s", type=float, default=10.0, help="of each run, beside that")
    parser.add_argument("--working-mb", type=float, default=115.0, help="an hour of audio")
    parser.add_argument("--kept-mb", type=float, default=5.0, help="an hour of audio")
    parser.add_argument("--audio-mb", type=float, default=58.0, help="an hour, at 128 kbit/s")
    parser.add_argument("--episodes", type=int, default=10_000, help="a day")
    parser.add_argument("--minutes", type=float, default=45.0, help="an episode")
    parser.add_argument("--cores", type=int, default=16, help="of a machine")
    parser.add_argument("--price", type=float, default=0.0, help="of a core for an hour")
    print(size(parser.parse_args()), end="")


def size(asked: argparse.Namespace) -> str:
    """One line a resource."""
    hours = asked.episodes * asked.minutes / 60
    core_s = hours * asked.core_s_per_hour + asked.episodes * asked.run_core_s
    cores = core_s / DAY_S / BUSY
    slots = max(1, asked.cores // CORES_A_SLOT)
    machines = math.ceil(cores / asked.cores)
    tasks = STEPS + math.ceil(asked.minutes / WINDOW_MIN)
    written = hours * (asked.audio_mb + asked.working_mb + asked.kept_mb)
    read = hours * (2 * asked.audio_mb + 2 * asked.working_mb)
    at_a_time, per_day = machines * slots, asked.episodes * tasks
    told = f"{asked.episodes} episodes of {asked.minutes:g} min a day: {hours:,.0f} h of audio\n"
    told += (
        f"{core_s / 3600:,.0f} core hours a day, {cores:,.0f} cores that are {BUSY:.0%} busy: "
        f"{machines} machines of {asked.cores} cores, {at_a_time} episodes at a time\n"
    )
    told += (
        f"Prefect: {asked.episodes / DAY_S:.2f} runs and {per_day / DAY_S:.1f} tasks a second, "
        f"{per_day:,} task runs a day ({tasks} an episode)\n"
    )
    told += (
        f"shared disk: {written / 1e3:,.0f} GB written and {read / 1e3:,.0f} GB read a day, "
        f"{(written + read) / DAY_S:.0f} MB/s; {hours * asked.audio_mb / 1e3:,.0f} GB of audio and "
        f"{hours * asked.kept_mb / 1e3:,.0f} GB of notes are kept\n"
    )
    if asked.price:
        paid = core_s / 3600 * asked.price / BUSY
        told += f"cost: {paid:,.0f} a day, {paid / hours:.4f} an hour of audio\n"
    return told


if __name__ == "__main__":
    main()
