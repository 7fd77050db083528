//! The futures of `async` functions: for each one a type that holds a call's arguments, and how
//! it runs.
//!
//! ```text
//! async fn f[T](a: A, b: mut B, c: own C) -> R
//!
//! struct "future of f"[T, $0: view + Lent[A]]: $0, &mut B, C      # no name that can be written
//! impl … Awaitable for it: type Output = R; fn run(own self) -> R: f(self.0.lent(), self.1, self.2)
//! ```
//!
//! `f` itself stays the function with the written body: `await f(x)` calls it, and no future is made.
//! What an argument that is only read is held as follows from the call: a place is borrowed, a
//! value is kept. So the future of `f("text")` owns what it needs. A result that borrows can only
//! come from what was borrowed: then all are.

use std::sync::Arc;

use base::{Name, Span};
use syntax::ast;

use crate::items::*;
use crate::ty::{Conv, Predicate, TraitRef, Ty, tys};

/// The future of one function.
#[derive(Debug, Clone)]
pub struct Future {
    pub adt: AdtId,
    pub fields: Vec<Held>,
}

/// How a future holds an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// By value, or the reference that the convention makes.
    Plain,
    /// As the type parameter with this number, which lends a value of the parameter's type.
    Lent(u32),
}

/// The role of std's trait for what can be awaited, its result and its one method.
pub const TRAIT: &str = "Awaitable";
pub const OUTPUT: &str = "Output";
pub const RUN: &str = "run";

/// Adds the types and impls, once everything written is known.
pub(crate) fn declare(program: &mut Program) {
    let lang = &program.lang;
    let (Some(awaitable), Some(lent)) = (lang.trait_(TRAIT), lang.trait_("Lent")) else { return };
    let functions: Vec<FnId> =
        program.fns.iter_enumerated().filter(|(_, f)| f.is_async).map(|(id, _)| id).collect();
    for function in functions {
        declare_one(program, function, awaitable, lent);
    }
}

fn declare_one(program: &mut Program, function: FnId, awaitable: TraitId, lent: TraitId) {
    let decl = &program.fns[function];
    let (span, module) = (decl.name_span, decl.module);
    let name = Name::new(&format!("future of {}", decl.name));
    let mut generics = decl.generics.clone();
    if let FnParent::Trait(trait_) = decl.parent {
        let count = program.traits[trait_].generics.params.len();
        let args: Vec<Ty> = generics.identity().into_iter().take(count).collect();
        generics.predicates.push(Predicate::Trait(TraitRef { trait_, args: tys(&args) }));
    }
    generics.parent_count = 0;
    for param in &mut generics.params {
        param.default = None;
    }
    let borrowed_result = !decl.ret_origins.is_empty();
    let mut fields = base::IndexVec::new();
    let mut held = Vec::new();
    let mut inherent_view = false;
    for param in &decl.params {
        let (ty, how) = match param.conv {
            Conv::Val | Conv::Own => (param.ty, Held::Plain),
            Conv::Mut => (Ty::mut_ref(param.ty), Held::Plain),
            Conv::Ref if borrowed_result => (Ty::shared_ref(param.ty), Held::Plain),
            Conv::Ref => {
                let index = generics.params.len() as u32;
                let name = Name::new(&format!("${index}"));
                let ty = Ty::param(index, name);
                generics.params.push(GenericParam {
                    bound_at: None,
                    name,
                    span,
                    view: true,
                    is_const: false,
                    implicit: true,
                    default: None,
                });
                generics
                    .predicates
                    .push(Predicate::Trait(TraitRef { trait_: lent, args: tys(&[ty, param.ty]) }));
                (ty, Held::Lent(index))
            }
        };
        inherent_view |=
            crate::collect::holds_views(program, &generics, ty) == crate::collect::Holds::Literally;
        let name = Name::new(&fields.len().to_string());
        let _: FieldIdx = fields.push(FieldDecl { name, span, public: false, ty, default: None });
        held.push(how);
    }
    let output = decl.ret;
    let adt = program.adts.push(Adt {
        name,
        span,
        name_span: span,
        module,
        public: true,
        kind: AdtKind::Struct,
        generics: generics.clone(),
        variants: [VariantDecl {
            name,
            span,
            shape: Shape::Tuple,
            fields,
            discriminant: 0,
            constructor: None,
        }]
        .into_iter()
        .collect(),
        inherent_view,
        repr_c: false,
        derives: Vec::new(),
        thread_bound: false,
        drop_impl: None,
        invariants: Vec::new(),
        must_use: true,
        docs: Vec::new(),
    });
    let self_ty = program.adt_self(adt);
    let impl_ = program.impls.push(Impl {
        span,
        head: span,
        module,
        generics: generics.clone(),
        trait_: Some(TraitRef { trait_: awaitable, args: tys(&[self_ty]) }),
        self_ty,
        methods: Vec::new(),
        assoc_types: vec![(Name::new(OUTPUT), output, span)],
        derived: None,
        is_unsafe: false,
    });
    program.trait_impls.entry(awaitable).or_default().push(impl_);
    generics.parent_count = generics.params.len();
    let run = program.fns.push(run_method(impl_, self_ty, generics, &program.fns[function], span));
    program.impls[impl_].methods.push(run);
    program.futures.insert(function, Future { adt, fields: held });
    program.future_of_adt.insert(adt, function);
    program.future_runs.insert(run, function);
}

/// The function `run`: checking makes its body from the table (see `check::future`).
fn run_method(impl_: ImplId, self_ty: Ty, generics: Generics, of: &FnDecl, span: Span) -> FnDecl {
    let name = ast::Ident { name: Name::new(RUN), span };
    let self_name = Name::new("self");
    let pattern = ast::Pattern {
        span,
        kind: ast::PatternKind::Binding {
            convention: ast::Convention::Read,
            name: ast::Ident { name: self_name, span },
            sub: None,
        },
    };
    let item = ast::FnItem {
        head: span,
        is_async: false,
        is_unsafe: false,
        name,
        generics: ast::Generics::default(),
        params: vec![ast::Param {
            span,
            pattern,
            convention: ast::Convention::Own,
            convention_span: None,
            ty: None,
            is_self: true,
        }],
        ret: None,
        body: Some(ast::Block { span, style: ast::BlockStyle::Inline, docs: Vec::new(), stmts: Vec::new() }),
        has_items: false,
    };
    FnDecl {
        name: name.name,
        span,
        head: span,
        name_span: span,
        module: of.module,
        parent: FnParent::TraitImpl(impl_),
        public: true,
        generics,
        has_self: true,
        params: vec![ParamDecl { name: self_name, span, conv: Conv::Own, ty: self_ty }],
        ret: of.ret,
        ret_span: span,
        ret_origins: if of.ret_origins.is_empty() { Vec::new() } else { vec![Origin::Held(0)] },
        is_async: false,
        is_unsafe: false,
        attrs: FnAttrs { inline: true, ..FnAttrs::default() },
        kind: FnKind::Normal,
        ast: Some(Arc::new(item)),
        docs: Vec::new(),
    }
}
