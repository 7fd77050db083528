//! Layouts that cross the border between generated code, std and the runtime.
//!
//! Plain data: who owns what a pointer leads to is said at each field.

use core::mem::MaybeUninit;

/// A place in a source file. Generated code keeps them in read-only data.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Location {
    pub file_ptr: *const u8,
    pub file_len: usize,
    /// From 1; 0 if unknown.
    pub line: u32,
    /// From 1, in characters; 0 if unknown.
    pub col: u32,
}

/// Altru's `string`, and `[T]` of any `T`: an owned buffer of `cap` elements of which `len` are in use.
/// `cap` 0 means that `ptr` leads to static memory (a literal) or nowhere, and nothing is to be freed.
#[repr(C)]
pub struct RawString {
    pub ptr: *mut u8,
    pub cap: usize,
    pub len: usize,
}

impl RawString {
    pub const EMPTY: RawString = RawString { ptr: core::ptr::without_provenance_mut(16), cap: 0, len: 0 };
}

/// A borrow `&string` or `&[T]`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawSlice {
    pub ptr: *const u8,
    pub len: usize,
}

/// What a caught panic left behind. The strings are owned by whoever asked.
#[repr(C)]
pub struct RawPanic {
    pub message: RawString,
    pub file: RawString,
    pub thread: RawString,
    pub line: u32,
    pub col: u32,
}

/// A scope's record, in the frame of whoever opens it; the runtime's own inside.
#[repr(C)]
pub struct RawScope {
    pub words: [u64; 7],
}

/// One case of a `select`. See `altru_select`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SelectCase {
    /// A `SelectKind`.
    pub kind: u32,
    /// The channel, thread or task handle, mutex word or event word.
    pub object: *mut u8,
    /// `Recv`: where the value goes. `Send`: where it is taken from. Else unused.
    pub value: *mut u8,
    /// The runtime's, while the call lasts: with what the case waits in its object's queue.
    pub node: MaybeUninit<[usize; 6]>,
}

impl SelectCase {
    pub const fn new(kind: SelectKind, object: *mut u8, value: *mut u8) -> SelectCase {
        SelectCase { kind: kind as u32, object, value, node: MaybeUninit::uninit() }
    }
}

#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SelectKind {
    /// A case whose guard is false.
    Skip = 0,
    Recv = 1,
    Send = 2,
    /// Ready once the channel is closed and empty.
    Closed = 3,
    /// Ready once the thread has ended.
    Join = 4,
    /// Takes the mutex (its word).
    Lock = 5,
    /// Ready while the event (its word) is set.
    Event = 6,
    /// Ready once the task has ended.
    Task = 7,
    /// Ready once reading from the socket (or other source of `altru_net_…`) would not wait.
    Readable = 8,
}

/// Result of `altru_channel_send`.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendOutcome {
    Sent = 0,
    Closed = 1,
    TimedOut = 2,
}

/// Result of `altru_channel_recv`.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecvOutcome {
    Received = 0,
    Closed = 1,
    TimedOut = 2,
}

/// `op` of `altru_panic_overflow`.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OverflowOp {
    Add = 0,
    Sub = 1,
    Mul = 2,
    /// `MIN / -1`
    Div = 3,
    /// `MIN % -1`
    Rem = 4,
    Neg = 5,
    Shl = 6,
    Shr = 7,
    Abs = 8,
    Pow = 9,
}

/// `style` of `altru_fmt_f64`.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FloatStyle {
    /// `0.1`, `3`, `100000000`: no exponent, no point unless needed.
    Plain = 0,
    /// A whole number keeps its point (`3.0`), and very large or small ones get an exponent.
    Pointed = 1,
    /// `1.5e10`
    Exponent = 2,
}

impl FloatStyle {
    /// Added to a style: the value was an `f32`, whose shortest digits are fewer.
    pub const SINGLE: i32 = 8;
}

/// `class` of `altru_char_class`.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CharClass {
    Alphabetic = 0,
    Numeric = 1,
    Whitespace = 2,
    Upper = 3,
    Lower = 4,
    Control = 5,
    /// Not shown as an escape by `Debug`.
    Printable = 6,
}

/// `op` of `altru_math_unary`.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MathUnary {
    Exp = 0,
    Ln = 1,
    Log10 = 2,
    Log2 = 3,
    Sin = 4,
    Cos = 5,
    Tan = 6,
    Asin = 7,
    Acos = 8,
    Atan = 9,
    Sinh = 10,
    Cosh = 11,
    Tanh = 12,
    Cbrt = 13,
    Exp2 = 14,
}

/// `op` of `altru_math_binary`.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MathBinary {
    Pow = 0,
    Atan2 = 1,
    Hypot = 2,
}

/// Bits of `flags` of `altru_fs_open`.
pub struct OpenFlags;

impl OpenFlags {
    pub const READ: i32 = 1;
    pub const WRITE: i32 = 2;
    pub const APPEND: i32 = 4;
    pub const CREATE: i32 = 8;
    /// Fail if it exists.
    pub const CREATE_NEW: i32 = 16;
    pub const TRUNCATE: i32 = 32;
}

/// What a path leads to.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    File = 0,
    Dir = 1,
    Symlink = 2,
    Other = 3,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct RawMetadata {
    pub size: i64,
    /// Nanoseconds since 1970.
    pub modified: i64,
    pub accessed: i64,
    pub changed: i64,
    pub inode: i64,
    pub device: i64,
    pub links: i64,
    /// A `FileKind`.
    pub kind: i32,
    /// Permission bits.
    pub mode: i32,
}

/// What `altru_process_spawn` starts. Borrows everything.
#[repr(C)]
pub struct RawCommand {
    pub program: RawSlice,
    /// `len` `RawString`s.
    pub args: RawSlice,
    /// `len` `RawString`s: name, value, name, value, …
    pub env: RawSlice,
    /// Empty: the current one.
    pub cwd: RawSlice,
    /// 1: start from an empty environment.
    pub clear_env: i32,
    /// Each a `Stdio`.
    pub stdin: i32,
    pub stdout: i32,
    pub stderr: i32,
    /// 1: in a process group of its own.
    pub group: i32,
}

#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stdio {
    Inherit = 0,
    Null = 1,
    Pipe = 2,
}

/// A started child. A descriptor is -1 where no pipe was asked for; the others belong to the caller.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawChild {
    pub pid: i32,
    pub stdin: i32,
    pub stdout: i32,
    pub stderr: i32,
}

/// The address of a socket.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawAddress {
    /// An `AddressKind`.
    pub kind: i32,
    pub port: i32,
    /// IPv6 only: the interface that a local address belongs to.
    pub scope: u32,
    /// Unix only: how many bytes of `bytes` are its path; 0: it has none.
    pub len: u32,
    /// 4 or 16 in network order, or the path.
    pub bytes: [u8; 108],
}

#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressKind {
    V4 = 1,
    V6 = 2,
    Unix = 3,
}

/// `which` of `altru_net_option` and `altru_net_set_option`.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SocketOption {
    /// Small pieces are sent at once.
    NoDelay = 1,
    /// The peer of an idle connection is asked whether it is still there.
    KeepAlive = 2,
    /// After so many seconds.
    KeepIdle = 3,
    Broadcast = 4,
    SendBuffer = 5,
    RecvBuffer = 6,
    Ttl = 7,
}
