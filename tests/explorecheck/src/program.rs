//! Random concurrent programs: a few threads and tasks, each a few operations on shared objects, and what each one saw.

use explore::Rng;

pub(crate) const HEAD: &str = "\
use std::sync::{Atomic, Condvar, Event, Mutex, RwLock, Semaphore, WaitGroup, channel, bounded_channel, unbuffered_channel}
use std::thread

actor Plain:
    total: int = 0
    fn add(n: int):
        self.total += n
    fn get() -> int:
        return self.total

[mailbox(capacity = 1, overflow = fail)]
actor Failing:
    total: int = 0
    fn add(n: int):
        self.total += n
    fn get() -> int:
        return self.total

[mailbox(capacity = 1, overflow = drop_oldest)]
actor Newest:
    total: int = 0
    fn add(n: int):
        self.total += n
    fn get() -> int:
        return self.total

[mailbox(capacity = 1, overflow = wait)]
actor Waiting:
    total: int = 0
    fn add(n: int):
        self.total += n
    fn get() -> int:
        return self.total
";

/// The objects a program may use: a name, how it is made, and whether the name is a pair of channel ends.
const OBJECTS: [(&str, &str, bool); 17] = [
    ("m", "Shared::new(Mutex::new(0))", false),
    ("n", "Shared::new(Mutex::new(0))", false),
    ("a", "Shared::new(Atomic::new(0))", false),
    ("b", "Shared::new(Atomic::new(0))", false),
    ("w", "Shared::new(RwLock::new(0))", false),
    ("s", "Shared::new(Semaphore::new(1))", false),
    ("e", "Shared::new(Event::new())", false),
    ("v", "Shared::new(Condvar::new())", false),
    ("g", "WaitGroup::new()", false),
    ("u", "channel[int]()", true),
    ("c", "bounded_channel[int](1)", true),
    ("r", "unbuffered_channel[int]()", true),
    ("x", "unbuffered_channel[int]()", true),
    ("p", "Plain::new()", false),
    ("f", "Failing::new()", false),
    ("o", "Newest::new()", false),
    ("h", "Waiting::new()", false),
];

/// Lines of one operation, with the objects it uses. `$` is a number that no other operation has.
const OPERATIONS: &[(&str, &[&str])] = &[
    ("mu", &["if true:", "    let g = m.lock()", "    log.push_str(\"m${*g} \")", "    *g += 1"]),
    ("mx", &["*m.lock() += $"]),
    ("nx", &["*n.lock() += 1"]),
    ("mn", &["if true:", "    let g = m.lock()", "    let h = n.lock()", "    *h += *g + 1"]),
    (
        "nm",
        &["if true:", "    let h = n.lock()", "    let g = m.lock()", "    log.push_str(\"n${*h + *g} \")"],
    ),
    (
        "mt",
        &[
            "match m.try_lock():",
            "    Some(g) => log.push_str(\"t${*g} \")",
            "    None => log.push_str(\"f \")",
        ],
    ),
    ("ma", &["if true:", "    let g = m.lock()", "    a.store(*g + $)"]),
    ("aa", &["log.push_str(\"a${a.fetch_add(1)} \")"]),
    ("al", &["log.push_str(\"l${a.load()} \")"]),
    ("as", &["a.store($)"]),
    ("bl", &["log.push_str(\"b${b.load()} \")"]),
    ("bs", &["b.store($)"]),
    ("ac", &["log.push_str(\"x${a.compare_exchange(0, $).is_ok()} \")"]),
    ("us", &["u_tx.send($)"]),
    (
        "ur",
        &[
            "match u_rx.recv():",
            "    Ok(v) => log.push_str(\"u${v} \")",
            "    Err(_) => log.push_str(\"uc \")",
        ],
    ),
    (
        "ut",
        &[
            "match u_rx.try_recv():",
            "    Ok(v) => log.push_str(\"u${v} \")",
            "    Err(_) => log.push_str(\"u- \")",
        ],
    ),
    ("uc", &["u_tx.close()"]),
    ("un", &["log.push_str(\"u#${u_rx.len()} \")"]),
    ("cs", &["log.push_str(\"cs${c_tx.send($).is_ok()} \")"]),
    (
        "cr",
        &[
            "match c_rx.recv():",
            "    Ok(v) => log.push_str(\"c${v} \")",
            "    Err(_) => log.push_str(\"cc \")",
        ],
    ),
    ("ct", &["log.push_str(\"ct${c_tx.try_send($).is_ok()} \")"]),
    ("cc", &["c_rx.close()"]),
    ("rs", &["log.push_str(\"rs${r_tx.send($).is_ok()} \")"]),
    (
        "rr",
        &[
            "match r_rx.recv():",
            "    Ok(v) => log.push_str(\"r${v} \")",
            "    Err(_) => log.push_str(\"rc \")",
        ],
    ),
    (
        "rt",
        &[
            "match r_rx.try_recv():",
            "    Ok(v) => log.push_str(\"r${v} \")",
            "    Err(_) => log.push_str(\"r- \")",
        ],
    ),
    (
        "uq",
        &[
            "select:",
            "    case v = u_rx.recv(): log.push_str(\"q${v} \")",
            "    case v = c_rx.recv(): log.push_str(\"k${v} \")",
        ],
    ),
    (
        "ud",
        &[
            "select:",
            "    case v = u_rx.recv(): log.push_str(\"q${v} \")",
            "    case v = r_rx.recv(): log.push_str(\"k${v} \")",
            "    default: log.push_str(\"d \")",
        ],
    ),
    (
        "uz",
        &[
            "select:",
            "    case v = u_rx.recv(): log.push_str(\"q${v} \")",
            "    case c_tx.send($): log.push_str(\"z \")",
        ],
    ),
    (
        "rz",
        &[
            "select:",
            "    case v = r_rx.recv(): log.push_str(\"q${v} \")",
            "    case c_tx.send($): log.push_str(\"z \")",
        ],
    ),
    (
        "ry",
        &[
            "select:",
            "    case r_tx.send($): log.push_str(\"y \")",
            "    case v = u_rx.recv(): log.push_str(\"q${v} \")",
        ],
    ),
    (
        "me",
        &[
            "select:",
            "    case e.wait(): log.push_str(\"e \")",
            "    case v = u_rx.recv(): log.push_str(\"q${v} \")",
        ],
    ),
    ("wr", &["log.push_str(\"w${*w.read()} \")"]),
    ("ww", &["*w.write() += $"]),
    ("wm", &["if true:", "    let g = w.read()", "    *m.lock() += *g + 1"]),
    ("sm", &["if true:", "    let p = s.acquire()", "    log.push_str(\"s${a.load()} \")", "    a.store($)"]),
    ("es", &["e.set()"]),
    ("ew", &["e.wait()"]),
    ("el", &["log.push_str(\"e${e.is_set()} \")"]),
    (
        "vw",
        &[
            "if true:",
            "    let mut h = n.lock()",
            "    while *h == 0:",
            "        h = v.wait(h)",
            "    log.push_str(\"v \")",
        ],
    ),
    ("vn", &["if true:", "    *n.lock() = 1", "    v.notify_one()"]),
    ("va", &["if true:", "    *n.lock() = 1", "    v.notify_all()"]),
    ("vf", &["if true:", "    let [_h, late] = v.wait_for(n.lock(), 1)", "    log.push_str(\"v${late} \")"]),
    (
        "wt",
        &[
            "match w.try_read():",
            "    Some(g) => log.push_str(\"w${*g} \")",
            "    None => log.push_str(\"w- \")",
        ],
    ),
    ("wv", &["match w.try_write():", "    Some(g) => *g += $", "    None => log.push_str(\"w! \")"]),
    ("wf", &["match w.write_for(1):", "    Some(g) => *g += $", "    None => log.push_str(\"w~ \")"]),
    ("st", &["match s.try_acquire():", "    Some(_p) => a.store($)", "    None => log.push_str(\"s- \")"]),
    ("sf", &["match s.acquire_for(1):", "    Some(_p) => a.store($)", "    None => log.push_str(\"s~ \")"]),
    ("sr", &["s.release(1)"]),
    ("s2", &["if true:", "    let p = s.acquire_many(2)", "    a.store($)"]),
    ("mf", &["match m.lock_for(1):", "    Some(g) => *g += $", "    None => log.push_str(\"m~ \")"]),
    ("ef", &["log.push_str(\"e${e.wait_for(1)} \")"]),
    (
        "uf",
        &[
            "match u_rx.recv_for(1):",
            "    Ok(v) => log.push_str(\"u${v} \")",
            "    Err(_) => log.push_str(\"u~ \")",
        ],
    ),
    ("cf", &["log.push_str(\"cf${c_tx.send_for($, 1).is_ok()} \")"]),
    (
        "qt",
        &[
            "select:",
            "    case v = u_rx.recv(): log.push_str(\"q${v} \")",
            "    case timeout(1): log.push_str(\"q~ \")",
        ],
    ),
    ("zz", &["sleep(1)"]),
    (
        "du",
        &[
            "if true:",
            "    let due = deadline 1:",
            "        u_rx.recv()",
            "    match due:",
            "        Ok(v) => log.push_str(\"d${v.is_ok()} \")",
            "        Err(_) => log.push_str(\"d~ \")",
        ],
    ),
    (
        "sc",
        &[
            "scope g:",
            "    g.spawn(fn():",
            "        *m.lock() += $",
            "    )",
            "    g.spawn(fn():",
            "        a.store($)",
            "    )",
        ],
    ),
    ("pt", &["p.add($)"]),
    (
        "pa",
        &[
            "match p.get().result():",
            "    Ok(v) => log.push_str(\"p${v} \")",
            "    Err(_) => log.push_str(\"p! \")",
        ],
    ),
    ("ps", &["let _ = await p.stop()"]),
    ("pl", &["log.push_str(\"p${p.is_alive()} \")"]),
    ("ft", &["log.push_str(\"f${f.add($).is_ok()} \")"]),
    ("ot", &["o.add($)"]),
    (
        "oa",
        &[
            "match o.get().result():",
            "    Ok(v) => log.push_str(\"o${v} \")",
            "    Err(_) => log.push_str(\"o! \")",
        ],
    ),
    ("ht", &["h.add($)"]),
    (
        "ha",
        &[
            "match h.get().result():",
            "    Ok(v) => log.push_str(\"h${v} \")",
            "    Err(_) => log.push_str(\"h! \")",
        ],
    ),
];

/// Further ones, for the programs that cancel: what unwinds out of waits, cleans up, or makes others unwind.
const UNWINDING: &[(&str, &[&str])] = &[
    ("ga", &["g.add(1)"]),
    ("gd", &["g.add(1)", "g.done()"]),
    ("gw", &["g.wait()"]),
    ("er", &["e.reset()"]),
    (
        "dm",
        &[
            "let due$ = deadline 1:",
            "    *m.lock() += $",
            "    e.wait()",
            "match due$:",
            "    Ok(_) => log.push_str(\"d \")",
            "    Err(_) => log.push_str(\"d~ \")",
        ],
    ),
    (
        "dr",
        &[
            "let due$ = deadline 1:",
            "    let g = w.read()",
            "    r_rx.recv()",
            "match due$:",
            "    Ok(v) => log.push_str(\"d${v.is_ok()} \")",
            "    Err(_) => log.push_str(\"d~ \")",
        ],
    ),
    ("df", &["if true:", "    defer:", "        *m.lock() += $", "    e.wait()"]),
    ("dc", &["if true:", "    defer:", "        u_tx.send($)", "    c_tx.send($)"]),
    (
        "dw",
        &[
            "if true:",
            "    defer:",
            "        match u_rx.recv():",
            "            Ok(v) => a.store(v)",
            "            Err(_) => a.store(99)",
            "    let h = n.lock()",
            "    e.wait()",
        ],
    ),
    (
        "se",
        &[
            "scope g:",
            "    g.spawn(fn():",
            "        e.wait()",
            "        a.store($)",
            "    )",
            "    log.push_str(\"l${a.load()} \")",
        ],
    ),
    (
        "sx",
        &[
            "scope g:",
            "    g.spawn(fn():",
            "        if a.load() == 0:",
            "            panic(\"p\")",
            "    )",
            "    e.wait()",
        ],
    ),
    (
        "sy",
        &[
            "scope g:",
            "    g.spawn(fn():",
            "        *m.lock() += 1",
            "        panic(\"p\")",
            "    )",
            "    g.spawn(fn():",
            "        u_rx.recv()",
            "        a.store($)",
            "    )",
        ],
    ),
    ("sz", &["scope g:", "    g.spawn(fn():", "        *m.lock() += 1", "    )", "    g.cancel()"]),
    ("tj", &["if true:", "    let t = spawn(fn() -> int: 4)", "    log.push_str(\"j${t.join().is_ok()} \")"]),
    (
        "tc",
        &[
            "if true:",
            "    let a = a.clone()",
            "    let m = m.clone()",
            "    let t = spawn(fn():",
            "        *m.lock() += $",
            "        a.store($)",
            "    )",
            "    t.cancel()",
            "    log.push_str(\"j${t.join().is_ok()} \")",
        ],
    ),
];

/// Further ones, for the programs in which something is left to chance.
const BY_CHANCE: &[(&str, &[&str])] = &[
    ("kn", &["log.push_str(\"k${random::below(2)} \")"]),
    ("kb", &["if random::below(2) == 0:", "    a.store($)"]),
    ("kl", &["match random::choose([1, 2, 3]):", "    Some(n) => *m.lock() += n", "    None => pass"]),
    ("ks", &["for n in Set::from([1, 2]):", "    u_tx.send(n)"]),
    ("km", &["for [k, v] in Map::from([(1, 2), (2, 3), (3, 1)]):", "    *m.lock() = *m.lock() * k + v"]),
];

/// Those of programs that meet at two channels without room, most of them in a `select`.
const MEETINGS: &[(&str, &[&str])] = &[
    ("Rs", &["log.push_str(\"s${r_tx.send($).is_ok()} \")"]),
    ("Rr", &["log.push_str(\"r${r_rx.recv().unwrap_or(0)} \")"]),
    ("Xs", &["log.push_str(\"S${x_tx.send($).is_ok()} \")"]),
    ("Xr", &["log.push_str(\"R${x_rx.recv().unwrap_or(0)} \")"]),
    ("Es", &["e.set()"]),
    ("Us", &["u_tx.send($)"]),
    ("Cr", &["log.push_str(\"c${c_rx.recv().unwrap_or(0)} \")"]),
    ("Rc", &["r_tx.close()"]),
    ("Xc", &["x_rx.close()"]),
    ("Mx", &["*m.lock() += $"]),
    (
        "RX",
        &[
            "select:",
            "    case v = r_rx.recv(): log.push_str(\"q${v} \")",
            "    case v = x_rx.recv(): log.push_str(\"x${v} \")",
        ],
    ),
    (
        "Rx",
        &[
            "select:",
            "    case r_tx.send($): log.push_str(\"y \")",
            "    case v = x_rx.recv(): log.push_str(\"x${v} \")",
        ],
    ),
    (
        "rx",
        &[
            "select:",
            "    case r_tx.send($): log.push_str(\"y \")",
            "    case x_tx.send($): log.push_str(\"z \")",
        ],
    ),
    (
        "RE",
        &[
            "select:",
            "    case v = r_rx.recv(): log.push_str(\"q${v} \")",
            "    case e.wait(): log.push_str(\"e \")",
        ],
    ),
    (
        "XE",
        &[
            "select:",
            "    case x_tx.send($): log.push_str(\"z \")",
            "    case e.wait(): log.push_str(\"e \")",
        ],
    ),
    ("R1", &["select:", "    case v = r_rx.recv(): log.push_str(\"q${v} \")"]),
    ("X1", &["select:", "    case x_tx.send($): log.push_str(\"z \")"]),
    (
        "RU",
        &[
            "select:",
            "    case v = r_rx.recv(): log.push_str(\"q${v} \")",
            "    case v = u_rx.recv(): log.push_str(\"u${v} \")",
        ],
    ),
    (
        "RC",
        &[
            "select:",
            "    case v = r_rx.recv(): log.push_str(\"q${v} \")",
            "    case c_tx.send($): log.push_str(\"c \")",
        ],
    ),
    (
        "RK",
        &[
            "select:",
            "    case v = r_rx.recv(): log.push_str(\"q${v} \")",
            "    case r_rx.closed(): log.push_str(\"k \")",
        ],
    ),
    ("RM", &["select:", "    case r_tx.send($): log.push_str(\"y \")", "    case g = m.lock(): *g += $"]),
    (
        "RD",
        &[
            "select:",
            "    case v = r_rx.recv(): log.push_str(\"q${v} \")",
            "    case x_tx.send($): log.push_str(\"z \")",
            "    default: log.push_str(\"d \")",
        ],
    ),
    ("Rd", &["select:", "    case r_tx.send($): log.push_str(\"y \")", "    default: log.push_str(\"d \")"]),
    (
        "UD",
        &[
            "select:",
            "    case v = r_rx.recv(): log.push_str(\"q${v} \")",
            "    case v = u_rx.recv(): log.push_str(\"u${v} \")",
            "    default: log.push_str(\"d \")",
        ],
    ),
    (
        "RT",
        &[
            "select:",
            "    case v = r_rx.recv(): log.push_str(\"q${v} \")",
            "    case timeout(1): log.push_str(\"~ \")",
        ],
    ),
    (
        "R3",
        &[
            "select:",
            "    case v = r_rx.recv(): log.push_str(\"q${v} \")",
            "    case x_tx.send($): log.push_str(\"z \")",
            "    case e.wait(): log.push_str(\"e \")",
        ],
    ),
];

/// From this seed on all programs cancel.
pub const CANCELLING: u64 = 1 << 20;
/// From this seed on all programs leave something to chance.
pub const CHANCE: u64 = 1 << 21;
/// From this seed on all programs meet.
pub const MEETING: u64 = 3 << 20;

/// The body of a function of its own.
pub fn program(seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let mut below = |n: usize| (rng.next_u64() % n as u64) as usize;
    let cancels = (CANCELLING..CHANCE).contains(&seed);
    let meets = seed >= MEETING;
    let threads = if meets { 3 } else { 2 + below(2) };
    // A few kinds of operations, so that they meet on the same objects.
    let further = match seed {
        CHANCE..MEETING => BY_CHANCE,
        CANCELLING..CHANCE => UNWINDING,
        _ => &[],
    };
    let operations = if meets { MEETINGS.to_vec() } else { [OPERATIONS, further].concat() };
    let mut kinds: Vec<usize> = (0..2 + below(4)).map(|_| below(operations.len())).collect();
    if (CHANCE..MEETING).contains(&seed) || cancels && below(2) == 0 {
        kinds.push(OPERATIONS.len() + below(further.len()));
    }
    let mut number = 0;
    let mut bodies = Vec::new();
    for _ in 0..threads {
        let mut lines = Vec::new();
        for _ in 0..1 + below(if threads == 2 && !cancels { 3 } else { 2 }) {
            number += 1;
            let (_, operation) = operations[kinds[below(kinds.len())]];
            lines.extend(operation.iter().map(|line| replace_number(line, number)));
        }
        bodies.push(lines);
    }
    let all: String = bodies.concat().join("\n");
    let used = |name: &str, pair: bool| {
        let words = |suffix: &str| uses(&all, &format!("{name}{suffix}"));
        if pair { words("_tx") || words("_rx") } else { words("") }
    };
    let objects: Vec<_> = OBJECTS.iter().filter(|(name, _, pair)| used(name, *pair)).collect();
    let mut text = String::new();
    for (name, made, pair) in &objects {
        let names = if *pair { format!("[{name}_tx, {name}_rx]") } else { (*name).to_string() };
        text.push_str(&format!("    let {names} = {made}\n"));
    }
    for (i, lines) in bodies.iter().enumerate() {
        text.push_str(&format!("    let t{i} = if true:\n"));
        let body = lines.join("\n");
        for (name, _, pair) in &objects {
            let names = if *pair {
                vec![format!("{name}_tx"), format!("{name}_rx")]
            } else {
                vec![(*name).to_string()]
            };
            for name in names.iter().filter(|name| uses(&body, name)) {
                text.push_str(&format!("        let {name} = {name}.clone()\n"));
            }
        }
        let spawn = if i == 1 { "spawn" } else { "thread::spawn" };
        text.push_str(&format!("        {spawn}(fn() -> string:\n            let mut log = \"\"\n"));
        for line in lines {
            text.push_str(&format!("            {line}\n"));
        }
        text.push_str("            return log\n        )\n    else: panic(\"\")\n");
    }
    for (name, _, pair) in &objects {
        if *pair {
            text.push_str(&format!("    drop({name}_tx)\n    drop({name}_rx)\n"));
        }
    }
    // The second one is a task.
    for (name, before) in [("m", "*m.lock() += 7"), ("a", "a.store(7)"), ("e", "e.set()")] {
        if cancels && objects.iter().any(|(object, _, _)| *object == name) && below(3) == 0 {
            text.push_str(&format!("    {before}\n"));
        }
    }
    if below(6) == 0 || cancels {
        text.push_str("    t1.cancel()\n");
    }
    for i in 0..threads {
        text.push_str(&format!("    print(\"${{t{i}.join().unwrap_or(\"!\")}}| \")\n"));
    }
    for (name, shown) in [
        ("m", "*m.lock()"),
        ("n", "*n.lock()"),
        ("a", "a.load()"),
        ("w", "*w.read()"),
        ("p", "await p.get()"),
    ] {
        if objects.iter().any(|(object, _, _)| *object == name) {
            text.push_str(&format!("    print(\"{name}=${{{shown}}} \")\n"));
        }
    }
    text
}

/// `$` that does not begin `${`.
fn replace_number(line: &str, number: usize) -> String {
    let mut out = String::new();
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '$' && chars.peek() != Some(&'{') {
            out.push_str(&number.to_string());
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a name stands in a text as a word, followed by `.` or `)`.
fn uses(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        after == Some('.') && !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}
