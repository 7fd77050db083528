//! The models of `tests/explore/models` in loom and Shuttle: `explore-peers (loom|shuttle-random|shuttle-dfs) MODEL SECONDS` prints how many
//! executions it made and how many a second. loom searches all of a model again and again until the time is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

static EXECUTIONS: AtomicU64 = AtomicU64::new(0);

macro_rules! models {
    ($lib:ident) => {
        mod $lib {
            use super::*;
            use ::$lib::sync::atomic::AtomicUsize;
            use ::$lib::sync::{Condvar, Mutex, mpsc};
            use ::$lib::thread;

            fn join(threads: Vec<thread::JoinHandle<()>>) {
                threads.into_iter().for_each(|thread| thread.join().unwrap());
            }

            fn counter(threads: usize, rounds: usize) {
                let count = Arc::new(Mutex::new(0));
                let start = |_| {
                    let count = count.clone();
                    thread::spawn(move || (0..rounds).for_each(|_| *count.lock().unwrap() += 1))
                };
                join((0..threads).map(start).collect());
            }

            fn atomic(threads: usize, rounds: usize) {
                let count = Arc::new(AtomicUsize::new(0));
                let start = |_| {
                    let count = count.clone();
                    thread::spawn(move || {
                        (0..rounds).for_each(|_| {
                            count.fetch_add(1, Ordering::SeqCst);
                        })
                    })
                };
                join((0..threads).map(start).collect());
            }

            fn independent(threads: usize, rounds: usize) {
                let start = |_| {
                    let count = Arc::new(Mutex::new(0));
                    thread::spawn(move || (0..rounds).for_each(|_| *count.lock().unwrap() += 1))
                };
                join((0..threads).map(start).collect());
            }

            fn philosophers(seats: usize) {
                let forks: Arc<Vec<Mutex<()>>> = Arc::new((0..seats).map(|_| Mutex::new(())).collect());
                let start = |seat: usize| {
                    let forks = forks.clone();
                    let next = (seat + 1) % seats;
                    let (low, high) = (seat.min(next), seat.max(next));
                    thread::spawn(move || {
                        let _first = forks[low].lock().unwrap();
                        let _second = forks[high].lock().unwrap();
                    })
                };
                join((0..seats).map(start).collect());
            }

            fn channel(producers: usize, messages: usize) {
                let (sender, receiver) = mpsc::channel();
                let start = |_| {
                    let sender = sender.clone();
                    thread::spawn(move || (0..messages).for_each(|_| sender.send(1).unwrap()))
                };
                let threads = (0..producers).map(start).collect();
                for _ in 0..producers * messages {
                    receiver.recv().unwrap();
                }
                join(threads);
            }

            fn slot(items: usize) {
                let slot = Arc::new((Mutex::new(None), Condvar::new()));
                let (produced, consumed) = (slot.clone(), slot);
                let producer = thread::spawn(move || {
                    for n in 0..items {
                        let mut slot = produced.0.lock().unwrap();
                        while slot.is_some() {
                            slot = produced.1.wait(slot).unwrap();
                        }
                        *slot = Some(n);
                        produced.1.notify_one();
                    }
                });
                let consumer = thread::spawn(move || {
                    for n in 0..items {
                        let mut slot = consumed.0.lock().unwrap();
                        while slot.is_none() {
                            slot = consumed.1.wait(slot).unwrap();
                        }
                        assert_eq!(slot.take(), Some(n));
                        consumed.1.notify_one();
                    }
                });
                join(vec![producer, consumer]);
            }

            pub fn run(model: &str) {
                EXECUTIONS.fetch_add(1, Ordering::Relaxed);
                match model {
                    "counter_2x1" => counter(2, 1),
                    "counter_2x2" => counter(2, 2),
                    "counter_3x1" => counter(3, 1),
                    "counter_3x2" => counter(3, 2),
                    "atomic_2x3" => atomic(2, 3),
                    "atomic_3x2" => atomic(3, 2),
                    "independent_2x2" => independent(2, 2),
                    "independent_3x2" => independent(3, 2),
                    "philosophers_ordered_3" => philosophers(3),
                    "philosophers_ordered_4" => philosophers(4),
                    "channel_2x1" => channel(2, 1),
                    "channel_2x2" => channel(2, 2),
                    "condvar_slot_2" => slot(2),
                    "condvar_slot_3" => slot(3),
                    _ => panic!("there is no such model"),
                }
            }
        }
    };
}

models!(loom);
models!(shuttle);

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (tool, model) = (args[1].as_str(), args[2].clone());
    let seconds: f64 = args[3].parse().expect("seconds");
    let start = Instant::now();
    let until = start + Duration::from_secs_f64(seconds);
    let mut searches = 0;
    while searches == 0 || Instant::now() < until {
        searches += 1;
        let model = model.clone();
        match tool {
            "loom" => ::loom::model::Builder::new().check(move || loom::run(&model)),
            "shuttle-random" => ::shuttle::check_random(move || shuttle::run(&model), 20_000),
            "shuttle-dfs" => ::shuttle::check_dfs(move || shuttle::run(&model), Some(20_000)),
            _ => panic!("loom, shuttle-random or shuttle-dfs"),
        }
    }
    let time = start.elapsed().as_secs_f64();
    let executions = EXECUTIONS.load(Ordering::Relaxed);
    println!("{tool} {} {} {:.0}", args[2], executions / searches, executions as f64 / time);
}
