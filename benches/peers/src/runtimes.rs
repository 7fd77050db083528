//! The ways to run tasks: tokio with as many workers as asked for, tokio on one thread, smol.

use std::future::Future;

/// As many as Altru's programs have: all processors, or what the environment says.
pub fn workers() -> usize {
    let asked = std::env::var("WORKERS").ok().and_then(|n| n.parse().ok());
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, |n| n.get()))
}

pub trait Runtime: 'static {
    type Task<T: Send + 'static>: Send;
    fn run<T: Send + 'static>(main: impl Future<Output = T> + Send + 'static) -> T;
    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Self::Task<T>;
    fn join<T: Send + 'static>(task: Self::Task<T>) -> impl Future<Output = T> + Send;
    fn detach<T: Send + 'static>(task: Self::Task<T>);
}

pub struct TokioMt;
pub struct TokioCt;
pub struct Smol;

macro_rules! tokio_runtime {
    ($name:ident, $builder:expr) => {
        impl Runtime for $name {
            type Task<T: Send + 'static> = tokio::task::JoinHandle<T>;

            fn run<T: Send + 'static>(main: impl Future<Output = T> + Send + 'static) -> T {
                let runtime = $builder.enable_all().build().expect("a runtime");
                runtime.block_on(async { tokio::spawn(main).await.expect("no panic") })
            }

            fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Self::Task<T> {
                tokio::spawn(task)
            }

            async fn join<T: Send + 'static>(task: Self::Task<T>) -> T {
                task.await.expect("no panic")
            }

            fn detach<T: Send + 'static>(_task: Self::Task<T>) {}
        }
    };
}

tokio_runtime!(TokioMt, tokio::runtime::Builder::new_multi_thread().worker_threads(workers()));
tokio_runtime!(TokioCt, tokio::runtime::Builder::new_current_thread());

/// The number of its threads is that of the variable `SMOL_THREADS`.
impl Runtime for Smol {
    type Task<T: Send + 'static> = smol::Task<T>;

    fn run<T: Send + 'static>(main: impl Future<Output = T> + Send + 'static) -> T {
        smol::block_on(smol::spawn(main))
    }

    fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Self::Task<T> {
        smol::spawn(task)
    }

    fn join<T: Send + 'static>(task: Self::Task<T>) -> impl Future<Output = T> + Send {
        task
    }

    fn detach<T: Send + 'static>(task: Self::Task<T>) {
        task.detach();
    }
}
