//! Waiting for I/O: on threads, in tasks, in `select`; sources that are used again.

use std::ptr::{null, null_mut};

use abi::waiting::{Context, DONE, Frame, UNWINDING};
use abi::{SelectCase, SelectKind};

use super::code::{At, Body, Joined, Next, spawn};
use crate::channel::Channel;
use crate::current;
use crate::exports::*;
use crate::net::*;
use crate::runner::Unwinding;

type Handle = usize;

fn pair() -> (Handle, Handle) {
    let mut out = [null(); 2];
    // SAFETY: room for two handles.
    assert_eq!(unsafe { altru_net_pair(0, out.as_mut_ptr()) }, 0);
    (out[0].expose_provenance(), out[1].expose_provenance())
}

fn source(handle: Handle) -> *const Source {
    std::ptr::with_exposed_provenance(handle)
}

fn close(handle: Handle) {
    // SAFETY: the tests close each handle once, when nobody uses it.
    unsafe { altru_net_close(source(handle)) };
}

fn here() -> *mut Context {
    current::thread().context()
}

/// Reads on this thread.
fn read(handle: Handle, timeout: i64) -> i64 {
    let (mut byte, mut out) = (0u8, 0);
    // SAFETY: the handle is live, the places outlive the call.
    let status = unsafe {
        altru_net_read(here(), null_mut(), &raw mut out, source(handle), &raw mut byte, 1, timeout)
    };
    assert_eq!(status, DONE);
    if out == 1 { byte.into() } else { out }
}

fn write(handle: Handle, bytes: &[u8]) {
    let mut out = 0;
    // SAFETY: as above.
    let status = unsafe {
        let (ptr, len) = (bytes.as_ptr(), bytes.len());
        altru_net_write(here(), null_mut(), &raw mut out, source(handle), ptr, len, -1)
    };
    assert_eq!((status, out), (DONE, bytes.len() as i64));
}

const LATE: i64 = -(libc::ETIMEDOUT as i64);
const MS: i64 = 1_000_000;

#[test]
fn a_thread_waits_for_a_byte() {
    let (a, b) = pair();
    assert_eq!(read(a, 0), LATE);
    assert_eq!(read(a, 2 * MS), LATE);
    let writer = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(5));
        write(b, b"x");
        close(b);
    });
    assert_eq!(read(a, -1), i64::from(b'x'));
    assert_eq!(read(a, -1), 0);
    writer.join().expect("it ends");
    close(a);
}

/// A deadline of a block around ends a thread's wait, too.
#[test]
fn a_deadline_ends_a_threads_wait() {
    unsafe extern "C" fn wait(cx: *mut Context, parent: *mut Frame, _: i32, env: *mut u8) -> i32 {
        let (mut byte, mut out) = (0u8, 0);
        let source = env.cast_const().cast();
        // SAFETY: the source is live, the places outlive the call.
        unsafe { altru_net_read(cx, parent, &raw mut out, source, &raw mut byte, 1, -1) }
    }
    let (a, b) = pair();
    let mut how = -1;
    // SAFETY: as above.
    let status = unsafe {
        let env = source(a).cast_mut().cast();
        crate::call::altru_deadline_call(here(), null_mut(), &raw mut how, wait, env, 2 * MS)
    };
    assert_eq!((status, how), (DONE, 1));
    assert_eq!(current::thread().unwinding(), Unwinding::Not);
    close(a);
    close(b);
}

/// Sends every byte back that it reads, each time after a wait, until the end; gives how many.
struct Echo {
    source: Handle,
    byte: u8,
    result: i64,
    count: u64,
    state: u32,
}

impl Echo {
    fn new(source: Handle) -> Echo {
        Echo { source, byte: 0, result: 0, count: 0, state: 0 }
    }
}

impl Body for Echo {
    type Out = u64;

    fn step(&mut self, at: At) -> Next {
        let (source, byte, out) = (source(self.source), &raw mut self.byte, &raw mut self.result);
        self.state += 1;
        // SAFETY: the source is live, the places are this body's, which does not move.
        unsafe {
            if self.state % 2 == 1 {
                self.count += u64::from(self.state > 1);
                return Next::Called(altru_net_read(at.cx, at.frame, out, source, byte, 1, -1));
            }
            if self.result != 1 {
                return Next::Return;
            }
            Next::Called(altru_net_write(at.cx, at.frame, out, source, byte, 1, -1))
        }
    }

    fn out(&mut self) -> u64 {
        self.count
    }
}

#[test]
fn tasks_wait_for_bytes() {
    let pairs: Vec<_> = (0..200).map(|_| pair()).collect();
    let tasks: Vec<_> = pairs.iter().map(|(_, b)| spawn(Echo::new(*b))).collect();
    for round in 0..50u8 {
        for (a, _) in &pairs {
            write(*a, &[round]);
        }
        for (a, _) in &pairs {
            assert_eq!(read(*a, -1), round.into());
        }
    }
    for (a, _) in &pairs {
        close(*a);
    }
    for (task, (_, b)) in tasks.into_iter().zip(pairs) {
        assert_eq!(task.join(), Joined::Returned(50));
        close(b);
    }
}

/// Reads one byte.
struct ReadOne {
    source: Handle,
    byte: u8,
    result: i64,
}

impl Body for ReadOne {
    type Out = u8;

    fn step(&mut self, at: At) -> Next {
        if self.result == 1 {
            return Next::Return;
        }
        // SAFETY: the source is live, the places are this body's, which does not move.
        unsafe {
            let (byte, out) = (&raw mut self.byte, &raw mut self.result);
            Next::Called(altru_net_read(at.cx, at.frame, out, source(self.source), byte, 1, -1))
        }
    }

    fn out(&mut self) -> u8 {
        self.byte
    }
}

#[test]
fn a_cancelled_task_takes_no_byte() {
    let mut taken = 0;
    for round in 0..1000 {
        let (a, b) = pair();
        let task = spawn(ReadOne { source: b, byte: 0, result: 0 });
        let writer = std::thread::spawn(move || write(a, b"x"));
        for _ in 0..round % 7 * 100 {
            std::hint::spin_loop();
        }
        task.cancel();
        match task.join() {
            Joined::Returned(byte) => taken += u32::from(byte == b'x'),
            how => {
                assert_eq!(how, Joined::Cancelled);
                assert_eq!(read(b, -1), i64::from(b'x'));
                taken += 1;
            }
        }
        writer.join().expect("it ends");
        close(a);
        close(b);
    }
    assert_eq!(taken, 1000);
}

/// Sources are used again while events of those before may still be on their way.
#[test]
fn sources_are_used_again() {
    for _ in 0..300 {
        let (a, b) = pair();
        let task = spawn(Echo::new(b));
        write(a, b"1");
        assert_eq!(read(a, -1), i64::from(b'1'));
        close(a);
        assert_eq!(task.join(), Joined::Returned(1));
        close(b);
    }
}

fn select(cases: &[SelectCase], timeout: i64) -> i32 {
    let mut cases = cases.to_vec();
    let mut out = -9;
    // SAFETY: the cases' objects are live.
    let status = unsafe {
        altru_select(here(), null_mut(), &raw mut out, cases.as_mut_ptr(), cases.len(), timeout, 0)
    };
    assert_ne!(status, UNWINDING);
    out
}

#[test]
fn a_select_waits_for_a_byte_or_a_message() {
    let (a, b) = pair();
    let channel = Channel::new(-1, 1, 1);
    let mut value = 0u8;
    let cases = [
        SelectCase::new(SelectKind::Readable, source(a).cast_mut().cast(), null_mut()),
        SelectCase::new(SelectKind::Recv, (&raw const channel).cast_mut().cast(), &raw mut value),
    ];
    assert_eq!(select(&cases, 0), -1);
    assert_eq!(select(&cases, 2 * MS), -1);
    for round in 0..100 {
        std::thread::scope(|scope| {
            let channel = &channel;
            scope.spawn(move || {
                if round % 3 == 0 {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                if round % 2 == 0 {
                    write(b, b"x");
                } else {
                    let mut value = 7u8;
                    // SAFETY: it carries bytes.
                    let sent = unsafe { channel.try_send(&raw mut value) };
                    assert_eq!(sent, abi::SendOutcome::Sent);
                }
            });
            assert_eq!(select(&cases, -1), round % 2);
            if round % 2 == 0 {
                assert_eq!(read(a, 0), i64::from(b'x'));
            }
        });
    }
    close(b);
    // The end can be read.
    assert_eq!(select(&cases, -1), 0);
    close(a);
}
