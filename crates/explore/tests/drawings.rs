//! Drawings of traces, compared with files; `ALTRU_BLESS=1` writes them anew.

use std::path::Path;

use explore::{Arrow, Place, Step, Trace, Wait};

fn compare(name: &str, drawn: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("ALTRU_BLESS").is_some() {
        std::fs::write(&path, drawn).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(drawn, golden, "{name} is not drawn as it was");
}

fn place(line: u32) -> Option<Place> {
    Some(Place { file: "bank.altru".to_string(), line, column: 5 })
}

fn step(task: usize, text: &str, line: u32, causes: &[(usize, Arrow)]) -> Step {
    let object = text.split_once(' ').map(|(_, object)| object.to_string());
    Step { task, text: text.to_string(), object, place: place(line), causes: causes.to_vec() }
}

fn wait(task: usize, text: &str, object: &str, line: u32, on: &[usize]) -> Wait {
    Wait {
        task,
        text: text.to_string(),
        object: Some(object.to_string()),
        place: place(line),
        on: on.to_vec(),
    }
}

/// Two tasks that lock two accounts in different orders, and one that waits for both.
fn bank() -> Trace {
    Trace {
        tasks: vec!["main".to_string(), "transfer 1".to_string(), "transfer 2".to_string()],
        steps: vec![
            step(0, "spawn transfer 1", 20, &[]),
            step(0, "spawn transfer 2", 21, &[]),
            step(1, "lock left", 9, &[(0, Arrow::Spawn)]),
            step(1, "unlock left", 12, &[]),
            step(2, "lock left", 9, &[(1, Arrow::Spawn), (3, Arrow::Lock)]),
            step(2, "send done", 10, &[]),
            step(0, "receive done", 22, &[(5, Arrow::Message)]),
            step(1, "lock right", 14, &[]),
        ],
        waits: vec![
            wait(0, "join transfer 1", "the end of transfer 1", 23, &[1]),
            wait(1, "lock left", "left", 15, &[2]),
            wait(2, "lock right", "right", 10, &[1]),
        ],
    }
}

#[test]
fn the_bank() {
    let trace = bank();
    assert_eq!(trace.cycle(), [1, 2]);
    compare("bank.txt", &trace.to_text());
    compare("bank.json", &trace.to_json());
    compare("bank.svg", &trace.to_svg());
    compare("bank.html", &trace.to_html("Deadlock in `test transfers`"));
}

#[test]
fn many_tasks_make_a_list() {
    let mut trace = bank();
    trace.tasks.extend((3..9).map(|n| format!("a task with a long name, number {n}")));
    trace.steps.extend((3..9).map(|n| step(n, "store total", 30, &[])));
    compare("many.txt", &trace.to_text());
}

#[test]
fn nothing_at_all() {
    let trace = Trace::default();
    assert_eq!(trace.to_text(), "\n");
    assert_eq!(trace.cycle(), [0usize; 0]);
    assert!(trace.to_svg().ends_with("</svg>\n"));
    assert!(trace.to_html("").contains("\"steps\":[]"));
}

/// Names come from programs: whatever they are, they end no element, string or row.
#[test]
fn names_cannot_break_out() {
    let nasty = "</script><b a='\"'>&\\\u{7}\n\u{2028}\t";
    let mut trace = bank();
    trace.tasks[1] = nasty.to_string();
    trace.steps[2] = step(1, nasty, 9, &[(0, Arrow::Spawn)]);
    trace.waits[1] = wait(1, nasty, nasty, 15, &[2]);
    trace.steps[2].place = Some(Place { file: nasty.to_string(), line: 1, column: 1 });
    for drawn in [trace.to_svg(), trace.to_html(nasty)] {
        assert!(!drawn.contains("<b a"), "{drawn}");
        assert_eq!(drawn.matches("</script>").count(), drawn.matches("<script").count());
        assert_eq!(drawn.matches("<title>").count(), drawn.matches("</title>").count());
    }
    let json = trace.to_json();
    assert!(!json.contains('\u{7}') && !json.contains('<'));
    assert_eq!(json.lines().count(), bank().to_json().lines().count());
    let rows = |text: &str| {
        text.lines().filter(|line| line.trim_start().starts_with(|c: char| c.is_ascii_digit())).count()
    };
    assert_eq!(rows(&trace.to_text()), rows(&bank().to_text()));
}

#[test]
fn the_shortest_circle_is_found() {
    let tasks = (0..7).map(|n| n.to_string()).collect();
    let edges: [(usize, &[usize]); 7] =
        [(0, &[1]), (1, &[2, 4]), (2, &[3]), (3, &[0]), (4, &[5]), (5, &[4, 6]), (6, &[])];
    let waits = edges.iter().map(|(task, on)| wait(*task, "join", "it", 1, on)).collect();
    let mut trace = Trace { tasks, steps: Vec::new(), waits };
    assert_eq!(trace.cycle(), [4, 5]);
    trace.waits[5].on = vec![6];
    assert_eq!(trace.cycle(), [0, 1, 2, 3]);
    trace.waits[6].on = vec![6];
    assert_eq!(trace.cycle(), [6]);
    trace.waits[6].on = vec![];
    trace.waits[3].on = vec![];
    assert_eq!(trace.cycle(), [0usize; 0]);
}
