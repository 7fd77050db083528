"""Hello over HTTP/1.1 under wrk, on the loopback interface only."""
import os, re, shutil, socket, statistics, subprocess, time

from .table import HERE, OUT
from .versions import ALTRU, Version, have, newer, peers, quiet

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]

def servers(languages):
    """Names, commands (the address follows), variables."""
    folder, out = HERE / "http", []
    if "altru" in languages and have("altru"):
        quiet([ALTRU, "build", "--release", folder / "hello.altru", "-o", OUT / "hello-altru"])
        out.append(("Altru", [OUT / "hello-altru"]))
    if "rust" in languages and have("rust"):
        for name in ["hyper on tokio", "hyper on tokio, one thread"]:
            out.append((name, [peers(), "http", name, "-", "0", "1"]))
    if "go" in languages and have("go"):
        quiet(["go", "build", "-o", OUT / "hello-go", folder / "hello.go"])
        out.append(("Go net/http", [OUT / "hello-go"]))
    return out

def cpu_of(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

def once(command, seconds):
    address = f"127.0.0.1:{free_port()}"
    by_argument = command[1:] == []
    server = subprocess.Popen([str(c) for c in command] + ([address] if by_argument else []), env={**os.environ, "ADDRESS": address}, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                socket.create_connection(tuple([address.split(":")[0], int(address.split(":")[1])]), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        before = cpu_of(server.pid)
        text = subprocess.run(["wrk", "-t2", "-c64", f"-d{seconds}s", "--latency", f"http://{address}/"], capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
        cpu = cpu_of(server.pid) - before
        peak = next(int(l.split()[1]) for l in open(f"/proc/{server.pid}/status") if l.startswith("VmHWM")) / 1024
    finally:
        server.kill()
        server.wait()
    requests = int(re.search(r"(\d+) requests in", text)[1])
    if "Non-2xx" in text or requests == 0:
        raise RuntimeError(text)
    wait = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    p99 = float(wait[1]) * {"us": 1, "ms": 1e3, "s": 1e6}[wait[2]]
    return {"each": cpu / requests * 1e6, "rate": requests / seconds, "p99": p99, "cpu": cpu, "mib": peak}

def run(languages, runs, seconds):
    if not shutil.which("wrk"):
        print("http is left out: wrk is not installed")
        return {}
    found = servers(languages)
    taken = {name: [] for name, _ in found}
    for _ in range(runs):
        for name, command in found:
            taken[name].append(once(command, seconds))
    figures = {}
    for name, runs_ in taken.items():
        of = lambda key: [r[key] for r in runs_]
        figures[name] = {"median": statistics.median(of("each")), "least": min(of("each")), "worst": max(of("each")), "runs": len(runs_), "cpu": statistics.median(of("cpu")),
                         "mib": max(of("mib")), "rate": statistics.median(of("rate")), "p99": statistics.median(of("p99"))}
    return {"hello": {"what": "CPU microseconds for each request under `wrk -t2 -c64`; rate is requests a second, p99 in microseconds", "unit": "us", "figures": figures}}
