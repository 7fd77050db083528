//! Arguments: matching them with parameters, borrowing by convention, and what to say when that
//! fails.

use base::{Applicability, Diagnostic, Span, codes};
use syntax::ast;

use super::call::{Target, is_closure};
use super::coerce::Why;
use super::expr::unparen;
use super::pattern::count;
use super::{Checker, Expect};
use crate::items::FieldIdx;
use crate::thir::ExprId;
use crate::ty::{Conv, Mutability, Ty, TyKind};

impl Checker<'_> {
    /// Matches written arguments with parameters.
    pub(super) fn check_args(
        &mut self,
        params: &[(Conv, Ty)],
        args: &[ast::Arg],
        target: Target,
        span: Span,
    ) -> Vec<ExprId> {
        self.check_args_given(params, args, &[], target, span)
    }

    /// The same for arguments some of which were checked already, without an expectation.
    pub(super) fn check_args_given(
        &mut self,
        params: &[(Conv, Ty)],
        args: &[ast::Arg],
        given: &[Option<ExprId>],
        target: Target,
        span: Span,
    ) -> Vec<ExprId> {
        if params.len() != args.len() {
            self.report_arity(params.len(), args, target, span);
            self.check_stray_args(args);
            return Vec::new();
        }
        let mut done: Vec<Option<ExprId>> = vec![None; args.len()];
        for late in [false, true] {
            if late {
                if done.iter().all(Option::is_some) {
                    break;
                }
                self.process();
            }
            for (i, arg) in args.iter().enumerate() {
                if done[i].is_some() || is_closure(&arg.value) != late {
                    continue;
                }
                let (conv, ty) = params[i];
                let given = given.get(i).copied().flatten();
                done[i] = Some(self.check_arg(arg, given, conv, ty, target, i));
            }
        }
        done.into_iter().flatten().collect()
    }

    fn check_arg(
        &mut self,
        arg: &ast::Arg,
        given: Option<ExprId>,
        conv: Conv,
        ty: Ty,
        target: Target,
        index: usize,
    ) -> ExprId {
        let check = |this: &mut Self, hint: Ty| match given {
            Some(id) => id,
            None => this.check_expr(&arg.value, Expect::Hint(hint)),
        };
        let why = self.arg_why(target, index, ty);
        if let Some(marker) = arg.mutable
            && conv != Conv::Mut
        {
            check(self, ty);
            self.report_marker(arg, marker, conv, target, index);
            return self.error_expr(arg.span);
        }
        match conv {
            Conv::Val | Conv::Own => {
                let hint = self.resolve(ty);
                let id = check(self, hint);
                self.coerce(id, ty, &why)
            }
            Conv::Ref => {
                let hint = self.structurally(ty);
                // `f([1, 2])` for a parameter that is only read needs no heap.
                if given.is_none()
                    && let TyKind::List(elem) = *hint.kind()
                    && let ast::ExprKind::List(elems) = &unparen(&arg.value).kind
                {
                    let array = self.check_array(elems, Some(elem), arg.span);
                    return self.read_arg(array, ty, &why);
                }
                let id = check(self, hint);
                self.read_arg(id, ty, &why)
            }
            Conv::Mut => {
                let hint = self.structurally(ty);
                let id = check(self, hint);
                let found = self.structurally(self.ty_of(id));
                let explicit = matches!(found.kind(), TyKind::Ref(Mutability::Mut, _)) && !self.is_place(id);
                if arg.mutable.is_none() && self.is_place(id) && !explicit {
                    self.report_no_marker(arg, target, index);
                }
                self.mut_arg(id, ty, &why)
            }
        }
    }

    fn arg_why(&mut self, target: Target, index: usize, ty: Ty) -> Why {
        match target {
            Target::Fn(id) => {
                let decl = &self.program.fns[id];
                let index = index + usize::from(decl.has_self);
                match decl.params.get(index) {
                    Some(param) if param.span != Span::default() => {
                        let span = param.span;
                        let shown = self.show(ty);
                        let text = if shown.contains('_') {
                            "this parameter".to_owned()
                        } else {
                            format!("this parameter is a `{shown}`")
                        };
                        Why::because(span, text)
                    }
                    _ => Why::none(),
                }
            }
            Target::Variant(adt, variant) => {
                let decl = &self.program.adts[adt].variants[variant];
                match decl.fields.get(FieldIdx(index as u32)) {
                    Some(field) => Why::because(field.span, "declared here"),
                    None => Why::none(),
                }
            }
            Target::Value => Why::none(),
        }
    }

    // ------------------------------------------------------------ messages

    fn report_arity(&mut self, expected: usize, args: &[ast::Arg], target: Target, span: Span) {
        let given = args.len();
        let (name, place) = self.target_name(target);
        let message = format!(
            "{name} takes {}, and {} {} given",
            count(expected, "argument"),
            given,
            if given == 1 { "is" } else { "are" }
        );
        let at = match args.get(expected) {
            Some(first) => args.last().map_or(first.span, |last| first.span.to(last.span)),
            None => Span { lo: span.hi.saturating_sub(1).max(span.lo), ..span },
        };
        let mut diagnostic = Diagnostic::error(codes::E0302, at, message);
        if given > expected {
            let noun = if given - expected == 1 { "argument" } else { "arguments" };
            diagnostic = diagnostic.label(format!("{noun} too many"));
        } else {
            let missing = self.missing_params(target, given);
            diagnostic = diagnostic.label(match missing {
                Some(names) => format!("missing {names}"),
                None => "more arguments are needed".to_owned(),
            });
        }
        if let Some(place) = place {
            diagnostic = diagnostic.also(place, "declared here");
        }
        if let Target::Fn(id) = target
            && expected == 1
            && self.program.in_std(self.program.fns[id].module)
        {
            diagnostic = self.interpolation_help(diagnostic, args);
        }
        self.report(diagnostic);
    }

    /// `println("{}", x)`: strings interpolate by themselves.
    fn interpolation_help(&self, diagnostic: Diagnostic, args: &[ast::Arg]) -> Diagnostic {
        let [format, values @ ..] = args else { return diagnostic };
        let text = self.sources.text(format.span);
        if values.is_empty() || !text.starts_with('"') {
            return diagnostic;
        }
        let parts: Vec<&str> = text.split("{}").collect();
        let values: Vec<&str> = values.iter().map(|v| self.sources.text(v.span)).collect();
        if parts.len() != values.len() + 1 || values.iter().any(|v| v.contains(['"', '\n'])) {
            return diagnostic.help("strings interpolate by themselves: `\"${name}: ${value}\"`");
        }
        let mut new = parts[0].to_owned();
        for (value, part) in values.iter().zip(&parts[1..]) {
            new.push_str(&format!("${{{value}}}{part}"));
        }
        let whole = args.iter().fold(format.span, |span, arg| span.to(arg.span));
        diagnostic.fix("put the values into the string", whole, new, Applicability::Maybe)
    }

    fn target_name(&self, target: Target) -> (String, Option<Span>) {
        match target {
            Target::Fn(id) => {
                let decl = &self.program.fns[id];
                (format!("`{}`", decl.name), Some(decl.name_span))
            }
            Target::Variant(adt, variant) => {
                let decl = &self.program.adts[adt].variants[variant];
                (format!("`{}`", decl.name), Some(decl.span))
            }
            Target::Value => ("this function".into(), None),
        }
    }

    fn missing_params(&mut self, target: Target, given: usize) -> Option<String> {
        let Target::Fn(id) = target else { return None };
        let decl = &self.program.fns[id];
        let skip = given + usize::from(decl.has_self);
        let names: Vec<String> = decl
            .params
            .iter()
            .skip(skip)
            .filter(|p| !p.name.as_str().is_empty())
            .map(|p| format!("`{}: {}`", p.name, crate::ty::display(self.program, p.ty)))
            .collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// `f(x)` where `x` would be changed.
    fn report_no_marker(&mut self, arg: &ast::Arg, target: Target, index: usize) {
        let mut diagnostic = Diagnostic::error(
            codes::E0310,
            arg.span,
            "this argument is changed by the call, which has to be said here with `mut`",
        )
        .fix("mark it", arg.span.start(), "mut ", Applicability::Certain);
        if let Some(place) = self.param_span(target, index) {
            diagnostic = diagnostic.also(place, "this parameter is `mut`");
        }
        self.report(diagnostic);
    }

    /// `f(mut x)` where nothing is changed.
    fn report_marker(&mut self, arg: &ast::Arg, marker: Span, conv: Conv, target: Target, index: usize) {
        let what = match conv {
            Conv::Own => "takes the value away",
            _ => "only reads",
        };
        let removal = Span { hi: arg.value.span.lo, ..marker };
        let mut diagnostic = Diagnostic::error(
            codes::E0310,
            marker,
            format!("this argument is marked `mut`, and the parameter {what}"),
        )
        .fix("leave out the marker", removal, "", Applicability::Certain);
        if let Some(place) = self.param_span(target, index) {
            diagnostic = diagnostic.also(place, "the parameter");
        }
        self.report(diagnostic);
    }

    fn param_span(&self, target: Target, index: usize) -> Option<Span> {
        let Target::Fn(id) = target else { return None };
        let decl = &self.program.fns[id];
        let param = decl.params.get(index + usize::from(decl.has_self))?;
        (param.span != Span::default()).then_some(param.span)
    }
}
