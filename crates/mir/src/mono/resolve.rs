//! What each call, drop, constant and coercion of a specialised body means.

use base::{FxHashMap, Idx, IndexVec, Name, Span};
use hir::items::{BodyOwner, ConstId, FnId, FnKind, TraitId};
use hir::thir::Coercion;
use hir::traits::{Builtin, CallTarget, ResolvedMethod};
use hir::ty::{Conv, FnSig, Ty, TyKind, Tys};
use syntax::ast::Convention;

use super::collect::{Collector, Instance};
use super::{FuncId, Target, TaskRoot, Vtable, VtableId, internal};
use crate::body::{
    BlockId, Body, Callee, ConstKind, Local, LocalDecl, LocalKind, Operand, Place, Rvalue, Source, Statement,
    StatementKind, TerminatorKind, Value, ValueKind,
};

/// Types that nest deeper than this, or have more parts, grow without end.
const MAX_TYPE_DEPTH: usize = 100;
const MAX_TYPE_SIZE: usize = 1 << 16;

/// A function while it is being put together.
pub(super) struct FunctionWork {
    pub id: FuncId,
    pub body: Body,
    pub targets: Vec<Option<Target>>,
    pub constants: Vec<ConstId>,
    pub addresses: FxHashMap<Ty, FuncId>,
    pub tasks: FxHashMap<Ty, TaskRoot>,
}

impl FunctionWork {
    pub fn new(id: FuncId, body: Body) -> FunctionWork {
        let targets = vec![None; body.blocks.len()];
        FunctionWork {
            id,
            body,
            targets,
            constants: Vec::new(),
            addresses: FxHashMap::default(),
            tasks: FxHashMap::default(),
        }
    }

    fn new_local(&mut self, ty: Ty, span: Span) -> Local {
        self.body.locals.push(LocalDecl {
            ty,
            name: None,
            span,
            mutable: true,
            by_ref: false,
            kind: LocalKind::Temp,
        })
    }
}

impl Collector<'_> {
    pub fn resolve_block(
        &mut self,
        work: &mut FunctionWork,
        block: BlockId,
        literals: &IndexVec<Local, bool>,
    ) {
        let span = work.body.blocks[block].terminator.span;
        // Coercions and constants in statements.
        let mut coercions = Vec::new();
        let mut items = Vec::new();
        let mut note = |operand: &Operand| items_of(operand, &mut |item| items.push(item));
        for statement in &work.body.blocks[block].statements {
            if let StatementKind::Assign(_, rvalue) = &statement.kind {
                if let Rvalue::Coerce(kind, operand, to) = rvalue
                    && matches!(kind, Coercion::ToDyn | Coercion::RefToDyn | Coercion::ToDynFn)
                {
                    let from = operand.ty(&work.body.locals);
                    coercions.push((*kind, from, *to, statement.span));
                }
                super::operands_of(rvalue, &mut note);
            }
        }
        match &work.body.blocks[block].terminator.kind {
            TerminatorKind::Switch { value, .. } => note(value),
            TerminatorKind::Call(call) => call.args.iter().for_each(&mut note),
            TerminatorKind::Assert { condition, message, .. } => {
                note(condition);
                if let crate::body::AssertMessage::Bounds { index, len } = message {
                    note(index);
                    note(len);
                }
            }
            _ => {}
        }
        for item in items {
            match item {
                Item::Const(id) => {
                    self.constant(id);
                    work.constants.push(id);
                }
                Item::Static(id) => self.static_(work.id, id),
            }
        }
        for (kind, from, to, span) in coercions {
            self.coercion(kind, from, to, span);
        }

        match &work.body.blocks[block].terminator.kind {
            TerminatorKind::Drop { place, .. } => {
                let is_literal = place.as_local().is_some_and(|l| literals.get(l) == Some(&true));
                let ty = place.ty(&work.body.locals);
                work.targets[block.index()] = Some(match is_literal {
                    false if self.needs_drop(ty) => Target::Function(self.drop_glue(ty)),
                    _ => Target::Nothing,
                });
            }
            TerminatorKind::Call(_) => {
                let target = self.resolve_call(work, block, span);
                work.targets[block.index()] = target;
            }
            _ => {}
        }
    }

    pub fn drop_glue(&mut self, ty: Ty) -> FuncId {
        let id = self.func(Instance::DropGlue(ty));
        self.out.drop_glue.insert(ty, id);
        id
    }

    fn resolve_call(&mut self, work: &mut FunctionWork, block: BlockId, span: Span) -> Option<Target> {
        let TerminatorKind::Call(call) = &work.body.blocks[block].terminator.kind else { return None };
        match call.callee.clone() {
            Callee::Fn { id, args } => self.resolve_fn(work, id, args, span),
            Callee::TraitMethod { trait_, method, args } => {
                self.resolve_method(work, block, trait_, method, args, span)
            }
            Callee::DynMethod { trait_, method, .. } => {
                let receiver = call.args.first()?.ty(&work.body.locals).peel_refs();
                self.dyn_slot(receiver, trait_, method, span)
            }
            Callee::Value { ty, sig } => self.resolve_value(work, block, ty, sig, span),
            Callee::Closure { id, args } => {
                Some(Target::Function(self.func(Instance::Body(Source::Closure(id), args))))
            }
        }
    }

    fn resolve_fn(&mut self, work: &mut FunctionWork, id: FnId, args: Tys, span: Span) -> Option<Target> {
        match internal::name(id) {
            Some(internal::INIT) => return Some(Target::Function(self.func(Instance::Init))),
            Some(name) => {
                args.iter().for_each(|&t| self.note_type(t));
                return Some(Target::Intrinsic { name: Name::new(name), args });
            }
            None => {}
        }
        if let Some(id) = internal::as_static(id) {
            return Some(Target::Function(self.body_func(BodyOwner::Static(id), &[])));
        }
        let decl = &self.items.fns[id];
        if args.iter().any(|&t| self.grows(t)) {
            self.report_growth(id, span);
            return Some(Target::Nothing);
        }
        match &decl.kind {
            FnKind::Intrinsic => {
                args.iter().for_each(|&t| self.note_type(t));
                match (decl.name.as_str(), args.first()) {
                    (internal::FUNCTION_ADDRESS, Some(&ty)) => {
                        let entry = self.func(Instance::Trampoline(ty));
                        work.addresses.insert(ty, entry);
                    }
                    (internal::TASK_ENTRY, Some(&result)) => {
                        let closure = args[1];
                        let entry = self.func(Instance::TaskRoot(closure, result));
                        for ty in [closure, result] {
                            if self.needs_drop(ty) {
                                self.drop_glue(ty);
                            }
                        }
                        work.tasks.insert(closure, TaskRoot { entry, closure, result });
                    }
                    ("drop_in_place" | "needs_drop", Some(&ty)) if self.needs_drop(ty) => {
                        self.drop_glue(ty);
                    }
                    _ => {}
                }
                Some(Target::Intrinsic { name: decl.name, args })
            }
            FnKind::Extern => {
                let native = !decl.attrs.nonblocking && abi::function(decl.name.as_str()).is_none();
                Some(Target::Extern { symbol: decl.name, native })
            }
            FnKind::Constructor(adt, variant) => {
                Some(Target::Function(self.func(Instance::Constructor(*adt, *variant, args))))
            }
            FnKind::Normal | FnKind::Script(_) | FnKind::Derived(_) => {
                Some(Target::Function(self.body_func(BodyOwner::Fn(id), args)))
            }
        }
    }

    fn resolve_method(
        &mut self,
        work: &mut FunctionWork,
        block: BlockId,
        trait_: TraitId,
        method: FnId,
        args: Tys,
        span: Span,
    ) -> Option<Target> {
        match self.solver.resolve_method(trait_, method, args) {
            Some(ResolvedMethod::Fn { id, args }) => self.resolve_fn(work, id, args, span),
            Some(ResolvedMethod::Dyn { trait_, method, args }) => {
                self.dyn_slot(args[0], trait_, method, span)
            }
            Some(ResolvedMethod::Builtin(Builtin::CloneByCopy | Builtin::Copy)) => {
                self.clone_by_copy(work, block);
                None
            }
            Some(ResolvedMethod::Builtin(Builtin::CloneParts)) => {
                Some(Target::Function(self.func(Instance::CloneParts(args[0]))))
            }
            Some(ResolvedMethod::Builtin(_)) | None => {
                let shown: Vec<String> = args.iter().map(|&t| hir::ty::display(self.items, t)).collect();
                self.bug(
                    span,
                    format!(
                        "`{}` of `{}` on `{}`",
                        self.items.fns[method].name,
                        self.items.traits[trait_].name,
                        shown.join(", ")
                    ),
                );
                Some(Target::Nothing)
            }
        }
    }

    /// `clone(&x)` of a `Copy` type becomes a copy of `x`.
    fn clone_by_copy(&mut self, work: &mut FunctionWork, block: BlockId) {
        let terminator = &work.body.blocks[block].terminator;
        let span = terminator.span;
        let TerminatorKind::Call(call) = &terminator.kind else { return };
        let call = call.clone();
        let place = match &call.args[0] {
            Operand::Copy(place) | Operand::Move(place) => place.clone(),
            constant @ Operand::Const(_) => {
                let ty = constant.ty(&work.body.locals);
                let local = work.new_local(ty, span);
                push_assign(work, block, Place::local(local), Rvalue::Use(constant.clone()), span);
                Place::local(local)
            }
        };
        let value = Rvalue::Use(Operand::Copy(place.deref()));
        push_assign(work, block, call.destination.clone(), value, span);
        work.body.blocks[block].terminator.kind = match call.target {
            Some(target) => TerminatorKind::Goto(target),
            None => TerminatorKind::Unreachable,
        };
    }

    /// A call of a value with a function type.
    fn resolve_value(
        &mut self,
        work: &mut FunctionWork,
        block: BlockId,
        ty: Ty,
        sig: FnSig,
        span: Span,
    ) -> Option<Target> {
        let Some(target) = self.solver.call_target(ty) else {
            self.bug(span, format!("calling a `{}`", hir::ty::display(self.items, ty)));
            return Some(Target::Nothing);
        };
        let (derefs, wants) = match target {
            CallTarget::Closure { derefs, call, .. } => (derefs, call),
            CallTarget::DynFn { derefs, sig } => (derefs, sig.call),
        };
        let by_value = sig.call == Convention::Own;
        if by_value && derefs == 0 && wants != Convention::Own {
            return Some(Target::Function(self.func(Instance::CallOnce(ty, sig))));
        }
        // Look through references around the callee.
        let steps = if by_value { derefs.saturating_sub(1) } else { derefs };
        if steps > 0 {
            let TerminatorKind::Call(call) = &work.body.blocks[block].terminator.kind else { return None };
            if let Operand::Copy(place) | Operand::Move(place) = &call.args[0] {
                let mut place = place.clone();
                for _ in 0..steps {
                    place = place.deref();
                }
                let inner = place.ty(&work.body.locals);
                let local = work.new_local(inner, span);
                push_assign(work, block, Place::local(local), Rvalue::Use(Operand::Copy(place)), span);
                if let TerminatorKind::Call(call) = &mut work.body.blocks[block].terminator.kind {
                    call.args[0] = Operand::Copy(Place::local(local));
                }
            }
        }
        Some(match target {
            CallTarget::Closure { id, args, .. } => {
                Target::Function(self.func(Instance::Body(Source::Closure(id), args)))
            }
            CallTarget::DynFn { .. } => Target::Virtual { slot: 0 },
        })
    }

    // ---- dyn

    /// The methods in the table of `dyn` a trait: its supertraits' first.
    pub fn table_methods(&self, trait_: TraitId) -> Vec<(TraitId, FnId)> {
        let mut seen = Vec::new();
        let mut out = Vec::new();
        self.add_table_methods(trait_, &mut seen, &mut out);
        out
    }

    fn add_table_methods(&self, trait_: TraitId, seen: &mut Vec<TraitId>, out: &mut Vec<(TraitId, FnId)>) {
        if seen.contains(&trait_) {
            return;
        }
        seen.push(trait_);
        let decl = &self.items.traits[trait_];
        for supertrait in &decl.supertraits {
            self.add_table_methods(supertrait.trait_, seen, out);
        }
        let own = decl.generics.params.len();
        out.extend(
            decl.methods
                .iter()
                .filter(|&&m| {
                    let method = &self.items.fns[m];
                    method.has_self && method.generics.params.len() == own
                })
                .map(|&m| (trait_, m)),
        );
    }

    fn dyn_slot(&mut self, receiver: Ty, trait_: TraitId, method: FnId, span: Span) -> Option<Target> {
        if let TyKind::Dyn(d) = *receiver.kind()
            && let Some(slot) = self.table_methods(d.trait_).iter().position(|&m| m == (trait_, method))
        {
            return Some(Target::Virtual { slot: slot as u32 });
        }
        let name = self.items.fns[method].name;
        self.bug(span, format!("`{name}` through `{}`", hir::ty::display(self.items, receiver)));
        Some(Target::Nothing)
    }

    /// A value, or what a reference leads to, becomes a `dyn`.
    fn coercion(&mut self, kind: Coercion, from: Ty, to: Ty, span: Span) {
        let behind = |ty: Ty| match *ty.kind() {
            TyKind::Ref(_, pointee) => pointee,
            _ => ty,
        };
        let (from, to) = match kind {
            // The target is the pair that the result refers to.
            Coercion::RefToDyn => (behind(from), behind(to)),
            _ => (from, to),
        };
        if from != to {
            self.vtable(from, to, span);
        }
    }

    fn vtable(&mut self, ty: Ty, dyn_ty: Ty, span: Span) {
        if self.out.vtable_ids.contains_key(&(ty, dyn_ty)) {
            return;
        }
        self.note_type(ty);
        let drop = self.needs_drop(ty).then(|| self.drop_glue(ty));
        let methods = match *dyn_ty.kind() {
            TyKind::DynFn(sig) => vec![Some(self.func(Instance::DynCall(ty, sig)))],
            TyKind::Dyn(d) => {
                let table = self.table_methods(d.trait_);
                table
                    .into_iter()
                    .map(|(trait_, method)| {
                        let mut args = vec![ty];
                        let own = self.items.traits[trait_].generics.params.len();
                        // A supertrait's own arguments come from the impl; only the trait's are known here.
                        if trait_ == d.trait_ {
                            args.extend(d.args);
                        }
                        args.truncate(own);
                        let args = hir::ty::tys(&args);
                        self.dyn_method(trait_, method, args)
                    })
                    .collect()
            }
            _ => {
                self.bug(span, format!("a table for `{}`", hir::ty::display(self.items, dyn_ty)));
                Vec::new()
            }
        };
        let symbol = format!(
            "table {} for {}",
            hir::ty::display(self.items, dyn_ty),
            hir::ty::display(self.items, ty)
        );
        let id = self.out.vtables.push(Vtable { symbol, ty, dyn_ty, drop, methods });
        let _: VtableId = id;
        self.out.vtable_ids.insert((ty, dyn_ty), id);
    }

    fn dyn_method(&mut self, trait_: TraitId, method: FnId, args: Tys) -> Option<FuncId> {
        let self_ty = args[0];
        match self.solver.resolve_method(trait_, method, args) {
            Some(ResolvedMethod::Fn { id, args }) if self.fits_table(id, self_ty) => {
                match self.items.fns[id].kind {
                    FnKind::Normal | FnKind::Derived(_) => Some(self.body_func(BodyOwner::Fn(id), args)),
                    _ => Some(self.func(Instance::DynMethod { method, args })),
                }
            }
            Some(_) => Some(self.func(Instance::DynMethod { method, args })),
            None => None,
        }
    }

    /// May the function itself stand in a table: its first argument is a plain pointer?
    fn fits_table(&self, id: FnId, self_ty: Ty) -> bool {
        let decl = &self.items.fns[id];
        let is_pointer = match decl.params.first().map(|p| p.conv) {
            Some(Conv::Mut) => true,
            // A shared borrow of these is two words.
            Some(Conv::Ref) => {
                !matches!(self_ty.kind(), TyKind::Str | TyKind::List(_) | TyKind::Dyn(_) | TyKind::DynFn(_))
            }
            _ => false,
        };
        is_pointer && !decl.attrs.track_caller
    }

    /// Is the type larger than any that a program could mean?
    pub fn grows(&mut self, ty: Ty) -> bool {
        let (depth, size) = extent(ty, &mut self.extents);
        depth > MAX_TYPE_DEPTH || size > MAX_TYPE_SIZE
    }

    fn report_growth(&mut self, id: FnId, span: Span) {
        self.overflow = true;
        self.diagnostics.push(crate::check::growth::report(self.items, id, span));
    }
}

fn push_assign(work: &mut FunctionWork, block: BlockId, place: Place, value: Rvalue, span: Span) {
    let kind = StatementKind::Assign(place, value);
    work.body.blocks[block].statements.push(Statement { kind, span });
}

enum Item {
    Const(ConstId),
    Static(hir::items::StaticId),
}

fn items_of(operand: &Operand, found: &mut impl FnMut(Item)) {
    if let Operand::Const(constant) = operand {
        items_in(&constant.kind, found);
    }
}

fn items_in(kind: &ConstKind, found: &mut impl FnMut(Item)) {
    match kind {
        ConstKind::Item(id) => found(Item::Const(*id)),
        ConstKind::Static(id) => found(Item::Static(*id)),
        ConstKind::View(value) => items_of_value(value, found),
        _ => {}
    }
}

fn items_of_value(value: &Value, found: &mut impl FnMut(Item)) {
    match &value.kind {
        ValueKind::Plain(kind) => items_in(kind, found),
        ValueKind::Parts(_, parts) => parts.iter().for_each(|part| items_of_value(part, found)),
    }
}

/// How deep a type nests and how many types are written in it. Types share their parts, so it
/// is remembered: written out, a pair of pairs of pairs doubles at each level.
fn extent(ty: Ty, known: &mut FxHashMap<Ty, (usize, usize)>) -> (usize, usize) {
    if let Some(&found) = known.get(&ty) {
        return found;
    }
    let (mut depth, mut size) = (0, 1_usize);
    let mut add = |part: Ty| {
        let (d, s) = extent(part, known);
        depth = depth.max(d);
        size = size.saturating_add(s);
    };
    match *ty.kind() {
        TyKind::Tuple(list) | TyKind::Adt(_, list) | TyKind::Closure(_, list) => {
            list.iter().for_each(|&t| add(t));
        }
        TyKind::List(t) | TyKind::Ref(_, t) | TyKind::RawPtr(t) | TyKind::Array(t, _) => add(t),
        TyKind::Dyn(d) => {
            d.args.iter().for_each(|&t| add(t));
            d.bindings.iter().for_each(|b| add(b.1));
        }
        TyKind::DynFn(sig) => {
            sig.params.iter().for_each(|p| add(p.1));
            add(sig.ret);
        }
        _ => {}
    }
    known.insert(ty, (depth + 1, size));
    (depth + 1, size)
}
