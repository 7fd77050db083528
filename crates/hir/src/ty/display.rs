//! Types in the user's words: `int`, `[string]`, `Map[string, int]`, `fn(int) -> int`.
//!
//! Not here: canonical keys for symbols (`mir::mono` makes its own). The one thing to know:
//! inference variables print as `_` (`{integer}`, `{float}` for number literals), so resolve a
//! type before showing it.

use std::fmt::Write;

use syntax::ast::Convention;

use super::{Conv, FnSig, InferVar, Mutability, Predicate, TraitRef, Ty, TyKind};
use crate::items::Program;

/// Longer types are cut off with `…`: a message is read, not parsed.
const MAX_LEN: usize = 400;

pub fn display(program: &Program, ty: Ty) -> String {
    let mut out = Printer { program, text: String::new(), depth: 0 };
    out.ty(ty);
    out.text
}

/// `Iterator[Item = int]` without the self type.
pub fn display_trait(program: &Program, trait_ref: TraitRef) -> String {
    let mut out = Printer { program, text: String::new(), depth: 0 };
    out.trait_(trait_ref.trait_, trait_ref.args.get(1..).unwrap_or(&[]), &[]);
    out.text
}

/// `T: Iterator`, `I::Item == int`, `F: fn(int)`.
pub fn display_predicate(program: &Program, predicate: Predicate) -> String {
    match predicate {
        Predicate::Trait(t) => {
            format!("{}: {}", display(program, t.self_ty()), display_trait(program, t))
        }
        Predicate::ProjectionEq(p, ty) => {
            format!("{} = {}", display(program, Ty::new(TyKind::Projection(p))), display(program, ty))
        }
        Predicate::Fn(ty, sig) => {
            format!("{}: {}", display(program, ty), display_sig(program, sig))
        }
    }
}

/// `fn(int, mut T) -> U` with `mut`/`own` before it.
pub fn display_sig(program: &Program, sig: FnSig) -> String {
    let mut out = Printer { program, text: String::new(), depth: 0 };
    out.sig(&sig);
    out.text
}

struct Printer<'a> {
    program: &'a Program,
    text: String,
    depth: u32,
}

impl Printer<'_> {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn ty(&mut self, ty: Ty) {
        if self.text.len() > MAX_LEN || self.depth > 24 {
            if !self.text.ends_with('…') {
                self.put("…");
            }
            return;
        }
        self.depth += 1;
        self.kind(ty);
        self.depth -= 1;
    }

    fn kind(&mut self, ty: Ty) {
        match ty.kind() {
            TyKind::Int(int) => self.put(int.name()),
            TyKind::Float(super::FloatTy::F32) => self.put("f32"),
            TyKind::Float(super::FloatTy::F64) => self.put("float"),
            TyKind::Bool => self.put("bool"),
            TyKind::Char => self.put("char"),
            TyKind::Str => self.put("string"),
            TyKind::Never => self.put("!"),
            TyKind::Tuple(elems) => {
                self.put("(");
                self.list(elems);
                self.put(if elems.len() == 1 { ",)" } else { ")" });
            }
            TyKind::List(elem) => {
                self.put("[");
                self.ty(*elem);
                self.put("]");
            }
            TyKind::Array(elem, len) => {
                self.put("[");
                self.ty(*elem);
                self.put("; ");
                self.ty(*len);
                self.put("]");
            }
            TyKind::Adt(id, args) => {
                self.put(self.program.adts[*id].name.as_str());
                // How a future holds its arguments cannot be written.
                if self.program.future_of_adt.contains_key(id) {
                    return;
                }
                if !args.is_empty() {
                    self.put("[");
                    self.list(args);
                    self.put("]");
                }
            }
            TyKind::Ref(m, ty) => {
                self.put(match m {
                    Mutability::Shared => "&",
                    Mutability::Mut => "&mut ",
                });
                self.ty(*ty);
            }
            TyKind::RawPtr(ty) => {
                self.put("*");
                self.ty(*ty);
            }
            TyKind::Closure(..) => self.put("closure"),
            TyKind::Dyn(d) => {
                self.put("dyn ");
                self.trait_(d.trait_, d.args, d.bindings);
            }
            TyKind::DynFn(sig) => {
                self.put("dyn ");
                self.sig(sig);
            }
            TyKind::Param(p) => self.put(p.name.as_str()),
            TyKind::Projection(p) => {
                let own = p.args.get(1..).unwrap_or(&[]);
                if let (Some(base), true) = (p.args.first(), own.is_empty()) {
                    self.ty(*base);
                } else {
                    self.put("<");
                    self.ty(p.args.first().copied().unwrap_or(Ty::error()));
                    self.put(" as ");
                    self.trait_(p.trait_, own, &[]);
                    self.put(">");
                }
                self.put("::");
                self.put(p.name.as_str());
            }
            TyKind::Const(value) => {
                let _ = write!(self.text, "{value}");
            }
            TyKind::Infer(InferVar::Ty(_)) => self.put("_"),
            TyKind::Infer(InferVar::Int(_)) => self.put("{integer}"),
            TyKind::Infer(InferVar::Float(_)) => self.put("{float}"),
            TyKind::Error => self.put("{unknown}"),
        }
    }

    fn list(&mut self, list: &[Ty]) {
        for (i, &ty) in list.iter().enumerate() {
            if i > 0 {
                self.put(", ");
            }
            self.ty(ty);
        }
    }

    fn trait_(&mut self, id: crate::items::TraitId, args: &[Ty], bindings: &[(base::Name, Ty)]) {
        self.put(self.program.traits[id].name.as_str());
        if args.is_empty() && bindings.is_empty() {
            return;
        }
        self.put("[");
        self.list(args);
        for (i, &(name, ty)) in bindings.iter().enumerate() {
            if i > 0 || !args.is_empty() {
                self.put(", ");
            }
            self.put(name.as_str());
            self.put(" = ");
            self.ty(ty);
        }
        self.put("]");
    }

    fn sig(&mut self, sig: &FnSig) {
        self.put(match sig.call {
            Convention::Read => "fn(",
            Convention::Mut => "mut fn(",
            Convention::Own => "own fn(",
        });
        for (i, &(conv, ty)) in sig.params.iter().enumerate() {
            if i > 0 {
                self.put(", ");
            }
            self.put(match conv {
                Conv::Val | Conv::Ref => "",
                Conv::Mut => "mut ",
                Conv::Own => "own ",
            });
            self.ty(ty);
        }
        self.put(")");
        if !sig.ret.is_unit() {
            self.put(" -> ");
            self.ty(sig.ret);
        }
    }
}
