//! What paths in expressions and patterns mean, with their generic arguments.
//!
//! Not here: items' names ([`crate::resolve`]). The one thing to know: a path resolves to a
//! [`Value`], which a call uses directly; anywhere else a function becomes a closure
//! ([`super::closure`]).

use base::{Applicability, Diagnostic, Name, Span, codes};
use syntax::ast;

use super::expr::unparen;
use super::{Checker, Expect};
use crate::infer::{Cause, CauseKind, Pick, PickSource};
use crate::items::{AdtId, AdtKind, Def, FnId, FnKind, Ns, Shape, VariantIdx};
use crate::resolve::{Res, Resolved, Resolver, describe};
use crate::thir::{Callee, ExprId, ExprKind, Lit, LocalId};
use crate::ty::{FnSig, Ty, TyKind, tys};

/// What a path stands for.
pub(super) enum Value {
    Local(LocalId),
    /// A constant, static or other finished expression.
    Place(ExprId),
    Fn {
        id: FnId,
        callee: Callee,
        sig: FnSig,
    },
    /// A variant or struct, with generic arguments.
    Variant {
        adt: AdtId,
        variant: VariantIdx,
        args: Vec<Ty>,
    },
    /// Already reported.
    Error,
}

impl Checker<'_> {
    pub(super) fn check_path(&mut self, path: &ast::Path, span: Span, expect: Expect) -> ExprId {
        let value = self.resolve_value(path, None);
        self.value_expr(value, span, expect)
    }

    /// A resolved path as an expression of its own.
    pub(super) fn value_expr(&mut self, value: Value, span: Span, expect: Expect) -> ExprId {
        match value {
            Value::Local(local) => {
                self.settle_by_use(local, expect);
                self.local_place(local, span)
            }
            Value::Place(id) => id,
            Value::Fn { id, callee, sig } if self.program.fns[id].attrs.constant => {
                let ret = sig.ret;
                self.push(ret, span, ExprKind::Call { callee, args: Vec::new() })
            }
            Value::Fn { id, callee, sig } => self.function_value(id, callee, sig, span, expect),
            Value::Variant { adt, variant, args } => {
                let shape = self.program.adts[adt].variants[variant].shape;
                let ty = Ty::adt(adt, &args);
                match shape {
                    Shape::Unit => {
                        if let Some(hint) = expect.hint() {
                            let hint = self.resolve(hint);
                            if matches!(hint.kind(), TyKind::Adt(..)) {
                                self.unify(hint, ty);
                            }
                        }
                        let program = self.program;
                        let cause = Cause::new(span, CauseKind::Adt(adt));
                        self.require_bounds(&program.adts[adt].generics, &args, cause);
                        let kind =
                            ExprKind::Adt { adt, variant, args: tys(&args), fields: vec![], base: None };
                        self.push(ty, span, kind)
                    }
                    Shape::Tuple => self.constructor_value(adt, variant, args, span, expect),
                    Shape::Named => {
                        let decl = &self.program.adts[adt].variants[variant];
                        let fields: Vec<String> =
                            decl.fields.iter().map(|f| format!("{}: …", f.name)).collect();
                        let text = self.sources.text(span).to_owned();
                        self.report(
                            Diagnostic::error(
                                codes::E0316,
                                span,
                                format!("`{text}` is not a value without its fields"),
                            )
                            .also(decl.span, "declared here")
                            .help(format!("write `{text}{{{}}}`", fields.join(", "))),
                        );
                        self.error_expr(span)
                    }
                }
            }
            Value::Error => {
                self.has_errors = true;
                self.error_expr(span)
            }
        }
    }

    pub(super) fn check_self(&mut self, span: Span) -> ExprId {
        match self.lookup_local(Name::new("self")) {
            Some(local) => {
                self.local_notes[local].used = true;
                self.local_place(local, span)
            }
            None => {
                let help = match self.owner {
                    crate::items::BodyOwner::Fn(id)
                        if self.program.fns[id].parent != crate::items::FnParent::None =>
                    {
                        "add `self` as the first parameter to make this a method"
                    }
                    _ => "only methods have a `self`",
                };
                self.report(Diagnostic::error(codes::E0201, span, "there is no `self` here").help(help));
                self.error_expr(span)
            }
        }
    }

    /// Whether brackets after this expression hold generic arguments, not an index.
    pub(super) fn is_type_path(&mut self, base: &ast::Expr) -> bool {
        let ast::ExprKind::Path(path) = &unparen(base).kind else { return false };
        if let [segment] = path.segments.as_slice()
            && (self.local_in_scope(segment.name.name).is_some() || segment.args.is_some())
        {
            return false;
        }
        let Ok(resolved) = self.try_resolve(path, Ns::Values) else { return false };
        if resolved.used < path.segments.len() {
            let last = path.segments.last().map(|segment| segment.name.name);
            return last.is_none_or(|name| !self.program.associated_constants.contains(&name));
        }
        match resolved.res {
            Res::Def(Def::Fn(_) | Def::Adt(_) | Def::Variant(..) | Def::Alias(_)) => true,
            Res::Def(_) | Res::Param(_) => false,
            Res::SelfTy => true,
        }
    }

    /// What the path of a struct literal names: a variant, or any type (`Def::Adt`).
    pub(super) fn resolve_struct_path(&mut self, path: &ast::Path) -> Option<Def> {
        let resolved = match self.try_resolve(path, Ns::Types) {
            Ok(resolved) => resolved,
            Err(diagnostic) => {
                self.report(*diagnostic);
                return None;
            }
        };
        let rest = path.segments.len() - resolved.used;
        match resolved.res {
            Res::Def(Def::Error) => None,
            Res::Def(def @ Def::Variant(..)) if rest == 0 => Some(def),
            Res::Def(Def::Adt(id)) if rest == 0 => Some(Def::Adt(id)),
            Res::SelfTy | Res::Def(Def::Alias(_)) if rest == 0 => {
                self.pattern_type(path, path.segments.len(), None)
            }
            Res::SelfTy | Res::Def(Def::Alias(_)) if rest == 1 => {
                let name = path.segments[resolved.used].name;
                self.pattern_type(path, resolved.used, Some(name))
            }
            Res::Def(def) => Some(def),
            Res::Param(_) | Res::SelfTy => {
                self.not_a_value(path, "a type parameter");
                None
            }
        }
    }

    pub(super) fn resolves(&mut self, path: &ast::Path) -> bool {
        self.try_resolve(path, Ns::Values).is_ok()
    }

    pub(super) fn try_resolve(&mut self, path: &ast::Path, ns: Ns) -> Result<Resolved, Box<Diagnostic>> {
        self.in_scope(|program, scope, _| Resolver::new(program).resolve_path(path, ns, scope))
    }

    /// Whether a path names a type or module and no value: what kind of thing it is.
    pub(super) fn names_a_type(&mut self, path: &ast::Path) -> Option<&'static str> {
        if self.try_resolve(path, Ns::Values).is_ok() {
            return None;
        }
        let resolved = self.try_resolve(path, Ns::Types).ok()?;
        if resolved.used != path.segments.len() {
            return None;
        }
        match resolved.res {
            Res::Def(Def::Adt(id)) => match self.program.adts[id].kind {
                AdtKind::Enum => Some("an enum"),
                AdtKind::Struct => Some("a struct"),
            },
            Res::Def(Def::Mod(_)) => Some("a module"),
            Res::Def(Def::Builtin(_) | Def::Alias(_)) | Res::SelfTy => Some("a type"),
            _ => None,
        }
    }

    /// A local variable, unless an item of a nearer block has the name.
    pub(super) fn local_in_scope(&self, name: Name) -> Option<LocalId> {
        let resolver = Resolver::new(self.program);
        for scope in self.scopes.iter().rev() {
            if let Some(binding) = scope.bindings.iter().rev().find(|b| b.name == name) {
                return Some(binding.local);
            }
            if let Some(module) = scope.module
                && resolver.own(name, Ns::Values, module).is_some()
            {
                return None;
            }
        }
        None
    }

    /// What a path means. `trailing`: generic arguments parsed as an index.
    pub(super) fn resolve_value(&mut self, path: &ast::Path, trailing: Option<&ast::GenericArgs>) -> Value {
        if let [segment] = path.segments.as_slice()
            && segment.args.is_none()
            && let Some(local) = self.local_in_scope(segment.name.name)
        {
            self.local_notes[local].used = true;
            return Value::Local(local);
        }
        let resolved = match self.try_resolve(path, Ns::Values) {
            Ok(resolved) => resolved,
            Err(diagnostic) => {
                if let [segment] = path.segments.as_slice()
                    && let Some(field) = self.invariant_field(segment.name.name, path.span)
                {
                    return Value::Place(field);
                }
                let diagnostic = match path.segments.as_slice() {
                    [segment] => self.unresolved_name(segment.name),
                    _ => *diagnostic,
                };
                self.report(diagnostic);
                return Value::Error;
            }
        };
        if resolved.used < path.segments.len() {
            return self.associated(path, trailing, resolved);
        }
        let last = path.segments.last();
        let written = trailing.or_else(|| last.and_then(|s| s.args.as_deref()));
        let span = path.span;
        match resolved.res {
            Res::Def(Def::Fn(id)) => {
                if let FnKind::Constructor(adt, variant) = self.program.fns[id].kind {
                    return self.variant_value(adt, variant, path, written, resolved.used);
                }
                let id = self.by_number_of_args(id);
                let program = self.program;
                let generics = &program.fns[id].generics;
                let what = format!("function `{}`", program.fns[id].name);
                let args = self.lower_generic_args(generics, &[], written, &what, span);
                self.function(id, args, span)
            }
            Res::Def(Def::Variant(adt, variant)) => {
                self.variant_value(adt, variant, path, written, resolved.used)
            }
            Res::Def(Def::Adt(adt)) => {
                if self.program.adts[adt].kind == AdtKind::Enum {
                    return self.not_a_value(path, "an enum");
                }
                self.variant_value(adt, VariantIdx(0), path, written, resolved.used)
            }
            Res::Def(Def::Const(id)) => {
                let ty = self.program.consts[id].ty;
                Value::Place(self.push(ty, span, ExprKind::Const(id)))
            }
            Res::Def(Def::Static(id)) => {
                let ty = self.program.statics[id].ty;
                Value::Place(self.push(ty, span, ExprKind::Static(id)))
            }
            Res::Param(index) => {
                let param = &self.generics.params[index as usize];
                if param.is_const {
                    return Value::Place(self.push(Ty::int(), span, ExprKind::ConstParam(index)));
                }
                self.not_a_value(path, "a type parameter")
            }
            Res::SelfTy | Res::Def(Def::Alias(_)) => {
                let ty = self.lower_path_type(path, path.segments.len());
                match *self.shallow(ty).kind() {
                    TyKind::Adt(adt, args) if self.program.adts[adt].kind == AdtKind::Struct => {
                        Value::Variant { adt, variant: VariantIdx(0), args: args.to_vec() }
                    }
                    TyKind::Error => Value::Error,
                    _ => self.not_a_value(path, "a type"),
                }
            }
            Res::Def(Def::Error) => Value::Error,
            Res::Def(def) => {
                let what = describe(self.program, def);
                let article = if what.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
                self.not_a_value(path, &format!("{article} {what}"))
            }
        }
    }

    pub(super) fn unresolved_name(&mut self, name: ast::Ident) -> Diagnostic {
        let locals: Vec<Name> = self.names_in_scope().into_iter().map(Name::new).collect();
        let module = self.current_module();
        let diagnostic = Resolver::new(self.program).unresolved(name, Ns::Values, module, &locals);
        match self.of_self(name.name) {
            Some(what) => diagnostic.help(format!("there is {what} of this name: `self.{}`", name.name)).fix(
                "name what it belongs to",
                name.span.start(),
                "self.",
                Applicability::Maybe,
            ),
            None => diagnostic,
        }
    }

    /// What `self`, where there is one, has of this name.
    fn of_self(&mut self, name: Name) -> Option<&'static str> {
        let local = self.lookup_local(Name::new("self"))?;
        let ty = self.resolve(self.locals[local].ty).peel_refs();
        if self.has_field(ty, name).is_some() {
            return Some("a field");
        }
        let module = self.current_module();
        self.ctx.has_method(ty, name, module).then_some("a method")
    }

    fn not_a_value(&mut self, path: &ast::Path, what: &str) -> Value {
        let text = self.sources.text(path.span).to_owned();
        let mut diagnostic =
            Diagnostic::error(codes::E0316, path.span, format!("`{text}` is {what}, not a value"))
                .label("a value is needed here");
        if what == "a type" || what == "an enum" {
            diagnostic = diagnostic.help(format!("name something in it: `{text}::…`"));
        }
        self.report(diagnostic);
        Value::Error
    }

    /// A function with its arguments decided; demands its bounds.
    pub(super) fn function(&mut self, id: FnId, args: Vec<Ty>, span: Span) -> Value {
        let program = self.program;
        let decl = &program.fns[id];
        self.require_bounds(&decl.generics, &args, Cause::new(span, CauseKind::Fn(id)));
        let sig = self.ctx.normalize_sig(decl.sig().subst(&args), span);
        Value::Fn { id, callee: Callee::Fn { id, args: tys(&args) }, sig }
    }

    fn variant_value(
        &mut self,
        adt: AdtId,
        variant: VariantIdx,
        path: &ast::Path,
        written: Option<&ast::GenericArgs>,
        used: usize,
    ) -> Value {
        // `Option[int]::None`: the arguments stand on the enum.
        let on_enum = used.checked_sub(2).and_then(|i| path.segments[i].args.as_deref());
        let written = written.or(on_enum);
        let program = self.program;
        let decl = &program.adts[adt];
        let what = format!("`{}`", decl.name);
        let args = self.lower_generic_args(&decl.generics, &[], written, &what, path.span);
        Value::Variant { adt, variant, args }
    }

    /// The type that the first `count` segments of a path name. Arguments left out are inferred,
    /// also those that have defaults.
    pub(super) fn lower_path_type(&mut self, path: &ast::Path, count: usize) -> Ty {
        let segments = path.segments[..count].to_vec();
        let bare = ast::Path { span: path.span, segments: segments.clone() };
        if segments.iter().all(|s| s.args.is_none())
            && let Ok(resolved) = self.try_resolve(&bare, Ns::Types)
            && resolved.used == count
            && let Res::Def(Def::Adt(adt)) = resolved.res
            && self.program.adts[adt].kind == AdtKind::Struct
        {
            return self.fresh_adt(adt, path.span).0;
        }
        let end = segments
            .last()
            .map_or(path.span, |s| s.args.as_deref().map_or(s.name.span, |a| s.name.span.to(a.span)));
        let span = Span { hi: end.hi, ..path.span };
        let ty = ast::TypeExpr { span, kind: ast::TypeExprKind::Path(ast::Path { span, segments }) };
        self.lower_type(&ty)
    }

    /// `Type::name`, `Trait::name`, `T::name`.
    fn associated(
        &mut self,
        path: &ast::Path,
        trailing: Option<&ast::GenericArgs>,
        resolved: Resolved,
    ) -> Value {
        let last = path.segments.len() - 1;
        let segment = &path.segments[last];
        let name = segment.name;
        let written = trailing.or(segment.args.as_deref());
        if let Res::Def(Def::Trait(trait_)) = resolved.res
            && resolved.used == last
        {
            return self.trait_function(path, trait_, name, written);
        }
        if let Res::Def(def @ (Def::Fn(_) | Def::Const(_) | Def::Static(_) | Def::Variant(..))) = resolved.res
        {
            let what = describe(self.program, def);
            self.report(
                Diagnostic::error(
                    codes::E0319,
                    name.span,
                    format!("a {what} has nothing named `{}` in it", name.name),
                )
                .label("not found"),
            );
            return Value::Error;
        }
        let ty = self.lower_path_type(path, last);
        let ty = self.structurally(ty);
        if ty.has_error() {
            self.has_errors = true;
            return Value::Error;
        }
        if let TyKind::Adt(adt, args) = *ty.kind() {
            let variants = &self.program.adts[adt].variants;
            if self.program.adts[adt].kind == AdtKind::Enum
                && let Some((variant, _)) = variants.iter_enumerated().find(|(_, v)| v.name == name.name)
            {
                return Value::Variant { adt, variant, args: args.to_vec() };
            }
        }
        let module = self.current_module();
        match self.ctx.find_associated(ty, name.name, module) {
            Ok(pick) => {
                if pick.private {
                    let diagnostic = self.private_diagnostic(&pick, name.name, name.span);
                    self.report(diagnostic);
                }
                self.confirmed(&pick, written, path.span)
            }
            Err(error) => {
                self.report_no_associated(&error, ty, name);
                Value::Error
            }
        }
    }

    fn trait_function(
        &mut self,
        path: &ast::Path,
        trait_: crate::items::TraitId,
        name: ast::Ident,
        written: Option<&ast::GenericArgs>,
    ) -> Value {
        let program = self.program;
        let decl = &program.traits[trait_];
        let Some(&method) = decl.methods.iter().find(|&&m| program.fns[m].name == name.name) else {
            let names: Vec<&str> = decl.methods.iter().map(|&m| program.fns[m].name.as_str()).collect();
            let mut diagnostic = Diagnostic::error(
                codes::E0319,
                name.span,
                format!("the trait `{}` has no function `{}`", decl.name, name.name),
            )
            .label("not found");
            if let Some(close) = base::diagnostic::closest(name.name.as_str(), names) {
                diagnostic = diagnostic.fix(
                    format!("did you mean `{close}`?"),
                    name.span,
                    close,
                    Applicability::Maybe,
                );
            }
            self.report(diagnostic);
            return Value::Error;
        };
        let self_ty = self.fresh(path.span);
        self.open_selves.push(self_ty);
        let pick = self.ctx.trait_pick(trait_, method, self_ty);
        self.confirmed(&pick, written, path.span)
    }

    /// A pick as a function to call.
    pub(super) fn confirmed(&mut self, pick: &Pick, written: Option<&ast::GenericArgs>, span: Span) -> Value {
        let explicit = self.own_generic_args(pick.method, written);
        let confirmed = self.ctx.confirm(pick, &explicit, span);
        Value::Fn { id: pick.method, callee: confirmed.callee, sig: confirmed.sig }
    }

    /// The written generic arguments of a method itself.
    pub(super) fn own_generic_args(&mut self, method: FnId, written: Option<&ast::GenericArgs>) -> Vec<Ty> {
        let Some(written) = written else { return Vec::new() };
        let decl = &self.program.fns[method];
        let own: Vec<_> = decl.generics.params[decl.generics.parent_count.min(decl.generics.params.len())..]
            .iter()
            .filter(|p| !p.implicit)
            .collect();
        let (own_count, name, place) = (own.len(), decl.name, decl.name_span);
        if written.args.len() > own_count {
            self.report(
                Diagnostic::error(
                    codes::E0311,
                    written.span,
                    format!(
                        "`{name}` takes {}, and {} {} given",
                        super::pattern::count(own_count, "type argument"),
                        written.args.len(),
                        if written.args.len() == 1 { "is" } else { "are" }
                    ),
                )
                .label("too many")
                .also(place, "declared here"),
            );
            return Vec::new();
        }
        written.args.iter().map(|t| self.lower_type(t)).collect()
    }

    // ------------------------------------------------------------ patterns

    /// The variant, constant or struct that a bare name in a pattern means, if any.
    pub(super) fn pattern_constant(&mut self, name: Name) -> Option<Def> {
        let module = self.current_module();
        let entry = Resolver::new(self.program).lookup(name, Ns::Values, module)?;
        match entry.def {
            Def::Variant(adt, variant) => {
                let shape = self.program.adts[adt].variants[variant].shape;
                (shape == Shape::Unit).then_some(entry.def)
            }
            Def::Adt(adt) => {
                let decl = &self.program.adts[adt];
                (decl.kind == AdtKind::Struct && decl.variants[VariantIdx(0)].shape == Shape::Unit)
                    .then_some(entry.def)
            }
            Def::Const(_) => Some(entry.def),
            _ => None,
        }
    }

    /// What a path in a pattern names. Reports what it does not find.
    /// `ty` is what is matched: one of its variants may lack the enum's name.
    pub(super) fn resolve_pattern_path(&mut self, path: &ast::Path, ty: Ty) -> Option<Def> {
        let resolved = match self.try_resolve(path, Ns::Values) {
            Ok(resolved) => resolved,
            // A struct is a type only.
            Err(first) => match self.try_resolve(path, Ns::Types) {
                Ok(resolved) => resolved,
                Err(_) => {
                    let meant = self.bare_variant(path, ty, *first);
                    self.has_errors = true;
                    return meant;
                }
            },
        };
        match resolved.res {
            Res::Def(def) if resolved.used == path.segments.len() => match def {
                Def::Alias(_) => self.pattern_type(path, path.segments.len(), None),
                Def::Fn(id) => match self.program.fns[id].kind {
                    FnKind::Constructor(adt, variant) => Some(Def::Variant(adt, variant)),
                    _ => Some(def),
                },
                _ => Some(def),
            },
            Res::SelfTy if resolved.used == path.segments.len() => {
                self.pattern_type(path, path.segments.len(), None)
            }
            _ if resolved.used + 1 == path.segments.len() => {
                let name = path.segments[resolved.used].name;
                if self.program.associated_constants.contains(&name.name)
                    && let Some(found) = self.pattern_associated(path, resolved.used, name)
                {
                    return found;
                }
                self.pattern_type(path, resolved.used, Some(name))
            }
            _ => {
                self.report(
                    Diagnostic::error(codes::E0402, path.span, "this names nothing that could be matched")
                        .label("neither a variant nor a constant"),
                );
                None
            }
        }
    }

    /// `int::MAX` and the like, which every integer type has by a trait's default.
    pub(super) fn integer_constant(&mut self, path: &ast::Path) -> Option<(Ty, Lit)> {
        let resolved = self.try_resolve(path, Ns::Values).ok()?;
        let (Res::Def(Def::Builtin(builtin)), [name]) = (resolved.res, &path.segments[resolved.used..])
        else {
            return None;
        };
        let TyKind::Int(int) = *builtin.0.kind() else { return None };
        let (lo, hi) = int.range();
        match name.name.name.as_str() {
            "MIN" => Some((builtin.0, Lit::Int(lo))),
            "MAX" => Some((builtin.0, Lit::Int(hi))),
            "BITS" => Some((Ty::int(), Lit::Int(i128::from(int.bits())))),
            _ => None,
        }
    }

    /// A constant of a type (`Self::LIMIT`), if it has one of this name. Inside `None`: refused.
    fn pattern_associated(
        &mut self,
        path: &ast::Path,
        count: usize,
        name: ast::Ident,
    ) -> Option<Option<Def>> {
        let ty = self.lower_path_type(path, count);
        let ty = self.structurally(ty);
        if let TyKind::Adt(adt, _) = *ty.kind()
            && self.program.adts[adt].variants.iter().any(|v| v.name == name.name)
        {
            return None;
        }
        let module = self.current_module();
        let pick = self.ctx.find_associated(ty, name.name, module).ok()?;
        if !self.program.fns[pick.method].attrs.constant {
            return None;
        }
        let method = match pick.source {
            PickSource::Inherent(_) => Some(pick.method),
            PickSource::Trait(trait_) if ty.is_ground() => self.ctx.given_method(trait_, ty, name.name),
            _ => None,
        };
        if method.is_none() {
            self.report_open_constant(path.span);
        }
        Some(method.map(Def::Fn))
    }

    /// A constant whose value is not known while bodies are checked.
    pub(super) fn report_open_constant(&mut self, span: Span) {
        let text = self.sources.text(span).to_owned();
        self.report(
            Diagnostic::error(codes::E0402, span, "the value of this constant is not known here")
                .label("cannot be a pattern")
                .help(format!("compare with it in a guard: `x if x == {text}`")),
        );
    }

    /// Type and value of what a path in a pattern named, if it is a constant.
    pub(super) fn pattern_value(&mut self, def: Def) -> Option<(Ty, Option<Lit>)> {
        let program = self.program;
        match def {
            Def::Const(id) => Some((program.consts[id].ty, self.const_literal(id))),
            Def::Fn(id) if program.fns[id].attrs.constant => {
                let decl = &program.fns[id];
                let lit = match decl.ast.as_ref().and_then(|f| f.body.as_ref()).map(|b| &b.stmts[..]) {
                    Some([ast::Stmt { kind: ast::StmtKind::Expr(value), .. }]) => match decl.ret.kind() {
                        TyKind::Int(_) => {
                            let scope = crate::lower_ty::TyScope::new(decl.module, &decl.generics);
                            crate::consteval::eval(program, &scope, value).ok().map(Lit::Int)
                        }
                        _ => self.written_literal(value, decl.ret),
                    },
                    _ => None,
                };
                Some((decl.ret, lit))
            }
            _ => None,
        }
    }

    /// A struct, or a variant of an enum, through a type (`Self::Red`).
    fn pattern_type(&mut self, path: &ast::Path, count: usize, variant: Option<ast::Ident>) -> Option<Def> {
        let ty = self.lower_path_type(path, count);
        let ty = self.structurally(ty);
        let TyKind::Adt(adt, _) = *ty.kind() else {
            if !ty.has_error() {
                self.report(
                    Diagnostic::error(codes::E0402, path.span, "this names nothing that could be matched")
                        .label("neither a variant nor a constant"),
                );
            }
            self.has_errors = true;
            return None;
        };
        let Some(name) = variant else { return Some(Def::Adt(adt)) };
        let decl = &self.program.adts[adt];
        let found = decl.variants.iter_enumerated().find(|(_, v)| v.name == name.name);
        match found {
            Some((variant, _)) if decl.kind == AdtKind::Enum => Some(Def::Variant(adt, variant)),
            _ => {
                let names: Vec<&str> = decl.variants.iter().map(|v| v.name.as_str()).collect();
                let close = base::diagnostic::closest(name.name.as_str(), names);
                let mut diagnostic = Diagnostic::error(
                    codes::E0319,
                    name.span,
                    format!("`{}` has no variant `{}`", decl.name, name.name),
                )
                .label("not found")
                .also(decl.name_span, "declared here");
                if let Some(close) = close {
                    diagnostic = diagnostic.fix(
                        format!("did you mean `{close}`?"),
                        name.span,
                        close,
                        Applicability::Maybe,
                    );
                }
                self.report(diagnostic);
                None
            }
        }
    }

    // ------------------------------------------------------------ constants

    /// The value of a constant as a literal, where it can be known now.
    pub(super) fn const_literal(&mut self, id: crate::items::ConstId) -> Option<Lit> {
        let item = &self.program.consts[id];
        let (ty, ast) = (item.ty, item.ast.clone());
        match ty.kind() {
            TyKind::Int(_) => crate::consteval::eval_const(self.program, id).ok().map(Lit::Int),
            _ => self.written_literal(ast.value.as_ref()?, ty),
        }
    }

    fn written_literal(&mut self, value: &ast::Expr, ty: Ty) -> Option<Lit> {
        let (negative, inner) = match &unparen(value).kind {
            ast::ExprKind::Unary { op: ast::UnaryOp::Neg, operand } => (true, unparen(operand)),
            _ => (false, unparen(value)),
        };
        let ast::ExprKind::Literal(literal) = &inner.kind else { return None };
        let (_, lit) = self.literal(literal, false, value.span, Some(ty));
        Some(if negative { super::literal::negate(lit) } else { lit })
    }

    /// An array's length, as a type argument.
    pub(super) fn const_len(&mut self, count: &ast::Expr) -> Ty {
        let found =
            self.in_scope(|program, scope, out| match crate::consteval::eval_ty(program, scope, count) {
                Ok(ty) => Some(ty),
                Err(refused) => {
                    out.extend(refused.map(|d| *d));
                    None
                }
            });
        found.unwrap_or_else(|| {
            self.has_errors = true;
            Ty::error()
        })
    }
}
