//! Increments under a mutex: by one thread, by two, by eight tasks.

use std::sync::Arc;
use std::time::Instant;

use crate::runtimes::{Runtime, TokioCt, TokioMt};
use crate::{Outcome, Version, outcome};

pub fn versions() -> Vec<Version> {
    vec![
        ("one", "std", |n| threads::<std::sync::Mutex<u64>>(n, 1)),
        ("one", "parking_lot", |n| threads::<parking_lot::Mutex<u64>>(n, 1)),
        ("threads", "std", |n| threads::<std::sync::Mutex<u64>>(n, 2)),
        ("threads", "parking_lot", |n| threads::<parking_lot::Mutex<u64>>(n, 2)),
        ("tasks", "std on tokio", tasks::<TokioMt, std::sync::Mutex<u64>>),
        ("tasks", "std on tokio, one thread", tasks::<TokioCt, std::sync::Mutex<u64>>),
        ("tasks", "parking_lot on tokio", tasks::<TokioMt, parking_lot::Mutex<u64>>),
        ("tasks", "parking_lot on tokio, one thread", tasks::<TokioCt, parking_lot::Mutex<u64>>),
    ]
}

trait Counter: Default + Send + Sync + 'static {
    fn add(&self, times: u64);
    fn get(&self) -> u64;
}

impl Counter for std::sync::Mutex<u64> {
    fn add(&self, times: u64) {
        for _ in 0..times {
            *self.lock().expect("no panic") += 1;
        }
    }

    fn get(&self) -> u64 {
        *self.lock().expect("no panic")
    }
}

impl Counter for parking_lot::Mutex<u64> {
    fn add(&self, times: u64) {
        for _ in 0..times {
            *self.lock() += 1;
        }
    }

    fn get(&self) -> u64 {
        *self.lock()
    }
}

fn threads<C: Counter>(n: u64, count: u64) -> Outcome {
    let counter = C::default();
    let start = Instant::now();
    if count == 1 {
        counter.add(n);
    } else {
        std::thread::scope(|s| {
            for _ in 0..count {
                s.spawn(|| counter.add(n / count));
            }
        });
    }
    outcome(start, n, counter.get())
}

fn tasks<R: Runtime, C: Counter>(n: u64) -> Outcome {
    R::run(async move {
        let counter = Arc::new(C::default());
        let start = Instant::now();
        let add = |counter: Arc<C>| async move { counter.add(n / 8) };
        let tasks: Vec<_> = (0..8).map(|_| R::spawn(add(counter.clone()))).collect();
        for t in tasks {
            R::join(t).await;
        }
        outcome(start, n, counter.get())
    })
}
