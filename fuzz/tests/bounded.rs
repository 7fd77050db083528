//! A short campaign with fixed seeds, and what longer ones have found (`found/`).

use std::path::Path;

use fuzz::target::Target;
use fuzz::{corpus, mutate};

/// As much stack as the compiler's own main thread has.
fn with_stack(f: impl FnOnce() + Send) {
    std::thread::scope(|s| {
        let thread = std::thread::Builder::new().stack_size(8 << 20).spawn_scoped(s, f).expect("a thread");
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

fn seeds(target: Target, count: u64) {
    with_stack(|| {
        let corpus = corpus::programs();
        for seed in 1..=count {
            let text = mutate::input(&corpus, seed);
            if let Err(panic) = std::panic::catch_unwind(|| target.run(&text)) {
                eprintln!("seed {seed} of {target:?}:\n{text}");
                std::panic::resume_unwind(panic);
            }
        }
    });
}

#[test]
fn syntax() {
    seeds(Target::Syntax, 5000);
}

#[test]
fn check() {
    seeds(Target::Check, 300);
}

#[test]
fn compile() {
    seeds(Target::Compile, 40);
}

/// Each file is named after the target that it once failed.
#[test]
fn found() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("found");
    for entry in std::fs::read_dir(folder).expect("found").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        let target = name.split('-').next().and_then(Target::named).expect("TARGET-NAME.altru");
        let text = std::fs::read_to_string(path).expect("text");
        with_stack(|| target.run(&text));
    }
}
