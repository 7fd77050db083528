//! Drop elaboration: which scheduled drops happen, and of what.
//!
//! Lowering schedules a drop for everything that may need one. Here each `Drop` becomes nothing
//! (the place holds nothing on every way here), stays (it holds its value on every way), asks a
//! *drop flag* (it depends on the way), or is *opened*: parts have been moved out, and what
//! remains is dropped part by part. Runs after the ownership checks, which see the drops as they
//! were scheduled. After it a `Drop` is unconditional. After rustc's `elaborate_drops`.

mod known;

use base::{FxHashMap, Idx};
use hir::items::{AdtKind, BodyOwner, FieldIdx, Program, VariantIdx};
use hir::traits::{Facts, NoClosures, ParamEnv};
use hir::ty::{Ty, TyKind};

use crate::body::{
    Block, BlockId, Body, ConstKind, Constant, Local, LocalDecl, LocalKind, Operand, Place, Projection,
    Rvalue, Source, Statement, StatementKind, Terminator, TerminatorKind,
};
use crate::dataflow::{BitSet, Effect, MovePathId, MovePaths};
use known::{DropSite, analyse};

/// Resolves all drops of the body.
pub fn elaborate(program: &Program, body: &mut Body) {
    let mut dropped: BitSet<Local> = BitSet::empty(body.locals.len());
    for block in body.blocks.iter() {
        if let TerminatorKind::Drop { place, .. } = &block.terminator.kind {
            dropped.insert(place.local);
        }
    }
    if dropped.is_empty() {
        return;
    }
    let paths = MovePaths::build_for(program, body, |local| dropped.contains(local));
    let (mut todo, shortcuts) = analyse(program, body, &paths);
    if !shortcuts.is_empty() {
        for (block, from, to) in shortcuts {
            let mut n = 0;
            body.blocks[block].terminator.kind.each_successor_mut(|target| {
                if n == from {
                    *target = to;
                }
                n += 1;
            });
        }
        (todo, _) = analyse(program, body, &paths);
    }
    if todo.is_empty() {
        return;
    }
    // Only an opened drop asks about the types of parts.
    let opens = todo.iter().any(|site| site.path.is_some_and(|p| paths.paths[p].first_child.is_some()));
    let env = match body.source {
        _ if !opens => ParamEnv::empty(),
        Source::Owner(BodyOwner::Fn(id)) => ParamEnv::of_fn(program, id),
        Source::Closure(id) if let BodyOwner::Fn(id) = id.owner => ParamEnv::of_fn(program, id),
        _ => ParamEnv::empty(),
    };
    let mut elaborator = Elaborator {
        program,
        paths: &paths,
        facts: Facts::new(program, &env, &program.trait_cache, &NoClosures),
        original_blocks: body.blocks.len(),
        body,
        flags: FxHashMap::default(),
        resets: Vec::new(),
        resume: None,
    };
    for drop in todo {
        elaborator.elaborate(drop);
    }
    elaborator.maintain_flags();
    crate::verify::verify_in_debug(body, "drop elaboration");
}

/// What becomes of a path's drop.
enum Style {
    Dead,
    Static,
    Conditional,
    Open,
}

struct Elaborator<'a> {
    program: &'a Program,
    paths: &'a MovePaths,
    facts: Facts<'a>,
    body: &'a mut Body,
    original_blocks: usize,
    flags: FxHashMap<MovePathId, Local>,
    /// Blocks at whose start the flags of a path and all below it become false.
    resets: Vec<(BlockId, MovePathId)>,
    resume: Option<BlockId>,
}

/// Where a drop goes on, and what is known.
#[derive(Clone, Copy)]
struct Context<'s> {
    site: &'s DropSite,
    span: base::Span,
    target: BlockId,
    unwind: Option<BlockId>,
    cleanup: bool,
}

impl Elaborator<'_> {
    fn elaborate(&mut self, site: DropSite) {
        let block = &self.body.blocks[site.block];
        let (span, cleanup) = (block.terminator.span, block.cleanup);
        let TerminatorKind::Drop { place, target, unwind } = &block.terminator.kind else { return };
        let (place, target, unwind) = (place.clone(), *target, *unwind);
        let Some(path) = site.path else {
            self.body.blocks[site.block].terminator.kind = TerminatorKind::Goto(target);
            return;
        };
        let first = match self.style(path, &site) {
            Style::Dead => target,
            Style::Static => return,
            Style::Conditional | Style::Open => {
                // Whatever happens, nothing is left afterwards.
                let after = self.block(TerminatorKind::Goto(target), cleanup, span);
                self.resets.push((after, path));
                let context = Context { site: &site, span, target: after, unwind, cleanup };
                self.drop_path(path, &place, context)
            }
        };
        self.body.blocks[site.block].terminator.kind = TerminatorKind::Goto(first);
    }

    fn style(&self, path: MovePathId, site: &DropSite) -> Style {
        let (mut live, mut dead) = (false, false);
        self.paths.each_in_subtree(path, |p| {
            let (init, uninit) = site.get(p);
            live |= init;
            dead |= uninit;
        });
        match (live, dead) {
            (false, _) => Style::Dead,
            (true, false) => Style::Static,
            (true, true) if self.paths.paths[path].first_child.is_none() => Style::Conditional,
            (true, true) => Style::Open,
        }
    }

    fn block(&mut self, kind: TerminatorKind, cleanup: bool, span: base::Span) -> BlockId {
        self.body.blocks.push(Block {
            statements: Vec::new(),
            terminator: Terminator { kind, span },
            cleanup,
        })
    }

    /// The block from which the path's value is dropped.
    fn drop_path(&mut self, path: MovePathId, place: &Place, context: Context<'_>) -> BlockId {
        match self.style(path, context.site) {
            Style::Dead => context.target,
            Style::Static => self.drop_whole(place, context),
            Style::Conditional => {
                let drop = self.drop_whole(place, context);
                self.ask(path, drop, context)
            }
            Style::Open => self.drop_parts(path, place, context),
        }
    }

    fn drop_whole(&mut self, place: &Place, context: Context<'_>) -> BlockId {
        let Context { target, unwind, cleanup, span, .. } = context;
        let kind = TerminatorKind::Drop { place: place.clone(), target, unwind };
        self.block(kind, cleanup, span)
    }

    /// Goes to `then` only if the path's own bit is set: asked of its flag if need be.
    fn ask(&mut self, path: MovePathId, then: BlockId, context: Context<'_>) -> BlockId {
        let (init, uninit) = context.site.get(path);
        if then == context.target || !init {
            return context.target;
        }
        if !uninit {
            return then;
        }
        let flag = self.flag(path);
        let kind = TerminatorKind::Switch {
            value: Operand::Copy(flag.into()),
            targets: vec![(0, context.target)],
            otherwise: then,
        };
        self.block(kind, context.cleanup, context.span)
    }

    fn flag(&mut self, path: MovePathId) -> Local {
        if let Some(&flag) = self.flags.get(&path) {
            return flag;
        }
        let flag = self.body.locals.push(LocalDecl {
            ty: Ty::bool(),
            name: None,
            span: self.body.locals[self.paths.paths[path].place.local].span,
            mutable: true,
            by_ref: false,
            kind: LocalKind::Flag,
        });
        self.flags.insert(path, flag);
        flag
    }

    /// Something in the place has been moved out: drops what remains.
    fn drop_parts(&mut self, path: MovePathId, place: &Place, context: Context<'_>) -> BlockId {
        let ty = self.body.place_ty(place);
        match *ty.kind() {
            TyKind::Tuple(elems) => {
                let fields: Vec<Ty> = elems.to_vec();
                self.drop_fields(path, place, &fields, context)
            }
            TyKind::Closure(id, _) if self.body.source == Source::Closure(id) => {
                let fields: Vec<Ty> = self.body.captures.iter().map(|c| c.ty).collect();
                self.drop_fields(path, place, &fields, context)
            }
            TyKind::Adt(adt, args) => {
                let decl = &self.program.adts[adt];
                if decl.kind == AdtKind::Struct {
                    let fields = self.fields(adt, VariantIdx(0), args);
                    return self.drop_fields(path, place, &fields, context);
                }
                self.drop_enum(path, place, adt, args, context)
            }
            TyKind::Array(elem, len) => {
                let len = match len.kind() {
                    TyKind::Const(n) => u64::try_from(*n).unwrap_or(0),
                    _ => 0,
                };
                let parts = (0..len)
                    .map(|offset| (Projection::ConstIndex { offset, from_end: false }, elem))
                    .collect();
                self.drop_ladder(path, place, parts, context)
            }
            // Nothing else has parts.
            _ => {
                let drop = self.drop_whole(place, context);
                self.ask(path, drop, context)
            }
        }
    }

    fn fields(&self, adt: hir::items::AdtId, variant: VariantIdx, args: hir::ty::Tys) -> Vec<Ty> {
        self.program.adts[adt].variants[variant]
            .fields
            .iter()
            .map(|field| {
                let ty = field.ty.subst(args);
                if ty.has_projection() { self.facts.solver.normalize_plain(ty) } else { ty }
            })
            .collect()
    }

    fn drop_fields(
        &mut self,
        path: MovePathId,
        place: &Place,
        fields: &[Ty],
        context: Context<'_>,
    ) -> BlockId {
        let parts =
            fields.iter().enumerate().map(|(i, &ty)| (Projection::Field(FieldIdx::new(i), ty), ty)).collect();
        self.drop_ladder(path, place, parts, context)
    }

    /// Drops parts in order. If one of them panics, the rest is dropped while unwinding.
    fn drop_ladder(
        &mut self,
        path: MovePathId,
        place: &Place,
        parts: Vec<(Projection, Ty)>,
        context: Context<'_>,
    ) -> BlockId {
        let mut next = context.target;
        let mut unwind = context.unwind;
        for &(projection, ty) in parts.iter().rev() {
            let child = self.child(path, projection);
            if child.is_none() && !self.facts.needs_drop(ty) {
                continue;
            }
            let part = place.with(projection);
            let here = Context { target: next, unwind, ..context };
            next = self.drop_part(path, child, &part, here);
            // On a clean-up path without a place to unwind to, a drop that panics goes on at its target.
            if next != here.target && (!context.cleanup || unwind.is_some()) {
                let resume = match unwind {
                    Some(block) => block,
                    None => self.resume(context.span),
                };
                let there = Context { target: resume, unwind: None, cleanup: true, ..context };
                unwind = Some(self.drop_part(path, child, &part, there));
            }
        }
        next
    }

    /// A child path by its projection; the type noted in a field projection does not matter.
    fn child(&self, path: MovePathId, projection: Projection) -> Option<MovePathId> {
        self.paths.children(path).find(|&child| {
            match (self.paths.paths[child].place.projection.last(), projection) {
                (Some(Projection::Field(a, _)), Projection::Field(b, _)) => *a == b,
                (Some(&a), b) => a == b,
                (None, _) => false,
            }
        })
    }

    fn drop_part(
        &mut self,
        parent: MovePathId,
        child: Option<MovePathId>,
        part: &Place,
        context: Context<'_>,
    ) -> BlockId {
        match child {
            Some(child) => self.drop_path(child, part, context),
            None => {
                let drop = self.drop_whole(part, context);
                self.ask(parent, drop, context)
            }
        }
    }

    fn drop_enum(
        &mut self,
        path: MovePathId,
        place: &Place,
        adt: hir::items::AdtId,
        args: hir::ty::Tys,
        context: Context<'_>,
    ) -> BlockId {
        let mut targets = Vec::new();
        let mut rest_needs_drop = false;
        for (variant, decl) in self.program.adts[adt].variants.iter_enumerated() {
            let fields = self.fields(adt, variant, args);
            let projection = Projection::Downcast(variant);
            match self.child(path, projection) {
                Some(child) => {
                    let payload = place.with(projection);
                    let block = self.drop_fields(child, &payload, &fields, context);
                    targets.push((decl.discriminant as u128 & u128::from(u64::MAX), block));
                }
                None => rest_needs_drop |= fields.iter().any(|&ty| self.facts.needs_drop(ty)),
            }
        }
        let otherwise = if rest_needs_drop { self.drop_whole(place, context) } else { context.target };
        if targets.iter().all(|&(_, block)| block == context.target) && !rest_needs_drop {
            return context.target;
        }
        let discriminant = self.body.locals.push(LocalDecl {
            ty: Ty::int(),
            name: None,
            span: context.span,
            mutable: true,
            by_ref: false,
            kind: LocalKind::Temp,
        });
        let value = Operand::Copy(discriminant.into());
        let kind = TerminatorKind::Switch { value, targets, otherwise };
        let switch = self.block(kind, context.cleanup, context.span);
        let read = StatementKind::Assign(discriminant.into(), Rvalue::Discriminant(place.clone()));
        self.body.blocks[switch].statements.push(Statement { kind: read, span: context.span });
        self.ask(path, switch, context)
    }

    fn resume(&mut self, span: base::Span) -> BlockId {
        match self.resume {
            Some(block) => block,
            None => {
                let block = self.block(TerminatorKind::Resume, true, span);
                self.resume = Some(block);
                block
            }
        }
    }

    // ------------------------------------------------------------ flags

    /// Makes the flags follow what they stand for.
    fn maintain_flags(&mut self) {
        if self.flags.is_empty() {
            return;
        }
        for (block, path) in std::mem::take(&mut self.resets) {
            let mut statements = Vec::new();
            let span = self.body.blocks[block].terminator.span;
            self.set(Effect::Uninit(path), span, &mut statements);
            self.body.blocks[block].statements.splice(0..0, statements);
        }
        for id in (0..self.original_blocks).map(BlockId::new) {
            self.maintain_in(id);
        }
        // At the start all are false but those of arguments.
        let args: Vec<Local> = self.body.args().collect();
        let mut start: Vec<(MovePathId, Local)> =
            self.flags.iter().map(|(&path, &flag)| (path, flag)).collect();
        start.sort();
        let statements = start.into_iter().map(|(path, flag)| {
            let is_arg = args.contains(&self.paths.paths[path].place.local);
            assign_flag(flag, is_arg, self.body.span)
        });
        let statements: Vec<_> = statements.collect();
        self.body.blocks[BlockId(0)].statements.splice(0..0, statements);
    }

    fn maintain_in(&mut self, id: BlockId) {
        let block = &mut self.body.blocks[id];
        let old = std::mem::take(&mut block.statements);
        let mut statements = Vec::with_capacity(old.len());
        for statement in old {
            let span = statement.span;
            let mut effects = Vec::new();
            self.paths.statement_effects(&statement, &mut |e| effects.push(e));
            statements.push(statement);
            for effect in effects {
                self.set(effect, span, &mut statements);
            }
        }
        let terminator = self.body.blocks[id].terminator.clone();
        let span = terminator.span;
        self.paths.terminator_effects(&terminator, &mut |effect| {
            self.set(effect, span, &mut statements);
        });
        self.body.blocks[id].statements = statements;
        // A call's result exists only where the call returns.
        let TerminatorKind::Call(call) = &terminator.kind else { return };
        let Some(target) = call.target else { return };
        let mut on_return = Vec::new();
        self.paths.edge_effects(&terminator, target, &mut |effect| {
            self.set(effect, span, &mut on_return);
        });
        if !on_return.is_empty() {
            let cleanup = self.body.blocks[id].cleanup;
            let between = self.block(TerminatorKind::Goto(target), cleanup, span);
            self.body.blocks[between].statements = on_return;
            if let TerminatorKind::Call(call) = &mut self.body.blocks[id].terminator.kind {
                call.target = Some(between);
            }
        }
    }

    fn set(&self, effect: Effect, span: base::Span, out: &mut Vec<Statement>) {
        let (path, value) = match effect {
            Effect::Init(path) => (path, true),
            Effect::Uninit(path) => (path, false),
        };
        self.paths.each_in_subtree(path, |p| {
            if let Some(&flag) = self.flags.get(&p) {
                out.push(assign_flag(flag, value, span));
            }
        });
    }
}

fn assign_flag(flag: Local, value: bool, span: base::Span) -> Statement {
    let kind = ConstKind::Int(i128::from(value));
    let constant = Operand::Const(Constant { ty: Ty::bool(), kind });
    Statement { kind: StatementKind::Assign(flag.into(), Rvalue::Use(constant)), span }
}
