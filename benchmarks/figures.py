"""The figures of the README and the docs: start-up, preview, a big calendar, an idle daemon.

python benchmarks/figures.py    prints a table; each start-up figure is the best of nine, less a bare interpreter.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HERE)}


def best(*words: str, times: int = 9) -> float:
    """Milliseconds of the fastest of `times` runs."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, *words],
            cwd=HERE,
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        took.append((time.perf_counter() - start) * 1000)
    return min(took)


def big_calendar(folder: Path, entries: int) -> Path:
    config = folder / "config.yaml"
    config.write_text(
        "timezone: UTC\naccounts:\n  site: {platform: site}\nposts:\n"
        + "".join(
            f'- id: entry-{n}\n  when: 2099-01-{n % 28 + 1:02} 09:00\n  to: [site]\n  title: Entry {n}\n  text: "This is entry {n}, about #Teaching."\n'
            for n in range(entries)
        )
    )
    return config


def guarded(config: Path, names: int) -> Path:
    """The same calendar with a guard of so many names, and patterns."""
    letters = "abcdefghijklmnop"
    spelled = ("".join(letters[(n >> shift) % 16] for shift in (0, 4, 8)) for n in range(names))
    (config.parent / "roster.txt").write_text(
        "".join(f"Q{name} Z{name[::-1]}\n" for name in spelled)
    )
    with_guard = config.with_name("guarded.yaml")
    with_guard.write_text(
        "guard: {names: roster.txt, patterns: [email, phone, student-number]}\n"
        + config.read_text()
    )
    return with_guard


def idle_daemon(config: Path, seconds: float) -> tuple[float, float]:
    """Resident memory in MiB and the share of one core of a daemon that waits."""
    daemon = subprocess.Popen(
        [sys.executable, "-m", "scheduler", "run", "-c", str(config)],
        cwd=HERE,
        env=ENVIRONMENT,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(15)
    before = cpu(daemon.pid)
    time.sleep(seconds)
    share = (cpu(daemon.pid) - before) / seconds
    status = Path(f"/proc/{daemon.pid}/status").read_text()
    resident = (
        next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        / 1024
    )
    daemon.terminate()
    daemon.wait()
    return resident, share


def cpu(process: int) -> float:
    """Seconds of processor time that the process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    bare = best("-c", "pass")
    print(f"--help                          {best('-m', 'scheduler', '--help') - bare:8.0f} ms")
    print(
        f"preview of the example          {best('-m', 'scheduler', 'preview', '-c', 'config.example.yaml') - bare:8.0f} ms"
    )
    with tempfile.TemporaryDirectory() as folder:
        config = big_calendar(Path(folder), 10_000)
        print(
            f"check of 10,000 entries         {best('-m', 'scheduler', 'check', '-c', str(config), times=1) / 1000:8.1f} s"
        )
        config_of_guard = guarded(config, 2_000)
        print(
            f"the same, guarding 2,000 names  {best('-m', 'scheduler', 'check', '-c', str(config_of_guard), times=1) / 1000:8.1f} s"
        )
        resident, share = idle_daemon(config, 20)
        print(f"daemon, 10,000 waiting          {resident:8.0f} MiB, {share:.1%} of a core")


if __name__ == "__main__":
    main()
