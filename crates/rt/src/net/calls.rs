//! The calls on sockets. Results that may fail are `-errno`; std adds the words.

use std::mem::size_of_val;

use abi::waiting::{Context, DONE, Frame};
use abi::{AddressKind, RawAddress, RawString, SocketOption};

use super::address::{Address, to_raw};
use super::ready::{self, Attempt};
use super::{Direction, Source, retry};
use crate::text::{Out, text};
use crate::wait::Pending;
use crate::{env, os};

const FLAGS: i32 = libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;

// Every export below shares one contract: a source is alive and the caller's; other pointers are what the list in
// `abi` says of them, and valid until the call is over.

/// A new socket for addresses of this family.
fn open(family: i32, kind: i32) -> Result<*const Source, i32> {
    // SAFETY: a plain system call.
    match unsafe { libc::socket(family, kind | FLAGS, 0) } {
        fd if fd >= 0 => Ok(Source::adopt(fd, false)),
        _ => Err(os::errno()),
    }
}

fn check(result: i32) -> Result<(), i32> {
    if result < 0 { Err(os::errno()) } else { Ok(()) }
}

fn code(result: Result<(), i32>) -> i32 {
    result.map_or_else(|code| -code, |()| 0)
}

/// Sets a socket up; gives it away if that succeeds, else closes it.
///
/// # Safety
/// `out` has room; the contract above.
unsafe fn give(
    opened: Result<*const Source, i32>,
    out: *mut *const Source,
    set_up: impl FnOnce(i32) -> Result<(), i32>,
) -> i32 {
    let source = match opened {
        Ok(source) => source,
        Err(code) => return -code,
    };
    // SAFETY: just opened, and nobody else's.
    unsafe {
        match set_up((*source).fd()) {
            Ok(()) => {
                out.write(source);
                0
            }
            Err(code) => {
                Source::close(source);
                -code
            }
        }
    }
}

fn set(fd: i32, level: i32, name: i32, value: i32) -> Result<(), i32> {
    // SAFETY: a valid value of the length given.
    check(unsafe {
        let len = size_of_val(&value) as libc::socklen_t;
        libc::setsockopt(fd, level, name, (&raw const value).cast(), len)
    })
}

fn get(fd: i32, level: i32, name: i32) -> Result<i32, i32> {
    let mut value = 0;
    let mut len = size_of_val(&value) as libc::socklen_t;
    // SAFETY: room for a value of the length given.
    check(unsafe { libc::getsockopt(fd, level, name, (&raw mut value).cast(), &raw mut len) })?;
    Ok(value)
}

// ---- opening ----

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_net_listen(
    address: *const RawAddress,
    backlog: i32,
    out: *mut *const Source,
) -> i32 {
    // SAFETY: by contract.
    unsafe {
        let Some(address) = Address::new(&*address) else { return -libc::ENAMETOOLONG };
        give(open(address.family(), libc::SOCK_STREAM), out, |fd| {
            if address.family() != libc::AF_UNIX {
                // A server that is started again is not refused its port because of old connections.
                set(fd, libc::SOL_SOCKET, libc::SO_REUSEADDR, 1)?;
            }
            check(libc::bind(fd, address.ptr(), address.len()))?;
            check(libc::listen(fd, backlog))
        })
    }
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_net_bind(address: *const RawAddress, out: *mut *const Source) -> i32 {
    // SAFETY: by contract.
    unsafe {
        let raw = &*address;
        let Some(address) = Address::new(raw) else { return -libc::ENAMETOOLONG };
        give(open(address.family(), libc::SOCK_DGRAM), out, |fd| {
            if raw.kind == AddressKind::Unix as i32 && raw.len == 0 {
                return Ok(());
            }
            check(libc::bind(fd, address.ptr(), address.len()))
        })
    }
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_net_set_peer(source: *const Source, address: *const RawAddress) -> i32 {
    // SAFETY: by contract.
    unsafe {
        let Some(address) = Address::new(&*address) else { return -libc::ENAMETOOLONG };
        code(check(libc::connect((*source).fd(), address.ptr(), address.len())))
    }
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_net_pair(datagrams: i32, out: *mut *const Source) -> i32 {
    let kind = if datagrams != 0 { libc::SOCK_DGRAM } else { libc::SOCK_STREAM };
    let mut fds = [-1; 2];
    // SAFETY: room for two descriptors; by contract for two sources.
    unsafe {
        if libc::socketpair(libc::AF_UNIX, kind | FLAGS, 0, fds.as_mut_ptr()) < 0 {
            return -os::errno();
        }
        out.write(Source::adopt(fds[0], false));
        out.add(1).write(Source::adopt(fds[1], false));
    }
    0
}

struct Connect {
    /// Ours until it is given away.
    source: *const Source,
    address: Address,
    out: *mut *const Source,
    begun: bool,
}

impl Drop for Connect {
    fn drop(&mut self) {
        if !self.source.is_null() {
            // SAFETY: nobody else knows it.
            unsafe { Source::close(self.source) };
        }
    }
}

impl Attempt for Connect {
    type Out = i32;
    const NAME: &'static str = "connect";
    const DIRECTION: Direction = Direction::Write;

    unsafe fn attempt(&mut self, source: &Source) -> Option<i32> {
        let fd = source.fd();
        let result = if self.begun {
            let now = Pending { until: 0, inherited: false };
            match ready::poll(fd, Direction::Write, now) {
                Ok(false) => return None,
                Ok(true) => match get(fd, libc::SOL_SOCKET, libc::SO_ERROR) {
                    Ok(0) => Ok(()),
                    Ok(code) | Err(code) => Err(code),
                },
                Err(code) => Err(code),
            }
        } else {
            self.begun = true;
            // SAFETY: a valid address.
            match check(unsafe { libc::connect(fd, self.address.ptr(), self.address.len()) }) {
                Err(libc::EINPROGRESS | libc::EINTR) => return None,
                result => result,
            }
        };
        if result.is_ok() {
            // SAFETY: by contract.
            unsafe { self.out.write(std::mem::replace(&mut self.source, std::ptr::null())) };
        }
        Some(code(result))
    }

    fn failed(&self, code: i32) -> i32 {
        -code
    }
}

/// # Safety
/// As above, and as `abi::waiting` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_net_connect(
    cx: *mut Context,
    parent: *mut Frame,
    result: *mut i32,
    address: *const RawAddress,
    out: *mut *const Source,
    timeout: i64,
) -> i32 {
    // SAFETY: by contract.
    unsafe {
        let opened = match Address::new(&*address) {
            None => Err(libc::ENAMETOOLONG),
            Some(address) => open(address.family(), libc::SOCK_STREAM).map(|s| (s, address)),
        };
        match opened {
            Ok((source, address)) => {
                let call = Connect { source, address, out, begun: false };
                ready::run(cx, parent, result, source, call, timeout)
            }
            Err(code) => {
                result.write(-code);
                DONE
            }
        }
    }
}

// ---- streams ----

struct Accept {
    out: *mut *const Source,
    peer: *mut RawAddress,
}

impl Attempt for Accept {
    type Out = i32;
    const NAME: &'static str = "accept";
    const DIRECTION: Direction = Direction::Read;

    unsafe fn attempt(&mut self, source: &Source) -> Option<i32> {
        loop {
            let mut peer = Address::empty();
            let (address, len) = peer.room();
            // SAFETY: room for any address.
            let fd = unsafe { libc::accept4(source.fd(), address, len, FLAGS) };
            if fd >= 0 {
                // SAFETY: by contract.
                unsafe {
                    self.peer.write(peer.to_raw());
                    self.out.write(Source::adopt(fd, false));
                }
                return Some(0);
            }
            match os::errno() {
                libc::EAGAIN => return None,
                // One that was given up while it waited here, or failed on its way: not the listener's fault.
                libc::EINTR
                | libc::ECONNABORTED
                | libc::EPROTO
                | libc::ENETDOWN
                | libc::ENOPROTOOPT
                | libc::EHOSTDOWN
                | libc::ENONET
                | libc::EHOSTUNREACH
                | libc::ENETUNREACH => {}
                code => return Some(-code),
            }
        }
    }

    fn failed(&self, code: i32) -> i32 {
        -code
    }
}

/// What a call that does not block gave: `None` if it would have blocked.
fn attempted(result: Result<i64, i32>) -> Option<i64> {
    match result {
        Ok(n) => Some(n),
        Err(libc::EAGAIN) => None,
        Err(code) => Some(-i64::from(code)),
    }
}

struct Read {
    buffer: *mut u8,
    len: usize,
}

impl Attempt for Read {
    type Out = i64;
    const NAME: &'static str = "read";
    const DIRECTION: Direction = Direction::Read;

    unsafe fn attempt(&mut self, source: &Source) -> Option<i64> {
        // SAFETY: by contract room for so much.
        attempted(retry(|| unsafe { libc::read(source.fd(), self.buffer.cast(), self.len) as i64 }))
    }

    fn failed(&self, code: i32) -> i64 {
        (-code).into()
    }
}

/// Writes all of it.
struct Write {
    bytes: *const u8,
    len: usize,
    done: usize,
}

impl Attempt for Write {
    type Out = i64;
    const NAME: &'static str = "write";
    const DIRECTION: Direction = Direction::Write;

    unsafe fn attempt(&mut self, source: &Source) -> Option<i64> {
        while self.done < self.len {
            // SAFETY: by contract there are so many bytes.
            let written = attempted(retry(|| unsafe {
                let rest = self.bytes.add(self.done).cast();
                libc::write(source.fd(), rest, self.len - self.done) as i64
            }))?;
            if written < 0 {
                return Some(written);
            }
            self.done += written as usize;
        }
        Some(self.len as i64)
    }

    fn failed(&self, code: i32) -> i64 {
        (-code).into()
    }
}

/// Until reading does not block.
struct Readable;

impl Attempt for Readable {
    type Out = i32;
    const NAME: &'static str = "wait for something to read";
    const DIRECTION: Direction = Direction::Read;

    unsafe fn attempt(&mut self, source: &Source) -> Option<i32> {
        match source.poll_readable() {
            Ok(false) => None,
            Ok(true) => Some(0),
            Err(code) => Some(-code),
        }
    }

    fn failed(&self, code: i32) -> i32 {
        -code
    }
}

// ---- datagrams ----

struct SendTo {
    bytes: *const u8,
    len: usize,
    /// `None`: to the peer that was set.
    to: Option<Address>,
}

impl Attempt for SendTo {
    type Out = i64;
    const NAME: &'static str = "send a datagram";
    const DIRECTION: Direction = Direction::Write;

    unsafe fn attempt(&mut self, source: &Source) -> Option<i64> {
        let (to, len) = match &self.to {
            Some(to) => (to.ptr(), to.len()),
            None => (std::ptr::null(), 0),
        };
        // SAFETY: by contract there are so many bytes; a valid address, or none.
        attempted(retry(|| unsafe {
            let flags = libc::MSG_NOSIGNAL;
            libc::sendto(source.fd(), self.bytes.cast(), self.len, flags, to, len) as i64
        }))
    }

    fn failed(&self, code: i32) -> i64 {
        (-code).into()
    }
}

struct RecvFrom {
    buffer: *mut u8,
    len: usize,
    from: *mut RawAddress,
}

impl Attempt for RecvFrom {
    type Out = i64;
    const NAME: &'static str = "receive a datagram";
    const DIRECTION: Direction = Direction::Read;

    unsafe fn attempt(&mut self, source: &Source) -> Option<i64> {
        let mut from = Address::empty();
        let (address, len) = from.room();
        // SAFETY: by contract room for so much, and for any address.
        let received = attempted(retry(|| unsafe {
            libc::recvfrom(source.fd(), self.buffer.cast(), self.len, 0, address, len) as i64
        }))?;
        if received >= 0 {
            // SAFETY: by contract.
            unsafe { self.from.write(from.to_raw()) };
        }
        Some(received)
    }

    fn failed(&self, code: i32) -> i64 {
        (-code).into()
    }
}

macro_rules! attempts {
    ($(fn $name:ident(source$(, $param:ident: $ty:ty)*) -> $ret:ty { $call:expr })*) => {
        $(
            /// # Safety
            /// As above, and as `abi::waiting` says.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name(
                cx: *mut Context,
                parent: *mut Frame,
                result: *mut $ret,
                source: *const Source,
                $($param: $ty,)*
                timeout: i64,
            ) -> i32 {
                // SAFETY: by contract.
                unsafe { ready::run(cx, parent, result, source, $call, timeout) }
            }
        )*
    };
}

attempts! {
    fn altru_net_accept(source, out: *mut *const Source, peer: *mut RawAddress) -> i32 {
        Accept { out, peer }
    }
    fn altru_net_read(source, buffer: *mut u8, len: usize) -> i64 { Read { buffer, len } }
    fn altru_net_write(source, bytes: *const u8, len: usize) -> i64 { Write { bytes, len, done: 0 } }
    fn altru_net_readable(source) -> i32 { Readable }
    fn altru_net_recv_from(source, buffer: *mut u8, len: usize, from: *mut RawAddress) -> i64 {
        RecvFrom { buffer, len, from }
    }
}

/// # Safety
/// As above, and as `abi::waiting` says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_net_send_to(
    cx: *mut Context,
    parent: *mut Frame,
    result: *mut i64,
    source: *const Source,
    bytes: *const u8,
    len: usize,
    to: *const RawAddress,
    timeout: i64,
) -> i32 {
    // SAFETY: by contract.
    unsafe {
        let to = match to.as_ref().map(Address::new) {
            Some(None) => {
                result.write((-libc::ENAMETOOLONG).into());
                return DONE;
            }
            to => to.flatten(),
        };
        ready::run(cx, parent, result, source, SendTo { bytes, len, to }, timeout)
    }
}

// ---- of any socket ----

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_net_shutdown(source: *const Source, how: i32) -> i32 {
    let how = match how {
        0 => libc::SHUT_RD,
        1 => libc::SHUT_WR,
        _ => libc::SHUT_RDWR,
    };
    // SAFETY: by contract.
    code(check(unsafe { libc::shutdown((*source).fd(), how) }))
}

/// # Safety
/// As above; it is not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_net_close(source: *const Source) {
    // SAFETY: by contract.
    unsafe { Source::close(source) };
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_net_address(source: *const Source, peer: i32, out: *mut RawAddress) -> i32 {
    let mut address = Address::empty();
    let (at, len) = address.room();
    // SAFETY: by contract; room for any address.
    unsafe {
        let fd = (*source).fd();
        let result = if peer != 0 { libc::getpeername(fd, at, len) } else { libc::getsockname(fd, at, len) };
        if let Err(code) = check(result) {
            return -code;
        }
        out.write(address.to_raw());
    }
    0
}

/// Level and name of an option of one number.
fn option(which: i32) -> Option<(i32, i32)> {
    Some(match which {
        w if w == SocketOption::NoDelay as i32 => (libc::IPPROTO_TCP, libc::TCP_NODELAY),
        w if w == SocketOption::KeepAlive as i32 => (libc::SOL_SOCKET, libc::SO_KEEPALIVE),
        w if w == SocketOption::KeepIdle as i32 => (libc::IPPROTO_TCP, libc::TCP_KEEPIDLE),
        w if w == SocketOption::Broadcast as i32 => (libc::SOL_SOCKET, libc::SO_BROADCAST),
        w if w == SocketOption::SendBuffer as i32 => (libc::SOL_SOCKET, libc::SO_SNDBUF),
        w if w == SocketOption::RecvBuffer as i32 => (libc::SOL_SOCKET, libc::SO_RCVBUF),
        w if w == SocketOption::Ttl as i32 => (libc::IPPROTO_IP, libc::IP_TTL),
        _ => return None,
    })
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_net_set_option(source: *const Source, which: i32, value: i32) -> i32 {
    let Some((level, name)) = option(which) else { return -libc::EINVAL };
    // SAFETY: by contract.
    code(set(unsafe { &*source }.fd(), level, name, value))
}

/// # Safety
/// As above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn altru_net_option(source: *const Source, which: i32) -> i32 {
    let Some((level, name)) = option(which) else { return -libc::EINVAL };
    // SAFETY: by contract.
    get(unsafe { &*source }.fd(), level, name).unwrap_or_else(|code| -code)
}

// ---- names ----

/// Appends a host's addresses to `out`, each on a line.
///
/// # Safety
/// As above.
pub(crate) unsafe fn lookup(host: *const u8, len: usize, out: *mut RawString) -> i32 {
    // SAFETY: by contract.
    let (host, mut out) = unsafe { (text(host, len), Out::new(out)) };
    let Ok(host) = std::ffi::CString::new(host) else { return -libc::EINVAL };
    let mut found = std::ptr::null_mut();
    // SAFETY: valid hints of zeros but for the kind; the list is freed below.
    unsafe {
        let mut hints: libc::addrinfo = std::mem::zeroed();
        hints.ai_socktype = libc::SOCK_STREAM;
        let call = || {
            let code = libc::getaddrinfo(host.as_ptr(), std::ptr::null(), &raw const hints, &raw mut found);
            (code, os::errno())
        };
        let (code, errno) = env::keeping_variables(call);
        match code {
            0 => {}
            libc::EAI_NONAME | libc::EAI_NODATA => return -libc::ENOENT,
            libc::EAI_AGAIN => return -libc::EAGAIN,
            libc::EAI_MEMORY => return -libc::ENOMEM,
            libc::EAI_SYSTEM => return -errno,
            _ => return -libc::EINVAL,
        }
        let mut at = found;
        while let Some(entry) = at.as_ref() {
            at = entry.ai_next;
            let raw = to_raw(entry.ai_addr, entry.ai_addrlen);
            let line = if raw.kind == AddressKind::V4 as i32 {
                let [a, b, c, d, ..] = raw.bytes;
                format!("{}\n", std::net::Ipv4Addr::new(a, b, c, d))
            } else if raw.kind == AddressKind::V6 as i32 {
                let mut bytes = [0; 16];
                bytes.copy_from_slice(&raw.bytes[..16]);
                format!("{}\n", std::net::Ipv6Addr::from(bytes))
            } else {
                continue;
            };
            out.push(line.as_bytes());
        }
        libc::freeaddrinfo(found);
    }
    0
}
