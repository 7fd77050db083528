//! What closures capture, and how.
//!
//! Runs when types are final. The one thing to know: a variable is captured by what the body does
//! with it (read: by shared reference, or by value if that is a copy that cannot be told from it;
//! changed: exclusively; moved: by value), and by value in any case where the closure must own what it uses. How the closure can be called follows: one
//! that moves a captured value out is called once.
//!
//! A closure given to a `[scoped]` method (a task of a `scope`) outlives what was declared inside of the scope, so it could not
//! borrow that: it takes it instead. A `mut` variable of a type that is copied stays a borrow, which is refused later on: else a
//! change on either side would be to a copy of its own, and nobody would notice.

use base::{FxHashMap, Span};
use syntax::ast::Convention;

use super::Checker;
use crate::thir::{
    BindMode, Block, Callee, Capture, CaptureMode, ExprId, ExprKind, LocalId, Pat, PatKind, Stmt,
};
use crate::ty::{Mutability, Ty, TyKind};

/// What a body does with a captured variable; later ones include earlier ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Use {
    Read,
    Change,
    Move,
}

#[derive(Default)]
struct Found {
    uses: FxHashMap<LocalId, (Use, Span)>,
    order: Vec<LocalId>,
}

impl Checker<'_> {
    /// Decides the captures of all closures.
    pub(super) fn finish_captures(&mut self) {
        let mut done = vec![false; self.closures.len()];
        self.find_scoped();
        for index in 0..self.closures.len() as u32 {
            self.capture(index, &mut done);
        }
        // Calls of closures were made before it was known how these are called.
        for (call, place, closure) in std::mem::take(&mut self.closure_calls) {
            let convention = self.closures[closure as usize].call;
            self.settle_call(call, place, convention);
        }
    }

    /// Notes the scopes of closures that are given to a `[scoped]` method.
    fn find_scoped(&mut self) {
        let scoped: Vec<(u32, LocalId)> =
            self.exprs.iter().filter_map(|expr| self.scoped_closure(&expr.kind)).collect();
        for (closure, scope) in scoped {
            self.closure_notes[closure as usize].scope = Some(scope);
        }
    }

    fn scoped_closure(&self, call: &ExprKind) -> Option<(u32, LocalId)> {
        let ExprKind::Call { callee: Callee::Fn { id, .. }, args } = call else { return None };
        if !self.program.fns[*id].attrs.scoped {
            return None;
        }
        let closure = args.iter().find_map(|&arg| match self.exprs[arg].kind {
            ExprKind::Closure { index } => Some(index),
            _ => None,
        })?;
        let mut at = *args.first()?;
        loop {
            at = match self.exprs[at].kind {
                ExprKind::Local(scope) => return Some((closure, scope)),
                ExprKind::Ref { place, .. } => place,
                ExprKind::Use(inner) | ExprKind::Deref(inner) => inner,
                _ => return None,
            };
        }
    }

    /// Whether the variable ends before the tasks of the closure's scope do.
    fn ends_before_scope(&self, local: LocalId, closure: u32) -> bool {
        let Some(scope) = self.closure_notes[closure as usize].scope else { return false };
        let beside = |local: LocalId| self.local_notes[local].parameter;
        self.locals[local].by_ref.is_none() && (local > scope || beside(local) && beside(scope))
    }

    fn settle_call(&mut self, call: ExprId, place: ExprId, convention: Convention) {
        let span = self.span_of(place);
        let ExprKind::Call { args, .. } = &self.exprs[call].kind else { return };
        let Some(&first) = args.first() else { return };
        let ty = self.ty_of(place);
        match convention {
            Convention::Read => {}
            Convention::Mut => {
                self.make_mut(place);
                self.exprs[first].kind =
                    ExprKind::Ref { mutability: Mutability::Mut, place, two_phase: true };
                self.exprs[first].ty = Ty::mut_ref(ty);
            }
            Convention::Own => {
                let value = self.value(place);
                let kind = self.exprs[value].kind.clone();
                self.exprs[first].kind = kind;
                self.exprs[first].ty = ty;
                self.exprs[first].span = span;
            }
        }
        if let ExprKind::Call { callee: Callee::Value { sig, .. }, .. } = &mut self.exprs[call].kind {
            sig.call = convention;
        }
    }

    fn capture(&mut self, index: u32, done: &mut Vec<bool>) {
        if std::mem::replace(&mut done[index as usize], true) {
            return;
        }
        let mut found = Found::default();
        let body = self.closures[index as usize].body;
        self.walk(body, index, &mut found, done);
        let id = self.closures[index as usize].id;
        let must_own = self.ctx.closure(id).is_some_and(|c| c.must_own.is_some());
        let is_async = self.closures[index as usize].is_async;
        let mut call = Convention::Read;
        let mut captures = Vec::new();
        let mut fields = Vec::new();
        for local in found.order {
            let (how, span) = found.uses[&local];
            let ty = self.resolve(self.locals[local].ty);
            call = match (call, how) {
                (_, Use::Move) => Convention::Own,
                (Convention::Own, _) => Convention::Own,
                (_, Use::Change) => Convention::Mut,
                (call, Use::Read) => call,
            };
            let mode = match how {
                _ if must_own => CaptureMode::Value,
                // It outlives the call that made it, but not what that call's parameters borrow.
                _ if is_async && self.locals[local].by_ref.is_none() => CaptureMode::Value,
                Use::Move => CaptureMode::Value,
                _ if self.ends_before_scope(local, index)
                    && !(self.locals[local].mutable && self.is_copy(ty)) =>
                {
                    CaptureMode::Value
                }
                Use::Change => CaptureMode::Ref(Mutability::Mut),
                Use::Read if self.is_plain_value(local, ty) => CaptureMode::Value,
                Use::Read => CaptureMode::Ref(Mutability::Shared),
            };
            if mode == CaptureMode::Value && how == Use::Change && self.is_copy(ty) {
                self.changed_copies.push((local, index, span));
            }
            fields.push(match mode {
                CaptureMode::Value => ty,
                CaptureMode::Ref(mutability) => Ty::new(TyKind::Ref(mutability, ty)),
            });
            captures.push(Capture { local, mode, span });
        }
        // What a consumed closure has captured exclusively is its own to hand on.
        if call == Convention::Mut && self.ctx.is_only_consumed(id) {
            call = Convention::Own;
        }
        let names = captures.iter().map(|c| (self.locals[c.local].name, c.span)).collect();
        self.ctx.name_closure_captures(id, names);
        let def = &mut self.closures[index as usize];
        def.call = call;
        def.captures = captures;
        self.ctx.set_closure_captures(id, call, fields);
    }

    /// A small value that never changes: a copy is as good as a view of it, and may outlive it.
    fn is_plain_value(&mut self, local: LocalId, ty: Ty) -> bool {
        let declared = &self.locals[local];
        !declared.mutable
            && declared.by_ref.is_none()
            && !matches!(ty.kind(), TyKind::Array(..) | TyKind::Tuple(_))
            && self.is_copy(ty)
    }

    /// Whether the local belongs to something around the closure.
    fn is_outside(&self, local: LocalId, closure: u32) -> bool {
        let mut at = self.local_notes[local].closure;
        while let Some(index) = at {
            if index == closure {
                return false;
            }
            at = self.closure_notes[index as usize].parent;
        }
        true
    }

    fn note(&self, local: LocalId, how: Use, span: Span, closure: u32, found: &mut Found) {
        if !self.is_outside(local, closure) {
            return;
        }
        match found.uses.get_mut(&local) {
            Some((old, place)) => {
                if how > *old {
                    (*old, *place) = (how, span);
                }
            }
            None => {
                found.uses.insert(local, (how, span));
                found.order.push(local);
            }
        }
    }

    /// A use of a place.
    fn place(&mut self, id: ExprId, how: Use, closure: u32, found: &mut Found, done: &mut Vec<bool>) {
        match self.exprs[id].kind.clone() {
            ExprKind::Local(local) => {
                let span = self.span_of(id);
                self.note(local, how, span, closure, found);
            }
            ExprKind::Field { base, .. } | ExprKind::TupleField { base, .. } => {
                self.place(base, how, closure, found, done);
            }
            ExprKind::Index { base, index } => {
                let how = if how == Use::Move { Use::Read } else { how };
                self.place(base, how, closure, found, done);
                self.walk(index, closure, found, done);
            }
            ExprKind::Deref(inner) => {
                // Through a shared reference nothing is changed; through an exclusive one the
                // variable that holds it is needed exclusively.
                let ty = self.resolve(self.ty_of(inner));
                let how = match (how, ty.kind()) {
                    (Use::Change, TyKind::Ref(Mutability::Mut, _)) => Use::Change,
                    _ => Use::Read,
                };
                if self.is_place(inner) {
                    self.place(inner, how, closure, found, done);
                } else {
                    self.walk(inner, closure, found, done);
                }
            }
            _ => self.walk(id, closure, found, done),
        }
    }

    fn walk(&mut self, id: ExprId, closure: u32, found: &mut Found, done: &mut Vec<bool>) {
        let kind = self.exprs[id].kind.clone();
        match kind {
            ExprKind::Local(_)
            | ExprKind::Field { .. }
            | ExprKind::TupleField { .. }
            | ExprKind::Deref(_)
            | ExprKind::Index { .. } => self.place(id, Use::Read, closure, found, done),
            ExprKind::Use(place) => {
                let ty = self.resolve(self.ty_of(place));
                let how = if self.is_copy(ty) { Use::Read } else { Use::Move };
                self.place(place, how, closure, found, done);
            }
            ExprKind::Ref { mutability, place, .. } => {
                let how = match mutability {
                    Mutability::Shared => Use::Read,
                    Mutability::Mut => Use::Change,
                };
                self.place(place, how, closure, found, done);
            }
            ExprKind::RawRef { place } => self.place(place, Use::Change, closure, found, done),
            ExprKind::Static(_)
            | ExprKind::Literal(_)
            | ExprKind::Const(_)
            | ExprKind::ConstParam(_)
            | ExprKind::Continue { .. }
            | ExprKind::Error => {}
            ExprKind::Tuple(list) | ExprKind::List(list) => {
                for id in list {
                    self.walk(id, closure, found, done);
                }
            }
            ExprKind::Repeat { value }
            | ExprKind::Unary { operand: value, .. }
            | ExprKind::Cast { value, .. }
            | ExprKind::Coerce { value, .. } => self.walk(value, closure, found, done),
            ExprKind::Adt { fields, base, .. } => {
                for (_, value) in fields {
                    self.walk(value, closure, found, done);
                }
                if let Some(base) = base {
                    let how = if self.is_copy(self.ty_of(base)) { Use::Read } else { Use::Move };
                    self.place(base, how, closure, found, done);
                }
            }
            ExprKind::Closure { index } => self.inner_closure(index, closure, found, done),
            ExprKind::Call { callee, args } => {
                let own = match &callee {
                    Callee::Value { ty, .. } => match *self.resolve(*ty).kind() {
                        TyKind::Closure(id, _) if id.owner == self.owner => Some(id.index),
                        _ => None,
                    },
                    _ => None,
                };
                for (i, &arg) in args.iter().enumerate() {
                    match own {
                        Some(called) if i == 0 => {
                            self.capture(called, done);
                            let how = match self.closures[called as usize].call {
                                Convention::Read => Use::Read,
                                Convention::Mut => Use::Change,
                                Convention::Own => Use::Move,
                            };
                            match self.exprs[arg].kind {
                                ExprKind::Ref { place, .. } | ExprKind::Use(place) => {
                                    self.place(place, how, closure, found, done);
                                }
                                _ => self.walk(arg, closure, found, done),
                            }
                        }
                        _ => self.walk(arg, closure, found, done),
                    }
                }
            }
            ExprKind::Binary { left, right, .. } | ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                self.walk(left, closure, found, done);
                self.walk(right, closure, found, done);
            }
            ExprKind::Assign { target, value } | ExprKind::AssignOp { target, value, .. } => {
                self.walk(value, closure, found, done);
                self.place(target, Use::Change, closure, found, done);
            }
            ExprKind::Block(Block { stmts, value }) => {
                for stmt in stmts {
                    match stmt {
                        Stmt::Let { value, else_, .. } => {
                            for id in value.into_iter().chain(else_) {
                                self.walk(id, closure, found, done);
                            }
                        }
                        Stmt::Expr(id) | Stmt::Defer(id) => self.walk(id, closure, found, done),
                    }
                }
                if let Some(value) = value {
                    self.walk(value, closure, found, done);
                }
            }
            ExprKind::If { condition, then, else_ } => {
                self.walk(condition, closure, found, done);
                self.walk(then, closure, found, done);
                if let Some(else_) = else_ {
                    self.walk(else_, closure, found, done);
                }
            }
            ExprKind::LetCondition { pattern, scrutinee } => {
                self.scrutinee(scrutinee, &[&pattern], closure, found, done);
            }
            ExprKind::Match { scrutinee, arms } => {
                let patterns: Vec<&Pat> = arms.iter().map(|a| &a.pattern).collect();
                self.scrutinee(scrutinee, &patterns, closure, found, done);
                for arm in &arms {
                    if let Some(guard) = arm.guard {
                        self.walk(guard, closure, found, done);
                    }
                    self.walk(arm.body, closure, found, done);
                }
            }
            ExprKind::Loop { body, .. } => self.walk(body, closure, found, done),
            ExprKind::Break { value, .. } | ExprKind::Return { value } => {
                if let Some(value) = value {
                    self.walk(value, closure, found, done);
                }
            }
        }
    }

    fn scrutinee(
        &mut self,
        id: ExprId,
        patterns: &[&Pat],
        closure: u32,
        found: &mut Found,
        done: &mut Vec<bool>,
    ) {
        if !self.is_place(id) {
            self.walk(id, closure, found, done);
            return;
        }
        let mut how = Use::Read;
        for pattern in patterns {
            how = how.max(self.pattern_use(pattern));
        }
        self.place(id, how, closure, found, done);
    }

    /// What a pattern does with the place it is matched against.
    fn pattern_use(&mut self, pattern: &Pat) -> Use {
        match &pattern.kind {
            PatKind::Binding { mode, sub, .. } => {
                let own = match mode {
                    BindMode::Move if !self.is_copy(pattern.ty) => Use::Move,
                    BindMode::Ref(Mutability::Mut) => Use::Change,
                    _ => Use::Read,
                };
                let inner = sub.as_ref().map_or(Use::Read, |s| self.pattern_use(s));
                own.max(inner)
            }
            PatKind::Tuple(list) | PatKind::Or(list) => {
                list.iter().map(|p| self.pattern_use(p)).max().unwrap_or(Use::Read)
            }
            PatKind::Struct { fields, .. } => {
                fields.iter().map(|(_, p)| self.pattern_use(p)).max().unwrap_or(Use::Read)
            }
            PatKind::Slice { before, after, .. } => {
                before.iter().chain(after).map(|p| self.pattern_use(p)).max().unwrap_or(Use::Read)
            }
            PatKind::Deref(inner) => match self.pattern_use(inner) {
                Use::Move => Use::Read,
                how => how,
            },
            PatKind::Wildcard
            | PatKind::Literal(_)
            | PatKind::Range { .. }
            | PatKind::Const { .. }
            | PatKind::Error => Use::Read,
        }
    }

    fn inner_closure(&mut self, index: u32, closure: u32, found: &mut Found, done: &mut Vec<bool>) {
        self.capture(index, done);
        for capture in self.closures[index as usize].captures.clone() {
            let ty = self.resolve(self.locals[capture.local].ty);
            let how = match capture.mode {
                CaptureMode::Ref(Mutability::Shared) => Use::Read,
                CaptureMode::Ref(Mutability::Mut) => Use::Change,
                CaptureMode::Value if self.is_copy(ty) => Use::Read,
                CaptureMode::Value => Use::Move,
            };
            self.note(capture.local, how, capture.span, closure, found);
        }
    }
}
