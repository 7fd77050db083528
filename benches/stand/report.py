"""Tables, JSON and charts of what was measured."""
import datetime, json, os, pathlib, platform, re, subprocess

from . import charts
from .table import HERE, OUT, PARTS
from .versions import ALTRU, have, java

BY_NAME = {p.name: p for p in PARTS}

def first_line(command, **more):
    try:
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **more)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip().split("\n")[0]

def machine():
    model = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.machine())
    memory = next(int(l.split()[1]) for l in open("/proc/meminfo")) / 2**20
    system = next((l.split("=")[1].strip().strip('"') for l in open("/etc/os-release") if l.startswith("PRETTY_NAME")), platform.system())
    return f"{os.cpu_count()} processors, {model}, {memory:.0f} GiB, {system}, Linux {platform.release().split('-')[0]}"

def tools():
    out = {"Altru": first_line(["git", "rev-parse", "--short", "HEAD"], cwd=HERE)}
    if have("rust"):
        out["Rust"] = first_line(["rustc", "--version"]).removeprefix("rustc ").split(" ")[0]
        lock = (HERE / "peers" / "Cargo.lock").read_text()
        for crate in ["tokio", "smol", "rayon", "crossbeam-channel", "flume", "kanal", "async-channel", "parking_lot", "actix", "hyper", "mimalloc"]:
            found = re.search(rf'name = "{crate}"\nversion = "([^"]+)"', lock)
            if found:
                out[crate] = found[1]
    if have("go"):
        out["Go"] = first_line(["go", "version"]).split(" ")[2].removeprefix("go")
    if have("erlang"):
        out["Erlang/OTP"] = first_line(["erl", "-noinput", "-eval", 'io:put_chars(erlang:system_info(otp_release)), halt().'])
    if java():
        out["Java"] = first_line([java(), "-version"]).split('"')[1]
    if have("c++"):
        out["g++"] = first_line(["g++", "-dumpfullversion"])
    return out

def about(options, load):
    return {
        "machine": machine(), "versions": tools(), "date": datetime.date.today().isoformat(), "runs": options.n,
        "load before": load, "first": options.first, "amounts": "a hundredth" if options.quick else "full",
    }

def rows(name, versions):
    """Versions with their ratio to the best peer, quickest first."""
    floors = versions.get("floors", [])
    peers = {n: v for n, v in versions["figures"].items() if n != "Altru" and n not in floors}
    best = min((v["median"] for v in peers.values()), default=None)
    out = []
    for version, f in sorted(versions["figures"].items(), key=lambda x: x[1]["median"]):
        out.append((version, f, f["median"] / best if best else None, version in floors))
    return out

EXTRA = ("bytes", "wake", "p50", "p99", "most", "cold", "rate")

def print_part(name, versions):
    part = BY_NAME.get(name)
    print(f"{name}: {part.what if part else versions.get('what', '')}" + (f"; aim {part.aim}" if part and part.aim else ""))
    unit = part.unit.split()[0] if part else versions.get("unit", "ns")
    print(f"  {'':34} {unit:>9} {'least':>9} {'to best':>8} {'CPU s':>7} {'MiB':>7}")
    for version, f, ratio, floor in rows(name, versions):
        extra = " ".join(f"{k}={f[k]:.6g}" for k in EXTRA if k in f)
        print(f"  {('floor: ' if floor else '') + version:34} {f['median']:9.2f} {f['least']:9.2f} {ratio or 0:8.2f} {f['cpu']:7.2f} {f['mib']:7.1f} {extra}", flush=True)

def shortfalls(results):
    """What is behind the best peer, uses more CPU than it, or misses its aim."""
    out = []
    for name, versions in results.items():
        figures = versions["figures"]
        part = BY_NAME.get(name)
        if "Altru" not in figures:
            continue
        mine = figures["Altru"]
        peers = {n: v for n, v in figures.items() if n != "Altru" and n not in versions.get("floors", [])}
        words = []
        if peers:
            best = min(peers, key=lambda n: peers[n]["median"])
            if mine["median"] > peers[best]["median"]:
                words.append(f"{mine['median'] / peers[best]['median']:.2f} times the time of {best}")
            elif mine["cpu"] > peers[best]["cpu"] * 1.05 + 0.01:
                words.append(f"{mine['cpu']:.2f} CPU seconds, {best} {peers[best]['cpu']:.2f}")
        if part and part.best and mine["median"] > part.best:
            words.append(f"{charts.short(mine['median'])} {part.unit.split()[0]}, aim {part.best:g}")
        for key, most in (part.more if part else {}).items():
            if mine.get(key, 0) > most:
                words.append(f"{key} {mine[key]:.6g}, aim {most}")
        if words:
            out.append((name, "; ".join(words)))
    return out

def markdown(title, results):
    out = [f"## {title}", ""]
    for name, versions in results.items():
        part = BY_NAME.get(name)
        unit = part.unit.split()[0] if part else versions.get("unit", "ns")
        out += [f"**{name}**: {part.what if part else versions.get('what', '')}" + (f" (aim: {part.aim})" if part and part.aim else ""), ""]
        extra = [k for k in EXTRA if any(k in f for f in versions["figures"].values())]
        out += ["| | " + " | ".join([unit, "least", "to best peer", "CPU s", "MiB", *extra]) + " |", "|---|" + "---|" * (5 + len(extra))]
        for version, f, ratio, floor in rows(name, versions):
            shown = f"*{version}*" if floor else f"**{version}**" if version == "Altru" else version
            cells = [f"{f['median']:.4g}", f"{f['least']:.4g}", f"{ratio:.2f}" if ratio else "", f"{f['cpu']:.2f}", f"{f['mib']:.0f}"]
            out.append(f"| {shown} | " + " | ".join(cells + [f"{f[k]:.6g}" if k in f else "" for k in extra]) + " |")
        out.append("")
    return out

def charted(results, titles):
    """One picture for each group of programs."""
    out = {}
    for group, title in titles.items():
        groups = []
        for name, versions in results.get(group, {}).items():
            part = BY_NAME.get(name)
            unit = part.unit.split()[0] if part else versions.get("unit", "ns")
            floors = versions.get("floors", [])
            groups.append((name, unit, part.best if part else None, [(v, f["median"], v == "Altru", v in floors) for v, f in versions["figures"].items()]))
        if groups:
            out[group] = charts.bars(title, groups)
    return out

TITLES = {
    "concurrency": "Concurrency: time for each operation", "costs": "Costs inside: time for each operation",
    "http": "HTTP: CPU microseconds for each request", "cpu": "One thread: CPU seconds", "tools": "The tools: wall seconds",
}

def write(everything, folder):
    """`everything`: {"about": …, group: {name: {"figures": …, "floors": […]}}, "growth": …}."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(everything, indent=1) + "\n")
    for name, picture in charted(everything, TITLES).items():
        (folder / f"{name}.svg").write_text(picture)
    if everything.get("growth"):
        for name, panels in growth_panels(everything["growth"]).items():
            (folder / f"{name}.svg").write_text(charts.curves(*panels))

def growth_panels(growth):
    time, memory = [], []
    for name, versions in growth["curves"].items():
        part = BY_NAME[name]
        time.append((name, part.unit.split()[0], [(v, [(int(a), f["median"]) for a, f in points.items()]) for v, points in versions.items()]))
        memory.append((name, "MiB", [(v, [(int(a), f["mib"]) for a, f in points.items()]) for v, points in versions.items()]))
    return {"growth": ("Time for each operation, 10^3 to 10^6 of them", time), "growth_memory": ("Peak memory, 10^3 to 10^6", memory)}

def publish(everything):
    """The tables and pictures that the README shows."""
    folder = HERE / "figures"
    write(everything, folder)
    a = everything["about"]
    versions = ", ".join(f"{n} {v}" for n, v in a["versions"].items())
    out = ["# Figures", "", f"Written by `benches/run --publish`. {a['machine']}. {a['date']}, {'medians of ' + str(a['runs']) + ' runs' if a['runs'] > 1 else 'one run'} in turn, load average before {a['load before']:.1f}"
           + (", programs at real-time priority." if a["first"] else "."), "", f"{versions}.", ""]
    if a.get("note"):
        out += [a["note"], ""]
    out += ["*Italic*: a floor, without a runtime. \"To best peer\" is the median over that of the best peer.", ""]
    short = [s for group in TITLES for s in shortfalls(everything.get(group, {}))]
    out += ["## Short of the best peer or of the aim", "", "| program | Altru has |", "|---|---|"] + [f"| {n} | {w} |" for n, w in short] + [""]
    for group, title in TITLES.items():
        if everything.get(group):
            out += [f"![{title}]({group}.svg)", ""] + markdown(title, everything[group])
    if everything.get("growth"):
        g = everything["growth"]
        out += ["## Growth", "", "![Time](growth.svg)", "", "![Memory](growth_memory.svg)", "", "Most over least time for each operation across the range, on one and on all workers; and with many more workers than "
                "processors, the time over that with one for each:", "", "| program | " + " | ".join(g["heads"]) + " |", "|---|" + "---|" * len(g["heads"])]
        out += [f"| {n} | " + " | ".join(f"{row[h]:.2f}" if h in row else "" for h in g["heads"]) + " |" for n, row in g["spread"].items()] + [""]
    (folder / "README.md").write_text("\n".join(out))
