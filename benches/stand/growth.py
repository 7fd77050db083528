"""How programs grow: time and memory from 10^3 to 10^6 operations on one and on all workers, and with more workers
than processors."""
import os, statistics

from .measure import Failed, run_part
from .table import PARTS
from .versions import versions

AMOUNTS = [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000]
MANY = [8, 64]
# Beside Altru, as curves: one peer of each kind.
BESIDE = ("Go", "tokio")

def amounts(part, quick):
    if part.program == "skynet":
        return [1_000, 10_000, 100_000] + ([] if quick else [1_000_000])
    # What goes round 1,000 tasks or between 1,000 accounts has to do so a few times.
    least = 10_000 if part.program in ("ring", "actor_bank") else 1_000
    return [a for a in AMOUNTS if a >= least and (a <= 10_000 or not quick)]

def best_of(part, version, amount, number, runs):
    rounds = max(1, min(20, 300_000 // amount))
    taken = [run_part(part, version, amount, rounds, number) for _ in range(runs)]
    return {"median": statistics.median(t["each"] for t in taken), "mib": max(t["mib"] for t in taken), "cpu": statistics.median(t["cpu"] for t in taken)}

def grow_part(part, languages, runs, quick, processors, curves, spread):
    found = [v for v in versions(part, languages) if v.name in ("Altru", *BESIDE)]
    curves[part.name] = {}
    row = spread[part.name] = {}
    for v in found:
        for number in sorted({1, processors}):
            label = f"{v.name}, {number} worker{'s' if number > 1 else ''}"
            points = curves[part.name][label] = {}
            for amount in amounts(part, quick):
                try:
                    points[str(amount)] = best_of(part, v, amount, number, runs)
                except Failed as why:
                    if v.name == "Altru":
                        raise
                    print(f"  {label}: {why}")
            if not points:
                continue
            times = [p["median"] for p in points.values()]
            print(f"{part.name:22} {label:20} " + " ".join(f"{t:8.1f}" for t in times) + f"   {max(times) / min(times):5.2f}", flush=True)
            if v.name == "Altru":
                row[f"{number} worker{'s' if number > 1 else ''}"] = max(times) / min(times)
    mine = [v for v in found if v.name == "Altru"]
    amount = amounts(part, quick)[-2]
    for number in MANY if mine else []:
        usual = best_of(part, mine[0], amount, processors, runs)["median"]
        row[f"{number} workers"] = best_of(part, mine[0], amount, number, runs)["median"] / usual
        print(f"{part.name:22} Altru, {number} workers over {processors}: {row[f'{number} workers']:.2f}", flush=True)

def grow(names, languages, runs, quick):
    processors = os.cpu_count()
    curves, spread = {}, {}
    parts = [p for p in PARTS if p.grows and (not names or p.name in names or p.program in names)]
    for part in parts:
        try:
            grow_part(part, languages, runs, quick, processors, curves, spread)
        except Failed as why:
            print(f"{part.name}: {str(why)[:2000]}", flush=True)
    heads = ["1 worker", f"{processors} workers"] + [f"{n} workers" for n in MANY]
    curves = {name: lines for name, lines in curves.items() if any(lines.values())}
    return {"curves": curves, "spread": spread, "heads": list(dict.fromkeys(heads))}
