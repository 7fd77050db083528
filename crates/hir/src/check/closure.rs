//! Closures, and functions used as values.
//!
//! Not here: what a closure captures ([`super::capture`]). The one thing to know: what a closure
//! is expected to be comes from the `fn(…)` bound of the parameter it is passed to. Without one
//! its parameters' conventions stay open until its first use.

use base::{Diagnostic, Name, Span, codes};
use syntax::ast::{self, Convention};

use super::coerce::Why;
use super::{Checker, Expect, Frame};
use crate::items::{AdtId, FieldIdx, FnId, VariantIdx};
use crate::thir::{self, BindMode, Callee, ClosureDef, ExprId, ExprKind, LocalId, Pat, PatKind};
use crate::ty::{Conv, FnSig, Mutability, Ty, TyKind, leak_params, tys};

/// What checking knows of a closure beside its definition.
#[derive(Clone, Debug)]
pub(super) struct ClosureNote {
    /// The closure around it.
    pub parent: Option<u32>,
    /// Parameters whose convention may still follow the type: locals to be adjusted.
    pub locals: Vec<Option<LocalId>>,
    /// It is given to a `[scoped]` method of what this variable holds.
    pub scope: Option<LocalId>,
}

/// A closure whose body is to be checked yet.
pub(super) struct OpenClosure {
    pub index: u32,
    pub params: Vec<(Conv, Ty)>,
    pub ret: Ty,
    ret_span: Option<Span>,
}

impl Checker<'_> {
    pub(super) fn check_closure(&mut self, closure: &ast::Closure, span: Span, expect: Expect) -> ExprId {
        if closure.is_async {
            return self.check_async_closure(closure, span, expect);
        }
        let open = self.open_closure(closure, span, expect);
        self.check_closure_body(closure, &open);
        self.closure_expr(open.index, span)
    }

    /// The closure itself, as a value.
    pub(super) fn closure_expr(&mut self, index: u32, span: Span) -> ExprId {
        let ty = self.closure_ty(index);
        self.push(ty, span, ExprKind::Closure { index })
    }

    /// Makes a closure known by its signature. Its body is to be checked yet.
    pub(super) fn open_closure(&mut self, closure: &ast::Closure, span: Span, expect: Expect) -> OpenClosure {
        let expected = self.expected_sig(expect, closure.params.len());
        let index = self.new_closure(span, closure.head);
        let mut params = Vec::with_capacity(closure.params.len());
        let mut flexible = expected.is_none();
        if flexible && closure.params.iter().all(|p| p.convention != Convention::Read) {
            flexible = false;
        }
        for (i, param) in closure.params.iter().enumerate() {
            let wanted = expected.map(|sig| sig.params[i]);
            params.push(self.closure_param(param, wanted));
        }
        let (ret, ret_span) = match (&closure.ret, expected) {
            (Some(written), _) => (self.lower_type(written), Some(written.span)),
            (None, Some(sig)) => (sig.ret, None),
            (None, None) => (self.fresh(closure.body.span), None),
        };
        if let (Some(written), Some(sig)) = (&closure.ret, expected)
            && !self.unify(sig.ret, ret)
        {
            let (want, have) = (self.show(sig.ret), self.show(ret));
            self.report(
                Diagnostic::error(
                    codes::E0301,
                    written.span,
                    format!("this closure gives a `{have}`, and a `{want}` is wanted of it"),
                )
                .label(format!("expected `{want}`")),
            );
        }
        let list: Vec<(Conv, Ty)> = params.iter().map(|&(conv, ty)| (conv, ty)).collect();
        let sig = FnSig { call: Convention::Read, params: leak_params(&list), ret };
        let id = self.closure_id(index);
        self.ctx.add_closure(id, sig, flexible, closure.head);
        OpenClosure { index, params: list, ret, ret_span }
    }

    pub(super) fn check_closure_body(&mut self, closure: &ast::Closure, open: &OpenClosure) {
        let OpenClosure { index, ref params, ret, ret_span } = *open;
        self.enter_closure(index, ret, ret_span);
        self.push_scope();
        let mut checked = Vec::with_capacity(params.len());
        for (param, &(conv, ty)) in closure.params.iter().zip(params) {
            let param = self.bind_param(&param.pattern, param.span, conv, ty, param.convention);
            checked.push(param);
        }
        let locals = checked.iter().map(|p| plain_local(&p.pattern)).collect();
        self.closure_notes[index as usize].locals = locals;
        let body = self.closure_body(closure, ret);
        self.pop_scope();
        self.leave_closure();

        let def = &mut self.closures[index as usize];
        def.params = checked;
        def.ret = ret;
        def.body = body;
    }

    fn closure_body(&mut self, closure: &ast::Closure, ret: Ty) -> ExprId {
        let known = self.structurally(ret);
        if known.is_unit() {
            let id = self.check_expr(&closure.body, Expect::Discard);
            let ty = self.shallow(self.ty_of(id));
            if ty.is_unit() || ty.is_never() {
                return self.coerce(id, ret, &Why::none());
            }
            // A value that is not wanted.
            let span = self.span_of(id);
            return self.block_of(vec![thir::Stmt::Expr(id)], None, span);
        }
        let id = self.check_expr(&closure.body, Expect::Hint(ret));
        let found = self.shallow(self.ty_of(id));
        if found.is_never() {
            let open = self.shallow(ret);
            if matches!(open.kind(), TyKind::Infer(_)) && !self.frame().returns {
                self.unify(ret, Ty::unit());
            }
        }
        let why = match &closure.ret {
            Some(written) => Why::because(written.span, "the result's type is declared here"),
            None => Why::message("the closure gives another type than is wanted of it"),
        };
        self.coerce(id, ret, &why)
    }

    /// The function type that the surroundings want, if the number of parameters fits.
    pub(super) fn expected_sig(&mut self, expect: Expect, count: usize) -> Option<FnSig> {
        let hint = expect.hint()?;
        let hint = self.structurally(hint);
        let hint = match *hint.kind() {
            TyKind::Ref(_, inner) => self.structurally(inner),
            _ => hint,
        };
        let sig = self.ctx.expected_sig(hint)?;
        (sig.params.len() == count).then_some(sig)
    }

    /// Convention and type of a closure's parameter.
    fn closure_param(&mut self, param: &ast::Param, wanted: Option<(Conv, Ty)>) -> (Conv, Ty) {
        let ty = match (&param.ty, wanted) {
            (Some(written), wanted) => {
                let ty = self.lower_type(written);
                if let Some((_, want)) = wanted
                    && !self.unify(want, ty)
                {
                    let (want, have) = (self.show(want), self.show(ty));
                    if !want.contains("error") || !ty.has_error() {
                        self.report(
                            Diagnostic::error(
                                codes::E0301,
                                written.span,
                                format!(
                                    "this parameter is declared `{have}`, and a `{want}` will be passed to it"
                                ),
                            )
                            .label(format!("expected `{want}`")),
                        );
                    }
                    return (wanted.map_or(Conv::Ref, |w| w.0), Ty::error());
                }
                ty
            }
            (None, Some((_, ty))) => ty,
            (None, None) => self.fresh(param.pattern.span),
        };
        let conv = match (param.convention, wanted) {
            (Convention::Mut, _) => Conv::Mut,
            (Convention::Own, _) => Conv::Own,
            (Convention::Read, Some((conv, _))) => conv,
            (Convention::Read, None) => {
                let resolved = self.resolve(ty);
                let known = param.ty.is_some() && !resolved.has_infer();
                if known {
                    crate::lower_ty::conv_of(self.program, self.generics, Convention::Read, resolved)
                } else {
                    Conv::Ref
                }
            }
        };
        (conv, ty)
    }

    /// Binds a parameter of a function or closure.
    pub(super) fn bind_param(
        &mut self,
        pattern: &ast::Pattern,
        span: Span,
        conv: Conv,
        ty: Ty,
        written: Convention,
    ) -> thir::Param {
        let by_ref = match conv {
            Conv::Ref => Some(Mutability::Shared),
            Conv::Mut => Some(Mutability::Mut),
            Conv::Val | Conv::Own => None,
        };
        let pattern = match &pattern.kind {
            ast::PatternKind::Binding { name, sub: None, convention } => {
                let local = self.new_local(name.name, name.span, ty);
                let slot = &mut self.locals[local];
                slot.by_ref = by_ref;
                slot.mutable = conv == Conv::Mut
                    || (by_ref.is_none() && *convention == Convention::Mut && written != Convention::Mut);
                self.bind(name.name, local);
                let kind = PatKind::Binding { local, mode: BindMode::Move, sub: None };
                Pat { ty, span: name.span, kind }
            }
            _ => {
                let pat = self.check_pattern_param(pattern, ty, by_ref);
                self.note_irrefutable(&pat, "parameter");
                pat
            }
        };
        thir::Param { conv, ty, pattern, span }
    }

    // ------------------------------------------------------------ bookkeeping

    fn new_closure(&mut self, span: Span, head: Span) -> u32 {
        let index = self.closures.len() as u32;
        let id = self.closure_id(index);
        let body = self.error_expr(span);
        self.closures.push(ClosureDef {
            id,
            span,
            head,
            params: Vec::new(),
            ret: Ty::unit(),
            body,
            call: Convention::Read,
            captures: Vec::new(),
            is_async: false,
        });
        let parent = self.frames.last().and_then(|f| f.closure);
        self.closure_notes.push(ClosureNote { parent, locals: Vec::new(), scope: None });
        index
    }

    fn closure_ty(&self, index: u32) -> Ty {
        let args = self.generics.identity();
        Ty::new(TyKind::Closure(self.closure_id(index), tys(&args)))
    }

    /// A closure without parameters whose body the compiler checks.
    pub(super) fn plain_closure(
        &mut self,
        span: Span,
        head: Span,
        ret: Ty,
        body: impl FnOnce(&mut Self) -> ExprId,
    ) -> ExprId {
        let index = self.new_closure(span, head);
        let sig = FnSig { call: Convention::Read, params: leak_params(&[]), ret };
        self.ctx.add_closure(self.closure_id(index), sig, false, head);
        self.enter_closure(index, ret, None);
        let body = body(self);
        self.leave_closure();
        let def = &mut self.closures[index as usize];
        def.ret = ret;
        def.body = body;
        let ty = self.closure_ty(index);
        self.push(ty, span, ExprKind::Closure { index })
    }

    fn enter_closure(&mut self, index: u32, ret: Ty, ret_span: Option<Span>) {
        let first_loop = self.loops.len();
        let diverges = std::mem::replace(&mut self.diverges, false);
        self.frames.push(Frame {
            ret,
            ret_span,
            closure: Some(index),
            return_to: None,
            returns: false,
            first_loop,
            outer_diverges: diverges,
            in_defer: false,
            exits: None,
        });
    }

    fn leave_closure(&mut self) {
        if let Some(frame) = self.frames.pop() {
            self.diverges = frame.outer_diverges;
        }
    }

    // ------------------------------------------------------------ functions as values

    /// A function used as a value: the closure `|a, b| f(a, b)`.
    pub(super) fn function_value(
        &mut self,
        id: FnId,
        callee: Callee,
        sig: FnSig,
        span: Span,
        expect: Expect,
    ) -> ExprId {
        self.refuse_destructor(id, span);
        let decl = &self.program.fns[id];
        let is_async = decl.is_async;
        if decl.is_unsafe {
            let text = format!("the `unsafe` function `{}` as a value", decl.name);
            self.require_unsafe(span, &text);
        }
        if is_async {
            // What it gives is known once its arguments are.
            let open = self.fresh(span);
            return self.wrap(FnSig { ret: open, ..sig }, span, expect, |this, args| {
                this.make_future(&callee, args, span)
            });
        }
        self.wrap(sig, span, expect, |this, args| {
            let ret = this.structurally(sig.ret);
            this.push(ret, span, ExprKind::Call { callee: callee.clone(), args })
        })
    }

    /// A constructor used as a value: `|a| Some(a)`.
    pub(super) fn constructor_value(
        &mut self,
        adt: AdtId,
        variant: VariantIdx,
        generic: Vec<Ty>,
        span: Span,
        expect: Expect,
    ) -> ExprId {
        let program = self.program;
        let fields = &program.adts[adt].variants[variant].fields;
        let params: Vec<(Conv, Ty)> =
            fields.iter().map(|f| (Conv::Own, self.field_type(f.ty, &generic, span))).collect();
        let ret = Ty::adt(adt, &generic);
        let sig = FnSig { call: Convention::Read, params: leak_params(&params), ret };
        self.wrap(sig, span, expect, |this, args| {
            let fields = args.into_iter().enumerate().map(|(i, v)| (FieldIdx(i as u32), v)).collect();
            let kind = ExprKind::Adt { adt, variant, args: tys(&generic), fields, base: None };
            this.push(ret, span, kind)
        })
    }

    fn wrap(
        &mut self,
        sig: FnSig,
        span: Span,
        expect: Expect,
        make: impl FnOnce(&mut Self, Vec<ExprId>) -> ExprId,
    ) -> ExprId {
        let expected = self.expected_sig(expect, sig.params.len());
        let index = self.new_closure(span, span);
        // Without an expectation the closure takes its arguments as the function does.
        let list: Vec<(Conv, Ty)> = match expected {
            Some(expected) => expected.params.to_vec(),
            None => sig.params.to_vec(),
        };
        let ret = match expected {
            Some(expected) => expected.ret,
            None => sig.ret,
        };
        let own = FnSig { call: Convention::Read, params: leak_params(&list), ret };
        let id = self.closure_id(index);
        self.ctx.add_closure(id, own, false, span);
        self.enter_closure(index, ret, None);
        let mut params = Vec::new();
        let mut args = Vec::new();
        for (i, (&(conv, ty), &(want, want_ty))) in list.iter().zip(sig.params).enumerate() {
            let local = self.new_local(Name::new(&format!("arg{i}")), span, ty);
            self.locals[local].synthetic = true;
            self.locals[local].by_ref = match conv {
                Conv::Ref => Some(Mutability::Shared),
                Conv::Mut => Some(Mutability::Mut),
                Conv::Val | Conv::Own => None,
            };
            let kind = PatKind::Binding { local, mode: BindMode::Move, sub: None };
            params.push(thir::Param { conv, ty, pattern: Pat { ty, span, kind }, span });
            let place = self.local_place(local, span);
            let why = Why::message("this function takes another type than is passed to it");
            args.push(match want {
                Conv::Ref => self.read_arg(place, want_ty, &why),
                Conv::Mut => self.mut_arg(place, want_ty, &why),
                Conv::Val | Conv::Own => self.coerce(place, want_ty, &why),
            });
        }
        let body = make(self, args);
        let discard = self.structurally(ret).is_unit() && !self.structurally(self.ty_of(body)).is_unit();
        let body = if discard {
            self.block_of(vec![thir::Stmt::Expr(body)], None, span)
        } else {
            self.coerce(body, ret, &Why::message("this function gives another type than is wanted of it"))
        };
        self.leave_closure();
        self.closure_notes[index as usize].locals = params.iter().map(|p| plain_local(&p.pattern)).collect();
        let def = &mut self.closures[index as usize];
        def.params = params;
        def.ret = ret;
        def.body = body;
        let ty = self.closure_ty(index);
        self.push(ty, span, ExprKind::Closure { index })
    }

    /// Conventions are final: parameters bound as a guess are bound as they will be passed.
    pub(super) fn finish_conventions(&mut self) {
        for index in 0..self.closures.len() {
            let id = self.closures[index].id;
            let Some(sig) = self.ctx.fix_conventions(id) else { continue };
            let def = &mut self.closures[index];
            for (param, &(conv, _)) in def.params.iter_mut().zip(sig.params) {
                param.conv = conv;
            }
            let locals = self.closure_notes[index].locals.clone();
            for (local, &(conv, _)) in locals.into_iter().zip(sig.params) {
                let Some(local) = local else { continue };
                self.locals[local].by_ref = match conv {
                    Conv::Ref => Some(Mutability::Shared),
                    Conv::Mut => Some(Mutability::Mut),
                    Conv::Val | Conv::Own => None,
                };
                if conv == Conv::Mut {
                    self.locals[local].mutable = true;
                }
            }
        }
    }
}

fn plain_local(pattern: &Pat) -> Option<LocalId> {
    match pattern.kind {
        PatKind::Binding { local, sub: None, .. } => Some(local),
        _ => None,
    }
}
