//! Programs built by hand as MIR, compiled in every mode and run in this process.

mod support;

use base::{Name, SourceMap, Span};
use codegen::{Jit, Mode, Options, compile};
use mir::body::*;
use mir::mono::thir::BinOp;
use mir::mono::ty::{Mutability, Ty};
use mir::mono::{FuncId, Function, Program, Role, Target};
use support::*;

fn modes(program: &Program, check: &dyn Fn(&Jit)) {
    let mut sources = SourceMap::default();
    sources.add("test.altru", "one\ntwo\n");
    for mode in [Mode::Quick, Mode::Build, Mode::Release] {
        let options = Options { verify: true, ..Options::new(mode, &sources) };
        let objects = compile(program, &options).unwrap_or_else(|e| panic!("{mode:?}: {e}"));
        let jit = Jit::new(&objects, &rt::symbols()).unwrap_or_else(|e| panic!("{mode:?}: {e}"));
        check(&jit);
    }
}

/// Whether it panics. On a thread of its own, which ends with the panic.
fn catch(f: impl FnMut() + Send) -> bool {
    std::thread::scope(|scope| scope.spawn(f).join().is_err())
}

fn fib() -> Function {
    let checked = Ty::tuple(&[Ty::int(), Ty::bool()]);
    let int_ty = Ty::int();
    // _1 n; _2 small; _3 n-1; _4 fib; _5 n-2; _6 fib; _7 sum
    let types = [int_ty, int_ty, Ty::bool(), checked, int_ty, checked, int_ty, checked];
    let this = Some(Target::Function(FuncId(0)));
    Make::new(1, &types)
        .block(
            vec![set(2, Rvalue::Binary(BinOp::Lt, copy(1), int(2)))],
            TerminatorKind::Switch { value: copy(2), targets: vec![(0, BlockId(2))], otherwise: BlockId(1) },
            None,
        )
        .block(vec![set(0, Rvalue::Use(copy(1)))], TerminatorKind::Return, None)
        .block(
            vec![set(3, Rvalue::CheckedBinary(BinOp::Sub, copy(1), int(1)))],
            assert_ok(3, BinOp::Sub, 3, None),
            None,
        )
        .block(vec![], call(vec![first(3)], 4, Some(4), None), this.clone())
        .block(
            vec![set(5, Rvalue::CheckedBinary(BinOp::Sub, copy(1), int(2)))],
            assert_ok(5, BinOp::Sub, 5, None),
            None,
        )
        .block(vec![], call(vec![first(5)], 6, Some(6), None), this)
        .block(
            vec![set(7, Rvalue::CheckedBinary(BinOp::Add, copy(4), copy(6)))],
            assert_ok(7, BinOp::Add, 7, None),
            None,
        )
        .block(vec![set(0, Rvalue::Use(first(7)))], TerminatorKind::Return, None)
        .function("fib", Role::Entry)
}

#[test]
fn computes_with_checked_arithmetic() {
    modes(&program(vec![fib()]), &|jit| {
        let fib = jit.lookup("fib").expect("exported");
        // SAFETY: the signature of the function built above.
        let fib: extern "C" fn(i64) -> i64 = unsafe { std::mem::transmute(fib) };
        assert_eq!(fib(20), 6765);
    });
}

/// `bump(*mut int)`: adds one to a counter; as a destructor of a reference.
fn bump() -> Function {
    let counter = Ty::mut_ref(Ty::int());
    let place = Place::local(Local(1)).deref().deref();
    Make::new(1, &[Ty::unit(), Ty::mut_ref(counter), Ty::int()])
        .block(
            vec![
                set(2, Rvalue::Binary(BinOp::Add, Operand::Copy(place.clone()), int(1))),
                Statement { kind: StatementKind::Assign(place, Rvalue::Use(copy(2))), span: Span::default() },
            ],
            TerminatorKind::Return,
            None,
        )
        .function("bump", Role::Glue)
}

/// `overflow(n, counter)`: has a value to drop while `n + 1` may overflow.
fn overflow() -> Function {
    let counter = Ty::mut_ref(Ty::int());
    let checked = Ty::tuple(&[Ty::int(), Ty::bool()]);
    let drop = |target, unwind| TerminatorKind::Drop {
        place: Place::local(Local(3)),
        target: BlockId(target),
        unwind,
    };
    Make::new(2, &[Ty::int(), Ty::int(), counter, counter, checked])
        .block(
            vec![
                set(3, Rvalue::Use(Operand::Move(Place::local(Local(2))))),
                set(4, Rvalue::CheckedBinary(BinOp::Add, copy(1), int(1))),
            ],
            assert_ok(4, BinOp::Add, 1, Some(3)),
            None,
        )
        .block(vec![set(0, Rvalue::Use(first(4)))], drop(2, None), Some(Target::Function(FuncId(1))))
        .block(vec![], TerminatorKind::Return, None)
        .cleanup(vec![], drop(4, None), Some(Target::Function(FuncId(1))))
        .cleanup(vec![], TerminatorKind::Resume, None)
        .function("overflow", Role::Entry)
}

#[test]
fn a_panic_runs_destructors() {
    modes(&program(vec![overflow(), bump()]), &|jit| {
        let f = jit.lookup("overflow").expect("exported");
        // SAFETY: the signature of the function built above.
        let f: extern "C-unwind" fn(i64, &mut i64) -> i64 = unsafe { std::mem::transmute(f) };
        let mut drops = 0;
        assert_eq!(f(41, &mut drops), 42);
        assert_eq!(drops, 1);
        let caught = catch(|| {
            f(i64::MAX, &mut drops);
        });
        assert!(caught);
        assert_eq!(drops, 2);
    });
}

/// Sums a `&[int]` by checked index.
fn sum() -> Function {
    let slice = Ty::shared_ref(Ty::list(Ty::int()));
    let int_ty = Ty::int();
    let checked = Ty::tuple(&[int_ty, Ty::bool()]);
    let place = Place::local(Local(1)).deref();
    let element = place.with(Projection::Index(Local(3)));
    Make::new(1, &[int_ty, slice, int_ty, int_ty, int_ty, Ty::bool(), checked, checked, int_ty])
        .block(vec![set(2, Rvalue::Use(int(0))), set(3, Rvalue::Use(int(0)))], goto(1), None)
        .block(
            vec![set(4, Rvalue::Len(place)), set(5, Rvalue::Binary(BinOp::Lt, copy(3), copy(4)))],
            TerminatorKind::Switch { value: copy(5), targets: vec![(0, BlockId(5))], otherwise: BlockId(2) },
            None,
        )
        .block(
            vec![
                set(8, Rvalue::Use(Operand::Copy(element))),
                set(6, Rvalue::CheckedBinary(BinOp::Add, copy(2), copy(8))),
            ],
            assert_ok(6, BinOp::Add, 3, None),
            None,
        )
        .block(
            vec![set(2, Rvalue::Use(first(6))), set(7, Rvalue::CheckedBinary(BinOp::Add, copy(3), int(1)))],
            assert_ok(7, BinOp::Add, 4, None),
            None,
        )
        .block(vec![set(3, Rvalue::Use(first(7)))], goto(1), None)
        .block(vec![set(0, Rvalue::Use(copy(2)))], TerminatorKind::Return, None)
        .function("sum", Role::Entry)
}

#[test]
fn reads_slices() {
    modes(&program(vec![sum()]), &|jit| {
        let f = jit.lookup("sum").expect("exported");
        // SAFETY: the signature of the function built above.
        let f: extern "C" fn(*const i64, i64) -> i64 = unsafe { std::mem::transmute(f) };
        let values = [1, 2, 3, 40];
        assert_eq!(f(values.as_ptr(), 4), 46);
    });
}

/// `[n; 2 elements]` on the heap and its length through a borrow; a string by value and back.
fn lists() -> Function {
    let list = Ty::list(Ty::int());
    let slice = Ty::shared_ref(list);
    let pair = Ty::tuple(&[Ty::str(), Ty::int()]);
    Make::new(1, &[pair, Ty::int(), list, slice, Ty::int(), Ty::str()])
        .block(
            vec![
                set(2, Rvalue::Aggregate(Aggregate::List(Ty::int()), vec![copy(1), int(7)])),
                set(
                    3,
                    Rvalue::Ref {
                        mutability: Mutability::Shared,
                        place: Place::local(Local(2)),
                        two_phase: false,
                    },
                ),
                set(4, Rvalue::Len(Place::local(Local(3)).deref())),
                set(
                    5,
                    Rvalue::Use(Operand::Const(Constant {
                        ty: Ty::str(),
                        kind: ConstKind::Str("hello".into()),
                    })),
                ),
                set(
                    0,
                    Rvalue::Aggregate(Aggregate::Tuple, vec![Operand::Move(Place::local(Local(5))), copy(4)]),
                ),
            ],
            TerminatorKind::Return,
            None,
        )
        .function("lists", Role::Entry)
}

#[test]
fn builds_aggregates_in_memory() {
    modes(&program(vec![lists()]), &|jit| {
        let f = jit.lookup("lists").expect("exported");
        #[repr(C)]
        #[derive(Debug)]
        struct Out {
            ptr: *const u8,
            cap: i64,
            len: i64,
            count: i64,
        }
        // SAFETY: the signature of the function built above.
        let f: extern "C" fn(i64) -> Out = unsafe { std::mem::transmute(f) };
        let out = f(1);
        assert_eq!((out.cap, out.len, out.count), (0, 5, 2));
        // SAFETY: five bytes of static text.
        let text = unsafe { std::slice::from_raw_parts(out.ptr, 5) };
        assert_eq!(text, b"hello");
    });
}

#[test]
fn refuses_what_it_does_not_know() {
    let function = Make::new(0, &[Ty::int()])
        .block(
            vec![],
            call(vec![], 0, Some(1), None),
            Some(Target::Intrinsic { name: Name::new("no_such"), args: &[] }),
        )
        .block(vec![], TerminatorKind::Return, None)
        .function("odd", Role::Entry);
    let sources = SourceMap::default();
    let error =
        compile(&program(vec![function]), &Options::new(Mode::Quick, &sources)).err().expect("refused");
    assert!(error.to_string().contains("no_such"), "{error}");
}
