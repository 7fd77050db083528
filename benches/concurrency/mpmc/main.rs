//! Four producers, four consumers, 4,000,000 numbers, one channel of capacity 1,024 (`async-channel`: tokio
//! has none with many receivers).

use std::time::Instant;

const SIDES: u64 = 4;
const NUMBERS: u64 = 4_000_000;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let start = Instant::now();
    let (out, inbox) = async_channel::bounded(1024);
    let mut consumers = Vec::new();
    for _ in 0..SIDES {
        let inbox = inbox.clone();
        consumers.push(tokio::spawn(async move {
            let mut sum = 0;
            while let Ok(n) = inbox.recv().await {
                sum += n;
            }
            sum
        }));
    }
    for p in 0..SIDES {
        let out = out.clone();
        tokio::spawn(async move {
            for n in 0..NUMBERS / SIDES {
                out.send(n * SIDES + p).await.unwrap();
            }
        });
    }
    drop(out);
    let mut sum: u64 = 0;
    for c in consumers {
        sum += c.await.unwrap();
    }
    println!("mpmc {NUMBERS} {} {sum}", start.elapsed().as_nanos());
}
