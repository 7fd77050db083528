"""Running versions in turn and what their figures are."""
import ctypes, os, signal, statistics, subprocess, sys, tempfile, threading, time

from .table import Part

class Failed(Exception):
    pass

# For the shortest time: with `--first`, programs go before all others on the machine.
PREFIX: list = []

def adopt():
    """Has the system give us processes whose parent has ended."""
    PR_SET_CHILD_SUBREAPER = 36
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("prctl failed")

def run_once(command, environment=None, limit=300):
    """Output, wall seconds, CPU seconds, peak memory in MiB.

    A process counts the memory that its parent had when it was forked as its own peak. So the program is started by a
    small shell, which says its number and ends; then the program is ours, and is told to begin."""
    adopt()
    words = [*PREFIX, *map(str, command)]
    with tempfile.TemporaryFile() as errors:
        shell = subprocess.Popen(["sh", "-c", 'exec 3<&0; { read _ <&3; exec "$@" 3<&- </dev/null; } & echo $!', "sh", *words], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=errors, env={**os.environ, **(environment or {})})
        pid = int(shell.stdout.readline())
        shell.wait()
        timer = threading.Timer(limit, os.kill, [pid, signal.SIGKILL])
        timer.start()
        start = time.perf_counter()
        shell.stdin.close()
        try:
            output = shell.stdout.read()
        except BaseException:
            os.kill(pid, signal.SIGKILL)
            raise
        finally:
            _, status, usage = os.wait4(pid, 0)
            timer.cancel()
        wall = time.perf_counter() - start
        if status != 0:
            errors.seek(0)
            raise Failed(f"{' '.join(words)}: status {status}\n{errors.read().decode()}")
    return output.decode(), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024

def parse(part: Part, amount, output):
    """The rounds of one run: nanoseconds an operation (or milliseconds in all), and further figures."""
    rounds = []
    for line in output.splitlines():
        name, operations, nanoseconds, result, *more = line.split()
        if name != part.name:
            raise Failed(f"{name} instead of {part.name}")
        if part.result and result != part.result(amount):
            raise Failed(f"{name} gives {result} for {amount}, not {part.result(amount)}")
        each = int(nanoseconds) / 1e6 if part.unit.startswith("ms") else int(nanoseconds) / int(operations)
        rounds.append({"each": each, "result": result, **{k: float(v) for k, v in (m.split("=") for m in more)}})
    if not rounds:
        raise Failed(f"{part.name} prints nothing")
    return rounds

def workers(number):
    """The variables that set the number of workers."""
    n = str(number)
    return {"ALTRU_WORKERS": n, "GOMAXPROCS": n, "WORKERS": n, "SMOL_THREADS": n}

def run_part(part: Part, version, amount, rounds=1, number=None):
    environment = {**workers(number or (1 if part.pinned else os.cpu_count())), **version.environment}
    if version.warms_up:
        rounds = max(rounds, 5)
    output, _, cpu, memory = run_once([*version.command, part.part or "-", amount, rounds], environment)
    found = parse(part, amount, output)
    last = dict(found[-1])
    last["each"] = statistics.median(r["each"] for r in (found if not version.warms_up else found[-3:]))
    if version.warms_up:
        last["cold"] = found[0]["each"]
    return {**last, "cpu": cpu / len(found), "mib": memory}

def in_turn(part: Part, versions, amount, runs):
    """The figures of each version: one warm-up round, then A B A B."""
    taken = {v.name: [] for v in versions}
    broken = {}
    for round_ in range(runs + 1):
        for v in versions:
            if v.name in broken:
                continue
            try:
                figures = run_part(part, v, amount)
            except (Failed, ValueError) as why:
                broken[v.name] = str(why)
                if v.name == "Altru":
                    raise
                print(f"  {v.name}: {why}", file=sys.stderr)
                continue
            if round_ > 0:
                taken[v.name].append(figures)
    results = {figures[0]["result"] for figures in taken.values() if figures}
    if len(results) > 1:
        raise Failed(f"{part.name}: results differ: { {n: f[0]['result'] for n, f in taken.items() if f} }")
    return {name: summary(figures) for name, figures in taken.items() if figures and name not in broken}

def summary(figures):
    each = [f["each"] for f in figures]
    out = {"median": statistics.median(each), "least": min(each), "worst": max(each), "runs": len(each)}
    out["cpu"] = statistics.median(f["cpu"] for f in figures)
    out["mib"] = max(f["mib"] for f in figures)
    for key in figures[0]:
        if key not in ("each", "result", "cpu", "mib"):
            out[key] = statistics.median(f[key] for f in figures)
    return out
