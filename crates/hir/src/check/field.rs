//! Fields, tuple fields, indexing and slicing.
//!
//! The one thing to know: an element of a list or array is a built-in place; other types go
//! through `Index`, whose `&Output` is dereferenced. A slice is a *value*: `s[1..3]` has the type
//! `&string`.

use base::{Applicability, Diagnostic, Name, Span, codes};
use syntax::ast;

use super::coerce::Why;
use super::{Checker, Expect};
use crate::items::{AdtId, AdtKind, FieldDecl, VariantIdx};
use crate::thir::{self, BinOp, BindMode, ExprId, ExprKind, Lit, Pat, PatKind};
use crate::ty::{InferVar, Mutability, Predicate, TraitRef, Ty, TyKind, tys};

impl Checker<'_> {
    pub(super) fn check_field(&mut self, base: &ast::Expr, name: ast::Ident, span: Span) -> ExprId {
        if let Some(id) = self.type_with_dot(base, name, span) {
            return id;
        }
        let id = self.check_expr(base, Expect::Any);
        if name.name.as_str().is_empty() {
            self.has_errors = true;
            return self.error_expr(span);
        }
        if let Some(field) = self.find_field(id, name.name, name.span, span) {
            return field;
        }
        let ty = self.resolve(self.ty_of(id));
        if let TyKind::Infer(InferVar::Ty(_)) = ty.kind() {
            return self.report_unknown(id, base.span);
        }
        if !ty.has_error() {
            self.report_no_field(id, ty, name, span);
        }
        self.has_errors = true;
        self.error_expr(span)
    }

    /// `Type.name`: what is inside of a type is named with `::`.
    pub(super) fn type_with_dot(&mut self, base: &ast::Expr, name: ast::Ident, span: Span) -> Option<ExprId> {
        let ast::ExprKind::Path(path) = &base.kind else { return None };
        if let [segment] = path.segments.as_slice()
            && self.local_in_scope(segment.name.name).is_some()
        {
            return None;
        }
        let what = self.names_a_type(path)?;
        let text = self.sources.text(path.span).to_owned();
        let dot = Span { lo: base.span.hi, hi: name.span.lo, ..span };
        self.report(
            Diagnostic::error(
                codes::E0316,
                base.span,
                format!("`{text}` is {what}; what is in it is named with `::`"),
            )
            .label("not a value")
            .fix(format!("write `{text}::{}`", name.name), dot, "::", Applicability::Certain),
        );
        Some(self.error_expr(span))
    }

    /// The field as a place, through references and `Deref`.
    pub(super) fn find_field(
        &mut self,
        id: ExprId,
        name: Name,
        name_span: Span,
        span: Span,
    ) -> Option<ExprId> {
        let mut at = id;
        for _ in 0..16 {
            let ty = self.structurally(self.ty_of(at));
            if ty.has_error() && ty.is_error() {
                return Some(self.error_expr(span));
            }
            if let TyKind::Adt(adt, args) = *ty.kind()
                && self.program.adts[adt].kind == AdtKind::Struct
            {
                let program = self.program;
                let fields = &program.adts[adt].variants[VariantIdx(0)].fields;
                if let Some((index, field)) = fields.iter_enumerated().find(|(_, f)| f.name == name) {
                    let visible =
                        program.visible(program.adts[adt].module, field.public, self.current_module());
                    // A private field does not hide what a `Deref` leads to.
                    if visible || !self.implements("Deref", ty) {
                        self.require_visible_field(adt, field, name_span);
                        let field_ty = self.field_type(field.ty, args, span);
                        return Some(self.push(field_ty, span, ExprKind::Field { base: at, field: index }));
                    }
                }
            }
            if matches!(ty.kind(), TyKind::RawPtr(_)) {
                return None;
            }
            at = self.deref_place(at, span)?;
        }
        None
    }

    /// Where a struct declares a field of this name.
    pub(super) fn has_field(&self, ty: Ty, name: Name) -> Option<Span> {
        let TyKind::Adt(adt, _) = *ty.peel_refs().kind() else { return None };
        let decl = &self.program.adts[adt];
        if decl.kind != AdtKind::Struct {
            return None;
        }
        decl.variants[VariantIdx(0)].fields.iter().find(|f| f.name == name).map(|f| f.span)
    }

    pub(super) fn require_visible_field(&mut self, adt: AdtId, field: &FieldDecl, span: Span) -> bool {
        let decl = &self.program.adts[adt];
        let visible = decl.kind == AdtKind::Enum
            || self.program.visible(decl.module, field.public, self.current_module());
        if !visible {
            let (name, owner, place) = (field.name, decl.name, field.span);
            self.report(
                Diagnostic::error(codes::E0315, span, format!("the field `{name}` of `{owner}` is private"))
                    .label("not visible from this module")
                    .also(place, "declared here without `pub`"),
            );
        }
        visible
    }

    fn report_no_field(&mut self, id: ExprId, ty: Ty, name: ast::Ident, span: Span) {
        let shown = self.show(ty);
        let mut diagnostic =
            Diagnostic::error(codes::E0305, name.span, format!("`{shown}` has no field `{}`", name.name))
                .label("not found");
        if let TyKind::Adt(adt, _) = *self.structurally(ty).peel_refs().kind()
            && let Some(&state) = self.program.actors.get(&adt)
        {
            let mut diagnostic = Diagnostic::error(
                codes::E0305,
                name.span,
                format!("the state of the actor `{shown}` is its own"),
            )
            .label("only the actor's methods can reach it");
            let fields = &self.program.adts[state].variants[VariantIdx(0)].fields;
            if let Some(field) = fields.iter().find(|f| f.name == name.name) {
                diagnostic = diagnostic
                    .also(field.span, "declared here")
                    .help("write a method that gives it, and await the answer");
            }
            self.report(diagnostic);
            return;
        }
        let module = self.current_module();
        if let Ok(pick) = self.ctx.find_method(ty, name.name, module) {
            let place = self.program.fns[pick.method].name_span;
            let takes = self.program.fns[pick.method].params.len() > 1;
            diagnostic = diagnostic.also(place, "it has a method of this name").fix(
                "call the method",
                name.span.end(),
                if takes { "(…)" } else { "()" },
                Applicability::Maybe,
            );
            self.report(diagnostic);
            return;
        }
        if matches!(name.name.as_str(), "length" | "size" | "count")
            && self.ctx.find_method(ty, Name::new("len"), module).is_ok()
        {
            diagnostic = diagnostic.fix("call `len`", name.span, "len()", Applicability::Maybe);
            self.report(diagnostic);
            return;
        }
        let mut names: Vec<&'static str> = Vec::new();
        let mut at = id;
        for _ in 0..8 {
            let ty = self.structurally(self.ty_of(at));
            if let TyKind::Adt(adt, _) = *ty.kind()
                && self.program.adts[adt].kind == AdtKind::Struct
            {
                let fields = &self.program.adts[adt].variants[VariantIdx(0)].fields;
                names.extend(fields.iter().map(|f| f.name.as_str()));
            }
            if matches!(ty.kind(), TyKind::RawPtr(_)) {
                break;
            }
            let Some(next) = self.deref_place(at, span) else { break };
            if self.ty_of(next).is_error() {
                break;
            }
            at = next;
        }
        if let Some(close) = base::diagnostic::closest(name.name.as_str(), names.iter().copied()) {
            diagnostic =
                diagnostic.fix(format!("did you mean `{close}`?"), name.span, close, Applicability::Maybe);
        } else if !names.is_empty() && names.len() <= 12 {
            let list: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
            diagnostic = diagnostic.note(format!("its fields are {}", list.join(", ")));
        }
        self.report(diagnostic);
    }

    pub(super) fn report_unknown_field(&mut self, name: ast::Ident, adt: AdtId, variant: VariantIdx) {
        let decl = &self.program.adts[adt].variants[variant];
        let mut diagnostic = Diagnostic::error(
            codes::E0305,
            name.span,
            format!("`{}` has no field `{}`", decl.name, name.name),
        )
        .label("not found")
        .also(decl.span, "declared here");
        let names: Vec<&str> = decl.fields.iter().map(|f| f.name.as_str()).collect();
        if let Some(close) = base::diagnostic::closest(name.name.as_str(), names) {
            diagnostic =
                diagnostic.fix(format!("did you mean `{close}`?"), name.span, close, Applicability::Maybe);
        }
        self.report(diagnostic);
    }

    pub(super) fn check_tuple_field(
        &mut self,
        base: &ast::Expr,
        index: u32,
        index_span: Span,
        span: Span,
    ) -> ExprId {
        let id = self.check_expr(base, Expect::Any);
        let mut at = id;
        for _ in 0..16 {
            let ty = self.structurally(self.ty_of(at));
            match *ty.kind() {
                TyKind::Tuple(elems) => {
                    if let Some(&elem) = elems.get(index as usize) {
                        return self.push(elem, span, ExprKind::TupleField { base: at, index });
                    }
                    let shown = self.show(ty);
                    self.report(
                        Diagnostic::error(codes::E0305, index_span, format!("`{shown}` has no part {index}"))
                            .label(format!(
                                "it has {}, counted from 0",
                                super::pattern::count(elems.len(), "part")
                            )),
                    );
                    return self.error_expr(span);
                }
                TyKind::Adt(adt, args) if self.program.adts[adt].kind == AdtKind::Struct => {
                    let program = self.program;
                    let fields = &program.adts[adt].variants[VariantIdx(0)].fields;
                    let name = Name::new(&index.to_string());
                    if let Some((field, decl)) = fields.iter_enumerated().find(|(_, f)| f.name == name) {
                        self.require_visible_field(adt, decl, index_span);
                        let field_ty = self.field_type(decl.ty, args, span);
                        return self.push(field_ty, span, ExprKind::Field { base: at, field });
                    }
                }
                TyKind::Infer(InferVar::Ty(_)) => return self.report_unknown(at, base.span),
                TyKind::Error => return self.error_expr(span),
                TyKind::RawPtr(_) => break,
                _ => {}
            }
            match self.deref_place(at, span) {
                Some(next) => at = next,
                None => break,
            }
        }
        let ty = self.resolve(self.ty_of(id));
        if !ty.has_error() {
            let shown = self.show(ty);
            self.report(
                Diagnostic::error(codes::E0305, index_span, format!("`{shown}` has no part {index}"))
                    .label("only tuples and tuple structs have numbered parts"),
            );
        }
        self.error_expr(span)
    }

    // ------------------------------------------------------------ indexing

    pub(super) fn check_index(
        &mut self,
        base: &ast::Expr,
        index: &[ast::IndexArg],
        span: Span,
        expect: Expect,
    ) -> ExprId {
        if self.is_type_path(base)
            && let ast::ExprKind::Path(path) = &super::expr::unparen(base).kind
            && let Some(written) = crate::lower_ty::args_of_index(index, span)
        {
            let value = self.resolve_value(path, Some(&written));
            return self.value_expr(value, span, expect);
        }
        let [ast::IndexArg::Expr(index)] = index else {
            self.check_expr(base, Expect::Any);
            self.report(
                Diagnostic::error(codes::E0314, span, "an index is one value")
                    .label("not a value that can be indexed by this"),
            );
            return self.error_expr(span);
        };
        if let ast::ExprKind::Range { start, end, inclusive } = &super::expr::unparen(index).kind {
            return self.check_slice(base, start.as_deref(), end.as_deref(), *inclusive, false, span);
        }
        let id = self.check_expr(base, Expect::Any);
        if self.ty_of(id).has_error() {
            return self.error_expr(span);
        }
        let mut at = id;
        for _ in 0..16 {
            let ty = self.structurally(self.ty_of(at));
            match *ty.kind() {
                TyKind::List(elem) | TyKind::Array(elem, _) => {
                    let index = self.check_position(index);
                    let elem = self.structurally(elem);
                    return self.push(elem, span, ExprKind::Index { base: at, index });
                }
                TyKind::Infer(InferVar::Ty(_)) => {
                    self.check_expr(index, Expect::Any);
                    return self.report_unknown(at, base.span);
                }
                TyKind::Error => {
                    self.check_expr(index, Expect::Any);
                    return self.error_expr(span);
                }
                TyKind::Str | TyKind::RawPtr(_) | TyKind::Tuple(_) => break,
                TyKind::Ref(..) => {}
                _ => {
                    if let Some(place) = self.overloaded_index(at, ty, index, span) {
                        return place;
                    }
                }
            }
            match self.deref_place(at, span) {
                Some(next) => at = next,
                None => break,
            }
        }
        let ty = self.resolve(self.ty_of(at));
        self.check_expr(index, Expect::Any);
        self.report_not_indexable(at, ty, base, index, span);
        self.error_expr(span)
    }

    /// A position in a list: any integer type.
    fn check_position(&mut self, index: &ast::Expr) -> ExprId {
        let id = self.check_expr(index, Expect::Any);
        let id = self.peel(id);
        let ty = self.structurally(self.ty_of(id));
        if ty.is_integral() {
            return self.value(id);
        }
        let why = Why::message("a position in a list is an integer");
        self.coerce(id, Ty::int(), &why)
    }

    fn overloaded_index(&mut self, at: ExprId, ty: Ty, index: &ast::Expr, span: Span) -> Option<ExprId> {
        let trait_ = self.program.lang.trait_("Index")?;
        let key = self.fresh(index.span);
        let resolved = self.resolve(ty);
        let trait_ref = TraitRef { trait_, args: tys(&[resolved, key]) };
        if !self.may_hold(trait_ref) {
            return None;
        }
        self.require(Predicate::Trait(trait_ref), span);
        self.process();
        let hint = self.structurally(key);
        let why = Why::message("this collection is indexed by its keys");
        let id = self.check_expr(index, Expect::Hint(hint));
        let (_, method) = self.trait_method("Index", "index")?;
        let conv = self.program.fns[method].params.get(1).map(|p| p.conv);
        let key_arg = match conv {
            Some(crate::ty::Conv::Val | crate::ty::Conv::Own) => self.coerce(id, key, &why),
            _ => self.read_arg(id, key, &why),
        };
        let receiver = self.borrow(at, Mutability::Shared, true, span);
        let call = self.call_trait_unchecked("Index", "index", &[resolved, key], &[receiver, key_arg], span);
        let target = self.structurally(self.ty_of(call));
        let inner = match *target.kind() {
            TyKind::Ref(_, inner) => self.structurally(inner),
            _ => Ty::error(),
        };
        Some(self.push(inner, span, ExprKind::Deref(call)))
    }

    fn report_not_indexable(&mut self, id: ExprId, ty: Ty, base: &ast::Expr, index: &ast::Expr, span: Span) {
        if ty.has_error() {
            self.has_errors = true;
            return;
        }
        let shown = self.show(ty);
        let mut diagnostic = Diagnostic::error(codes::E0314, span, format!("`{shown}` cannot be indexed"))
            .label("not a list, map or other collection");
        match ty.kind() {
            TyKind::Str => {
                diagnostic = Diagnostic::error(
                    codes::E0314,
                    span,
                    "a string cannot be indexed by a single position",
                )
                .label("its characters take between one and four bytes each")
                .help("take a part with a range (`s[0..3]`), a byte with `s.bytes()[i]`, or a character with `s.chars().nth(i)`");
            }
            TyKind::Tuple([]) => diagnostic = self.nothing_help(diagnostic, id),
            TyKind::Tuple(_) => {
                let text = self.sources.text(index.span).to_owned();
                if text.chars().all(|c| c.is_ascii_digit()) {
                    diagnostic = diagnostic.fix(
                        "take the part of the tuple",
                        Span { lo: base.span.hi, ..span },
                        format!(".{text}"),
                        Applicability::Certain,
                    );
                }
            }
            _ if self.item_of(ty).is_some() => {
                diagnostic = diagnostic.help(
                    "this is an iterator, which gives one after the other: gather them with `.collect[[_]]()`, or take one with `.nth(i)`",
                );
            }
            _ => {}
        }
        self.report(diagnostic);
    }

    // ------------------------------------------------------------ slicing

    /// `base[start..end]`: a view of a part, as a value. The base is found once:
    /// `match &base { view => slice(view, start, end) }`.
    pub(super) fn check_slice(
        &mut self,
        base: &ast::Expr,
        start: Option<&ast::Expr>,
        end: Option<&ast::Expr>,
        inclusive: bool,
        mutable: bool,
        span: Span,
    ) -> ExprId {
        let id = self.check_expr(base, Expect::Any);
        let mut at = id;
        let mut found = false;
        for _ in 0..16 {
            let ty = self.structurally(self.ty_of(at));
            match ty.kind() {
                TyKind::Str | TyKind::List(_) | TyKind::Array(..) => {
                    found = true;
                    break;
                }
                TyKind::Error => break,
                TyKind::RawPtr(_) => break,
                _ => {}
            }
            match self.deref_place(at, span) {
                Some(next) => at = next,
                None => break,
            }
        }
        let ty = self.structurally(self.ty_of(at));
        if !found {
            for bound in start.into_iter().chain(end) {
                self.check_expr(bound, Expect::Any);
            }
            if let TyKind::Infer(InferVar::Ty(_)) = ty.kind() {
                return self.report_unknown(id, base.span);
            }
            if !ty.has_error() {
                let shown = self.show(ty);
                self.report(
                    Diagnostic::error(
                        codes::E0314,
                        span,
                        format!("`{shown}` has no parts to take by a range"),
                    )
                    .label("only strings, lists and arrays can be sliced"),
                );
            }
            return self.error_expr(span);
        }
        let (lang, mutability) = match (ty.kind(), mutable) {
            (TyKind::Str, false) => ("string_slice", Mutability::Shared),
            (TyKind::List(_) | TyKind::Array(..), false) => ("list_slice", Mutability::Shared),
            (TyKind::List(_), true) => ("list_slice_mut", Mutability::Mut),
            (TyKind::Str, true) => {
                self.report(
                    Diagnostic::error(codes::E0314, span, "a part of a string cannot be changed in place")
                        .label("its length in bytes may have to change"),
                );
                return self.error_expr(span);
            }
            _ => ("array_slice_mut", Mutability::Mut),
        };
        let mut reference = self.borrow(at, mutability, false, base.span);
        let mut view_ty = self.ty_of(reference);
        let mut whole = None;
        if let TyKind::Array(_, len) = *ty.kind() {
            whole = match *self.shallow(len).kind() {
                TyKind::Const(n) => Some(ExprKind::Literal(Lit::Int(n))),
                TyKind::Param(p) => Some(ExprKind::ConstParam(p.index)),
                _ => None,
            };
        }
        if let (TyKind::Array(elem, _), false) = (*ty.kind(), mutable) {
            view_ty = Ty::shared_ref(Ty::list(elem));
            reference = self.coerce(reference, view_ty, &Why::none());
        }
        let position = Why::message("a range of positions is made of `int`s");
        let start = match start {
            Some(start) => self.check_bound(start, &position),
            None => self.push(Ty::int(), span, ExprKind::Literal(Lit::Int(0))),
        };
        let holder = self.temp("view", base.span, view_ty);
        let end = match end {
            Some(end) => {
                let end_id = self.check_bound(end, &position);
                if inclusive {
                    let one = self.push(Ty::int(), end.span, ExprKind::Literal(Lit::Int(1)));
                    let kind = ExprKind::Binary { op: BinOp::Add, left: end_id, right: one };
                    self.push(Ty::int(), end.span, kind)
                } else {
                    end_id
                }
            }
            None if let Some(len) = whole => self.push(Ty::int(), span, len),
            None => {
                let inner = view_ty.pointee().map_or_else(Ty::error, |(_, t)| t);
                let place = self.deref_local(holder, inner, base.span);
                let view = self.borrow(place, Mutability::Shared, false, base.span);
                self.call_inherent(inner, "len", &[view], span)
            }
        };
        let view = self.local_place(holder, base.span);
        let view = self.value(view);
        let call = self.call_lang(lang, &[view, start, end], span);
        let ty = self.ty_of(call);
        let kind = PatKind::Binding { local: holder, mode: BindMode::Move, sub: None };
        let pattern = Pat { ty: view_ty, span: base.span, kind };
        let arm = thir::Arm { pattern, guard: None, body: call, span };
        self.push(ty, span, ExprKind::Match { scrutinee: reference, arms: vec![arm] })
    }

    fn check_bound(&mut self, expr: &ast::Expr, why: &Why) -> ExprId {
        let id = self.check_expr(expr, Expect::Hint(Ty::int()));
        let id = self.peel(id);
        self.coerce(id, Ty::int(), why)
    }
}
