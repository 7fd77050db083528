"""The programs: their parts, how much work each does, what it must print, and what the aim is.

A program is started as `PROGRAM PART AMOUNT ROUNDS` and prints a line for each round:
`PART OPERATIONS NANOSECONDS RESULT [NAME=VALUE ...]`. A part of a program that has one only is called "".
"""
import dataclasses, pathlib
from typing import Callable

HERE = pathlib.Path(__file__).resolve().parent.parent
ROOT = HERE.parent
OUT = ROOT / "target" / "benches"

@dataclasses.dataclass
class Part:
    program: str
    part: str
    what: str
    amount: int
    aim: str  # what the aim is, in words
    best: float | None  # nanoseconds an operation (or milliseconds) at most
    result: Callable[[int], str] | None  # what it must print for an amount
    folder: str = "concurrency"
    unit: str = "ns"
    small: int = 0  # the amount of a quick run, a hundredth unless given
    grows: bool = False  # drawn as a curve over the amount
    pinned: bool = False  # on one worker
    runs: int = 0  # at most so many runs, where one takes long
    more: dict = dataclasses.field(default_factory=dict)  # aims for further figures

    @property
    def name(self):
        return f"{self.program}/{self.part}" if self.part else self.program

    @property
    def quick(self):
        return self.small or max(self.amount // 100, 10)

def below(n):
    return str(n * (n - 1) // 2)

def same(n):
    return str(n)

def fib(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return str(a)

def fan_in(n):
    each = n // 8
    return str(8 * (each * (each - 1) // 2))

def select(n):
    each = n // 4
    return str(4 * (each * (each - 1) // 2))

def call(n):
    return str(sum(i + 20 for i in range(n // 10)))

MILLION = 1_000_000

CONCURRENCY = [
    Part("spawn_join", "main", "tasks started and joined by `main`, a thread", MILLION, "", None, below, grows=True),
    Part("spawn_join", "task", "tasks started and joined by a task", MILLION, "90 ns", 90, below, grows=True),
    Part("parked", "channel", "tasks that wait on a channel: time until all wait", MILLION, "250 ns, 128 bytes, 120 ns to wake", 250, same, runs=3, more={"bytes": 128, "wake": 120}),
    Part("parked", "timer", "tasks that wait on a timer: time until all wait", MILLION, "250 ns, 160 bytes, 120 ns to wake", 250, same, runs=3, small=1000, more={"bytes": 160, "wake": 120}),
    Part("ping_pong", "tasks", "hops between two tasks", 2 * MILLION, "30 ns", 30, same, grows=True),
    Part("ping_pong", "threads", "hops between two threads", 200_000, "350 ns", 350, same),
    Part("ring", "", "hops round 1,000 tasks", 2 * MILLION, "35 ns", 35, same, grows=True),
    Part("skynet", "tasks", "a task for each node of a tree of 1,000,000 leaves", MILLION, "60 ns", 60, below, small=10_000, grows=True),
    Part("skynet", "reduction", "a parallel reduction of 100,000,000 numbers", 100 * MILLION, "rayon's", None, None, small=10_000),
    Part("fan_in", "bounded", "8 producers, one consumer, capacity 1,024", 4 * MILLION, "9 ns", 9, fan_in, grows=True),
    Part("fan_in", "unbounded", "8 producers, one consumer, no limit", 4 * MILLION, "9 ns", 9, fan_in, grows=True),
    Part("fan_in", "batched", "8 producers, one consumer, 64 at a time", 4 * MILLION, "4 ns", 4, fan_in, grows=True),
    Part("mpmc", "", "4 producers, 4 consumers, capacity 1,024", 4 * MILLION, "7.5 ns", 7.5, below, grows=True),
    Part("select", "buffered", "select over four channels of capacity 128", 2 * MILLION, "25 ns", 25, select, grows=True),
    Part("select", "rendezvous", "select over four channels without room", 2 * MILLION, "70 ns", 70, select, grows=True),
    Part("mutex", "one", "increments under a mutex, one thread", 4 * MILLION, "3 ns", 3, same),
    Part("mutex", "threads", "the same by two threads", 4 * MILLION, "5 ns", 5, same),
    Part("mutex", "tasks", "the same by eight tasks", 4 * MILLION, "4.5 ns", 4.5, same, grows=True),
    Part("actor_count", "", "messages to one actor", 10 * MILLION, "12 ns", 12, same, grows=True),
    Part("actor_ping_pong", "", "messages between two actors", 2 * MILLION, "30 ns", 30, same, grows=True),
    Part("actor_fork_join", "", "messages to 60 actors in turn", 1_200_000, "15 ns", 15, lambda n: str(n // 60 * 60), grows=True),
    Part("actor_big", "", "messages among 120 actors", 4_800_000, "30 ns", 30, lambda n: str(n // 240 * 120), grows=True),
    Part("actor_chameneos", "", "meetings of 100 creatures", MILLION, "110 ns", 110, lambda n: str(2 * n), grows=True),
    Part("actor_bank", "", "transfers between 1,000 accounts, each awaits its answer", 500_000, "120 ns", 120, lambda n: str(MILLION), grows=True),
    Part("parallel_map", "", "a hash of each of 10,000,000 numbers, summed on all cores", 10 * MILLION, "two C threads' + 2 %", None, None),
    Part("fib", "20", "fib(38), a task for one of two calls, down to 20", 38, "rayon's", None, fib, unit="ms", small=28),
    Part("fib", "10", "fib(38), a task for one of two calls, down to 10", 38, "150 ms", 150, fib, unit="ms", small=25),
    Part("sleeps", "", "100,000 tasks sleep 1 to 100 ms", 100_000, "115 ms, late p50 200 us, p99 5,000 us", 115, same, unit="ms whole", runs=5, more={"p50": 200, "p99": 5000}),
]

COSTS = [
    Part("ready", "call", "`await` of a future of a call, in place", 10 * MILLION, "3 ns", 3, below),
    Part("ready", "future", "`await` of a `Future` on the heap that is ready", 10 * MILLION, "", None, below),
    Part("ready", "event", "waiting for an event that has been set", 10 * MILLION, "3 ns", 3, below),
    Part("ready", "lock", "locking a free mutex", 10 * MILLION, "3 ns", 3, below),
    Part("ready", "message", "sending a message and receiving it", 10 * MILLION, "", None, below),
    Part("call", "plain", "a call of a function that cannot wait", 20 * MILLION, "", None, call),
    Part("call", "waiting", "a call of one that may wait and does not", 20 * MILLION, "1 ns over plain", None, call),
    Part("switch", "deep_1", "two tasks on one worker let each other go first", 2 * MILLION, "15 ns", 15, lambda n: "2", pinned=True),
    Part("switch", "deep_100", "the same with 100 calls around the wait", 2 * MILLION, "10 % over deep_1", None, lambda n: "200", pinned=True),
    Part("cancel", "", "waiting tasks, cancelled and joined", 200_000, "100 ns", 100, same),
    Part("scopes", "close", "children whose wait ends when the block does", 500_000, "100 ns", 100, same, small=2000),
    Part("scopes", "leave", "children that are cancelled because the block is left", 500_000, "100 ns", 100, same, small=2000),
]
for part in COSTS:
    part.folder = "costs"

PARTS = CONCURRENCY + COSTS

# The programs of one thread: their argument, about a second of work in the fastest language, and that of a quick run.
CPU = {
    "nbody": ("5000000", "50000"), "spectral_norm": ("2000", "200"), "fannkuch": ("10", "7"), "binary_trees": ("17", "10"),
    "mandelbrot": ("1500", "150"), "sieve": ("20000000", "200000"), "matmul": ("700", "100"), "hash_map": ("8000000", "80000"),
    "split": ("1500000", "15000"), "iterators": ("3000", "30"), "sort": ("3000000", "30000"),
}
