//! Deadlocks among some threads and tasks while the rest of the program goes on: what is told of them, and that nothing is told of
//! programs in which everybody gets on. A program runs until its standard input is closed, which it is when it has told
//! what is wanted.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// What every program ends with: it goes on as long as there is input.
const GO_ON: &str = "
while io::stdin().read_line().unwrap_or(None).is_some():
    pass
println(\"the end\")
";

struct Program {
    child: Child,
    file: PathBuf,
}

fn start(name: &str, text: &str, period: Option<&str>) -> Program {
    let file = std::env::temp_dir().join(format!("altru-circles-{}-{name}.altru", std::process::id()));
    std::fs::write(&file, format!("use std::io\n{text}{GO_ON}")).expect("temporary file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_altru"));
    command.arg("run").arg(&file).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("ALTRU_LEAKS", "0");
    if let Some(period) = period {
        command.env("ALTRU_WATCH", period);
    }
    Program { child: command.spawn().expect("altru starts"), file }
}

impl Program {
    /// Reads what it tells until all of `wanted` has come, in this order, then lets it end. It must end as ever.
    fn tells(mut self, wanted: &[&str]) -> String {
        let mut err = BufReader::new(self.child.stderr.take().expect("piped"));
        let mut seen = String::new();
        let mut wanted = wanted.iter().peekable();
        while let Some(next) = wanted.peek() {
            let before = seen.len();
            assert!(err.read_line(&mut seen).expect("UTF-8") > 0, "it ended without `{next}`:\n{seen}");
            if seen[before..].contains(**next) {
                wanted.next();
            }
        }
        drop(self.child.stdin.take());
        let mut out = String::new();
        self.child.stdout.take().expect("piped").read_to_string(&mut out).expect("UTF-8");
        err.read_to_string(&mut seen).expect("UTF-8");
        assert!(out.contains("the end\n"), "{out}{seen}");
        self.child.wait().expect("it ends");
        let _ = std::fs::remove_file(&self.file);
        seen
    }
}

const TWO: &str = "
fn move_all(from: Mutex[int], to: Mutex[int], here: Sender[()], there: Receiver[()]):
    let a = from.lock()
    here.send(())
    there.recv().ok()
    let b = to.lock()
    *b += *a

let [mine, yours] = (Shared::new(Mutex::new(1)), Shared::new(Mutex::new(2)))
let [mine2, yours2] = (mine.clone(), yours.clone())
let [tx1, rx1] = channel[()]()
let [tx2, rx2] = channel[()]()
task::spawn_named(\"left\", || move_all(mine, yours, tx1, rx2)).detach()
";

#[test]
fn two_tasks_with_two_locks() {
    let text = format!("{TWO}task::spawn_named(\"right\", || move_all(yours2, mine2, tx2, rx1)).detach()\n");
    let told = start("two", &text, None).tells(&[
        "deadlock: 2 wait for each other in a circle, while the rest of the program goes on",
        "waits for a mutex",
        "held by task ",
        "in move_all at",
        "waits for a mutex",
        "held by task ",
        "in move_all at",
        "started at",
    ]);
    for line in
        ["  task left (", "  task right (", "held by task left, locked at", "held by task right, locked at"]
    {
        assert_eq!(told.matches(line).count(), 1, "{line}: {told}");
    }
}

#[test]
fn a_thread_and_a_task() {
    let text = format!("{TWO}thread::spawn_named(\"worker\", || move_all(yours2, mine2, tx2, rx1))\n");
    let told = start("thread", &text, None).tells(&["deadlock: 2 wait", "in move_all at", "in move_all at"]);
    assert!(told.contains("  thread worker waits for a mutex\n    held by task left, locked at"), "{told}");
    assert!(told.contains("    held by thread worker, locked at"), "{told}");
}

#[test]
fn a_scope_whose_task_needs_what_its_owner_holds() {
    let text = "
fn work(total: Mutex[int], n: int):
    if n > 0:
        *total.lock() += n

fn run(n: int):
    let total = Mutex::new(0)
    let other = Mutex::new(0)
    let guard = if n > 5: total.lock() else: other.lock()
    scope s:
        s.spawn(|| work(total, n))
    *guard += 1

task::spawn_named(\"owner\", || run(9)).detach()
";
    let told = start("scope", text, None).tells(&["deadlock: 2 wait", "in run at"]);
    assert!(told.contains("  task owner ("), "{told}");
    assert!(told.contains("    waits for task "), "{told}");
    assert!(told.contains("    held by task owner, locked at"), "{told}");
}

#[test]
fn an_actor_that_needs_what_the_asker_holds() {
    let text = "
actor Teller:
    account: Shared[Mutex[int]]
    fn take(n: int) -> int:
        let account = self.account.lock()
        *account -= n
        return *account

let account = Shared::new(Mutex::new(100))
let teller = Teller::new(account.clone())
thread::spawn_named(\"asker\", fn():
    let all = account.lock()
    let left = teller.take(10).result()
    println(\"${left.is_ok()} ${*all}\")
)
";
    let told = start("ask", text, None).tells(&[
        "deadlock: 2 wait",
        "thread asker waits for an actor",
        "held by thread asker",
        // The wait of the asker ends.
        "panic: `Teller` cannot answer: by way of a lock or a task it waits for who asks",
        "in thread asker",
        "panic: this lock is poisoned",
        "in task Teller",
    ]);
    assert!(told.contains("    waits for task Teller\n"), "{told}");
}

#[test]
fn a_reader_that_reads_again_behind_a_writer() {
    let text = "
let lock = Shared::new(RwLock::new(0))
let theirs = lock.clone()
let [begun, beginning] = channel[()]()
task::spawn_named(\"reader\", fn():
    let first = theirs.read()
    begun.send(())
    # Until the writer has queued.
    while theirs.try_read().is_some():
        sleep(1)
    let second = theirs.read()
    println(\"${*first + *second}\")
).detach()
beginning.recv().ok()
task::spawn_named(\"writer\", fn():
    *lock.write() += 1
).detach()
";
    let told =
        start("read", text, None).tells(&["deadlock: 2 wait", "a read-write lock", "a read-write lock"]);
    assert!(told.contains("    read by task reader\n"), "{told}");
}

#[test]
fn two_that_join_each_other() {
    let text = "
let [tx1, rx1] = channel[Task[()]]()
let [tx2, rx2] = channel[Task[()]]()
let a = task::spawn_named(\"one\", fn():
    let own other = rx1.recv().unwrap()
    other.join().unwrap()
)
let b = task::spawn_named(\"other\", fn():
    let own other = rx2.recv().unwrap()
    other.join().unwrap()
)
tx1.send(b)
tx2.send(a)
";
    let told = start("join", text, None).tells(&["deadlock: 2 wait", "waits for task", "waits for task"]);
    assert!(
        told.contains("    waits for task one\n") && told.contains("    waits for task other\n"),
        "{told}"
    );
}

#[test]
fn one_that_locks_twice() {
    let text = "
fn twice(locks: [Shared[Mutex[int]]], i: int, k: int) -> int:
    let a = locks[i].lock()
    let b = locks[k].lock()
    return *a + *b

let locks = [Shared::new(Mutex::new(1))]
task::spawn_named(\"twice\", fn():
    println(\"${twice(locks, 0, locks.len() - 1)}\")
).detach()
";
    let told = start("self", text, None).tells(&["deadlock: one waits for itself", "task twice ("]);
    assert!(told.contains("    held by itself, locked at"), "{told}");
}

/// Locks in one order, retried, with time limits, handed round by conditions, given up by cancellation: looked at a
/// thousand times a second, and nobody ever waits in a circle.
#[test]
fn nobody_is_accused_wrongly() {
    let text = "
use std::sync::Condvar
actor Counter:
    n: int = 0
    fn add(k: int) -> int:
        self.n += k
        return self.n

let locks: [Shared[Mutex[int]]] = (0..6).map(|i| Shared::new(Mutex::new(i))).collect()
let book = Shared::new(RwLock::new(0))
let turn = Shared::new(Mutex::new(0))
let changed = Shared::new(Condvar::new())
let counter = Counter::new()
let over = Shared::new(Atomic::new(false))
let mut all: [Task[()]] = []
for k in 0..12:
    let locks: [Shared[Mutex[int]]] = locks.iter().map(|one| one.clone()).collect()
    let [book, turn, changed, over, counter] = (book.clone(), turn.clone(), changed.clone(), over.clone(), counter.clone())
    all.push(spawn(fn():
        let mut i = k
        while not over.load():
            i += 1
            let [a, b] = (i % 5, i % 5 + 1)
            match i % 6:
                0 =>
                    let first = locks[a].lock()
                    let second = locks[b].lock()
                    *second += *first & 1
                1 =>
                    # The wrong way round, but it gives up.
                    let first = locks[b].lock()
                    match locks[a].lock_for(Duration::from_micros(200)):
                        Some(second) => *second += *first & 1
                        None => pass
                2 =>
                    let seen = *book.read()
                    if seen % 3 == 0:
                        *book.write() += 1
                3 =>
                    let guard = turn.lock()
                    if *guard % 2 == 0:
                        *guard += 1
                        changed.notify_all()
                    else:
                        let [guard, _] = changed.wait_for(guard, Duration::from_micros(100))
                        *guard += 1
                4 =>
                    let all = locks[0].lock()
                    *all += counter.add(1).result().unwrap_or(0) & 1
                _ =>
                    let sum = scope s:
                        let one = s.spawn(|| *locks[a].lock())
                        let other = s.spawn(|| *book.read())
                        one.join().unwrap_or(0) + other.join().unwrap_or(0)
                    if sum < 0:
                        break
    ))
for round in 0..40:
    sleep(20)
    let mine = locks[round % 6].clone()
    let held = locks[round % 6].lock()
    let waits = spawn(fn():
        *mine.lock() += 1
    )
    sleep(2)
    waits.cancel()
    waits.join().ok()
    drop(held)
over.store(true)
for own one in all:
    one.join().unwrap()
eprintln(\"got on\")
";
    let told = start("fine", text, Some("1")).tells(&["got on"]);
    assert!(!told.contains("deadlock"), "{told}");
}
