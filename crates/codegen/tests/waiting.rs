//! The contract of `abi::waiting`, seen from a runtime made for the test: functions built by hand as MIR wait in it, are
//! suspended at every wait or at none, resumed through their frames, and unwound at any of them.

mod support;

use std::cell::Cell;

use abi::waiting::{Context, DONE, ENTER, Frame, RESUME, SUSPENDED, Site, UNWIND, UNWINDING};
use base::{Name, SourceMap};
use codegen::{Jit, Mode, Options, compile};
use mir::body::*;
use mir::mono::thir::BinOp;
use mir::mono::ty::{Mutability, Ty};
use mir::mono::{FuncId, Function, Role, Target, Waits};
use support::*;

// ---- a runtime ----

/// What the context is the start of.
#[repr(C)]
struct Runner {
    cx: Context,
    /// Bytes of a segment of the arena.
    room: usize,
    /// The segments, each with what `top`, `limit` and `base` were before it.
    segments: Vec<(Vec<u128>, [*mut u8; 3])>,
    /// Each wait suspends.
    suspends: bool,
    /// The wait, from 0, that unwinds.
    unwinds: usize,
    waits: usize,
    suspended: usize,
}

impl Runner {
    fn new(room: usize, suspends: bool, unwinds: usize) -> Runner {
        let null = std::ptr::null_mut();
        let cx = Context { top: null, limit: null, base: null, frame: std::ptr::null_mut() };
        Runner { cx, room, segments: Vec::new(), suspends, unwinds, waits: 0, suspended: 0 }
    }
}

unsafe extern "C" fn grow(cx: *mut Context, size: usize) -> *mut u8 {
    // SAFETY: every context of this test starts a runner.
    let run = unsafe { &mut *cx.cast::<Runner>() };
    let before = [run.cx.top, run.cx.limit, run.cx.base];
    let words = run.room.max(size).div_ceil(16);
    // Nothing may be taken for zero.
    let mut memory = vec![u128::MAX; words];
    let start = memory.as_mut_ptr().cast::<u8>();
    run.cx.base = start;
    // SAFETY: within the memory.
    (run.cx.top, run.cx.limit) = unsafe { (start.add(size), start.add(words * 16)) };
    run.segments.push((memory, before));
    start
}

unsafe extern "C" fn shrink(cx: *mut Context) {
    // SAFETY: as in `grow`.
    let run = unsafe { &mut *cx.cast::<Runner>() };
    let (mut memory, before) = run.segments.pop().expect("there is one");
    memory.fill(0);
    [run.cx.top, run.cx.limit, run.cx.base] = before;
}

static LEAF: Site = Site {
    resume: leaf_resumed,
    name_ptr: "leaf".as_ptr(),
    name_len: 4,
    location: std::ptr::null(),
    outer: std::ptr::null(),
    index: 1,
};

/// The runtime function that waits.
unsafe extern "C" fn sleep(cx: *mut Context, parent: *mut Frame, _duration: i64) -> i32 {
    // SAFETY: as in `grow`; a frame's room is taken as generated code takes it.
    unsafe {
        let run = &mut *cx.cast::<Runner>();
        run.waits += 1;
        if !run.suspends {
            return if run.waits - 1 == run.unwinds { UNWINDING } else { DONE };
        }
        let fits = !run.cx.top.is_null() && run.cx.limit.addr() - run.cx.top.addr() >= size_of::<Frame>();
        let frame = if fits { run.cx.top } else { grow(cx, size_of::<Frame>()) }.cast::<Frame>();
        run.cx.top = frame.cast::<u8>().add(size_of::<Frame>());
        frame.write(Frame { parent, site: &raw const LEAF });
        run.cx.frame = frame;
        run.suspended += 1;
        SUSPENDED
    }
}

unsafe extern "C" fn leaf_resumed(cx: *mut Context, frame: *mut Frame, _how: i32) -> i32 {
    // SAFETY: as in `sleep`.
    unsafe {
        let run = &mut *cx.cast::<Runner>();
        run.cx.top = frame.cast();
        if run.cx.base == frame.cast() {
            shrink(cx);
        }
        if run.waits - 1 == run.unwinds { UNWINDING } else { DONE }
    }
}

thread_local! {
    static CAUGHT: Cell<u32> = const { Cell::new(0) };
}

unsafe extern "C" fn caught(_cx: *mut Context, _parent: *mut Frame, _exception: *mut u8) {
    CAUGHT.set(CAUGHT.get() + 1);
}

/// Runs a root to its end.
///
/// # Safety
/// `enter` calls it with the context.
unsafe fn drive(run: &mut Runner, enter: impl FnOnce(*mut Context) -> i32) -> i32 {
    let cx: *mut Context = (&raw mut *run).cast();
    let mut status = enter(cx);
    if status != SUSPENDED {
        return status;
    }
    let mut how = RESUME;
    // SAFETY: the context was suspended by `sleep`; each frame's site resumes it.
    unsafe {
        let mut frame = (*cx).frame;
        loop {
            let parent = (*frame).parent;
            status = ((*(*frame).site).resume)(cx, frame, how);
            (frame, how) = match status {
                SUSPENDED => ((*cx).frame, RESUME),
                _ if parent.is_null() => return status,
                DONE => (parent, RESUME),
                _ => (parent, UNWIND),
            };
        }
    }
}

// ---- programs ----

const FLAG: i64 = 7;

fn waits_for(
    argument: Operand,
    into: u32,
    then: u32,
    unwind: Option<u32>,
) -> (TerminatorKind, Option<Target>) {
    let symbol = Name::new("altru_thread_sleep");
    (call(vec![argument], into, Some(then), unwind), Some(Target::Extern { symbol, native: false }))
}

/// `sum(n, flag)`: adds `0..n` up through a borrow that lives across the waits; if one unwinds, `*flag` is set.
fn sum() -> Function {
    let (total, borrow) = (Place::local(Local(3)), Place::local(Local(5)).deref());
    let add = |to: Place, a: Operand, b: Operand| Statement {
        kind: StatementKind::Assign(to, Rvalue::Binary(BinOp::Add, a, b)),
        span: Default::default(),
    };
    let through = || Operand::Copy(Place::local(Local(5)).deref());
    let set_flag = Statement {
        kind: StatementKind::Assign(Place::local(Local(2)).deref(), Rvalue::Use(int(FLAG.into()))),
        span: Default::default(),
    };
    let (wait, target) = waits_for(copy(4), 6, 3, Some(5));
    let types = [
        Ty::int(),
        Ty::int(),
        Ty::raw_ptr(Ty::int()),
        Ty::int(),
        Ty::int(),
        Ty::mut_ref(Ty::int()),
        Ty::unit(),
        Ty::bool(),
    ];
    let start = vec![
        set(3, Rvalue::Use(int(0))),
        set(4, Rvalue::Use(int(0))),
        set(5, Rvalue::Ref { mutability: Mutability::Mut, place: total, two_phase: false }),
    ];
    let more =
        TerminatorKind::Switch { value: copy(7), targets: vec![(0, BlockId(4))], otherwise: BlockId(2) };
    Make::new(2, &types)
        .block(start, goto(1), None)
        .block(vec![set(7, Rvalue::Binary(BinOp::Lt, copy(4), copy(1)))], more, None)
        .block(vec![], wait, target)
        .block(
            vec![add(borrow, through(), copy(4)), set(4, Rvalue::Binary(BinOp::Add, copy(4), int(1)))],
            goto(1),
            None,
        )
        .block(vec![set(0, Rvalue::Use(through()))], TerminatorKind::Return, None)
        .cleanup(vec![set_flag], TerminatorKind::Resume, None)
        .function("sum", Role::User)
}

/// `twice(n, flag)`: `sum(n) + sum(n + 1)`.
fn twice() -> Function {
    let sum = || Some(Target::Function(FuncId(1)));
    let more = set(4, Rvalue::Binary(BinOp::Add, copy(1), int(1)));
    Make::new(2, &[Ty::int(), Ty::int(), Ty::raw_ptr(Ty::int()), Ty::int(), Ty::int(), Ty::int()])
        .block(vec![], call(vec![copy(1), copy(2)], 3, Some(1), None), sum())
        .block(vec![more], call(vec![copy(4), copy(2)], 5, Some(2), None), sum())
        .block(vec![set(0, Rvalue::Binary(BinOp::Add, copy(3), copy(5)))], TerminatorKind::Return, None)
        .function("twice", Role::Entry)
}

/// `down(n, flag)`: `n == 0 ? 0 : (wait, n + down(n - 1))`.
fn down() -> Function {
    let switch =
        TerminatorKind::Switch { value: copy(1), targets: vec![(0, BlockId(3))], otherwise: BlockId(1) };
    let (wait, target) = waits_for(copy(1), 3, 2, None);
    let less = set(4, Rvalue::Binary(BinOp::Sub, copy(1), int(1)));
    Make::new(2, &[Ty::int(), Ty::int(), Ty::raw_ptr(Ty::int()), Ty::unit(), Ty::int(), Ty::int()])
        .block(vec![], switch, None)
        .block(vec![], wait, target)
        .block(vec![less], call(vec![copy(4), copy(2)], 5, Some(4), None), Some(Target::Function(FuncId(0))))
        .block(vec![set(0, Rvalue::Use(int(0)))], TerminatorKind::Return, None)
        .block(vec![set(0, Rvalue::Binary(BinOp::Add, copy(1), copy(5)))], TerminatorKind::Return, None)
        .function("down", Role::Entry)
}

type Root = unsafe extern "C" fn(*mut Context, *mut Frame, i32, *mut i64, i64, *mut i64) -> i32;

/// Compiles in every mode and calls `check` with the root, for segments of several sizes.
fn with_root(functions: Vec<Function>, name: &str, check: &dyn Fn(Root, usize)) {
    let mut program = program(functions);
    program.waits = Waits::infer(&program);
    let mut sources = SourceMap::default();
    sources.add("test.altru", "one\n");
    let mut symbols = rt::symbols();
    for (symbol, address) in &mut symbols {
        match *symbol {
            "altru_frame_grow" => *address = grow as *const (),
            "altru_frame_shrink" => *address = shrink as *const (),
            "altru_thread_sleep" => *address = sleep as *const (),
            "altru_panic_caught" => *address = caught as *const (),
            _ => {}
        }
    }
    for mode in [Mode::Quick, Mode::Build, Mode::Release] {
        let options = Options { verify: true, ..Options::new(mode, &sources) };
        let objects = compile(&program, &options).unwrap_or_else(|e| panic!("{mode:?}: {e}"));
        let jit = Jit::new(&objects, &symbols).unwrap_or_else(|e| panic!("{mode:?}: {e}"));
        let root = jit.lookup(name).expect("exported");
        // SAFETY: the signature of the function built above, by the convention of functions that wait.
        let root: Root = unsafe { std::mem::transmute(root) };
        for room in [16, 64, 4096] {
            check(root, room);
        }
    }
}

/// Runs it once: status, result, flag, number of suspensions.
fn once(root: Root, room: usize, suspends: bool, unwinds: usize, n: i64) -> (i32, i64, i64, usize) {
    let mut run = Runner::new(room, suspends, unwinds);
    let (mut result, mut flag) = (-1, 0);
    // SAFETY: the result and the flag outlive the run.
    let status = unsafe {
        drive(&mut run, |cx| root(cx, std::ptr::null_mut(), ENTER, &raw mut result, n, &raw mut flag))
    };
    assert!(run.segments.is_empty() && run.cx.top.is_null(), "every frame is given back");
    (status, result, flag, run.suspended)
}

const NEVER: usize = usize::MAX;

#[test]
fn a_borrow_lives_across_waits() {
    with_root(vec![twice(), sum()], "twice", &|root, room| {
        assert_eq!(once(root, room, false, NEVER, 5), (DONE, 25, 0, 0));
        assert_eq!(once(root, room, true, NEVER, 5), (DONE, 25, 0, 11));
        assert_eq!(once(root, room, true, NEVER, 0), (DONE, 0, 0, 1));
    });
}

#[test]
fn every_wait_can_unwind() {
    with_root(vec![twice(), sum()], "twice", &|root, room| {
        for at in 0..11 {
            assert_eq!(once(root, room, false, at, 5), (UNWINDING, -1, FLAG, 0));
            assert_eq!(once(root, room, true, at, 5), (UNWINDING, -1, FLAG, at + 1));
        }
    });
}

#[test]
fn recursion_suspends_at_every_depth() {
    with_root(vec![down()], "down", &|root, room| {
        assert_eq!(once(root, room, false, NEVER, 1000), (DONE, 500_500, 0, 0));
        assert_eq!(once(root, room, true, NEVER, 1000), (DONE, 500_500, 0, 1000));
        assert_eq!(once(root, room, true, 700, 1000).0, UNWINDING);
    });
}
