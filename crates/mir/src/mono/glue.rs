//! Bodies the compiler makes: drop glue, constructors, adaptors for calls, entry points.
//!
//! They are MIR like any other, with closed types, and go through the same resolution of calls
//! and drops; so a destructor's panic, say, is treated as everywhere.

use base::{IndexVec, Span};
use hir::items::{AdtId, VariantIdx};
use hir::thir::BinOp;
use hir::ty::{Conv, FnSig, Mutability, Ty, TyKind, Tys, leak_params, tys};
use syntax::ast::Convention;

use super::collect::{Collector, Instance};
use super::internal;
use crate::body::{
    Aggregate, Block, BlockId, Body, BodyAttrs, Call, CallFlow, Callee, ConstKind, Constant, Local,
    LocalDecl, LocalKind, Operand, Place, Projection, Rvalue, Source, Statement, StatementKind, Terminator,
    TerminatorKind,
};

/// A body under construction.
struct Maker {
    locals: IndexVec<Local, LocalDecl>,
    blocks: IndexVec<BlockId, Block>,
    args: usize,
    span: Span,
}

impl Maker {
    fn new(span: Span, ret: Ty, args: &[Ty]) -> Maker {
        let mut this = Maker { locals: IndexVec::new(), blocks: IndexVec::new(), args: args.len(), span };
        this.local(ret, LocalKind::Return);
        for &ty in args {
            this.local(ty, LocalKind::Arg);
        }
        this
    }

    fn local(&mut self, ty: Ty, kind: LocalKind) -> Local {
        self.locals.push(LocalDecl { ty, name: None, span: self.span, mutable: true, by_ref: false, kind })
    }

    fn temp(&mut self, ty: Ty) -> Local {
        self.local(ty, LocalKind::Temp)
    }

    /// An empty block; its terminator is set later.
    fn block(&mut self, cleanup: bool) -> BlockId {
        let terminator = Terminator { kind: TerminatorKind::Unreachable, span: self.span };
        self.blocks.push(Block { statements: Vec::new(), terminator, cleanup })
    }

    fn assign(&mut self, block: BlockId, place: impl Into<Place>, value: Rvalue) {
        let kind = StatementKind::Assign(place.into(), value);
        self.blocks[block].statements.push(Statement { kind, span: self.span });
    }

    fn end(&mut self, block: BlockId, kind: TerminatorKind) {
        self.blocks[block].terminator.kind = kind;
    }

    /// Ends `block` with a call and gives the block after it.
    fn call(
        &mut self,
        block: BlockId,
        callee: Callee,
        args: Vec<Operand>,
        destination: impl Into<Place>,
        unwind: Option<BlockId>,
    ) -> BlockId {
        let cleanup = self.blocks[block].cleanup;
        let next = self.block(cleanup);
        let call = Call {
            callee,
            args,
            destination: destination.into(),
            target: Some(next),
            unwind,
            flow: CallFlow::default(),
        };
        self.end(block, TerminatorKind::Call(Box::new(call)));
        next
    }

    fn drop(&mut self, block: BlockId, place: Place, unwind: Option<BlockId>) -> BlockId {
        let cleanup = self.blocks[block].cleanup;
        let next = self.block(cleanup);
        self.end(block, TerminatorKind::Drop { place, target: next, unwind });
        next
    }

    fn finish(self, name: String) -> Body {
        Body {
            // No source of its own; nothing asks for it after this.
            source: Source::Owner(hir::items::BodyOwner::Fn(hir::items::FnId(u32::MAX))),
            name,
            span: self.span,
            locals: self.locals,
            arg_count: self.args,
            blocks: self.blocks,
            ret_origins: Vec::new(),
            captures: Vec::new(),
            convs: Vec::new(),
            attrs: BodyAttrs::default(),
        }
    }
}

/// Drops the elements in order, then returns. If one panics, the rest are dropped all the same.
fn drop_array(m: &mut Maker, start: BlockId, array: &Place) {
    let index = m.temp(Ty::int());
    let len = m.temp(Ty::int());
    m.assign(start, index, Rvalue::Use(int(0)));
    m.assign(start, len, Rvalue::Len(array.clone()));
    let (_, rest) = drop_elements(m, array, index, len, None);
    let (head, _) = drop_elements(m, array, index, len, Some(rest));
    m.end(start, TerminatorKind::Goto(head));
}

/// A loop that drops elements from `index` on, on a clean-up path if there is nowhere to unwind to. Gives where it
/// begins, and where it goes on to the next element.
fn drop_elements(
    m: &mut Maker,
    array: &Place,
    index: Local,
    len: Local,
    unwind: Option<BlockId>,
) -> (BlockId, BlockId) {
    let cleanup = unwind.is_none();
    let [head, work, next, done] = std::array::from_fn(|_| m.block(cleanup));
    let more = m.temp(Ty::bool());
    m.assign(head, more, Rvalue::Binary(BinOp::Lt, copy(index), copy(len)));
    m.end(head, TerminatorKind::Switch { value: copy(more), targets: vec![(0, done)], otherwise: work });
    let place = array.with(Projection::Index(index));
    m.end(work, TerminatorKind::Drop { place, target: next, unwind });
    m.assign(next, index, Rvalue::Binary(BinOp::Add, copy(index), int(1)));
    m.end(next, TerminatorKind::Goto(head));
    m.end(done, if cleanup { TerminatorKind::Resume } else { TerminatorKind::Return });
    (head, next)
}

fn copy(local: Local) -> Operand {
    Operand::Copy(Place::local(local))
}

fn moved(place: impl Into<Place>) -> Operand {
    Operand::Move(place.into())
}

fn int(n: i128) -> Operand {
    Operand::Const(Constant { ty: Ty::int(), kind: ConstKind::Int(n) })
}

fn borrow(mutability: Mutability, place: Place) -> Rvalue {
    Rvalue::Ref { mutability, place, two_phase: false }
}

/// The type of an argument by its convention.
fn arg_ty(conv: Conv, ty: Ty) -> Ty {
    match conv {
        Conv::Val | Conv::Own => ty,
        Conv::Ref => Ty::shared_ref(ty),
        Conv::Mut => Ty::mut_ref(ty),
    }
}

const SELF: Local = Local(1);
const RESULT: Local = Local(0);

impl Collector<'_> {
    pub fn make_body(&mut self, instance: Instance) -> Body {
        let show = |ty: Ty| hir::ty::display(self.items, ty);
        match instance {
            Instance::Body(..) => unreachable!("has a source"),
            Instance::Constructor(adt, variant, args) => self.constructor(adt, variant, args),
            Instance::DropGlue(ty) => {
                let name = format!("drop {}", show(ty));
                self.make_drop_glue(ty).finish(name)
            }
            Instance::CloneParts(ty) => {
                let name = format!("clone {}", show(ty));
                self.clone_parts(ty).finish(name)
            }
            Instance::CallOnce(ty, sig) => {
                let name = format!("call {}", show(ty));
                self.call_once(ty, sig).finish(name)
            }
            Instance::DynMethod { method, args } => {
                let name = format!("{} of dyn {}", self.items.fns[method].name, show(args[0]));
                self.make_dyn_method(method, args).finish(name)
            }
            Instance::DynCall(ty, sig) => {
                let name = format!("call of dyn {}", show(ty));
                self.dyn_call(ty, sig).finish(name)
            }
            Instance::Trampoline(ty) => {
                let name = format!("thread {}", show(ty));
                self.trampoline(ty).finish(name)
            }
            Instance::TaskRoot(ty, result) => {
                let (name, span) = self.origin(ty);
                self.task_root(ty, result, span).finish(name)
            }
            Instance::Init => self.init().finish("initialise statics".to_owned()),
            Instance::Main(main) => self.main(main).finish("program".to_owned()),
            Instance::Test(test) => self.main(test).finish("test".to_owned()),
        }
    }

    fn closed(&self, ty: Ty, args: Tys) -> Ty {
        let ty = ty.subst(args);
        if ty.has_projection() { self.solver.normalize_concrete(ty) } else { ty }
    }

    fn constructor(&mut self, adt: AdtId, variant: VariantIdx, args: Tys) -> Body {
        let decl = &self.items.adts[adt];
        let span = decl.variants[variant].span;
        let fields: Vec<Ty> = decl.variants[variant].fields.iter().map(|f| self.closed(f.ty, args)).collect();
        let name = format!("{}::{}", decl.name, decl.variants[variant].name);
        let mut m = Maker::new(span, Ty::adt(adt, args), &fields);
        let start = m.block(false);
        let operands = (1..=fields.len()).map(|i| moved(Local(i as u32))).collect();
        m.assign(start, RESULT, Rvalue::Aggregate(Aggregate::Adt { adt, variant, args }, operands));
        m.end(start, TerminatorKind::Return);
        let mut body = m.finish(name);
        body.attrs.inline = true;
        body
    }

    // ---- drop

    /// `fn(&mut T)`
    fn make_drop_glue(&mut self, ty: Ty) -> Maker {
        let mut m = Maker::new(Span::default(), Ty::unit(), &[Ty::mut_ref(ty)]);
        let whole = Place::local(SELF).deref();
        let start = m.block(false);
        match *ty.kind() {
            TyKind::Str | TyKind::List(_) => {
                let (name, args): (_, Tys) = match *ty.kind() {
                    TyKind::List(elem) => ("drop_list", tys(&[elem])),
                    _ => ("drop_string", &[]),
                };
                match self.items.lang.function(name) {
                    Some(id) => {
                        let end = m.call(start, Callee::Fn { id, args }, vec![copy(SELF)], RESULT, None);
                        m.end(end, TerminatorKind::Return);
                    }
                    None => self.bug(Span::default(), format!("std lacks `{name}`")),
                }
            }
            TyKind::Dyn(_) | TyKind::DynFn(_) => {
                let end = self.intrinsic_call(&mut m, start, internal::DROP_DYN, &[], vec![copy(SELF)]);
                m.end(end, TerminatorKind::Return);
            }
            TyKind::Tuple(elems) => {
                let fields = elems.to_vec();
                self.drop_fields(&mut m, start, None, &whole, &fields, None);
            }
            TyKind::Closure(..) => {
                let fields = self.capture_types(ty);
                self.drop_fields(&mut m, start, None, &whole, &fields, None);
            }
            TyKind::Array(..) => drop_array(&mut m, start, &whole),
            TyKind::Adt(adt, args) => self.drop_adt(&mut m, start, &whole, ty, adt, args),
            _ => m.end(start, TerminatorKind::Return),
        }
        m
    }

    /// `!name(args)` as a call of a function that only the tables of targets know.
    fn intrinsic_call(
        &mut self,
        m: &mut Maker,
        block: BlockId,
        name: &'static str,
        types: &[Ty],
        args: Vec<Operand>,
    ) -> BlockId {
        let unit = m.temp(Ty::unit());
        let callee = Callee::Fn { id: internal::id(name), args: tys(types) };
        m.call(block, callee, args, unit, None)
    }

    fn drop_adt(&mut self, m: &mut Maker, start: BlockId, whole: &Place, ty: Ty, adt: AdtId, args: Tys) {
        let decl = &self.items.adts[adt];
        let own_drop = decl.drop_impl.and_then(|_| {
            let trait_ = self.items.lang.trait_("Drop")?;
            let method = *self.items.traits[trait_].methods.first()?;
            Some(Callee::TraitMethod { trait_, method, args: tys(&[ty]) })
        });
        let variants: Vec<(i128, Vec<Ty>)> = decl
            .variants
            .iter()
            .map(|v| (v.discriminant, v.fields.iter().map(|f| self.closed(f.ty, args)).collect()))
            .collect();
        let is_enum = decl.kind == hir::items::AdtKind::Enum;
        let any_field = variants.iter().flat_map(|v| &v.1).any(|&t| self.needs_drop(t));

        let mut at = start;
        if let Some(drop) = own_drop {
            let unwind = any_field.then(|| {
                let pad = m.block(true);
                self.drop_variants(m, pad, whole, is_enum, &variants);
                pad
            });
            at = m.call(at, drop, vec![copy(SELF)], RESULT, unwind);
        }
        if any_field {
            self.drop_variants(m, at, whole, is_enum, &variants);
        } else {
            m.end(at, TerminatorKind::Return);
        }
    }

    fn drop_variants(
        &mut self,
        m: &mut Maker,
        at: BlockId,
        whole: &Place,
        is_enum: bool,
        variants: &[(i128, Vec<Ty>)],
    ) {
        let cleanup = m.blocks[at].cleanup;
        let leave = if cleanup { TerminatorKind::Resume } else { TerminatorKind::Return };
        if !is_enum {
            let fields = variants.first().map(|v| v.1.clone()).unwrap_or_default();
            return self.drop_fields(m, at, None, whole, &fields, None);
        }
        let tag = m.temp(Ty::int());
        m.assign(at, tag, Rvalue::Discriminant(whole.clone()));
        let otherwise = m.block(cleanup);
        m.end(otherwise, leave);
        let mut targets = Vec::new();
        for (i, (value, fields)) in variants.iter().enumerate() {
            if fields.iter().any(|&t| self.needs_drop(t)) {
                let block = m.block(cleanup);
                let variant = VariantIdx(i as u32);
                self.drop_fields(m, block, Some(variant), whole, fields, None);
                targets.push((*value as u64 as u128, block));
            }
        }
        m.end(at, TerminatorKind::Switch { value: copy(tag), targets, otherwise });
    }

    /// Drops fields in order from `at`, then returns (or resumes). If one panics the rest are
    /// dropped all the same.
    fn drop_fields(
        &mut self,
        m: &mut Maker,
        at: BlockId,
        variant: Option<VariantIdx>,
        whole: &Place,
        fields: &[Ty],
        _end: Option<BlockId>,
    ) {
        let base = match variant {
            Some(v) => whole.with(Projection::Downcast(v)),
            None => whole.clone(),
        };
        let dropped: Vec<(usize, Ty)> =
            fields.iter().enumerate().filter(|&(_, &t)| self.needs_drop(t)).map(|(i, &t)| (i, t)).collect();
        let cleanup = m.blocks[at].cleanup;
        // On the unwind path: from the last field backwards, each leads on to the next.
        let mut pads = vec![None; dropped.len()];
        if !cleanup && dropped.len() > 1 {
            let resume = m.block(true);
            m.end(resume, TerminatorKind::Resume);
            let mut next = resume;
            for i in (1..dropped.len()).rev() {
                let pad = m.block(true);
                let place = base.field(dropped[i].0, dropped[i].1);
                m.end(pad, TerminatorKind::Drop { place, target: next, unwind: None });
                next = pad;
                pads[i - 1] = Some(pad);
            }
        }
        let mut block = at;
        for (i, &(field, ty)) in dropped.iter().enumerate() {
            block = m.drop(block, base.field(field, ty), pads[i]);
        }
        m.end(block, if cleanup { TerminatorKind::Resume } else { TerminatorKind::Return });
    }

    // ---- clone

    /// `fn(&T) -> T`, part by part. A panic drops the parts cloned so far.
    fn clone_parts(&mut self, ty: Ty) -> Maker {
        let mut m = Maker::new(Span::default(), ty, &[Ty::shared_ref(ty)]);
        let start = m.block(false);
        let whole = Place::local(SELF).deref();
        let Some(trait_) = self.items.lang.trait_("Clone") else {
            self.bug(Span::default(), "std lacks `Clone`");
            return m;
        };
        let method = self.items.traits[trait_].methods[0];
        let clone = |ty: Ty| Callee::TraitMethod { trait_, method, args: tys(&[ty]) };
        let (fields, aggregate) = match *ty.kind() {
            TyKind::Tuple(elems) => (elems.to_vec(), Aggregate::Tuple),
            TyKind::Closure(id, args) => (self.capture_types(ty), Aggregate::Closure { id, args }),
            _ => (Vec::new(), Aggregate::Tuple),
        };
        let mut block = start;
        let mut operands = Vec::new();
        // Drops the parts there are, the last one first.
        let mut pad: Option<BlockId> = None;
        for (i, &field) in fields.iter().enumerate() {
            let from = m.temp(Ty::shared_ref(field));
            let part = m.temp(field);
            m.assign(block, from, borrow(Mutability::Shared, whole.field(i, field)));
            block = m.call(block, clone(field), vec![copy(from)], part, pad);
            if self.needs_drop(field) {
                let target = pad.unwrap_or_else(|| {
                    let resume = m.block(true);
                    m.end(resume, TerminatorKind::Resume);
                    resume
                });
                let drop = m.block(true);
                m.end(drop, TerminatorKind::Drop { place: Place::local(part), target, unwind: None });
                pad = Some(drop);
            }
            operands.push(moved(part));
        }
        m.assign(block, RESULT, Rvalue::Aggregate(aggregate, operands));
        m.end(block, TerminatorKind::Return);
        m
    }

    // ---- calls

    /// Frees what an own argument's clean-up needs: drops `place`, then returns or resumes.
    fn drop_and_leave(&mut self, m: &mut Maker, block: BlockId, place: Place) {
        let cleanup = m.blocks[block].cleanup;
        let end = m.drop(block, place, None);
        m.end(end, if cleanup { TerminatorKind::Resume } else { TerminatorKind::Return });
    }

    fn call_once(&mut self, ty: Ty, sig: FnSig) -> Maker {
        let mut args = vec![ty];
        args.extend(sig.params.iter().map(|&(c, t)| arg_ty(c, t)));
        let mut m = Maker::new(Span::default(), sig.ret, &args);
        let start = m.block(false);
        let borrowed = m.temp(Ty::mut_ref(ty));
        m.assign(start, borrowed, borrow(Mutability::Mut, Place::local(SELF)));
        // A shared borrow serves where an exclusive one is allowed.
        let by_borrow = FnSig { call: Convention::Mut, ..sig };
        let pad = m.block(true);
        self.drop_and_leave(&mut m, pad, Place::local(SELF));
        let mut operands = vec![copy(borrowed)];
        operands.extend((2..=args.len()).map(|i| moved(Local(i as u32))));
        let next = m.call(start, Callee::Value { ty, sig: by_borrow }, operands, RESULT, Some(pad));
        self.drop_and_leave(&mut m, next, Place::local(SELF));
        m
    }

    fn make_dyn_method(&mut self, method: hir::items::FnId, args: Tys) -> Maker {
        let decl = &self.items.fns[method];
        let ty = args[0];
        let hir::items::FnParent::Trait(trait_) = decl.parent else { unreachable!("the method of a trait") };
        let mut types = vec![Ty::raw_ptr(ty)];
        types.extend(decl.params.iter().skip(1).map(|p| arg_ty(p.conv, self.closed(p.ty, args))));
        let ret = self.closed(decl.ret, args);
        let conv = decl.params[0].conv;
        let mut m = Maker::new(decl.span, ret, &types);
        self.call_on_heap(&mut m, ty, conv, Callee::TraitMethod { trait_, method, args }, types.len());
        m
    }

    fn dyn_call(&mut self, ty: Ty, sig: FnSig) -> Maker {
        let mut types = vec![Ty::raw_ptr(ty)];
        types.extend(sig.params.iter().map(|&(c, t)| arg_ty(c, t)));
        let conv = match sig.call {
            Convention::Own => Conv::Own,
            Convention::Mut => Conv::Mut,
            Convention::Read => Conv::Ref,
        };
        let mut m = Maker::new(Span::default(), sig.ret, &types);
        self.call_on_heap(&mut m, ty, conv, Callee::Value { ty, sig }, types.len());
        m
    }

    /// Calls with `*_1` by its convention; what is taken is freed afterwards.
    fn call_on_heap(&mut self, m: &mut Maker, ty: Ty, conv: Conv, callee: Callee, args: usize) {
        let start = m.block(false);
        let place = Place::local(SELF).deref();
        let (receiver, pad) = match conv {
            Conv::Val => (Operand::Copy(place), None),
            Conv::Own => {
                let pad = m.block(true);
                let end = self.intrinsic_call(m, pad, internal::FREE_BOX, &[ty], vec![copy(SELF)]);
                m.end(end, TerminatorKind::Resume);
                (Operand::Move(place), Some(pad))
            }
            Conv::Ref | Conv::Mut => {
                let (mutability, reference) = if conv == Conv::Ref {
                    (Mutability::Shared, Ty::shared_ref(ty))
                } else {
                    (Mutability::Mut, Ty::mut_ref(ty))
                };
                let borrowed = m.temp(reference);
                m.assign(start, borrowed, borrow(mutability, place));
                (copy(borrowed), None)
            }
        };
        let mut operands = vec![receiver];
        operands.extend((2..=args).map(|i| moved(Local(i as u32))));
        let mut end = m.call(start, callee, operands, RESULT, pad);
        if conv == Conv::Own {
            end = self.intrinsic_call(m, end, internal::FREE_BOX, &[ty], vec![copy(SELF)]);
        }
        m.end(end, TerminatorKind::Return);
    }

    fn trampoline(&mut self, ty: Ty) -> Maker {
        let byte = Ty::int_of(hir::ty::IntTy::U8);
        let mut m = Maker::new(Span::default(), Ty::unit(), &[Ty::raw_ptr(byte)]);
        let start = m.block(false);
        let env = m.temp(Ty::raw_ptr(ty));
        m.assign(start, env, Rvalue::Cast(hir::thir::CastKind::PtrToPtr, copy(SELF), Ty::raw_ptr(ty)));
        let value = m.temp(ty);
        m.assign(start, value, Rvalue::Use(Operand::Move(Place::local(env).deref())));
        let sig = FnSig { call: Convention::Own, params: leak_params(&[]), ret: Ty::unit() };
        let end = m.call(start, Callee::Value { ty, sig }, vec![moved(value)], RESULT, None);
        m.end(end, TerminatorKind::Return);
        m
    }

    fn task_root(&mut self, ty: Ty, result: Ty, span: Span) -> Maker {
        let mut m = Maker::new(span, Ty::unit(), &[Ty::raw_ptr(ty), Ty::raw_ptr(result)]);
        let start = m.block(false);
        let value = m.temp(ty);
        m.assign(start, value, Rvalue::Use(Operand::Move(Place::local(SELF).deref())));
        let sig = FnSig { call: Convention::Own, params: leak_params(&[]), ret: result };
        let out = Place::local(Local(2)).deref();
        let end = m.call(start, Callee::Value { ty, sig }, vec![moved(value)], out, None);
        m.end(end, TerminatorKind::Return);
        m
    }

    // ---- entry points

    fn init(&mut self) -> Maker {
        let mut m = Maker::new(Span::default(), Ty::unit(), &[]);
        let mut block = m.block(false);
        for (_, id, ty, init) in self.static_indices() {
            let Instance::Body(Source::Owner(owner), _) = self.instances[init] else { continue };
            let _ = owner;
            // As a raw pointer: a shared borrow of a `string` would not be its address.
            let address = m.temp(Ty::raw_ptr(ty));
            let constant = Constant { ty: Ty::raw_ptr(ty), kind: ConstKind::Static(id) };
            m.assign(block, address, Rvalue::Use(Operand::Const(constant)));
            let callee = Callee::Fn { id: internal::static_id(id), args: &[] };
            block = m.call(block, callee, vec![], Place::local(address).deref(), None);
        }
        m.end(block, TerminatorKind::Return);
        m
    }

    /// `fn() -> i32`: gives the statics their values, runs a function and turns its result into
    /// an exit status.
    fn main(&mut self, main: hir::items::FnId) -> Maker {
        let decl = &self.items.fns[main];
        let code = Ty::int_of(hir::ty::IntTy::I32);
        let mut m = Maker::new(decl.span, code, &[]);
        let mut block = m.block(false);
        let unit = m.temp(Ty::unit());
        let callee = Callee::Fn { id: internal::id(internal::INIT), args: &[] };
        block = m.call(block, callee, vec![], unit, None);
        let ret = self.closed(decl.ret, &[]);
        let result = m.temp(ret);
        block = m.call(block, Callee::Fn { id: main, args: &[] }, vec![], result, None);
        if ret.is_unit() || ret.is_never() {
            let zero = Operand::Const(Constant { ty: code, kind: ConstKind::Int(0) });
            m.assign(block, RESULT, Rvalue::Use(zero));
        } else {
            match self.items.lang.function("main_result") {
                Some(id) => {
                    let callee = Callee::Fn { id, args: tys(&[ret]) };
                    block = m.call(block, callee, vec![moved(result)], RESULT, None);
                }
                None => self.bug(decl.span, "a result of `main`"),
            }
        }
        m.end(block, TerminatorKind::Return);
        m
    }

    // ---- parts

    fn capture_types(&mut self, ty: Ty) -> Vec<Ty> {
        self.note_type(ty);
        match self.out.shapes.get(&ty) {
            Some(super::Shape::Closure(captures)) => captures.iter().map(|c| c.ty).collect(),
            _ => Vec::new(),
        }
    }
}
