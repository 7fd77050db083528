//! `[derive(…)]`: impls made from a type's shape.
//!
//! Each method's body is written as syntax when it is checked, like any other function's. Its names cannot be
//! captured by the user's: traits are reached by role (`$lang::Clone`), variables start with `$`.
//! Not here: whether the fields have the trait (the body checker says so, at the field's use).

use base::{Diagnostic, Name, Span, codes};
use syntax::ast::*;

use crate::collect::{Collector, DERIVES};
use crate::items::{
    self, AdtId, AdtKind, DeriveTrait, FnAttrs, FnDecl, FnId, FnKind, FnParent, ImplId, ParamDecl, Shape,
    VariantDecl,
};
use crate::resolve::KNOWN;
use crate::ty::{Predicate, TraitRef, Ty, tys};

/// The impl's head: each type parameter has to have the trait too.
pub(crate) fn declare(collector: &mut Collector, adt: AdtId, derive: DeriveTrait, span: Span) {
    let Some(trait_) = collector.program.lang.trait_(role(derive)) else { return };
    let mut generics = collector.program.adts[adt].generics.clone();
    for (i, param) in generics.params.iter_mut().enumerate() {
        param.default = None;
        if !param.is_const {
            let args = tys(&[Ty::param(i as u32, param.name)]);
            let bound = Predicate::Trait(TraitRef { trait_, args });
            if !generics.predicates.contains(&bound) {
                generics.predicates.push(bound);
            }
        }
    }
    let self_ty = collector.program.adt_self(adt);
    let id = collector.new_derived_impl(adt, derive, span);
    let impl_ = &mut collector.program.impls[id];
    impl_.generics = generics;
    impl_.self_ty = self_ty;
    impl_.trait_ = Some(TraitRef { trait_, args: tys(&[self_ty]) });
}

pub(crate) fn role(derive: DeriveTrait) -> &'static str {
    DERIVES.iter().find(|(_, t)| *t == derive).map_or("", |(name, _)| name)
}

/// The methods of all derived impls, once the traits' own are known.
pub(crate) fn fill_methods(collector: &mut Collector) {
    for id in collector.program.impls.ids() {
        let impl_ = &collector.program.impls[id];
        if let (Some(derive), Some(trait_ref)) = (impl_.derived, impl_.trait_) {
            fill_impl(collector, id, derive, trait_ref);
        }
    }
}

fn fill_impl(collector: &mut Collector, id: ImplId, derive: DeriveTrait, trait_ref: TraitRef) {
    let program = &collector.program;
    let impl_ = &program.impls[id];
    let crate::ty::TyKind::Adt(adt, _) = *impl_.self_ty.kind() else { return };
    let span = impl_.head;
    let required: Vec<_> = program.traits[trait_ref.trait_]
        .methods
        .iter()
        .copied()
        .filter(|&m| program.fns[m].ast.as_ref().is_some_and(|f| f.body.is_none()))
        .collect();
    for method in required {
        let program = &collector.program;
        let model = &program.fns[method];
        let Some(syntax) = model.ast.clone() else { continue };
        if derive == DeriveTrait::Default {
            let make = Make { span, other: KNOWN.empty };
            if let Err(diagnostic) = make.default(&program.adts[adt], program.default_variants.get(&adt)) {
                collector.report(*diagnostic);
                return;
            }
        }
        let impl_ = &collector.program.impls[id];
        let args = [impl_.self_ty];
        let params = model
            .params
            .iter()
            .map(|p| ParamDecl { name: p.name, span, conv: p.conv, ty: p.ty.subst(&args) })
            .collect();
        let mut generics = impl_.generics.clone();
        generics.parent_count = generics.params.len();
        let decl = FnDecl {
            name: model.name,
            span,
            head: span,
            name_span: span,
            module: impl_.module,
            parent: FnParent::TraitImpl(id),
            public: true,
            generics,
            has_self: model.has_self,
            params,
            ret: model.ret.subst(&args),
            ret_span: span,
            ret_origins: model.ret_origins.clone(),
            is_async: false,
            is_unsafe: false,
            attrs: FnAttrs { inline: derive != DeriveTrait::Debug, ..FnAttrs::default() },
            kind: FnKind::Derived(derive),
            // For its parameters.
            ast: Some(syntax),
            docs: Vec::new(),
        };
        collector.sources.fns.push(None);
        let new = collector.program.fns.push(decl);
        collector.program.impls[id].methods.push(new);
    }
}

/// The body of a derived method.
pub(crate) fn body(program: &items::Program, id: FnId, derive: DeriveTrait) -> Option<Block> {
    let decl = &program.fns[id];
    let FnParent::TraitImpl(impl_) = decl.parent else { return None };
    let crate::ty::TyKind::Adt(adt, _) = *program.impls[impl_].self_ty.kind() else { return None };
    let other = decl.params.get(1).map_or(KNOWN.empty, |p| p.name);
    Make { span: decl.span, other }.body(program, adt, derive).ok()
}

/// Builds syntax, all of it at the place of the attribute.
struct Make {
    span: Span,
    /// The second parameter: `other`, the formatter, the hasher.
    other: Name,
}

impl Make {
    fn body(
        &self,
        program: &items::Program,
        adt: AdtId,
        derive: DeriveTrait,
    ) -> Result<Block, Box<Diagnostic>> {
        let data = &program.adts[adt];
        let is_enum = data.kind == AdtKind::Enum;
        let stmts = match derive {
            DeriveTrait::Copy => vec![],
            DeriveTrait::Default => vec![self.default(data, program.default_variants.get(&adt))?],
            _ if !is_enum => {
                let variant = &data.variants[items::VariantIdx(0)];
                let here: Vec<Expr> = self.fields_of(variant, self.self_value());
                let there: Vec<Expr> = self.fields_of(variant, self.variable(self.other));
                self.one_variant(derive, variant, self.path(&["Self"]), here, there)
            }
            _ => self.for_enum(derive, data),
        };
        Ok(self.block(stmts))
    }

    /// What the method does for values of one variant, whose fields are at hand.
    fn one_variant(
        &self,
        derive: DeriveTrait,
        variant: &VariantDecl,
        path: Path,
        here: Vec<Expr>,
        there: Vec<Expr>,
    ) -> Vec<Stmt> {
        let mut stmts = Vec::new();
        match derive {
            DeriveTrait::Clone => {
                // A view is copied: `Clone::clone` would look through it.
                let is_view = |i: usize| variant.fields.iter().nth(i).is_some_and(|f| f.ty.is_ref());
                let clones: Vec<Expr> = here
                    .into_iter()
                    .enumerate()
                    .map(|(i, e)| match is_view(i) {
                        true => e,
                        false => self.lang_call("Clone", "clone", vec![self.arg(e)]),
                    })
                    .collect();
                stmts.push(self.return_(self.construct(variant, path, clones)));
            }
            DeriveTrait::Eq => {
                for (a, b) in here.into_iter().zip(there) {
                    let equal = self.lang_call("Eq", "eq", vec![self.arg(a), self.arg(b)]);
                    let differs = self.expr(ExprKind::Unary { op: UnaryOp::Not, operand: Box::new(equal) });
                    stmts.push(self.if_(differs, vec![self.return_(self.bool(false))]));
                }
                stmts.push(self.return_(self.bool(true)));
            }
            DeriveTrait::Ord => {
                let order = Name::new("$order");
                for (a, b) in here.into_iter().zip(there) {
                    let compared = self.lang_call("Ord", "cmp", vec![self.arg(a), self.arg(b)]);
                    let equal = self.pattern(PatternKind::Path(self.path(&["$lang", "Ordering", "Equal"])));
                    let other = self.binding(order);
                    stmts.push(self.match_(
                        compared,
                        vec![
                            (equal, self.expr(ExprKind::Tuple(vec![]))),
                            (other, self.return_expr(self.variable(order))),
                        ],
                    ));
                }
                stmts.push(
                    self.return_(self.expr(ExprKind::Path(self.path(&["$lang", "Ordering", "Equal"])))),
                );
            }
            DeriveTrait::Hash => {
                for field in here {
                    let call = self.lang_call("Hash", "hash", vec![self.arg(field), self.other_mut()]);
                    stmts.push(self.stmt(StmtKind::Expr(call)));
                }
            }
            DeriveTrait::Debug => {
                let (open, close) = match variant.shape {
                    Shape::Unit => ("", ""),
                    Shape::Tuple => ("(", ")"),
                    Shape::Named => ("{", "}"),
                };
                let text = |t: &str| self.arg(self.literal(Literal::Str(t.into())));
                let number = |n: usize| {
                    self.arg(self.literal(Literal::Int { value: (n as u128).into(), suffix: None }))
                };
                if variant.shape == Shape::Unit {
                    return vec![self.on_other("write_str", vec![text(variant.name.as_str())])];
                }
                stmts.push(self.on_other("debug_open", vec![text(variant.name.as_str()), text(open)]));
                let count = here.len();
                for (i, (value, field)) in here.into_iter().zip(variant.fields.iter()).enumerate() {
                    let label = if variant.shape == Shape::Named { field.name.as_str() } else { "" };
                    stmts.push(self.on_other("debug_item", vec![number(i), text(label)]));
                    let call = self.lang_call("Debug", "debug", vec![self.arg(value), self.other_mut()]);
                    stmts.push(self.stmt(StmtKind::Expr(call)));
                }
                stmts.push(self.on_other("debug_close", vec![number(count), text(close)]));
            }
            DeriveTrait::Copy | DeriveTrait::Default => {}
        }
        stmts
    }

    fn for_enum(&self, derive: DeriveTrait, adt: &items::Adt) -> Vec<Stmt> {
        if adt.variants.is_empty() {
            // No value exists: matching it proves that.
            return vec![self.match_(self.self_value(), vec![])];
        }
        let other = || self.variable(self.other);
        let plain = adt.variants.iter().all(|v| v.shape == Shape::Unit);
        let mut stmts = Vec::new();
        match derive {
            DeriveTrait::Eq | DeriveTrait::Ord => {
                let (here, there) = (self.tag(adt, self.self_value(), plain), self.tag(adt, other(), plain));
                let (i, j) = (Name::new("$here"), Name::new("$there"));
                stmts.push(self.let_(i, here));
                stmts.push(self.let_(j, there));
                let compare = |op| {
                    self.expr(ExprKind::Binary {
                        op,
                        op_span: self.span,
                        left: Box::new(self.variable(i)),
                        right: Box::new(self.variable(j)),
                    })
                };
                let order = || {
                    self.lang_call("Ord", "cmp", vec![self.arg(self.variable(i)), self.arg(self.variable(j))])
                };
                if plain {
                    let value = if derive == DeriveTrait::Eq { compare(BinaryOp::Eq) } else { order() };
                    stmts.push(self.return_(value));
                    return stmts;
                }
                let differs = if derive == DeriveTrait::Eq { self.bool(false) } else { order() };
                stmts.push(self.if_(compare(BinaryOp::Ne), vec![self.return_(differs)]));
            }
            DeriveTrait::Hash => {
                let tag = self.tag(adt, self.self_value(), plain);
                let call = self.lang_call("Hash", "hash", vec![self.arg(tag), self.other_mut()]);
                stmts.push(self.stmt(StmtKind::Expr(call)));
                if plain {
                    return stmts;
                }
            }
            _ => {}
        }
        let pair = matches!(derive, DeriveTrait::Eq | DeriveTrait::Ord);
        let arms = adt
            .variants
            .iter()
            .map(|variant| {
                let (pattern, here) = self.take_apart(variant, "$a");
                let path = self.path(&["Self", variant.name.as_str()]);
                if !pair || variant.fields.is_empty() {
                    let stmts = self.one_variant(derive, variant, path, here, vec![]);
                    return (pattern, self.block_expr(stmts));
                }
                let (second, there) = self.take_apart(variant, "$b");
                let inner = self.block_expr(self.one_variant(derive, variant, path, here, there));
                let mut arms = vec![(second, inner)];
                if adt.variants.len() > 1 {
                    // The tags were equal.
                    arms.push((self.pattern(PatternKind::Wildcard), self.expr(ExprKind::Tuple(vec![]))));
                }
                let inner = self.match_(other(), arms);
                (pattern, self.block_expr(vec![inner]))
            })
            .collect();
        stmts.push(self.match_(self.self_value(), arms));
        match derive {
            // Every arm has returned.
            _ if adt.variants.len() == 1 => {}
            DeriveTrait::Eq => stmts.push(self.return_(self.bool(true))),
            DeriveTrait::Ord => stmts
                .push(self.return_(self.expr(ExprKind::Path(self.path(&["$lang", "Ordering", "Equal"]))))),
            _ => {}
        }
        stmts
    }

    fn default(&self, adt: &items::Adt, marked: Option<&(usize, Span)>) -> Result<Stmt, Box<Diagnostic>> {
        let (variant, path) = match adt.kind {
            AdtKind::Struct => (&adt.variants[items::VariantIdx(0)], self.path(&["Self"])),
            AdtKind::Enum => {
                let Some(&(index, mark)) = marked else {
                    return Err(Box::new(
                        Diagnostic::error(
                            codes::E0222,
                            self.span,
                            format!("which variant is the default of `{}`?", adt.name),
                        )
                        .label("cannot choose one")
                        .help("write `[default]` on the line before the variant"),
                    ));
                };
                let variant = &adt.variants[items::VariantIdx(index as u32)];
                if variant.shape != Shape::Unit {
                    return Err(Box::new(
                        Diagnostic::error(codes::E0222, mark, "the default variant cannot have fields")
                            .label("this one has some")
                            .help("write `impl Default` by hand"),
                    ));
                }
                (variant, self.path(&["Self", variant.name.as_str()]))
            }
        };
        if adt.kind == AdtKind::Enum {
            return Ok(self.return_(self.expr(ExprKind::Path(path))));
        }
        let fields = variant
            .fields
            .iter()
            .filter(|f| f.default.is_none())
            .map(|f| FieldInit {
                span: self.span,
                name: self.ident(f.name),
                value: Some(self.lang_call("Default", "default", vec![])),
            })
            .collect();
        Ok(self.return_(self.expr(ExprKind::Struct { path, fields, base: None })))
    }

    // ------------------------------------------------------------ pieces

    fn fields_of(&self, variant: &VariantDecl, base: Expr) -> Vec<Expr> {
        variant
            .fields
            .iter()
            .enumerate()
            .map(|(i, field)| {
                let base = Box::new(base.clone());
                self.expr(match variant.shape {
                    Shape::Tuple => ExprKind::TupleField { base, index: i as u32, index_span: self.span },
                    _ => ExprKind::Field { base, name: self.ident(field.name) },
                })
            })
            .collect()
    }

    fn take_apart(&self, variant: &VariantDecl, prefix: &str) -> (Pattern, Vec<Expr>) {
        let path = self.path(&["Self", variant.name.as_str()]);
        let names: Vec<Name> =
            (0..variant.fields.len()).map(|i| Name::new(&format!("{prefix}{i}"))).collect();
        let kind = match variant.shape {
            Shape::Unit => PatternKind::Path(path),
            Shape::Tuple => {
                PatternKind::TupleStruct { path, fields: names.iter().map(|&n| self.binding(n)).collect() }
            }
            Shape::Named => PatternKind::Struct {
                path,
                fields: variant
                    .fields
                    .iter()
                    .zip(&names)
                    .map(|(field, &name)| FieldPattern {
                        span: self.span,
                        name: self.ident(field.name),
                        pattern: Some(self.binding(name)),
                        convention: Convention::Read,
                    })
                    .collect(),
                rest: false,
            },
        };
        (self.pattern(kind), names.into_iter().map(|n| self.variable(n)).collect())
    }

    fn construct(&self, variant: &VariantDecl, path: Path, values: Vec<Expr>) -> Expr {
        if variant.shape == Shape::Unit && path.segments.len() > 1 {
            return self.expr(ExprKind::Path(path));
        }
        if variant.shape == Shape::Tuple && path.segments.len() > 1 {
            return self.call(path, values.into_iter().map(|v| self.arg(v)).collect());
        }
        let fields = variant
            .fields
            .iter()
            .zip(values)
            .map(|(field, value)| FieldInit {
                span: self.span,
                name: self.ident(field.name),
                value: Some(value),
            })
            .collect();
        self.expr(ExprKind::Struct { path, fields, base: None })
    }

    /// The discriminant as an `int`.
    fn tag(&self, adt: &items::Adt, value: Expr, plain: bool) -> Expr {
        if plain {
            let path = self.path(&["$lang", "int"]);
            let ty = TypeExpr { span: self.span, kind: TypeExprKind::Path(path) };
            return self.expr(ExprKind::Cast { value: Box::new(value), ty });
        }
        let arms = adt
            .variants
            .iter()
            .map(|variant| {
                let path = self.path(&["Self", variant.name.as_str()]);
                let kind = match variant.shape {
                    Shape::Unit => PatternKind::Path(path),
                    Shape::Tuple => PatternKind::TupleStruct {
                        path,
                        fields: variant.fields.iter().map(|_| self.pattern(PatternKind::Wildcard)).collect(),
                    },
                    Shape::Named => PatternKind::Struct { path, fields: vec![], rest: true },
                };
                let number = self.literal(Literal::Int {
                    value: variant.discriminant.unsigned_abs().into(),
                    suffix: None,
                });
                let number = if variant.discriminant < 0 {
                    self.expr(ExprKind::Unary { op: UnaryOp::Neg, operand: Box::new(number) })
                } else {
                    number
                };
                (self.pattern(kind), number)
            })
            .collect();
        self.match_expr(value, arms)
    }

    fn expr(&self, kind: ExprKind) -> Expr {
        Expr { span: self.span, kind }
    }

    fn stmt(&self, kind: StmtKind) -> Stmt {
        Stmt { span: self.span, kind }
    }

    fn pattern(&self, kind: PatternKind) -> Pattern {
        Pattern { span: self.span, kind }
    }

    fn ident(&self, name: Name) -> Ident {
        Ident { name, span: self.span }
    }

    fn path(&self, segments: &[&str]) -> Path {
        let segments =
            segments.iter().map(|s| PathSegment { name: self.ident(Name::new(s)), args: None }).collect();
        Path { span: self.span, segments }
    }

    fn variable(&self, name: Name) -> Expr {
        let segments = vec![PathSegment { name: self.ident(name), args: None }];
        self.expr(ExprKind::Path(Path { span: self.span, segments }))
    }

    fn self_value(&self) -> Expr {
        self.expr(ExprKind::SelfValue)
    }

    fn literal(&self, literal: Literal) -> Expr {
        self.expr(ExprKind::Literal(literal))
    }

    fn bool(&self, value: bool) -> Expr {
        self.literal(Literal::Bool(value))
    }

    fn arg(&self, value: Expr) -> Arg {
        Arg { span: self.span, mutable: None, value }
    }

    fn other_mut(&self) -> Arg {
        Arg { span: self.span, mutable: Some(self.span), value: self.variable(self.other) }
    }

    fn call(&self, path: Path, args: Vec<Arg>) -> Expr {
        let callee = Box::new(self.expr(ExprKind::Path(path)));
        self.expr(ExprKind::Call { callee, args })
    }

    /// `Trait::method(…)`, by the trait's role.
    fn lang_call(&self, trait_: &str, method: &str, args: Vec<Arg>) -> Expr {
        self.call(self.path(&["$lang", trait_, method]), args)
    }

    /// A method of the second parameter, as a statement.
    fn on_other(&self, method: &str, args: Vec<Arg>) -> Stmt {
        let call = self.expr(ExprKind::MethodCall {
            receiver: Box::new(self.variable(self.other)),
            method: self.ident(Name::new(method)),
            generics: None,
            args,
        });
        self.stmt(StmtKind::Expr(call))
    }

    fn binding(&self, name: Name) -> Pattern {
        self.pattern(PatternKind::Binding { convention: Convention::Read, name: self.ident(name), sub: None })
    }

    fn let_(&self, name: Name, value: Expr) -> Stmt {
        self.stmt(StmtKind::Let {
            mutable: false,
            pattern: self.binding(name),
            ty: None,
            value: Some(value),
            else_: None,
        })
    }

    fn return_expr(&self, value: Expr) -> Expr {
        self.expr(ExprKind::Return(Some(Box::new(value))))
    }

    fn return_(&self, value: Expr) -> Stmt {
        self.stmt(StmtKind::Expr(self.return_expr(value)))
    }

    fn block(&self, stmts: Vec<Stmt>) -> Block {
        Block { span: self.span, style: BlockStyle::Indented, docs: vec![], stmts }
    }

    fn block_expr(&self, stmts: Vec<Stmt>) -> Expr {
        self.expr(ExprKind::Block(self.block(stmts)))
    }

    fn if_(&self, condition: Expr, then: Vec<Stmt>) -> Stmt {
        let if_ = If { condition: Condition::Expr(condition), then: self.block(then), else_: None };
        self.stmt(StmtKind::Expr(self.expr(ExprKind::If(Box::new(if_)))))
    }

    fn match_expr(&self, scrutinee: Expr, arms: Vec<(Pattern, Expr)>) -> Expr {
        let arms = arms
            .into_iter()
            .map(|(pattern, body)| MatchArm { span: self.span, pattern, guard: None, body })
            .collect();
        self.expr(ExprKind::Match { scrutinee: Box::new(scrutinee), arms })
    }

    fn match_(&self, scrutinee: Expr, arms: Vec<(Pattern, Expr)>) -> Stmt {
        self.stmt(StmtKind::Expr(self.match_expr(scrutinee, arms)))
    }
}
