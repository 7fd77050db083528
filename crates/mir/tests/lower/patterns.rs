//! Random matches on `(Shape, int, bool)`, and what they should give, found by trying arm after
//! arm.

use std::collections::HashMap;

use base::{Name, Span};
use hir::items::*;
use hir::thir::*;
use hir::ty::*;

use crate::generate;
use crate::machine::Value;

const SHAPE: AdtId = AdtId(2);

/// The declarations of the other generator, and `enum Shape: Dot, Line(int), Box(Shape2, int)`
/// with its second part from the same few numbers.
pub fn program() -> Program {
    let mut program = generate::program();
    let span = Span::default();
    let field =
        |name: &str, ty: Ty| FieldDecl { name: Name::new(name), span, public: true, ty, default: None };
    let variants = [
        ("Dot", vec![]),
        ("Line", vec![field("0", Ty::int())]),
        ("Box", vec![field("0", Ty::int()), field("1", Ty::bool())]),
    ];
    program.adts.push(Adt {
        name: Name::new("Shape"),
        span,
        name_span: span,
        module: ModId(u32::MAX),
        public: true,
        kind: AdtKind::Enum,
        generics: Generics::default(),
        variants: (0..)
            .zip(variants)
            .map(|(i, (name, fields))| VariantDecl {
                name: Name::new(name),
                span,
                shape: hir::items::Shape::Tuple,
                fields: fields.into_iter().collect(),
                discriminant: i,
                constructor: None,
            })
            .collect(),
        inherent_view: false,
        repr_c: false,
        derives: Vec::new(),
        thread_bound: false,
        drop_impl: None,
        invariants: Vec::new(),
        must_use: false,
        docs: Vec::new(),
    });
    program.fns[generate::OWNER].ret = Ty::int();
    program
}

fn shape() -> Ty {
    Ty::adt(SHAPE, &[])
}

fn scrutinee_ty() -> Ty {
    Ty::tuple(&[shape(), Ty::int(), Ty::bool(), shape()])
}

pub struct Generator {
    random: u64,
    body: Body,
    /// Names that the pattern at hand must bind, by type; alternatives bind the same.
    names: Vec<LocalId>,
}

impl Generator {
    pub fn new(seed: u64) -> Generator {
        let body = Body {
            owner: BodyOwner::Fn(generate::OWNER),
            span: Span::default(),
            exprs: Default::default(),
            locals: Default::default(),
            params: Vec::new(),
            ret: Ty::int(),
            value: ExprId(0),
            loop_count: 0,
            closures: Vec::new(),
            has_errors: false,
        };
        Generator { random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, body, names: Vec::new() }
    }

    fn random(&mut self, n: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % n
    }

    fn expr(&mut self, ty: Ty, kind: ExprKind) -> ExprId {
        self.body.exprs.push(Expr { ty, span: Span::default(), kind })
    }

    fn local(&mut self, ty: Ty) -> LocalId {
        self.body.locals.push(Local {
            name: Name::new("x"),
            span: Span::default(),
            ty,
            mutable: false,
            by_ref: None,
            synthetic: false,
        })
    }

    fn pat(ty: Ty, kind: PatKind) -> Pat {
        Pat { ty, span: Span::default(), kind }
    }

    /// A pattern that binds exactly the names given, somewhere in it.
    fn pattern(&mut self, ty: Ty, names: &[LocalId], depth: u32) -> Pat {
        let fits = |this: &Self, n: LocalId| this.body.locals[n].ty == ty;
        if let [name] = names
            && fits(self, *name)
        {
            let sub = (self.random(3) == 0 && depth > 0).then(|| Box::new(self.pattern(ty, &[], depth - 1)));
            let kind = PatKind::Binding { local: *name, mode: BindMode::Move, sub };
            return Self::pat(ty, kind);
        }
        if self.random(4) == 0 && depth > 0 {
            let pats = (0..2 + self.random(2)).map(|_| self.pattern(ty, names, depth - 1));
            return Self::pat(ty, PatKind::Or(pats.collect()));
        }
        if names.is_empty() && (self.random(3) == 0 || depth == 0) {
            return Self::pat(ty, PatKind::Wildcard);
        }
        if let TyKind::Tuple(parts) = *ty.kind() {
            // A name goes to a part that can hold it.
            let mut given: Vec<Vec<LocalId>> = vec![Vec::new(); parts.len()];
            for &name in names {
                let want = self.body.locals[name].ty;
                let able: Vec<usize> = (0..parts.len())
                    .filter(|&i| parts[i] == want || parts[i] == shape())
                    .filter(|&i| given[i].is_empty())
                    .collect();
                let i = able[self.random(able.len() as u64) as usize];
                given[i].push(name);
            }
            let pats = parts
                .iter()
                .zip(given)
                .map(|(&part, names)| self.pattern(part, &names, depth.saturating_sub(1)))
                .collect();
            return Self::pat(ty, PatKind::Tuple(pats));
        }
        if ty == shape() {
            let (variant, parts): (u32, &[Ty]) = match names {
                [] => match self.random(3) {
                    0 => (0, &[]),
                    1 => (1, &[Ty::int()]),
                    _ => (2, &[Ty::int(), Ty::bool()]),
                },
                _ => match self.random(2) {
                    0 => (1, &[Ty::int()]),
                    _ => (2, &[Ty::int(), Ty::bool()]),
                },
            };
            let fields = parts
                .iter()
                .enumerate()
                .map(|(i, &part)| {
                    let names = if i == 0 { names } else { &[] };
                    (FieldIdx(i as u32), self.pattern(part, names, depth.saturating_sub(1)))
                })
                .collect();
            let variant = VariantIdx(variant);
            return Self::pat(ty, PatKind::Struct { adt: SHAPE, variant, args: &[], fields });
        }
        if ty == Ty::bool() {
            let value = self.random(2) == 0;
            return Self::pat(ty, PatKind::Literal(Lit::Bool(value)));
        }
        let n = self.random(4) as i128;
        let kind = match self.random(3) {
            0 => {
                let (lo, inclusive) = (Some(Lit::Int(n)), self.random(2) == 0);
                let hi = Some(Lit::Int(n + 1));
                PatKind::Range { lo, hi, inclusive }
            }
            _ => PatKind::Literal(Lit::Int(n)),
        };
        Self::pat(ty, kind)
    }

    pub fn body(&mut self) -> Body {
        let span = Span::default();
        let arg = self.local(scrutinee_ty());
        let kind = PatKind::Binding { local: arg, mode: BindMode::Move, sub: None };
        let pattern = Self::pat(scrutinee_ty(), kind);
        self.body.params.push(Param { conv: Conv::Own, ty: scrutinee_ty(), pattern, span });
        let scrutinee = self.expr(scrutinee_ty(), ExprKind::Local(arg));
        let mut arms = Vec::new();
        for i in 0..1 + self.random(6) {
            let names: Vec<LocalId> = (0..self.random(3)).map(|_| self.local(Ty::int())).collect();
            let pattern = self.pattern(scrutinee_ty(), &names, 4);
            let guard = (self.random(3) == 0 && !names.is_empty()).then(|| {
                let left = self.read(names[0]);
                let right = self.int(2);
                self.expr(Ty::bool(), ExprKind::Binary { op: BinOp::Lt, left, right })
            });
            arms.push(Arm { pattern, guard, body: self.sum(i as i128, &names), span });
        }
        let pattern = Self::pat(scrutinee_ty(), PatKind::Wildcard);
        arms.push(Arm { pattern, guard: None, body: self.sum(99, &[]), span });
        self.names.clear();
        let value = self.expr(Ty::int(), ExprKind::Match { scrutinee, arms });
        self.body.value = value;
        std::mem::replace(&mut self.body, Generator::new(1).body)
    }

    fn int(&mut self, n: i128) -> ExprId {
        self.expr(Ty::int(), ExprKind::Literal(Lit::Int(n)))
    }

    fn read(&mut self, local: LocalId) -> ExprId {
        let place = self.expr(Ty::int(), ExprKind::Local(local));
        self.expr(Ty::int(), ExprKind::Use(place))
    }

    /// `arm * 1000 + a + 10 b`, so that every binding shows.
    fn sum(&mut self, arm: i128, names: &[LocalId]) -> ExprId {
        let mut sum = self.int(arm * 1000);
        for (i, &name) in names.iter().enumerate() {
            for _ in 0..10u32.pow(i as u32) {
                let right = self.read(name);
                let kind = ExprKind::Binary { op: BinOp::Add, left: sum, right };
                sum = self.expr(Ty::int(), kind);
            }
        }
        sum
    }

    pub fn scrutinee(&mut self) -> Value {
        let shapes = [self.shape(), self.shape()];
        let [a, b] = shapes;
        let n = Value::Int(self.random(5) as i128);
        Value::Tuple(vec![a, n, Value::Int(self.random(2) as i128), b])
    }

    fn shape(&mut self) -> Value {
        let variant = self.random(3) as u32;
        let n = Value::Int(self.random(5) as i128);
        let flag = Value::Int(self.random(2) as i128);
        let parts = [n, flag];
        Value::Variant(variant, parts[..variant as usize].to_vec())
    }
}

type Bindings = HashMap<LocalId, i128>;

/// Every way in which the pattern fits, in order.
fn fits(pat: &Pat, value: &Value, so_far: &Bindings) -> Vec<Bindings> {
    let parts = |pats: &mut dyn Iterator<Item = (&Pat, &Value)>| {
        pats.fold(vec![so_far.clone()], |ways, (pat, value)| {
            ways.iter().flat_map(|way| fits(pat, value, way)).collect()
        })
    };
    let when = |holds: bool| if holds { vec![so_far.clone()] } else { vec![] };
    match (&pat.kind, value) {
        (PatKind::Wildcard, _) => when(true),
        (PatKind::Binding { local, sub, .. }, Value::Int(n)) => {
            let mut with = so_far.clone();
            with.insert(*local, *n);
            match sub {
                Some(sub) => fits(sub, value, &with),
                None => vec![with],
            }
        }
        (PatKind::Literal(Lit::Int(want)), Value::Int(n)) => when(want == n),
        (PatKind::Literal(Lit::Bool(want)), Value::Int(n)) => when(i128::from(*want) == *n),
        (PatKind::Range { lo, hi, inclusive }, Value::Int(n)) => {
            let (Some(Lit::Int(lo)), Some(Lit::Int(hi))) = (lo, hi) else { unreachable!() };
            when(lo <= n && (n < hi || (*inclusive && n == hi)))
        }
        (PatKind::Tuple(pats), Value::Tuple(values)) => parts(&mut pats.iter().zip(values)),
        (PatKind::Struct { variant, fields, .. }, Value::Variant(v, values)) => {
            if variant.0 != *v {
                return vec![];
            }
            parts(&mut fields.iter().map(|(i, pat)| (pat, &values[i.0 as usize])))
        }
        (PatKind::Or(pats), _) => pats.iter().flat_map(|p| fits(p, value, so_far)).collect(),
        other => unreachable!("{other:?}"),
    }
}

/// The match's value by the definition.
pub fn reference(body: &Body, value: &Value) -> i128 {
    let ExprKind::Match { arms, .. } = &body.exprs[body.value].kind else { unreachable!() };
    for arm in arms {
        for way in fits(&arm.pattern, value, &Bindings::new()) {
            if arm.guard.is_none_or(|guard| eval(body, guard, &way) == 1) {
                return eval(body, arm.body, &way);
            }
        }
    }
    unreachable!("the last arm fits")
}

fn eval(body: &Body, expr: ExprId, vars: &Bindings) -> i128 {
    match &body.exprs[expr].kind {
        ExprKind::Literal(Lit::Int(n)) => *n,
        ExprKind::Local(local) => vars[local],
        ExprKind::Use(place) => eval(body, *place, vars),
        ExprKind::Binary { op, left, right } => {
            let (a, b) = (eval(body, *left, vars), eval(body, *right, vars));
            if *op == BinOp::Add { a + b } else { i128::from(a < b) }
        }
        other => unreachable!("{other:?}"),
    }
}

/// The patterns, to read a failure by.
pub fn show(body: &Body) -> String {
    let ExprKind::Match { arms, .. } = &body.exprs[body.value].kind else { unreachable!() };
    arms.iter()
        .enumerate()
        .map(|(i, arm)| {
            let guard = if arm.guard.is_some() { " if guard" } else { "" };
            format!("{i}: {}{guard}\n", show_pat(&arm.pattern))
        })
        .collect()
}

fn show_pat(pat: &Pat) -> String {
    let list = |pats: &[Pat], with: &str| pats.iter().map(show_pat).collect::<Vec<_>>().join(with);
    match &pat.kind {
        PatKind::Wildcard => "_".into(),
        PatKind::Binding { local, sub: Some(sub), .. } => format!("{local:?} @ {}", show_pat(sub)),
        PatKind::Binding { local, .. } => format!("{local:?}"),
        PatKind::Literal(lit) => format!("{lit:?}"),
        PatKind::Range { lo, hi, inclusive } => format!("{lo:?}..{hi:?} {inclusive}"),
        PatKind::Tuple(pats) => format!("({})", list(pats, ", ")),
        PatKind::Struct { variant, fields, .. } => {
            let fields: Vec<Pat> = fields.iter().map(|(_, p)| p.clone()).collect();
            format!("{variant:?}({})", list(&fields, ", "))
        }
        PatKind::Or(pats) => format!("({})", list(pats, " | ")),
        other => format!("{other:?}"),
    }
}
