"""The programs of one thread."""
import functools, math, os, shutil, statistics, subprocess, sys

from .measure import run_once
from .table import CPU, HERE, OUT
from .versions import ALTRU, have, newer, quiet

NAMES = {"altru": "Altru", "rs": "Rust", "go": "Go", "c": "C"}

@functools.cache
def hashbrown():
    """A package with hashbrown, the hash map that std::collections::HashMap wraps, with its own default hasher: the
    peer for `Map`."""
    folder = OUT / "hashbrown"
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "Cargo.toml").write_text('[package]\nname = "peer"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nhashbrown = "0.15"\n[workspace]\n')
    return folder

def build(program, lang, source):
    exe = OUT / f"{program}-{lang}"
    if lang == "altru":
        quiet([ALTRU, "build", "--release", source, "-o", exe])
    elif newer(exe, source):
        return exe
    elif lang == "rs" and "hashbrown" in source.read_text():
        folder = hashbrown()
        shutil.copy(source, folder / "src" / "main.rs")
        quiet(["cargo", "build", "--release", "-q"], cwd=folder, env={**os.environ, "CARGO_TARGET_DIR": str(folder / "target")})
        shutil.copy(folder / "target" / "release" / "peer", exe)
    elif lang == "rs":
        # -C opt-level=3 is what `cargo build --release` uses.
        quiet(["rustc", "-O", "-C", "opt-level=3", "-A", "warnings", "--edition", "2021", source, "-o", exe])
    elif lang == "go":
        quiet(["go", "build", "-o", exe, source])
    elif lang == "c":
        quiet(["cc", "-O3", "-o", exe, source, "-lm"])
    return exe

def run(names, languages, runs, quick):
    """CPU seconds, since other work may hold the processors; every program here has one thread (Go's collector has its own,
    which count)."""
    asked = {"altru": "altru", "rs": "rust", "go": "go", "c": "c++"}
    results, ratios = {}, {}
    print(f"{'program':14} {'language':8} {'wall s':>8} {'CPU s':>8} {'least':>8} {'MiB':>7} {'Altru/it':>8}")
    for program in names:
        argument = CPU[program][1 if quick else 0]
        exes = {}
        for lang in NAMES:
            source = HERE / program / f"main.{lang}"
            if source.exists() and asked[lang] in languages and have(asked[lang]):
                exes[lang] = build(program, lang, source)
        taken, outputs = {lang: [] for lang in exes}, {}
        for round_ in range(runs + 1):
            for lang, exe in exes.items():
                outputs[lang], *figures = run_once([exe, argument])
                if round_ > 0:
                    taken[lang].append(figures)
        if len(set(outputs.values())) > 1:
            sys.exit(f"{program}: outputs differ: {outputs}")
        figures = {}
        for lang, r in taken.items():
            cpu = [f[1] for f in r]
            figures[NAMES[lang]] = {"median": statistics.median(cpu), "least": min(cpu), "worst": max(cpu), "runs": len(r), "cpu": statistics.median(cpu),
                                    "wall": statistics.median(f[0] for f in r), "mib": max(f[2] for f in r)}
            ratio = figures["Altru"]["median"] / figures[NAMES[lang]]["median"] if "Altru" in figures else math.nan
            ratios.setdefault(lang, []).append(ratio)
            f = figures[NAMES[lang]]
            print(f"{program:14} {NAMES[lang]:8} {f['wall']:8.3f} {f['cpu']:8.3f} {f['least']:8.3f} {f['mib']:7.1f} {ratio:8.2f}", flush=True)
        results[program] = {"what": f"argument {argument}", "unit": "CPU s", "figures": figures}
    for lang, found in ratios.items():
        if lang != "altru":
            print(f"geometric mean of Altru / {NAMES[lang]}: {math.exp(sum(map(math.log, found)) / len(found)):.3f}")
    return results
