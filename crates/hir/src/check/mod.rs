//! Checks bodies: from a function's syntax to a [`thir::Body`] with every type known.
//!
//! Not here: unification and trait selection ([`crate::infer`], [`crate::traits`]), names of
//! items ([`crate::resolve`]), control flow, drops and borrows (MIR). The one thing to know:
//! expressions are checked once, top down with an expectation, and yield *places* or *values*
//! (see [`thir`]); what must wait for types (literal ranges, exhaustiveness, casts, captures)
//! is noted and decided in [`writeback`] when inference is done.
//!
//! Reading order: [`expr`] (the dispatch), [`coerce`] (what is accepted where), [`call`] and
//! [`method`], then one file per construct.

mod advice;
mod args;
mod block;
mod braces;
mod call;
mod capture;
mod cast;
mod closure;
mod coerce;
mod compound;
mod contract;
mod deadline;
mod destructure;
mod dump;
mod exhaustive;
mod expr;
mod field;
mod flat;
mod function;
mod future;
mod habits;
mod interpolate;
mod items;
mod literal;
mod loops;
mod made;
mod method;
mod missing;
mod nothing;
mod operator;
mod operator_report;
mod path;
mod pattern;
mod report;
mod select;
mod solve;
mod structs;
mod task;
mod tries;
mod unsettled;
mod unused;
mod usefulness;
mod writeback;

pub use dump::dump;

use base::{Diagnostic, FxHashMap, IndexVec, Name, SourceMap, Span};
use syntax::ast;

use crate::infer::InferCtx;
use crate::items::{BodyOwner, ClosureId, FnKind, Generics, ModId, Program};
use crate::thir::{self, Expr, ExprId, ExprKind, Local, LocalId, LoopId};
use crate::traits::{ParamEnv, TraitCache};
use crate::ty::Ty;

/// Every body there is to check, in source order.
pub fn bodies(program: &Program) -> Vec<BodyOwner> {
    let fns = program.fns.iter_enumerated().filter_map(|(id, decl)| {
        let written = decl.ast.as_ref().is_some_and(|ast| ast.body.is_some());
        let made = match decl.kind {
            FnKind::Script(_) => true,
            FnKind::Derived(_) => decl.ast.is_some(),
            _ => false,
        };
        (written || made).then_some(BodyOwner::Fn(id))
    });
    let consts = program.consts.ids().map(BodyOwner::Const);
    let statics = program.statics.ids().map(BodyOwner::Static);
    fns.chain(consts).chain(statics).collect()
}

/// Checks one body. Pure: bodies may be checked in parallel and in any order.
pub fn check_body(program: &Program, owner: BodyOwner, sources: &SourceMap) -> (thir::Body, Vec<Diagnostic>) {
    check_body_with(program, owner, sources, &program.trait_cache)
}

/// As [`check_body`], with the answers about traits that all bodies of the program share.
pub fn check_body_with(
    program: &Program,
    owner: BodyOwner,
    sources: &SourceMap,
    cache: &TraitCache,
) -> (thir::Body, Vec<Diagnostic>) {
    let env = match owner {
        BodyOwner::Fn(id) => ParamEnv::of_fn(program, id),
        BodyOwner::Const(_) | BodyOwner::Static(_) => ParamEnv::empty(),
    };
    let mut checker = Checker::new(program, owner, sources, &env, cache);
    let body = checker.check_owner();
    let mut diagnostics = checker.diagnostics;
    diagnostics.sort_by_key(|d| (d.primary.span.file, d.primary.span.lo));
    (body, diagnostics)
}

/// What the surroundings want of an expression.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expect {
    /// Any value.
    Any,
    /// Statement position: the value is dropped, so branches need not agree.
    Discard,
    /// Probably a value of this type: guides inference; the asker coerces.
    Hint(Ty),
}

impl Expect {
    fn hint(self) -> Option<Ty> {
        match self {
            Expect::Hint(ty) => Some(ty),
            _ => None,
        }
    }
}

/// The function or closure whose body is being checked.
struct Frame {
    ret: Ty,
    /// Where the result type is written, for messages.
    ret_span: Option<Span>,
    /// Index of the closure; `None` for the owner itself.
    closure: Option<u32>,
    /// `return` leaves this loop, so that postconditions run (see [`contract`]).
    return_to: Option<LoopId>,
    /// Some `return` or `?` was seen.
    returns: bool,
    /// Loops around are those of this frame (in a `defer` block: of the block) from here on.
    first_loop: usize,
    in_defer: bool,
    /// [`Checker::diverges`] where the closure stands.
    outer_diverges: bool,
    /// The closure is the block of a `deadline`: how it leaves what is around it.
    exits: Option<deadline::Exits>,
}

struct LoopFrame {
    id: LoopId,
    label: Option<Name>,
    /// `loop`: its breaks may carry values.
    carries_value: bool,
    /// Joined type of the breaks.
    join: Option<coerce::Join>,
    breaks: bool,
}

/// A name in scope.
#[derive(Clone, Copy)]
struct Binding {
    name: Name,
    local: LocalId,
}

/// A block's names.
#[derive(Default, Clone)]
struct Scope {
    bindings: Vec<Binding>,
    /// The items declared in the block.
    module: Option<ModId>,
}

pub(crate) struct Checker<'p> {
    program: &'p Program,
    sources: &'p SourceMap,
    owner: BodyOwner,
    module: ModId,
    generics: &'p Generics,
    ctx: InferCtx<'p>,

    exprs: IndexVec<ExprId, Expr>,
    locals: IndexVec<LocalId, Local>,
    /// Facts about locals that only checking needs.
    local_notes: IndexVec<LocalId, LocalNote>,
    closures: Vec<thir::ClosureDef>,
    closure_notes: Vec<closure::ClosureNote>,
    /// Closures in variables whose bodies wait for the first use, which says what they are passed.
    unsettled: Vec<unsettled::Unsettled>,
    loop_count: u32,

    scopes: Vec<Scope>,
    frames: Vec<Frame>,
    loops: Vec<LoopFrame>,
    unsafe_depth: u32,
    /// What is being checked is never reached.
    diverges: bool,
    /// The call being checked is the operand of `await`.
    awaited: bool,
    /// The number of arguments of the call whose callee is being resolved.
    call_args: Option<usize>,
    /// The call of an `async` function that was just checked and runs here.
    ran: Option<ExprId>,
    contract: contract::ContractState,

    /// Default values of fields being checked, to end those that need themselves.
    open_defaults: Vec<(crate::items::AdtId, crate::items::FieldIdx)>,
    pattern_checks: Vec<exhaustive::PatternCheck>,
    casts: Vec<cast::PendingCast>,
    /// Calls of this body's closures, with the place of the closure.
    closure_calls: Vec<(ExprId, ExprId, u32)>,
    /// Variables that a closure changes in a copy of its own: which, by which closure, and where.
    changed_copies: Vec<(LocalId, u32, Span)>,
    braced: Vec<braces::Braced>,

    diagnostics: Vec<Diagnostic>,
    has_errors: bool,
    /// A type that nothing decides was reported, here.
    open_reported: Option<Span>,
    /// The `Self` of calls written `Trait::method(x)`: what a reference leads to is meant.
    open_selves: Vec<Ty>,
    /// The generic parameters with what a trait's own methods may assume of `Self`.
    scope_generics: Generics,
}

/// See [`unused`].
#[derive(Default, Clone, Copy)]
struct LocalNote {
    used: bool,
    /// Declared in this closure's parameters or body.
    closure: Option<u32>,
    /// Whether to warn when it is never used.
    warn_unused: bool,
    /// A parameter of the owner.
    parameter: bool,
    /// Declared with `let mut`.
    let_mut: bool,
    /// Assigned to or borrowed exclusively.
    mutated: bool,
    /// A plain name in a pattern, which borrows a part of a place.
    lent: bool,
    /// The `x` of a pattern `Point{x}`.
    short_form: bool,
    /// Its value is the `()` of this call, which gives nothing.
    nothing: Option<ExprId>,
}

impl<'p> Checker<'p> {
    fn new(
        program: &'p Program,
        owner: BodyOwner,
        sources: &'p SourceMap,
        env: &'p ParamEnv,
        cache: &'p TraitCache,
    ) -> Checker<'p> {
        static NO_GENERICS: Generics =
            Generics { parent_count: 0, params: Vec::new(), predicates: Vec::new() };
        let (module, generics, span) = match owner {
            BodyOwner::Fn(id) => {
                let decl = &program.fns[id];
                (decl.module, &decl.generics, decl.span)
            }
            BodyOwner::Const(id) => (program.consts[id].module, &NO_GENERICS, program.consts[id].span),
            BodyOwner::Static(id) => (program.statics[id].module, &NO_GENERICS, program.statics[id].span),
        };
        let mut exprs = IndexVec::new();
        // What most bodies of this length have.
        exprs.reserve((span.len() as usize / 10).clamp(4, 4096));
        Checker {
            program,
            sources,
            owner,
            module,
            generics,
            ctx: InferCtx::new(program, env, cache),
            exprs,
            locals: IndexVec::new(),
            local_notes: IndexVec::new(),
            closures: Vec::new(),
            closure_notes: Vec::new(),
            unsettled: Vec::new(),
            loop_count: 0,
            scopes: vec![Scope::default()],
            frames: Vec::new(),
            loops: Vec::new(),
            unsafe_depth: 0,
            diverges: false,
            awaited: false,
            ran: None,
            call_args: None,
            contract: contract::ContractState::default(),
            open_defaults: Vec::new(),
            pattern_checks: Vec::new(),
            casts: Vec::new(),
            closure_calls: Vec::new(),
            changed_copies: Vec::new(),
            braced: Vec::new(),
            diagnostics: Vec::new(),
            has_errors: false,
            open_reported: None,
            open_selves: Vec::new(),
            scope_generics: solve::scope_generics(program, owner, generics),
        }
    }

    fn check_owner(&mut self) -> thir::Body {
        match self.owner {
            BodyOwner::Fn(id) => self.check_fn(id),
            BodyOwner::Const(id) => {
                let decl = &self.program.consts[id];
                let (ast, ty, span) = (decl.ast.clone(), decl.ty, decl.span);
                self.check_value_item(&ast, ty, span)
            }
            BodyOwner::Static(id) => {
                let decl = &self.program.statics[id];
                let (ast, ty, span) = (decl.ast.clone(), decl.ty, decl.span);
                self.check_value_item(&ast, ty, span)
            }
        }
    }

    /// The initialiser of a `const` or `static`.
    fn check_value_item(&mut self, item: &ast::ConstItem, ty: Ty, span: Span) -> thir::Body {
        self.frames.push(Frame {
            ret: ty,
            ret_span: item.ty.as_ref().map(|t| t.span),
            closure: None,
            return_to: None,
            returns: false,
            first_loop: 0,
            outer_diverges: false,
            in_defer: false,
            exits: None,
        });
        let value = match &item.value {
            Some(expr) => {
                let why = match &item.ty {
                    Some(t) => coerce::Why::because(t.span, "declared here"),
                    None => coerce::Why::none(),
                };
                self.check_coerce(expr, ty, &why)
            }
            None => self.error_expr(span),
        };
        self.finish(span, Vec::new(), ty, value)
    }

    // ------------------------------------------------------------ building

    fn push(&mut self, ty: Ty, span: Span, kind: ExprKind) -> ExprId {
        self.exprs.push(Expr { ty, span, kind })
    }

    fn error_expr(&mut self, span: Span) -> ExprId {
        self.push(Ty::error(), span, ExprKind::Error)
    }

    fn unit_expr(&mut self, span: Span) -> ExprId {
        self.push(Ty::unit(), span, ExprKind::Tuple(Vec::new()))
    }

    fn ty_of(&self, id: ExprId) -> Ty {
        self.exprs[id].ty
    }

    fn span_of(&self, id: ExprId) -> Span {
        self.exprs[id].span
    }

    fn is_place(&self, id: ExprId) -> bool {
        self.exprs[id].kind.is_place()
    }

    /// The expression as a value: a place is read.
    fn value(&mut self, id: ExprId) -> ExprId {
        if !self.is_place(id) {
            return id;
        }
        let (ty, span) = (self.ty_of(id), self.span_of(id));
        self.push(ty, span, ExprKind::Use(id))
    }

    fn next_loop(&mut self) -> LoopId {
        self.loop_count += 1;
        LoopId(self.loop_count - 1)
    }

    // ------------------------------------------------------------ scopes

    /// Makes a local without bringing it into scope.
    fn new_local(&mut self, name: Name, span: Span, ty: Ty) -> LocalId {
        let closure = self.frames.last().and_then(|f| f.closure);
        self.local_notes.push(LocalNote { closure, ..LocalNote::default() });
        self.locals.push(Local { name, span, ty, mutable: false, by_ref: None, synthetic: false })
    }

    /// A variable of the compiler's own.
    fn temp(&mut self, name: &str, span: Span, ty: Ty) -> LocalId {
        let local = self.new_local(Name::new(name), span, ty);
        self.locals[local].synthetic = true;
        self.locals[local].mutable = true;
        local
    }

    fn bind(&mut self, name: Name, local: LocalId) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.bindings.push(Binding { name, local });
        }
    }

    fn local_place(&mut self, local: LocalId, span: Span) -> ExprId {
        let ty = self.locals[local].ty;
        self.push(ty, span, ExprKind::Local(local))
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a body is being checked")
    }

    /// Names of all locals in scope, nearest first, for spelling suggestions.
    fn names_in_scope(&self) -> Vec<&'static str> {
        let mut seen: FxHashMap<Name, ()> = FxHashMap::default();
        let mut names = Vec::new();
        for binding in self.scopes.iter().rev().flat_map(|s| s.bindings.iter().rev()) {
            if seen.insert(binding.name, ()).is_none() {
                names.push(binding.name.as_str());
            }
        }
        names
    }

    fn closure_id(&self, index: u32) -> ClosureId {
        ClosureId { owner: self.owner, index }
    }
}
