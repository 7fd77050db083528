//! Typed bodies to control flow: one MIR body for the body itself and one per closure in it.
//!
//! Not here: any check, and which drops happen ([`crate::elaborate`] decides; lowering schedules
//! one for every variable and temporary that may need it). The one thing to know: a [`Builder`]
//! writes at a *current block*; what must happen when a scope is left, by whatever way, is
//! scheduled in [`scope`] and never written out by hand.
//!
//! Reading order: this file, [`scope`] (exits and unwinding), [`expr`] (values into places),
//! [`operand`] (operands, temporaries, places), [`call`], [`arith`], [`block`] (statements),
//! [`control`] (conditions and loops), [`pattern`], [`matching`], [`decide`] and [`guard`]
//! (patterns), [`closure`], [`constant`] (views of constants).

mod arith;
mod block;
mod call;
mod closure;
mod constant;
mod control;
mod decide;
mod expr;
mod guard;
mod matching;
mod operand;
mod pattern;
mod scope;
mod types;

use base::{FxHashMap, IndexVec, Name, Span};
use hir::items::{BodyOwner, Origin, Program};
use hir::thir::{self, ExprId, LocalId};
use hir::traits::{ParamEnv, TraitCache};
use hir::ty::{Conv, Mutability, Ty};

use crate::body::{
    Block, BlockId, Body, BodyAttrs, CaptureDecl, ConstKind, Constant, Local, LocalDecl, LocalKind, Operand,
    Place, RETURN, Rvalue, Source, Statement, StatementKind, Terminator, TerminatorKind,
};
use crate::names;
use crate::place::reference;
use scope::{Breakable, Deferred, DropTree, ElseExit, Scope};
use types::Types;

/// Lowers a body and its closures, the body first, closures in their order. A body with errors
/// has no MIR.
pub fn lower(program: &Program, body: &thir::Body) -> Vec<Body> {
    lower_with(program, &program.trait_cache, body)
}

/// As [`lower`], with another memory of what is known of types.
pub fn lower_with(program: &Program, cache: &TraitCache, body: &thir::Body) -> Vec<Body> {
    if body.has_errors {
        return Vec::new();
    }
    let env = match body.owner {
        BodyOwner::Fn(id) => ParamEnv::of_fn(program, id),
        BodyOwner::Const(_) | BodyOwner::Static(_) => ParamEnv::empty(),
    };
    let types = Types::new(program, &env, cache, body);
    let name = names::owner_name(program, body.owner);
    let mut bodies = Vec::with_capacity(1 + body.closures.len());
    bodies.push(Builder::new(program, body, &types).lower_owner(name.clone()));
    for index in 0..body.closures.len() {
        let name = format!("{name}::{{closure#{index}}}");
        bodies.push(Builder::new(program, body, &types).lower_closure(index, name));
    }
    bodies
}

#[derive(Clone, Copy)]
struct BlockState {
    /// Its terminator has been written.
    ended: bool,
    /// Something reachable goes to it.
    targeted: bool,
}

struct Builder<'a> {
    program: &'a Program,
    thir: &'a thir::Body,
    types: &'a Types<'a>,

    locals: IndexVec<Local, LocalDecl>,
    blocks: IndexVec<BlockId, Block>,
    /// What has been written of each block beside its statements.
    states: IndexVec<BlockId, BlockState>,
    /// Where statements go.
    current: BlockId,
    /// The current block can be reached. If not, what is written to it is thrown away.
    reachable: bool,

    /// The place that each variable in scope names.
    vars: IndexVec<LocalId, Option<Place>>,

    scopes: Vec<Scope>,
    /// How many of the outermost scopes' unwind chains are up to date.
    valid_scopes: usize,
    /// The scope that temporaries belong to.
    temp_scope: usize,
    /// Temporaries that outlive their statement: the scope of each.
    extended: FxHashMap<ExprId, usize>,
    breakables: Vec<Breakable>,
    returns: DropTree,
    /// Exits taken when the innermost condition is false.
    else_exits: Vec<ElseExit>,
    /// What happens when a panic unwinds, shared by all of the body.
    unwinds: DropTree,
    defers: Vec<Deferred>,
    /// Writing blocks that run while unwinding.
    in_cleanup: bool,
    /// Where values of type `()` that nobody wants go.
    unit: Option<Local>,
}

impl<'a> Builder<'a> {
    fn new(program: &'a Program, thir: &'a thir::Body, types: &'a Types<'a>) -> Builder<'a> {
        let (mut locals, mut blocks, mut states) = (IndexVec::new(), IndexVec::new(), IndexVec::new());
        // What most bodies with as many expressions have; a closure has part of them.
        let size = thir.exprs.len() / (4 * (1 + thir.closures.len()));
        locals.reserve(size + 4);
        blocks.reserve(size + 4);
        states.reserve(size + 4);
        let mut builder = Builder {
            program,
            thir,
            types,
            locals,
            blocks,
            states,
            current: BlockId(0),
            reachable: true,
            vars: IndexVec::from_elem(None, thir.locals.len()),
            scopes: Vec::new(),
            valid_scopes: 0,
            temp_scope: 0,
            extended: FxHashMap::default(),
            breakables: Vec::new(),
            returns: DropTree::new(),
            else_exits: Vec::new(),
            unwinds: DropTree::new(),
            defers: Vec::new(),
            in_cleanup: false,
            unit: None,
        };
        let entry = builder.new_block();
        builder.states[entry].targeted = true;
        builder
    }

    // ------------------------------------------------------------ bodies

    fn lower_owner(mut self, name: String) -> Body {
        let thir = self.thir;
        let (ret_origins, attrs) = match thir.owner {
            BodyOwner::Fn(id) => {
                let decl = &self.program.fns[id];
                (
                    decl.ret_origins.clone(),
                    BodyAttrs {
                        inline: decl.attrs.inline,
                        cold: decl.attrs.cold,
                        track_caller: decl.attrs.track_caller,
                        no_wait: decl.attrs.no_wait,
                        requirements: decl.attrs.requirements.clone(),
                    },
                )
            }
            BodyOwner::Const(_) | BodyOwner::Static(_) => (Vec::new(), BodyAttrs::default()),
        };
        let ret_origins = if self.types.is_view(thir.ret) { ret_origins } else { Vec::new() };
        self.return_local(thir.ret, thir.span);
        let args: Vec<Local> = thir.params.iter().map(|p| self.arg(p)).collect();
        let convs = thir.params.iter().map(|p| p.conv).collect();
        self.function(&thir.params, &args, None, thir.value);
        self.finish(Finished {
            source: Source::Owner(thir.owner),
            name,
            span: thir.span,
            convs,
            ret_origins,
            captures: Vec::new(),
            attrs,
        })
    }

    fn lower_closure(mut self, index: usize, name: String) -> Body {
        let thir = self.thir;
        let def = &thir.closures[index];
        self.return_local(def.ret, def.span);
        let (env, env_conv) = self.environment(def);
        let args: Vec<Local> = def.params.iter().map(|p| self.arg(p)).collect();
        let convs: Vec<Conv> = [env_conv].into_iter().chain(def.params.iter().map(|p| p.conv)).collect();
        let captures: Vec<CaptureDecl> = def
            .captures
            .iter()
            .map(|capture| CaptureDecl {
                name: thir.locals[capture.local].name,
                ty: self.capture_ty(capture),
                span: capture.span,
            })
            .collect();
        let ret_origins = self.closure_origins(def);
        self.function(&def.params, &args, Some(env), def.body);
        self.finish(Finished {
            source: Source::Closure(def.id),
            name,
            span: def.span,
            convs,
            ret_origins,
            captures,
            attrs: BodyAttrs { inline: true, ..BodyAttrs::default() },
        })
    }

    /// What a closure's result may view: see [`call`].
    fn closure_origins(&self, def: &thir::ClosureDef) -> Vec<Origin> {
        if !self.types.is_view(def.ret) {
            return Vec::new();
        }
        let params: Vec<(Conv, Ty)> = def.params.iter().map(|p| (p.conv, p.ty)).collect();
        self.types.value_origins(&params, def.ret)
    }

    fn return_local(&mut self, ty: Ty, span: Span) {
        let local = self.locals.push(LocalDecl {
            ty,
            name: None,
            span,
            mutable: true,
            by_ref: false,
            kind: LocalKind::Return,
        });
        debug_assert_eq!(local, RETURN);
    }

    /// The argument's local; a plain binding is the variable itself.
    fn arg(&mut self, param: &thir::Param) -> Local {
        let ty = match param.conv {
            Conv::Val | Conv::Own => param.ty,
            Conv::Ref => reference(Mutability::Shared, param.ty),
            Conv::Mut => reference(Mutability::Mut, param.ty),
        };
        let mut decl = LocalDecl {
            ty,
            name: None,
            span: param.span,
            mutable: false,
            by_ref: false,
            kind: LocalKind::Arg,
        };
        if let Some(var) = simple_binding(&param.pattern) {
            let data = &self.thir.locals[var];
            decl.name = name_of(data.name);
            decl.span = data.span;
            decl.mutable = data.mutable;
            decl.by_ref = data.by_ref.is_some();
        }
        self.locals.push(decl)
    }

    /// The code of a function: arguments taken apart, the body's value returned.
    fn function(&mut self, params: &[thir::Param], args: &[Local], env: Option<Local>, value: ExprId) {
        let span = self.thir.exprs[value].span;
        self.push_scope();
        if let Some(env) = env {
            self.schedule_value(0, env, span);
        }
        for (param, &arg) in params.iter().zip(args) {
            if matches!(param.conv, Conv::Own | Conv::Val) {
                self.schedule_value(0, arg, param.span);
            }
        }
        for (param, &arg) in params.iter().zip(args) {
            match simple_binding(&param.pattern) {
                Some(var) => {
                    let by_ref = self.thir.locals[var].by_ref.is_some();
                    let place = Place::local(arg);
                    self.vars[var] = Some(if by_ref { place.deref() } else { place });
                }
                None => {
                    let by_value = matches!(param.conv, Conv::Own | Conv::Val);
                    let place = Place::local(arg);
                    let place = if by_value { place } else { place.deref() };
                    self.bind_irrefutable(&place, &param.pattern, 0);
                }
            }
        }
        self.in_temp_scope(span.end(), |b| b.value_into(&Place::local(RETURN), value));
        self.pop_scope(span.end());
        let returns = std::mem::replace(&mut self.returns, DropTree::new());
        let exit = self.new_block();
        self.goto(exit, span.end());
        self.build_exit_tree(returns, exit);
        self.start(exit);
        self.terminate(TerminatorKind::Return, span.end());
        self.build_unwind_tree();
    }

    fn finish(self, parts: Finished) -> Body {
        let mut body = Body {
            source: parts.source,
            name: parts.name,
            span: parts.span,
            locals: self.locals,
            arg_count: parts.convs.len(),
            convs: parts.convs,
            blocks: self.blocks,
            ret_origins: parts.ret_origins,
            captures: parts.captures,
            attrs: parts.attrs,
        };
        crate::simplify::simplify_cfg(&mut body);
        crate::verify::verify_in_debug(&body, "lowering");
        body
    }

    // ------------------------------------------------------------ blocks

    fn new_block(&mut self) -> BlockId {
        self.states.push(BlockState { ended: false, targeted: false });
        let terminator = Terminator { kind: TerminatorKind::Unreachable, span: self.thir.span };
        self.blocks.push(Block { statements: Vec::new(), terminator, cleanup: self.in_cleanup })
    }

    /// Something reachable goes to the block.
    fn is_targeted(&self, block: BlockId) -> bool {
        self.states[block].targeted
    }

    fn end_block(&mut self, block: BlockId, kind: TerminatorKind, span: Span) {
        kind.each_successor(|target| self.states[target].targeted = true);
        debug_assert!(!std::mem::replace(&mut self.states[block].ended, true), "ended twice");
        self.blocks[block].terminator = Terminator { kind, span };
    }

    /// Goes on writing at `block`.
    fn start(&mut self, block: BlockId) {
        self.current = block;
        self.reachable = self.states[block].targeted;
    }

    fn statement(&mut self, kind: StatementKind, span: Span) {
        if self.reachable {
            self.blocks[self.current].statements.push(Statement { kind, span });
        }
    }

    fn assign(&mut self, place: impl Into<Place>, rvalue: Rvalue, span: Span) {
        self.statement(StatementKind::Assign(place.into(), rvalue), span);
    }

    /// Ends the current block. What follows is unreachable until the next [`Self::start`].
    fn terminate(&mut self, kind: TerminatorKind, span: Span) {
        if !std::mem::replace(&mut self.reachable, false) {
            return;
        }
        self.end_block(self.current, kind, span);
    }

    /// The block at hand, to come back to with [`Self::start`].
    fn here(&mut self) -> BlockId {
        if !self.reachable {
            self.current = self.new_block();
        }
        self.current
    }

    fn goto(&mut self, target: BlockId, span: Span) {
        self.terminate(TerminatorKind::Goto(target), span);
    }

    /// Ends the block with something that may panic and goes on at a new block.
    fn terminate_into_next(&mut self, make: impl FnOnce(BlockId) -> TerminatorKind, span: Span) {
        if self.reachable {
            let next = self.new_block();
            self.terminate(make(next), span);
            self.unwind_from(self.current);
            self.start(next);
        }
    }

    /// Says that the current block's end is never reached.
    fn unreachable(&mut self, span: Span) {
        self.terminate(TerminatorKind::Unreachable, span);
    }

    // ------------------------------------------------------------ locals

    fn temp(&mut self, ty: Ty, span: Span) -> Local {
        self.locals.push(LocalDecl {
            ty,
            name: None,
            span,
            mutable: true,
            by_ref: false,
            kind: LocalKind::Temp,
        })
    }

    /// Makes the local of a variable and its storage.
    fn declare(&mut self, var: LocalId) -> Local {
        let data = &self.thir.locals[var];
        let local = self.locals.push(LocalDecl {
            ty: data.ty,
            name: name_of(data.name),
            span: data.span,
            mutable: data.mutable,
            by_ref: false,
            kind: if data.synthetic { LocalKind::Temp } else { LocalKind::User },
        });
        self.vars[var] = Some(Place::local(local));
        local
    }

    /// The place that a variable names.
    fn var(&mut self, var: LocalId) -> Place {
        if let Some(place) = &self.vars[var] {
            return place.clone();
        }
        // A variable that no pattern declared: only in code that was reported as wrong.
        let local = self.declare(var);
        Place::local(local)
    }

    fn unit_place(&mut self, span: Span) -> Place {
        if self.unit.is_none() {
            self.unit = Some(self.temp(Ty::unit(), span));
        }
        Place::local(self.unit.expect("just made"))
    }

    fn set_unit(&mut self, place: &Place, span: Span) {
        if self.unit != Some(place.local) {
            let unit = Operand::Const(Constant { ty: Ty::unit(), kind: ConstKind::Unit });
            self.assign(place.clone(), Rvalue::Use(unit), span);
        }
    }
}

/// What [`Builder::finish`] adds to the blocks.
struct Finished {
    source: Source,
    name: String,
    span: Span,
    convs: Vec<Conv>,
    ret_origins: Vec<Origin>,
    captures: Vec<CaptureDecl>,
    attrs: BodyAttrs,
}

/// The variable, if the pattern does nothing but name the whole argument.
fn simple_binding(pattern: &thir::Pat) -> Option<LocalId> {
    match &pattern.kind {
        thir::PatKind::Binding { local, sub: None, mode: thir::BindMode::Move } => Some(*local),
        _ => None,
    }
}

fn name_of(name: Name) -> Option<Name> {
    (!name.as_str().is_empty()).then_some(name)
}
