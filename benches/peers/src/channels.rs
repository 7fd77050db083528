//! Channels of numbers, for tasks and for threads, under one name each.

use std::future::Future;

pub trait Channel: 'static {
    type Tx: Clone + Send + 'static;
    type Rx: Send + 'static;
    fn bounded(capacity: usize) -> (Self::Tx, Self::Rx);
    fn send(tx: &Self::Tx, n: u64) -> impl Future<Output = bool> + Send;
    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Option<u64>> + Send;
}

/// Channels without a limit.
pub trait Unbounded: 'static {
    type Tx: Clone + Send + 'static;
    type Rx: Send + 'static;
    fn unbounded() -> (Self::Tx, Self::Rx);
    fn send(tx: &Self::Tx, n: u64);
    fn recv(rx: &mut Self::Rx) -> impl Future<Output = Option<u64>> + Send;
}

/// Channels for threads.
pub trait Blocking: 'static {
    type Tx: Clone + Send + 'static;
    type Rx: Clone + Send + 'static;
    /// Without a limit if there is no capacity.
    fn new(capacity: Option<usize>) -> (Self::Tx, Self::Rx);
    fn send(tx: &Self::Tx, n: u64) -> bool;
    fn recv(rx: &Self::Rx) -> Option<u64>;
}

pub struct Tokio;
pub struct Flume;
pub struct Kanal;
pub struct AsyncChannel;
pub struct Crossbeam;

impl Channel for Tokio {
    type Tx = tokio::sync::mpsc::Sender<u64>;
    type Rx = tokio::sync::mpsc::Receiver<u64>;

    fn bounded(capacity: usize) -> (Self::Tx, Self::Rx) {
        tokio::sync::mpsc::channel(capacity)
    }

    async fn send(tx: &Self::Tx, n: u64) -> bool {
        tx.send(n).await.is_ok()
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().await
    }
}

impl Unbounded for Tokio {
    type Tx = tokio::sync::mpsc::UnboundedSender<u64>;
    type Rx = tokio::sync::mpsc::UnboundedReceiver<u64>;

    fn unbounded() -> (Self::Tx, Self::Rx) {
        tokio::sync::mpsc::unbounded_channel()
    }

    fn send(tx: &Self::Tx, n: u64) {
        tx.send(n).expect("a receiver");
    }

    async fn recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.recv().await
    }
}

macro_rules! channel {
    ($name:ident, $tx:ty, $rx:ty, $bounded:path, $unbounded:path, $tx_name:ident $n:ident $send:expr, $send_now:expr, $rx_name:ident $recv:expr) => {
        impl Channel for $name {
            type Tx = $tx;
            type Rx = $rx;

            fn bounded(capacity: usize) -> (Self::Tx, Self::Rx) {
                $bounded(capacity)
            }

            async fn send($tx_name: &Self::Tx, $n: u64) -> bool {
                $send.await.is_ok()
            }

            async fn recv($rx_name: &mut Self::Rx) -> Option<u64> {
                $recv.await.ok()
            }
        }

        impl Unbounded for $name {
            type Tx = $tx;
            type Rx = $rx;

            fn unbounded() -> (Self::Tx, Self::Rx) {
                $unbounded()
            }

            fn send($tx_name: &Self::Tx, $n: u64) {
                $send_now.expect("a receiver");
            }

            async fn recv($rx_name: &mut Self::Rx) -> Option<u64> {
                $recv.await.ok()
            }
        }
    };
}

channel!(Flume, flume::Sender<u64>, flume::Receiver<u64>, flume::bounded, flume::unbounded, tx n tx.send_async(n), tx.send(n), rx rx.recv_async());
channel!(Kanal, kanal::AsyncSender<u64>, kanal::AsyncReceiver<u64>, kanal::bounded_async, kanal::unbounded_async, tx n tx.send(n), tx.try_send(n), rx rx.recv());
channel!(AsyncChannel, async_channel::Sender<u64>, async_channel::Receiver<u64>, async_channel::bounded, async_channel::unbounded, tx n tx.send(n), tx.try_send(n), rx rx.recv());

macro_rules! blocking {
    ($name:ident, $tx:ty, $rx:ty, $bounded:path, $unbounded:path) => {
        impl Blocking for $name {
            type Tx = $tx;
            type Rx = $rx;

            fn new(capacity: Option<usize>) -> (Self::Tx, Self::Rx) {
                capacity.map_or_else($unbounded, $bounded)
            }

            fn send(tx: &Self::Tx, n: u64) -> bool {
                tx.send(n).is_ok()
            }

            fn recv(rx: &Self::Rx) -> Option<u64> {
                rx.recv().ok()
            }
        }
    };
}

blocking!(Flume, flume::Sender<u64>, flume::Receiver<u64>, flume::bounded, flume::unbounded);
blocking!(Kanal, kanal::Sender<u64>, kanal::Receiver<u64>, kanal::bounded, kanal::unbounded);
blocking!(Crossbeam, crossbeam_channel::Sender<u64>, crossbeam_channel::Receiver<u64>, crossbeam_channel::bounded, crossbeam_channel::unbounded);
