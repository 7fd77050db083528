//! The words for method calls that mean nothing, or too much.
//!
//! Not here: the lookup ([`crate::infer::probe`]), the bounds of a method that was found
//! ([`crate::infer::report`]).

use base::{Applicability, Diagnostic, Name, Span, codes};

use super::Checker;
use crate::infer::{NotFound, Pick, PickSource, ProbeError};
use crate::items::{FnId, FnParent, TraitId};
use crate::ty::display::{display_predicate, display_trait};
use crate::ty::{Predicate, TraitRef, Ty, TyKind, display};

impl Checker<'_> {
    /// The diagnostic for a failed lookup; none if the cause was reported before.
    pub(super) fn method_diagnostic(
        &mut self,
        error: &ProbeError,
        receiver: Ty,
        name: Name,
        span: Span,
    ) -> Option<Diagnostic> {
        match error {
            ProbeError::Error => None,
            ProbeError::Unknown(var) => Some(
                self.ctx.report_unknown(*var, span).also(span, format!("`{name}` needs to know the type")),
            ),
            ProbeError::Ambiguous(picks) => Some(self.ambiguous(picks, receiver, name, span)),
            ProbeError::NotFound(_) if self.is_reported(receiver, name) => None,
            ProbeError::NotFound(missing) => Some(self.not_found(missing, receiver, name, span)),
        }
    }

    /// Is the method missing because of something that has its own report: it is written in an
    /// impl of a trait that has no such method, or the receiver's type should not be?
    fn is_reported(&mut self, receiver: Ty, name: Name) -> bool {
        let receiver = self.resolve(receiver).peel_refs();
        let program = self.program;
        let borrows = match *receiver.kind() {
            TyKind::Adt(adt, args) => {
                let params = &program.adts[adt].generics.params;
                params.iter().zip(args).any(|(param, arg)| !param.view && arg.is_ref())
            }
            _ => false,
        };
        let misplaced = || {
            program.fns.iter().any(|f| {
                let FnParent::TraitImpl(id) = f.parent else { return false };
                let impl_ = &program.impls[id];
                f.name == name
                    && crate::traits::select::may_match(impl_.self_ty, receiver)
                    && impl_.trait_.is_some_and(|t| {
                        program.traits[t.trait_].methods.iter().all(|&m| program.fns[m].name != name)
                    })
            })
        };
        borrows || misplaced()
    }

    fn ambiguous(&mut self, picks: &[Pick], receiver: Ty, name: Name, span: Span) -> Diagnostic {
        let ty = self.show(receiver);
        let mut diagnostic = Diagnostic::error(
            codes::E0355,
            span,
            format!("`{name}` could be one of several methods of `{ty}`"),
        )
        .label("which one is meant?");
        let mut qualified = None;
        for pick in picks {
            let decl = &self.program.fns[pick.method];
            let owner = match pick.source {
                PickSource::Inherent(id) => {
                    let self_ty = self.program.impls[id].self_ty;
                    format!("of `{}`", display(self.program, self_ty))
                }
                PickSource::Trait(t) => format!("of the trait `{}`", self.program.traits[t].name),
                PickSource::Param(t) | PickSource::Dyn(t) => {
                    format!("of the trait `{}`", display_trait(self.program, t))
                }
            };
            if let FnParent::Trait(t) = decl.parent {
                qualified.get_or_insert(self.program.traits[t].name);
            }
            if !self.program.in_std(decl.module) {
                diagnostic = diagnostic.also(decl.name_span, format!("one is this, {owner}"));
            } else {
                diagnostic = diagnostic.note(format!("one is `{name}` {owner}"));
            }
        }
        match qualified {
            Some(t) => diagnostic.help(format!("name the trait: `{t}::{name}(…)`")),
            None => diagnostic,
        }
    }

    fn not_found(&mut self, missing: &NotFound, receiver: Ty, name: Name, span: Span) -> Diagnostic {
        let ty = self.show(receiver);
        if let Some((method, on, unmet)) = missing.unmet.first() {
            return self.bounds_unmet(*method, *on, unmet, name, span);
        }
        let mut diagnostic = Diagnostic::error(codes::E0304, span, format!("`{ty}` has no method `{name}`"))
            .label(format!("not a method of `{ty}`"));
        if let Some(advice) = self.inside_advice(receiver, name).or_else(|| self.other_name(receiver, name)) {
            return diagnostic.help(advice);
        }
        if let Some(similar) =
            missing.similar.filter(|similar| *similar == "iter" && !name.as_str().ends_with("items"))
        {
            diagnostic = diagnostic
                .help(format!("it is a method of iterators: `.{similar}().{name}(…)`"))
                .fix("make an iterator first", span.start(), "iter().", Applicability::Maybe);
        } else if let Some(similar) = missing.similar {
            diagnostic = diagnostic.help(format!("is `{similar}` meant?")).fix(
                format!("call `{similar}`"),
                span,
                similar.as_str(),
                Applicability::Maybe,
            );
        }
        if let TyKind::Tuple(parts) = *self.resolve(receiver).peel_refs().kind() {
            let module = self.current_module();
            if let Some(i) = parts.iter().position(|&part| self.ctx.has_method(part, name, module)) {
                diagnostic = diagnostic.help(format!(
                    "it is a method of a part, `.{i}`; a pair is taken apart with `let [a, b] = …`"
                ));
            }
        }
        if let Some(function) = missing.associated {
            let decl = &self.program.fns[function];
            let owner = match decl.parent {
                FnParent::Inherent(i) | FnParent::TraitImpl(i) => match *self.program.impls[i].self_ty.kind()
                {
                    TyKind::Adt(id, _) => self.program.adts[id].name.as_str().to_owned(),
                    _ => display(self.program, self.program.impls[i].self_ty),
                },
                FnParent::Trait(t) => self.program.traits[t].name.as_str().to_owned(),
                FnParent::None => String::new(),
            };
            diagnostic =
                diagnostic.help(format!("`{name}` takes no `self`: call it as `{owner}::{name}(…)`"));
            if !self.program.in_std(decl.module) {
                diagnostic = diagnostic.also(decl.name_span, "declared here");
            }
        } else if missing.similar.is_none() && !missing.traits.is_empty() {
            diagnostic = self.add_traits(diagnostic, &missing.traits, receiver, name);
        }
        diagnostic
    }

    /// The method is one of what the receiver holds, or not one at all.
    fn inside_advice(&mut self, receiver: Ty, name: Name) -> Option<String> {
        let ty = self.resolve(receiver).peel_refs();
        if name.as_str() == "into" {
            return Some("conversions name their target: `Target::from(value)`".into());
        }
        let TyKind::Adt(_, args) = *ty.kind() else { return None };
        let outer = self.std_type(ty)?;
        let module = self.current_module();
        let inner = *args.first()?;
        if inner.has_infer() || !self.ctx.has_method(inner, name, module) {
            return None;
        }
        let inner = self.show(inner);
        match outer.as_str() {
            "Option" | "Result" => Some(format!(
                "`{inner}` has it: take the value out first, with `?`, `match`, `if let` or `.unwrap()`"
            )),
            "Mutex" => Some(format!("`{inner}` has it, which is reached by a lock: `.lock().{name}(…)`")),
            "RwLock" => Some(format!(
                "`{inner}` has it, which is reached by a lock: `.read().{name}(…)` or `.write().{name}(…)`"
            )),
            _ => None,
        }
    }

    /// What a method of another language or library is called here.
    fn other_name(&mut self, receiver: Ty, name: Name) -> Option<String> {
        let ty = self.resolve(receiver).peel_refs();
        let of = self.std_type(ty);
        let of = of.as_ref().map(|name| name.as_str());
        let name = name.as_str();
        let ours = match (of, name) {
            (Some("Reply" | "Future" | "Task"), "unwrap" | "expect") => return None,
            (_, "unwrap" | "expect") => {
                return Some(format!("it is neither a `Result` nor an `Option`: leave out `.{name}(…)`"));
            }
            (
                Some("TcpStream" | "UnixStream" | "ReadHalf" | "Pipe" | "File"),
                "read_line" | "readline" | "lines",
            ) => return Some("lines are read by an `io::BufReader::new(…)` of it".into()),
            (None, "as_str" | "as_slice") => {
                return Some(format!(
                    "leave it out: `.{name}()` is what a parameter without `own` does by itself"
                ));
            }
            (Some("Deque"), "push" | "append" | "add") => "`push_back` or `push_front`",
            (Some("Deque"), "pop") => "`pop_back` or `pop_front`",
            (Some("Set"), "add" | "push") => "`insert`",
            (Some("Map"), "put" | "set" | "add") => "`insert`",
            (Some("Map" | "Set"), "has" | "contains_key" | "has_key" | "includes") => "`contains`",
            (Some("Receiver"), "receive" | "get" | "read") => "`recv`",
            (Some("Sender"), "put" | "push" | "write") => "`send`",
            (Some("Mutex"), "acquire") => "`lock`",
            (Some("Semaphore"), "wait" | "down") => "`acquire`",
            (Some("Semaphore"), "signal" | "up" | "post") => "`release`",
            _ => return None,
        };
        Some(format!("here it is called {ours}"))
    }

    fn add_traits(
        &mut self,
        diagnostic: Diagnostic,
        traits: &[TraitId],
        receiver: Ty,
        name: Name,
    ) -> Diagnostic {
        let receiver = self.resolve(receiver).peel_refs();
        let ty = display(self.program, receiver);
        let names: Vec<String> =
            traits.iter().take(4).map(|&t| format!("`{}`", self.program.traits[t].name)).collect();
        let list = names.join(", ");
        let one = names.len() == 1;
        let diagnostic = diagnostic.note(format!(
            "{} {list} {} `{name}`, and `{ty}` does not implement {}",
            if one { "the trait" } else { "the traits" },
            if one { "has a method" } else { "have a method" },
            if one { "it" } else { "them" },
        ));
        if one && let TyKind::Adt(..) | TyKind::Param(_) = receiver.kind() {
            let count = self.program.traits[traits[0]].generics.params.len();
            if count == 1 {
                let t = TraitRef { trait_: traits[0], args: crate::ty::tys(&[receiver]) };
                return self.ctx.add_remedy(diagnostic, t);
            }
        }
        diagnostic
    }

    fn bounds_unmet(
        &mut self,
        method: FnId,
        on: Ty,
        unmet: &[Predicate],
        name: Name,
        span: Span,
    ) -> Diagnostic {
        let ty = self.show(on);
        let mut diagnostic = Diagnostic::error(
            codes::E0354,
            span,
            format!("`{ty}` has a method `{name}`, but its bounds do not hold"),
        );
        let shown: Vec<String> =
            unmet.iter().take(3).map(|&p| format!("`{}`", display_predicate(self.program, p))).collect();
        diagnostic = diagnostic.label(format!("needs {}", shown.join(" and ")));
        let decl = &self.program.fns[method];
        if !self.program.in_std(decl.module) {
            diagnostic = diagnostic.also(decl.name_span, "declared here");
        }
        match unmet.first() {
            Some(&Predicate::Trait(t)) => self.ctx.add_remedies(diagnostic, t, unmet),
            _ => diagnostic,
        }
    }

    /// A method that exists and is not `pub`.
    pub(super) fn private_diagnostic(&mut self, pick: &Pick, name: Name, span: Span) -> Diagnostic {
        let ty = self.show(pick.self_ty);
        let decl = &self.program.fns[pick.method];
        let diagnostic =
            Diagnostic::error(codes::E0315, span, format!("the method `{name}` of `{ty}` is private"))
                .label("not visible from here")
                .also(decl.name_span, "declared without `pub`");
        match self.program.in_std(decl.module) {
            true => diagnostic,
            false => diagnostic.fix("make it public", decl.head.start(), "pub ", Applicability::Maybe),
        }
    }
}
