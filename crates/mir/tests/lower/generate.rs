//! Random typed bodies: variables of owned types, moves, partial moves, branches, loops, early
//! exits, `defer`, patterns. Mostly well-owned; the ownership checks sort out the rest.

use base::{Name, Span};
use hir::items::*;
use hir::thir::*;
use hir::ty::*;

pub struct Generator<'a> {
    pub program: &'a Program,
    pub body: Body,
    random: u64,
    /// Variables in scope that surely hold a value.
    vars: Vec<LocalId>,
    /// Those of `vars` before this may not be moved (they are outside a loop).
    movable_from: usize,
    loops: Vec<LoopId>,
    in_defer: bool,
    fuel: u32,
}

pub const MAKE: FnId = FnId(0);
pub const CONSUME: FnId = FnId(1);
pub const LOOK: FnId = FnId(2);
pub const CHOOSE: FnId = FnId(3);
pub const PAIR_UP: FnId = FnId(4);
pub const OWNER: FnId = FnId(5);
pub const MAYBE: AdtId = AdtId(0);
pub const POINT: AdtId = AdtId(1);

/// The declarations that generated bodies use.
pub fn program() -> Program {
    let mut program = Program::default();
    let span = Span::default();
    let mut declare = |name: &str, params: &[(Conv, Ty)], ret: Ty| {
        program.fns.push(FnDecl {
            name: Name::new(name),
            span,
            head: span,
            name_span: span,
            module: ModId(u32::MAX),
            parent: FnParent::None,
            public: true,
            generics: Generics::default(),
            has_self: false,
            params: params
                .iter()
                .map(|&(conv, ty)| ParamDecl { name: Name::new("x"), span, conv, ty })
                .collect(),
            ret,
            ret_span: span,
            ret_origins: Vec::new(),
            is_async: false,
            is_unsafe: false,
            attrs: FnAttrs::default(),
            kind: FnKind::Normal,
            ast: None,
            docs: Vec::new(),
        });
    };
    let own = (Conv::Own, Ty::str());
    declare("make", &[], Ty::str());
    declare("consume", &[own], Ty::unit());
    declare("look", &[(Conv::Ref, Ty::str())], Ty::unit());
    declare("choose", &[], Ty::bool());
    declare("pair_up", &[own, own], Ty::unit());
    declare("owner", &[own, own], Ty::unit());
    let field =
        |name: &str| FieldDecl { name: Name::new(name), span, public: true, ty: Ty::str(), default: None };
    let mut adt = |name: &str, kind, variants: Vec<(&str, Vec<FieldDecl>)>| {
        program.adts.push(Adt {
            name: Name::new(name),
            span,
            name_span: span,
            module: ModId(u32::MAX),
            public: true,
            kind,
            generics: Generics::default(),
            variants: variants
                .into_iter()
                .enumerate()
                .map(|(i, (name, fields))| VariantDecl {
                    name: Name::new(name),
                    span,
                    shape: Shape::Tuple,
                    fields: fields.into_iter().collect(),
                    discriminant: i as i128,
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
    };
    adt(
        "Maybe",
        AdtKind::Enum,
        vec![("None", vec![]), ("Some", vec![field("0")]), ("Two", vec![field("0"), field("1")])],
    );
    adt("Point", AdtKind::Struct, vec![("Point", vec![field("x"), field("y")])]);
    program
}

pub fn maybe() -> Ty {
    Ty::adt(MAYBE, &[])
}

pub fn point() -> Ty {
    Ty::adt(POINT, &[])
}

fn pair() -> Ty {
    Ty::tuple(&[Ty::str(), Ty::str()])
}

impl<'a> Generator<'a> {
    pub fn body(program: &'a Program, seed: u64) -> Body {
        let span = Span::default();
        let body = Body {
            owner: BodyOwner::Fn(OWNER),
            span,
            exprs: Default::default(),
            locals: Default::default(),
            params: Vec::new(),
            ret: Ty::unit(),
            value: ExprId(0),
            loop_count: 0,
            closures: Vec::new(),
            has_errors: false,
        };
        let mut g = Generator {
            program,
            body,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            vars: Vec::new(),
            movable_from: 0,
            loops: Vec::new(),
            in_defer: false,
            fuel: 40,
        };
        for _ in 0..2 {
            let local = g.local(Ty::str());
            g.vars.push(local);
            let pattern = g.binding(local, BindMode::Move);
            g.body.params.push(Param { conv: Conv::Own, ty: Ty::str(), pattern, span });
        }
        let value = g.block(6);
        g.body.value = value;
        g.body
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
        let name = Name::new(&format!("v{}", self.body.locals.len()));
        self.body.locals.push(Local {
            name,
            span: Span::default(),
            ty,
            mutable: true,
            by_ref: None,
            synthetic: false,
        })
    }

    fn binding(&self, local: LocalId, mode: BindMode) -> Pat {
        let ty = self.body.locals[local].ty;
        let kind = PatKind::Binding { local, mode, sub: None };
        Pat { ty, span: Span::default(), kind }
    }

    fn call(&mut self, id: FnId, args: Vec<ExprId>) -> ExprId {
        let ty = self.program.fns[id].ret;
        self.expr(ty, ExprKind::Call { callee: Callee::Fn { id, args: &[] }, args })
    }

    fn ty_of(&self, local: LocalId) -> Ty {
        self.body.locals[local].ty
    }

    fn place(&mut self, local: LocalId) -> ExprId {
        let ty = self.ty_of(local);
        self.expr(ty, ExprKind::Local(local))
    }

    /// Moves a variable of the type, if there is one to move.
    fn moved(&mut self, ty: Ty) -> Option<ExprId> {
        let movable: Vec<LocalId> = self
            .vars
            .get(self.movable_from..)
            .unwrap_or(&[])
            .iter()
            .copied()
            .filter(|&v| self.ty_of(v) == ty)
            .collect();
        if movable.is_empty() || self.in_defer {
            return None;
        }
        let var = movable[self.random(movable.len() as u64) as usize];
        self.vars.retain(|&v| v != var);
        let place = self.place(var);
        Some(self.expr(ty, ExprKind::Use(place)))
    }

    fn value(&mut self, ty: Ty) -> ExprId {
        if self.random(3) == 0
            && let Some(moved) = self.moved(ty)
        {
            return moved;
        }
        if self.random(12) == 0 && self.fuel > 0 {
            self.fuel -= 1;
            // A value by control flow.
            let before = self.vars.clone();
            let condition = self.condition();
            let then = self.value(ty);
            let after_then = std::mem::replace(&mut self.vars, before);
            let other = self.value(ty);
            self.vars.retain(|v| after_then.contains(v));
            return self.expr(ty, ExprKind::If { condition, then, else_: Some(other) });
        }
        if ty == Ty::str() {
            // A part of a variable, moved out of it.
            if self.random(5) == 0
                && let Some(part) = self.part()
            {
                return part;
            }
            return self.call(MAKE, vec![]);
        }
        let (a, b) = (self.value(Ty::str()), self.value(Ty::str()));
        if ty == maybe() {
            let (variant, fields) = match self.random(3) {
                0 => (0, vec![]),
                1 => (1, vec![a]),
                _ => (2, vec![a, b]),
            };
            return self.adt(MAYBE, variant, fields, ty);
        }
        if ty == point() {
            return self.adt(POINT, 0, vec![a, b], ty);
        }
        self.expr(ty, ExprKind::Tuple(vec![a, b]))
    }

    fn adt(&mut self, adt: AdtId, variant: u32, fields: Vec<ExprId>, ty: Ty) -> ExprId {
        let fields = (0..).map(FieldIdx).zip(fields).collect();
        let variant = VariantIdx(variant);
        self.expr(ty, ExprKind::Adt { adt, variant, args: &[], fields, base: None })
    }

    /// Moves one field out of a pair or struct; what is left of it is dropped.
    fn part(&mut self) -> Option<ExprId> {
        let whole = if self.random(2) == 0 { pair() } else { point() };
        let moved = self.moved(whole)?;
        let ExprKind::Use(base) = self.body.exprs[moved].kind else { return None };
        let index = self.random(2) as u32;
        let kind = if whole == pair() {
            ExprKind::TupleField { base, index }
        } else {
            ExprKind::Field { base, field: FieldIdx(index) }
        };
        let place = self.expr(Ty::str(), kind);
        Some(self.expr(Ty::str(), ExprKind::Use(place)))
    }

    fn condition(&mut self) -> ExprId {
        match self.random(6) {
            0 => {
                let (a, b) = (self.choose(), self.choose());
                self.expr(Ty::bool(), ExprKind::And(a, b))
            }
            1 => {
                let (a, b) = (self.choose(), self.choose());
                self.expr(Ty::bool(), ExprKind::Or(a, b))
            }
            2 => {
                let operand = self.choose();
                self.expr(Ty::bool(), ExprKind::Unary { op: UnOp::Not, operand })
            }
            _ => self.choose(),
        }
    }

    fn choose(&mut self) -> ExprId {
        self.call(CHOOSE, vec![])
    }

    /// A block of up to `max` statements, of type `()`.
    fn block(&mut self, max: u64) -> ExprId {
        let mut stmts = Vec::new();
        let outer: Vec<LocalId> = self.vars.clone();
        for _ in 0..1 + self.random(max) {
            if self.fuel == 0 {
                break;
            }
            self.fuel -= 1;
            self.stmt(&mut stmts);
        }
        self.vars.retain(|v| outer.contains(v));
        self.expr(Ty::unit(), ExprKind::Block(Block { stmts, value: None }))
    }

    fn declare(&mut self, ty: Ty) -> LocalId {
        let local = self.local(ty);
        self.vars.push(local);
        local
    }

    fn stmt(&mut self, out: &mut Vec<Stmt>) {
        let span = Span::default();
        let types = [Ty::str(), Ty::str(), pair(), maybe(), point()];
        let ty = types[self.random(types.len() as u64) as usize];
        match self.random(16) {
            0..=3 => {
                let value = self.value(ty);
                let local = self.declare(ty);
                let pattern = self.binding(local, BindMode::Move);
                out.push(Stmt::Let { pattern, value: Some(value), else_: None, span });
            }
            4 => {
                // Declared now, assigned on some ways only.
                let local = self.local(ty);
                let pattern = self.binding(local, BindMode::Move);
                out.push(Stmt::Let { pattern, value: None, else_: None, span });
                let condition = self.condition();
                let before = self.vars.clone();
                let value = self.value(ty);
                let target = self.place(local);
                let then = self.expr(Ty::unit(), ExprKind::Assign { target, value });
                self.vars.retain(|v| before.contains(v));
                let kind = ExprKind::If { condition, then, else_: None };
                let id = self.expr(Ty::unit(), kind);
                out.push(Stmt::Expr(id));
            }
            5 => {
                let value = self.value(pair());
                let (a, b) = (self.declare(Ty::str()), self.declare(Ty::str()));
                let mut pats = vec![self.binding(a, BindMode::Move), self.binding(b, BindMode::Move)];
                if self.random(3) == 0 {
                    pats[1] = Pat { ty: Ty::str(), span, kind: PatKind::Wildcard };
                    self.vars.pop();
                }
                let pattern = Pat { ty: pair(), span, kind: PatKind::Tuple(pats) };
                out.push(Stmt::Let { pattern, value: Some(value), else_: None, span });
            }
            6 => {
                let args = vec![self.value(Ty::str()), self.value(Ty::str())];
                let id = self.call(PAIR_UP, args);
                out.push(Stmt::Expr(id));
            }
            7 => {
                let value = self.value(Ty::str());
                let id = self.call(CONSUME, vec![value]);
                out.push(Stmt::Expr(id));
            }
            8 => {
                // Looks at a variable or a temporary.
                let strings: Vec<LocalId> =
                    self.vars.iter().copied().filter(|&v| self.ty_of(v) == Ty::str()).collect();
                let place = match strings.last() {
                    Some(&v) => self.place(v),
                    None => self.call(MAKE, vec![]),
                };
                let kind = ExprKind::Ref { mutability: Mutability::Shared, place, two_phase: false };
                let borrow = self.expr(Ty::shared_ref(Ty::str()), kind);
                let id = self.call(LOOK, vec![borrow]);
                out.push(Stmt::Expr(id));
            }
            9 => {
                // Assigns to a variable; the value may be what it held.
                if let Some(&var) = self.vars.last()
                    && !self.in_defer
                {
                    let ty = self.ty_of(var);
                    let value = self.value(ty);
                    let target = self.place(var);
                    let id = self.expr(Ty::unit(), ExprKind::Assign { target, value });
                    out.push(Stmt::Expr(id));
                    if !self.vars.contains(&var) {
                        self.vars.push(var);
                    }
                }
            }
            10 => {
                let condition = self.condition();
                let before = self.vars.clone();
                let then = self.block(4);
                let after_then = std::mem::replace(&mut self.vars, before);
                let other = self.block(4);
                self.vars.retain(|v| after_then.contains(v));
                let kind = ExprKind::If { condition, then, else_: Some(other) };
                let id = self.expr(Ty::unit(), kind);
                out.push(Stmt::Expr(id));
            }
            11 => {
                let id = self.match_();
                out.push(Stmt::Expr(id));
            }
            12 => {
                let id = self.loop_();
                out.push(Stmt::Expr(id));
            }
            13 if !self.in_defer => {
                // Leaves on some ways.
                let condition = self.condition();
                let exit = match (self.loops.last().copied(), self.random(3)) {
                    (Some(loop_id), 0) => ExprKind::Break { loop_id, value: None },
                    (Some(loop_id), 1) => ExprKind::Continue { loop_id },
                    _ => ExprKind::Return { value: None },
                };
                let then = self.expr(Ty::never(), exit);
                let id = self.expr(Ty::unit(), ExprKind::If { condition, then, else_: None });
                out.push(Stmt::Expr(id));
            }
            14 if !self.in_defer => {
                self.in_defer = true;
                let outer = std::mem::take(&mut self.vars);
                let id = self.block(2);
                self.vars = outer;
                self.in_defer = false;
                out.push(Stmt::Defer(id));
            }
            _ => {
                let id = self.block(3);
                out.push(Stmt::Expr(id));
            }
        }
    }

    fn loop_(&mut self) -> ExprId {
        let id = LoopId(self.body.loop_count);
        self.body.loop_count += 1;
        let movable = std::mem::replace(&mut self.movable_from, self.vars.len());
        self.loops.push(id);
        let inner = self.block(4);
        self.loops.pop();
        self.movable_from = movable;
        let condition = self.choose();
        let leave = self.expr(Ty::never(), ExprKind::Break { loop_id: id, value: None });
        let test = self.expr(Ty::unit(), ExprKind::If { condition, then: leave, else_: None });
        let stmts = vec![Stmt::Expr(test), Stmt::Expr(inner)];
        let body = self.expr(Ty::unit(), ExprKind::Block(Block { stmts, value: None }));
        self.expr(Ty::unit(), ExprKind::Loop { id, body })
    }

    fn match_(&mut self) -> ExprId {
        let span = Span::default();
        let scrutinee = match self.moved(maybe()) {
            Some(moved) => match self.body.exprs[moved].kind {
                ExprKind::Use(place) => place,
                _ => moved,
            },
            None => self.value(maybe()),
        };
        let variant = |v: u32, fields: Vec<(FieldIdx, Pat)>| Pat {
            ty: maybe(),
            span,
            kind: PatKind::Struct { adt: MAYBE, variant: VariantIdx(v), args: &[], fields },
        };
        let before = self.vars.clone();
        let mut arms = Vec::new();
        let mut afters = Vec::new();
        let guarded = self.random(3) == 0;
        let alternatives = self.random(2) == 0;
        let make_arm = |g: &mut Self, pattern: Pat, guard: bool, bound: &[LocalId]| {
            g.vars = before.clone();
            let guard = guard.then(|| g.condition());
            g.vars.extend(bound);
            let body = g.block(3);
            let arm = Arm { pattern, guard, body, span };
            (arm, std::mem::take(&mut g.vars))
        };
        if guarded {
            let x = self.local(Ty::str());
            let pattern = variant(1, vec![(FieldIdx(0), self.binding(x, BindMode::Move))]);
            let (arm, after) = make_arm(self, pattern, true, &[x]);
            arms.push(arm);
            afters.push(after);
        }
        let x = self.local(Ty::str());
        let some = variant(1, vec![(FieldIdx(0), self.binding(x, BindMode::Move))]);
        let field = self.random(2) as u32;
        let two = variant(2, vec![(FieldIdx(field), self.binding(x, BindMode::Move))]);
        let pattern =
            if alternatives { Pat { ty: maybe(), span, kind: PatKind::Or(vec![some, two]) } } else { some };
        let (arm, after) = make_arm(self, pattern, false, &[x]);
        arms.push(arm);
        afters.push(after);
        let rest = Pat { ty: maybe(), span, kind: PatKind::Wildcard };
        let (arm, after) = make_arm(self, rest, false, &[]);
        arms.push(arm);
        afters.push(after);
        self.vars = before;
        self.vars.retain(|v| afters.iter().all(|a| a.contains(v)));
        self.expr(Ty::unit(), ExprKind::Match { scrutinee, arms })
    }
}
