//! Which move paths are initialised on some way to a point, and which are not on some way.
//!
//! A path is surely initialised where it is in [`MaybeInit`] and not in [`MaybeUninit`].

use super::engine::{Analysis, Direction};
use super::{BitSet, Effect, MovePathId, MovePaths};
use crate::body::{BlockId, Body, Location, Statement, Terminator};

/// Paths that are initialised on at least one way here.
pub struct MaybeInit<'a>(pub &'a MovePaths);

/// Paths that are not initialised on at least one way here.
pub struct MaybeUninit<'a>(pub &'a MovePaths);

macro_rules! analysis {
    ($name:ident, $set_on:ident, $clear_on:ident, $at_entry:expr) => {
        impl $name<'_> {
            #[inline]
            fn apply(&self, state: &mut BitSet<MovePathId>, effect: Effect) {
                match effect {
                    Effect::$set_on(path) => self.0.each_in_subtree(path, |p| {
                        state.insert(p);
                    }),
                    Effect::$clear_on(path) => self.0.each_in_subtree(path, |p| {
                        state.remove(p);
                    }),
                }
            }
        }

        impl Analysis for $name<'_> {
            type State = BitSet<MovePathId>;
            const DIRECTION: Direction = Direction::Forward;

            fn bottom(&self, _: &Body) -> Self::State {
                BitSet::empty(self.0.len())
            }

            fn boundary(&self, body: &Body, state: &mut Self::State) {
                // Set for the arguments or for everything else.
                let at_entry: bool = $at_entry;
                if !at_entry {
                    *state = BitSet::full(self.0.len());
                }
                for path in body.args().filter_map(|arg| self.0.of_local(arg)) {
                    self.0.each_in_subtree(path, |p| {
                        if at_entry {
                            state.insert(p);
                        } else {
                            state.remove(p);
                        }
                    });
                }
            }

            fn join(&self, into: &mut Self::State, from: &Self::State) -> bool {
                into.union(from)
            }

            fn statement(&self, state: &mut Self::State, statement: &Statement, _: Location) {
                self.0.statement_effects(statement, &mut |e| self.apply(state, e));
            }

            fn terminator(&self, state: &mut Self::State, terminator: &Terminator, _: Location) {
                self.0.terminator_effects(terminator, &mut |e| self.apply(state, e));
            }

            fn edge(&self, state: &mut Self::State, terminator: &Terminator, _: Location, target: BlockId) {
                self.0.edge_effects(terminator, target, &mut |e| self.apply(state, e));
            }
        }
    };
}

analysis!(MaybeInit, Init, Uninit, true);
analysis!(MaybeUninit, Uninit, Init, false);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::*;
    use crate::dataflow::{IllegalMoveKind, Lookup, run};
    use base::{IndexVec, Span};
    use hir::items::{BodyOwner, FieldIdx, FnId, Program};
    use hir::ty::Ty;

    fn body(tys: &[Ty], args: usize, blocks: Vec<Block>) -> Body {
        Body {
            source: Source::Owner(BodyOwner::Fn(FnId(0))),
            name: "test".into(),
            span: Span::default(),
            locals: tys
                .iter()
                .map(|&ty| LocalDecl {
                    ty,
                    name: None,
                    span: Span::default(),
                    mutable: true,
                    by_ref: false,
                    kind: LocalKind::Temp,
                })
                .collect(),
            arg_count: args,
            convs: vec![hir::ty::Conv::Own; args],
            blocks: IndexVec::from_vec(blocks),
            ret_origins: vec![],
            captures: vec![],
            attrs: BodyAttrs::default(),
        }
    }

    fn block(statements: Vec<StatementKind>, kind: TerminatorKind) -> Block {
        let span = Span::default();
        Block {
            statements: statements.into_iter().map(|kind| Statement { kind, span }).collect(),
            terminator: Terminator { kind, span },
            cleanup: false,
        }
    }

    fn assign(to: Place, from: Place) -> StatementKind {
        StatementKind::Assign(to, Rvalue::Use(Operand::Move(from)))
    }

    fn switch(on: Local, zero: BlockId, otherwise: BlockId) -> TerminatorKind {
        TerminatorKind::Switch { value: Operand::Copy(on.into()), targets: vec![(0, zero)], otherwise }
    }

    /// A field moved out on one branch: maybe initialised after the join, the rest surely.
    #[test]
    fn partial_move_on_a_branch() {
        let program = Program::default();
        let pair = Ty::tuple(&[Ty::str(), Ty::str()]);
        let (flag, x, out) = (Local(1), Local(2), Local(3));
        let field = |i| Place::local(x).field(i, Ty::str());
        let body = body(
            &[Ty::unit(), Ty::bool(), pair, Ty::str()],
            2,
            vec![
                block(vec![], switch(flag, BlockId(1), BlockId(2))),
                block(vec![assign(out.into(), field(0))], TerminatorKind::Goto(BlockId(2))),
                block(vec![], TerminatorKind::Return),
            ],
        );
        let paths = MovePaths::build(&program, &body);
        let Lookup::Exact(first) = paths.lookup(&field(0)) else { panic!("no path") };
        let whole = paths.of_local(x).expect("tracked");
        assert_eq!(paths.lookup(&field(1)), Lookup::Parent(Some(whole)));
        let init = run(&body, MaybeInit(&paths));
        let uninit = run(&body, MaybeUninit(&paths));
        let at = |b| (init.at(BlockId(b)).expect("init"), uninit.at(BlockId(b)).expect("uninit"));
        assert!(at(1).0.contains(first) && !at(1).1.contains(first));
        assert!(at(2).0.contains(first) && at(2).1.contains(first));
        assert!(at(2).0.contains(whole) && !at(2).1.contains(whole));
        assert_eq!(paths.find_in_subtree(whole, at(2).1), Some(first));
    }

    /// A value moved in a loop is maybe uninitialised at the loop's head.
    #[test]
    fn move_in_a_loop() {
        let program = Program::default();
        let (flag, x, out) = (Local(1), Local(2), Local(3));
        let body = body(
            &[Ty::unit(), Ty::bool(), Ty::str(), Ty::str()],
            2,
            vec![
                block(vec![], TerminatorKind::Goto(BlockId(1))),
                block(vec![], switch(flag, BlockId(2), BlockId(3))),
                block(
                    vec![StatementKind::StorageLive(out), assign(out.into(), x.into())],
                    TerminatorKind::Goto(BlockId(1)),
                ),
                block(vec![], TerminatorKind::Return),
                block(vec![assign(x.into(), out.into())], TerminatorKind::Return),
            ],
        );
        let paths = MovePaths::build(&program, &body);
        let path = paths.of_local(x).expect("tracked");
        let init = run(&body, MaybeInit(&paths));
        let uninit = run(&body, MaybeUninit(&paths));
        assert!(init.at(BlockId(1)).expect("reached").contains(path));
        assert!(uninit.at(BlockId(1)).expect("reached").contains(path));
        assert!(init.at(BlockId(4)).is_none(), "unreachable blocks have no state");
    }

    #[test]
    fn a_calls_result_is_written_only_if_it_returns() {
        let program = Program::default();
        let out = Local(1);
        let call = Call {
            callee: Callee::Fn { id: FnId(0), args: &[] },
            args: vec![],
            destination: out.into(),
            target: Some(BlockId(1)),
            unwind: Some(BlockId(2)),
            flow: CallFlow::default(),
        };
        let body = body(
            &[Ty::unit(), Ty::str()],
            0,
            vec![
                block(vec![], TerminatorKind::Call(Box::new(call))),
                block(vec![], TerminatorKind::Return),
                block(vec![], TerminatorKind::Resume),
            ],
        );
        let paths = MovePaths::build(&program, &body);
        let path = paths.of_local(out).expect("tracked");
        let init = run(&body, MaybeInit(&paths));
        assert!(init.at(BlockId(1)).expect("reached").contains(path));
        assert!(!init.at(BlockId(2)).expect("reached").contains(path));
    }

    #[test]
    fn moves_out_of_references_and_elements_are_illegal() {
        let program = Program::default();
        let (r, list, i, out) = (Local(1), Local(2), Local(3), Local(4));
        let body = body(
            &[Ty::unit(), Ty::shared_ref(Ty::str()), Ty::list(Ty::str()), Ty::int(), Ty::str()],
            3,
            vec![block(
                vec![
                    assign(out.into(), Place::local(r).deref()),
                    assign(out.into(), Place::local(list).with(Projection::Index(i))),
                    assign(out.into(), Place::local(list).with(Projection::Field(FieldIdx(0), Ty::str()))),
                ],
                TerminatorKind::Return,
            )],
        );
        let paths = MovePaths::build(&program, &body);
        let kinds: Vec<_> = paths.illegal.iter().map(|m| m.kind).collect();
        assert_eq!(kinds, [IllegalMoveKind::BehindReference, IllegalMoveKind::Element]);
    }
}
